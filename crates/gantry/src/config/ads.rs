//! `[ads]` and `[fraud]`: who shows ads for credits, and who knows networks.
//!
//! Invariant: without lists and without a service nothing is known of networks, and nothing is made
//! up.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secret;

/// Who shows ads for credits, where the edition gives some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdsConfig {
    /// Who shows them instead of whom the edition names: `admob` or `sandbox`.
    pub provider: Option<String>,
    /// The app's ad units at AdMob instead of the edition's; apps show the first.
    pub units: Vec<String>,
    /// Where AdMob's keys are.
    pub key_url: String,
}

impl Default for AdsConfig {
    fn default() -> Self {
        Self { provider: None, units: Vec::new(), key_url: gantry_ads::ADMOB_KEYS.to_owned() }
    }
}

/// Who knows from which networks frauds come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FraudConfig {
    /// Files with a network a line.
    pub networks: NetworksConfig,
    /// A service in the shape of IPQualityScore's.
    pub reputation: ReputationConfig,
}

/// Files with a network a line, by what the networks are known for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NetworksConfig {
    /// Where servers stand.
    pub hosting: Vec<PathBuf>,
    /// That hide who uses them, for subscribers.
    pub vpn: Vec<PathBuf>,
    /// That hide who uses them.
    pub proxy: Vec<PathBuf>,
    /// Exits of Tor.
    pub tor: Vec<PathBuf>,
}

/// A service that knows addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReputationConfig {
    /// The key; without one the service is not asked.
    pub key: Option<Secret>,
    /// Where it is.
    pub base: String,
}

impl Default for ReputationConfig {
    fn default() -> Self {
        Self { key: None, base: gantry_ads::REPUTATION_API.to_owned() }
    }
}
