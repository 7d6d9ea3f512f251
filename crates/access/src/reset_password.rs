//! A person who forgot their password sets a new one by a link in a mail.
//!
//! Invariant: asking for the link tells nobody whether an address has an account, neither by the
//! answer nor by its time: the work is done after the answer; the link sets a password only while
//! the account has the address that it was sent to; what was added to an account before anybody
//! proved its address goes with the old password.

use gantry_letters::Letter;
use gantry_ports::store::{LinkPurpose, OneTimeLink, QueuedMail, StoreExt, Tx, User};
use gantry_types::{Timestamp, UserId};
use serde_json::json;
use tracing::Instrument;

use crate::Access;
use crate::audit::{AuditDraft, Origin};
use crate::email::parse_email;
use crate::error::AccessError;
use crate::guesses::Locks;
use crate::leave::lock_homes;
use crate::links::{NewLink, end_links, require_good, use_up};
use crate::password_rules::PasswordOwner;
use crate::secret::sha256_hex;
use crate::sign_in::Client;
use crate::unproven_account::{UnprovenAccount, is_unproven};

impl Access {
    /// Sends a link for a new password, if the address has an account and none was sent within
    /// the last minute. The answer is the same whatever happens.
    ///
    /// # Errors
    /// [`AccessError::Invalid`] for a text that is no address.
    pub fn request_password_reset(&self, email: &str, client: &Client) -> Result<(), AccessError> {
        let email = parse_email(email)?;
        let (access, ip) = (self.clone(), client.ip.clone());
        let work = async move {
            if let Err(error) = access.send_password_reset(&email, ip).await {
                tracing::warn!(%error, "a link for a new password was not sent");
            }
        };
        tokio::spawn(work.in_current_span());
        Ok(())
    }

    async fn send_password_reset(&self, email: &str, ip: String) -> Result<(), AccessError> {
        let now = self.clock.now();
        let user = self.store.read().await?.access().find_user_by_email(email).await?;
        let Some(user) = user else { return Ok(()) };
        if self.was_just_sent(user.id, LinkPurpose::ResetPassword, now).await? {
            return Ok(());
        }
        let new = NewLink::mint(&user, &user.email, LinkPurpose::ResetPassword, now)?;
        let token = new.token.expose().to_owned();
        let letter = Letter::ResetPassword { name: user.name.clone(), token };
        let mail = self.write_letter(&letter, &user, now)?;
        let draft = AuditDraft {
            action: "user.ask_reset",
            subject: format!("user {}", user.id),
            details: json!({}),
        };
        // Anybody may ask who knows the address.
        let origin = Origin { organization_id: None, user_id: None, ip };
        let entry = draft.complete(origin, now);
        self.store
            .write(move |tx| {
                let (link, mail) = (new.link.clone(), mail.clone());
                let entry = entry.clone();
                Box::pin(async move {
                    tx.access().lock_user(link.user_id).await?;
                    tx.identity().replace_link(&link).await?;
                    tx.mails().insert_mail(&mail).await?;
                    Ok::<(), AccessError>(tx.audit().append(&entry).await?)
                })
            })
            .await?;
        self.ring();
        Ok(())
    }

    /// Sets a new password by a link; ends every session, and verifies the address. Where nobody
    /// had proved it, every other way into the account ends too: whoever registered it may be
    /// somebody else.
    ///
    /// # Errors
    /// [`AccessError::LinkNotGood`], [`AccessError::Invalid`] for a password that is not taken,
    /// [`AccessError::Busy`], [`AccessError::Store`].
    pub async fn reset_password(
        &self,
        token: &str,
        password: String,
        client: &Client,
    ) -> Result<(), AccessError> {
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let link = snapshot.identity().find_link(&sha256_hex(token.trim())).await?;
        let link = require_good(link, &[LinkPurpose::ResetPassword], now)?;
        let user = snapshot.access().find_user(link.user_id).await?;
        let user = user.ok_or(AccessError::LinkNotGood)?;
        drop(snapshot);
        self.require_good_password(&password, PasswordOwner::of(&user)).await?;
        let password_hash = self.passwords.hash(password).await?;
        let letter =
            Letter::PasswordChanged { name: user.name.clone(), at: now, ip: client.ip.clone() };
        let mail = self.write_letter(&letter, &user, now)?;
        let reset = Reset {
            link,
            password_hash,
            mail,
            locks: Locks::new(self, &user.email, client),
            ip: client.ip.clone(),
            now,
        };
        let concerned = self
            .change_identity(user.id, move |tx| {
                let reset = reset.clone();
                Box::pin(async move { reset.apply(tx).await })
            })
            .await?;
        concerned.into_iter().for_each(|user_id| self.forget(user_id));
        self.ring();
        Ok(())
    }
}

#[derive(Clone)]
struct Reset {
    link: OneTimeLink,
    password_hash: String,
    mail: QueuedMail,
    locks: Locks,
    ip: String,
    now: Timestamp,
}

impl Reset {
    /// Answers in whose name else tokens ended.
    async fn apply(&self, tx: &dyn Tx) -> Result<Vec<UserId>, AccessError> {
        let known = tx.access().find_user(self.link.user_id).await?;
        if known.as_ref().is_some_and(is_unproven) {
            // Organizations come before their people.
            lock_homes(tx, self.link.user_id).await?;
        }
        let user = tx.access().lock_user(self.link.user_id).await?;
        use_up(tx, &self.link).await?;
        let user = user.ok_or(AccessError::LinkNotGood)?;
        // The owner may have left that mailbox because somebody else reads it.
        if user.email != self.link.email {
            return Err(AccessError::LinkNotGood);
        }
        let second_factor_at = if is_unproven(&user) { None } else { user.second_factor_at };
        let changed = User {
            password_hash: self.password_hash.clone(),
            email_verified_at: Some(self.now),
            second_factor_at,
            ..user.clone()
        };
        tx.access().update_user(&changed).await?;
        let ended = tx.identity().delete_sessions(user.id, None, self.now).await?;
        end_links(tx, user.id).await?;
        self.locks.clear_email(tx).await?;
        tx.mails().insert_mail(&self.mail).await?;
        let draft = AuditDraft {
            action: "user.reset_password",
            subject: format!("user {}", user.id),
            details: json!({ "sessions_ended": ended }),
        };
        let origin = Origin { organization_id: None, user_id: Some(user.id), ip: self.ip.clone() };
        tx.audit().append(&draft.complete(origin, self.now)).await?;
        if !is_unproven(&user) {
            return Ok(Vec::new());
        }
        UnprovenAccount { tx, user: &user, ip: &self.ip, now: self.now }.end_ways_in().await
    }
}
