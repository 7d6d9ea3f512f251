//! Clients of OAuth 2.0, and what people granted them.

use gantry_access::IssuedClient;
use gantry_ports::store::{ClientKind, Grant, OAuthClient};
use gantry_types::{OAuthClientId, OrganizationId, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ScopeWord;

/// Whether a client can keep a secret.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OAuthClientKind {
    /// A server: it has a secret.
    Confidential,
    /// An app on somebody's device: it has none.
    Public,
}

impl From<OAuthClientKind> for ClientKind {
    fn from(kind: OAuthClientKind) -> Self {
        match kind {
            OAuthClientKind::Confidential => Self::Confidential,
            OAuthClientKind::Public => Self::Public,
        }
    }
}

impl From<ClientKind> for OAuthClientKind {
    fn from(kind: ClientKind) -> Self {
        match kind {
            ClientKind::Confidential => Self::Confidential,
            ClientKind::Public => Self::Public,
        }
    }
}

/// A client to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOAuthClient {
    /// The name for people.
    pub name: String,
    /// Whether it has a secret.
    pub kind: OAuthClientKind,
    /// Where people may be sent back to, letter by letter: `https`, or this machine.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// The most that it may be used for; at least one, and none that you do not have.
    #[schema(value_type = Vec<ScopeWord>, min_items = 1)]
    pub scopes: Vec<Scope>,
}

/// What a client is to be from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedOAuthClient {
    /// The name for people.
    pub name: String,
    /// Where people may be sent back to.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// The most that it may be used for.
    #[schema(value_type = Vec<ScopeWord>, min_items = 1)]
    pub scopes: Vec<Scope>,
}

/// A client, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct OAuthClientBody {
    /// The identifier, which is the `client_id`.
    #[schema(value_type = Uuid)]
    pub id: OAuthClientId,
    /// The name for people.
    pub name: String,
    /// Whether it has a secret.
    pub kind: OAuthClientKind,
    /// Where people may be sent back to.
    pub redirect_uris: Vec<String>,
    /// The most that it may be used for.
    #[schema(value_type = Vec<ScopeWord>)]
    pub scopes: Vec<Scope>,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last proved who it is, at most a minute old.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

impl From<OAuthClient> for OAuthClientBody {
    fn from(client: OAuthClient) -> Self {
        Self {
            id: client.id,
            name: client.name,
            kind: client.kind.into(),
            redirect_uris: client.redirect_uris,
            scopes: client.scopes,
            created_at: client.created_at,
            last_used_at: client.last_used_at,
        }
    }
}

/// A client whose secret was just made.
#[derive(Serialize, ToSchema)]
pub struct IssuedOAuthClient {
    /// What is kept of it.
    #[serde(flatten)]
    pub kept: OAuthClientBody,
    /// The secret of a confidential client; it is shown this once.
    pub secret: Option<String>,
}

impl From<IssuedClient> for IssuedOAuthClient {
    fn from(issued: IssuedClient) -> Self {
        Self { kept: issued.client.into(), secret: issued.secret }
    }
}

/// What a client may do in a person's name in one organization.
#[derive(Debug, Serialize, ToSchema)]
pub struct GrantBody {
    /// The client.
    #[schema(value_type = Uuid)]
    pub client_id: OAuthClientId,
    /// Its name.
    pub client_name: String,
    /// The organization in which it works.
    #[schema(value_type = Uuid)]
    pub organization_id: OrganizationId,
    /// Its name.
    pub organization_name: String,
    /// What for.
    #[schema(value_type = Vec<ScopeWord>)]
    pub scopes: Vec<Scope>,
    /// When the client last took tokens.
    #[schema(value_type = String, format = DateTime)]
    pub renewed_at: Timestamp,
}

impl From<Grant> for GrantBody {
    fn from(grant: Grant) -> Self {
        Self {
            client_id: grant.client,
            client_name: grant.client_name,
            organization_id: grant.organization_id,
            organization_name: grant.organization_name,
            scopes: grant.scopes,
            renewed_at: grant.renewed_at,
        }
    }
}
