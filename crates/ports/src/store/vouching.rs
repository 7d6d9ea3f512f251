//! Accounts elsewhere and passkeys that sign people in, and ceremonies that are on their way.

use async_trait::async_trait;
use gantry_types::{LinkedIdentityId, PasskeyId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::accounts::PlanChoice;
use super::error::StoreError;

/// What a ceremony is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CeremonyPurpose {
    /// Somebody signs in at an identity provider.
    SignIn,
    /// Somebody who is signed in adds an account elsewhere.
    Link,
    /// Somebody who is signed in adds a passkey.
    AddPasskey,
    /// Somebody signs in by a passkey.
    UsePasskey,
}

/// Something that began in a browser, goes on elsewhere and comes back once. Its secrets are never
/// stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceremony {
    /// SHA-256 of what comes back, in lower-case hexadecimal.
    pub state_sha256: String,
    /// What it is for.
    pub purpose: CeremonyPurpose,
    /// With whom; an identity provider's name, and empty with an authenticator.
    pub provider: String,
    /// Who is signed in, where somebody must be.
    pub user_id: Option<UserId>,
    /// SHA-256 of the secret that the browser keeps, in lower-case hexadecimal.
    pub browser_sha256: String,
    /// Where the browser goes afterwards.
    pub next: String,
    /// What somebody without an account brings along.
    pub newcomer: Newcomer,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What somebody who may get an account brings along, besides who they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Newcomer {
    /// SHA-256 of the secret of an invitation, in lower-case hexadecimal.
    pub invitation_sha256: Option<String>,
    /// The code of whoever referred them.
    pub referral_code: Option<String>,
    /// The paid plan that they mean to buy.
    pub plan: Option<PlanChoice>,
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

/// A key that an authenticator keeps, and that signs a user in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// The identifier.
    pub id: PasskeyId,
    /// Whom it signs in.
    pub user_id: UserId,
    /// The authenticator's name for it, in URL-safe base 64.
    pub credential_id: String,
    /// Its public half as the authenticator wrote it (COSE), in URL-safe base 64.
    pub public_key: String,
    /// How often it signed, as far as was told; authenticators that do not count say zero.
    pub counter: u32,
    /// What the person calls it.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last signed the person in.
    pub last_used_at: Option<Timestamp>,
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
    /// A passkey by the authenticator's name for it.
    async fn find_passkey(&self, credential_id: &str) -> Result<Option<Passkey>, StoreError>;
    /// The passkeys of a user, oldest first.
    async fn list_passkeys(&self, user: UserId) -> Result<Vec<Passkey>, StoreError>;
}

/// Changes who vouches for whom.
#[async_trait]
pub trait WriteVouching: ReadVouching {
    /// Adds a ceremony.
    async fn insert_ceremony(&self, ceremony: &Ceremony) -> Result<(), StoreError>;
    /// Removes a ceremony; [`StoreError::NotFound`] when it is gone, so that it is good once.
    async fn use_ceremony(&self, state_sha256: &str) -> Result<(), StoreError>;
    /// Adds an account elsewhere; [`StoreError::AlreadyExists`] when it signs somebody in already.
    async fn insert_identity(&self, identity: &LinkedIdentity) -> Result<(), StoreError>;
    /// Removes an account elsewhere of a user; [`StoreError::NotFound`] when it is not theirs.
    async fn delete_identity(&self, user: UserId, id: LinkedIdentityId) -> Result<(), StoreError>;
    /// Adds a passkey; [`StoreError::AlreadyExists`] when the authenticator's name for it is known.
    async fn insert_passkey(&self, passkey: &Passkey) -> Result<(), StoreError>;
    /// Notes that a passkey signed: its counter must have grown, or have been zero and be it still;
    /// [`StoreError::NotFound`] when it did not, or when the passkey is gone.
    async fn use_passkey(
        &self,
        id: PasskeyId,
        counter: u32,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Gives a user's passkey another name; [`StoreError::NotFound`] when it is not theirs.
    async fn rename_passkey(
        &self,
        user: UserId,
        id: PasskeyId,
        name: &str,
    ) -> Result<(), StoreError>;
    /// Removes a user's passkey; [`StoreError::NotFound`] when it is not theirs.
    async fn delete_passkey(&self, user: UserId, id: PasskeyId) -> Result<(), StoreError>;
}
