//! Who belongs to an organization, and as what.
//!
//! Invariants: an organization always has an owner; only owners make and unmake owners; a person
//! cannot leave their personal organization; whoever leaves loses sessions and keys there at once,
//! and whoever may invite no more takes their invitations along; what the actor may is asked again
//! under the lock, by the role that they have then; nobody joins where the plan is for one person
//! alone.

use gantry_ports::store::{
    AuditEntry, Invitation, Member, ReadAccess, ReadAccounts, ReadIdentity, ReadTx, Tx,
};
use gantry_rules::overrides::derive_terms;
use gantry_rules::plan::{Feature, Included};
use gantry_types::{OrganizationId, Role, SessionId, Timestamp, UserId};
use serde_json::json;

use crate::Access;
use crate::actor::Actor;
use crate::allowed_networks::Doors;
use crate::confirm::lock_asker;
use crate::error::AccessError;
use crate::permission::{Permission, require};
use crate::withdraw_invitations::withdraw_invitations;

/// Everybody who belongs to an organization, or may soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// The members.
    pub members: Vec<Member>,
    /// The invitations that are open.
    pub invitations: Vec<Invitation>,
    /// How many both may be; `None` means as many as it likes.
    pub seats: Option<u32>,
    /// Whether there may be others at all by the plan.
    pub collaboration: Included,
}

impl Roster {
    /// Whether another person has a seat.
    pub(crate) fn require_seat(&self) -> Result<(), AccessError> {
        if self.collaboration == Included::No {
            return Err(AccessError::NotInPlan { feature: Feature::Collaboration });
        }
        let taken = self.members.len() + self.invitations.len();
        match self.seats {
            Some(limit) if u64::from(limit) <= taken as u64 => {
                Err(AccessError::SeatsTaken { limit })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// What a roster is read from: a snapshot, or a transaction.
#[derive(Clone, Copy)]
pub(crate) struct Books<'a> {
    access: &'a dyn ReadAccess,
    accounts: &'a dyn ReadAccounts,
    identity: &'a dyn ReadIdentity,
}

impl<'a> Books<'a> {
    pub fn of_snapshot(snapshot: &'a dyn ReadTx) -> Self {
        Self {
            access: snapshot.access(),
            accounts: snapshot.accounts(),
            identity: snapshot.identity(),
        }
    }

    pub fn of_transaction(tx: &'a dyn Tx) -> Self {
        Self { access: tx.access(), accounts: tx.accounts(), identity: tx.identity() }
    }

    pub async fn read_roster(
        self,
        organization_id: OrganizationId,
        now: Timestamp,
    ) -> Result<Roster, AccessError> {
        let organization = self.access.find_organization(organization_id).await?;
        let organization = organization.ok_or(AccessError::NotFound { what: "organization" })?;
        let plan = self.accounts.find_plan(organization.plan_id).await?;
        let plan = plan.ok_or(AccessError::NotFound { what: "plan" })?;
        let own = self.accounts.list_overrides(organization_id).await?;
        let terms = derive_terms(&plan.terms, own.iter().map(|record| &record.own), now);
        Ok(Roster {
            members: self.identity.list_members(organization_id).await?,
            invitations: self.identity.list_invitations(organization_id, now).await?,
            seats: terms.seats,
            collaboration: terms.include(Feature::Collaboration),
        })
    }
}

impl Access {
    /// The roster of the actor's organization.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::Store`].
    pub async fn roster(&self, actor: &Actor) -> Result<Roster, AccessError> {
        require(actor, Permission::ManageMembers)?;
        let snapshot = self.store.read().await?;
        let books = Books::of_snapshot(snapshot.as_ref());
        books.read_roster(actor.organization_id, self.clock.now()).await
    }

    /// Gives a member another role; invitations of theirs that it may not offer are taken back.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], also for an admin who makes or unmakes an owner,
    /// [`AccessError::NotFound`], [`AccessError::LastOwner`], [`AccessError::Store`].
    pub async fn change_role(
        &self,
        actor: &Actor,
        user_id: UserId,
        role: Role,
    ) -> Result<(), AccessError> {
        require(actor, Permission::ManageMembers)?;
        self.apply_change(self.derive_change(actor, (user_id, Some(role)), "member.change_role"))
            .await
    }

    /// Removes a member, with their sessions, keys and invitations in the organization.
    ///
    /// # Errors
    /// As [`Access::change_role`].
    pub async fn remove_member(&self, actor: &Actor, user_id: UserId) -> Result<(), AccessError> {
        require(actor, Permission::ManageMembers)?;
        self.apply_change(self.derive_change(actor, (user_id, None), "member.remove")).await
    }

    /// Leaves the organization that the session works in.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::NotFound`] for one's personal
    /// organization, [`AccessError::LastOwner`], [`AccessError::Store`].
    pub async fn leave_organization(&self, actor: &Actor) -> Result<(), AccessError> {
        let (user, session) = self.require_session(actor).await?;
        let leaving = MemberChange {
            session: Some(session),
            ..self.derive_change(actor, (user.id, None), "member.leave")
        };
        self.apply_change(leaving).await
    }

    fn derive_change(
        &self,
        actor: &Actor,
        (user_id, after): (UserId, Option<Role>),
        action: &'static str,
    ) -> MemberChange {
        let actor = actor.clone();
        MemberChange { actor, user_id, after, session: None, action, now: self.clock.now() }
    }

    async fn apply_change(&self, change: MemberChange) -> Result<(), AccessError> {
        self.change_identity(change.user_id, move |tx| {
            let change = change.clone();
            Box::pin(async move { change.apply(tx).await })
        })
        .await
    }

    /// Forgets what is known of all members, after something changed for all of them.
    pub(crate) async fn forget_members(
        &self,
        organization_id: OrganizationId,
    ) -> Result<(), AccessError> {
        let snapshot = self.store.read().await?;
        for member in snapshot.identity().list_members(organization_id).await? {
            self.forget(member.user_id);
        }
        Ok(())
    }
}

#[derive(Clone)]
struct MemberChange {
    actor: Actor,
    user_id: UserId,
    /// `None` removes the member.
    after: Option<Role>,
    /// A session that is to outlive the membership: it moves to where its address is let in.
    session: Option<SessionId>,
    action: &'static str,
    now: Timestamp,
}

/// The actor with the role that they have now, by the members of their organization, which is
/// locked: they may have lost the one that they came with.
pub(crate) fn with_present_role(actor: &Actor, members: &[Member]) -> Result<Actor, AccessError> {
    let Some(user_id) = actor.user_id else { return Ok(actor.clone()) };
    match members.iter().find(|member| member.user_id == user_id) {
        Some(member) => Ok(Actor { role: member.role, ..actor.clone() }),
        None => Err(AccessError::Forbidden { permission: Permission::ManageMembers }),
    }
}

impl MemberChange {
    async fn apply(&self, tx: &dyn Tx) -> Result<(), AccessError> {
        let organization_id = self.actor.organization_id;
        tx.access().lock_organization(organization_id).await?;
        // What they make on their way out is made before, and ends with the rest, or not at all.
        tx.access().lock_user(self.user_id).await?;
        let members = tx.identity().list_members(organization_id).await?;
        let member = members.iter().find(|member| member.user_id == self.user_id);
        let member = member.ok_or(AccessError::NotFound { what: "member" })?;
        self.require_right(member, &members)?;
        lock_asker(tx, &self.actor).await?;
        let owners = members.iter().filter(|member| member.role == Role::Owner).count();
        if member.role == Role::Owner && self.after != Some(Role::Owner) && owners == 1 {
            return Err(AccessError::LastOwner);
        }
        if let Some(session) = self.session {
            let mut places = tx.access().list_memberships(self.user_id).await?;
            places.retain(|place| place.organization_id != organization_id);
            let doors = Doors { identity: tx.identity(), closings: tx.closings() };
            let next = doors.find_open(&places, &self.actor.ip).await?;
            let next = next.ok_or(AccessError::NotFound { what: "organization" })?;
            tx.identity().move_session(self.user_id, session, next).await?;
        }
        match self.after {
            Some(role) => tx.access().set_member(organization_id, self.user_id, role).await?,
            None => tx.identity().delete_member(organization_id, self.user_id, self.now).await?,
        }
        let entry = self.entry(member);
        tx.audit().append(&entry).await?;
        withdraw_invitations(tx, (organization_id, self.user_id), self.after, &entry).await
    }

    /// Stops whoever may not change `member` any more.
    fn require_right(&self, member: &Member, members: &[Member]) -> Result<(), AccessError> {
        let actor = with_present_role(&self.actor, members)?;
        // Everybody may leave.
        if self.session.is_none() {
            require(&actor, Permission::ManageMembers)?;
        }
        let touches_owner = member.role == Role::Owner || self.after == Some(Role::Owner);
        if touches_owner && actor.role != Role::Owner {
            return Err(AccessError::Forbidden { permission: Permission::ManageMembers });
        }
        Ok(())
    }

    fn entry(&self, member: &Member) -> AuditEntry {
        let details = json!({ "before": member.role, "after": self.after });
        let subject = format!("user {}", self.user_id);
        self.actor.audit_entry(self.action, &subject, details, self.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(role: Role) -> Member {
        Member {
            user_id: UserId::generate(),
            email: "ada@example.org".to_owned(),
            name: "Ada".to_owned(),
            role,
            personal: false,
        }
    }

    #[test]
    fn seats_count_members_and_open_invitations() {
        let mut roster = Roster {
            members: vec![member(Role::Owner), member(Role::Viewer)],
            invitations: Vec::new(),
            seats: Some(3),
            collaboration: Included::Yes,
        };
        assert!(roster.require_seat().is_ok());
        roster.seats = Some(2);
        assert_eq!(roster.require_seat(), Err(AccessError::SeatsTaken { limit: 2 }));
        roster.seats = None;
        assert!(roster.require_seat().is_ok());
        roster.collaboration = Included::No;
        let alone = AccessError::NotInPlan { feature: Feature::Collaboration };
        assert_eq!(roster.require_seat(), Err(alone));
    }
}
