//! Requests to a language model as engines write them.
//!
//! Invariant: what cannot be sent is refused before anything is asked or counted, with the place of
//! the mistake.

use gantry_types::ModelRequest;
use serde_json::Value;

use crate::error::EngineError;

/// Reads what an engine gave [`crate::JobContext::ask_model`].
///
/// # Errors
/// `Bug` that names the field: the engine writes the request, not its user.
pub fn read_model_request(body: Value) -> Result<ModelRequest, EngineError> {
    let read: Result<ModelRequest, _> = serde_path_to_error::deserialize(body);
    let request = read.map_err(|error| {
        let (place, cause) = (error.path().to_string(), error.inner());
        refuse(&format!("at `{place}`: {cause}"))
    })?;
    request.check().map_err(|error| refuse(&error.to_string()))?;
    Ok(request)
}

fn refuse(cause: &str) -> EngineError {
    EngineError::bug(format!("The engine's request to a language model is wrong: {cause}."))
        .with_next_step(
            "Tell the engine's author; the request's form stands in docs/engine-protocol.md.",
        )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn mistakes_are_named_by_their_place() {
        let hello = json!({ "messages": [{ "role": "user", "content": "Hello" }] });
        assert_eq!(read_model_request(hello).unwrap().messages.len(), 1);
        for (body, place) in [
            (json!({ "messages": [{ "role": "robot", "content": "x" }] }), "`messages[0].role`"),
            (json!({ "messages": [] }), "`messages`"),
            (json!({ "messages": [{ "role": "user", "content": "x", "to": 1 }] }), "`to`"),
            (json!("Hello"), "struct ModelRequest"),
        ] {
            let refused = read_model_request(body).unwrap_err();
            assert!(refused.message.contains(place), "{refused}");
        }
    }
}
