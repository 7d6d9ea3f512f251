//! Administrators sign in to administer, in a session whose cookie goes to `/api/v1/admin` alone.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gantry_access::{Credentials, NewApiKey, Permission, SignedIn, require};

use super::auth::cookie_under;
use crate::dto::{AdminSessionBody, AdminSignInRequest, IssuedApiKey, NewApiKeyRequest};
use crate::extract::{ADMIN_COOKIE, ADMIN_ROOT, CurrentActor, JsonBody, Peer};
use crate::problem::Answer;
use crate::state::AppState;

/// Begins a session for administering, by e-mail, password and a code; the answer sets its cookie.
/// Whoever does not administer gets the answer of a wrong password.
#[utoipa::path(post, path = "/admin/session", tag = "Admin", security(()),
    request_body = AdminSignInRequest, responses((status = 201, body = AdminSessionBody)))]
pub async fn begin_admin_session(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(request): JsonBody<AdminSignInRequest>,
) -> Answer {
    let credentials = Credentials { email: request.email, password: request.password };
    let (access, client) = (state.access(), peer.client(&headers));
    let signed_in = access.sign_in_administrator(credentials, &request.code, &client).await?;
    let body = AdminSessionBody::from(&signed_in.actor);
    let mut response: Response = (StatusCode::CREATED, Json(body)).into_response();
    response.headers_mut().insert(header::SET_COOKIE, admin_cookie(&peer, &signed_in)?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Who administers in this session.
#[utoipa::path(get, path = "/admin/session", tag = "Admin",
    responses((status = 200, body = AdminSessionBody)))]
pub async fn get_admin_session(
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<AdminSessionBody>> {
    require(&actor, Permission::Administer)?;
    Ok(Json(AdminSessionBody::from(&actor)))
}

/// Ends the session for administering; the ordinary one stays.
#[utoipa::path(delete, path = "/admin/session", tag = "Admin", responses((status = 204)))]
pub async fn end_admin_session(
    State(state): State<AppState>,
    peer: Peer,
    CurrentActor(actor): CurrentActor,
) -> Answer {
    require(&actor, Permission::Administer)?;
    state.access().sign_out_administrator(&actor).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let gone = cookie_under(ADMIN_ROOT, &peer, (ADMIN_COOKIE, ""), 0)?;
    response.headers_mut().insert(header::SET_COOKIE, gone);
    Ok(response)
}

/// Makes a key that may have the scope `admin`. The answer shows its secret this once.
#[utoipa::path(post, path = "/admin/api-keys", tag = "Admin",
    request_body = NewApiKeyRequest, responses((status = 201, body = IssuedApiKey)))]
pub async fn issue_admin_key(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<NewApiKeyRequest>,
) -> Answer<(StatusCode, Json<IssuedApiKey>)> {
    require(&actor, Permission::Administer)?;
    let wanted =
        NewApiKey { name: request.name, scopes: request.scopes, expires_at: request.expires_at };
    let issued = state.access().issue_api_key(&actor, wanted).await?;
    let body = IssuedApiKey { kept: issued.key.into(), key: issued.secret };
    Ok((StatusCode::CREATED, Json(body)))
}

/// The cookie of a new session for administering.
pub fn admin_cookie(peer: &Peer, signed_in: &SignedIn) -> Answer<HeaderValue> {
    let pair = (ADMIN_COOKIE, signed_in.token.expose());
    cookie_under(ADMIN_ROOT, peer, pair, signed_in.lifetime.as_secs())
}
