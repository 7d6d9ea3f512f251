//! Passkeys: adding, naming and removing them, and signing in by one.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use gantry_types::PasskeyId;

use super::auth::{cookie, with_cookie};
use super::providers::CEREMONY_COOKIE;
use crate::dto::{
    ListOf, Me, NewPasskeyRequest, PasskeyAnswerRequest, PasskeyBody, PasskeyCreationBody,
    PasskeyQuestionBody, PasswordRequest, RenamePasskeyRequest,
};
use crate::extract::{CurrentActor, JsonBody, PathId, Peer, find_cookie};
use crate::problem::Answer;
use crate::state::AppState;

/// Your passkeys, oldest first.
#[utoipa::path(get, path = "/auth/passkeys", tag = "Auth",
    responses((status = 200, body = ListOf<PasskeyBody>)))]
pub async fn list_passkeys(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<ListOf<PasskeyBody>>> {
    let passkeys = state.access().list_passkeys(&actor).await?;
    Ok(Json(ListOf { items: passkeys.into_iter().map(Into::into).collect() }))
}

/// Begins to add a passkey: the question for the authenticator.
#[utoipa::path(post, path = "/auth/passkeys/begin", tag = "Auth",
    request_body = PasswordRequest, responses((status = 200, body = PasskeyCreationBody)))]
pub async fn begin_passkey(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<PasswordRequest>,
) -> Answer<Json<PasskeyCreationBody>> {
    Ok(Json(state.access().begin_passkey(&actor, request.password).await?.into()))
}

/// Adds a passkey that the authenticator made.
#[utoipa::path(post, path = "/auth/passkeys", tag = "Auth",
    request_body = NewPasskeyRequest, responses((status = 201, body = PasskeyBody)))]
pub async fn finish_passkey(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<NewPasskeyRequest>,
) -> Answer<(StatusCode, Json<PasskeyBody>)> {
    let passkey = state.access().finish_passkey(&actor, request.read()?).await?;
    Ok((StatusCode::CREATED, Json(passkey.into())))
}

/// Gives a passkey another name.
#[utoipa::path(patch, path = "/auth/passkeys/{id}", tag = "Auth", params(("id" = Uuid, Path)),
    request_body = RenamePasskeyRequest, responses((status = 204)))]
pub async fn rename_passkey(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<PasskeyId>,
    JsonBody(request): JsonBody<RenamePasskeyRequest>,
) -> Answer<StatusCode> {
    state.access().rename_passkey(&actor, id, &request.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a passkey; the last way to sign in stays.
#[utoipa::path(delete, path = "/auth/passkeys/{id}", tag = "Auth",
    params(("id" = Uuid, Path)), request_body = PasswordRequest, responses((status = 204)))]
pub async fn remove_passkey(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<PasskeyId>,
    JsonBody(request): JsonBody<PasswordRequest>,
) -> Answer<StatusCode> {
    state.access().remove_passkey(&actor, (id, request.password)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The question to sign in by a passkey; the browser keeps a cookie until it is answered.
#[utoipa::path(post, path = "/auth/passkeys/sign-in/begin", tag = "Auth", security(()),
    responses((status = 200, body = PasskeyQuestionBody)))]
pub async fn ask_for_passkey(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
) -> Answer {
    let question = state.access().ask_for_passkey(find_cookie(&headers, CEREMONY_COOKIE)).await?;
    let mut response = Json(PasskeyQuestionBody::from(&question)).into_response();
    let seconds = question.lifetime.as_secs();
    let kept = cookie(&peer, CEREMONY_COOKIE, question.browser.expose(), seconds)?;
    response.headers_mut().append(header::SET_COOKIE, kept);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Signs in by a passkey, which stands for both factors.
#[utoipa::path(post, path = "/auth/passkeys/sign-in", tag = "Auth", security(()),
    request_body = PasskeyAnswerRequest, responses((status = 200, body = Me)))]
pub async fn sign_in_by_passkey(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(request): JsonBody<PasskeyAnswerRequest>,
) -> Answer {
    let browser = find_cookie(&headers, CEREMONY_COOKIE).unwrap_or_default();
    let client = peer.client(&headers);
    let signed_in = state.access().sign_in_by_passkey(request.read()?, browser, &client).await?;
    let mut response = with_cookie(StatusCode::OK, &peer, signed_in)?;
    response.headers_mut().append(header::SET_COOKIE, cookie(&peer, CEREMONY_COOKIE, "", 0)?);
    Ok(response)
}
