//! A person makes organizations besides their personal one, moves between them, and names those
//! that they own.
//!
//! Invariant: further organizations get no welcome credits, and a person owns a few at most, so
//! that nobody multiplies what is free; who makes one is on a plan that is for others too.

use gantry_ports::store::{Membership, Organization, StoreExt, Tx};
use gantry_rules::plan::Feature;
use gantry_types::{OrganizationId, PlanId, Role, SessionId, Timestamp, UserId};
use serde_json::json;

use crate::Access;
use crate::actor::Actor;
use crate::allowed_networks::require_let_in;
use crate::close_organization::require_open;
use crate::email::parse_name;
use crate::entrance::require_feature;
use crate::error::AccessError;
use crate::permission::{Permission, require};

impl Access {
    /// Makes an organization on the default plan; the actor owns it, and their session moves
    /// there.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::Invalid`] for a name that is none or
    /// when the person owns as many as one may, [`AccessError::NotInPlan`],
    /// [`AccessError::NoSuchPlan`], [`AccessError::Store`].
    pub async fn create_organization(
        &self,
        actor: &Actor,
        name: &str,
    ) -> Result<OrganizationId, AccessError> {
        let (user, session) = self.require_session(actor).await?;
        require_feature(self.store.read().await?.as_ref(), actor, Feature::Collaboration).await?;
        let now = self.clock.now();
        let organization = Organization {
            id: OrganizationId::generate(),
            name: parse_name(name)?,
            // Replaced by the newest version in the transaction.
            plan_id: PlanId::generate(),
            created_at: now,
        };
        let id = organization.id;
        let founding = Founding {
            slug: self.settings.default_plan.clone(),
            limit: self.settings.owned_organizations,
            user_id: user.id,
            session,
            organization,
        };
        let details = json!({ "name": founding.organization.name });
        let there = Actor { organization_id: id, ..actor.clone() };
        let entry =
            there.audit_entry("organization.create", &format!("organization {id}"), details, now);
        self.change_identity(user.id, move |tx| {
            let (founding, entry) = (founding.clone(), entry.clone());
            Box::pin(async move {
                founding.insert(tx).await?;
                Ok(tx.audit().append(&entry).await?)
            })
        })
        .await?;
        Ok(id)
    }

    /// Gives the actor's organization another name.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] but for owners, [`AccessError::Invalid`] for a name that is none,
    /// [`AccessError::Store`].
    pub async fn rename_organization(&self, actor: &Actor, name: &str) -> Result<(), AccessError> {
        require(actor, Permission::ManageMembers)?;
        if actor.role != Role::Owner {
            return Err(AccessError::Forbidden { permission: Permission::ManageMembers });
        }
        let (name, now) = (parse_name(name)?, self.clock.now());
        let actor = actor.clone();
        self.store
            .write(move |tx| {
                let (actor, name) = (actor.clone(), name.clone());
                Box::pin(async move { rename(tx, &actor, (&name, now)).await })
            })
            .await
    }

    /// Moves the session to another organization of the person.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::NotFound`] when the person does not
    /// belong to it, [`AccessError::Closing`], [`AccessError::AddressNotAllowed`] from where it may
    /// not be used, [`AccessError::Store`].
    pub async fn switch_organization(
        &self,
        actor: &Actor,
        organization_id: OrganizationId,
    ) -> Result<(), AccessError> {
        let (user, session) = self.require_session(actor).await?;
        let user_id = user.id;
        let there = Actor { organization_id, ..actor.clone() };
        let details = json!({ "before": actor.organization_id, "after": organization_id });
        let (subject, ip) = (format!("session {session}"), actor.ip.clone());
        let entry = there.audit_entry("organization.switch", &subject, details, self.clock.now());
        self.change_identity(user_id, move |tx| {
            let (entry, ip) = (entry.clone(), ip.clone());
            Box::pin(async move {
                tx.access().lock_organization(organization_id).await?;
                let membership = tx.access().find_membership(user_id, organization_id).await?;
                membership.ok_or(AccessError::NotFound { what: "organization" })?;
                require_open(tx.closings(), organization_id).await?;
                require_let_in(tx.identity(), organization_id, &ip).await?;
                tx.identity().move_session(user_id, session, organization_id).await?;
                Ok(tx.audit().append(&entry).await?)
            })
        })
        .await
    }
}

async fn rename(
    tx: &dyn Tx,
    actor: &Actor,
    (name, now): (&str, Timestamp),
) -> Result<(), AccessError> {
    let id = actor.organization_id;
    tx.access().lock_organization(id).await?;
    let before = tx.access().find_organization(id).await?;
    let before = before.ok_or(AccessError::NotFound { what: "organization" })?;
    tx.identity().rename_organization(id, name).await?;
    let details = json!({ "before": { "name": before.name }, "after": { "name": name } });
    let subject = format!("organization {id}");
    let entry = actor.audit_entry("organization.rename", &subject, details, now);
    Ok(tx.audit().append(&entry).await?)
}

#[derive(Clone)]
struct Founding {
    organization: Organization,
    slug: String,
    limit: usize,
    user_id: UserId,
    session: SessionId,
}

impl Founding {
    async fn insert(mut self, tx: &dyn Tx) -> Result<(), AccessError> {
        tx.access().lock_user(self.user_id).await?;
        let memberships: Vec<Membership> = tx.access().list_memberships(self.user_id).await?;
        let owned = memberships.iter().filter(|place| place.role == Role::Owner).count();
        if owned >= self.limit {
            let message = format!("cannot be made: you own {owned}, which is as many as one may");
            return Err(AccessError::invalid("name", message));
        }
        let plan = tx.accounts().find_plan_by_slug(&self.slug).await?;
        let plan = plan.ok_or(AccessError::NoSuchPlan { slug: self.slug })?;
        self.organization.plan_id = plan.id;
        let id = self.organization.id;
        tx.identity().insert_organization(&self.organization).await?;
        tx.access().set_member(id, self.user_id, Role::Owner).await?;
        Ok(tx.identity().move_session(self.user_id, self.session, id).await?)
    }
}
