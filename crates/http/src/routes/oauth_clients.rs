//! Clients of OAuth 2.0 as an organization keeps them, and what people granted to clients.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gantry_access::ClientDraft;
use gantry_types::OAuthClientId;

use crate::dto::{
    ChangedOAuthClient, GrantBody, IssuedOAuthClient, ListOf, NewOAuthClient, OAuthClientBody,
};
use crate::extract::{CurrentActor, JsonBody, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// The clients of the organization, oldest first; for owners and admins.
#[utoipa::path(get, path = "/oauth/clients", tag = "OAuth",
    responses((status = 200, body = ListOf<OAuthClientBody>)))]
pub async fn list_clients(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<ListOf<OAuthClientBody>>> {
    let clients = state.access().list_clients(&actor).await?;
    Ok(Json(ListOf { items: clients.into_iter().map(Into::into).collect() }))
}

/// Registers a client. The answer shows the secret of a confidential one this once.
#[utoipa::path(post, path = "/oauth/clients", tag = "OAuth",
    request_body = NewOAuthClient, responses((status = 201, body = IssuedOAuthClient)))]
pub async fn register_client(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<NewOAuthClient>,
) -> Answer<(StatusCode, Json<IssuedOAuthClient>)> {
    let draft = ClientDraft {
        name: request.name,
        redirect_uris: request.redirect_uris,
        scopes: request.scopes,
    };
    let issued = state.access().register_client(&actor, request.kind.into(), draft).await?;
    Ok((StatusCode::CREATED, Json(issued.into())))
}

/// Changes a client; one that loses a scope loses its tokens.
#[utoipa::path(put, path = "/oauth/clients/{id}", tag = "OAuth", params(("id" = Uuid, Path)),
    request_body = ChangedOAuthClient, responses((status = 200, body = OAuthClientBody)))]
pub async fn change_client(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<OAuthClientId>,
    JsonBody(request): JsonBody<ChangedOAuthClient>,
) -> Answer<Json<OAuthClientBody>> {
    let draft = ClientDraft {
        name: request.name,
        redirect_uris: request.redirect_uris,
        scopes: request.scopes,
    };
    let client = state.access().change_registered_client(&actor, id, draft).await?;
    Ok(Json(client.into()))
}

/// Gives a confidential client another secret, shown this once, and ends its tokens.
#[utoipa::path(post, path = "/oauth/clients/{id}/secret", tag = "OAuth",
    params(("id" = Uuid, Path)), responses((status = 200, body = IssuedOAuthClient)))]
pub async fn rotate_client_secret(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<OAuthClientId>,
) -> Answer<Json<IssuedOAuthClient>> {
    Ok(Json(state.access().rotate_client_secret(&actor, id).await?.into()))
}

/// Removes a client with everything that it was granted.
#[utoipa::path(delete, path = "/oauth/clients/{id}", tag = "OAuth",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn delete_client(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<OAuthClientId>,
) -> Answer<StatusCode> {
    state.access().delete_client(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the person granted to clients, the last used first.
#[utoipa::path(get, path = "/account/grants", tag = "Account",
    responses((status = 200, body = ListOf<GrantBody>)))]
pub async fn list_grants(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<ListOf<GrantBody>>> {
    let grants = state.access().list_grants(&actor).await?;
    Ok(Json(ListOf { items: grants.into_iter().map(Into::into).collect() }))
}

/// Withdraws everything that the person granted to a client.
#[utoipa::path(delete, path = "/account/grants/{id}", tag = "Account",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn withdraw_grants(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<OAuthClientId>,
) -> Answer<StatusCode> {
    state.access().withdraw_grants(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
