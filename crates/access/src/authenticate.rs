//! A token or a key becomes an actor.
//!
//! Invariants: what ended, was revoked, or belongs to a suspended user or a former member is
//! nobody; the last use is written at most once a minute.

use std::time::Duration;

use gantry_ports::store::{ApiKey, Session, StoreExt, User, UserStatus};
use gantry_types::{Scope, Timestamp};

use crate::Access;
use crate::actor::{Actor, Via};
use crate::error::AccessError;
use crate::secret::{API_KEY_PREFIX, derive_csrf_token, sha256_hex};
use crate::sign_in::Client;

/// How old the note of the last use may be.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

impl Access {
    /// The actor of a browser session's token.
    ///
    /// # Errors
    /// [`AccessError::NotSignedIn`], [`AccessError::Store`].
    pub async fn authenticate_session(
        &self,
        token: &str,
        client: &Client,
    ) -> Result<Actor, AccessError> {
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let access = snapshot.access();
        let session =
            access.find_session(&sha256_hex(token)).await?.ok_or(AccessError::NotSignedIn)?;
        let user = access.find_user(session.user_id).await?.ok_or(AccessError::NotSignedIn)?;
        let membership = access
            .find_membership(session.user_id, session.organization_id)
            .await?
            .ok_or(AccessError::NotSignedIn)?;
        drop(snapshot);
        if !self.is_alive(&session, &user, now) {
            return Err(AccessError::NotSignedIn);
        }
        if now.since(session.last_used_at) >= TOUCH_EVERY {
            let id = session.id;
            self.store
                .write(move |tx| {
                    Box::pin(async move {
                        Ok::<(), AccessError>(tx.access().touch_session(id, now).await?)
                    })
                })
                .await?;
        }
        Ok(Actor {
            user_id: Some(user.id),
            organization_id: session.organization_id,
            role: membership.role,
            scopes: scopes_of_session(&user),
            administrator: user.administrator,
            via: Via::Session { id: session.id, csrf_token: derive_csrf_token(token) },
            ip: client.ip.clone(),
        })
    }

    /// The actor of an API key.
    ///
    /// # Errors
    /// [`AccessError::NotSignedIn`], [`AccessError::Store`].
    pub async fn authenticate_key(&self, key: &str, client: &Client) -> Result<Actor, AccessError> {
        if !key.starts_with(API_KEY_PREFIX) {
            return Err(AccessError::NotSignedIn);
        }
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let access = snapshot.access();
        let key = access.find_api_key(&sha256_hex(key)).await?.ok_or(AccessError::NotSignedIn)?;
        let user = access.find_user(key.user_id).await?.ok_or(AccessError::NotSignedIn)?;
        let membership = access
            .find_membership(key.user_id, key.organization_id)
            .await?
            .ok_or(AccessError::NotSignedIn)?;
        drop(snapshot);
        if !is_good(&key, now) || user.status != UserStatus::Active {
            return Err(AccessError::NotSignedIn);
        }
        if key.last_used_at.is_none_or(|last| now.since(last) >= TOUCH_EVERY) {
            let id = key.id;
            self.store
                .write(move |tx| {
                    Box::pin(async move {
                        Ok::<(), AccessError>(tx.access().touch_api_key(id, now).await?)
                    })
                })
                .await?;
        }
        Ok(Actor {
            user_id: Some(user.id),
            organization_id: key.organization_id,
            role: membership.role,
            administrator: user.administrator && key.scopes.contains(&Scope::Admin),
            scopes: key.scopes,
            via: Via::ApiKey { id: key.id },
            ip: client.ip.clone(),
        })
    }

    fn is_alive(&self, session: &Session, user: &User, now: Timestamp) -> bool {
        now < session.expires_at
            && now.since(session.last_used_at) < self.idle_of(user)
            && user.status == UserStatus::Active
    }

    /// How long a user's session may stay unused.
    pub(crate) fn idle_of(&self, user: &User) -> Duration {
        if user.administrator {
            self.settings.administrator_idle
        } else {
            self.settings.session_idle
        }
    }
}

fn is_good(key: &ApiKey, now: Timestamp) -> bool {
    key.revoked_at.is_none() && key.expires_at.is_none_or(|end| now < end)
}

/// A person's session may be used for everything that the person may do.
fn scopes_of_session(user: &User) -> Vec<Scope> {
    let all = Scope::ALL.iter().copied();
    all.filter(|scope| user.administrator || *scope != Scope::Admin).collect()
}
