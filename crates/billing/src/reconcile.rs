//! What was unclear or missed is made up for: by a chore, and on demand.
//!
//! Invariants: an event that the provider lists is applied like one that it sent, and once; what
//! stays unclear is tried again until `payment_events` gives it up.

use std::collections::BTreeSet;
use std::time::Duration;

use gantry_access::{Actor, Permission, require};
use gantry_ports::PaymentProvider;
use gantry_ports::payments::ToldSubscription;
use gantry_ports::store::{EventOutcome, StoreExt};
use gantry_rules::subscription::{Standing, Subscription};
use gantry_types::Timestamp;
use serde_json::json;

use crate::Billing;
use crate::error::BillingError;
use crate::payment_events::Retried;
use crate::receive_event::Received;

/// How many subscriptions, purchases or events one round looks at.
const ROUND: u32 = 500;
/// How far back a provider is asked for what it told; providers themselves send for three days.
const LOOK_BACK: Duration = Duration::from_hours(7 * 24);
/// How old a purchase is before its provider is asked about it.
const OPEN_FOR: Duration = Duration::from_mins(2);
/// However old an event is.
const EVER: Duration = Duration::from_hours(100 * 365 * 24);

/// What a reconciliation found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reconciled {
    /// Events that are clear now, or had not arrived.
    pub events: u64,
    /// Subscriptions that differed from what their provider says.
    pub subscriptions: u64,
    /// Accounts whose plan changed because time passed.
    pub plans: u64,
    /// The providers that did not answer, and are asked again later.
    pub unanswered: Vec<&'static str>,
}

impl Billing {
    /// Compares now, because an administrator wants it.
    ///
    /// # Errors
    /// [`BillingError::Access`], and as [`Billing::reconcile`].
    pub async fn reconcile_for(&self, actor: &Actor) -> Result<Reconciled, BillingError> {
        require(actor, Permission::Administer)?;
        let done = self.reconcile().await?;
        let Reconciled { events, subscriptions, plans, unanswered } = &done;
        let details = json!({
            "events": events,
            "subscriptions": subscriptions,
            "plans": plans,
            "unanswered": unanswered,
        });
        self.note_for_house(actor, ("payments.reconcile", "payments"), details).await?;
        Ok(done)
    }

    /// Moves the sandbox's clock on; answers its time.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::NoProvider`] without a sandbox,
    /// [`BillingError::Payment`], [`BillingError::Store`].
    pub async fn advance_sandbox(
        &self,
        actor: &Actor,
        by: Duration,
    ) -> Result<Timestamp, BillingError> {
        require(actor, Permission::Administer)?;
        let desk = self.sandbox().ok_or(BillingError::NoProvider)?;
        let now = desk.advance(by).await?;
        let details = json!({ "by_seconds": by.as_secs(), "after": now });
        self.note_for_house(actor, ("sandbox.advance", "sandbox"), details).await?;
        Ok(now)
    }

    /// Applies what did not arrive and what was unclear, asks every provider about subscriptions
    /// whose period is over or whose discount was not told of, and ends plans whose time is up and
    /// subscriptions that were not paid for within the grace; one provider does not wait for what
    /// another one answers.
    ///
    /// # Errors
    /// [`BillingError::Store`]; a provider that does not answer is logged and asked again later.
    pub async fn reconcile(&self) -> Result<Reconciled, BillingError> {
        let Some(till) = &self.till else { return Ok(Reconciled::default()) };
        let mut done = Reconciled::default();
        for provider in till.providers() {
            self.reconcile_with(provider, &mut done).await?;
        }
        self.end_abandoned(&till.names(), &mut done).await?;
        Ok(done)
    }

    async fn reconcile_with(
        &self,
        provider: &dyn PaymentProvider,
        done: &mut Reconciled,
    ) -> Result<(), BillingError> {
        match self.fetch_missed_events(provider).await? {
            Some(taken) => done.events += taken,
            None => done.unanswered.push(provider.id()),
        }
        done.events += self.apply_unclear_events(provider, EVER).await?;
        self.end_duplicates(provider).await?;
        let (id, now) = (provider.id(), self.clock.now());
        let mut last: Option<Subscription> = None;
        loop {
            let snapshot = self.store.read().await?;
            let payments = snapshot.payments();
            let due = payments.list_due_subscriptions(id, now, last.as_ref(), ROUND).await?;
            drop(snapshot);
            for subscription in &due {
                self.look_after(provider, subscription, done).await?;
            }
            last = due.into_iter().next_back();
            if last.is_none() {
                return Ok(());
            }
        }
    }

    /// Asks about a subscription, puts its account on the plan that it gives, and ends it where its
    /// payment is missing for too long.
    async fn look_after(
        &self,
        provider: &dyn PaymentProvider,
        subscription: &Subscription,
        done: &mut Reconciled,
    ) -> Result<(), BillingError> {
        let compared = heed(self.compare_or_end(provider, subscription).await, subscription)?;
        done.plans += u64::from(self.follow(subscription).await?);
        // Only what its provider says just now is a reason to end it.
        let Some(differed) = compared else { return Ok(()) };
        let ended = heed(self.end_unpaid(provider, subscription).await, subscription)?;
        done.subscriptions += u64::from(differed || ended.unwrap_or(false));
        Ok(())
    }

    /// A buyer comes back from paying, with a query that the provider signed: the purchase is asked
    /// for now, and not when its event comes.
    ///
    /// # Errors
    /// [`BillingError::NotOffered`] for a provider that is not in use,
    /// [`BillingError::Unverified`], [`BillingError::Store`].
    pub async fn confirm_return(
        &self,
        provider: &str,
        query: &[(String, String)],
    ) -> Result<(), BillingError> {
        let provider = self.require_provider(provider)?;
        let purchase = provider.read_return(query)?;
        match provider.list_events(self.clock.now(), &[purchase]).await {
            Ok(told) => {
                for told in told {
                    self.note_event(provider, told.event, told.body).await?;
                }
            }
            // Its event will tell.
            Err(error) => tracing::warn!(%error, "a purchase was not asked for"),
        }
        Ok(())
    }

    /// Asks the provider what it told, and takes what is not known; answers how much that was, or
    /// nothing where the provider does not answer.
    async fn fetch_missed_events(
        &self,
        provider: &dyn PaymentProvider,
    ) -> Result<Option<u64>, BillingError> {
        let (id, now) = (provider.id(), self.clock.now());
        let snapshot = self.store.read().await?;
        let open = now.minus(OPEN_FOR);
        let open = snapshot.payments().list_open_checkouts(id, open, ROUND).await?;
        drop(snapshot);
        let told = match provider.list_events(now.minus(LOOK_BACK), &open).await {
            Ok(told) => told,
            Err(error) => {
                tracing::warn!(%error, provider = id, "a payment provider was not asked what it told");
                return Ok(None);
            }
        };
        // Most are known; looking first keeps them away from the one writer.
        let snapshot = self.store.read().await?;
        let mut missed = Vec::new();
        for told in told {
            if !snapshot.payments().has_event(id, &told.event.event_ref).await? {
                missed.push(told);
            }
        }
        drop(snapshot);
        let mut taken = 0;
        for told in missed {
            match self.note_event(provider, told.event, told.body).await? {
                Received::Noted { outcome: EventOutcome::Applied, .. } => taken += 1,
                Received::Noted { .. } | Received::Known => {}
            }
        }
        Ok(Some(taken))
    }

    /// Tries what came within `age` and was unclear again.
    pub(crate) async fn apply_unclear_events(
        &self,
        provider: &dyn PaymentProvider,
        age: Duration,
    ) -> Result<u64, BillingError> {
        let (mut since, mut tried) = (self.clock.now().minus(age), BTreeSet::new());
        let mut applied = 0;
        loop {
            let snapshot = self.store.read().await?;
            let payments = snapshot.payments();
            let unclear = payments.list_unclear_events(provider.id(), since, ROUND).await?;
            drop(snapshot);
            let last = unclear.last().map(|event| event.received_at);
            let before = tried.len();
            for event in unclear {
                if tried.insert(event.id) {
                    let retried = self.apply_again(provider, event).await?;
                    applied += u64::from(retried == Retried::Clear);
                }
            }
            // What came at the same time as the last one is in the next round again.
            match last {
                Some(at) if tried.len() > before => since = at.max(since),
                Some(_) | None => return Ok(applied),
            }
        }
    }

    /// Asks the provider about the subscription of this name, where it is known here.
    pub(crate) async fn ask_about(
        &self,
        provider: &dyn PaymentProvider,
        subscription_ref: &str,
    ) -> Result<(), BillingError> {
        let (snapshot, id) = (self.store.read().await?, provider.id());
        let known = snapshot.payments().find_subscription_by_ref(id, subscription_ref).await?;
        drop(snapshot);
        match known {
            Some(known) => heed(self.compare(provider, &known).await, &known).map(drop),
            // Its own event tells all of it.
            None => Ok(()),
        }
    }

    /// Asks the provider about a subscription; whether it differed from what is known.
    pub(crate) async fn compare(
        &self,
        provider: &dyn PaymentProvider,
        subscription: &Subscription,
    ) -> Result<bool, BillingError> {
        let told = provider.fetch_subscription(&subscription.provider_ref).await?;
        let ends_are_told = provider.tells_of_cancellations();
        if differs(&told, &subscription.standing, ends_are_told) {
            return self.apply_told(provider, told).await;
        }
        Ok(false)
    }

    /// Notes what a provider answered of a subscription.
    pub(crate) async fn apply_told(
        &self,
        provider: &dyn PaymentProvider,
        told: ToldSubscription,
    ) -> Result<bool, BillingError> {
        let ground = self.derive_ground(provider);
        let verdict = self
            .store
            .write(move |tx| {
                let (ground, told) = (ground.clone(), told.clone());
                Box::pin(async move {
                    let verdict = ground.apply_subscription(tx, &told).await?;
                    ground.post(tx, &verdict.notices).await?;
                    Ok::<_, BillingError>(verdict)
                })
            })
            .await?;
        self.announce(&verdict.notices);
        Ok(verdict.outcome == EventOutcome::Applied)
    }

    /// Puts an account on the plan that its subscription gives it at this time.
    pub(crate) async fn follow(&self, subscription: &Subscription) -> Result<bool, BillingError> {
        let ground = self.derive_ground_without(&subscription.provider);
        let organization_id = subscription.organization_id;
        let notice = self
            .store
            .write(move |tx| {
                let ground = ground.clone();
                Box::pin(async move {
                    let notice = ground.follow_subscription(tx, organization_id).await?;
                    ground.post(tx, notice.as_slice()).await?;
                    Ok::<_, BillingError>(notice)
                })
            })
            .await?;
        self.announce(notice.as_slice());
        Ok(notice.is_some())
    }
}

/// What came of asking a provider; nothing where it did not do what it was asked for, which is logged
/// and asked for again later.
fn heed(
    asked: Result<bool, BillingError>,
    subscription: &Subscription,
) -> Result<Option<bool>, BillingError> {
    match asked {
        Ok(changed) => Ok(Some(changed)),
        Err(BillingError::Payment(error)) => {
            tracing::warn!(%error, subscription = %subscription.id, "not reconciled");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether a provider tells something else of a subscription than what is known.
fn differs(told: &ToldSubscription, known: &Standing, ends_are_told: bool) -> bool {
    let (now, before) = (&told.state, &known.state);
    now.status != before.status
        || now.period_end != before.period_end
        || (ends_are_told && now.at_period_end != before.at_period_end)
        || told.plan_id.is_some_and(|plan_id| plan_id != known.plan_id)
        || told.discount.is_news(known.discount)
}

#[cfg(test)]
mod tests {
    use gantry_rules::discount::{Discount, DiscountNews, KnownDiscount, ToldDiscount};
    use gantry_rules::plan::Interval;
    use gantry_rules::subscription::{AtPeriodEnd, SubscriptionState, SubscriptionStatus};
    use gantry_types::PlanId;

    use super::*;

    fn known() -> Standing {
        let state = SubscriptionState {
            status: SubscriptionStatus::Active,
            interval: Interval::Month,
            period_start: Timestamp::from_micros(0),
            period_end: Timestamp::from_micros(9),
            at_period_end: AtPeriodEnd::Renew,
            past_due_since: None,
            told_at: Timestamp::from_micros(1),
        };
        Standing { plan_id: PlanId::generate(), discount: KnownDiscount::NOTHING, state }
    }

    fn same(known: &Standing) -> ToldSubscription {
        ToldSubscription {
            provider_ref: "sub_1".to_owned(),
            organization_id: None,
            checkout_id: None,
            plan_id: Some(known.plan_id),
            discount: ToldDiscount::None,
            missed: None,
            state: known.state,
        }
    }

    #[test]
    fn another_plan_end_or_discount_differs() {
        let known = known();
        let told = same(&known);
        assert!(!differs(&told, &known, true));
        assert!(!differs(&ToldSubscription { plan_id: None, ..told.clone() }, &known, true));
        let other = ToldSubscription { plan_id: Some(PlanId::generate()), ..told.clone() };
        assert!(differs(&other, &known, true));
        let mut ends = told.clone();
        ends.state.at_period_end = AtPeriodEnd::Cancel;
        assert!(differs(&ends, &known, true));
        assert!(!differs(&ends, &known, false), "its provider does not tell of ends");
        let off = ToldDiscount::Off(Discount { minor: 300, until: None });
        assert!(differs(&ToldSubscription { discount: off, ..told.clone() }, &known, true));
        let awaited = KnownDiscount { off: None, news: DiscountNews::Awaited };
        assert!(differs(&told, &Standing { discount: awaited, ..known }, true));
    }
}
