//! What the sandbox knows: checkouts, subscriptions, charges, and events on their way.

use std::collections::{BTreeMap, BTreeSet};

use gantry_ports::payments::{CheckoutOrder, PaymentError, Purchase};
use gantry_rules::plan::Interval;
use gantry_types::{Money, RefundId, Timestamp};
use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cards::Card;
use crate::shapes::{
    Charge, CheckoutSession, Dispute, Event, EventData, Invoice, Items, Metadata, ORGANIZATION,
    PLAN, Parent, Price, Recurring, Subscription, SubscriptionDetails, SubscriptionItem,
    seconds_of,
};

/// What becomes of a checkout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Progress {
    Open,
    Paid,
    /// Closed before anybody paid.
    Expired,
}

/// A checkout.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Checkout {
    pub order: Order,
    pub progress: Progress,
}

/// What was ordered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Order {
    pub reference: String,
    pub metadata: Metadata,
    pub title: String,
    pub price: Money,
    pub interval: Option<Interval>,
    pub trial_days: u32,
    pub return_url: String,
}

/// A subscription with what its provider needs to renew it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Renewing {
    pub shape: Subscription,
    pub title: String,
    pub price: Money,
    pub interval: Interval,
    pub card: Card,
    /// The first day of the first period that was paid.
    pub anchor_s: i64,
    /// How many periods began since.
    pub periods: i32,
    /// Minor units that the next bill is smaller by.
    pub credit_minor: i64,
    /// How often the present bill was asked for in vain.
    pub failures: usize,
    /// When it is asked for again.
    pub retry_s: Option<i64>,
}

/// Everything.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Book {
    pub secret: String,
    /// How far its clock is ahead.
    pub ahead_s: i64,
    pub checkouts: BTreeMap<String, Checkout>,
    pub subscriptions: BTreeMap<String, Renewing>,
    pub charges: BTreeMap<String, (Charge, i64)>,
    /// What was given back.
    #[serde(default)]
    pub refunds: BTreeSet<RefundId>,
    /// Disputes that are open, and when they end.
    #[serde(default)]
    pub disputes: Vec<(Dispute, i64)>,
    pub outbox: Vec<Event>,
}

impl Book {
    /// An empty one with a new secret.
    pub(super) fn begin() -> Result<Self, getrandom::Error> {
        let mut secret = [0_u8; 24];
        getrandom::fill(&mut secret)?;
        Ok(Self {
            secret: format!("whsec_{}", hex::encode(secret)),
            ahead_s: 0,
            checkouts: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            charges: BTreeMap::new(),
            refunds: BTreeSet::new(),
            disputes: Vec::new(),
            outbox: Vec::new(),
        })
    }

    pub(super) fn time(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_micros(now.as_micros().saturating_add(self.ahead_s * 1_000_000))
    }

    pub(super) fn get_checkout(&mut self, id: &str) -> Result<&mut Checkout, PaymentError> {
        self.checkouts.get_mut(id).ok_or(PaymentError::NotFound { what: "checkout" })
    }

    pub(super) fn get_subscription(&mut self, id: &str) -> Result<&mut Renewing, PaymentError> {
        self.subscriptions.get_mut(id).ok_or(PaymentError::NotFound { what: "subscription" })
    }

    /// Tells of something.
    pub(super) fn tell<T: Serialize>(
        &mut self,
        kind: &str,
        object: &T,
        at_s: i64,
    ) -> Result<(), PaymentError> {
        let object = serde_json::to_value(object)
            .map_err(|error| PaymentError::Unavailable { reason: error.to_string() })?;
        let data = EventData { object: named(object, kind) };
        self.outbox.push(Event { id: name("evt"), kind: kind.to_owned(), created: at_s, data });
        Ok(())
    }

    /// Tells how a subscription stands.
    pub(super) fn tell_subscription(
        &mut self,
        kind: &str,
        id: &str,
        at_s: i64,
    ) -> Result<(), PaymentError> {
        let shape = self.get_subscription(id)?.shape.clone();
        self.tell(kind, &shape, at_s)
    }

    /// A bill that was paid.
    pub(super) fn bill(
        &mut self,
        renewing: (&str, &Renewing),
        minor: i64,
        at_s: i64,
    ) -> Result<(), PaymentError> {
        let (id, renewing) = renewing;
        let invoice = invoice_of((id, renewing), (minor, minor), at_s);
        let charge = Charge {
            id: name("ch"),
            payment_intent: None,
            invoice: Some(invoice.id.clone()),
            amount_refunded: 0,
            currency: invoice.currency.clone(),
            outcome: None,
            payment_method_details: None,
        };
        self.charges.insert(invoice.id.clone(), (charge, minor));
        self.tell("invoice.paid", &invoice, at_s)
    }
}

/// The bill of a subscription.
pub(super) fn invoice_of(
    (id, renewing): (&str, &Renewing),
    (due, paid): (i64, i64),
    at_s: i64,
) -> Invoice {
    Invoice {
        id: name("in"),
        subscription: None,
        parent: Some(Parent {
            subscription_details: Some(SubscriptionDetails {
                subscription: Some(id.to_owned()),
                metadata: renewing.shape.metadata.clone(),
            }),
        }),
        amount_due: due,
        amount_paid: paid,
        currency: small(renewing.price),
        description: Some(renewing.title.clone()),
        status: Some(if paid == due { "paid" } else { "open" }.to_owned()),
        number: None,
        hosted_invoice_url: None,
        invoice_pdf: None,
        created: at_s,
        metadata: Metadata::new(),
        payments: None,
    }
}

impl Checkout {
    /// Refuses one on which nobody can pay.
    pub(super) fn require_open(&self) -> Result<(), PaymentError> {
        let reason = match self.progress {
            Progress::Open => return Ok(()),
            Progress::Paid => "this was paid already",
            Progress::Expired => "this page is closed; pay on the one that was opened after it",
        };
        Err(PaymentError::Refused { reason: reason.to_owned() })
    }
}

impl Order {
    pub(super) fn of(order: &CheckoutOrder) -> Self {
        let mut metadata =
            Metadata::from([(ORGANIZATION.to_owned(), order.organization_id.to_string())]);
        let (interval, trial_days) = match &order.purchase {
            Purchase::Plan { plan_id, interval, trial_days } => {
                metadata.insert(PLAN.to_owned(), plan_id.to_string());
                (Some(*interval), *trial_days)
            }
            Purchase::Package { .. } => (None, 0),
        };
        Self {
            reference: order.id.to_string(),
            metadata,
            title: order.title.clone(),
            price: order.price,
            interval,
            trial_days,
            return_url: order.return_url.clone(),
        }
    }

    /// Its page, as events tell of it.
    pub(super) fn session(&self, id: &str, payment_status: &str) -> CheckoutSession {
        CheckoutSession {
            id: id.to_owned(),
            client_reference_id: Some(self.reference.clone()),
            mode: if self.interval.is_some() { "subscription" } else { "payment" }.to_owned(),
            payment_status: payment_status.to_owned(),
            payment_intent: None,
            subscription: None,
            amount_subtotal: Some(self.price.minor),
            amount_total: Some(self.price.minor),
            automatic_tax: None,
            total_details: None,
            currency: Some(small(self.price)),
            url: None,
            metadata: self.metadata.clone(),
        }
    }

    /// The subscription that it begins.
    pub(super) fn begin(&self, interval: Interval, card: Card, now: Timestamp) -> Renewing {
        let start = seconds_of(now);
        let trial = i64::from(self.trial_days) * 86_400;
        let (status, end) = if trial > 0 {
            ("trialing", start + trial)
        } else {
            ("active", later(start, interval, 1))
        };
        let item = SubscriptionItem {
            id: name("si"),
            current_period_start: start,
            current_period_end: end,
            price: price_of(self.price, interval),
        };
        Renewing {
            shape: Subscription {
                id: name("sub"),
                status: status.to_owned(),
                cancel_at_period_end: false,
                customer: None,
                items: Items { data: vec![item] },
                discounts: Vec::new(),
                metadata: self.metadata.clone(),
            },
            title: self.title.clone(),
            price: self.price,
            interval,
            card,
            anchor_s: if trial > 0 { end } else { start },
            periods: i32::from(trial == 0),
            credit_minor: 0,
            failures: 0,
            retry_s: None,
        }
    }
}

pub(super) fn price_of(price: Money, interval: Interval) -> Price {
    Price {
        unit_amount: Some(price.minor),
        currency: small(price),
        recurring: Some(Recurring { interval: interval.as_str().to_owned() }),
    }
}

/// `count` intervals after `anchor`, on the same day of the month or its last one.
pub(crate) fn later(anchor: i64, interval: Interval, count: i32) -> i64 {
    let months = match interval {
        Interval::Month => count,
        Interval::Year => count.saturating_mul(12),
    };
    let fallback = anchor.saturating_add(i64::from(months) * 30 * 86_400);
    let Ok(instant) = jiff::Timestamp::from_second(anchor) else { return fallback };
    let begun = instant.to_zoned(jiff::tz::TimeZone::UTC);
    begun.checked_add(months.months()).map_or(fallback, |end| end.timestamp().as_second())
}

pub(super) fn small(money: Money) -> String {
    money.currency.to_string().to_ascii_lowercase()
}

/// A new name, such as `sub_0190…`.
pub(super) fn name(kind: &str) -> String {
    format!("{kind}_{}", uuid::Uuid::now_v7().simple())
}

/// Objects carry their kind.
fn named(mut object: Value, kind: &str) -> Value {
    let family = kind.rsplit_once('.').map_or(kind, |(family, _)| family);
    let word = match family {
        "customer.subscription" => "subscription",
        "charge.dispute" => "dispute",
        other => other,
    };
    if let Some(fields) = object.as_object_mut() {
        fields.insert("object".to_owned(), json!(word));
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_keep_their_day_where_there_is_one() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        let anchor = at("2027-01-31T10:00:00Z");
        assert_eq!(later(anchor, Interval::Month, 1), at("2027-02-28T10:00:00Z"));
        assert_eq!(later(anchor, Interval::Month, 2), at("2027-03-31T10:00:00Z"));
        let leap = at("2028-02-29T00:00:00Z");
        assert_eq!(later(leap, Interval::Year, 1), at("2029-02-28T00:00:00Z"));
        assert_eq!(later(leap, Interval::Year, 4), at("2032-02-29T00:00:00Z"));
    }
}
