//! Others who vouch for a person: identity providers (OpenID Connect, and what resembles it).
//!
//! Invariant: what a provider says is believed only after its adapter has checked it; an address
//! counts as proven only where the provider says so.

use std::fmt;

use async_trait::async_trait;
use gantry_types::Timestamp;

/// What binds one sign-in to the browser that began it.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    /// What comes back with the answer.
    pub state: String,
    /// What the provider's statement must repeat.
    pub nonce: String,
    /// SHA-256 of the verifier in URL-safe base 64 (RFC 7636, `S256`).
    pub code_challenge: String,
}

/// What the browser brought back, and what proves that it began there.
#[derive(Clone, PartialEq, Eq)]
pub struct Redemption {
    /// The provider's code; good once.
    pub code: String,
    /// What the challenge was made from.
    pub verifier: String,
    /// What the provider's statement must repeat.
    pub nonce: String,
}

/// Codes open accounts, so they are not printed.
impl fmt::Debug for Redemption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Redemption(…)")
    }
}

/// Whether a provider says that a person reads the mails of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressProof {
    /// It does.
    Proven,
    /// It does not, or says nothing.
    Unproven,
}

/// An address, as the provider tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VouchedAddress {
    /// The address.
    pub email: String,
    /// Whether it is proven.
    pub proof: AddressProof,
}

/// What a provider says of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The provider's own name for them, which never changes and is given to nobody else.
    pub subject: String,
    /// Their address.
    pub address: Option<VouchedAddress>,
    /// Their name for people.
    pub name: Option<String>,
}

/// A provider did not vouch for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VouchError {
    /// What came back is not good; another try with the same will not help.
    #[error("{reason}")]
    Refused {
        /// What is wrong, without secrets.
        reason: String,
    },
    /// The provider does not answer, or not as it should.
    #[error("the provider does not answer: {reason}")]
    Unavailable {
        /// What failed.
        reason: String,
    },
}

/// Somebody who vouches for people.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// The page to which the browser is sent.
    ///
    /// # Errors
    /// [`VouchError::Unavailable`] when the provider must be asked and does not answer.
    async fn begin(&self, challenge: &Challenge) -> Result<String, VouchError>;

    /// Exchanges the code that the browser brought back for what the provider says of the person.
    ///
    /// # Errors
    /// [`VouchError`].
    async fn redeem(&self, redemption: &Redemption) -> Result<Vouched, VouchError>;
}

/// What a token says that a program shows of the person for whom it acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The person.
    pub vouched: Vouched,
    /// When the token ends.
    pub ends_at: Timestamp,
}

/// Another issuer, whose tokens programs show instead of a key.
#[async_trait]
pub trait TokenIssuer: Send + Sync {
    /// Whether a token says that it comes from here; nothing of it is checked.
    fn recognises(&self, token: &str) -> bool;

    /// Checks a token: who signed it, for whom, and when.
    ///
    /// # Errors
    /// [`VouchError`].
    async fn check(&self, token: &str) -> Result<Shown, VouchError>;
}
