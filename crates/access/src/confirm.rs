//! Somebody who is signed in proves once more that it is them, before what a thief of their
//! session must not do; and a request that was on its way when their session ended does nothing
//! that outlasts it.
//!
//! Invariants: only a browser session can do it, never a key; failures count like those of signing
//! in, and the lock is checked again in the transaction that decides, so that many guesses at once
//! are no better than one after another; whether a session still lives is asked in the transaction
//! that makes a new way in, under the lock that whoever ends sessions takes too.

use gantry_ports::store::{StoreExt, Tx, User};
use gantry_types::{SessionId, Timestamp, UserId};

use crate::Access;
use crate::actor::{Actor, Via};
use crate::error::AccessError;
use crate::guesses::Locks;
use crate::password::{PasswordCheck, Stored};
use crate::permission::{Permission, require};
use crate::sessions::require_person;
use crate::sign_in::{Client, locked};

/// Somebody who proved once more that it is them, a moment ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    user_id: UserId,
}

impl Confirmed {
    /// Who it is.
    #[must_use]
    pub const fn user_id(&self) -> UserId {
        self.user_id
    }
}

impl Access {
    /// Has the person behind a session give their password once more.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::Invalid`] for a wrong password,
    /// [`AccessError::LockedOut`], [`AccessError::Busy`], [`AccessError::Store`].
    pub async fn confirm_person(
        &self,
        actor: &Actor,
        password: String,
    ) -> Result<Confirmed, AccessError> {
        let (user, _) = self.require_session(actor).await?;
        self.confirm_password(&user, password, &actor.ip).await?;
        Ok(Confirmed { user_id: user.id })
    }

    /// The person and the session behind an actor.
    pub(crate) async fn require_session(
        &self,
        actor: &Actor,
    ) -> Result<(User, SessionId), AccessError> {
        require(actor, Permission::ManageSessions)?;
        let Via::Session { id, .. } = actor.via else {
            return Err(AccessError::Forbidden { permission: Permission::ManageSessions });
        };
        let user_id = require_person(actor)?;
        let user = self.store.read().await?.access().find_user(user_id).await?;
        Ok((user.ok_or(AccessError::NotSignedIn)?, id))
    }

    /// Checks the password of somebody who is signed in.
    pub(crate) async fn confirm_password(
        &self,
        user: &User,
        password: String,
        ip: &str,
    ) -> Result<(), AccessError> {
        if !user.has_password() {
            let message = "is not set yet; set one by the link that /forgot-password sends";
            return Err(AccessError::invalid("password", message));
        }
        let now = self.clock.now();
        let client = Client { ip: ip.to_owned(), ..Client::default() };
        let locks = Locks::new(self, &user.email, &client);
        let snapshot = self.store.read().await?;
        if let Some(until) = locks.find(snapshot.access(), now).await? {
            return Err(locked(until, now));
        }
        drop(snapshot);
        let hash = Some(user.password_hash.clone());
        let stored = Stored { hash, imported_cost: None, dearest: None };
        let check = self.passwords.check(password, stored).await?;
        let guess = Guess { user_id: user.id, check, locks, now };
        let verdict = self
            .store
            .write(move |tx| {
                let guess = guess.clone();
                Box::pin(async move { guess.decide(tx).await })
            })
            .await?;
        match verdict {
            Verdict::Right => Ok(()),
            Verdict::Wrong => {
                Err(AccessError::invalid("password", "is wrong; give your present password"))
            }
            Verdict::Locked(until) => Err(locked(until, now)),
        }
    }
}

/// The person behind a session that has not ended since the request came; locks them.
pub(crate) async fn lock_signed_in(
    tx: &dyn Tx,
    (user_id, session): (UserId, SessionId),
) -> Result<User, AccessError> {
    let user = tx.access().lock_user(user_id).await?.ok_or(AccessError::NotSignedIn)?;
    let sessions = tx.access().list_sessions(user_id).await?;
    if sessions.iter().any(|live| live.id == session) {
        Ok(user)
    } else {
        Err(AccessError::NotSignedIn)
    }
}

/// The same for whoever may ask by a key of their own, which may have been revoked since; where
/// nobody is behind the actor, there is no session to have ended.
pub(crate) async fn lock_asker(tx: &dyn Tx, actor: &Actor) -> Result<(), AccessError> {
    let Some(user_id) = actor.user_id else { return Ok(()) };
    match &actor.via {
        Via::Session { id, .. } => lock_signed_in(tx, (user_id, *id)).await.map(drop),
        Via::ApiKey { id, client: None, family: None, .. } => {
            tx.access().lock_user(user_id).await?;
            let keys = tx.access().list_api_keys(actor.organization_id).await?;
            let still = keys.iter().any(|key| key.id == *id);
            if still { Ok(()) } else { Err(AccessError::NotSignedIn) }
        }
        // Their tokens are no keys that are listed, or are another issuer's to end.
        Via::ApiKey { client: Some(_), .. }
        | Via::ApiKey { family: Some(_), .. }
        | Via::Token
        | Via::System => {
            tx.access().lock_user(user_id).await?;
            Ok(())
        }
    }
}

/// What becomes of a password that was given.
enum Verdict {
    Right,
    Wrong,
    Locked(Timestamp),
}

/// A password that was checked, and does not count yet.
#[derive(Clone)]
struct Guess {
    user_id: UserId,
    check: PasswordCheck,
    locks: Locks,
    now: Timestamp,
}

impl Guess {
    async fn decide(&self, tx: &dyn Tx) -> Result<Verdict, AccessError> {
        if let Some(until) = self.locks.hold(tx, self.now).await? {
            return Ok(Verdict::Locked(until));
        }
        match self.check {
            PasswordCheck::Fits | PasswordCheck::FitsOld { .. } => Ok(Verdict::Right),
            PasswordCheck::Wrong => {
                self.locks.record_failure(tx, Some(self.user_id), self.now).await?;
                Ok(Verdict::Wrong)
            }
        }
    }
}
