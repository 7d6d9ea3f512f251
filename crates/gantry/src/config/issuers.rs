//! `[[auth.issuers]]`: other issuers, whose tokens programs may show instead of a key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

fn usual_claim() -> String {
    "email".to_owned()
}

/// An issuer whose tokens are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// Its name here, which never changes: small letters, digits and hyphens.
    pub id: String,
    /// Who issues the tokens, exactly as they say it.
    pub issuer: String,
    /// For whom the tokens must be.
    pub audience: String,
    /// Where its keys are; found by discovery if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// Which claim is the person's e-mail address.
    #[serde(default = "usual_claim")]
    pub email_claim: String,
    /// Whether the first token of somebody makes their account.
    #[serde(default)]
    pub provision: bool,
    /// Whether its addresses count as proven where it says nothing.
    #[serde(default)]
    pub trust_addresses: bool,
}
