//! A person turns two-factor sign-in on and off.
//!
//! Invariants: a factor protects only once a code has proved that the app has it; recovery codes
//! are shown once and kept as hashes; the shared secret is kept sealed for its owner; turning it on
//! ends every session that never showed a code; turning it on or off is told by mail.

use gantry_letters::Letter;
use gantry_ports::store::AuditEntry;
use gantry_ports::store::{QueuedMail, SecondFactor, StoreExt, Tx, User};
use gantry_types::{SessionId, Timestamp, UserId};
use serde_json::json;

use crate::Access;
use crate::actor::Actor;
use crate::authenticator::{Authenticator, encode_secret};
use crate::confirm::lock_signed_in;
use crate::error::AccessError;
use crate::sealing::Opened;
use crate::secret::{generate_recovery_code, generate_shared_secret, sha256_hex};

/// Recovery codes of one person.
const RECOVERY_CODES: usize = 10;

/// What an authenticator app needs to know.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The shared secret in base 32, to be typed.
    pub secret: String,
    /// The same as an address (`otpauth://`), to be shown as a QR code.
    pub uri: String,
}

/// Codes that are good once each, instead of the app's. They are shown this once.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCodes(pub Vec<String>);

impl RecoveryCodes {
    fn generate() -> Result<Self, AccessError> {
        (0..RECOVERY_CODES).map(|_| generate_recovery_code()).collect::<Result<_, _>>().map(Self)
    }

    fn hashes(&self) -> Vec<String> {
        self.0.iter().map(|code| hash_recovery_code(code)).collect()
    }
}

/// The row for which a shared secret is sealed.
fn row_of(user_id: UserId) -> String {
    format!("second_factors {user_id}")
}

/// The hash of a code, however it was typed.
pub(crate) fn hash_recovery_code(code: &str) -> String {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    sha256_hex(&letters)
}

impl Access {
    /// Begins to turn two-factor sign-in on; it protects only after
    /// [`Access::confirm_second_factor`].
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::Invalid`] for a wrong password or
    /// when it is on already, [`AccessError::LockedOut`], [`AccessError::Store`].
    pub async fn begin_second_factor(
        &self,
        actor: &Actor,
        password: String,
    ) -> Result<Enrolment, AccessError> {
        let (user, session) = self.require_session(actor).await?;
        require_off(&user)?;
        self.confirm_password(&user, password, &actor.ip).await?;
        let secret = encode_secret(generate_shared_secret()?);
        let uri = Authenticator::read(&secret, &self.settings.brand, &user.email)?.uri()?;
        let factor = SecondFactor {
            user_id: user.id,
            secret: self.seal_shared_secret(user.id, &secret)?,
            confirmed_at: None,
            last_step: 0,
        };
        let subject = format!("user {}", user.id);
        let now = self.clock.now();
        let entry = actor.audit_entry("second_factor.begin", &subject, json!({}), now);
        self.store
            .write::<_, AccessError, _>(move |tx| {
                let (factor, entry) = (factor.clone(), entry.clone());
                Box::pin(async move {
                    require_off(&lock_signed_in(tx, (factor.user_id, session)).await?)?;
                    tx.identity().set_second_factor(&factor).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await?;
        Ok(Enrolment { secret, uri })
    }

    /// Turns two-factor sign-in on, as the app gives the right code; ends the person's other
    /// sessions and renewable tokens, which never showed one.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::NotFound`] when it was not begun,
    /// [`AccessError::WrongCode`], [`AccessError::Store`].
    pub async fn confirm_second_factor(
        &self,
        actor: &Actor,
        code: &str,
    ) -> Result<RecoveryCodes, AccessError> {
        let (user, session) = self.require_session(actor).await?;
        let now = self.clock.now();
        let factor = self.store.read().await?.identity().find_second_factor(user.id).await?;
        let begun = factor.filter(|factor| factor.confirmed_at.is_none());
        let begun = begun.ok_or(AccessError::NotFound { what: "second factor that was begun" })?;
        let opened = self.open_shared_secret(&begun)?;
        let app = Authenticator::read(&opened.secret, &self.settings.brand, &user.email)?;
        let step = app.find_step(code, now).ok_or(AccessError::WrongCode)?;
        let codes = RecoveryCodes::generate()?;
        let letter = Letter::SecondFactorChanged { name: user.name.clone(), turned_on: true };
        let subject = format!("user {}", user.id);
        let change = FactorChange {
            turned_on: Some(TurnedOn {
                factor: SecondFactor {
                    secret: opened.renewed.unwrap_or(begun.secret),
                    confirmed_at: Some(now),
                    last_step: step,
                    user_id: user.id,
                },
                hashes: codes.hashes(),
                at: now,
            }),
            session,
            mail: self.write_letter(&letter, &user, now)?,
            entry: actor.audit_entry("second_factor.turn_on", &subject, json!({}), now),
            user: User { second_factor_at: Some(now), ..user },
        };
        self.apply_factor(change).await?;
        Ok(codes)
    }

    /// Turns two-factor sign-in off.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::Invalid`] for a wrong password,
    /// [`AccessError::NotFound`] when it is off, [`AccessError::LockedOut`],
    /// [`AccessError::Store`].
    pub async fn end_second_factor(
        &self,
        actor: &Actor,
        password: String,
    ) -> Result<(), AccessError> {
        let (user, session) = self.require_session(actor).await?;
        if user.second_factor_at.is_none() {
            return Err(AccessError::NotFound { what: "second factor" });
        }
        self.confirm_password(&user, password, &actor.ip).await?;
        let now = self.clock.now();
        let letter = Letter::SecondFactorChanged { name: user.name.clone(), turned_on: false };
        let subject = format!("user {}", user.id);
        let change = FactorChange {
            turned_on: None,
            session,
            mail: self.write_letter(&letter, &user, now)?,
            entry: actor.audit_entry("second_factor.turn_off", &subject, json!({}), now),
            user: User { second_factor_at: None, ..user },
        };
        self.apply_factor(change).await
    }

    /// Replaces the recovery codes by new ones.
    ///
    /// # Errors
    /// As [`Access::end_second_factor`].
    pub async fn renew_recovery_codes(
        &self,
        actor: &Actor,
        password: String,
    ) -> Result<RecoveryCodes, AccessError> {
        let (user, session) = self.require_session(actor).await?;
        if user.second_factor_at.is_none() {
            return Err(AccessError::NotFound { what: "second factor" });
        }
        self.confirm_password(&user, password, &actor.ip).await?;
        let codes = RecoveryCodes::generate()?;
        let (hashes, user_id) = (codes.hashes(), user.id);
        let subject = format!("user {user_id}");
        let now = self.clock.now();
        let entry = actor.audit_entry("second_factor.renew_codes", &subject, json!({}), now);
        self.store
            .write::<_, AccessError, _>(move |tx| {
                let (hashes, entry) = (hashes.clone(), entry.clone());
                Box::pin(async move {
                    lock_signed_in(tx, (user_id, session)).await?;
                    tx.identity().set_recovery_codes(user_id, &hashes).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await?;
        Ok(codes)
    }

    /// How many recovery codes the person has left.
    ///
    /// # Errors
    /// [`AccessError::NotSignedIn`], [`AccessError::Store`].
    pub async fn count_recovery_codes(&self, actor: &Actor) -> Result<u64, AccessError> {
        let user_id = crate::sessions::require_person(actor)?;
        Ok(self.store.read().await?.identity().count_recovery_codes(user_id).await?)
    }

    fn seal_shared_secret(&self, user_id: UserId, secret: &str) -> Result<String, AccessError> {
        match &self.sealing {
            Some(sealing) => sealing.seal(&row_of(user_id), secret),
            None => Ok(secret.to_owned()),
        }
    }

    /// The shared secret of a factor, and what is to be kept instead of what was kept.
    pub(crate) fn open_shared_secret(&self, factor: &SecondFactor) -> Result<Opened, AccessError> {
        match &self.sealing {
            Some(sealing) => sealing.open(&row_of(factor.user_id), &factor.secret),
            None => Ok(Opened { secret: factor.secret.clone(), renewed: None }),
        }
    }

    async fn apply_factor(&self, change: FactorChange) -> Result<(), AccessError> {
        self.change_identity(change.user.id, move |tx| {
            let change = change.clone();
            Box::pin(async move { change.apply(tx).await })
        })
        .await?;
        self.ring();
        Ok(())
    }
}

/// Lets nobody begin anew who has it on.
fn require_off(user: &User) -> Result<(), AccessError> {
    match user.second_factor_at {
        Some(_) => {
            let message = "is on already; turn it off before you set it up anew";
            Err(AccessError::invalid("second_factor", message))
        }
        None => Ok(()),
    }
}

/// Turning it on or off.
#[derive(Clone)]
struct FactorChange {
    user: User,
    /// `None` turns it off.
    turned_on: Option<TurnedOn>,
    /// The session that asks, and in which a code was shown.
    session: SessionId,
    mail: QueuedMail,
    entry: AuditEntry,
}

#[derive(Clone)]
struct TurnedOn {
    factor: SecondFactor,
    /// Of the recovery codes.
    hashes: Vec<String>,
    at: Timestamp,
}

impl TurnedOn {
    /// Every session but `shown` never showed a code.
    async fn apply(&self, tx: &dyn Tx, shown: SessionId) -> Result<(), AccessError> {
        let user_id = self.factor.user_id;
        tx.identity().set_second_factor(&self.factor).await?;
        tx.identity().set_recovery_codes(user_id, &self.hashes).await?;
        tx.identity().delete_sessions(user_id, Some(shown), self.at).await?;
        Ok(())
    }
}

impl FactorChange {
    async fn apply(&self, tx: &dyn Tx) -> Result<(), AccessError> {
        // What else of the user changed meanwhile stays.
        let user = lock_signed_in(tx, (self.user.id, self.session)).await?;
        let second_factor_at = self.user.second_factor_at;
        if user.second_factor_at.is_some() == second_factor_at.is_some() {
            // Another request did the same a moment ago, and its recovery codes are shown.
            return Err(AccessError::NotFound { what: "second factor to be turned on or off" });
        }
        tx.access().update_user(&User { second_factor_at, ..user }).await?;
        match &self.turned_on {
            Some(turned_on) => turned_on.apply(tx, self.session).await?,
            None => tx.identity().delete_second_factor(self.user.id).await?,
        }
        tx.mails().insert_mail(&self.mail).await?;
        Ok(tx.audit().append(&self.entry).await?)
    }
}
