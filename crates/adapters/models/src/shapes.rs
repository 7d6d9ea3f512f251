//! The shapes of chat completions, as far as they are used.

use gantry_types::{AnswerEnd, MessageRole, ModelRequest, TokenUse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::provider::TokenLimit;

/// Bytes of a token where a server does not count them.
const USUAL_TOKEN: u64 = 4;
/// Characters of a provider's words that are passed on.
const LONGEST_REASON: usize = 300;

#[derive(Serialize)]
struct MessageShape<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
pub(crate) struct RequestShape<'a> {
    model: &'a str,
    messages: Vec<MessageShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Value>,
}

const fn word_of(role: MessageRole) -> &'static str {
    match role {
        MessageRole::System => "system",
        MessageRole::User => "user",
        MessageRole::Assistant => "assistant",
    }
}

impl<'a> RequestShape<'a> {
    /// The request in the provider's form.
    pub(crate) fn new(request: &'a ModelRequest, model: &'a str, limit: TokenLimit) -> Self {
        let messages = request
            .messages
            .iter()
            .map(|message| MessageShape { role: word_of(message.role), content: &message.content });
        let (max_tokens, max_completion_tokens) = match limit {
            TokenLimit::MaxTokens => (Some(request.max_tokens), None),
            TokenLimit::MaxCompletionTokens => (None, Some(request.max_tokens)),
        };
        Self {
            model,
            messages: messages.collect(),
            max_tokens,
            max_completion_tokens,
            temperature: request.temperature,
            response_format: request.schema.as_ref().map(|schema| {
                json!({
                    "type": "json_schema",
                    "json_schema": { "name": "answer", "schema": schema },
                })
            }),
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct AnswerShape {
    choices: Vec<ChoiceShape>,
    #[serde(default)]
    usage: Option<UsageShape>,
}

#[derive(Deserialize)]
struct ChoiceShape {
    message: SaidShape,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct SaidShape {
    #[serde(default)]
    content: Option<String>,
    /// What a model says instead when it will not answer.
    #[serde(default)]
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct UsageShape {
    prompt_tokens: u64,
    completion_tokens: u64,
}

impl AnswerShape {
    /// The text, how it ended, and what was used; `None` when nothing was answered. A server that
    /// counts no tokens is taken to have used one for every four bytes.
    pub(crate) fn read(self, asked_bytes: usize) -> Option<(String, AnswerEnd, TokenUse)> {
        let choice = self.choices.into_iter().next()?;
        let end = match (choice.finish_reason.as_deref(), &choice.message.refusal) {
            (Some("length"), _) => AnswerEnd::CutOff,
            (Some("content_filter"), _) | (_, Some(_)) => AnswerEnd::Filtered,
            (_, None) => AnswerEnd::Complete,
        };
        let text = choice.message.content.or(choice.message.refusal).unwrap_or_default();
        let tokens = match self.usage {
            Some(usage) => TokenUse {
                input_tokens: usage.prompt_tokens,
                output_tokens: usage.completion_tokens,
            },
            None => TokenUse {
                input_tokens: (asked_bytes as u64).div_ceil(USUAL_TOKEN),
                output_tokens: (text.len() as u64).div_ceil(USUAL_TOKEN),
            },
        };
        Some((text, end, tokens))
    }
}

#[derive(Deserialize)]
struct RefusalShape {
    error: ErrorShape,
}

#[derive(Deserialize)]
struct ErrorShape {
    #[serde(default)]
    message: String,
    #[serde(default)]
    code: Option<Value>,
}

/// What a provider says when it refuses: its code, and its words.
pub(crate) fn read_refusal(body: &[u8]) -> (String, String) {
    match serde_json::from_slice::<RefusalShape>(body) {
        Ok(RefusalShape { error }) => {
            let code = error.code.as_ref().and_then(Value::as_str).unwrap_or_default();
            let words = error.message.trim().trim_end_matches('.');
            (code.to_owned(), words.chars().take(LONGEST_REASON).collect())
        }
        Err(_) => (String::new(), "it does not say why".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Option<(String, AnswerEnd, TokenUse)> {
        serde_json::from_value::<AnswerShape>(body).unwrap().read(41)
    }

    #[test]
    fn answers_are_read_with_how_they_ended() {
        let counted = TokenUse { input_tokens: 9, output_tokens: 3 };
        for (message, reason, text, end) in [
            (json!({ "content": "Hi" }), "stop", "Hi", AnswerEnd::Complete),
            (json!({ "content": "Hi" }), "length", "Hi", AnswerEnd::CutOff),
            (json!({ "content": null }), "content_filter", "", AnswerEnd::Filtered),
            (json!({ "content": null, "refusal": "No" }), "stop", "No", AnswerEnd::Filtered),
        ] {
            let usage = json!({ "prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12 });
            let choice = json!({ "index": 0, "message": message, "finish_reason": reason });
            let body = json!({ "id": "x", "choices": [choice], "usage": usage });
            assert_eq!(read(body), Some((text.to_owned(), end, counted)));
        }
        assert_eq!(read(json!({ "choices": [] })), None);
    }

    #[test]
    fn a_server_that_does_not_count_is_counted() {
        let answer = json!({ "choices": [{ "message": { "content": "12345" } }] });
        let (_, end, tokens) = read(answer).unwrap();
        assert_eq!(end, AnswerEnd::Complete);
        assert_eq!(tokens, TokenUse { input_tokens: 11, output_tokens: 2 });
    }
}
