//! Leaving the installation, and staying after all.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::auth::empty_cookie;
use crate::dto::{LeavingBody, PasswordRequest, TokenRequest};
use crate::extract::{CurrentActor, JsonBody, Peer};
use crate::problem::Answer;
use crate::state::AppState;

/// Deletes the person's account: they are signed out everywhere, their keys are revoked, what they
/// pay for is cancelled; and after the grace, within which the link of a mail keeps the account,
/// everything that is theirs alone is erased.
#[utoipa::path(delete, path = "/account", tag = "Account",
    request_body = PasswordRequest, responses((status = 200, body = LeavingBody)))]
pub async fn delete_account(
    State(state): State<AppState>,
    peer: Peer,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<PasswordRequest>,
) -> Answer<Response> {
    let departure = state.access().leave_installation(&actor, request.password).await?;
    // What does not succeed now is done by the chore.
    if let Err(error) = state.billing().end_with_departures(state.access()).await {
        tracing::warn!(%error, "a leaver's subscription is to be cancelled later");
    }
    let mut response = Json(LeavingBody::from(departure)).into_response();
    response.headers_mut().insert(header::SET_COOKIE, empty_cookie(&peer)?);
    Ok(response)
}

/// Keeps an account that was to be deleted, by the link of a mail.
#[utoipa::path(post, path = "/auth/keep-account", tag = "Auth", security(()),
    request_body = TokenRequest, responses((status = 204)))]
pub async fn keep_account(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(request): JsonBody<TokenRequest>,
) -> Answer<StatusCode> {
    state.access().keep_account(&request.token, &peer.client(&headers)).await?;
    Ok(StatusCode::NO_CONTENT)
}
