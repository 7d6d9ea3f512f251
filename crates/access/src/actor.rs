//! On whose behalf something happens.

use gantry_ports::store::AuditEntry;
use gantry_types::{
    ApiKeyId, OAuthClientId, OrganizationId, Role, Scope, SessionId, Timestamp, TokenFamilyId,
    UserId,
};
use serde_json::Value;

use crate::audit::{AuditDraft, Origin};

/// How a session stands to administering the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desk {
    /// It was begun for that and nothing else.
    Own,
    /// It has whatever its user has.
    Shared,
    /// Its user administers, and only in a session that was begun for that.
    Elsewhere,
}

/// How an actor proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// A browser session.
    Session {
        /// The session.
        id: SessionId,
        /// What state-changing requests must carry, so that another site cannot make them.
        csrf_token: String,
        /// How it stands to administering the installation.
        desk: Desk,
    },
    /// A program's key.
    ApiKey {
        /// The key.
        id: ApiKeyId,
        /// The client that has it, when it is one's token.
        client: Option<OAuthClientId>,
        /// The renewable pair whose short-lived token it is, if it is one.
        family: Option<TokenFamilyId>,
        /// When it ends by itself.
        ends_at: Option<Timestamp>,
    },
    /// A token of another issuer, which a program shows.
    Token,
    /// The installation itself: the command line and the worker.
    System,
}

/// Somebody who is signed in, in one organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person; `None` for the installation itself.
    pub user_id: Option<UserId>,
    /// The organization that the actor works in.
    pub organization_id: OrganizationId,
    /// What the person may do there.
    pub role: Role,
    /// What the session or key may be used for.
    pub scopes: Vec<Scope>,
    /// Whether the actor may administer the installation.
    pub administrator: bool,
    /// How the actor proved it.
    pub via: Via,
    /// The network address, for the audit log.
    pub ip: String,
}

impl Actor {
    /// The installation itself at work in an organization; may do everything there, and
    /// nothing with other people's sessions and keys.
    #[must_use]
    pub fn system(organization_id: OrganizationId) -> Self {
        Self {
            user_id: None,
            organization_id,
            role: Role::Owner,
            scopes: Scope::ALL.to_vec(),
            administrator: true,
            via: Via::System,
            ip: String::new(),
        }
    }

    /// When the key ends by which the actor proved who they are. A session ends too, but somebody
    /// sits in front of it.
    #[must_use]
    pub const fn key_ends_at(&self) -> Option<Timestamp> {
        match self.via {
            Via::ApiKey { ends_at, .. } => ends_at,
            Via::Session { .. } | Via::Token | Via::System => None,
        }
    }

    /// A line of the audit log about something that the actor does: `action` such as
    /// `dataset.delete`, `subject` the kind and the identifier, `details` without secrets.
    #[must_use]
    pub fn audit_entry(
        &self,
        action: &'static str,
        subject: &str,
        details: Value,
        at: Timestamp,
    ) -> AuditEntry {
        let draft = AuditDraft { action, subject: subject.to_owned(), details };
        let origin = Origin {
            organization_id: Some(self.organization_id),
            user_id: self.user_id,
            ip: self.ip.clone(),
        };
        draft.complete(origin, at)
    }
}
