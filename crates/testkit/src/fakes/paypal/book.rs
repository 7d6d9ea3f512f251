//! What the stand-in for PayPal knows, and what buyers do.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::amounts::Sum;
use super::clock::show_time;
use crate::fakes::FakePaid;
use crate::fakes::card::Card;

/// For how long an order that nobody approved can be approved.
const ORDER_LASTS: i64 = 3 * 3_600;

#[derive(Debug, Clone)]
pub(super) struct Order {
    pub id: String,
    pub unit: Value,
    pub sum: Sum,
    pub status: &'static str,
    pub card: Card,
    pub capture: Option<String>,
    pub created: i64,
}

#[derive(Debug, Clone)]
pub(super) struct Subscription {
    pub id: String,
    /// The name on its page.
    pub page: String,
    pub plan: String,
    pub unit: String,
    pub price: Sum,
    pub custom: Value,
    pub status: &'static str,
    pub start: i64,
    pub created: i64,
    pub anchor: i64,
    pub periods: i32,
    pub last_paid: Option<i64>,
    pub next: Option<i64>,
    pub pays: bool,
    pub failures: i64,
    pub threshold: i64,
    /// Another plan that its buyer is asked for, and the name of the page.
    pub asked: Option<(String, String)>,
    /// What the next payment is, since they agreed.
    pub next_price: Option<Sum>,
}

/// Money that was taken, for an order or for a subscription.
#[derive(Debug, Clone)]
pub(super) struct Payment {
    pub id: String,
    pub paid: Sum,
    pub refunded: i64,
    pub custom: Value,
    /// The order that it is of.
    pub order: Option<String>,
    pub subscription: Option<String>,
    pub at: i64,
}

/// Everything.
#[derive(Default)]
pub(super) struct Book {
    pub count: u64,
    /// By when each token ends.
    pub tokens: BTreeMap<String, i64>,
    /// What was asked with a request ID, and the answer.
    pub replays: BTreeMap<String, (Vec<u8>, u16, Value)>,
    pub products: BTreeSet<String>,
    pub plans: BTreeMap<String, Value>,
    pub orders: BTreeMap<String, Order>,
    pub subscriptions: BTreeMap<String, Subscription>,
    pub payments: BTreeMap<String, Payment>,
    /// What was given back of each capture, oldest first.
    pub refunds: Vec<(String, Value)>,
    pub events: Vec<Value>,
    pub outbox: Vec<String>,
    /// Whether nothing is charged for now.
    pub is_late: bool,
    /// How the paths of the next requests end whose answers are lost.
    pub lost: Vec<&'static str>,
}

impl Book {
    /// A new name of a kind of things.
    pub(super) fn name(&mut self, kind: &str) -> String {
        self.count += 1;
        let count = self.count;
        match kind {
            "order" => format!("5O190127TN{count:07}"),
            "capture" => format!("3C679366HH{count:07}"),
            "sale" => format!("80021663DE{count:07}"),
            "subscription" => format!("I-{count:012}"),
            "plan" => format!("P-{count:024}"),
            "event" => format!("WH-{count:017}-67976317FL{count:07}"),
            _ => format!("{count:017}"),
        }
    }

    pub(super) fn tell(&mut self, kind: &str, resource: &Value, now: i64) {
        let id = self.name("event");
        self.events.push(json!({
            "id": id, "event_version": "1.0", "event_type": kind, "create_time": show_time(now),
            "resource": resource, "summary": "Something happened.", "links": [],
        }));
        self.outbox.push(id);
    }

    /// A buyer approves on a page, whose address ends with a name.
    pub(super) fn pay(&mut self, page: &str, card: Card, now: i64) -> Result<FakePaid> {
        let (_, name) = page.split_once("token=").context("the page has a name")?;
        let asked = self.subscriptions.values().find(|known| known.is_asked_on(name)).cloned();
        if let Some(asked) = asked {
            return self.agree(asked, card, now);
        }
        let order = self.orders.get(name).cloned();
        let subscription = self.subscriptions.values().find(|known| known.page == name).cloned();
        let is_open = match (&order, &subscription) {
            (Some(order), _) => {
                order.status == "PAYER_ACTION_REQUIRED" && now - order.created < ORDER_LASTS
            }
            (None, Some(known)) => known.status == "APPROVAL_PENDING",
            (None, None) => bail!("there is no such page"),
        };
        if !is_open {
            bail!("nothing can be approved on this page any more");
        }
        match card {
            Card::Declined => return Ok(FakePaid::Declined),
            Card::AsksFirst => return Ok(FakePaid::AfterConsent),
            Card::Pays | Card::PaysOnce | Card::Disputes => {}
        }
        if let Some(order) = order {
            let approved = Order { status: "APPROVED", card, ..order };
            self.tell("CHECKOUT.ORDER.APPROVED", &self.show_order(&approved, ""), now);
            self.orders.insert(approved.id.clone(), approved);
        }
        if let Some(known) = subscription {
            self.activate(Subscription { pays: card != Card::PaysOnce, ..known }, now);
        }
        Ok(FakePaid::Yes)
    }

    pub(super) fn show_order(&self, order: &Order, host: &str) -> Value {
        let captured = order.capture.as_ref().and_then(|id| self.payments.get(id));
        let captures: Vec<Value> = captured.iter().map(|payment| payment.show_capture()).collect();
        let mut unit = order.unit.clone();
        unit["reference_id"] = json!("default");
        unit["payments"] = json!({ "captures": captures });
        json!({
            "id": order.id, "intent": "CAPTURE", "status": order.status,
            "purchase_units": [unit], "create_time": show_time(order.created),
            "links": [{
                "href": format!("http://{host}/checkoutnow?token={}", order.id),
                "rel": "payer-action", "method": "GET",
            }],
        })
    }
}

impl Payment {
    pub(super) fn show_capture(&self) -> Value {
        let status = match self.refunded {
            0 => "COMPLETED",
            part if part < self.paid.units => "PARTIALLY_REFUNDED",
            _ => "REFUNDED",
        };
        json!({
            "id": self.id, "status": status, "amount": self.paid.show(), "final_capture": true,
            "custom_id": self.custom, "create_time": show_time(self.at),
            "supplementary_data": { "related_ids": { "order_id": self.order } },
        })
    }

    pub(super) fn show_sale(&self) -> Value {
        json!({
            "id": self.id, "state": "completed", "amount": self.paid.show_total(),
            "billing_agreement_id": self.subscription, "custom": self.custom,
            "create_time": show_time(self.at),
        })
    }
}

impl Subscription {
    pub(super) fn show(&self, host: &str) -> Value {
        let mut billing = json!({
            "outstanding_balance": { "value": "0.0", "currency_code": self.price.currency },
            "failed_payments_count": self.failures,
        });
        if let Some(at) = self.last_paid {
            billing["last_payment"] = json!({ "amount": self.price.show(), "time": show_time(at) });
        }
        if let Some(next) = self.next.filter(|_| self.status == "ACTIVE") {
            billing["next_billing_time"] = json!(show_time(next));
        }
        let page = format!("http://{host}/webapps/billing/subscriptions?ba_token={}", self.page);
        json!({
            "id": self.id, "plan_id": self.plan, "status": self.status, "quantity": "1",
            "custom_id": self.custom, "start_time": show_time(self.start),
            "create_time": show_time(self.created), "billing_info": billing,
            "links": [{ "href": page, "rel": "approve", "method": "GET" }],
        })
    }
}
