//! What the stand-in for Stripe knows.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::coupons::{Coupon, Discount};
use super::fields::{fill, list_breaches};
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
    Blocked,
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
            "4100000000000019" => Self::Blocked,
            _ => return None,
        })
    }

    pub(super) const fn pays_again(self) -> bool {
        match self {
            Self::Pays | Self::AsksFirst | Self::Disputes | Self::Suspicious => true,
            Self::PaysOnce | Self::Declined | Self::Blocked => false,
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
    pub adds_taxes: bool,
    pub success_url: String,
    pub cancel_url: Option<String>,
    pub created: i64,
    /// `open`, `complete` or `expired`.
    pub status: &'static str,
    pub payment_intent: Option<String>,
    pub subscription: Option<String>,
    /// What was paid in the end.
    pub total: i64,
    /// The tax in that, once it was worked out.
    pub tax: Option<i64>,
}

#[derive(Debug, Clone)]
pub(super) struct Subscription {
    pub id: String,
    pub item: String,
    pub customer: String,
    pub status: &'static str,
    pub cancels: bool,
    pub price: Price,
    pub discount: Option<Discount>,
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

/// A line of an invoice.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub amount: i64,
    /// Whether it is a part of a period, because the price changed within it.
    pub is_part: bool,
    pub start: i64,
    pub end: i64,
    pub price: Price,
}

#[derive(Debug, Clone)]
pub(super) struct Invoice {
    pub id: String,
    pub number: String,
    pub subscription: String,
    pub item: String,
    pub metadata: Map<String, Value>,
    pub customer: String,
    pub lines: Vec<Line>,
    /// What a promotion code took off the lines.
    pub off: i64,
    pub total: i64,
    pub due: i64,
    pub paid: i64,
    pub currency: String,
    pub reason: &'static str,
    pub status: &'static str,
    pub attempts: i64,
    pub created: i64,
    pub paid_at: Option<i64>,
    pub voided_at: Option<i64>,
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
    /// What was given back, oldest first.
    pub refunds: Vec<Value>,
    /// Promotion codes and their coupons.
    pub codes: BTreeMap<String, Coupon>,
    /// The percents that are added to what is paid once on pages that want taxes, where any are.
    pub tax_percent: Option<i64>,
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

impl Line {
    /// A whole period.
    pub(super) fn whole(price: Price, (start, end): (i64, i64)) -> Self {
        Self { amount: price.amount, is_part: false, start, end, price }
    }

    /// A part of a period.
    pub(super) fn part(price: Price, amount: i64, (start, end): (i64, i64)) -> Self {
        Self { amount, is_part: true, start, end, price }
    }
}

impl Book {
    pub(super) fn name(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}_{:014}", self.count)
    }

    /// Tells of an object.
    pub(super) fn tell(&mut self, kind: &str, object: Value, now: i64) {
        let id = self.name("evt");
        let event = fill(json!({
            "id": id,
            "object": "event",
            "api_version": VERSION,
            "created": now,
            "livemode": false,
            "pending_webhooks": 1,
            "request": { "id": null, "idempotency_key": null },
            "type": kind,
            "data": { "object": object },
        }));
        self.require_fields(&event);
        self.events.push(event);
        self.outbox.push(id);
    }

    pub(super) fn require_fields(&mut self, value: &Value) {
        self.breaches.extend(list_breaches(value));
    }
}
