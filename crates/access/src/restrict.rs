//! An administrator suspends, bans and reinstates people.
//!
//! Invariants: whoever is suspended or banned is signed out everywhere in the same transaction, and
//! whom they invited is not let in any more; nobody does it to themselves, and the installation keeps an active administrator; why it was
//! done is for administrators alone, and can be erased from the audit log.

use gantry_letters::Letter;
use gantry_ports::store::{
    AuditEntry, Order, PageRequest, QueuedMail, Restriction, ScheduleState, Tx, User, UserStatus,
};
use gantry_types::{AuditEntryId, OrganizationId, Role, ScheduleId, Timestamp, UserId};
use serde_json::json;

use crate::Access;
use crate::actor::Actor;
use crate::error::AccessError;
use crate::leave::lock_homes;
use crate::links::end_links;
use crate::permission::{Permission, require};
use crate::standing::{Standing, find_standing};
use crate::withdraw_invitations::withdraw_everywhere;

/// The longest reason and the longest note, in characters.
const LONGEST_REASON: usize = 500;

/// What is done to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewRestriction {
    /// They may not sign in until this time, or until they are reinstated.
    Suspension {
        /// When it ends by itself.
        until: Option<Timestamp>,
    },
    /// They may not sign in any more, and what is theirs alone stops.
    Ban,
}

impl NewRestriction {
    const fn status(self) -> UserStatus {
        match self {
            Self::Suspension { .. } => UserStatus::Suspended,
            Self::Ban => UserStatus::Banned,
        }
    }

    const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Suspension { until } => until,
            Self::Ban => None,
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::Suspension { .. } => "user.suspend",
            Self::Ban => "user.ban",
        }
    }
}

/// What is left to be done for somebody who was suspended or banned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restrained {
    /// The organizations whose jobs are to be stopped: those that only a banned person owns.
    pub halted: Vec<OrganizationId>,
}

impl Access {
    /// Suspends or bans somebody; doing it again changes the reason and the end.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for anybody but administrators, [`AccessError::Invalid`] for the
    /// reason or an end that has passed, [`AccessError::NotFound`],
    /// [`AccessError::NotRestrictable`], [`AccessError::Store`].
    pub async fn restrict(
        &self,
        actor: &Actor,
        user_id: UserId,
        (wanted, reason): (NewRestriction, &str),
    ) -> Result<Restrained, AccessError> {
        require(actor, Permission::Administer)?;
        let now = self.clock.now();
        let reason = check_text("reason", reason)?;
        if reason.is_empty() {
            return Err(AccessError::invalid("reason", "say why, for other administrators"));
        }
        if wanted.until().is_some_and(|until| until <= now) {
            return Err(AccessError::invalid("until", "give a time that is to come, or none"));
        }
        let letter = |name: String| Letter::Restricted {
            name,
            banned: wanted == NewRestriction::Ban,
            until: wanted.until(),
        };
        let restriction = Restriction {
            user_id,
            reason: reason.clone(),
            at: now,
            until: wanted.until(),
            by: actor.user_id,
        };
        let details = json!({ "until": wanted.until(), "why": reason });
        let entry = actor.house_entry(wanted.action(), &subject_of(user_id), details, now);
        let mail = self.write_letter_about(user_id, letter, now).await?;
        let change = Restraining { wanted, restriction, mail, entry };
        let done = self
            .change_identity(user_id, move |tx| {
                let change = change.clone();
                Box::pin(async move { change.apply(tx).await })
            })
            .await?;
        self.ring();
        Ok(done)
    }

    /// Lets somebody sign in again; who may already stays as they are. Sessions and invitations do
    /// not come back, and schedules that were paused stay so.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for anybody but administrators, [`AccessError::Invalid`] for the
    /// note, [`AccessError::NotFound`], [`AccessError::NotRestrictable`], [`AccessError::Store`].
    pub async fn reinstate(
        &self,
        actor: &Actor,
        user_id: UserId,
        note: &str,
    ) -> Result<(), AccessError> {
        require(actor, Permission::Administer)?;
        let now = self.clock.now();
        let details = json!({ "why": check_text("note", note)? });
        let entry = actor.house_entry("user.reinstate", &subject_of(user_id), details, now);
        let letter = |name: String| Letter::Reinstated { name };
        let mail = self.write_letter_about(user_id, letter, now).await?;
        let change = Reinstating { user_id, mail, entry, now };
        self.change_identity(user_id, move |tx| {
            let change = change.clone();
            Box::pin(async move { change.apply(tx).await })
        })
        .await?;
        self.ring();
        Ok(())
    }

    /// A letter to somebody of whom only the number is known.
    async fn write_letter_about(
        &self,
        user_id: UserId,
        letter: impl Fn(String) -> Letter,
        now: Timestamp,
    ) -> Result<QueuedMail, AccessError> {
        let snapshot = self.store.read().await?;
        let user = snapshot.access().find_user(user_id).await?;
        let user = user.ok_or(AccessError::NotFound { what: "user" })?;
        self.write_letter(&letter(user.name.clone()), &user, now)
    }
}

fn subject_of(user_id: UserId) -> String {
    format!("user {user_id}")
}

fn check_text(field: &'static str, text: &str) -> Result<String, AccessError> {
    let text = text.trim();
    if text.chars().count() > LONGEST_REASON {
        let message = format!("write at most {LONGEST_REASON} characters");
        return Err(AccessError::invalid(field, message));
    }
    Ok(text.to_owned())
}

#[derive(Clone)]
struct Restraining {
    wanted: NewRestriction,
    restriction: Restriction,
    /// Tells the person; only when something changes for them.
    mail: QueuedMail,
    entry: AuditEntry,
}

impl Restraining {
    async fn apply(&self, tx: &dyn Tx) -> Result<Restrained, AccessError> {
        let Restriction { user_id, at, until, .. } = self.restriction;
        tx.access().lock_administrators().await?;
        // Of a ban follows what becomes of the schedules of their organizations.
        lock_homes(tx, user_id).await?;
        let user = tx.access().lock_user(user_id).await?;
        let user = user.ok_or(AccessError::NotFound { what: "user" })?;
        let before = find_standing(tx.access(), &user, at).await?;
        self.require_restrictable(tx, &user, before).await?;
        let earlier = tx.access().find_restriction(user_id).await?;
        let is_told = user.status == self.wanted.status()
            && before != Standing::Good
            && earlier.is_some_and(|earlier| earlier.until == until);
        tx.access().update_user(&User { status: self.wanted.status(), ..user }).await?;
        tx.access().set_restriction(&self.restriction).await?;
        // With them end the families of tokens, and so what was granted to clients.
        tx.identity().delete_sessions(user_id, None, at).await?;
        end_links(tx, user_id).await?;
        withdraw_everywhere(tx, user_id, &self.entry).await?;
        if !is_told {
            tx.mails().insert_mail(&self.mail).await?;
        }
        tx.audit().append(&with_before(&self.entry, before)).await?;
        match self.wanted {
            NewRestriction::Suspension { .. } => Ok(Restrained::default()),
            NewRestriction::Ban => {
                let halted = list_solely_owned(tx, user_id).await?;
                for organization_id in &halted {
                    let paused = pause_schedules(tx, *organization_id).await?;
                    tx.audit().append(&self.note_paused(*organization_id, paused)).await?;
                }
                Ok(Restrained { halted })
            }
        }
    }

    /// For the log of an organization whose only owner is banned.
    fn note_paused(&self, organization_id: OrganizationId, schedules: u64) -> AuditEntry {
        AuditEntry {
            id: AuditEntryId::generate(),
            organization_id: Some(organization_id),
            action: "organization.halt".to_owned(),
            subject: format!("organization {organization_id}"),
            details: json!({ "paused_schedules": schedules }),
            ip: String::new(),
            ..self.entry.clone()
        }
    }

    async fn require_restrictable(
        &self,
        tx: &dyn Tx,
        user: &User,
        before: Standing,
    ) -> Result<(), AccessError> {
        let refuse = |reason| Err(AccessError::NotRestrictable { reason });
        if self.restriction.by == Some(user.id) {
            return refuse("nobody suspends or bans themselves; ask another administrator");
        }
        if user.administrator && tx.departures().count_other_administrators(user.id).await? == 0 {
            return refuse("this is the installation's only active administrator");
        }
        match (before, self.wanted) {
            (Standing::Erased, _) => refuse("this person was deleted"),
            (Standing::Leaving, _) => {
                refuse("this person is about to be deleted, and cannot sign in")
            }
            (Standing::Banned, NewRestriction::Suspension { .. }) => {
                refuse("this person is banned; reinstate them first")
            }
            (Standing::Banned, NewRestriction::Ban) | (Standing::Good | Standing::Suspended, _) => {
                Ok(())
            }
        }
    }
}

#[derive(Clone)]
struct Reinstating {
    user_id: UserId,
    mail: QueuedMail,
    entry: AuditEntry,
    now: Timestamp,
}

impl Reinstating {
    async fn apply(&self, tx: &dyn Tx) -> Result<(), AccessError> {
        let user = tx.access().lock_user(self.user_id).await?;
        let user = user.ok_or(AccessError::NotFound { what: "user" })?;
        let refuse = |reason| Err(AccessError::NotRestrictable { reason });
        let before = find_standing(tx.access(), &user, self.now).await?;
        match before {
            Standing::Good if user.status == UserStatus::Active => return Ok(()),
            // A suspension whose time has passed is tidied away.
            Standing::Good | Standing::Suspended | Standing::Banned => {}
            Standing::Leaving => return refuse("only this person can keep their account"),
            Standing::Erased => return refuse("this person was deleted"),
        }
        tx.access().update_user(&User { status: UserStatus::Active, ..user }).await?;
        tx.access().delete_restriction(self.user_id).await?;
        if before != Standing::Good {
            tx.mails().insert_mail(&self.mail).await?;
        }
        Ok(tx.audit().append(&with_before(&self.entry, before)).await?)
    }
}

/// The entry with how the person stood before.
fn with_before(entry: &AuditEntry, before: Standing) -> AuditEntry {
    let mut entry = entry.clone();
    entry.details["before"] = json!(before.as_str());
    entry
}

/// The organizations that nobody else owns.
async fn list_solely_owned(
    tx: &dyn Tx,
    user_id: UserId,
) -> Result<Vec<OrganizationId>, AccessError> {
    let mut found = Vec::new();
    for place in tx.access().list_memberships(user_id).await? {
        let members = tx.identity().list_members(place.organization_id).await?;
        let mut others = members.iter().filter(|member| member.user_id != user_id);
        let is_owner = place.role == Role::Owner;
        if is_owner && !others.any(|member| member.role == Role::Owner) {
            found.push(place.organization_id);
        }
    }
    Ok(found)
}

/// Answers how many it paused.
async fn pause_schedules(tx: &dyn Tx, organization_id: OrganizationId) -> Result<u64, AccessError> {
    let (mut after, mut paused): (Option<ScheduleId>, u64) = (None, 0);
    loop {
        let page = PageRequest { after, limit: 200, order: Order::OldestFirst };
        let found = tx.schedules().list_schedules(organization_id, &page).await?;
        for mut schedule in found.items {
            if schedule.state == ScheduleState::Active {
                schedule.state = ScheduleState::Paused;
                schedule.next_at = None;
                tx.schedules().update_schedule(&schedule).await?;
                paused += 1;
            }
        }
        after = found.next;
        if after.is_none() {
            return Ok(paused);
        }
    }
}
