//! Invoices, changes of plans with their proration, refunds.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::book::{Book, Invoice, Line, Price, Subscription};
use super::clock::later;
use super::errors::Refusal;
use super::fields::fill;
use super::routes::require;
use crate::fakes::form::Fields;

impl Book {
    /// An invoice that is open, over its lines without what a promotion code takes off; what the
    /// customer has to their credit is taken off as well.
    pub(super) fn write_invoice(
        &mut self,
        subscription: &str,
        (lines, off, reason): (Vec<Line>, i64, &'static str),
        now: i64,
    ) -> String {
        let id = self.name("in");
        let Some(of) = self.subscriptions.get(subscription).cloned() else { return id };
        let total = lines.iter().map(|line| line.amount).sum::<i64>() - off;
        let mut due = total;
        if let Some(customer) = self.customers.get_mut(&of.customer) {
            let used = customer.credit.min(total.max(0));
            customer.credit -= used;
            due -= used;
        }
        let invoice = Invoice {
            id: id.clone(),
            number: format!("FAKE-{:04}", self.invoices.len() + 1),
            subscription: of.id,
            item: of.item,
            metadata: of.metadata,
            customer: of.customer,
            lines,
            off,
            total,
            due,
            paid: 0,
            currency: of.price.currency,
            reason,
            status: "open",
            attempts: 0,
            created: now,
            paid_at: None,
            voided_at: None,
            title: of.title,
            intent: None,
        };
        self.tell("invoice.finalized", invoice.show(), now);
        self.invoices.insert(id.clone(), invoice);
        id
    }

    /// Notes that an invoice was paid, and by which movement where it was over something.
    pub(super) fn settle_invoice(&mut self, id: &str, now: i64) {
        let Some(mut invoice) = self.invoices.get(id).cloned() else { return };
        if invoice.due > 0 {
            let Some(customer) = self.customers.get(&invoice.customer) else { return };
            let who = (customer.card, Some(invoice.customer.clone()), Default::default());
            invoice.intent = Some(self.take((invoice.due, invoice.currency.clone()), who, now));
        }
        (invoice.paid, invoice.status, invoice.paid_at) = (invoice.due, "paid", Some(now));
        invoice.attempts += 1;
        let shown = invoice.show();
        self.invoices.insert(id.to_owned(), invoice.clone());
        self.tell("invoice.paid", shown.clone(), now);
        self.tell("invoice.payment_succeeded", shown, now);
        if invoice.intent.is_some() {
            self.tell("invoice_payment.paid", invoice.show_payment(now), now);
        }
    }

    /// The buyer pays an open invoice of a subscription on its own page, also when the subscription
    /// has ended.
    pub(super) fn pay_open_invoice(&mut self, subscription: &str, now: i64) -> Result<()> {
        let open = self
            .invoices
            .values()
            .find(|invoice| invoice.subscription == subscription && invoice.status == "open");
        let id = open.context("no invoice is open")?.id.clone();
        self.settle_invoice(&id, now);
        Ok(())
    }

    /// Takes an invoice back, so that nobody can pay it; one that was paid or taken back is refused.
    pub(super) fn void_invoice(&mut self, id: &str, now: i64) -> Result<Value, Refusal> {
        let invoice = self.invoices.get_mut(id).ok_or_else(|| Refusal::missing("invoice", id))?;
        if !["open", "uncollectible"].contains(&invoice.status) {
            let message = "You can only pass in open or uncollectible invoices. This invoice isn't \
                           open or uncollectible.";
            return Err(Refusal::invalid_state(message));
        }
        (invoice.status, invoice.voided_at) = ("void", Some(now));
        let shown = invoice.show();
        self.tell("invoice.voided", shown.clone(), now);
        Ok(shown)
    }

    pub(super) fn change_subscription(
        &mut self,
        id: &str,
        fields: &Fields,
        now: i64,
    ) -> Result<Value, Refusal> {
        let mut changed = self.get_subscription(id)?.clone();
        if changed.status == "canceled" {
            let message = "A canceled subscription can only update its cancellation_details and \
                           metadata.";
            return Err(Refusal::invalid("parameter_invalid", "subscription", message));
        }
        if let Some(cancels) = fields.find("cancel_at_period_end") {
            changed.cancels = cancels == "true";
        }
        changed.metadata.extend(fields.under("metadata"));
        if fields.find("items[0][price_data][currency]").is_some() {
            let price = self.require_price(&changed, fields)?;
            return self.switch(changed, price, now);
        }
        if let Some(end) = fields.find("trial_end") {
            return self.move_trial_end(changed, end, now);
        }
        let shown = changed.show();
        self.subscriptions.insert(id.to_owned(), changed);
        self.tell("customer.subscription.updated", shown.clone(), now);
        Ok(shown)
    }

    fn require_price(
        &mut self,
        subscription: &Subscription,
        fields: &Fields,
    ) -> Result<Price, Refusal> {
        if require(fields, "items[0][id]")? != subscription.item {
            return Err(Refusal::missing("subscription item", "items[0][id]"));
        }
        let price = self.price_of(fields, "items[0]")?;
        if price.interval.is_none() {
            let message = "The price specified is set to `type=one_time`.";
            return Err(Refusal::invalid("parameter_invalid", "items[0][price_data]", message));
        }
        if price.currency != subscription.price.currency {
            let message = "You cannot combine currencies on a single subscription.";
            return Err(Refusal::invalid("currency_mismatch", "items", message));
        }
        Ok(price)
    }

    /// Another price: what is left is credited at the old price and billed at the new one; another
    /// interval begins a period of its own.
    fn switch(
        &mut self,
        mut changed: Subscription,
        price: Price,
        now: i64,
    ) -> Result<Value, Refusal> {
        let whole = (changed.end - changed.start).max(1);
        let share = |amount: i64| amount * (changed.end - now).clamp(0, whole) / whole;
        let trial = changed.status == "trialing";
        let same = price.interval == changed.price.interval;
        let worth = |price: &Price| price.amount - changed.off(price, now);
        let unused = if trial { 0 } else { share(worth(&changed.price)) };
        let asked = match (trial, same) {
            (true, _) => 0,
            (false, true) => share(worth(&price)),
            (false, false) => worth(&price),
        };
        let balance = asked - unused;
        let customer = self.customers.get_mut(&changed.customer);
        let customer = customer.ok_or_else(|| Refusal::missing("customer", &changed.customer))?;
        if balance > customer.credit && !customer.card.pays_again() {
            return Err(Refusal::declined());
        }
        customer.credit += (-balance).max(0);
        let (old, part_of) = (changed.price.clone(), (now, changed.end));
        if !same && !trial {
            let interval = price.interval.clone().unwrap_or_default();
            (changed.start, changed.end) = (now, later(now, &interval, 1));
            (changed.anchor, changed.periods) = (now, 1);
        }
        if let Some(name) =
            self.products.get(&price.product).and_then(|known| known["name"].as_str())
        {
            changed.title = name.to_owned();
        }
        changed.price = price.clone();
        let until = (now, changed.end);
        let (id, shown) = (changed.id.clone(), changed.show());
        self.subscriptions.insert(id.clone(), changed);
        self.tell("customer.subscription.updated", shown.clone(), now);
        if balance > 0 {
            let unused = Line::part(old, -unused, part_of);
            let asked = Line { is_part: same, ..Line::part(price, asked, until) };
            let lines = vec![unused, asked];
            let invoice = self.write_invoice(&id, (lines, 0, "subscription_update"), now);
            self.settle_invoice(&invoice, now);
        }
        Ok(shown)
    }

    pub(super) fn refund(&mut self, fields: &Fields, now: i64) -> Result<Value, Refusal> {
        let (charge, intent) = (fields.find("charge"), fields.find("payment_intent"));
        let wanted = charge.or(intent).unwrap_or_default().to_owned();
        let found = self.charges.values_mut().find(|known| {
            Some(known.id.as_str()) == charge || Some(known.intent.as_str()) == intent
        });
        let found = found.ok_or_else(|| Refusal::missing("payment_intent", &wanted))?;
        if matches!(found.dispute, Some((_, "needs_response" | "lost"))) {
            let message = "This charge has been charged back and cannot be refunded.";
            return Err(Refusal::invalid("charge_disputed", "charge", message));
        }
        let left = found.amount - found.refunded;
        let amount = fields.number("amount").unwrap_or(left);
        if left == 0 {
            let message = "Charge has already been refunded.";
            return Err(Refusal::invalid("charge_already_refunded", "charge", message));
        }
        if amount <= 0 || amount > left {
            let message = format!("Refund amount ({amount}) is greater than unrefunded amount.");
            return Err(Refusal::invalid("amount_too_large", "amount", &message));
        }
        found.refunded += amount;
        let (shown, of) = (found.show(), found.clone());
        let refund = fill(json!({
            "id": self.name("re"),
            "object": "refund",
            "amount": amount,
            "charge": of.id,
            "created": now,
            "currency": of.currency,
            "payment_intent": of.intent,
            "reason": fields.find("reason"),
            "status": "succeeded",
        }));
        self.refunds.push(refund.clone());
        self.tell("refund.created", refund.clone(), now);
        self.tell("charge.refunded", shown, now);
        Ok(refund)
    }

    /// The buyer's bank does not take the last refund of a charge.
    pub(super) fn fail_refund(&mut self, intent: &str, now: i64) -> Result<()> {
        let mut refunds = self.refunds.iter_mut().rev();
        let refund = refunds.find(|refund| refund["payment_intent"] == intent);
        let refund = refund.context("nothing was given back")?;
        refund["status"] = json!("failed");
        refund["failure_reason"] = json!("expired_or_canceled_card");
        let shown = refund.clone();
        let charge = self.charges.values_mut().find(|charge| charge.intent == intent);
        let charge = charge.context("there is no such charge")?;
        charge.refunded -= shown["amount"].as_i64().unwrap_or_default();
        self.tell("refund.updated", shown.clone(), now);
        self.tell("refund.failed", shown, now);
        Ok(())
    }
}
