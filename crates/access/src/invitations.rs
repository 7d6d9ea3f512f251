//! Members invite others by mail.
//!
//! Invariants: an invitation is for one address, and good once; seats are counted again when it
//! is accepted, and the plan is asked again whether it is for others at all; nobody invites
//! somebody to more than they are themselves, which is asked again under the lock; mails to one
//! address, and of one organization, come with pauses.

use std::time::Duration;

use gantry_letters::Letter;
use gantry_ports::store::{Invitation, QueuedMail, ReadTx, StoreExt, Tx, User};
use gantry_types::{InvitationId, OrganizationId, Role, SessionId, Timestamp, UserId};
use serde_json::json;

use crate::Access;
use crate::actor::Actor;
use crate::allowed_networks::require_let_in;
use crate::confirm::lock_asker;
use crate::email::parse_email;
use crate::error::AccessError;
use crate::mail_pause::{require_pause, require_share_of_day};
use crate::members::{Books, with_present_role};
use crate::permission::{Permission, require};
use crate::secret::{LinkToken, sha256_hex};
use crate::sessions::require_person;
use crate::withdraw_invitations::may_offer;

/// How long an invitation is good.
const LIFE: Duration = Duration::from_hours(7 * 24);

/// Somebody to be invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitation {
    /// Their address.
    pub email: String,
    /// As what.
    pub role: Role,
}

impl Access {
    /// Invites somebody to the actor's organization; an earlier invitation to the same address is
    /// replaced.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], also for an admin who invites an owner,
    /// [`AccessError::Invalid`] for an address that is none or a member's,
    /// [`AccessError::NotInPlan`], [`AccessError::SeatsTaken`], [`AccessError::MailsPaused`] within
    /// a minute of the last invitation to the address and after too many within a day,
    /// [`AccessError::Store`].
    pub async fn invite(
        &self,
        actor: &Actor,
        wanted: NewInvitation,
    ) -> Result<Invitation, AccessError> {
        require_offer(actor, wanted.role)?;
        let inviter_id = require_person(actor)?;
        let email = parse_email(&wanted.email)?;
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let inviter = snapshot.access().find_user(inviter_id).await?;
        let inviter = inviter.ok_or(AccessError::NotSignedIn)?;
        let organization = snapshot.access().find_organization(actor.organization_id).await?;
        let organization = organization.ok_or(AccessError::NotFound { what: "organization" })?;
        let invited = snapshot.access().find_user_by_email(&email).await?;
        drop(snapshot);
        let token = LinkToken::generate()?;
        let invitation = Invitation {
            id: InvitationId::generate(),
            organization_id: organization.id,
            email: email.clone(),
            role: wanted.role,
            token_sha256: sha256_hex(token.expose()),
            invited_by: inviter_id,
            created_at: now,
            expires_at: now.plus(LIFE),
        };
        let letter = Letter::Invitation {
            inviter: inviter.name.clone(),
            organization: organization.name,
            role: wanted.role,
            token: token.expose().to_owned(),
        };
        let locale = invited.map_or(inviter.locale, |user| user.locale);
        let mail = self.write_letter_to_stranger(&letter, (&email, locale), now)?;
        self.insert_invitation(actor, &invitation, mail).await?;
        self.ring();
        Ok(invitation)
    }

    async fn insert_invitation(
        &self,
        actor: &Actor,
        invitation: &Invitation,
        mail: QueuedMail,
    ) -> Result<(), AccessError> {
        let now = invitation.created_at;
        let details = json!({ "email": invitation.email, "role": invitation.role });
        let subject = format!("invitation {}", invitation.id);
        let entry = actor.audit_entry("member.invite", &subject, details, now);
        let (inviter, invitation) = (actor.clone(), invitation.clone());
        self.store
            .write(move |tx| {
                let (inviter, invitation) = (inviter.clone(), invitation.clone());
                let (mail, entry) = (mail.clone(), entry.clone());
                Box::pin(async move {
                    // Seats are counted by one at a time.
                    tx.access().lock_organization(invitation.organization_id).await?;
                    let members = tx.identity().list_members(invitation.organization_id).await?;
                    require_offer(&with_present_role(&inviter, &members)?, invitation.role)?;
                    lock_asker(tx, &inviter).await?;
                    tx.identity().replace_invitation(&invitation).await?;
                    require_place(tx, &invitation, now).await?;
                    require_share_of_day(tx, invitation.organization_id, now).await?;
                    require_pause(tx, &mail).await?;
                    tx.mails().insert_mail(&mail).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::NotFound`], [`AccessError::Store`].
    pub async fn withdraw_invitation(
        &self,
        actor: &Actor,
        id: InvitationId,
    ) -> Result<(), AccessError> {
        require(actor, Permission::ManageMembers)?;
        let organization_id = actor.organization_id;
        let (actor, now) = (actor.clone(), self.clock.now());
        self.store
            .write(move |tx| {
                let actor = actor.clone();
                Box::pin(async move {
                    let open = tx.identity().list_invitations(organization_id, now).await?;
                    let before = open.iter().find(|invitation| invitation.id == id);
                    let before =
                        before.map(|open| json!({ "email": open.email, "role": open.role }));
                    tx.identity().delete_invitation(organization_id, id).await?;
                    let details = json!({ "before": before, "after": null });
                    let subject = format!("invitation {id}");
                    let action = "member.withdraw_invitation";
                    let entry = actor.audit_entry(action, &subject, details, now);
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await
    }

    /// An invitation that is good, by its secret, with the organization's name.
    ///
    /// # Errors
    /// [`AccessError::LinkNotGood`], [`AccessError::Store`].
    pub async fn find_invitation(&self, token: &str) -> Result<(Invitation, String), AccessError> {
        let snapshot = self.store.read().await?;
        let invitation = read_invitation(snapshot.as_ref(), token, self.clock.now()).await?;
        let organization = snapshot.access().find_organization(invitation.organization_id).await?;
        let organization = organization.ok_or(AccessError::LinkNotGood)?;
        Ok((invitation, organization.name))
    }

    /// Accepts an invitation; the session moves to the organization. As the link came by mail, the
    /// person's address is verified by it.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::LinkNotGood`],
    /// [`AccessError::OthersInvitation`], [`AccessError::NotInPlan`], [`AccessError::SeatsTaken`],
    /// [`AccessError::AddressNotAllowed`] from where the organization may not be used,
    /// [`AccessError::Store`].
    pub async fn accept_invitation(
        &self,
        actor: &Actor,
        token: &str,
    ) -> Result<OrganizationId, AccessError> {
        let (user, session) = self.require_session(actor).await?;
        let now = self.clock.now();
        let (invitation, _) = self.find_invitation(token).await?;
        if invitation.email != user.email {
            return Err(AccessError::OthersInvitation { email: invitation.email });
        }
        let organization_id = invitation.organization_id;
        let there = Actor { organization_id, ..actor.clone() };
        let details = json!({ "role": invitation.role, "invited_by": invitation.invited_by });
        let subject = format!("user {}", user.id);
        let entry = there.audit_entry("member.join", &subject, details, now);
        let ip = actor.ip.clone();
        let joining = Joining { user: user.clone(), session, invitation, ip, now };
        self.change_identity(user.id, move |tx| {
            let (joining, entry) = (joining.clone(), entry.clone());
            Box::pin(async move {
                joining.apply(tx).await?;
                Ok(tx.audit().append(&entry).await?)
            })
        })
        .await?;
        Ok(organization_id)
    }
}

/// Stops whoever may not invite somebody as that.
fn require_offer(actor: &Actor, offered: Role) -> Result<(), AccessError> {
    require(actor, Permission::ManageMembers)?;
    if may_offer(actor.role, offered) {
        Ok(())
    } else {
        Err(AccessError::Forbidden { permission: Permission::ManageMembers })
    }
}

/// The good invitation of a secret.
pub(crate) async fn read_invitation(
    snapshot: &dyn ReadTx,
    token: &str,
    now: Timestamp,
) -> Result<Invitation, AccessError> {
    let found = snapshot.identity().find_invitation(&sha256_hex(token.trim())).await?;
    found.filter(|invitation| now < invitation.expires_at).ok_or(AccessError::LinkNotGood)
}

/// Counts seats with the invitation in place, and refuses a member's address.
async fn require_place(
    tx: &dyn Tx,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<(), AccessError> {
    let books = Books::of_transaction(tx);
    let mut roster = books.read_roster(invitation.organization_id, now).await?;
    if roster.members.iter().any(|member| member.email == invitation.email) {
        return Err(AccessError::invalid("email", "belongs to a member already"));
    }
    roster.invitations.retain(|open| open.id != invitation.id);
    roster.require_seat()
}

/// Uses an invitation up, and makes the user a member; the organization is locked.
pub(crate) async fn join(
    tx: &dyn Tx,
    invitation: &Invitation,
    user_id: UserId,
    now: Timestamp,
) -> Result<(), AccessError> {
    let organization_id = invitation.organization_id;
    tx.identity().delete_invitation(organization_id, invitation.id).await?;
    let roster = Books::of_transaction(tx).read_roster(organization_id, now).await?;
    if roster.members.iter().any(|member| member.user_id == user_id) {
        return Ok(());
    }
    roster.require_seat()?;
    Ok(tx.access().set_member(organization_id, user_id, invitation.role).await?)
}

#[derive(Clone)]
struct Joining {
    user: User,
    session: SessionId,
    invitation: Invitation,
    /// From where, as the session moves along.
    ip: String,
    now: Timestamp,
}

impl Joining {
    async fn apply(&self, tx: &dyn Tx) -> Result<(), AccessError> {
        let user_id = self.user.id;
        let organization_id = self.invitation.organization_id;
        tx.access().lock_organization(organization_id).await?;
        let user = tx.access().lock_user(user_id).await?.ok_or(AccessError::NotSignedIn)?;
        require_let_in(tx.identity(), organization_id, &self.ip).await?;
        join(tx, &self.invitation, user_id, self.now).await?;
        if user.email == self.invitation.email && user.email_verified_at.is_none() {
            let verified = User { email_verified_at: Some(self.now), ..user };
            tx.access().update_user(&verified).await?;
        }
        Ok(tx.identity().move_session(user_id, self.session, organization_id).await?)
    }
}
