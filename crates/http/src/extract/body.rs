//! JSON bodies.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header;
use bytes::Bytes;
use gantry_types::ProblemCode;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// A JSON body.
pub struct JsonBody<T>(pub T);

/// A JSON body with the SHA-256 of its bytes, for idempotency keys.
pub struct HashedJson<T> {
    /// The body.
    pub value: T,
    /// SHA-256 of its bytes in lower-case hexadecimal.
    pub sha256: String,
}

impl<T: DeserializeOwned> FromRequest<AppState> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let bytes = read_json(request, state.settings.body_bytes).await?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for HashedJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let bytes = read_json(request, state.settings.body_bytes).await?;
        let value = parse(&bytes)?;
        Ok(Self { value, sha256: hex::encode(Sha256::digest(&bytes)) })
    }
}

async fn read_json(request: Request, limit: usize) -> Answer<Bytes> {
    let media_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default();
    let is_json = media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"));
    if !is_json {
        let found = if media_type.is_empty() { "none".to_owned() } else { media_type };
        return Err(Problem::new(
            ProblemCode::UnsupportedMediaType,
            format!("The content type is {found}, and application/json is expected."),
        )
        .with_next_step("Send the body as JSON with `Content-Type: application/json`."));
    }
    read_body(request, limit).await
}

/// A whole body of at most `limit` bytes.
///
/// # Errors
/// 413 for a larger one, 400 when the connection breaks.
pub async fn read_body(request: Request, limit: usize) -> Answer<Bytes> {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > limit as u64) {
        return Err(too_large(limit));
    }
    read_stream(request.into_body(), limit).await
}

async fn read_stream(body: Body, limit: usize) -> Answer<Bytes> {
    to_bytes(body, limit).await.map_err(|error| {
        let message = error.to_string();
        if message.contains("length limit") {
            too_large(limit)
        } else {
            Problem::invalid("", format!("The body broke off: {message}."))
        }
    })
}

fn too_large(limit: usize) -> Problem {
    Problem::new(
        ProblemCode::TooLarge,
        format!("The body is larger than the {limit} bytes that are taken here."),
    )
    .with("limit", limit as u64)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer: String = error.path().iter().map(pointer_segment).collect();
        let message = format!("The body cannot be read: {}.", error.into_inner());
        Problem::invalid(pointer, message)
    })?;
    reader.end().map_err(|error| {
        Problem::invalid("", format!("The body goes on after its end: {error}."))
    })?;
    refuse_nul_in(bytes)?;
    Ok(value)
}

fn pointer_segment(segment: &serde_path_to_error::Segment) -> String {
    use serde_path_to_error::Segment;
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        // The variant of an enum and an unknown place have no name in the JSON text.
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    }
}

/// Databases do not keep a NUL in text, so it is refused where it can be named.
fn refuse_nul_in(bytes: &[u8]) -> Answer<()> {
    let escape = b"\\u0000";
    if !bytes.windows(escape.len()).any(|window| window == escape) {
        return Ok(());
    }
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Problem::invalid("", format!("The body cannot be read: {error}.")))?;
    match find_nul(&value) {
        Some(pointer) => {
            Err(Problem::invalid(pointer, "The text contains a NUL character; leave it out."))
        }
        None => Ok(()),
    }
}

fn find_nul(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| find_nul(item).map(|rest| format!("/{index}{rest}"))),
        Value::Object(members) => members.iter().find_map(|(key, item)| {
            if key.contains('\0') {
                return Some(String::new());
            }
            find_nul(item).map(|rest| format!("/{key}{rest}"))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        names: Vec<String>,
    }

    fn refusal(text: &str) -> Value {
        let problem = parse::<Form>(text.as_bytes()).unwrap_err();
        problem.to_json(gantry_types::RequestId::generate())
    }

    #[test]
    fn a_wrong_value_is_pointed_at() {
        assert_eq!(refusal(r#"{"names": ["a", 7]}"#)["errors"][0]["pointer"], "/names/1");
        assert_eq!(refusal(r#"{"names": []} x"#)["status"], 400);
        assert_eq!(refusal("[")["code"], "invalid_request");
        assert_eq!(refusal(r#"{"name": []}"#)["errors"][0]["pointer"], "/name");
        let deep = "[".repeat(100_000);
        assert_eq!(refusal(&deep)["status"], 400);
    }

    #[test]
    fn nul_characters_are_pointed_at() {
        assert_eq!(
            refusal("{\"names\": [\"a\", \"b\\u0000\"]}")["errors"][0]["pointer"],
            "/names/1"
        );
        let kept = parse::<Form>(br#"{"names": ["\\u0000"]}"#).unwrap();
        assert_eq!(kept.names, ["\\u0000"]);
    }
}
