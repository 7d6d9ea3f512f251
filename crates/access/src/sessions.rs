//! A person looks at themselves and their sessions, and ends sessions.

use std::time::Duration;

use gantry_ports::store::{Membership, PlanChoice, Session, SessionPurpose, StoreExt, User};
use gantry_types::{SessionId, Timestamp, UserId};
use serde_json::{Value, json};

use crate::Access;
use crate::actor::{Actor, Desk, Via};
use crate::error::AccessError;
use crate::permission::{Permission, require};

/// How long a code that was exchanged is remembered, so that one that comes twice is noticed.
const CODE_MEMORY: Duration = Duration::from_hours(24);

/// What a person is told about themselves.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The person; the password hash is for nobody's eyes.
    pub user: User,
    /// The organization that the session or key works in.
    pub organization: Membership,
    /// All organizations of the person.
    pub organizations: Vec<Membership>,
    /// The paid plan that was chosen for the organization and is not bought yet.
    pub chosen_plan: Option<PlanChoice>,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// The session.
    pub session: Session,
    /// When it ends if it is not used before.
    pub ends_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl Access {
    /// The person behind an actor.
    ///
    /// # Errors
    /// [`AccessError::NotSignedIn`] for the installation itself or a user that is gone,
    /// [`AccessError::Store`].
    pub async fn profile(&self, actor: &Actor) -> Result<Profile, AccessError> {
        let user_id = require_person(actor)?;
        let snapshot = self.store.read().await?;
        let user = snapshot.access().find_user(user_id).await?.ok_or(AccessError::NotSignedIn)?;
        let organizations = snapshot.access().list_memberships(user_id).await?;
        let organization = organizations
            .iter()
            .find(|membership| membership.organization_id == actor.organization_id)
            .cloned()
            .ok_or(AccessError::NotSignedIn)?;
        let place = organization.organization_id;
        let chosen_plan = snapshot.accounts().find_plan_choice(place).await?;
        Ok(Profile { user, organization, organizations, chosen_plan })
    }

    /// How many users the installation has.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for anybody but administrators, [`AccessError::Store`].
    pub async fn count_users(&self, actor: &Actor) -> Result<u64, AccessError> {
        require(actor, Permission::Administer)?;
        Ok(self.store.read().await?.access().count_users().await?)
    }

    /// The person's sessions that have not ended, the last used first.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::Store`].
    pub async fn list_sessions(&self, actor: &Actor) -> Result<Vec<SessionView>, AccessError> {
        require(actor, Permission::ManageSessions)?;
        let user_id = require_person(actor)?;
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let user = snapshot.access().find_user(user_id).await?.ok_or(AccessError::NotSignedIn)?;
        let sessions = snapshot.access().list_sessions(user_id).await?;
        let views = sessions.into_iter().map(|session| {
            let idle = self.idle_of(&user, session.purpose);
            let ends_at = session.last_used_at.plus(idle).min(session.expires_at);
            let current = matches!(&actor.via, Via::Session { id, .. } if *id == session.id);
            SessionView { session, ends_at, current }
        });
        Ok(views.filter(|view| now < view.ends_at).collect())
    }

    /// Ends one of the person's sessions.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::NotFound`], [`AccessError::Store`].
    pub async fn end_session(&self, actor: &Actor, id: SessionId) -> Result<(), AccessError> {
        require(actor, Permission::ManageSessions)?;
        self.delete_session(actor, id).await
    }

    /// Signs out: ends the session that asks, and with an ordinary one what its person administers
    /// in. A key has nothing to end.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn sign_out(&self, actor: &Actor) -> Result<(), AccessError> {
        match &actor.via {
            Via::Session { id, desk, .. } => {
                let mut ended = vec![*id];
                match desk {
                    Desk::Own => {}
                    Desk::Shared | Desk::Elsewhere => ended.extend(self.find_desks(actor).await?),
                }
                for id in ended {
                    match self.delete_session(actor, id).await {
                        // Two tabs may sign out at once.
                        Ok(()) | Err(AccessError::NotFound { .. }) => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(())
            }
            Via::ApiKey { .. } | Via::Token | Via::System => Ok(()),
        }
    }

    /// The sessions in which the actor's person administers.
    async fn find_desks(&self, actor: &Actor) -> Result<Vec<SessionId>, AccessError> {
        let user_id = require_person(actor)?;
        let sessions = self.store.read().await?.access().list_sessions(user_id).await?;
        let desks = sessions.into_iter().filter(|session| match session.purpose {
            SessionPurpose::Administer => true,
            SessionPurpose::Everything => false,
        });
        Ok(desks.map(|session| session.id).collect())
    }

    async fn delete_session(&self, actor: &Actor, id: SessionId) -> Result<(), AccessError> {
        let user_id = require_person(actor)?;
        let (actor, now) = (actor.clone(), self.clock.now());
        self.change_identity(user_id, move |tx| {
            let actor = actor.clone();
            Box::pin(async move {
                // Whoever makes a new way in by it at this moment goes first, or not at all.
                tx.access().lock_user(user_id).await?;
                let sessions = tx.access().list_sessions(user_id).await?;
                let before = sessions.iter().find(|session| session.id == id).map(describe);
                tx.access().delete_session(user_id, id).await?;
                let details = json!({ "before": before, "after": null });
                let entry =
                    actor.audit_entry("session.end", &format!("session {id}"), details, now);
                Ok(tx.audit().append(&entry).await?)
            })
        })
        .await
    }

    /// Removes sessions, links and invitations that ended, and failed sign-ins that no lock counts
    /// any more; the housekeeping of a server. Answers how many.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn purge_ended(&self) -> Result<u64, AccessError> {
        let now = self.clock.now();
        let settings = &self.settings;
        let idle = settings.session_idle.max(settings.administrator_idle);
        let idle = idle.max(settings.administrator_session_idle);
        let memory = settings.email_lock_out.memory.max(settings.address_lock_out.memory);
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let sessions = tx.access().purge_sessions(now, idle).await?;
                    let codes = tx.clients().purge_codes(now.minus(CODE_MEMORY)).await?;
                    let failures = tx.access().purge_sign_in_failures(now.minus(memory)).await?;
                    Ok(sessions + codes + failures + tx.identity().purge_links(now).await?)
                })
            })
            .await
    }
}

pub(crate) fn require_person(actor: &Actor) -> Result<UserId, AccessError> {
    actor.user_id.ok_or(AccessError::NotSignedIn)
}

/// A session for the audit log.
fn describe(session: &Session) -> Value {
    json!({ "user_agent": session.user_agent, "created_at": session.created_at })
}
