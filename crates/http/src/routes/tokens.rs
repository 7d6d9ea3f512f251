//! Renewable pairs of tokens for programs.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gantry_access::TokenPair;

use crate::dto::{RefreshRequest, TokenPairBody, TokenPairRequest};
use crate::extract::{CurrentActor, JsonBody, Peer};
use crate::problem::Answer;
use crate::state::AppState;

/// Makes a pair: an access token for minutes, and a refresh token for the next pair.
#[utoipa::path(post, path = "/auth/tokens", tag = "Auth",
    request_body = TokenPairRequest, responses((status = 201, body = TokenPairBody)))]
pub async fn issue_tokens(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<TokenPairRequest>,
) -> Answer {
    let pair = state.access().issue_tokens(&actor, &request.name, request.scopes).await?;
    Ok(shown_once(StatusCode::CREATED, pair))
}

/// Exchanges a refresh token for the next pair. One that comes twice ends the whole family.
#[utoipa::path(post, path = "/auth/tokens/refresh", tag = "Auth", security(()),
    request_body = RefreshRequest, responses((status = 200, body = TokenPairBody)))]
pub async fn refresh_tokens(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(request): JsonBody<RefreshRequest>,
) -> Answer {
    let client = peer.client(&headers);
    let pair = state.access().refresh_tokens(&request.refresh_token, &client).await?;
    Ok(shown_once(StatusCode::OK, pair))
}

/// Ends the pair of a refresh token and all that came before it.
#[utoipa::path(post, path = "/auth/tokens/revoke", tag = "Auth", security(()),
    request_body = RefreshRequest, responses((status = 204)))]
pub async fn revoke_tokens(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(request): JsonBody<RefreshRequest>,
) -> Answer<StatusCode> {
    let client = peer.client(&headers);
    state.access().revoke_tokens(&request.refresh_token, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown_once(status: StatusCode, pair: TokenPair) -> Response {
    let body = Json(TokenPairBody::from(pair));
    (status, [(header::CACHE_CONTROL, "no-store")], body).into_response()
}
