//! Those who answer with a language model.
//!
//! Contract: [`LanguageModel::ask`] sends a request once for each answer that it hands out, and
//! again only when the provider says that it did nothing; it ends within its own patience; an
//! answer tells the tokens that it used; no key is in an error or a log.

use async_trait::async_trait;
use gantry_types::{ModelAnswer, ModelRequest};

/// A language model did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LanguageError {
    /// The provider does not believe the key.
    #[error("the provider refuses the operator's key")]
    KeyRefused,
    /// The provider has no such model.
    #[error("the provider has no model `{model}`")]
    NoSuchModel {
        /// The name that was asked for.
        model: String,
    },
    /// More was said than the model can read.
    #[error("the model cannot read so much at once: {reason}")]
    TooLong {
        /// What the provider said.
        reason: String,
    },
    /// The provider refuses the request as it is.
    #[error("the provider refuses the request: {reason}")]
    Refused {
        /// What it said.
        reason: String,
    },
    /// The provider has no time for it now.
    #[error("the provider is busy")]
    Busy,
    /// The provider does not answer, or not in its form.
    #[error("the provider does not answer: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
}

/// Answers with a language model.
#[async_trait]
pub trait LanguageModel: Send + Sync {
    /// The model of requests that name none.
    fn default_model(&self) -> &str;

    /// Asks, with a request that was checked.
    ///
    /// # Errors
    /// [`LanguageError`]; nothing was used then that the provider told of.
    async fn ask(&self, request: &ModelRequest) -> Result<ModelAnswer, LanguageError>;
}
