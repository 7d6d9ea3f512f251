//! A provider of language models that speaks the form of `OpenAI`'s chat completions.

use std::time::Duration;

use async_trait::async_trait;
use gantry_ports::{LanguageError, LanguageModel};
use gantry_types::{ModelAnswer, ModelRequest};
use ureq::http::{HeaderValue, Uri};

use crate::ModelsSetupError;
use crate::shapes::{AnswerShape, RequestShape, read_refusal};
use crate::wire::{Reply, Wire};

/// The member of a request that ends an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLimit {
    /// `max_tokens`, which most servers know.
    MaxTokens,
    /// `max_completion_tokens`, which `OpenAI`'s newer models want instead.
    MaxCompletionTokens,
}

/// What it takes to ask a provider.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatSettings {
    /// Where it is, such as `https://api.openai.com/v1`.
    pub base: String,
    /// The key, where it wants one.
    pub key: Option<String>,
    /// The model of requests that name none.
    pub model: String,
    /// How an answer's end is asked for.
    pub limit: TokenLimit,
    /// How long an answer may take, further attempts included.
    pub patience: Duration,
}

/// A provider.
pub struct ChatCompletions {
    wire: Wire,
    model: String,
    limit: TokenLimit,
}

impl ChatCompletions {
    /// Asks the provider of these settings.
    ///
    /// # Errors
    /// [`ModelsSetupError`] for an address that is none, a key that would be sent in the clear or
    /// that no header can have, and without a model.
    pub fn new(settings: ChatSettings) -> Result<Self, ModelsSetupError> {
        let base = settings.base.trim_end_matches('/');
        let reach = find_reach(base)
            .ok_or_else(|| ModelsSetupError::NoAddress { base: settings.base.clone() })?;
        let key = settings.key.as_deref().filter(|key| !key.is_empty());
        if key.is_some() && reach == Reach::Open {
            return Err(ModelsSetupError::Open { base: settings.base.clone() });
        }
        let is_sendable = |key: &str| HeaderValue::from_str(&format!("Bearer {key}")).is_ok();
        if !key.is_none_or(is_sendable) {
            return Err(ModelsSetupError::UnreadableKey);
        }
        if settings.model.trim().is_empty() {
            return Err(ModelsSetupError::NoModel);
        }
        let wire = Wire::new(format!("{base}/chat/completions"), key, settings.patience);
        Ok(Self { wire, model: settings.model, limit: settings.limit })
    }
}

#[async_trait]
impl LanguageModel for ChatCompletions {
    fn default_model(&self) -> &str {
        &self.model
    }

    async fn ask(&self, request: &ModelRequest) -> Result<ModelAnswer, LanguageError> {
        let model = request.model.as_deref().unwrap_or(&self.model);
        let body = serde_json::to_vec(&RequestShape::new(request, model, self.limit))
            .map_err(|error| unavailable(format!("the request cannot be written: {error}")))?;
        let reply = self.wire.post(&body).await.map_err(unavailable)?;
        if reply.status != 200 {
            return Err(derive_error(&reply, model));
        }
        let answer = serde_json::from_slice::<AnswerShape>(&reply.body)
            .map_err(|_| unavailable("its answer cannot be read".to_owned()))?;
        let read = answer.read(body.len());
        let (text, end, tokens) =
            read.ok_or_else(|| unavailable("its answer is empty".to_owned()))?;
        Ok(ModelAnswer { text, json: None, end, model: model.to_owned(), tokens })
    }
}

fn unavailable(reason: String) -> LanguageError {
    LanguageError::Unavailable { reason }
}

fn derive_error(reply: &Reply, model: &str) -> LanguageError {
    let (code, reason) = read_refusal(&reply.body);
    match (reply.status, code.as_str()) {
        (401 | 403, _) => LanguageError::KeyRefused,
        (404, _) | (_, "model_not_found") => LanguageError::NoSuchModel { model: model.to_owned() },
        (413, _) | (_, "context_length_exceeded") => LanguageError::TooLong { reason },
        // Waiting does not pay the provider's bill.
        (429, "insufficient_quota") => LanguageError::Refused { reason },
        (429, _) => LanguageError::Busy,
        (400..=499, _) => LanguageError::Refused { reason },
        (status, _) => unavailable(format!("it answers {status}")),
    }
}

/// Who could listen to what is sent to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Nobody: it goes over TLS, or stays on this machine.
    Private,
    /// The network.
    Open,
}

/// `None` for what is no address.
fn find_reach(base: &str) -> Option<Reach> {
    let uri = base.parse::<Uri>().ok()?;
    let host = uri.host().filter(|host| !host.is_empty())?;
    let bare = host.trim_matches(['[', ']']);
    let is_here = host == "localhost"
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => Some(Reach::Private),
        Some("http") if is_here => Some(Reach::Private),
        Some("http") => Some(Reach::Open),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(base: &str, key: Option<&str>, model: &str) -> Option<ModelsSetupError> {
        let settings = ChatSettings {
            base: base.to_owned(),
            key: key.map(str::to_owned),
            model: model.to_owned(),
            limit: TokenLimit::MaxTokens,
            patience: Duration::from_secs(1),
        };
        ChatCompletions::new(settings).err()
    }

    #[test]
    fn a_key_is_sent_where_nobody_listens() {
        assert_eq!(open("https://api.example.org/v1/", Some("k"), "m"), None);
        assert_eq!(open("http://127.0.0.1:11434/v1", Some("k"), "m"), None);
        assert_eq!(open("http://10.0.0.7:8000/v1", None, "m"), None, "without a key");
        let far = "http://10.0.0.7:8000/v1";
        let refused = ModelsSetupError::Open { base: far.to_owned() };
        assert_eq!(open(far, Some("k"), "m"), Some(refused));
    }

    #[test]
    fn settings_that_could_ask_nobody_are_refused() {
        for base in ["", "api.example.org/v1", "ftp://127.0.0.1/"] {
            let refused = ModelsSetupError::NoAddress { base: base.to_owned() };
            assert_eq!(open(base, None, "m"), Some(refused), "{base}");
        }
        let here = "http://127.0.0.1:1";
        assert_eq!(open(here, Some("a\nb"), "m"), Some(ModelsSetupError::UnreadableKey));
        assert_eq!(open(here, None, " "), Some(ModelsSetupError::NoModel));
    }
}
