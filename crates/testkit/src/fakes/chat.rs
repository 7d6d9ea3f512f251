//! A provider of language models in the form of `OpenAI`'s chat completions.
//!
//! Invariants: it answers for its one key and its one model alone; a token is a word; what was asked
//! for counts as answered only when the answer was sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use serde_json::{Value, json};

use super::Trouble;
use super::server::{Answering, FakeAnswer, FakeRequest, FakeServer, serve};

/// The one key.
pub const CHAT_KEY: &str = "test-key-0123456789";
/// The one model.
pub const CHAT_MODEL: &str = "small-4.1";
/// Words that the model can read and write at once.
const WINDOW: usize = 200;
/// Words that a provider adds around every message.
const FRAME: usize = 3;

#[derive(Default)]
struct Book {
    /// What goes wrong with the next requests, if anything, and the seconds after which to come
    /// again.
    troubles: VecDeque<Option<(Trouble, Option<u64>)>>,
    /// The requests that were answered.
    answered: Vec<Value>,
    requests: usize,
}

#[derive(Default)]
struct Desk(Mutex<Book>);

/// The provider, which ends with its owner.
pub struct FakeChat {
    server: FakeServer,
    desk: Arc<Desk>,
}

impl FakeChat {
    /// Starts it.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start() -> Result<Self> {
        let desk = Arc::new(Desk::default());
        let server = serve(desk.clone()).await?;
        Ok(Self { server, desk })
    }

    /// Where it is.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}/v1", self.server.address)
    }

    /// Lets something go wrong with the next request of which nothing was said yet.
    pub fn trouble(&self, trouble: Trouble, retry_after: Option<u64>) {
        self.desk.book().troubles.push_back(Some((trouble, retry_after)));
    }

    /// Lets nothing go wrong with the next request of which nothing was said yet.
    pub fn no_trouble(&self) {
        self.desk.book().troubles.push_back(None);
    }

    /// The requests that were answered.
    #[must_use]
    pub fn answered(&self) -> Vec<Value> {
        self.desk.book().answered.clone()
    }

    /// How often it was asked, whatever it answered.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.desk.book().requests
    }
}

impl Desk {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refuse(status: u16, code: &str, message: &str) -> FakeAnswer {
    let kind = if status >= 500 { "server_error" } else { "invalid_request_error" };
    let error = json!({ "message": message, "type": kind, "param": null, "code": code });
    FakeAnswer::new(status, json!({ "error": error }))
}

/// What is wrong with a request, as the real one tells it.
fn find_refusal(request: &FakeRequest, body: &Value) -> Option<FakeAnswer> {
    if request.method != "POST" || request.path != "/v1/chat/completions" {
        return Some(refuse(404, "unknown_url", "Unknown request URL."));
    }
    let key = format!("Bearer {CHAT_KEY}");
    if request.headers.get("authorization") != Some(&key) {
        return Some(refuse(401, "invalid_api_key", "Incorrect API key provided."));
    }
    if body["model"] != CHAT_MODEL {
        return Some(refuse(404, "model_not_found", "The model does not exist."));
    }
    let is_said = |message: &Value| {
        let is_role = ["system", "user", "assistant"].iter().any(|role| message["role"] == *role);
        is_role && message["content"].is_string()
    };
    let messages = body["messages"].as_array().filter(|messages| !messages.is_empty());
    if !messages.is_some_and(|messages| messages.iter().all(is_said)) {
        return Some(refuse(400, "invalid_value", "Invalid value for 'messages'."));
    }
    let degrees = body.get("temperature").map_or(Some(1.0), Value::as_f64);
    if !degrees.is_some_and(|degrees| (0.0..=2.0).contains(&degrees)) {
        return Some(refuse(400, "decimal_above_max_value", "Invalid 'temperature'."));
    }
    let Some(most) = body["max_tokens"].as_u64().filter(|most| *most > 0) else {
        return Some(refuse(400, "integer_below_min_value", "Invalid 'max_tokens'."));
    };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    (count_words(body).saturating_add(most) > WINDOW).then(|| {
        let message = format!("This model's maximum context length is {WINDOW} tokens.");
        refuse(400, "context_length_exceeded", &message)
    })
}

fn count_words(body: &Value) -> usize {
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let words = |message: &Value| {
        FRAME + message["content"].as_str().unwrap_or_default().split_whitespace().count()
    };
    messages.iter().map(words).sum()
}

/// What is answered: what was said last, or as JSON where that is asked for.
fn echo(body: &Value) -> String {
    let messages = body["messages"].as_array();
    let last = messages.and_then(|messages| messages.last());
    let said = last.and_then(|message| message["content"].as_str()).unwrap_or_default();
    if body["response_format"]["type"] == "json_schema" {
        json!({ "said": said }).to_string()
    } else {
        said.to_owned()
    }
}

fn answer(body: &Value, text: &str) -> Value {
    let most = body["max_tokens"].as_u64().and_then(|most| usize::try_from(most).ok());
    let all: Vec<&str> = text.split(' ').collect();
    let written = all.len().min(most.unwrap_or(usize::MAX));
    let reason = if written < all.len() { "length" } else { "stop" };
    let asked = count_words(body);
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_780_000_000,
        "model": format!("{CHAT_MODEL}-2026-04-14"),
        "choices": [{
            "index": 0,
            "message": {
                "role": "assistant", "content": all[..written].join(" "), "refusal": null,
            },
            "finish_reason": reason,
        }],
        "usage": {
            "prompt_tokens": asked, "completion_tokens": written, "total_tokens": asked + written,
        },
    })
}

impl Answering for Desk {
    fn answer(&self, request: &FakeRequest) -> Option<FakeAnswer> {
        let mut book = self.book();
        book.requests += 1;
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if let Some(refused) = find_refusal(request, &body) {
            return Some(refused);
        }
        let (trouble, retry_after) = book.troubles.pop_front().flatten().unzip();
        let mut refused = match trouble {
            None => {
                let told = answer(&body, &echo(&body));
                book.answered.push(body);
                return Some(FakeAnswer::new(200, told));
            }
            Some(Trouble::Busy) => refuse(429, "rate_limit_exceeded", "Rate limit reached."),
            Some(Trouble::Broken) => refuse(500, "server_error", "The server had an error."),
            Some(Trouble::Cut) => return None,
        };
        if let Some(seconds) = retry_after.flatten() {
            refused.headers.push(("retry-after", seconds.to_string()));
        }
        Some(refused)
    }
}
