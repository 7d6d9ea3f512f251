//! The adapter of the port for language models: providers and servers of one's own that speak the
//! form of `OpenAI`'s chat completions.
//!
//! Invariants: a request is repeated only when its provider says that it did nothing; a key is sent
//! over TLS or to this machine alone, and stands in no error; an answer is bounded in size and time.

mod provider;
mod shapes;
mod wire;

pub use provider::{ChatCompletions, ChatSettings, TokenLimit};

/// The adapter cannot be used with these settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelsSetupError {
    /// The address is none.
    #[error("`{base}` is no address such as https://api.openai.com/v1")]
    NoAddress {
        /// What was given.
        base: String,
    },
    /// A key would be sent in the clear.
    #[error(
        "`{base}` must begin with https://, or be on this machine, because a key is sent there"
    )]
    Open {
        /// The address.
        base: String,
    },
    /// The key cannot be sent.
    #[error("the key has characters that no header can have")]
    UnreadableKey,
    /// No model is named.
    #[error("no model is named")]
    NoModel,
}
