//! Razorpay's events: signed over their bytes, with the webhook's secret, and without a time.
//!
//! Invariants: the name on an event's envelope is not signed, so that an event is named by the hash
//! of its bytes and a copy is the same event; what is older than Razorpay would still send is not
//! believed; what was fetched instead of sent is written in the shape of an event and read alike.

use std::time::Duration;

use gantry_ports::payments::{
    PaidPage, PaymentError, ProviderEvent, ProviderFact, RawEvent, ToldDispute, ToldSubscription,
    UnverifiedEvent,
};
use gantry_rules::discount::ToldDiscount;
use gantry_rules::subscription::{AtPeriodEnd, SubscriptionState, SubscriptionStatus};
use gantry_types::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Razorpay;
use super::shapes::{Dispute, Invoice, Payment, PaymentLink, Refund, Subscription};
use crate::shapes::{ORGANIZATION, PLAN, money_of, time_of};
use crate::signature::fits_hex;
use crate::unread::{Labels, name_by_bytes};

/// Our name for a purchase, in the notes of what it began.
pub(super) const CHECKOUT: &str = "checkout_id";
pub(super) const LABELS: Labels = Labels { id: None, kind: "event", at: "created_at" };
/// Razorpay sends an event again for a day.
const OLDEST: Duration = Duration::from_hours(25);

#[derive(Deserialize)]
struct Event {
    event: String,
    payload: Value,
    created_at: i64,
}

fn unreadable(reason: impl ToString) -> UnverifiedEvent {
    UnverifiedEvent::Unreadable { reason: reason.to_string() }
}

impl Event {
    /// An entity of the payload.
    fn entity<T: DeserializeOwned>(&self, name: &str) -> Result<T, UnverifiedEvent> {
        T::deserialize(&self.payload[name]["entity"])
            .map_err(|error| unreadable(format!("its {name}: {error}")))
    }

    fn has(&self, name: &str) -> bool {
        self.payload[name]["entity"].is_object()
    }
}

/// An event that was not sent, made of what was fetched.
pub(super) fn write_event(event: &str, entities: &[(&str, &Value)], created_at: i64) -> String {
    let payload: serde_json::Map<String, Value> = entities
        .iter()
        .map(|(name, entity)| ((*name).to_owned(), json!({ "entity": entity })))
        .collect();
    json!({ "entity": "event", "event": event, "payload": payload, "created_at": created_at })
        .to_string()
}

impl Razorpay {
    pub(super) async fn believe(
        &self,
        raw: RawEvent<'_>,
    ) -> Result<ProviderEvent, UnverifiedEvent> {
        let signature = raw.find_header("x-razorpay-signature");
        let signature = signature.ok_or(UnverifiedEvent::Signature)?;
        if !fits_hex(&self.webhook_secret, raw.body, signature) {
            return Err(UnverifiedEvent::Signature);
        }
        let event: Event = serde_json::from_slice(raw.body).map_err(unreadable)?;
        if raw.received_at.since(time_of(event.created_at)) > OLDEST {
            return Err(UnverifiedEvent::TooOld);
        }
        if let Some(plan) = event.payload["subscription"]["entity"]["plan_id"].as_str() {
            match self.fetch_plan(plan).await {
                Ok(_) | Err(PaymentError::NotFound { .. }) => {}
                Err(error) => {
                    return Err(UnverifiedEvent::Unavailable { reason: error.to_string() });
                }
            }
        }
        self.read(raw.body)
    }

    pub(super) fn read(&self, body: &[u8]) -> Result<ProviderEvent, UnverifiedEvent> {
        let event: Event = serde_json::from_slice(body).map_err(unreadable)?;
        let told_at = time_of(event.created_at);
        let fact = self.derive_fact(&event, told_at)?;
        Ok(ProviderEvent { event_ref: name_by_bytes(body), kind: event.event, told_at, fact })
    }

    fn derive_fact(
        &self,
        event: &Event,
        told_at: Timestamp,
    ) -> Result<ProviderFact, UnverifiedEvent> {
        Ok(match event.event.as_str() {
            "payment_link.paid" => {
                let link: PaymentLink = event.entity("payment_link")?;
                let payment: Payment = event.entity("payment")?;
                let checkout_id = link.reference_id.parse().ok();
                let payment = payment.tell(None)?;
                let page = PaidPage { provider_ref: Some(link.id), asked: Some(payment.amount) };
                ProviderFact::CheckoutPaid { checkout_id, page, payment: Some(payment) }
            }
            "payment_link.expired" | "payment_link.cancelled" => {
                let link: PaymentLink = event.entity("payment_link")?;
                ProviderFact::CheckoutExpired { checkout_id: link.reference_id.parse().ok() }
            }
            // What it is from then on, `subscription.charged` tells, which comes with it.
            "subscription.activated" => {
                let subscription: Subscription = event.entity("subscription")?;
                let checkout_id = subscription.notes.get(CHECKOUT);
                let checkout_id = checkout_id.and_then(|text| text.parse().ok());
                let page = PaidPage { provider_ref: Some(subscription.id), asked: None };
                ProviderFact::CheckoutPaid { checkout_id, page, payment: None }
            }
            kind if kind.starts_with("subscription.") => {
                let subscription: Subscription = event.entity("subscription")?;
                if subscription.notes.contains_key(ORGANIZATION) {
                    ProviderFact::Subscription(self.tell_subscription(&subscription, told_at)?)
                } else {
                    ProviderFact::Other
                }
            }
            "invoice.paid" if event.has("payment") => {
                let invoice: Invoice = event.entity("invoice")?;
                let payment: Payment = event.entity("payment")?;
                match invoice.subscription_id {
                    Some(name) => ProviderFact::PaymentReceived(payment.tell(Some(name))?),
                    None => ProviderFact::Other,
                }
            }
            kind @ ("refund.created" | "refund.processed" | "refund.failed")
                if event.has("refund") =>
            {
                ProviderFact::Refund(event.entity::<Refund>("refund")?.tell(kind)?)
            }
            // Noted by earlier versions, which asked for payments alone.
            "refund.processed" => {
                let payment: Payment = event.entity("payment")?;
                let total = payment.amount_refunded.unwrap_or_default();
                let total = money_of(total, &payment.currency)?;
                ProviderFact::Refunded { payment_ref: payment.id, total }
            }
            kind if kind.starts_with("payment.dispute.") => {
                let dispute: Dispute = event.entity("dispute")?;
                match dispute.derive_state() {
                    None => ProviderFact::Other,
                    Some(state) => ProviderFact::Disputed(ToldDispute {
                        dispute_ref: dispute.id,
                        amount: money_of(dispute.amount, &dispute.currency)?,
                        payment_ref: dispute.payment_id,
                        state,
                    }),
                }
            }
            _ => ProviderFact::Other,
        })
    }

    /// What a subscription says, when it says so at `told_at`.
    ///
    /// # Errors
    /// [`UnverifiedEvent::Unreadable`] for states that there are not, and while its plan is not
    /// known.
    pub(super) fn tell_subscription(
        &self,
        subscription: &Subscription,
        told_at: Timestamp,
    ) -> Result<ToldSubscription, UnverifiedEvent> {
        let plan = self.find_plan(&subscription.plan_id);
        let plan = plan.ok_or_else(|| unreadable("what its plan stands for is not known yet"))?;
        let status = match subscription.status.as_str() {
            "created" | "paused" => SubscriptionStatus::Incomplete,
            // The card was shown, and the first payment is due at once or later.
            "authenticated" if subscription.start_at.is_none() => SubscriptionStatus::Incomplete,
            "authenticated" => SubscriptionStatus::Trialing,
            "active" => SubscriptionStatus::Active,
            "pending" | "halted" => SubscriptionStatus::PastDue,
            "cancelled" | "completed" | "expired" => SubscriptionStatus::Ended,
            other => return Err(unreadable(format!("`{other}` is no state of a subscription"))),
        };
        let start = subscription.current_start.unwrap_or(subscription.created_at);
        let end = subscription.current_end.or(subscription.start_at).unwrap_or(start);
        let notes = &subscription.notes;
        Ok(ToldSubscription {
            provider_ref: subscription.id.clone(),
            organization_id: notes.get(ORGANIZATION).and_then(|text| text.parse().ok()),
            // Who has the key alone begins a subscription and writes its notes.
            checkout_id: None,
            plan_id: plan.plan_id.or_else(|| notes.get(PLAN)?.parse().ok()),
            // What is sold there is sold at its whole price.
            discount: ToldDiscount::None,
            state: SubscriptionState {
                status,
                interval: plan.interval,
                period_start: time_of(start),
                period_end: time_of(end),
                at_period_end: AtPeriodEnd::Renew,
                past_due_since: None,
                told_at,
            },
        })
    }
}
