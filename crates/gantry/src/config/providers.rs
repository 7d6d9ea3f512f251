//! `[[auth.providers]]`: who else signs people in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secret;

/// How a provider is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// Any issuer of OpenID Connect, named by `issuer`.
    Oidc,
    /// Google.
    Google,
    /// Microsoft: accounts of every tenant and of persons, or of the tenant that `issuer` names.
    Microsoft,
    /// GitHub.
    Github,
}

/// Somebody who signs people in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// The name in addresses, which never changes: small letters, digits and hyphens.
    pub id: String,
    /// The name for people, on buttons.
    pub label: String,
    /// How it is spoken to.
    pub kind: ProviderKind,
    /// The issuer, such as `https://login.example.org/realms/staff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The name of this installation there.
    pub client_id: String,
    /// The secret of this installation there.
    pub client_secret: Secret,
    /// Whether its addresses count as proven where it says nothing: only for a directory of one's
    /// own.
    #[serde(default)]
    pub trust_addresses: bool,
}
