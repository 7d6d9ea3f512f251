//! Programs of others that act for organizations and people (OAuth 2.0): clients, the codes with
//! which they begin, and what people granted them.
//!
//! Invariants: a secret and a code are kept as hashes; a code is good once; tokens name their
//! client, and end with it.

use async_trait::async_trait;
use gantry_types::{OAuthClientId, OrganizationId, Scope, Timestamp, TokenFamilyId, UserId};
use serde::{Deserialize, Serialize};

use super::error::StoreError;

/// Whether a client can keep a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// A server: it has a secret.
    Confidential,
    /// An app on somebody's device: it has none.
    Public,
}

/// A program that an organization registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthClient {
    /// The identifier, which is no secret.
    pub id: OAuthClientId,
    /// Who registered it, and as whom it acts by itself.
    pub organization_id: OrganizationId,
    /// The name for people.
    pub name: String,
    /// Whether it has a secret.
    pub kind: ClientKind,
    /// SHA-256 of the secret, in lower-case hexadecimal; empty without one.
    pub secret_sha256: String,
    /// Where people may be sent back to, letter by letter.
    pub redirect_uris: Vec<String>,
    /// The most that it may be used for.
    pub scopes: Vec<Scope>,
    /// The person who registered it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When it last proved who it is (at most a minute old).
    pub last_used_at: Option<Timestamp>,
}

/// What a client exchanges for its first tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// SHA-256 of the code, in lower-case hexadecimal.
    pub code_sha256: String,
    /// For whom it is.
    pub client: OAuthClientId,
    /// Whose data the tokens open.
    pub organization_id: OrganizationId,
    /// Who granted it.
    pub user_id: UserId,
    /// Where it was sent to.
    pub redirect_uri: String,
    /// The challenge (RFC 7636, S256).
    pub challenge: String,
    /// What was granted.
    pub scopes: Vec<Scope>,
    /// The family of the tokens that it gives.
    pub family: TokenFamilyId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was exchanged.
    pub used_at: Option<Timestamp>,
}

/// What a person granted to a client, and did not withdraw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub client: OAuthClientId,
    /// Its name.
    pub client_name: String,
    /// In which organization.
    pub organization_id: OrganizationId,
    /// Its name.
    pub organization_name: String,
    /// What for.
    pub scopes: Vec<Scope>,
    /// When the client last took tokens.
    pub renewed_at: Timestamp,
}

/// Looks up clients.
#[async_trait]
pub trait ReadClients: Send + Sync {
    /// A client.
    async fn find_client(&self, id: OAuthClientId) -> Result<Option<OAuthClient>, StoreError>;
    /// The clients of an organization, oldest first.
    async fn list_clients(
        &self,
        organization: OrganizationId,
    ) -> Result<Vec<OAuthClient>, StoreError>;
    /// A code by its hash; one that was used or has ended too.
    async fn find_code(&self, code_sha256: &str) -> Result<Option<AuthorizationCode>, StoreError>;
    /// What a person granted, one for each of their families of tokens that can still be renewed,
    /// the last renewed first.
    async fn list_grants(&self, user: UserId, now: Timestamp) -> Result<Vec<Grant>, StoreError>;
}

/// Changes clients.
#[async_trait]
pub trait WriteClients: ReadClients {
    /// Adds a client.
    async fn insert_client(&self, client: &OAuthClient) -> Result<(), StoreError>;
    /// Replaces name, secret, addresses and scopes of a client; [`StoreError::NotFound`] when the
    /// organization has none such.
    async fn update_client(&self, client: &OAuthClient) -> Result<(), StoreError>;
    /// Notes that a client is in use.
    async fn touch_client(&self, id: OAuthClientId, now: Timestamp) -> Result<(), StoreError>;
    /// Removes a client of an organization with its codes; [`StoreError::NotFound`] when it has
    /// none such. Its tokens are ended by [`WriteClients::end_client_tokens`].
    async fn delete_client(
        &self,
        organization: OrganizationId,
        id: OAuthClientId,
    ) -> Result<(), StoreError>;
    /// Ends every token of a client; answers in whose name they were.
    async fn end_client_tokens(
        &self,
        id: OAuthClientId,
        now: Timestamp,
    ) -> Result<Vec<UserId>, StoreError>;
    /// Adds a code.
    async fn insert_code(&self, code: &AuthorizationCode) -> Result<(), StoreError>;
    /// Marks a code as exchanged; [`StoreError::NotFound`] when it was already.
    async fn use_code(&self, code_sha256: &str, now: Timestamp) -> Result<(), StoreError>;
    /// Ends a client's tokens and codes in a person's name; [`StoreError::NotFound`] when there
    /// was no token.
    async fn end_grants(
        &self,
        user: UserId,
        client: OAuthClientId,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Removes codes that ended before `before`; answers how many.
    async fn purge_codes(&self, before: Timestamp) -> Result<u64, StoreError>;
}
