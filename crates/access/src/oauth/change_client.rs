//! The one door for changes after which a client's tokens are no longer what they were.
//!
//! Invariant: when the change is answered, this process has forgotten everybody in whose name the
//! client had tokens; that holds too when nobody waits for the answer any more.

use gantry_ports::store::{StoreExt, Tx};
use gantry_ports::{BoxFuture, Hint, StoreError};
use gantry_types::UserId;
use tracing::Instrument;

use crate::Access;
use crate::error::AccessError;

impl Access {
    /// Runs `closure` in one transaction; it answers in whose name tokens ended.
    ///
    /// # Errors
    /// What the closure answers, [`AccessError::Store`].
    pub(super) async fn change_client<F>(&self, closure: F) -> Result<(), AccessError>
    where
        F: for<'t> Fn(&'t dyn Tx) -> BoxFuture<'t, Result<Vec<UserId>, AccessError>>
            + Send
            + Sync
            + 'static,
    {
        let access = self.clone();
        let change = async move {
            let changed = access.store.write(closure).await;
            match &changed {
                Ok(users) => users.iter().for_each(|user_id| access.forget(*user_id)),
                // Whether the commit took place may be unknown, and so is who is concerned.
                Err(_) => {
                    access.recent.forget_everybody();
                    access.bus.publish(Hint::Missed);
                }
            }
            changed.map(drop)
        };
        // A task of its own, so that a client that hangs up cannot stop it half-way.
        tokio::spawn(change.in_current_span()).await.unwrap_or_else(|join| {
            let reason = format!("a change of a client ended unexpectedly: {join}");
            Err(AccessError::Store(StoreError::Broken { reason }))
        })
    }
}
