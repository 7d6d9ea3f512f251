//! `[models]`: the language model that engines may ask.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secret;

/// The member of a request that ends an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenLimitConfig {
    /// `max_tokens`, which most servers know.
    MaxTokens,
    /// `max_completion_tokens`, which newer models of `OpenAI` want instead.
    MaxCompletionTokens,
}

/// The language model that engines may ask: anybody who speaks the form of `OpenAI`'s chat
/// completions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelsConfig {
    /// Where it is, such as `https://api.openai.com/v1`; without it nobody is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The key, where it wants one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Secret>,
    /// The model of requests that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How the end of an answer is asked for.
    pub token_limit: TokenLimitConfig,
    /// Seconds that an answer may take, further attempts included; at most 600.
    pub patience_s: u64,
}

impl Default for ModelsConfig {
    fn default() -> Self {
        Self {
            base: None,
            key: None,
            model: None,
            token_limit: TokenLimitConfig::MaxTokens,
            patience_s: 120,
        }
    }
}
