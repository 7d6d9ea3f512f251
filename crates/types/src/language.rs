//! What is asked of a language model, and what it answers.
//!
//! Invariant: a request bounds by itself what it can use, so that this can be reserved before it is
//! sent: a token is never less than a byte of text, and the answer ends at `max_tokens`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The tokens of an answer where a request does not say.
const USUAL_TOKENS: u32 = 1_024;
/// The most tokens of an answer that can be asked for.
const MOST_TOKENS: u32 = 1_000_000;
const MOST_MESSAGES: usize = 1_000;
/// Bytes of all messages and the schema together.
const MOST_BYTES: usize = 4 << 20;
const LONGEST_NAME: usize = 200;
const HOTTEST: f64 = 2.0;
/// Tokens that a provider may add around a message, and around them all.
const FRAME: u64 = 64;

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageRole {
    /// Whoever says how to answer.
    System,
    /// Whoever asks.
    User,
    /// The model, earlier.
    Assistant,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelMessage {
    /// Who says it.
    pub role: MessageRole,
    /// What is said.
    pub content: String,
}

/// A request to a language model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRequest {
    /// What was said so far, the oldest first.
    pub messages: Vec<ModelMessage>,
    /// Which model; the operator's if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Tokens after which the answer ends; 1,024 if not given.
    #[serde(default = "usual_tokens")]
    pub max_tokens: u32,
    /// How freely it answers, from 0 to 2; the provider's usual if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The JSON schema of the answer; text if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
}

const fn usual_tokens() -> u32 {
    USUAL_TOKENS
}

/// A request that cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {problem}")]
pub struct InvalidModelRequest {
    /// The field.
    pub field: &'static str,
    /// What is wrong, and what is possible.
    pub problem: String,
}

impl ModelRequest {
    /// Refuses what no model can answer.
    ///
    /// # Errors
    /// [`InvalidModelRequest`] that names the field.
    pub fn check(&self) -> Result<(), InvalidModelRequest> {
        let refuse = |field, problem: String| Err(InvalidModelRequest { field, problem });
        let is_empty = |message: &ModelMessage| message.content.trim().is_empty();
        if self.messages.is_empty() || self.messages.iter().any(is_empty) {
            return refuse("messages", "must have a message, and none without content".to_owned());
        }
        if self.messages.len() > MOST_MESSAGES {
            return refuse("messages", format!("may have at most {MOST_MESSAGES} messages"));
        }
        if self.count_bytes() > MOST_BYTES {
            let problem = format!("may have at most {MOST_BYTES} bytes with the schema");
            return refuse("messages", problem);
        }
        if !(1..=MOST_TOKENS).contains(&self.max_tokens) {
            return refuse("max_tokens", format!("must be from 1 to {MOST_TOKENS}"));
        }
        if self.temperature.is_some_and(|degrees| !(0.0..=HOTTEST).contains(&degrees)) {
            return refuse("temperature", format!("must be from 0 to {HOTTEST}"));
        }
        let is_name = |name: &String| !name.trim().is_empty() && name.len() <= LONGEST_NAME;
        if !self.model.as_ref().is_none_or(is_name) {
            return refuse("model", format!("must have 1 to {LONGEST_NAME} characters"));
        }
        if self.schema.as_ref().is_some_and(|schema| !schema.is_object()) {
            return refuse("schema", "must be a JSON schema, which is an object".to_owned());
        }
        Ok(())
    }

    fn count_bytes(&self) -> usize {
        let said: usize = self.messages.iter().map(|message| message.content.len()).sum();
        said + self.schema.as_ref().map_or(0, |schema| schema.to_string().len())
    }

    /// The most tokens that it can use.
    #[must_use]
    pub fn most_tokens(&self) -> TokenUse {
        let frames = FRAME * (self.messages.len() as u64 + 1);
        TokenUse {
            input_tokens: self.count_bytes() as u64 + frames,
            output_tokens: u64::from(self.max_tokens),
        }
    }
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerEnd {
    /// The model had said everything.
    Complete,
    /// At the most tokens that it might have.
    CutOff,
    /// The provider held it back.
    Filtered,
}

/// Tokens that a request used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TokenUse {
    /// Of what was said.
    pub input_tokens: u64,
    /// Of the answer.
    pub output_tokens: u64,
}

impl TokenUse {
    /// Both together.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    /// The sum of two.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
        }
    }
}

/// What a language model answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelAnswer {
    /// The answer.
    pub text: String,
    /// The same, read, where the request has a schema. That it fits the schema is the model's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// How it ended.
    pub end: AnswerEnd,
    /// The model, by the name by which it was asked.
    pub model: String,
    /// What it used.
    #[serde(flatten)]
    pub tokens: TokenUse,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> ModelRequest {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_request_says_the_most_that_it_can_use() {
        let request = read(json!({ "messages": [{ "role": "user", "content": "Hello" }] }));
        assert_eq!(request.check(), Ok(()));
        assert_eq!(request.max_tokens, USUAL_TOKENS);
        let most = TokenUse { input_tokens: 5 + 2 * FRAME, output_tokens: u64::from(USUAL_TOKENS) };
        assert_eq!(request.most_tokens(), most);
    }

    #[test]
    fn what_cannot_be_answered_is_refused_by_field() {
        let hello = json!([{ "role": "user", "content": "Hello" }]);
        for (field, request) in [
            ("messages", json!({ "messages": [] })),
            ("messages", json!({ "messages": [{ "role": "system", "content": " " }] })),
            ("max_tokens", json!({ "messages": hello, "max_tokens": 0 })),
            ("temperature", json!({ "messages": hello, "temperature": 2.5 })),
            ("model", json!({ "messages": hello, "model": "" })),
            ("schema", json!({ "messages": hello, "schema": [] })),
        ] {
            assert_eq!(read(request).check().unwrap_err().field, field);
        }
        let wrong = json!({ "messages": hello, "tokens": 4 });
        assert!(serde_json::from_value::<ModelRequest>(wrong).is_err());
    }

    #[test]
    fn an_answer_tells_its_tokens_beside_its_text() {
        let answer = ModelAnswer {
            text: "Good day".to_owned(),
            json: None,
            end: AnswerEnd::CutOff,
            model: "small".to_owned(),
            tokens: TokenUse { input_tokens: 3, output_tokens: 2 },
        };
        let told = serde_json::to_value(&answer).unwrap();
        let expected = json!({
            "text": "Good day", "end": "cut_off", "model": "small",
            "input_tokens": 3, "output_tokens": 2,
        });
        assert_eq!(told, expected);
        assert_eq!(serde_json::from_value::<ModelAnswer>(told).unwrap(), answer);
    }
}
