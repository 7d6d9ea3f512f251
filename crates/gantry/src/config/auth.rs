//! `[auth]`: sign-in, sessions and passwords.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{IssuerConfig, ProviderConfig, Secret};

/// Whether strangers may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationConfig {
    /// Anybody may.
    Open,
    /// Only the first administrator, by the setup link.
    Closed,
}

/// What people may do whose address is not verified yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnverifiedConfig {
    /// Everything.
    Trusted,
    /// Read and manage their account.
    ReadOnly,
}

/// Whether administrators need two-factor sign-in to administer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdministratorFactorConfig {
    /// They do.
    Required,
    /// They do not.
    Optional,
}

/// Where administrators sign in to administer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdministratorSignInConfig {
    /// Where everybody does.
    Shared,
    /// At `/admin/sign-in`: no other session administers.
    Separate,
}

/// Sign-in, sessions and passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuthConfig {
    /// Whether strangers may register.
    pub registration: RegistrationConfig,
    /// What people may do whose address is not verified yet.
    pub unverified: UnverifiedConfig,
    /// Whether administrators need two-factor sign-in to administer.
    pub administrator_factor: AdministratorFactorConfig,
    /// Where administrators sign in to administer.
    pub administrator_sign_in: AdministratorSignInConfig,
    /// Minutes after which an unused session that was begun at `/admin/sign-in` ends.
    pub administrator_session_idle_minutes: u64,
    /// Hours after which it ends whatever happens.
    pub administrator_session_hours: u64,
    /// Minutes after which an unused session ends.
    pub session_idle_minutes: u64,
    /// The same for administrators, where they administer in it; what they leave open opens every
    /// account.
    pub administrator_idle_minutes: u64,
    /// Days after which a session ends whatever happens.
    pub session_lifetime_days: u64,
    /// Days for which somebody who deleted their account may still keep it.
    pub leaving_grace_days: u64,
    /// Memory of one password hash in KiB.
    pub password_memory_kib: u32,
    /// Passes of one password hash over that memory.
    pub password_iterations: u32,
    /// Password hashes that are computed at once.
    pub password_concurrency: usize,
    /// A file of passwords that were stolen elsewhere, which nobody may choose: one SHA-1 a line in
    /// hexadecimal, sorted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breached_passwords: Option<PathBuf>,
    /// The key under which secrets are kept that must be read again, at least 32 characters; made
    /// in the data folder if not given. Several servers of one database need the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<Secret>,
    /// Keys that were replaced: what they sealed is read, and sealed anew when it is used.
    pub earlier_secret_keys: Vec<Secret>,
    /// Who else signs people in.
    pub providers: Vec<ProviderConfig>,
    /// Other issuers, whose tokens programs may show instead of a key.
    pub issuers: Vec<IssuerConfig>,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            registration: RegistrationConfig::Open,
            unverified: UnverifiedConfig::Trusted,
            administrator_factor: AdministratorFactorConfig::Required,
            administrator_sign_in: AdministratorSignInConfig::Shared,
            administrator_session_idle_minutes: 15,
            administrator_session_hours: 8,
            session_idle_minutes: 720,
            administrator_idle_minutes: 15,
            session_lifetime_days: 30,
            leaving_grace_days: 14,
            password_memory_kib: 19_456,
            password_iterations: 2,
            password_concurrency: 2,
            breached_passwords: None,
            secret_key: None,
            earlier_secret_keys: Vec::new(),
            providers: Vec::new(),
            issuers: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_administrators_leave_open_ends_after_a_quarter_of_an_hour() {
        let usual = AuthConfig::default();
        assert_eq!(usual.administrator_sign_in, AdministratorSignInConfig::Shared);
        assert_eq!(usual.administrator_idle_minutes, 15, "where they administer in every session");
        assert_eq!(usual.administrator_session_idle_minutes, 15, "where they have their own");
        assert_eq!(usual.session_idle_minutes, 720, "everybody else keeps half a day");
    }
}
