//! An owner closes an organization, and an owner may keep it after all.
//!
//! Invariants: nobody works in an organization from the moment that it is closed: sessions move to
//! the personal organizations of their people, and every other way in ends at once; until the day
//! that its members were told an owner may keep it; a personal organization goes with its person
//! alone.

use gantry_letters::Letter;
use gantry_ports::store::{AuditEntry, Closing, Member, QueuedMail, ReadClosings, StoreExt, Tx};
use gantry_types::{OrganizationId, Role, Timestamp, UserId};
use serde_json::json;

use crate::Access;
use crate::actor::Actor;
use crate::audit::{AuditDraft, Origin};
use crate::error::AccessError;
use crate::permission::{Permission, require};

/// Closings that are looked at together.
const ROUND: u32 = 100;

/// An organization that closes, with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosingPlace {
    /// When it was asked for, and when everything is erased.
    pub closing: Closing,
    /// What the organization is called.
    pub name: String,
}

impl Access {
    /// Closes the actor's organization after the grace; the session moves to the personal one.
    /// Its members get a mail.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key and but for owners, [`AccessError::NotClosable`] for a
    /// personal organization, [`AccessError::Invalid`] for a wrong password,
    /// [`AccessError::LockedOut`], [`AccessError::Busy`], [`AccessError::Store`].
    pub async fn close_organization(
        &self,
        actor: &Actor,
        password: String,
    ) -> Result<ClosingPlace, AccessError> {
        let (user, _) = self.require_session(actor).await?;
        require_ownership(actor)?;
        let organization_id = actor.organization_id;
        let members = self.store.read().await?.identity().list_members(organization_id).await?;
        require_shared(&members)?;
        self.confirm_password(&user, password, &actor.ip).await?;
        let now = self.clock.now();
        let closing = Closing {
            organization_id,
            asked_by: user.id,
            asked_at: now,
            erase_at: now.plus(self.settings.leaving_grace),
            billing_ended_at: None,
            erased_at: None,
        };
        let (name, mails) = self.write_farewells(&members, &closing).await?;
        let details = json!({ "erase_at": closing.erase_at });
        let subject = format!("organization {organization_id}");
        let entry = actor.audit_entry("organization.close", &subject, details, now);
        let close = Close { closing, mails, entry };
        self.change_identity(user.id, move |tx| {
            let close = close.clone();
            Box::pin(async move { close.apply(tx).await })
        })
        .await?;
        self.forget_members(organization_id).await?;
        self.ring();
        Ok(ClosingPlace { closing, name })
    }

    /// Keeps an organization that was to be closed. Keys and invitations do not come back.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::NotFound`] for an organization that
    /// does not close or that the person does not own, [`AccessError::Store`].
    pub async fn keep_organization(
        &self,
        actor: &Actor,
        organization_id: OrganizationId,
    ) -> Result<(), AccessError> {
        let (user, _) = self.require_session(actor).await?;
        let (user_id, now) = (user.id, self.clock.now());
        let there = Actor { organization_id, ..actor.clone() };
        self.change_identity(user_id, move |tx| {
            let there = there.clone();
            Box::pin(async move { keep(tx, &there, user_id, now).await })
        })
        .await?;
        // Whoever was refused meanwhile is looked at anew.
        self.forget_members(organization_id).await
    }

    /// The organizations of the person that close, of which they are an owner.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::Store`].
    pub async fn list_closing_places(
        &self,
        actor: &Actor,
    ) -> Result<Vec<ClosingPlace>, AccessError> {
        let (user, _) = self.require_session(actor).await?;
        let snapshot = self.store.read().await?;
        let places = snapshot.access().list_memberships(user.id).await?;
        let mut found = Vec::new();
        for place in places.into_iter().filter(|place| place.role == Role::Owner) {
            let closing = snapshot.closings().find_closing(place.organization_id).await?;
            if let Some(closing) = closing {
                found.push(ClosingPlace { closing, name: place.organization_name });
            }
        }
        Ok(found)
    }

    /// Organizations that close and whose subscriptions are still to be cancelled.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn list_paying_closings(&self) -> Result<Vec<Closing>, AccessError> {
        Ok(self.store.read().await?.closings().list_paying_closings(ROUND).await?)
    }

    /// Notes that the subscription of an organization that closes was cancelled.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn note_closing_unpaid(
        &self,
        organization_id: OrganizationId,
    ) -> Result<(), AccessError> {
        let now = self.clock.now();
        let draft = AuditDraft {
            action: "organization.end_billing",
            subject: format!("organization {organization_id}"),
            details: json!({}),
        };
        let organization = Some(organization_id);
        let origin = Origin { organization_id: organization, user_id: None, ip: String::new() };
        let entry = draft.complete(origin, now);
        self.store
            .write(move |tx| {
                let entry = entry.clone();
                Box::pin(async move {
                    tx.closings().note_closing_unpaid(organization_id, now).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await
    }

    /// The organization's name, and what its members are told.
    async fn write_farewells(
        &self,
        members: &[Member],
        closing: &Closing,
    ) -> Result<(String, Vec<QueuedMail>), AccessError> {
        let snapshot = self.store.read().await?;
        let place = snapshot.access().find_organization(closing.organization_id).await?;
        let organization = place.ok_or(AccessError::NotFound { what: "organization" })?.name;
        let mut mails = Vec::with_capacity(members.len());
        for member in members {
            let user = snapshot.access().find_user(member.user_id).await?;
            let Some(user) = user else { continue };
            let letter = Letter::OrganizationClosing {
                name: user.name.clone(),
                organization: organization.clone(),
                at: closing.erase_at,
            };
            mails.push(self.write_letter(&letter, &user, closing.asked_at)?);
        }
        Ok((organization, mails))
    }
}

#[derive(Clone)]
struct Close {
    closing: Closing,
    mails: Vec<QueuedMail>,
    entry: AuditEntry,
}

impl Close {
    async fn apply(&self, tx: &dyn Tx) -> Result<(), AccessError> {
        let Closing { organization_id, asked_by, asked_at, .. } = self.closing;
        tx.access().lock_organization(organization_id).await?;
        require_open(tx.closings(), organization_id).await?;
        let members = tx.identity().list_members(organization_id).await?;
        require_shared(&members)?;
        // They may own it no more since they were recognised.
        let mut owners = members.iter().filter(|member| member.role == Role::Owner);
        if !owners.any(|member| member.user_id == asked_by) {
            return Err(AccessError::Forbidden { permission: Permission::ManageMembers });
        }
        tx.closings().insert_closing(&self.closing).await?;
        tx.closings().shut_organization(organization_id, asked_at).await?;
        for mail in &self.mails {
            tx.mails().insert_mail(mail).await?;
        }
        Ok(tx.audit().append(&self.entry).await?)
    }
}

/// Lets nobody into an organization that closes.
///
/// # Errors
/// [`AccessError::Closing`], [`AccessError::Store`].
pub async fn require_open(
    closings: &dyn ReadClosings,
    organization_id: OrganizationId,
) -> Result<(), AccessError> {
    match closings.find_closing(organization_id).await? {
        Some(closing) => Err(AccessError::Closing { erase_at: closing.erase_at }),
        None => Ok(()),
    }
}

/// Lets the organization that `there` names go on.
async fn keep(
    tx: &dyn Tx,
    there: &Actor,
    user_id: UserId,
    now: Timestamp,
) -> Result<(), AccessError> {
    let organization_id = there.organization_id;
    tx.access().lock_organization(organization_id).await?;
    let place = tx.access().find_membership(user_id, organization_id).await?;
    place
        .filter(|place| place.role == Role::Owner)
        .ok_or(AccessError::NotFound { what: "organization" })?;
    // Once its time has come, what it had may be erased in part already.
    let closing = tx.closings().find_closing(organization_id).await?;
    let closing = closing
        .filter(|closing| now < closing.erase_at)
        .ok_or(AccessError::NotFound { what: "closing" })?;
    tx.closings().delete_closing(organization_id).await?;
    let details = json!({ "before": { "erase_at": closing.erase_at }, "after": null });
    let subject = format!("organization {organization_id}");
    let entry = there.audit_entry("organization.keep", &subject, details, now);
    Ok(tx.audit().append(&entry).await?)
}

fn require_ownership(actor: &Actor) -> Result<(), AccessError> {
    require(actor, Permission::ManageMembers)?;
    match actor.role {
        Role::Owner => Ok(()),
        Role::Admin | Role::Member | Role::Viewer | Role::Billing => {
            Err(AccessError::Forbidden { permission: Permission::ManageMembers })
        }
    }
}

fn require_shared(members: &[Member]) -> Result<(), AccessError> {
    if members.iter().any(|member| member.personal) {
        return Err(AccessError::NotClosable);
    }
    Ok(())
}
