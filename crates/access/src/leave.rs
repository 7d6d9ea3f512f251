//! A person leaves the installation, and may change their mind.
//!
//! Invariants: whoever asked is signed out everywhere at once, and their keys are revoked and their
//! invitations taken back; until the day that they were told they may stay by the link in a mail; an
//! organization with other members keeps an owner, and the installation an administrator.

use gantry_letters::Letter;
use gantry_ports::store::{
    AuditEntry, Departure, LinkPurpose, OneTimeLink, QueuedMail, ReadAccess, ReadIdentity,
    StoreExt, Tx, User, UserStatus,
};
use gantry_types::{OrganizationId, Role, Timestamp, UserId};
use serde_json::json;

use crate::Access;
use crate::actor::Actor;
use crate::audit::{AuditDraft, Origin};
use crate::error::AccessError;
use crate::links::{NewLink, end_links, require_good, use_up};
use crate::secret::sha256_hex;
use crate::sign_in::Client;
use crate::withdraw_invitations::withdraw_everywhere;

/// Departures that are looked at together.
const ROUND: u32 = 100;

impl Access {
    /// Deletes the person's account after the grace: ends their sessions, revokes their keys, and
    /// sends a link by which they can stay. Answers what was noted.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::Invalid`] for a wrong password,
    /// [`AccessError::NeededByMembers`] and [`AccessError::LastAdministrator`] for somebody who is
    /// needed, [`AccessError::LockedOut`], [`AccessError::Busy`], [`AccessError::Store`].
    pub async fn leave_installation(
        &self,
        actor: &Actor,
        password: String,
    ) -> Result<Departure, AccessError> {
        let (user, _) = self.require_session(actor).await?;
        self.confirm_password(&user, password, &actor.ip).await?;
        let now = self.clock.now();
        let erase_at = now.plus(self.settings.leaving_grace);
        let departure = Departure {
            user_id: user.id,
            asked_at: now,
            erase_at,
            billing_ended_at: None,
            erased_at: None,
        };
        let new = NewLink::mint(&user, &user.email, LinkPurpose::KeepAccount, now)?;
        let token = new.token.expose().to_owned();
        let letter = Letter::AccountLeaving { name: user.name.clone(), at: erase_at, token };
        let mail = self.write_letter(&letter, &user, now)?;
        let after = json!({ "status": "leaving", "erase_at": erase_at });
        let details = json!({ "before": { "status": "active" }, "after": after });
        let entry = actor.audit_entry("user.leave", &format!("user {}", user.id), details, now);
        let link = OneTimeLink { expires_at: erase_at, ..new.link };
        let leave = Leave { departure, link, mail, entry };
        self.change_identity(user.id, move |tx| {
            let leave = leave.clone();
            Box::pin(async move { leave.apply(tx).await })
        })
        .await?;
        self.ring();
        Ok(departure)
    }

    /// Keeps an account after all, by the link of a mail. Sessions, keys and invitations do not come
    /// back.
    ///
    /// # Errors
    /// [`AccessError::LinkNotGood`], [`AccessError::Store`].
    pub async fn keep_account(&self, token: &str, client: &Client) -> Result<(), AccessError> {
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let link = snapshot.identity().find_link(&sha256_hex(token.trim())).await?;
        let link = require_good(link, &[LinkPurpose::KeepAccount], now)?;
        drop(snapshot);
        let ip = client.ip.clone();
        self.change_identity(link.user_id, move |tx| {
            let (link, ip) = (link.clone(), ip.clone());
            Box::pin(async move { keep(tx, &link, (ip, now)).await })
        })
        .await
    }

    /// Departures whose subscriptions are still to be cancelled, with the organizations that go.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn list_paying_departures(
        &self,
    ) -> Result<Vec<(Departure, Vec<OrganizationId>)>, AccessError> {
        let snapshot = self.store.read().await?;
        let mut found = Vec::new();
        for departure in snapshot.departures().list_paying_departures(ROUND).await? {
            let (access, identity) = (snapshot.access(), snapshot.identity());
            let homes = Homes::read(access, identity, departure.user_id).await?;
            found.push((departure, homes.lonely));
        }
        Ok(found)
    }

    /// Notes that a leaver's subscriptions were cancelled.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn note_billing_ended(&self, user_id: UserId) -> Result<(), AccessError> {
        let now = self.clock.now();
        let draft = AuditDraft {
            action: "user.end_billing",
            subject: format!("user {user_id}"),
            details: json!({}),
        };
        let origin = Origin { organization_id: None, user_id: None, ip: String::new() };
        let entry = draft.complete(origin, now);
        self.store
            .write(move |tx| {
                let entry = entry.clone();
                Box::pin(async move {
                    tx.departures().note_billing_ended(user_id, now).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await
    }
}

#[derive(Clone)]
struct Leave {
    departure: Departure,
    link: OneTimeLink,
    mail: QueuedMail,
    entry: AuditEntry,
}

impl Leave {
    async fn apply(&self, tx: &dyn Tx) -> Result<(), AccessError> {
        let Departure { user_id, asked_at, .. } = self.departure;
        tx.access().lock_administrators().await?;
        lock_homes(tx, user_id).await?;
        let user = tx.access().lock_user(user_id).await?.ok_or(AccessError::NotSignedIn)?;
        if user.administrator && tx.departures().count_other_administrators(user_id).await? == 0 {
            return Err(AccessError::LastAdministrator);
        }
        let homes = Homes::read(tx.access(), tx.identity(), user_id).await?;
        if let Some(organization) = homes.orphaned {
            return Err(AccessError::NeededByMembers { organization });
        }
        tx.access().update_user(&User { status: UserStatus::Leaving, ..user }).await?;
        tx.identity().delete_sessions(user_id, None, asked_at).await?;
        end_links(tx, user_id).await?;
        tx.departures().revoke_keys(user_id, asked_at).await?;
        withdraw_everywhere(tx, user_id, &self.entry).await?;
        tx.departures().insert_departure(&self.departure).await?;
        tx.identity().replace_link(&self.link).await?;
        tx.mails().insert_mail(&self.mail).await?;
        Ok(tx.audit().append(&self.entry).await?)
    }
}

async fn keep(
    tx: &dyn Tx,
    link: &OneTimeLink,
    (ip, now): (String, Timestamp),
) -> Result<(), AccessError> {
    let user = tx.access().lock_user(link.user_id).await?.ok_or(AccessError::LinkNotGood)?;
    use_up(tx, link).await?;
    match user.status {
        UserStatus::Leaving => {}
        UserStatus::Active | UserStatus::Suspended | UserStatus::Banned | UserStatus::Erased => {
            return Err(AccessError::LinkNotGood);
        }
    }
    let user_id = user.id;
    tx.access().update_user(&User { status: UserStatus::Active, ..user }).await?;
    tx.departures().delete_departure(user_id).await?;
    let draft =
        AuditDraft { action: "user.keep", subject: format!("user {user_id}"), details: json!({}) };
    let origin = Origin { organization_id: None, user_id: Some(user_id), ip };
    Ok(tx.audit().append(&draft.complete(origin, now)).await?)
}

/// Lets nobody change who belongs to the organizations of somebody who leaves.
pub(crate) async fn lock_homes(tx: &dyn Tx, user_id: UserId) -> Result<(), AccessError> {
    let places = tx.access().list_memberships(user_id).await?;
    let mut ids: Vec<OrganizationId> = places.iter().map(|place| place.organization_id).collect();
    ids.sort_unstable();
    for id in ids {
        tx.access().lock_organization(id).await?;
    }
    Ok(())
}

/// The organizations of somebody who leaves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Homes {
    /// Those of which they are the only member: they go with them.
    pub lonely: Vec<OrganizationId>,
    /// Those that others stay in.
    pub shared: Vec<OrganizationId>,
    /// The name of the first that would be left without an owner.
    pub orphaned: Option<String>,
}

impl Homes {
    pub async fn read(
        access: &dyn ReadAccess,
        identity: &dyn ReadIdentity,
        user_id: UserId,
    ) -> Result<Self, AccessError> {
        let mut homes = Self::default();
        for place in access.list_memberships(user_id).await? {
            let members = identity.list_members(place.organization_id).await?;
            if members.iter().all(|member| member.user_id == user_id) {
                homes.lonely.push(place.organization_id);
                continue;
            }
            homes.shared.push(place.organization_id);
            let mut others = members.iter().filter(|member| member.user_id != user_id);
            if !others.any(|member| member.role == Role::Owner) && homes.orphaned.is_none() {
                homes.orphaned = Some(place.organization_name);
            }
        }
        Ok(homes)
    }
}
