//! `[limits]`: limits on requests that no plan covers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Limits on requests that no plan covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Requests per minute of an address without a session or key.
    pub anonymous_per_minute: u32,
    /// Requests above that rate that may come at once.
    pub anonymous_burst: u32,
    /// Attempts per minute of an address to sign in, register or set up.
    pub sign_in_per_minute: u32,
    /// Attempts above that rate that may come at once.
    pub sign_in_burst: u32,
    /// Mails per minute that the people of an organization may have sent to others: invitations,
    /// and proofs of new addresses.
    pub mails_per_minute: u32,
    /// Mails above that rate that may be sent at once.
    pub mails_burst: u32,
    /// Event streams that one account may hold open at once.
    pub streams_per_account: u32,
    /// Bytes of a JSON body.
    pub body_bytes: usize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            anonymous_per_minute: 120,
            anonymous_burst: 60,
            sign_in_per_minute: 30,
            sign_in_burst: 30,
            mails_per_minute: 1,
            mails_burst: 50,
            streams_per_account: 64,
            body_bytes: 2 << 20,
        }
    }
}
