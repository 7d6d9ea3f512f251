//! Somebody who is signed in proves once more that it is them, before what a thief of their
//! session must not do.
//!
//! Invariant: only a browser session can do it, never a key; failures count like those of signing
//! in.

use gantry_ports::store::{StoreExt, User};
use gantry_types::SessionId;

use crate::Access;
use crate::actor::{Actor, Via};
use crate::error::AccessError;
use crate::password::PasswordCheck;
use crate::permission::{Permission, require};
use crate::sessions::require_person;
use crate::sign_in::{Client, Locks, locked};

impl Access {
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
        match self.passwords.check(password, Some(user.password_hash.clone())).await? {
            PasswordCheck::Fits => Ok(()),
            PasswordCheck::Wrong => {
                let user_id = user.id;
                self.store
                    .write(move |tx| {
                        let locks = locks.clone();
                        Box::pin(async move { locks.record_failure(tx, Some(user_id), now).await })
                    })
                    .await?;
                Err(AccessError::invalid("password", "is wrong; give your present password"))
            }
        }
    }
}
