//! What the stand-in for Stripe knows, and how its objects travel.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::fields::list_breaches;
use crate::fakes::server::FakeAnswer;

/// The version of the API that is spoken.
pub(super) const VERSION: &str = "2025-09-30.clover";

/// What a card does, by the numbers that Stripe documents for its test mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Card {
    Pays,
    PaysOnce,
    Declined,
    AsksFirst,
    Disputes,
    Suspicious,
}

impl Card {
    pub(super) fn find(number: &str) -> Option<Self> {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        Some(match digits.as_str() {
            "4242424242424242" => Self::Pays,
            "4000000000000341" => Self::PaysOnce,
            "4000000000000002" => Self::Declined,
            "4000002500003155" => Self::AsksFirst,
            "4000000000000259" => Self::Disputes,
            "4000000000009235" => Self::Suspicious,
            _ => return None,
        })
    }

    pub(super) const fn pays_again(self) -> bool {
        match self {
            Self::Pays | Self::AsksFirst | Self::Disputes | Self::Suspicious => true,
            Self::PaysOnce | Self::Declined => false,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Customer {
    pub card: Card,
    /// Minor units that the next invoice is smaller by.
    pub credit: i64,
    pub currency: String,
}

#[derive(Debug, Clone)]
pub(super) struct Price {
    pub id: String,
    pub product: String,
    pub amount: i64,
    pub currency: String,
    /// `month` or `year`; none for what is paid once.
    pub interval: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Session {
    pub id: String,
    pub reference: Option<String>,
    pub metadata: Map<String, Value>,
    /// Of the subscription or the payment.
    pub inner_metadata: Map<String, Value>,
    pub customer: Option<String>,
    pub price: Price,
    pub title: String,
    pub trial_days: i64,
    pub takes_codes: bool,
    pub success_url: String,
    pub created: i64,
    /// `open`, `complete` or `expired`.
    pub status: &'static str,
    pub payment_intent: Option<String>,
    pub subscription: Option<String>,
    /// What was paid in the end.
    pub total: i64,
}

#[derive(Debug, Clone)]
pub(super) struct Subscription {
    pub id: String,
    pub item: String,
    pub customer: String,
    pub status: &'static str,
    pub cancels: bool,
    pub price: Price,
    pub title: String,
    pub metadata: Map<String, Value>,
    pub created: i64,
    pub start: i64,
    pub end: i64,
    pub anchor: i64,
    pub periods: i32,
    /// The invoice that is not paid yet, when it is asked for, and how often it was.
    pub due: Option<Due>,
}

#[derive(Debug, Clone)]
pub(super) struct Due {
    pub invoice: String,
    pub at: i64,
    pub failures: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Invoice {
    pub id: String,
    pub number: String,
    pub subscription: String,
    pub metadata: Map<String, Value>,
    pub customer: String,
    pub total: i64,
    pub due: i64,
    pub paid: i64,
    pub currency: String,
    pub reason: &'static str,
    pub status: &'static str,
    pub attempts: i64,
    pub created: i64,
    pub title: String,
    pub intent: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Charge {
    pub id: String,
    pub intent: String,
    pub customer: Option<String>,
    pub amount: i64,
    pub refunded: i64,
    pub currency: String,
    pub metadata: Map<String, Value>,
    pub card: Card,
    pub paid: bool,
    pub created: i64,
    /// The dispute about it and its state.
    pub dispute: Option<(String, &'static str)>,
}

/// Everything.
#[derive(Default)]
pub(super) struct Book {
    pub count: u64,
    pub products: BTreeMap<String, Value>,
    pub customers: BTreeMap<String, Customer>,
    pub sessions: BTreeMap<String, Session>,
    pub subscriptions: BTreeMap<String, Subscription>,
    pub invoices: BTreeMap<String, Invoice>,
    pub charges: BTreeMap<String, Charge>,
    /// Promotion codes and the percent that they take off.
    pub codes: BTreeMap<String, i64>,
    /// All events, oldest first.
    pub events: Vec<Value>,
    /// The names of those that were not taken yet.
    pub outbox: Vec<String>,
    /// What was answered to idempotency keys.
    pub replays: BTreeMap<String, (String, FakeAnswer)>,
    pub breaches: Vec<String>,
    /// Requests that did something, by method and path pattern.
    pub done: Vec<String>,
}

impl Book {
    pub(super) fn name(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}_{:014}", self.count)
    }

    /// Tells of an object.
    pub(super) fn tell(&mut self, kind: &str, object: Value, now: i64) {
        let id = self.name("evt");
        let event = json!({
            "id": id,
            "object": "event",
            "api_version": VERSION,
            "created": now,
            "livemode": false,
            "pending_webhooks": 1,
            "request": { "id": null, "idempotency_key": null },
            "type": kind,
            "data": { "object": object },
        });
        self.require_fields(&event);
        self.events.push(event);
        self.outbox.push(id);
    }

    pub(super) fn require_fields(&mut self, value: &Value) {
        self.breaches.extend(list_breaches(value));
    }
}

impl Price {
    fn show(&self, created: i64) -> Value {
        json!({
            "id": self.id,
            "object": "price",
            "active": true,
            "billing_scheme": "per_unit",
            "created": created,
            "currency": self.currency,
            "livemode": false,
            "metadata": {},
            "product": self.product,
            "recurring": self.interval.as_ref().map(|interval| {
                json!({ "interval": interval, "interval_count": 1, "usage_type": "licensed" })
            }),
            "type": if self.interval.is_some() { "recurring" } else { "one_time" },
            "unit_amount": self.amount,
        })
    }
}

impl Session {
    pub(super) fn show(&self, base: &str) -> Value {
        let open = self.status == "open";
        let settled = if self.total == 0 { "no_payment_required" } else { "paid" };
        json!({
            "id": self.id,
            "object": "checkout.session",
            "amount_total": self.total,
            "client_reference_id": self.reference,
            "created": self.created,
            "currency": self.price.currency,
            "customer": self.customer,
            "expires_at": self.created + 86_400,
            "livemode": false,
            "metadata": self.metadata,
            "mode": if self.price.interval.is_some() { "subscription" } else { "payment" },
            "payment_intent": self.payment_intent,
            "payment_status": if self.status == "complete" { settled } else { "unpaid" },
            "status": self.status,
            "subscription": self.subscription,
            "success_url": self.success_url,
            "url": open.then(|| format!("{base}/c/pay/{}", self.id)),
        })
    }
}

impl Subscription {
    pub(super) fn show(&self) -> Value {
        let item = json!({
            "id": self.item,
            "object": "subscription_item",
            "created": self.created,
            "current_period_end": self.end,
            "current_period_start": self.start,
            "metadata": {},
            "price": self.price.show(self.created),
            "quantity": 1,
            "subscription": self.id,
        });
        let url = format!("/v1/subscription_items?subscription={}", self.id);
        json!({
            "id": self.id,
            "object": "subscription",
            "cancel_at_period_end": self.cancels,
            "created": self.created,
            "currency": self.price.currency,
            "customer": self.customer,
            "items": { "object": "list", "data": [item], "has_more": false, "url": url },
            "livemode": false,
            "metadata": self.metadata,
            "start_date": self.created,
            "status": self.status,
        })
    }
}

impl Invoice {
    pub(super) fn show(&self) -> Value {
        let open = self.status != "draft";
        json!({
            "id": self.id,
            "object": "invoice",
            "amount_due": self.due,
            "amount_paid": self.paid,
            "amount_remaining": self.due - self.paid,
            "attempt_count": self.attempts,
            "attempted": self.attempts > 0,
            "billing_reason": self.reason,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "description": self.title,
            "hosted_invoice_url": open.then(|| format!("https://invoice.example/{}", self.id)),
            "invoice_pdf": open.then(|| format!("https://invoice.example/{}/pdf", self.id)),
            "livemode": false,
            "metadata": {},
            "number": open.then_some(&self.number),
            "parent": {
                "type": "subscription_details",
                "quote_details": null,
                "subscription_details": {
                    "subscription": self.subscription,
                    "metadata": self.metadata,
                },
            },
            "status": self.status,
            "total": self.total,
        })
    }

    /// Its payment, when it was paid with money.
    pub(super) fn show_payment(&self, id: &str, at: i64) -> Value {
        json!({
            "id": id,
            "object": "invoice_payment",
            "amount_paid": self.paid,
            "amount_requested": self.due,
            "created": at,
            "currency": self.currency,
            "invoice": self.id,
            "is_default": true,
            "livemode": false,
            "payment": { "type": "payment_intent", "payment_intent": self.intent },
            "status": "paid",
        })
    }
}

impl Charge {
    pub(super) fn show(&self) -> Value {
        let (level, score) = match self.card {
            Card::Suspicious => ("elevated", 71),
            Card::Pays | Card::PaysOnce | Card::Declined | Card::AsksFirst | Card::Disputes => {
                ("normal", 17)
            }
        };
        json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": if self.paid { self.amount } else { 0 },
            "amount_refunded": self.refunded,
            "captured": self.paid,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "disputed": self.dispute.is_some(),
            "livemode": false,
            "metadata": self.metadata,
            "outcome": {
                "network_status": "approved_by_network",
                "risk_level": level,
                "risk_score": score,
                "type": if self.paid { "authorized" } else { "issuer_declined" },
            },
            "paid": self.paid,
            "payment_intent": self.intent,
            "refunded": self.refunded == self.amount,
            "status": if self.paid { "succeeded" } else { "failed" },
        })
    }

    pub(super) fn show_dispute(&self, id: &str, status: &str, at: i64) -> Value {
        json!({
            "id": id,
            "object": "dispute",
            "amount": self.amount,
            "charge": self.id,
            "created": at,
            "currency": self.currency,
            "evidence_details": { "due_by": at + 864_000, "has_evidence": false,
                "past_due": false, "submission_count": 0 },
            "is_charge_refundable": false,
            "livemode": false,
            "metadata": {},
            "payment_intent": self.intent,
            "reason": "fraudulent",
            "status": status,
        })
    }
}
