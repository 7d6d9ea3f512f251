//! Accounts elsewhere that sign people in, and ceremonies that are on their way.

use async_trait::async_trait;
use gantry_types::{LinkedIdentityId, Timestamp, UserId};

use super::error::StoreError;

/// What a ceremony is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CeremonyPurpose {
    /// Somebody signs in at an identity provider.
    SignIn,
    /// Somebody who is signed in adds an account elsewhere.
    Link,
}

/// Something that began in a browser, goes on elsewhere and comes back once. Its secrets are never
/// stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceremony {
    /// SHA-256 of what comes back, in lower-case hexadecimal.
    pub state_sha256: String,
    /// What it is for.
    pub purpose: CeremonyPurpose,
    /// With whom; an identity provider's name.
    pub provider: String,
    /// Who is signed in, where somebody must be.
    pub user_id: Option<UserId>,
    /// SHA-256 of the secret that the browser keeps, in lower-case hexadecimal.
    pub browser_sha256: String,
    /// Where the browser goes afterwards.
    pub next: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// An account elsewhere that signs a user in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedIdentity {
    /// The identifier.
    pub id: LinkedIdentityId,
    /// Whom it signs in.
    pub user_id: UserId,
    /// Who vouches.
    pub provider: String,
    /// The provider's name for the person.
    pub subject: String,
    /// The address that the person had there when it was added; empty when it was not told.
    pub email: String,
    /// When it was added.
    pub linked_at: Timestamp,
}

/// Looks up who vouches for whom.
#[async_trait]
pub trait ReadVouching: Send + Sync {
    /// A ceremony by the hash of its state; one that has ended too.
    async fn find_ceremony(&self, state_sha256: &str) -> Result<Option<Ceremony>, StoreError>;
    /// Whom a provider's account signs in.
    async fn find_identity(
        &self,
        provider: &str,
        subject: &str,
    ) -> Result<Option<LinkedIdentity>, StoreError>;
    /// The accounts elsewhere that sign a user in, oldest first.
    async fn list_identities(&self, user: UserId) -> Result<Vec<LinkedIdentity>, StoreError>;
}

/// Changes who vouches for whom.
#[async_trait]
pub trait WriteVouching: ReadVouching {
    /// Adds a ceremony.
    async fn insert_ceremony(&self, ceremony: &Ceremony) -> Result<(), StoreError>;
    /// Removes a ceremony; [`StoreError::NotFound`] when it is gone, so that it is good once.
    async fn use_ceremony(&self, state_sha256: &str) -> Result<(), StoreError>;
    /// Makes whoever else changes the ways in of a user wait until this transaction ends.
    async fn lock_ways_in(&self, user: UserId) -> Result<(), StoreError>;
    /// Adds an account elsewhere; [`StoreError::AlreadyExists`] when it signs somebody in already.
    async fn insert_identity(&self, identity: &LinkedIdentity) -> Result<(), StoreError>;
    /// Removes an account elsewhere of a user; [`StoreError::NotFound`] when it is not theirs.
    async fn delete_identity(&self, user: UserId, id: LinkedIdentityId) -> Result<(), StoreError>;
}
