//! Subscriptions with a provider that is not in use any more: nobody can be asked about them.
//!
//! Invariant: one is ended here only once it gives its plan no more by what its provider told last:
//! its paid period is over, and the edition's grace after it where it was to go on.

use gantry_ports::store::StoreExt;
use gantry_rules::subscription::{Subscription, entitles};

use crate::Billing;
use crate::apply_event::EndedHere;
use crate::error::BillingError;
use crate::reconcile::Reconciled;

/// How many subscriptions one round looks at.
const ROUND: u32 = 500;

impl Billing {
    /// Ends the subscriptions whose time is over and that are with none of these providers.
    ///
    /// # Errors
    /// [`BillingError::Store`].
    pub(crate) async fn end_abandoned(
        &self,
        in_use: &[&str],
        done: &mut Reconciled,
    ) -> Result<(), BillingError> {
        let (snapshot, now) = (self.store.read().await?, self.clock.now());
        let found = snapshot.payments().list_abandoned_subscriptions(in_use, now, ROUND).await?;
        drop(snapshot);
        let grace = self.edition.grace;
        let is_over = |found: &Subscription| !entitles(&found.standing.state, grace, now);
        for subscription in found.into_iter().filter(is_over) {
            done.plans += u64::from(self.end_one_abandoned(subscription).await?);
            done.subscriptions += 1;
        }
        Ok(())
    }

    /// Ends one; whether its account's plan changed.
    async fn end_one_abandoned(&self, subscription: Subscription) -> Result<bool, BillingError> {
        let ground = self.derive_ground_without(&subscription.provider);
        let notice = self
            .store
            .write(move |tx| {
                let (ground, subscription) = (ground.clone(), subscription.clone());
                Box::pin(async move {
                    let notice = ground.end_here(tx, &subscription, EndedHere::Abandoned).await?;
                    ground.post(tx, notice.as_slice()).await?;
                    Ok::<_, BillingError>(notice)
                })
            })
            .await?;
        self.announce(notice.as_slice());
        Ok(notice.is_some())
    }
}
