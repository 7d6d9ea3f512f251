//! What was unclear or missed is made up for: by a chore, and on demand.
//!
//! Invariants: an event that the provider lists is applied like one that it sent, and once; an
//! event that stays unclear is given up after a while, so that those of somebody else's sales do
//! not stand in the way of ours.

use std::time::Duration;

use gantry_access::{Actor, Permission, require};
use gantry_ports::payments::ToldSubscription;
use gantry_ports::store::{EventOutcome, PaymentEvent, StoreExt};
use gantry_rules::subscription::Subscription;
use gantry_types::Timestamp;
use serde_json::json;

use crate::error::{BillingError, describe_unreadable};
use crate::receive_event::Received;
use crate::{Billing, Till};

/// How many subscriptions, purchases or events one round looks at.
const ROUND: u32 = 500;
/// How far back a provider is asked for what it told; providers themselves send for three days.
const LOOK_BACK: Duration = Duration::from_hours(7 * 24);
/// How old a purchase is before its provider is asked about it.
const OPEN_FOR: Duration = Duration::from_mins(2);
/// How long an event may stay unclear.
const UNCLEAR_FOR: Duration = Duration::from_hours(8 * 24);
/// However old an event is.
const EVER: Duration = Duration::from_hours(100 * 365 * 24);

/// What a reconciliation found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reconciled {
    /// Events that are clear now, or had not arrived.
    pub events: u64,
    /// Subscriptions that differed from what their provider says.
    pub subscriptions: u64,
    /// Accounts whose plan changed because time passed.
    pub plans: u64,
}

impl Billing {
    /// Compares now, because an administrator wants it.
    ///
    /// # Errors
    /// [`BillingError::Access`], and as [`Billing::reconcile`].
    pub async fn reconcile_for(&self, actor: &Actor) -> Result<Reconciled, BillingError> {
        require(actor, Permission::Administer)?;
        let done = self.reconcile().await?;
        let Reconciled { events, subscriptions, plans } = done;
        let details = json!({ "events": events, "subscriptions": subscriptions, "plans": plans });
        self.note(actor, ("payments.reconcile", "payments"), details).await?;
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
        self.note(actor, ("sandbox.advance", "sandbox"), details).await?;
        Ok(now)
    }

    /// Applies what did not arrive and what was unclear, asks the provider about subscriptions
    /// whose period is over, and ends plans whose time is up.
    ///
    /// # Errors
    /// [`BillingError::Store`]; a provider that does not answer is logged and asked again later.
    pub async fn reconcile(&self) -> Result<Reconciled, BillingError> {
        let Some(till) = &self.till else { return Ok(Reconciled::default()) };
        let mut done = Reconciled::default();
        done.events += self.fetch_missed_events(till).await?;
        done.events += self.apply_unclear_events(EVER).await?;
        self.end_duplicates(till).await?;
        let snapshot = self.store.read().await?;
        let due = snapshot.payments().list_due_subscriptions(self.clock.now(), ROUND).await?;
        drop(snapshot);
        for subscription in due.into_iter().filter(|due| due.provider == till.provider.id()) {
            done.subscriptions += u64::from(self.compare(till, &subscription).await?);
            done.plans += u64::from(self.follow(&subscription).await?);
        }
        Ok(done)
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
        let till = self.require_provider(provider)?;
        let purchase = till.provider.read_return(query)?;
        match till.provider.list_events(self.clock.now(), &[purchase]).await {
            Ok(told) => {
                for told in told {
                    self.note_event(told.event, told.body).await?;
                }
            }
            // Its event will tell.
            Err(error) => tracing::warn!(%error, "a purchase was not asked for"),
        }
        Ok(())
    }

    /// Asks the provider what it told, and takes what is not known.
    async fn fetch_missed_events(&self, till: &Till) -> Result<u64, BillingError> {
        let (provider, now) = (till.provider.id(), self.clock.now());
        let snapshot = self.store.read().await?;
        let open = now.minus(OPEN_FOR);
        let open = snapshot.payments().list_open_checkouts(provider, open, ROUND).await?;
        drop(snapshot);
        let told = match till.provider.list_events(now.minus(LOOK_BACK), &open).await {
            Ok(told) => told,
            Err(error) => {
                tracing::warn!(%error, "the payment provider was not asked what it told");
                return Ok(0);
            }
        };
        // Most are known; looking first keeps them away from the one writer.
        let snapshot = self.store.read().await?;
        let mut missed = Vec::new();
        for told in told {
            if !snapshot.payments().has_event(provider, &told.event.event_ref).await? {
                missed.push(told);
            }
        }
        drop(snapshot);
        let mut taken = 0;
        for told in missed {
            match self.note_event(told.event, told.body).await? {
                Received::Noted { outcome: EventOutcome::Applied, .. } => taken += 1,
                Received::Noted { .. } | Received::Known => {}
            }
        }
        Ok(taken)
    }

    /// Tries what came within `age` and was unclear again.
    pub(crate) async fn apply_unclear_events(&self, age: Duration) -> Result<u64, BillingError> {
        let till = self.require_till()?;
        let snapshot = self.store.read().await?;
        let since = self.clock.now().minus(age);
        let unclear = snapshot.payments().list_unclear_events(since, ROUND).await?;
        drop(snapshot);
        let mut applied = 0;
        for event in unclear.into_iter().filter(|event| event.provider == till.provider.id()) {
            applied += u64::from(self.apply_again(event).await?);
        }
        Ok(applied)
    }

    async fn apply_again(&self, noted: PaymentEvent) -> Result<bool, BillingError> {
        let till = self.require_till()?;
        let event = match till.provider.read_verified(noted.body.as_bytes()) {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(event = noted.event_ref, "{}", describe_unreadable(&error));
                return Ok(false);
            }
        };
        let ground = self.derive_ground()?;
        let stale = ground.now.since(noted.received_at) > UNCLEAR_FOR;
        let id = noted.id;
        let notices = self
            .store
            .write(move |tx| {
                let (ground, event) = (ground.clone(), event.clone());
                Box::pin(async move {
                    let verdict = ground.apply(tx, &event).await?;
                    ground.post(tx, &verdict.notices).await?;
                    let (outcome, note) = match verdict.outcome {
                        EventOutcome::Unclear if stale => {
                            (EventOutcome::Ignored, format!("given up: {}", verdict.note))
                        }
                        EventOutcome::Unclear => return Ok(None),
                        EventOutcome::Applied | EventOutcome::Ignored => {
                            (verdict.outcome, verdict.note)
                        }
                    };
                    tx.payments().set_event_outcome(id, outcome, &note).await?;
                    Ok::<_, BillingError>(Some(verdict.notices))
                })
            })
            .await?;
        self.announce(notices.as_deref().unwrap_or_default());
        Ok(notices.is_some())
    }

    /// Asks the provider about the subscription of this name, where it is known here.
    pub(crate) async fn ask_about(
        &self,
        till: &Till,
        subscription_ref: &str,
    ) -> Result<(), BillingError> {
        let snapshot = self.store.read().await?;
        let provider = till.provider.id();
        let known =
            snapshot.payments().find_subscription_by_ref(provider, subscription_ref).await?;
        drop(snapshot);
        match known {
            Some(known) => self.compare(till, &known).await.map(drop),
            // Its own event tells all of it.
            None => Ok(()),
        }
    }

    /// Asks the provider about a subscription; whether it differed from what is known.
    async fn compare(
        &self,
        till: &Till,
        subscription: &Subscription,
    ) -> Result<bool, BillingError> {
        let told = match till.provider.fetch_subscription(&subscription.provider_ref).await {
            Ok(told) => told,
            Err(error) => {
                tracing::warn!(%error, subscription = %subscription.id, "not reconciled");
                return Ok(false);
            }
        };
        let known = &subscription.standing.state;
        if told.state.status == known.status && told.state.period_end == known.period_end {
            return Ok(false);
        }
        self.apply_told(told).await
    }

    /// Notes what a provider answered of a subscription.
    pub(crate) async fn apply_told(&self, told: ToldSubscription) -> Result<bool, BillingError> {
        let ground = self.derive_ground()?;
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
    async fn follow(&self, subscription: &Subscription) -> Result<bool, BillingError> {
        let ground = self.derive_ground()?;
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
