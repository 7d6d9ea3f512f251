//! What proves or changes who somebody is: links in mails, second factors, invitations, members.

use async_trait::async_trait;
use gantry_types::{
    InvitationId, OAuthClientId, OrganizationId, Role, Scope, SessionId, Timestamp, TokenFamilyId,
    UserId,
};

use super::access::Organization;
use super::error::StoreError;

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkPurpose {
    /// Proves that a new user reads the mails of their address.
    VerifyEmail,
    /// Sets a new password.
    ResetPassword,
    /// Proves that a user reads the mails of the address that they want to change to.
    ChangeEmail,
    /// Goes on with a sign-in whose password was right.
    SecondFactor,
    /// Keeps an account that was to be deleted.
    KeepAccount,
}

/// A secret that is good once. The secret itself is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeLink {
    /// SHA-256 of the secret, in lower-case hexadecimal.
    pub token_sha256: String,
    /// What it is good for.
    pub purpose: LinkPurpose,
    /// Whose it is.
    pub user_id: UserId,
    /// The address that it proves.
    pub email: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// An authenticator app of a user.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// Whose it is.
    pub user_id: UserId,
    /// The shared secret in base 32, sealed where the installation has a key.
    pub secret: String,
    /// When the user proved to have it; before that it protects nothing.
    pub confirmed_at: Option<Timestamp>,
    /// The last step of time whose code was taken, so that a code is good once.
    pub last_step: u64,
}

impl std::fmt::Debug for SecondFactor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SecondFactor")
            .field("user_id", &self.user_id)
            .field("confirmed_at", &self.confirmed_at)
            .finish_non_exhaustive()
    }
}

/// A place in an organization, offered to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The identifier.
    pub id: InvitationId,
    /// Which organization.
    pub organization_id: OrganizationId,
    /// Whom, in lower case.
    pub email: String,
    /// As what.
    pub role: Role,
    /// SHA-256 of the link's secret, in lower-case hexadecimal.
    pub token_sha256: String,
    /// Who invites.
    pub invited_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The long-lived half of a renewable pair of tokens. The token itself is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// SHA-256 of the token, in lower-case hexadecimal.
    pub token_sha256: String,
    /// The pairs that came out of one another.
    pub family: TokenFamilyId,
    /// Whose data they open.
    pub organization_id: OrganizationId,
    /// Who asked for the first.
    pub user_id: UserId,
    /// What the program is called.
    pub name: String,
    /// What they may be used for.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was exchanged for the next pair; it is good once.
    pub used_at: Option<Timestamp>,
    /// The client that has it, when a person granted it to one.
    pub client: Option<OAuthClientId>,
}

/// Somebody who belongs to an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The person.
    pub user_id: UserId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether it is their own, personal organization, which they cannot leave.
    pub personal: bool,
}

/// Looks up what proves identity.
#[async_trait]
pub trait ReadIdentity: Send + Sync {
    /// A link by the hash of its secret; one that has ended too.
    async fn find_link(&self, token_sha256: &str) -> Result<Option<OneTimeLink>, StoreError>;
    /// The newest link of a user for a purpose; one that has ended too.
    async fn find_newest_link(
        &self,
        user: UserId,
        purpose: LinkPurpose,
    ) -> Result<Option<OneTimeLink>, StoreError>;
    /// The second factor of a user; one that is not confirmed yet too.
    async fn find_second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, StoreError>;
    /// How many recovery codes a user has left.
    async fn count_recovery_codes(&self, user: UserId) -> Result<u64, StoreError>;
    /// The members of an organization, by the time they joined the installation.
    async fn list_members(&self, organization: OrganizationId) -> Result<Vec<Member>, StoreError>;
    /// The invitations of an organization that have not ended, oldest first.
    async fn list_invitations(
        &self,
        organization: OrganizationId,
        now: Timestamp,
    ) -> Result<Vec<Invitation>, StoreError>;
    /// When an organization sent the invitation after which it sent `later` more; those that were
    /// withdrawn or accepted count too.
    async fn find_invited_at(
        &self,
        organization: OrganizationId,
        later: u32,
    ) -> Result<Option<Timestamp>, StoreError>;
    /// An invitation by the hash of its secret; one that has ended too.
    async fn find_invitation(&self, token_sha256: &str) -> Result<Option<Invitation>, StoreError>;
    /// A refresh token by its hash; one that was used or has ended too.
    async fn find_refresh_token(
        &self,
        token_sha256: &str,
    ) -> Result<Option<RefreshToken>, StoreError>;
    /// The network addresses from which an organization may be used; empty means from anywhere.
    async fn list_allowed_networks(
        &self,
        organization: OrganizationId,
    ) -> Result<Vec<String>, StoreError>;
}

/// Changes what proves identity.
#[async_trait]
pub trait WriteIdentity: ReadIdentity {
    /// Adds a link and removes the user's earlier ones of the same purpose.
    async fn replace_link(&self, link: &OneTimeLink) -> Result<(), StoreError>;
    /// Uses a link up: removes it and all of the user's of the same purpose.
    /// [`StoreError::NotFound`] when it is gone, so that it is good once.
    async fn use_link(&self, link: &OneTimeLink) -> Result<(), StoreError>;
    /// Removes a user's links of these purposes, whether they have ended or not; answers how many.
    async fn delete_links(&self, user: UserId, purposes: &[LinkPurpose])
    -> Result<u64, StoreError>;
    /// Removes links, invitations, renewable tokens and ceremonies that have ended; answers how
    /// many.
    async fn purge_links(&self, now: Timestamp) -> Result<u64, StoreError>;
    /// Ends every session of a user but `kept`, all their renewable tokens, and the codes that
    /// clients have not exchanged yet; answers how many sessions.
    async fn delete_sessions(
        &self,
        user: UserId,
        kept: Option<SessionId>,
        now: Timestamp,
    ) -> Result<u64, StoreError>;
    /// Sets a user's second factor, in place of an earlier one.
    async fn set_second_factor(&self, factor: &SecondFactor) -> Result<(), StoreError>;
    /// Keeps a user's shared secret in another form; nothing happens when it is not `old` any more.
    async fn replace_shared_secret(
        &self,
        user: UserId,
        old: &str,
        new: &str,
    ) -> Result<(), StoreError>;
    /// Notes that the code of a step was taken; [`StoreError::NotFound`] when one of this or a
    /// later step was taken before.
    async fn use_step(&self, user: UserId, step: u64) -> Result<(), StoreError>;
    /// Removes a user's second factor and recovery codes.
    async fn delete_second_factor(&self, user: UserId) -> Result<(), StoreError>;
    /// Replaces a user's recovery codes by the hashes of new ones.
    async fn set_recovery_codes(&self, user: UserId, hashes: &[String]) -> Result<(), StoreError>;
    /// Uses a recovery code up; [`StoreError::NotFound`] when the user has none such.
    async fn use_recovery_code(&self, user: UserId, hash: &str) -> Result<(), StoreError>;
    /// Inserts an organization with its account; nobody belongs to it yet.
    async fn insert_organization(&self, organization: &Organization) -> Result<(), StoreError>;
    /// Gives an organization another name; [`StoreError::NotFound`] when there is none such.
    async fn rename_organization(&self, id: OrganizationId, name: &str) -> Result<(), StoreError>;
    /// Adds an invitation, in place of an earlier one of the organization to the same address.
    async fn replace_invitation(&self, invitation: &Invitation) -> Result<(), StoreError>;
    /// Removes an invitation of an organization; [`StoreError::NotFound`] when there is none.
    async fn delete_invitation(
        &self,
        organization: OrganizationId,
        id: InvitationId,
    ) -> Result<(), StoreError>;
    /// Ends a membership that is not personal, with the member's sessions and keys there;
    /// [`StoreError::NotFound`] when there is none such.
    async fn delete_member(
        &self,
        organization: OrganizationId,
        user: UserId,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Sets the network addresses from which an organization may be used.
    async fn set_allowed_networks(
        &self,
        organization: OrganizationId,
        networks: &[String],
    ) -> Result<(), StoreError>;
    /// Adds a refresh token.
    async fn insert_refresh_token(&self, token: &RefreshToken) -> Result<(), StoreError>;
    /// Marks a refresh token as exchanged; [`StoreError::NotFound`] when it was already.
    async fn use_refresh_token(&self, token_sha256: &str, now: Timestamp)
    -> Result<(), StoreError>;
    /// Ends the access tokens of a family that still hold, so that the next replaces them.
    async fn revoke_access_tokens(
        &self,
        family: TokenFamilyId,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Removes a family's refresh tokens and ends its access tokens.
    async fn end_family(&self, family: TokenFamilyId, now: Timestamp) -> Result<(), StoreError>;
    /// Lets a session work in another organization of its user; [`StoreError::NotFound`] when the
    /// session is not the user's.
    async fn move_session(
        &self,
        user: UserId,
        session: SessionId,
        organization: OrganizationId,
    ) -> Result<(), StoreError>;
}
