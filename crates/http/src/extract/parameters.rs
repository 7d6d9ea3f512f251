//! Paths, queries and cursors.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use gantry_types::ProblemCode;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::problem::{Answer, Problem};

/// An identifier in the path. What is no identifier does not exist.
pub struct PathId<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let PathText(text) = PathText::from_request_parts(parts, state).await?;
        parse_id(&text).map(Self)
    }
}

/// One word in the path.
pub struct PathText(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::invalid("", rejection.body_text()))?;
        refuse_nul("the path", &text)?;
        Ok(Self(text))
    }
}

/// Parses an identifier.
pub fn parse_id<T: FromStr>(text: &str) -> Answer<T> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(64).collect();
        Problem::new(ProblemCode::NotFound, format!("There is nothing with the id `{shown}`."))
    })
}

/// The query string.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // Databases do not keep a NUL in text.
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(Problem::invalid("", "The query contains a NUL character; leave it out."));
        }
        let Query(value) = Query::<T>::from_request_parts(parts, state).await.map_err(|error| {
            Problem::new(ProblemCode::InvalidRequest, format!("{}.", error.body_text()))
        })?;
        Ok(Self(value))
    }
}

/// Refuses text that no database keeps.
///
/// # Errors
/// 400.
pub fn refuse_nul(what: &str, text: &str) -> Answer<()> {
    if text.contains('\0') {
        return Err(Problem::invalid("", format!("There is a NUL character in {what}.")));
    }
    Ok(())
}

/// Where a list goes on, opaque to clients.
pub fn encode_cursor(key: Uuid) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(key.as_bytes())
}

/// Reads a cursor back.
///
/// # Errors
/// 400 for a text that is none of ours.
pub fn decode_cursor(text: &str) -> Answer<Uuid> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok();
    bytes.and_then(|bytes| Uuid::from_slice(&bytes).ok()).ok_or_else(|| {
        Problem::invalid("", "The cursor is none of ours; send `next_cursor` of the page before.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip_and_strangers_are_refused() {
        let key = gantry_types::JobId::generate().as_uuid();
        assert_eq!(decode_cursor(&encode_cursor(key)).unwrap(), key);
        for wrong in ["", "x", "%%%", "aGVsbG8"] {
            assert!(decode_cursor(wrong).is_err(), "{wrong}");
        }
    }
}
