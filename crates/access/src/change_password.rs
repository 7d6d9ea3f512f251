//! A person who is signed in changes their password, name or language.

use gantry_letters::Letter;
use gantry_ports::store::{StoreExt, User};
use gantry_types::Locale;
use serde_json::json;

use crate::Access;
use crate::actor::Actor;
use crate::confirm::lock_signed_in;
use crate::email::parse_name;
use crate::error::AccessError;
use crate::links::end_links;
use crate::password_rules::PasswordOwner;

/// What a person wants to be called, and in which language; what is not given stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileChange {
    /// The name for people.
    pub name: Option<String>,
    /// The language of mails.
    pub locale: Option<Locale>,
}

impl ProfileChange {
    /// The user with what is given, and the rest as it was.
    fn apply_to(&self, user: User) -> User {
        let name = self.name.clone().unwrap_or(user.name);
        User { name, locale: self.locale.unwrap_or(user.locale), ..user }
    }
}

impl Access {
    /// Sets a new password; ends the person's other sessions and open links.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::Invalid`] for a wrong present
    /// password or a new one that is not taken, [`AccessError::LockedOut`],
    /// [`AccessError::NotSignedIn`] when the session ended meanwhile, [`AccessError::Busy`],
    /// [`AccessError::Store`].
    pub async fn change_password(
        &self,
        actor: &Actor,
        present: String,
        new: String,
    ) -> Result<(), AccessError> {
        let (user, session) = self.require_session(actor).await?;
        self.confirm_password(&user, present, &actor.ip).await?;
        let good = self.require_good_password(&new, PasswordOwner::of(&user)).await;
        good.map_err(rename_field)?;
        let now = self.clock.now();
        let password_hash = self.passwords.hash(new).await?;
        let user_id = user.id;
        let letter =
            Letter::PasswordChanged { name: user.name.clone(), at: now, ip: actor.ip.clone() };
        let mail = self.write_letter(&letter, &user, now)?;
        let subject = format!("user {}", user.id);
        let entry = actor.audit_entry("user.change_password", &subject, json!({}), now);
        self.change_identity(user.id, move |tx| {
            let (password_hash, mail) = (password_hash.clone(), mail.clone());
            let entry = entry.clone();
            Box::pin(async move {
                // What else of the user changed meanwhile stays; the owner may have set a password
                // by a link while whoever asks here knew the one before.
                let user = lock_signed_in(tx, (user_id, session)).await?;
                tx.access().update_user(&User { password_hash, ..user }).await?;
                tx.identity().delete_sessions(user_id, Some(session), now).await?;
                end_links(tx, user_id).await?;
                tx.mails().insert_mail(&mail).await?;
                Ok(tx.audit().append(&entry).await?)
            })
        })
        .await?;
        self.ring();
        Ok(())
    }

    /// Sets the person's name, and the language of mails to them.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::Invalid`], [`AccessError::Store`].
    pub async fn change_profile(
        &self,
        actor: &Actor,
        wanted: &ProfileChange,
    ) -> Result<(), AccessError> {
        let (user, _) = self.require_session(actor).await?;
        let name = wanted.name.as_deref().map(parse_name).transpose()?;
        let wanted = ProfileChange { name, locale: wanted.locale };
        let changed = wanted.apply_to(user.clone());
        if changed == user {
            return Ok(());
        }
        let details = json!({
            "before": { "name": user.name, "locale": user.locale },
            "after": { "name": changed.name, "locale": changed.locale },
        });
        let subject = format!("user {}", user.id);
        let entry = actor.audit_entry("user.change", &subject, details, self.clock.now());
        let user_id = user.id;
        self.store
            .write(move |tx| {
                let (wanted, entry) = (wanted.clone(), entry.clone());
                Box::pin(async move {
                    let user = tx.access().lock_user(user_id).await?;
                    let user = user.ok_or(AccessError::NotSignedIn)?;
                    tx.access().update_user(&wanted.apply_to(user)).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await
    }
}

/// The request calls it otherwise, as it has two.
fn rename_field(error: AccessError) -> AccessError {
    if let AccessError::Invalid { message, .. } = error {
        AccessError::Invalid { field: "new_password", message }
    } else {
        error
    }
}
