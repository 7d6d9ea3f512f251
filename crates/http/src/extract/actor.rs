//! Who asks: an API key, a session cookie, or nobody.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use gantry_access::{AccessError, Actor};

use super::Peer;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The name of the session's cookie.
pub const SESSION_COOKIE: &str = "gantry_session";

/// The name of the cookie of a session for administering.
pub const ADMIN_COOKIE: &str = "gantry_admin_session";
/// Where browsers send it, and where it counts.
pub const ADMIN_ROOT: &str = "/api/v1/admin";

/// What the guard found out; on every request to the API.
#[derive(Debug, Clone)]
pub struct Identity(pub Option<Actor>);

/// Somebody who is signed in; everybody else is answered 401.
#[derive(Debug, Clone)]
pub struct CurrentActor(pub Actor);

impl<S: Sync> FromRequestParts<S> for CurrentActor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Identity>() {
            Some(Identity(Some(actor))) => Ok(Self(actor.clone())),
            Some(Identity(None)) | None => Err(AccessError::NotSignedIn.into()),
        }
    }
}

/// Finds out who asks. A key that is not good is refused; a session that has ended is nobody,
/// so that a browser with an old cookie can sign in again.
///
/// # Errors
/// 401 for a bad key, 503 when the store does not answer.
pub async fn identify(state: &AppState, headers: &HeaderMap, peer: &Peer) -> Answer<Option<Actor>> {
    let client = peer.client(headers);
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let text = value.to_str().unwrap_or_default();
        let key = text
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, key)| key.trim());
        let Some(key) = key else {
            return Err(AccessError::NotSignedIn.into());
        };
        return Ok(Some(state.access().authenticate_key(key, &client).await?));
    }
    let Some(token) = find_cookie(headers, SESSION_COOKIE) else {
        return Ok(None);
    };
    match state.access().authenticate_session(token, &client).await {
        Ok(actor) => Ok(Some(actor)),
        Err(AccessError::NotSignedIn) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The same for a request to a path of the API: where administering is done, the session that was
/// begun for it comes before the ordinary one.
///
/// # Errors
/// As [`identify`].
pub async fn identify_at(
    path: &str,
    state: &AppState,
    headers: &HeaderMap,
    peer: &Peer,
) -> Answer<Option<Actor>> {
    let is_inside = path.strip_prefix(ADMIN_ROOT).is_some_and(|rest| rest.starts_with('/'));
    let token = find_cookie(headers, ADMIN_COOKIE);
    if let (true, Some(token)) = (is_inside && !headers.contains_key(header::AUTHORIZATION), token)
    {
        match state.access().authenticate_session(token, &peer.client(headers)).await {
            Ok(actor) => return Ok(Some(actor)),
            Err(AccessError::NotSignedIn) => {}
            Err(error) => return Err(error.into()),
        }
    }
    identify(state, headers, peer).await
}

/// The value of a cookie.
pub fn find_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_static("not_gantry_session=1; gantry_session=abc; x=y");
        headers.insert(header::COOKIE, value);
        assert_eq!(find_cookie(&headers, SESSION_COOKIE), Some("abc"));
        assert_eq!(find_cookie(&headers, "session"), None);
    }
}
