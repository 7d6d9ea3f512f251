//! What was paid and what providers told, for administrators to look at; and what was unclear, tried again, given up,
//! or put aside.
//!
//! Invariants: an event that stays unclear is given up after a while, so that those of somebody
//! else's sales do not stand in the way of ours; it is told of then, stays in the list as unclear,
//! and can be tried or put aside by an administrator for as long as it does.

use std::time::Duration;

use gantry_access::{Actor, Permission, require};
use gantry_ports::payments::ProviderEvent;
use gantry_ports::store::{
    EventOutcome, Page, PageRequest, Payment, PaymentEvent, PaymentEventFilter, PaymentFilter,
    StoreExt, Tx, UnclearEvents,
};
use gantry_ports::{PaymentProvider, StoreError};
use gantry_types::{PaymentEventId, PaymentId, Timestamp};
use serde_json::json;

use crate::Billing;
use crate::apply_event::Ground;
use crate::error::BillingError;
use crate::notice::BillingNotice;
use crate::receive_event::ask_for_discount;

/// How long an event may stay unclear before it is given up.
const UNCLEAR_FOR: Duration = Duration::from_hours(8 * 24);

/// What became of an unclear event that was tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retried {
    /// It is understood.
    Clear,
    /// It is not, and will be tried again.
    Unclear,
    /// It is not, and will not be tried again by itself.
    GivenUp,
}

impl Billing {
    /// What providers told, without its text.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::Store`].
    pub async fn list_payment_events(
        &self,
        actor: &Actor,
        filter: &PaymentEventFilter,
        page: &PageRequest<PaymentEventId>,
    ) -> Result<Page<PaymentEvent, PaymentEventId>, BillingError> {
        require(actor, Permission::Administer)?;
        let snapshot = self.store.read().await?;
        Ok(snapshot.payments().list_events(filter, page).await?)
    }

    /// What all organizations paid.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::Store`].
    pub async fn list_all_payments(
        &self,
        actor: &Actor,
        filter: &PaymentFilter,
        page: &PageRequest<PaymentId>,
    ) -> Result<Page<Payment, PaymentId>, BillingError> {
        require(actor, Permission::Administer)?;
        let snapshot = self.store.read().await?;
        Ok(snapshot.payments().list_all_payments(filter, page).await?)
    }

    /// One event with the text that was signed. Who looked is noted: it may name people.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::Store`].
    pub async fn get_payment_event(
        &self,
        actor: &Actor,
        id: PaymentEventId,
    ) -> Result<PaymentEvent, BillingError> {
        require(actor, Permission::Administer)?;
        let (actor, now) = (actor.clone(), self.clock.now());
        self.store
            .write(move |tx| {
                let actor = actor.clone();
                Box::pin(async move {
                    let event = find(tx, id).await?;
                    let details = json!({ "event": event.event_ref, "kind": event.kind });
                    let subject = describe_subject(id);
                    let entry = actor.house_entry("payment_event.read", &subject, details, now);
                    tx.audit().append(&entry).await?;
                    Ok::<_, BillingError>(event)
                })
            })
            .await
    }

    /// How many events could not be understood.
    ///
    /// # Errors
    /// [`BillingError::Store`].
    pub async fn count_unclear_events(&self) -> Result<UnclearEvents, BillingError> {
        Ok(self.store.read().await?.payments().count_unclear_events().await?)
    }

    /// Tries an unclear event now, also one that was given up; answers it as it is afterwards.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::NotOffered`] for one of a provider that is not in
    /// use, [`BillingError::Conflict`] for one that is clear, [`BillingError::Store`].
    pub async fn apply_payment_event(
        &self,
        actor: &Actor,
        id: PaymentEventId,
    ) -> Result<PaymentEvent, BillingError> {
        require(actor, Permission::Administer)?;
        let snapshot = self.store.read().await?;
        let noted = snapshot.payments().find_event(id).await?.ok_or_else(missing)?;
        drop(snapshot);
        require_unclear(&noted)?;
        let provider = self.require_provider(&noted.provider)?;
        let told = provider.read_verified(noted.body.as_bytes());
        let told = ask_for_discount(provider, told).await;
        let (actor, ground) = (actor.clone(), self.derive_ground(provider));
        let (event, notices) = self
            .store
            .write(move |tx| {
                let (actor, ground, told) = (actor.clone(), ground.clone(), told.clone());
                Box::pin(async move { apply_for(tx, (&actor, id), &ground, &told).await })
            })
            .await?;
        self.announce(&notices);
        Ok(event)
    }

    /// Puts an unclear event aside: nothing follows from it, says an administrator.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::Conflict`] for one that is clear,
    /// [`BillingError::Store`].
    pub async fn dismiss_payment_event(
        &self,
        actor: &Actor,
        id: PaymentEventId,
        reason: &str,
    ) -> Result<PaymentEvent, BillingError> {
        require(actor, Permission::Administer)?;
        let (actor, note, now) = (actor.clone(), format!("put aside: {reason}"), self.clock.now());
        self.store
            .write(move |tx| {
                let (actor, note) = (actor.clone(), note.clone());
                Box::pin(async move {
                    let before = find(tx, id).await?;
                    require_unclear(&before)?;
                    let outcome = EventOutcome::Ignored;
                    tx.payments().set_event_outcome(id, outcome, &note).await?;
                    let after = PaymentEvent { outcome, note, ..before.clone() };
                    let whose = (&actor, "payment_event.dismiss");
                    audit_change(tx, whose, (&before, &after), now).await?;
                    Ok::<_, BillingError>(after)
                })
            })
            .await
    }

    /// Tries an unclear event, and gives it up when it is too old.
    pub(crate) async fn apply_again(
        &self,
        provider: &dyn PaymentProvider,
        noted: PaymentEvent,
    ) -> Result<Retried, BillingError> {
        let ground = self.derive_ground(provider);
        let is_stale = ground.now.since(noted.received_at) > UNCLEAR_FOR;
        let told = provider.read_verified(noted.body.as_bytes());
        let told = ask_for_discount(provider, told).await;
        let id = noted.id;
        let (understood, note) = self
            .store
            .write(move |tx| {
                let (ground, told) = (ground.clone(), told.clone());
                Box::pin(async move {
                    let verdict = ground.apply(tx, &told).await?;
                    ground.post(tx, &verdict.notices).await?;
                    match verdict.outcome {
                        EventOutcome::Unclear => Ok((None, verdict.note)),
                        EventOutcome::Applied | EventOutcome::Ignored => {
                            let (outcome, note) = (verdict.outcome, verdict.note);
                            tx.payments().set_event_outcome(id, outcome, &note).await?;
                            Ok::<_, BillingError>((Some(verdict.notices), note))
                        }
                    }
                })
            })
            .await?;
        match understood {
            Some(notices) => {
                self.announce(&notices);
                Ok(Retried::Clear)
            }
            None if is_stale => self.give_up(&noted, &note).await,
            None => Ok(Retried::Unclear),
        }
    }

    async fn give_up(&self, noted: &PaymentEvent, reason: &str) -> Result<Retried, BillingError> {
        let (id, now) = (noted.id, self.clock.now());
        let note = format!("given up: {reason}");
        self.store
            .write(move |tx| {
                let note = note.clone();
                Box::pin(async move {
                    Ok::<(), BillingError>(tx.payments().give_up_event(id, now, &note).await?)
                })
            })
            .await?;
        tracing::error!(
            event = noted.event_ref,
            kind = noted.kind,
            reason,
            "an event of payments stayed unclear and is not tried again by itself; look at it \
             with `gantry admin payments event {id}`"
        );
        Ok(Retried::GivenUp)
    }
}

/// Applies an event because an administrator wants it.
async fn apply_for(
    tx: &dyn Tx,
    (actor, id): (&Actor, PaymentEventId),
    ground: &Ground,
    told: &ProviderEvent,
) -> Result<(PaymentEvent, Vec<BillingNotice>), BillingError> {
    let before = find(tx, id).await?;
    require_unclear(&before)?;
    let verdict = ground.apply(tx, told).await?;
    ground.post(tx, &verdict.notices).await?;
    tx.payments().set_event_outcome(id, verdict.outcome, &verdict.note).await?;
    let after = PaymentEvent { outcome: verdict.outcome, note: verdict.note, ..before.clone() };
    let whose = (actor, "payment_event.apply");
    audit_change(tx, whose, (&before, &after), ground.now).await?;
    Ok((after, verdict.notices))
}

async fn find(tx: &dyn Tx, id: PaymentEventId) -> Result<PaymentEvent, StoreError> {
    tx.payments().find_event(id).await?.ok_or_else(missing)
}

const fn missing() -> StoreError {
    StoreError::NotFound { what: "payment event" }
}

fn require_unclear(event: &PaymentEvent) -> Result<(), BillingError> {
    match event.outcome {
        EventOutcome::Unclear => Ok(()),
        EventOutcome::Applied | EventOutcome::Ignored => {
            let word = event.outcome.as_str();
            let reason = format!("this event is {word} already; only unclear ones can be decided");
            Err(BillingError::Conflict { reason })
        }
    }
}

fn describe_subject(id: PaymentEventId) -> String {
    format!("payment_event {id}")
}

async fn audit_change(
    tx: &dyn Tx,
    (actor, action): (&Actor, &'static str),
    (before, after): (&PaymentEvent, &PaymentEvent),
    now: Timestamp,
) -> Result<(), StoreError> {
    let state =
        |event: &PaymentEvent| json!({ "outcome": event.outcome.as_str(), "note": event.note });
    let details =
        json!({ "event": after.event_ref, "before": state(before), "after": state(after) });
    let entry = actor.house_entry(action, &describe_subject(after.id), details, now);
    tx.audit().append(&entry).await
}
