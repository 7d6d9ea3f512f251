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

/// What people whose address is not verified yet may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unverified {
    /// Everything.
    Trusted,
    /// Read and manage their account, and nothing that costs.
    ReadOnly,
}

/// Whether administrators need a second factor to administer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdministratorFactor {
    /// They do; without it they are users like others.
    Required,
    /// They do not.
    Optional,
}

/// Where administrators sign in to administer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdministratorSignIn {
    /// Where everybody does: their session administers too.
    Shared,
    /// At a door of its own: no other session administers.
    Separate,
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
    /// The same for administrators, where they administer in it.
    pub administrator_idle: Duration,
    /// A session ends after so long whatever happens.
    pub session_lifetime: Duration,
    /// Where administrators sign in to administer.
    pub administrator_sign_in: AdministratorSignIn,
    /// A session for administering alone ends when it was not used for so long.
    pub administrator_session_idle: Duration,
    /// It ends after so long whatever happens.
    pub administrator_session_lifetime: Duration,
    /// When failed attempts to sign in lock an e-mail address.
    pub email_lock_out: LockOut,
    /// When failed attempts to sign in lock a network address; looser, as many people may share
    /// one.
    pub address_lock_out: LockOut,
    /// The cost of one password hash.
    pub password_cost: PasswordCost,
    /// What people may do whose address is not verified yet.
    pub unverified: Unverified,
    /// Whether administrators need a second factor.
    pub administrator_factor: AdministratorFactor,
    /// How long the access token of a renewable pair is good.
    pub access_token_lifetime: Duration,
    /// How long its refresh token is good; each renewal begins anew.
    pub refresh_token_lifetime: Duration,
    /// How long somebody who deleted their account may still keep it.
    pub leaving_grace: Duration,
    /// How many organizations one person may own, the personal one too.
    pub owned_organizations: usize,
    /// The product's name, for mails and authenticator apps.
    pub brand: String,
    /// Where people reach the product, for links in mails.
    pub public_url: String,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            registration: Registration::Open,
            default_plan: "free".to_owned(),
            session_idle: Duration::from_secs(12 * 3_600),
            administrator_idle: Duration::from_secs(15 * 60),
            session_lifetime: Duration::from_secs(30 * 24 * 3_600),
            administrator_sign_in: AdministratorSignIn::Shared,
            administrator_session_idle: Duration::from_secs(15 * 60),
            administrator_session_lifetime: Duration::from_secs(8 * 3_600),
            email_lock_out: LockOut { free_attempts: 5, ..LockOut::default() },
            address_lock_out: LockOut { free_attempts: 20, ..LockOut::default() },
            password_cost: PasswordCost::default(),
            unverified: Unverified::Trusted,
            administrator_factor: AdministratorFactor::Required,
            access_token_lifetime: Duration::from_secs(15 * 60),
            refresh_token_lifetime: Duration::from_secs(30 * 24 * 3_600),
            leaving_grace: Duration::from_secs(14 * 24 * 3_600),
            owned_organizations: 5,
            brand: "Gantry".to_owned(),
            public_url: "http://127.0.0.1:8080".to_owned(),
        }
    }
}
