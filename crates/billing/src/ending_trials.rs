//! Telling those who pay that a trial ends.
//!
//! Invariants: a subscription is told of once, in the transaction that notes it, and only while it
//! is on trial and goes on afterwards: who cancelled is charged nothing. Trials are looked at now
//! and then, so that no provider has to tell of their end beforehand.

use std::time::Duration;

use gantry_ports::StoreError;
use gantry_ports::store::{StoreExt, Tx};
use gantry_rules::period::Period;
use gantry_rules::subscription::Subscription;

use crate::Billing;
use crate::apply_event::Ground;
use crate::error::BillingError;
use crate::notice::{BillingNews, BillingNotice};

/// How long before the end of a trial.
const AHEAD: Duration = Duration::from_hours(3 * 24);
/// Subscriptions that are looked at in one round.
const BATCH: u32 = 100;

impl Billing {
    /// Tells of the trials that end within three days; answers how many they were.
    ///
    /// # Errors
    /// [`BillingError::Store`].
    pub async fn tell_of_ending_trials(&self) -> Result<u32, BillingError> {
        if self.till.is_none() {
            return Ok(0);
        }
        let now = self.clock.now();
        let soon = Period { start: now, end: now.plus(AHEAD) };
        let ending = self.store.read().await?.payments().list_ending_trials(soon, BATCH).await?;
        let mut told = 0;
        for subscription in ending {
            if let Some(notice) = self.note_ending(&subscription).await? {
                told += 1;
                self.announce(&[notice]);
            }
        }
        Ok(told)
    }

    async fn note_ending(
        &self,
        ending: &Subscription,
    ) -> Result<Option<BillingNotice>, BillingError> {
        let (id, ground) = (ending.id, self.derive_ground_without(&ending.provider));
        self.store
            .write(move |tx| {
                let ground = ground.clone();
                Box::pin(async move {
                    let noted = tx.payments().note_trial_told(id, ground.now).await?;
                    let Some(subscription) = noted else { return Ok::<_, BillingError>(None) };
                    Ok(Some(tell(tx, &ground, &subscription).await?))
                })
            })
            .await
    }
}

async fn tell(
    tx: &dyn Tx,
    ground: &Ground,
    subscription: &Subscription,
) -> Result<BillingNotice, StoreError> {
    let state = subscription.standing.state;
    let plan = tx.accounts().find_plan(subscription.standing.plan_id).await?;
    let plan = plan.ok_or(StoreError::NotFound { what: "plan" })?;
    let news = BillingNews::TrialEnding {
        plan: plan.title,
        price: plan.terms.price.find(state.interval),
        at: state.period_end,
    };
    let notice = BillingNotice { organization_id: subscription.organization_id, news };
    ground.post(tx, std::slice::from_ref(&notice)).await?;
    Ok(notice)
}
