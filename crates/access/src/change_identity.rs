//! The one door for changes after which somebody is no longer who they were: a session that ends,
//! a key that is revoked, a role, a suspension.
//!
//! Invariant: when the change is answered, this process has forgotten what it knew of the user;
//! that holds too when nobody waits for the answer any more.

use gantry_ports::store::{StoreExt, Tx};
use gantry_ports::{BoxFuture, Hint, StoreError};
use gantry_types::UserId;
use tracing::Instrument;

use crate::Access;
use crate::error::AccessError;

impl Access {
    /// Runs `closure` in one transaction that changes who `user_id` is or what they may do, and
    /// tells every process of the installation.
    ///
    /// # Errors
    /// What the closure answers, [`AccessError::Store`].
    pub async fn change_identity<T, F>(&self, user_id: UserId, closure: F) -> Result<T, AccessError>
    where
        T: Send + 'static,
        F: for<'t> Fn(&'t dyn Tx) -> BoxFuture<'t, Result<T, AccessError>> + Send + Sync + 'static,
    {
        let access = self.clone();
        let change = async move {
            let changed = access.store.write(closure).await;
            // After an error too: whether the commit took place may be unknown.
            access.forget(user_id);
            changed
        };
        // A task of its own, so that a client that hangs up cannot stop it half-way.
        tokio::spawn(change.in_current_span()).await.unwrap_or_else(|join| {
            let reason = format!("a change of identity ended unexpectedly: {join}");
            Err(AccessError::Store(StoreError::Broken { reason }))
        })
    }

    /// Forgets what is known of a user, here and in every process.
    pub(crate) fn forget(&self, user_id: UserId) {
        self.recent.forget_user(user_id);
        self.bus.publish(Hint::Identity { user_id });
    }
}
