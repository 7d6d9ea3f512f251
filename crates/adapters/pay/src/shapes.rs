//! The objects of Stripe's API, as far as they are used here, and what they say in our words.
//!
//! Field names and states are those of Stripe's public OpenAPI description. Invariant: a field
//! that is not needed is not read, so that a provider may add to its objects.

use std::collections::BTreeMap;

use gantry_ports::payments::{
    ProviderEvent, ProviderFact, ToldPayment, ToldSubscription, UnverifiedEvent,
};
use gantry_rules::plan::Interval;
use gantry_rules::subscription::{AtPeriodEnd, SubscriptionState, SubscriptionStatus};
use gantry_types::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What we hang on an object so that its events lead back to us.
pub(crate) type Metadata = BTreeMap<String, String>;

pub(crate) const ORGANIZATION: &str = "organization_id";
pub(crate) const PLAN: &str = "plan_id";

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub created: i64,
    pub data: EventData,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EventData {
    pub object: Value,
}

/// A page on which somebody pays.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CheckoutSession {
    pub id: String,
    pub client_reference_id: Option<String>,
    /// `payment` or `subscription`.
    pub mode: String,
    /// `paid`, `unpaid` or `no_payment_required`.
    pub payment_status: String,
    pub payment_intent: Option<String>,
    pub subscription: Option<String>,
    pub amount_total: i64,
    pub currency: String,
    #[serde(default)]
    pub metadata: Metadata,
}

/// A subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub id: String,
    pub status: String,
    pub cancel_at_period_end: bool,
    pub items: Items,
    #[serde(default)]
    pub metadata: Metadata,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Items {
    pub data: Vec<SubscriptionItem>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SubscriptionItem {
    pub current_period_start: i64,
    pub current_period_end: i64,
    pub price: Price,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Price {
    pub unit_amount: i64,
    pub currency: String,
    pub recurring: Recurring,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Recurring {
    /// `month` or `year`.
    pub interval: String,
}

/// A bill of a subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Invoice {
    pub id: String,
    pub subscription: Option<String>,
    pub amount_due: i64,
    pub amount_paid: i64,
    pub currency: String,
    pub description: Option<String>,
    #[serde(default)]
    pub metadata: Metadata,
}

/// Money that was taken, and perhaps given back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub id: String,
    pub payment_intent: Option<String>,
    pub invoice: Option<String>,
    pub amount_refunded: i64,
    pub currency: String,
}

impl Event {
    /// Reads a message that was verified.
    ///
    /// # Errors
    /// [`UnverifiedEvent::Unreadable`].
    pub(crate) fn read(body: &[u8]) -> Result<ProviderEvent, UnverifiedEvent> {
        let event: Self = parse(serde_json::from_slice(body))?;
        let told_at = time_of(event.created);
        let fact = derive_fact(&event.kind, event.data.object, told_at)?;
        Ok(ProviderEvent { event_ref: event.id, kind: event.kind, told_at, fact })
    }
}

fn parse<T>(read: Result<T, serde_json::Error>) -> Result<T, UnverifiedEvent> {
    read.map_err(|error| UnverifiedEvent::Unreadable { reason: error.to_string() })
}

fn derive_fact(
    kind: &str,
    object: Value,
    told_at: Timestamp,
) -> Result<ProviderFact, UnverifiedEvent> {
    Ok(match kind {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            let session: CheckoutSession = parse(serde_json::from_value(object))?;
            if session.payment_status == "unpaid" {
                // The money is on its way; another event tells when it is there.
                return Ok(ProviderFact::Other);
            }
            session.derive_fact()?
        }
        "checkout.session.expired" | "checkout.session.async_payment_failed" => {
            let session: CheckoutSession = parse(serde_json::from_value(object))?;
            ProviderFact::CheckoutExpired { checkout_id: session.checkout_id() }
        }
        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted"
        | "customer.subscription.paused"
        | "customer.subscription.resumed" => {
            let subscription: Subscription = parse(serde_json::from_value(object))?;
            ProviderFact::Subscription(subscription.tell(told_at)?)
        }
        "invoice.paid" | "invoice.payment_succeeded" => {
            let invoice: Invoice = parse(serde_json::from_value(object))?;
            ProviderFact::PaymentReceived(invoice.tell(invoice.amount_paid)?)
        }
        "invoice.payment_failed" => {
            let invoice: Invoice = parse(serde_json::from_value(object))?;
            ProviderFact::PaymentFailed(invoice.tell(invoice.amount_due)?)
        }
        "charge.refunded" => {
            let charge: Charge = parse(serde_json::from_value(object))?;
            let payment_ref = charge.invoice.or(charge.payment_intent).unwrap_or(charge.id);
            let total = money_of(charge.amount_refunded, &charge.currency)?;
            ProviderFact::Refunded { payment_ref, total }
        }
        _ => ProviderFact::Other,
    })
}

impl CheckoutSession {
    fn checkout_id(&self) -> Option<gantry_types::CheckoutId> {
        self.client_reference_id.as_deref()?.parse().ok()
    }

    fn derive_fact(self) -> Result<ProviderFact, UnverifiedEvent> {
        let checkout_id = self.checkout_id();
        let amount = money_of(self.amount_total, &self.currency)?;
        let organization_id = find_id(&self.metadata, ORGANIZATION);
        // A subscription's first payment is told by its invoice.
        let payment = self.payment_intent.filter(|_| self.mode == "payment").map(|provider_ref| {
            ToldPayment {
                provider_ref,
                subscription_ref: None,
                organization_id,
                amount,
                description: String::new(),
            }
        });
        Ok(ProviderFact::CheckoutPaid { checkout_id, payment })
    }
}

impl Subscription {
    /// What it says, when it says so at `told_at`.
    ///
    /// # Errors
    /// [`UnverifiedEvent::Unreadable`] for states and intervals that there are not.
    pub(crate) fn tell(&self, told_at: Timestamp) -> Result<ToldSubscription, UnverifiedEvent> {
        let refuse = |reason: String| UnverifiedEvent::Unreadable { reason };
        let item = self.items.data.first();
        let item = item.ok_or_else(|| refuse("the subscription has no item".to_owned()))?;
        let status = match self.status.as_str() {
            "incomplete" => SubscriptionStatus::Incomplete,
            "trialing" => SubscriptionStatus::Trialing,
            "active" => SubscriptionStatus::Active,
            "past_due" => SubscriptionStatus::PastDue,
            "canceled" | "unpaid" | "incomplete_expired" | "paused" => SubscriptionStatus::Ended,
            other => return Err(refuse(format!("`{other}` is no state of a subscription"))),
        };
        let interval = match item.price.recurring.interval.as_str() {
            "month" => Interval::Month,
            "year" => Interval::Year,
            other => return Err(refuse(format!("`{other}` is no interval of a plan"))),
        };
        Ok(ToldSubscription {
            provider_ref: self.id.clone(),
            organization_id: find_id(&self.metadata, ORGANIZATION),
            plan_id: find_id(&self.metadata, PLAN),
            state: SubscriptionState {
                status,
                interval,
                period_start: time_of(item.current_period_start),
                period_end: time_of(item.current_period_end),
                at_period_end: if self.cancel_at_period_end {
                    AtPeriodEnd::Cancel
                } else {
                    AtPeriodEnd::Renew
                },
                past_due_since: None,
                told_at,
            },
        })
    }
}

impl Invoice {
    fn tell(&self, minor: i64) -> Result<ToldPayment, UnverifiedEvent> {
        Ok(ToldPayment {
            provider_ref: self.id.clone(),
            subscription_ref: self.subscription.clone(),
            organization_id: find_id(&self.metadata, ORGANIZATION),
            amount: money_of(minor, &self.currency)?,
            description: self.description.clone().unwrap_or_default(),
        })
    }
}

fn find_id<T: std::str::FromStr>(metadata: &Metadata, key: &str) -> Option<T> {
    metadata.get(key)?.parse().ok()
}

/// Providers write currencies in small letters.
fn money_of(minor: i64, currency: &str) -> Result<Money, UnverifiedEvent> {
    let refuse = |reason: String| UnverifiedEvent::Unreadable { reason };
    let currency: Currency =
        currency.to_ascii_uppercase().parse().map_err(|error| refuse(format!("{error}")))?;
    if minor < 0 {
        return Err(refuse("an amount is below zero".to_owned()));
    }
    Ok(Money { minor, currency })
}

/// Providers count seconds.
pub(crate) const fn time_of(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds.saturating_mul(1_000_000))
}

pub(crate) const fn seconds_of(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(1_000_000)
}
