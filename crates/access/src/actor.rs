//! On whose behalf something happens.
//!
//! Invariant: what an administrator does stands in the installation's log and in that of the
//! organization that it is done to, never in that of the organization that they work in.

use gantry_ports::store::AuditEntry;
use gantry_types::{
    ApiKeyId, OAuthClientId, OrganizationId, Role, Scope, SessionId, Timestamp, TokenFamilyId,
    UserId,
};
use serde_json::Value;

use crate::audit::{AuditDraft, Origin};

/// The member of details with the words of who did it, which can be erased.
const REASON: &str = "why";

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

    /// A line about what an administrator does to the installation or to a person. It is in no
    /// organization's log: which one the administrator happens to work in has nothing to do with it.
    #[must_use]
    pub fn house_entry(
        &self,
        action: &'static str,
        subject: &str,
        details: Value,
        at: Timestamp,
    ) -> AuditEntry {
        AuditEntry { organization_id: None, ..self.audit_entry(action, subject, details, at) }
    }

    /// A line about what an administrator does to an organization, for its own log: what was done
    /// and by whom, and neither from where nor why, which is for administrators.
    #[must_use]
    pub fn entry_there(
        &self,
        organization_id: OrganizationId,
        (action, subject): (&'static str, &str),
        details: Value,
        at: Timestamp,
    ) -> AuditEntry {
        AuditEntry {
            organization_id: Some(organization_id),
            ip: String::new(),
            ..self.audit_entry(action, subject, without_reason(details), at)
        }
    }

    /// The same for both logs: that of the installation, which has all of it, and that of the
    /// organization.
    #[must_use]
    pub fn house_entries(
        &self,
        organization_id: OrganizationId,
        (action, subject): (&'static str, &str),
        details: Value,
        at: Timestamp,
    ) -> [AuditEntry; 2] {
        [
            self.house_entry(action, subject, details.clone(), at),
            self.entry_there(organization_id, (action, subject), details, at),
        ]
    }
}

/// Details without the words of an administrator for administrators.
fn without_reason(mut details: Value) -> Value {
    if let Some(members) = details.as_object_mut() {
        members.remove(REASON);
    }
    details
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_organization_reads_what_was_done_to_it_and_not_why() {
        let [home, there] = [OrganizationId::generate(), OrganizationId::generate()];
        let actor = Actor {
            user_id: Some(UserId::generate()),
            ip: "192.0.2.1".to_owned(),
            ..Actor::system(home)
        };
        let details = json!({ "before": 1, "after": 2, "why": "they asked" });
        let about = ("limit.override", "organization 1");
        let at = Timestamp::from_micros(5);
        let [full, told] = actor.house_entries(there, about, details.clone(), at);
        assert_eq!((full.organization_id, &full.details), (None, &details));
        assert_eq!(full.ip, "192.0.2.1");
        assert_eq!(told.organization_id, Some(there));
        assert_eq!(told.details, json!({ "before": 1, "after": 2 }));
        assert_eq!(told.ip, "");
        assert_eq!((full.user_id, told.user_id), (actor.user_id, actor.user_id));
        assert_ne!(full.id, told.id);
    }
}
