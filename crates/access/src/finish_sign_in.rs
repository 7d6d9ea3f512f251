//! A sign-in whose first step was right, by password or by somebody who vouches, goes on with a
//! code.
//!
//! Invariants: a wrong code counts like a wrong password, so that codes cannot be guessed; a code
//! and a challenge are good once each.

use gantry_ports::StoreError;
use gantry_ports::store::{LinkPurpose, OneTimeLink, SessionPurpose, StoreExt, Tx, User};
use gantry_types::Timestamp;

use crate::Access;
use crate::allowed_networks::find_first_place;
use crate::authenticator::Authenticator;
use crate::error::AccessError;
use crate::guesses::Locks;
use crate::links::{require_good, use_up};
use crate::sealing::Opened;
use crate::second_factor::hash_recovery_code;
use crate::secret::sha256_hex;
use crate::sign_in::{Client, NewSession, SignedIn, locked};
use crate::standing::require_good_standing;

/// What the person typed.
#[derive(Clone)]
enum Proof {
    /// A code of the app, of this step of time.
    Step(u64),
    /// Perhaps a recovery code, by its hash.
    Recovery(String),
}

/// How the transaction ended.
enum Decision {
    SignedIn,
    Wrong,
    Locked(Timestamp),
}

impl Access {
    /// Finishes a sign-in by a code of the app, or a recovery code.
    ///
    /// # Errors
    /// [`AccessError::LinkNotGood`] for a challenge that is used or too old,
    /// [`AccessError::WrongCode`], [`AccessError::LockedOut`], [`AccessError::Suspended`],
    /// [`AccessError::Banned`], [`AccessError::Store`].
    pub async fn finish_sign_in(
        &self,
        challenge: &str,
        code: &str,
        client: &Client,
    ) -> Result<SignedIn, AccessError> {
        self.finish_sign_in_for(SessionPurpose::Everything, (challenge, code), client).await
    }

    /// The same, for a session with another purpose.
    pub(crate) async fn finish_sign_in_for(
        &self,
        purpose: SessionPurpose,
        (challenge, code): (&str, &str),
        client: &Client,
    ) -> Result<SignedIn, AccessError> {
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let link = snapshot.identity().find_link(&sha256_hex(challenge.trim())).await?;
        let link = require_good(link, &[LinkPurpose::SecondFactor], now)?;
        let user = snapshot.access().find_user(link.user_id).await?;
        let user = user.ok_or(AccessError::LinkNotGood)?;
        let factor = snapshot.identity().find_second_factor(user.id).await?;
        let organization_id = find_first_place(snapshot.as_ref(), &user, &client.ip).await?;
        drop(snapshot);
        let factor = factor.ok_or(AccessError::LinkNotGood)?;
        let opened = match self.open_shared_secret(&factor) {
            Ok(opened) => Some(opened),
            // A key that was lost must not take the recovery codes with it.
            Err(error) => {
                tracing::error!(%error, "a second factor cannot be read");
                None
            }
        };
        let read = |opened: &Opened| {
            Authenticator::read(&opened.secret, &self.settings.brand, &user.email)
        };
        let app = opened.as_ref().map(read).transpose()?;
        let renewed = opened.and_then(|opened| opened.renewed).map(|new| (factor.secret, new));
        let proof = match app.and_then(|app| app.find_step(code, now)) {
            Some(step) => Proof::Step(step),
            None => Proof::Recovery(hash_recovery_code(code)),
        };
        let organization_id = organization_id.ok_or(AccessError::WrongCredentials)?;
        let lifetime = self.lifetime_for(purpose, now);
        let session = NewSession::begin(&user, organization_id, client, lifetime)?;
        let locks = Locks::new(self, &user.email, client);
        let attempt =
            CodeAttempt { user, link, proof, renewed, session: session.clone(), locks, now };
        let decision = self
            .store
            .write(move |tx| {
                let attempt = attempt.clone();
                Box::pin(async move { attempt.decide(tx).await })
            })
            .await?;
        match decision {
            Decision::SignedIn => self.answer(session).await,
            Decision::Wrong => Err(AccessError::WrongCode),
            Decision::Locked(until) => Err(locked(until, now)),
        }
    }
}

#[derive(Clone)]
struct CodeAttempt {
    user: User,
    link: OneTimeLink,
    proof: Proof,
    /// What was kept of the shared secret, and what is kept instead.
    renewed: Option<(String, String)>,
    session: NewSession,
    locks: Locks,
    now: Timestamp,
}

impl CodeAttempt {
    async fn decide(&self, tx: &dyn Tx) -> Result<Decision, AccessError> {
        if let Some(until) = self.locks.hold(tx, self.now).await? {
            return Ok(Decision::Locked(until));
        }
        let user = tx.access().lock_user(self.user.id).await?.ok_or(AccessError::LinkNotGood)?;
        require_good_standing(tx.access(), &user, self.now).await?;
        let (taken, how) = match &self.proof {
            Proof::Step(step) => {
                (tx.identity().use_step(self.user.id, *step).await, "two steps, by code")
            }
            Proof::Recovery(hash) => (
                tx.identity().use_recovery_code(self.user.id, hash).await,
                "two steps, by recovery code",
            ),
        };
        match taken {
            Ok(()) => {}
            Err(StoreError::NotFound { .. }) => {
                self.locks.record_failure(tx, Some(self.user.id), self.now).await?;
                return Ok(Decision::Wrong);
            }
            Err(error) => return Err(error.into()),
        }
        use_up(tx, &self.link).await?;
        if let Some((old, new)) = &self.renewed {
            tx.identity().replace_shared_secret(self.user.id, old, new).await?;
        }
        self.locks.clear_email(tx).await?;
        self.session.insert(tx, how).await?;
        Ok(Decision::SignedIn)
    }
}
