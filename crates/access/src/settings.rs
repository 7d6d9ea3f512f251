//! What an installation decides about identity.

use std::time::Duration;

use crate::lock_out::LockOut;

/// Whether strangers may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Anybody may.
    Open,
    /// Only the first administrator, by the setup token.
    Closed,
}

/// The cost of one password hash (Argon2id). The default is OWASP's recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// How many hashes are computed at once; more wait, so that a flood of sign-ins cannot take
    /// all memory.
    pub concurrent: usize,
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, concurrent: 2 }
    }
}

/// The settings of [`crate::Access`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessSettings {
    /// Whether strangers may register.
    pub registration: Registration,
    /// The plan of new organizations by its slug; its newest version is taken.
    pub default_plan: String,
    /// A session ends when it was not used for so long.
    pub session_idle: Duration,
    /// The same for administrators.
    pub administrator_idle: Duration,
    /// A session ends after so long whatever happens.
    pub session_lifetime: Duration,
    /// When failed attempts to sign in lock an e-mail address.
    pub email_lock_out: LockOut,
    /// When failed attempts to sign in lock a network address; looser, as many people may share
    /// one.
    pub address_lock_out: LockOut,
    /// The cost of one password hash.
    pub password_cost: PasswordCost,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            registration: Registration::Open,
            default_plan: "free".to_owned(),
            session_idle: Duration::from_secs(12 * 3_600),
            administrator_idle: Duration::from_secs(15 * 60),
            session_lifetime: Duration::from_secs(30 * 24 * 3_600),
            email_lock_out: LockOut { free_attempts: 5, ..LockOut::default() },
            address_lock_out: LockOut { free_attempts: 20, ..LockOut::default() },
            password_cost: PasswordCost::default(),
        }
    }
}
