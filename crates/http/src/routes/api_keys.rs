//! Keys for programs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gantry_access::NewApiKey;
use gantry_types::ApiKeyId;

use crate::dto::{ApiKeyBody, IssuedApiKey, ListOf, NewApiKeyRequest};
use crate::extract::{CurrentActor, JsonBody, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// One's own keys; everybody's for owners and admins. Newest first.
#[utoipa::path(get, path = "/api-keys", tag = "Auth",
    responses((status = 200, body = ListOf<ApiKeyBody>)))]
pub async fn list_api_keys(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<ListOf<ApiKeyBody>>> {
    let keys = state.access().list_api_keys(&actor).await?;
    Ok(Json(ListOf { items: keys.into_iter().map(Into::into).collect() }))
}

/// Makes a key. The answer shows its secret this once.
#[utoipa::path(post, path = "/api-keys", tag = "Auth",
    request_body = NewApiKeyRequest, responses((status = 201, body = IssuedApiKey)))]
pub async fn issue_api_key(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<NewApiKeyRequest>,
) -> Answer<(StatusCode, Json<IssuedApiKey>)> {
    let wanted =
        NewApiKey { name: request.name, scopes: request.scopes, expires_at: request.expires_at };
    let issued = state.access().issue_api_key(&actor, wanted).await?;
    let body = IssuedApiKey { kept: issued.key.into(), key: issued.secret };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Replaces one of one's own keys by another one with the same name, scopes and end. The answer
/// shows its secret this once; the old key ends at once.
#[utoipa::path(post, path = "/api-keys/{id}/rotate", tag = "Auth",
    params(("id" = Uuid, Path)), responses((status = 201, body = IssuedApiKey)))]
pub async fn rotate_api_key(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ApiKeyId>,
) -> Answer<(StatusCode, Json<IssuedApiKey>)> {
    let issued = state.access().rotate_api_key(&actor, id).await?;
    let body = IssuedApiKey { kept: issued.key.into(), key: issued.secret };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Revokes a key.
#[utoipa::path(delete, path = "/api-keys/{id}", tag = "Auth",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn revoke_api_key(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ApiKeyId>,
) -> Answer<StatusCode> {
    state.access().revoke_api_key(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
