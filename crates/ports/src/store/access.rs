//! Users, organizations, members, sessions and API keys.

use std::time::Duration;

use async_trait::async_trait;
use gantry_rules::period::Period;
use gantry_types::{
    ApiKeyId, Locale, OAuthClientId, OrganizationId, PlanId, Role, Scope, SessionId, Timestamp,
    TokenFamilyId, UserId,
};

use super::error::StoreError;

/// Whether a user may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserStatus {
    /// May sign in.
    Active,
    /// May not, until an administrator says otherwise or its [`Restriction`] ends.
    Suspended,
    /// May not, and nobody may register with the address again.
    Banned,
    /// May not: asked to be deleted, and may still stay by the link in a mail.
    Leaving,
    /// Never again: everything that named them was erased.
    Erased,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The identifier.
    pub id: UserId,
    /// In lower case; unique.
    pub email: String,
    /// The name for people.
    pub name: String,
    /// Argon2id in PHC form, or bcrypt where it came from elsewhere and was not used here yet;
    /// empty for somebody who never set a password.
    pub password_hash: String,
    /// Whether the user administers the installation.
    pub administrator: bool,
    /// Whether the user may sign in.
    pub status: UserStatus,
    /// The language of mails to them.
    pub locale: Locale,
    /// When they proved to read the mails of their address.
    pub email_verified_at: Option<Timestamp>,
    /// When they turned the second factor on.
    pub second_factor_at: Option<Timestamp>,
    /// When the user registered.
    pub created_at: Timestamp,
}

impl User {
    /// Whether a password signs them in.
    #[must_use]
    pub const fn has_password(&self) -> bool {
        !self.password_hash.is_empty()
    }
}

/// Why somebody is suspended or banned, for administrators alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    /// Who.
    pub user_id: UserId,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
    /// When it ends by itself; `None` means never.
    pub until: Option<Timestamp>,
    /// The administrator who said so; `None` for the installation itself.
    pub by: Option<UserId>,
}

impl Restriction {
    /// Whether its time has passed.
    #[must_use]
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// The identifier.
    pub id: OrganizationId,
    /// The name for people.
    pub name: String,
    /// The version of the plan that it is on.
    pub plan_id: PlanId,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A user to be inserted together with a personal organization and an owner's membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// The person.
    pub user: User,
    /// The personal organization.
    pub organization: Organization,
}

/// A user's place in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Its name.
    pub organization_name: String,
    /// The user.
    pub user_id: UserId,
    /// What the user may do there.
    pub role: Role,
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionPurpose {
    /// All that its user may do; whether that includes administering is a setting.
    Everything,
    /// Administering the installation, after a sign-in of its own.
    Administer,
}

/// A browser session. The token itself is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The identifier.
    pub id: SessionId,
    /// SHA-256 of the token, in lower-case hexadecimal.
    pub token_sha256: String,
    /// Who signed in.
    pub user_id: UserId,
    /// The organization that the session works in.
    pub organization_id: OrganizationId,
    /// The browser's own description.
    pub user_agent: String,
    /// The address that signed in.
    pub ip: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used (at most a minute old).
    pub last_used_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// What it is for.
    pub purpose: SessionPurpose,
}

/// A key of a program. The secret itself is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The identifier.
    pub id: ApiKeyId,
    /// Whose data it opens.
    pub organization_id: OrganizationId,
    /// Who made it.
    pub user_id: UserId,
    /// The name for people.
    pub name: String,
    /// The first characters of the key, to recognise it.
    pub prefix: String,
    /// SHA-256 of the key, in lower-case hexadecimal.
    pub key_sha256: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used (at most a minute old).
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When somebody revoked it.
    pub revoked_at: Option<Timestamp>,
    /// The family that it belongs to, when it is the short-lived token of a renewable pair.
    pub family: Option<TokenFamilyId>,
    /// The client that has it, when it is one's token.
    pub client: Option<OAuthClientId>,
}

/// Failed attempts to sign in under one key (an e-mail or an address) in the present window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInFailures {
    /// How many.
    pub count: u32,
    /// When the last one happened.
    pub last_at: Timestamp,
}

/// Looks up identity.
#[async_trait]
pub trait ReadAccess: Send + Sync {
    /// How many users there are; zero means first run.
    async fn count_users(&self) -> Result<u64, StoreError>;
    /// How many users registered in a period, those who left for good since included.
    async fn count_registered(&self, period: Period) -> Result<u64, StoreError>;
    /// A user by e-mail (in lower case).
    async fn find_user_by_email(&self, email: &str) -> Result<Option<User>, StoreError>;
    /// A user.
    async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError>;
    /// The highest cost of the hashes of bcrypt that came from elsewhere and were not renewed yet.
    async fn find_imported_cost(&self) -> Result<Option<u32>, StoreError>;
    /// What hashes of Argon2id cost: their beginnings up to the salt, each once. Looks through all
    /// users.
    async fn list_argon2_costs(&self) -> Result<Vec<String>, StoreError>;
    /// An organization.
    async fn find_organization(
        &self,
        id: OrganizationId,
    ) -> Result<Option<Organization>, StoreError>;
    /// The organizations of a user, the personal one first.
    async fn list_memberships(&self, user_id: UserId) -> Result<Vec<Membership>, StoreError>;
    /// A user's place in an organization.
    async fn find_membership(
        &self,
        user_id: UserId,
        organization_id: OrganizationId,
    ) -> Result<Option<Membership>, StoreError>;
    /// A session by the hash of its token.
    async fn find_session(&self, token_sha256: &str) -> Result<Option<Session>, StoreError>;
    /// The sessions of a user, the last used first.
    async fn list_sessions(&self, user_id: UserId) -> Result<Vec<Session>, StoreError>;
    /// A key by its hash; revoked ones too.
    async fn find_api_key(&self, key_sha256: &str) -> Result<Option<ApiKey>, StoreError>;
    /// The keys of an organization that were not revoked, newest first; tokens of renewable pairs
    /// and of clients are not among them.
    async fn list_api_keys(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<ApiKey>, StoreError>;
    /// Why a user is suspended or banned.
    async fn find_restriction(&self, user_id: UserId) -> Result<Option<Restriction>, StoreError>;
    /// Failed attempts under `key` since `window` ago.
    async fn find_sign_in_failures(
        &self,
        key: &str,
        since: Timestamp,
    ) -> Result<Option<SignInFailures>, StoreError>;
}

/// Changes identity.
#[async_trait]
pub trait WriteAccess: ReadAccess {
    /// Inserts a user, a personal organization with its account, and the owner's membership.
    /// [`StoreError::AlreadyExists`] for an e-mail that is taken.
    async fn insert_user(&self, new: &NewUser) -> Result<(), StoreError>;
    /// Makes whoever else counts failures under `key` by this lock wait until this transaction
    /// ends; see [`super::Tx`] for when.
    async fn lock_sign_in_failures(&self, key: &str) -> Result<(), StoreError>;
    /// Makes whoever else decides who administers the installation wait until this transaction
    /// ends; see [`super::Tx`] for when.
    async fn lock_administrators(&self) -> Result<(), StoreError>;
    /// Makes whoever else changes who belongs to an organization, and as what, its plan, limits,
    /// subscription, payments, schedules or versions, wait until this transaction ends; see
    /// [`super::Tx`] for when.
    async fn lock_organization(&self, id: OrganizationId) -> Result<(), StoreError>;
    /// The user as they are, while whoever else changes them waits until this transaction ends;
    /// see [`super::Tx`] for when.
    async fn lock_user(&self, id: UserId) -> Result<Option<User>, StoreError>;
    /// Makes a user a member of an organization, or gives a member another role.
    async fn set_member(
        &self,
        organization_id: OrganizationId,
        user_id: UserId,
        role: Role,
    ) -> Result<(), StoreError>;
    /// Replaces everything of a user but the identifier, the time of registration and whether they
    /// administer. [`StoreError::AlreadyExists`] for an e-mail that is taken.
    async fn update_user(&self, user: &User) -> Result<(), StoreError>;
    /// Notes that a user's password hash is bcrypt's, and its cost; forgotten with the hash.
    async fn note_imported_cost(&self, user_id: UserId, cost: u32) -> Result<(), StoreError>;
    /// Puts another hash of the same password in the place of `old`; nothing happens where it is
    /// not `old` any more.
    async fn renew_password_hash(
        &self,
        user_id: UserId,
        old: &str,
        new: &str,
    ) -> Result<(), StoreError>;
    /// Notes why a user is suspended or banned, in place of an earlier reason.
    async fn set_restriction(&self, restriction: &Restriction) -> Result<(), StoreError>;
    /// Forgets why a user was suspended or banned.
    async fn delete_restriction(&self, user_id: UserId) -> Result<(), StoreError>;
    /// Begins a session.
    async fn insert_session(&self, session: &Session) -> Result<(), StoreError>;
    /// Notes that a session is in use.
    async fn touch_session(&self, id: SessionId, now: Timestamp) -> Result<(), StoreError>;
    /// Ends a session of a user; [`StoreError::NotFound`] when it is not theirs.
    async fn delete_session(&self, user_id: UserId, id: SessionId) -> Result<(), StoreError>;
    /// Removes sessions that ended or idled longer than `idle`; answers how many.
    async fn purge_sessions(&self, now: Timestamp, idle: Duration) -> Result<u64, StoreError>;
    /// Adds a key.
    async fn insert_api_key(&self, key: &ApiKey) -> Result<(), StoreError>;
    /// Notes that a key is in use.
    async fn touch_api_key(&self, id: ApiKeyId, now: Timestamp) -> Result<(), StoreError>;
    /// Revokes a key of an organization; [`StoreError::NotFound`] when it is not theirs.
    async fn revoke_api_key(
        &self,
        organization_id: OrganizationId,
        id: ApiKeyId,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Counts a failed attempt; a count whose last failure is older than `window_start` begins
    /// anew. Answers the new count.
    async fn record_sign_in_failure(
        &self,
        key: &str,
        now: Timestamp,
        window_start: Timestamp,
    ) -> Result<SignInFailures, StoreError>;
    /// Removes counts whose last failure was before `then`; answers how many.
    async fn purge_sign_in_failures(&self, then: Timestamp) -> Result<u64, StoreError>;
    /// Forgets failed attempts after a success.
    async fn clear_sign_in_failures(&self, key: &str) -> Result<(), StoreError>;
}
