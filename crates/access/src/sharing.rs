//! Who sees single things of an organization, and who says so.
//!
//! Invariants: what is decided, `gantry_rules::sharing` decides; only members are granted
//! something; what was said before and what is said now stand in the audit log.

use gantry_ports::StoreError;
use gantry_ports::store::{
    ObjectAccess, ObjectGrant, ObjectRef, ObjectRestrainer, Onlooker, ReadTx, Sight, StoreExt, Tx,
};
use gantry_rules::sharing::{Tie, Verdict, Visibility, Wish, decide, reaches_everything};
use gantry_types::{OrganizationId, Timestamp, UserId};
use serde_json::{Value, json};

use crate::Access;
use crate::actor::Actor;
use crate::error::AccessError;
use crate::permission::{Permission, require};

/// The most people to whom one thing is granted.
const MOST_GRANTS: usize = 200;

/// Who is to see a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharing {
    /// For whom it is there.
    pub visibility: Visibility,
    /// To whom it is granted, if it is restricted.
    pub grants: Vec<ObjectGrant>,
}

impl Actor {
    /// With whose eyes snapshots look for this actor.
    #[must_use]
    pub const fn sight(&self) -> Sight {
        match self.user_id {
            Some(person) if !reaches_everything(self.role) => Sight::Member(person),
            Some(_) | None => Sight::Everything,
        }
    }

    /// The same, with the organization.
    #[must_use]
    pub const fn onlooker(&self) -> Onlooker {
        Onlooker { organization_id: self.organization_id, sight: self.sight() }
    }
}

/// Stops an actor to whom a thing is only shown. Whether the role allows to change things of its
/// kind at all, [`require`] says.
///
/// # Errors
/// [`AccessError::NotFound`] for what they do not see, [`AccessError::OnlyShown`].
pub async fn require_change(
    snapshot: &dyn ReadTx,
    actor: &Actor,
    object: ObjectRef,
) -> Result<(), AccessError> {
    let found = snapshot.sharing().find_object_access(actor.organization_id, object).await?;
    let access = found.ok_or(AccessError::NotFound { what: object.kind() })?;
    require_wish(actor, &access, Wish::Change)
}

/// With whose eyes snapshots look for a person of an organization, by their role of today; for
/// nobody, with those of the platform. Who has left sees what everybody sees, and their own.
///
/// # Errors
/// What the store says.
pub async fn find_sight(
    snapshot: &dyn ReadTx,
    organization_id: OrganizationId,
    person: Option<UserId>,
) -> Result<Sight, StoreError> {
    let Some(person) = person else {
        return Ok(Sight::Everything);
    };
    let member = snapshot.access().find_membership(person, organization_id).await?;
    Ok(if member.is_some_and(|member| reaches_everything(member.role)) {
        Sight::Everything
    } else {
        Sight::Member(person)
    })
}

impl Access {
    /// Who sees a thing of the actor's organization.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::NotFound`], [`AccessError::Store`].
    pub async fn get_object_access(
        &self,
        actor: &Actor,
        object: ObjectRef,
    ) -> Result<ObjectAccess, AccessError> {
        require(actor, derive_permission(object, Wish::See))?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        let found = snapshot.sharing().find_object_access(actor.organization_id, object).await?;
        found.ok_or(AccessError::NotFound { what: object.kind() })
    }

    /// Says who sees a thing. Answers what holds now.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::OnlyShown`], [`AccessError::NotFound`],
    /// [`AccessError::Invalid`] for grants to strangers, [`AccessError::Store`].
    pub async fn set_object_access(
        &self,
        actor: &Actor,
        object: ObjectRef,
        wanted: Sharing,
    ) -> Result<ObjectAccess, AccessError> {
        require(actor, derive_permission(object, Wish::Share))?;
        require_sound(&wanted)?;
        let change = SharingChange { actor: actor.clone(), object, wanted, now: self.clock.now() };
        self.store
            .write(move |tx| {
                let change = change.clone();
                Box::pin(async move { change.apply(tx).await })
            })
            .await
    }
}

#[derive(Clone)]
struct SharingChange {
    actor: Actor,
    object: ObjectRef,
    wanted: Sharing,
    now: Timestamp,
}

impl SharingChange {
    async fn apply(&self, tx: &dyn Tx) -> Result<ObjectAccess, AccessError> {
        let organization_id = self.actor.organization_id;
        // Members leave under the same lock, so that nobody who has left is granted anything.
        tx.access().lock_organization(organization_id).await?;
        let found = tx.sharing().find_object_access(organization_id, self.object).await?;
        let before = found.ok_or(AccessError::NotFound { what: self.object.kind() })?;
        require_wish(&self.actor, &before, Wish::Share)?;
        self.require_members(tx).await?;
        let mut after = before.clone();
        after.visibility = self.wanted.visibility;
        after.grants.clone_from(&self.wanted.grants);
        after.grants.sort_by_key(|grant| grant.user_id.as_uuid());
        if after == before {
            return Ok(before);
        }
        let restrainer = ObjectRestrainer { organization_id, by: self.actor.user_id, at: self.now };
        tx.sharing().set_object_access(restrainer, &after).await?;
        let details = json!({ "before": describe(&before), "after": describe(&after) });
        let subject = subject_of(after.object);
        let entry = self.actor.audit_entry("access.change", &subject, details, self.now);
        tx.audit().append(&entry).await?;
        Ok(after)
    }

    async fn require_members(&self, tx: &dyn Tx) -> Result<(), AccessError> {
        let members = tx.identity().list_members(self.actor.organization_id).await?;
        let is_member =
            |grant: &ObjectGrant| members.iter().any(|member| member.user_id == grant.user_id);
        match self.wanted.grants.iter().find(|grant| !is_member(grant)) {
            None => Ok(()),
            Some(stranger) => Err(AccessError::invalid(
                "grants",
                format!(
                    "{} does not belong to the organization; invite them first",
                    stranger.user_id
                ),
            )),
        }
    }
}

fn require_sound(wanted: &Sharing) -> Result<(), AccessError> {
    let grants = &wanted.grants;
    if grants.len() > MOST_GRANTS {
        let message = format!("a thing may be granted to {MOST_GRANTS} people");
        return Err(AccessError::invalid("grants", message));
    }
    if wanted.visibility == Visibility::Organization && !grants.is_empty() {
        let message = "what the whole organization sees needs no grants; leave them out, or make \
                       it `restricted`";
        return Err(AccessError::invalid("grants", message));
    }
    let is_twice = |(place, grant): (usize, &ObjectGrant)| {
        grants.iter().take(place).any(|earlier| earlier.user_id == grant.user_id)
    };
    if grants.iter().enumerate().any(is_twice) {
        return Err(AccessError::invalid("grants", "name every person once"));
    }
    Ok(())
}

fn require_wish(actor: &Actor, access: &ObjectAccess, wish: Wish) -> Result<(), AccessError> {
    match decide(actor.role, derive_tie(actor, access), access.visibility, wish) {
        Verdict::Allowed => Ok(()),
        Verdict::Shown => Err(AccessError::OnlyShown { what: access.object.kind() }),
        Verdict::Hidden => Err(AccessError::NotFound { what: access.object.kind() }),
    }
}

fn derive_tie(actor: &Actor, access: &ObjectAccess) -> Tie {
    let Some(person) = actor.user_id else {
        return Tie::Member;
    };
    if access.made_by == Some(person) {
        return Tie::Maker;
    }
    let granted = access.grants.iter().find(|grant| grant.user_id == person);
    granted.map_or(Tie::Member, |grant| Tie::Granted(grant.level))
}

const fn derive_permission(object: ObjectRef, wish: Wish) -> Permission {
    match (object, wish) {
        (ObjectRef::Dataset(_), Wish::See) => Permission::ReadData,
        (ObjectRef::Dataset(_), Wish::Change | Wish::Share) => Permission::WriteData,
        (ObjectRef::Job(_) | ObjectRef::Workflow(_) | ObjectRef::Model(_), Wish::See) => {
            Permission::ReadJobs
        }
        (
            ObjectRef::Job(_) | ObjectRef::Workflow(_) | ObjectRef::Model(_),
            Wish::Change | Wish::Share,
        ) => Permission::RunJobs,
    }
}

fn subject_of(object: ObjectRef) -> String {
    let kind = object.kind();
    match object {
        ObjectRef::Job(id) => format!("{kind} {id}"),
        ObjectRef::Dataset(id) => format!("{kind} {id}"),
        ObjectRef::Workflow(id) => format!("{kind} {id}"),
        ObjectRef::Model(id) => format!("{kind} {id}"),
    }
}

/// For the audit log: people by number alone.
fn describe(access: &ObjectAccess) -> Value {
    let grants: Vec<Value> = access
        .grants
        .iter()
        .map(|grant| json!({ "user_id": grant.user_id, "level": grant.level }))
        .collect();
    json!({ "visibility": access.visibility, "grants": grants })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_rules::sharing::GrantLevel;
    use gantry_types::{JobId, Role};

    fn actor(role: Role, user_id: Option<UserId>) -> Actor {
        Actor { role, user_id, ..Actor::system(OrganizationId::generate()) }
    }

    #[test]
    fn members_look_with_their_own_eyes() {
        let person = UserId::generate();
        for role in [Role::Member, Role::Viewer, Role::Billing] {
            assert_eq!(actor(role, Some(person)).sight(), Sight::Member(person));
        }
        for role in [Role::Owner, Role::Admin] {
            assert_eq!(actor(role, Some(person)).sight(), Sight::Everything);
        }
        assert_eq!(actor(Role::Owner, None).sight(), Sight::Everything);
    }

    #[test]
    fn a_grant_is_found_by_person() {
        let (maker, guest, other) = (UserId::generate(), UserId::generate(), UserId::generate());
        let access = ObjectAccess {
            object: ObjectRef::Job(JobId::generate()),
            made_by: Some(maker),
            visibility: Visibility::Restricted,
            grants: vec![ObjectGrant { user_id: guest, level: GrantLevel::Viewer }],
        };
        let ask = |person, wish| require_wish(&actor(Role::Member, Some(person)), &access, wish);
        assert_eq!(ask(maker, Wish::Share), Ok(()));
        assert_eq!(ask(guest, Wish::See), Ok(()));
        assert_eq!(ask(guest, Wish::Change), Err(AccessError::OnlyShown { what: "job" }));
        assert_eq!(ask(other, Wish::See), Err(AccessError::NotFound { what: "job" }));
    }

    #[test]
    fn grants_that_say_nothing_are_refused() {
        let grant = ObjectGrant { user_id: UserId::generate(), level: GrantLevel::Editor };
        let sharing = |visibility, grants| require_sound(&Sharing { visibility, grants });
        assert!(sharing(Visibility::Restricted, vec![grant]).is_ok());
        assert!(sharing(Visibility::Restricted, vec![grant, grant]).is_err());
        assert!(sharing(Visibility::Organization, vec![grant]).is_err());
        assert!(sharing(Visibility::Organization, Vec::new()).is_ok());
    }
}
