//! A person proves that they read the mails of an address, their first or a new one.

use gantry_letters::Letter;
use gantry_ports::StoreError;
use gantry_ports::store::{AuditEntry, LinkPurpose, OneTimeLink, QueuedMail, StoreExt, Tx, User};
use gantry_types::{Timestamp, UserId};
use serde_json::json;

use crate::Access;
use crate::actor::Actor;
use crate::audit::{AuditDraft, Origin};
use crate::email::parse_email;
use crate::error::AccessError;
use crate::links::{NewLink, end_links, require_good, use_up};
use crate::mail_pause::{PAUSE, require_pause};
use crate::secret::sha256_hex;
use crate::sessions::require_person;
use crate::sign_in::Client;

const PROOFS: &[LinkPurpose] = &[LinkPurpose::VerifyEmail, LinkPurpose::ChangeEmail];

/// A link, and the mail that carries it with what else is told of it.
#[derive(Clone)]
pub(crate) struct PostedLink {
    link: OneTimeLink,
    mails: Vec<QueuedMail>,
}

impl PostedLink {
    pub async fn insert(&self, tx: &dyn Tx) -> Result<(), AccessError> {
        tx.identity().replace_link(&self.link).await?;
        for mail in &self.mails {
            tx.mails().insert_mail(mail).await?;
        }
        Ok(())
    }
}

impl Access {
    /// The mail with which a new user proves their address.
    pub(crate) fn derive_verification(
        &self,
        user: &User,
        now: Timestamp,
    ) -> Result<PostedLink, AccessError> {
        let new = NewLink::mint(user, &user.email, LinkPurpose::VerifyEmail, now)?;
        let token = new.token.expose().to_owned();
        let letter = Letter::VerifyEmail { name: user.name.clone(), token };
        Ok(PostedLink { link: new.link, mails: vec![self.write_letter(&letter, user, now)?] })
    }

    /// Whether a mail of this kind was sent to a user a moment ago.
    pub(crate) async fn was_just_sent(
        &self,
        user: UserId,
        purpose: LinkPurpose,
        now: Timestamp,
    ) -> Result<bool, AccessError> {
        let snapshot = self.store.read().await?;
        let newest = snapshot.identity().find_newest_link(user, purpose).await?;
        Ok(newest.is_some_and(|link| now.since(link.created_at) < PAUSE))
    }

    /// Sends the mail for verification once more; within a minute of the last one, and to
    /// somebody who is verified, nothing is sent.
    ///
    /// # Errors
    /// [`AccessError::NotSignedIn`], [`AccessError::Store`].
    pub async fn resend_verification(&self, actor: &Actor) -> Result<(), AccessError> {
        let user_id = require_person(actor)?;
        let now = self.clock.now();
        let user = self.store.read().await?.access().find_user(user_id).await?;
        let user = user.ok_or(AccessError::NotSignedIn)?;
        let is_done = user.email_verified_at.is_some();
        if is_done || self.was_just_sent(user_id, LinkPurpose::VerifyEmail, now).await? {
            return Ok(());
        }
        let posted = self.derive_verification(&user, now)?;
        let subject = format!("user {user_id}");
        let entry = actor.audit_entry("user.ask_verification", &subject, json!({}), now);
        self.post_link(user, (posted, entry)).await
    }

    /// Sends a link to somebody who still has the address and the password that they had when
    /// they asked: else it could outlive the change that was to end it.
    async fn post_link(
        &self,
        asked: User,
        (posted, entry): (PostedLink, AuditEntry),
    ) -> Result<(), AccessError> {
        self.store
            .write::<_, AccessError, _>(move |tx| {
                let (asked, posted, entry) = (asked.clone(), posted.clone(), entry.clone());
                Box::pin(async move {
                    let user = tx.access().lock_user(asked.id).await?;
                    let user = user.ok_or(AccessError::NotSignedIn)?;
                    if user.email != asked.email || user.password_hash != asked.password_hash {
                        return Err(AccessError::NotSignedIn);
                    }
                    tx.audit().append(&entry).await?;
                    for queued in &posted.mails {
                        // Perhaps the address of somebody else.
                        if queued.mail.recipient != user.email {
                            require_pause(tx, queued).await?;
                        }
                    }
                    posted.insert(tx).await
                })
            })
            .await?;
        self.ring();
        Ok(())
    }

    /// Asks for another address: a mail goes there, and its link makes the change; the present
    /// address is told.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::Invalid`] for a wrong password or
    /// address, [`AccessError::EmailTaken`], [`AccessError::LockedOut`],
    /// [`AccessError::MailsPaused`] within a minute of the last such mail to the new address,
    /// [`AccessError::Store`].
    pub async fn request_email_change(
        &self,
        actor: &Actor,
        email: &str,
        password: String,
    ) -> Result<(), AccessError> {
        let (user, _) = self.require_session(actor).await?;
        let email = parse_email(email)?;
        self.confirm_password(&user, password, &actor.ip).await?;
        if self.store.read().await?.access().find_user_by_email(&email).await?.is_some() {
            return Err(AccessError::EmailTaken);
        }
        let now = self.clock.now();
        let new = NewLink::mint(&user, &email, LinkPurpose::ChangeEmail, now)?;
        let token = new.token.expose().to_owned();
        let letter = Letter::ChangeEmail { name: user.name.clone(), token };
        let asked = self.write_letter_to(&letter, (&user, &email), now)?;
        let wanted = email.clone();
        let letter = Letter::EmailChangeAsked { name: user.name.clone(), email };
        let told = self.write_letter(&letter, &user, now)?;
        let posted = PostedLink { link: new.link, mails: vec![asked, told] };
        let details = json!({ "before": { "email": user.email }, "after": { "email": wanted } });
        let subject = format!("user {}", user.id);
        let entry = actor.audit_entry("user.ask_email_change", &subject, details, now);
        self.post_link(user, (posted, entry)).await
    }

    /// Takes the proof of a link: the address is verified, or becomes the user's new one.
    ///
    /// # Errors
    /// [`AccessError::LinkNotGood`], [`AccessError::EmailTaken`], [`AccessError::Store`].
    pub async fn verify_email(&self, token: &str, client: &Client) -> Result<(), AccessError> {
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let link = snapshot.identity().find_link(&sha256_hex(token.trim())).await?;
        let link = require_good(link, PROOFS, now)?;
        let user = snapshot.access().find_user(link.user_id).await?;
        let user = user.ok_or(AccessError::LinkNotGood)?;
        drop(snapshot);
        let told = match link.purpose {
            LinkPurpose::ChangeEmail => {
                let letter =
                    Letter::EmailChanged { name: user.name.clone(), email: link.email.clone() };
                Some(self.write_letter(&letter, &user, now)?)
            }
            LinkPurpose::VerifyEmail
            | LinkPurpose::ResetPassword
            | LinkPurpose::SecondFactor
            | LinkPurpose::KeepAccount => None,
        };
        let proof = Proof { link, told, ip: client.ip.clone(), now };
        self.change_identity(user.id, move |tx| {
            let proof = proof.clone();
            Box::pin(async move { proof.take(tx).await })
        })
        .await?;
        self.ring();
        Ok(())
    }
}

/// A link that proves an address.
#[derive(Clone)]
struct Proof {
    link: OneTimeLink,
    /// To the old address, when there is a new one.
    told: Option<QueuedMail>,
    ip: String,
    now: Timestamp,
}

impl Proof {
    async fn take(&self, tx: &dyn Tx) -> Result<(), AccessError> {
        let user = tx.access().lock_user(self.link.user_id).await?;
        use_up(tx, &self.link).await?;
        let user = user.ok_or(AccessError::LinkNotGood)?;
        let is_stale = self.told.is_none() && user.email != self.link.email;
        if is_stale {
            return Err(AccessError::LinkNotGood);
        }
        let changed = User {
            email: self.link.email.clone(),
            email_verified_at: Some(self.now),
            ..user.clone()
        };
        tx.access().update_user(&changed).await.map_err(refuse_taken)?;
        if let Some(mail) = &self.told {
            // Whoever reads the old address has no more to do with the account.
            end_links(tx, user.id).await?;
            tx.mails().insert_mail(mail).await?;
        }
        let draft = AuditDraft {
            action: "user.verify_email",
            subject: format!("user {}", user.id),
            details: json!({ "email": { "before": user.email, "after": changed.email } }),
        };
        let origin = Origin { organization_id: None, user_id: Some(user.id), ip: self.ip.clone() };
        Ok(tx.audit().append(&draft.complete(origin, self.now)).await?)
    }
}

/// A unique e-mail that another user has.
pub(crate) fn refuse_taken(error: StoreError) -> AccessError {
    match error {
        StoreError::AlreadyExists { .. } => AccessError::EmailTaken,
        other @ (StoreError::NotFound { .. }
        | StoreError::Overloaded
        | StoreError::Unavailable { .. }
        | StoreError::Broken { .. }) => AccessError::from(other),
    }
}
