//! What the stand-in for Razorpay knows, how its entities travel, and what buyers do.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::clock::later;
use crate::fakes::FakePaid;
use crate::fakes::card::Card;

#[derive(Debug, Clone)]
pub(super) struct Link {
    pub id: String,
    pub reference: String,
    pub asked: Value,
    pub status: &'static str,
    pub payment: Option<String>,
    pub created: i64,
}

#[derive(Debug, Clone)]
pub(super) struct Subscription {
    pub id: String,
    pub plan: String,
    pub notes: Value,
    pub status: &'static str,
    pub start_at: Option<i64>,
    pub current: Option<(i64, i64)>,
    pub created: i64,
    pub anchor: i64,
    pub periods: i32,
    pub ends_with_cycle: bool,
    pub pays: bool,
    pub failures: usize,
    pub retry: Option<i64>,
    pub total_count: Value,
}

/// Everything.
#[derive(Default)]
pub(super) struct Book {
    pub count: u64,
    pub plans: BTreeMap<String, Value>,
    pub links: BTreeMap<String, Link>,
    pub subscriptions: BTreeMap<String, Subscription>,
    pub payments: BTreeMap<String, Value>,
    pub invoices: BTreeMap<String, Value>,
    pub refunds: BTreeMap<String, Value>,
    pub disputes: BTreeMap<String, Value>,
    pub outbox: Vec<(String, Value)>,
}

impl Book {
    pub(super) fn name(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}_{:014}", self.count)
    }

    pub(super) fn tell(&mut self, event: &str, entities: &[(&str, Value)], now: i64) {
        let payload: serde_json::Map<String, Value> = entities
            .iter()
            .map(|(name, entity)| ((*name).to_owned(), json!({ "entity": entity })))
            .collect();
        let contains: Vec<&str> = entities.iter().map(|(name, _)| *name).collect();
        let body = json!({ "entity": "event", "account_id": "acc_00000000000001", "event": event,
            "contains": contains, "payload": payload, "created_at": now });
        let name = self.name("evt");
        self.outbox.push((name, body));
    }

    pub(super) fn pay(&mut self, name: &str, card: Card, now: i64) -> Result<FakePaid> {
        let open = match (self.links.get(name), self.subscriptions.get(name)) {
            (Some(link), _) => link.status,
            (None, Some(subscription)) => subscription.status,
            (None, None) => bail!("there is no such page"),
        };
        if open != "created" {
            bail!("this page is {open}");
        }
        match card {
            Card::Declined => return Ok(FakePaid::Declined),
            Card::AsksFirst => return Ok(FakePaid::AfterConsent),
            Card::Pays | Card::PaysOnce | Card::Disputes => {}
        }
        if self.links.contains_key(name) {
            self.pay_link(name, card, now)?;
        } else {
            self.begin(name, card, now)?;
        }
        Ok(FakePaid::Yes)
    }

    fn pay_link(&mut self, name: &str, card: Card, now: i64) -> Result<()> {
        let mut link = self.links.get(name).context("a link")?.clone();
        let notes = link.asked["notes"].clone();
        let (amount, currency) = (link.asked["amount"].clone(), link.asked["currency"].clone());
        let payment = self.take((&amount, &currency), (notes, None), now);
        link.status = "paid";
        link.payment = payment["id"].as_str().map(str::to_owned);
        let order = json!({ "id": self.name("order"), "entity": "order", "amount": amount,
            "amount_paid": amount, "currency": currency, "status": "paid" });
        self.tell("order.paid", &[("payment", payment.clone()), ("order", order.clone())], now);
        let entities =
            [("payment_link", link.show("")), ("order", order), ("payment", payment.clone())];
        self.tell("payment_link.paid", &entities, now);
        self.links.insert(name.to_owned(), link);
        if card == Card::Disputes {
            let dispute = dispute_of(&payment, now);
            self.disputes.insert(name_of(&dispute), dispute.clone());
            self.tell(
                "payment.dispute.created",
                &[("payment", payment), ("dispute", dispute)],
                now,
            );
        }
        Ok(())
    }

    fn begin(&mut self, name: &str, card: Card, now: i64) -> Result<()> {
        let mut known = self.subscriptions.get(name).context("a subscription")?.clone();
        known.pays = card != Card::PaysOnce;
        known.status = "authenticated";
        self.tell("subscription.authenticated", &[("subscription", known.show(""))], now);
        if known.start_at.is_none() {
            let period = self.period_of(&known.plan);
            known.current = Some((now, later(now, &period, 1)));
            (known.status, known.anchor, known.periods) = ("active", now, 1);
            self.tell("subscription.activated", &[("subscription", known.show(""))], now);
            self.subscriptions.insert(name.to_owned(), known.clone());
            let amount = self.amount_of(&known.plan);
            self.charge(name, &amount, now);
        } else {
            self.subscriptions.insert(name.to_owned(), known);
        }
        Ok(())
    }

    /// Takes money for a subscription: a payment, an invoice, and their events.
    pub(super) fn charge(&mut self, name: &str, amount: &Value, now: i64) {
        let Some(known) = self.subscriptions.get(name).cloned() else { return };
        let currency = self.currency_of(&known.plan);
        let invoice_id = self.write_invoice((&known, amount), "issued", now);
        let payment = self.take((amount, &currency), (json!([]), Some(&invoice_id)), now);
        let invoice = self.pay_invoice(&invoice_id, &payment);
        let shown = known.show("");
        let entities = [("subscription", shown), ("payment", payment.clone())];
        self.tell("subscription.charged", &entities, now);
        self.tell("invoice.paid", &[("invoice", invoice), ("payment", payment)], now);
    }

    /// An invoice of a subscription.
    pub(super) fn write_invoice(
        &mut self,
        (of, amount): (&Subscription, &Value),
        status: &str,
        now: i64,
    ) -> String {
        let id = self.name("inv");
        let invoice = json!({
            "id": id, "entity": "invoice", "invoice_number": null, "subscription_id": of.id,
            "payment_id": null, "status": status, "amount": amount,
            "currency": self.currency_of(&of.plan), "short_url": "https://rzp.example/i/1",
            "created_at": now,
        });
        self.invoices.insert(id.clone(), invoice);
        id
    }

    /// Notes that a payment paid an invoice, and shows it.
    fn pay_invoice(&mut self, id: &str, payment: &Value) -> Value {
        let Some(invoice) = self.invoices.get_mut(id) else { return Value::Null };
        invoice["status"] = json!("paid");
        invoice["payment_id"] = payment["id"].clone();
        invoice.clone()
    }

    fn take(
        &mut self,
        (amount, currency): (&Value, &Value),
        (notes, invoice): (Value, Option<&str>),
        now: i64,
    ) -> Value {
        let id = self.name("pay");
        let payment = json!({
            "id": id, "entity": "payment", "amount": amount, "currency": currency,
            "status": "captured", "invoice_id": invoice, "method": "card", "captured": true,
            "amount_refunded": 0, "refund_status": null, "description": "paid by card",
            "notes": notes, "created_at": now,
        });
        self.payments.insert(id, payment.clone());
        self.tell("payment.captured", &[("payment", payment.clone())], now);
        payment
    }

    /// A payment for a subscription begins and is not captured: its invoice is not paid yet.
    pub(super) fn begin_payment(
        &mut self,
        name: &str,
        status: &'static str,
        now: i64,
    ) -> Result<String> {
        let known = self.subscriptions.get(name).context("a subscription")?.clone();
        let (amount, currency) = (self.amount_of(&known.plan), self.currency_of(&known.plan));
        let invoice = self.write_invoice((&known, &amount), "issued", now);
        let id = self.name("pay");
        let payment = json!({
            "id": id, "entity": "payment", "amount": amount, "currency": currency,
            "status": status, "invoice_id": invoice, "method": "card", "captured": false,
            "amount_refunded": 0, "refund_status": null, "description": null, "notes": [],
            "created_at": now,
        });
        if status == "authorized" {
            self.tell("payment.authorized", &[("payment", payment.clone())], now);
        }
        self.payments.insert(id.clone(), payment);
        Ok(id)
    }

    /// A payment that had begun is captured, and pays its invoice.
    pub(super) fn capture(&mut self, id: &str, now: i64) -> Result<()> {
        let payment = self.payments.get_mut(id).context("a payment")?;
        payment["status"] = json!("captured");
        payment["captured"] = json!(true);
        let payment = payment.clone();
        let invoice = payment["invoice_id"].as_str().context("an invoice")?.to_owned();
        let invoice = self.pay_invoice(&invoice, &payment);
        self.tell("payment.captured", &[("payment", payment.clone())], now);
        self.tell("invoice.paid", &[("invoice", invoice), ("payment", payment)], now);
        Ok(())
    }

    /// Asks for money in vain: a payment that failed, which names its invoice and no subscription.
    pub(super) fn ask_in_vain(&mut self, plan: &str, now: i64) {
        let (amount, currency) = (self.amount_of(plan), self.currency_of(plan));
        let (id, invoice) = (self.name("pay"), self.name("inv"));
        let payment = json!({
            "id": id, "entity": "payment", "amount": amount, "currency": currency,
            "status": "failed", "invoice_id": invoice, "method": "card", "captured": false,
            "amount_refunded": 0, "refund_status": null, "description": null, "notes": [],
            "error_code": "BAD_REQUEST_ERROR", "error_reason": "card_declined",
            "error_description": "Your payment was declined by the card's bank.",
            "created_at": now,
        });
        self.payments.insert(id, payment.clone());
        self.tell("payment.failed", &[("payment", payment)], now);
    }

    /// The buyer's bank does not take the last refund of a payment.
    pub(super) fn fail_refund(&mut self, payment: &str, now: i64) -> Result<()> {
        let of = self.refunds.values_mut().filter(|refund| refund["payment_id"] == payment);
        let refund = of.max_by_key(|refund| refund["id"].as_str().unwrap_or_default().to_owned());
        let refund = refund.context("nothing was given back")?;
        refund["status"] = json!("failed");
        let shown = refund.clone();
        let paid = self.payments.get_mut(payment).context("a payment")?;
        let before = paid["amount_refunded"].as_i64().unwrap_or_default();
        paid["amount_refunded"] = json!(before - shown["amount"].as_i64().unwrap_or_default());
        paid["status"] = json!("captured");
        let paid = paid.clone();
        self.tell("refund.failed", &[("refund", shown), ("payment", paid)], now);
        Ok(())
    }

    pub(super) fn decide_dispute(&mut self, payment: &str, won: bool, now: i64) -> Result<()> {
        let payment = self.payments.get(payment).context("a payment")?.clone();
        let state = if won { "won" } else { "lost" };
        let mut all = self.disputes.values_mut();
        let dispute = all.find(|known| known["payment_id"] == payment["id"]);
        let dispute = dispute.context("a dispute")?;
        dispute["status"] = json!(state);
        let dispute = dispute.clone();
        let event = format!("payment.dispute.{state}");
        self.tell(&event, &[("payment", payment), ("dispute", dispute)], now);
        Ok(())
    }

    pub(super) fn period_of(&self, plan: &str) -> String {
        let period = self.plans.get(plan).and_then(|plan| plan["period"].as_str());
        period.unwrap_or_default().to_owned()
    }

    fn currency_of(&self, plan: &str) -> Value {
        self.plans.get(plan).map(|plan| plan["item"]["currency"].clone()).unwrap_or_default()
    }

    pub(super) fn amount_of(&self, plan: &str) -> Value {
        self.plans.get(plan).map(|plan| plan["item"]["amount"].clone()).unwrap_or_default()
    }
}

fn name_of(entity: &Value) -> String {
    entity["id"].as_str().unwrap_or_default().to_owned()
}

/// The dispute about a payment, which has one.
fn dispute_of(payment: &Value, now: i64) -> Value {
    let id = payment["id"].as_str().unwrap_or_default().replacen("pay", "disp", 1);
    json!({ "id": id, "entity": "dispute", "payment_id": payment["id"],
        "amount": payment["amount"], "currency": payment["currency"], "status": "open",
        "phase": "chargeback", "reason_code": "processed_invalid_expired_card",
        "created_at": now })
}

impl Link {
    pub(super) fn show(&self, host: &str) -> Value {
        let payments: Vec<Value> = self
            .payment
            .iter()
            .map(|id| {
                json!({ "payment_id": id, "amount": self.asked["amount"], "method": "card",
                    "status": "captured", "created_at": self.created })
            })
            .collect();
        json!({
            "id": self.id, "reference_id": self.reference, "status": self.status,
            "amount": self.asked["amount"], "currency": self.asked["currency"],
            "description": self.asked["description"], "notes": self.asked["notes"],
            "short_url": format!("http://{host}/i/{}", self.id), "payments": payments,
            "callback_url": self.asked["callback_url"], "callback_method": "get",
            "created_at": self.created,
        })
    }
}

impl Subscription {
    pub(super) fn show(&self, host: &str) -> Value {
        json!({
            "id": self.id, "entity": "subscription", "plan_id": self.plan, "quantity": 1,
            "status": self.status, "notes": self.notes, "created_at": self.created,
            "current_start": self.current.map(|(start, _)| start),
            "current_end": self.current.map(|(_, end)| end),
            "start_at": self.start_at, "charge_at": self.current.map(|(_, end)| end),
            "total_count": self.total_count, "paid_count": self.periods,
            "short_url": format!("http://{host}/i/{}", self.id),
        })
    }
}
