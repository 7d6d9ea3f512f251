//! How the objects of the stand-in for Stripe travel.
//!
//! Invariant: what an object must have and is not written here may be null, and is.

use serde_json::{Value, json};

use super::book::{Card, Charge, Invoice, Line, Price, Session, Subscription};
use super::fields::fill;

/// What no invoice here is over.
const NOTHING: [&str; 5] = [
    "amount_overpaid",
    "amount_shipping",
    "ending_balance",
    "post_payment_credit_notes_amount",
    "pre_payment_credit_notes_amount",
];

impl Price {
    fn show(&self, created: i64) -> Value {
        fill(json!({
            "id": self.id,
            "object": "price",
            "active": true,
            "billing_scheme": "per_unit",
            "created": created,
            "currency": self.currency,
            "livemode": false,
            "metadata": {},
            "product": self.product,
            "recurring": self.interval.as_deref().map(show_recurring),
            "tax_behavior": "unspecified",
            "type": if self.interval.is_some() { "recurring" } else { "one_time" },
            "unit_amount": self.amount,
            "unit_amount_decimal": self.amount.to_string(),
        }))
    }

    /// The same as items had it before there were prices.
    fn show_plan(&self, created: i64) -> Value {
        fill(json!({
            "id": self.id,
            "object": "plan",
            "active": true,
            "amount": self.amount,
            "amount_decimal": self.amount.to_string(),
            "billing_scheme": "per_unit",
            "created": created,
            "currency": self.currency,
            "interval": self.interval,
            "interval_count": 1,
            "livemode": false,
            "metadata": {},
            "product": self.product,
            "usage_type": "licensed",
        }))
    }
}

fn show_recurring(interval: &str) -> Value {
    json!({ "interval": interval, "interval_count": 1, "usage_type": "licensed" })
}

/// A page of objects within another one.
pub(super) fn list(data: &[Value], url: &str) -> Value {
    json!({ "object": "list", "data": data, "has_more": false, "url": url })
}

impl Session {
    pub(super) fn show(&self, base: &str) -> Value {
        let open = self.status == "open";
        let settled = if self.total == 0 { "no_payment_required" } else { "paid" };
        let off = if self.status == "complete" { self.off() } else { 0 };
        let tax = self.tax.unwrap_or_default();
        fill(json!({
            "id": self.id,
            "object": "checkout.session",
            "allow_promotion_codes": self.takes_codes,
            "amount_subtotal": self.total - tax + off,
            "amount_total": self.total,
            "automatic_tax": {
                "enabled": self.adds_taxes,
                "status": self.tax.map(|_| "complete"),
            },
            "cancel_url": self.cancel_url,
            "client_reference_id": self.reference,
            "created": self.created,
            "currency": self.price.currency,
            "custom_fields": [],
            "custom_text": {},
            "customer": self.customer,
            "expires_at": self.created + 86_400,
            "livemode": false,
            "metadata": self.metadata,
            "mode": if self.price.interval.is_some() { "subscription" } else { "payment" },
            "payment_intent": self.payment_intent,
            "payment_method_types": ["card"],
            "payment_status": if self.status == "complete" { settled } else { "unpaid" },
            "shipping_options": [],
            "status": self.status,
            "subscription": self.subscription,
            "success_url": self.success_url,
            "total_details": { "amount_discount": off, "amount_shipping": 0, "amount_tax": tax },
            "ui_mode": "hosted",
            "url": open.then(|| format!("{base}/c/pay/{}", self.id)),
        }))
    }

    /// What a promotion code took off; a trial is over nothing.
    fn off(&self) -> i64 {
        let tax = self.tax.unwrap_or_default();
        if self.trial_days > 0 { 0 } else { self.price.amount + tax - self.total }
    }
}

impl Subscription {
    pub(super) fn show(&self) -> Value {
        let item = fill(json!({
            "id": self.item,
            "object": "subscription_item",
            "created": self.created,
            "current_period_end": self.end,
            "current_period_start": self.start,
            "discounts": [],
            "metadata": {},
            "plan": self.price.show_plan(self.created),
            "price": self.price.show(self.created),
            "quantity": 1,
            "subscription": self.id,
        }));
        let url = format!("/v1/subscription_items?subscription={}", self.id);
        fill(json!({
            "id": self.id,
            "object": "subscription",
            "automatic_tax": { "enabled": false },
            "billing_cycle_anchor": self.anchor,
            "billing_mode": {
                "type": "flexible",
                "flexible": { "proration_discounts": "included" },
            },
            "cancel_at_period_end": self.cancels,
            "collection_method": "charge_automatically",
            "created": self.created,
            "currency": self.price.currency,
            "customer": self.customer,
            "discounts": self.discount.iter().map(|known| &known.id).collect::<Vec<_>>(),
            "invoice_settings": { "issuer": { "type": "self" } },
            "items": list(&[item], &url),
            "livemode": false,
            "metadata": self.metadata,
            "start_date": self.created,
            "status": self.status,
        }))
    }
}

impl Invoice {
    pub(super) fn show(&self) -> Value {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .enumerate()
            .map(|(place, line)| self.show_line(place, line))
            .collect();
        let mut shown = json!({
            "id": self.id,
            "object": "invoice",
            "amount_due": self.due,
            "amount_paid": self.paid,
            "amount_remaining": self.due - self.paid,
            "attempt_count": self.attempts,
            "attempted": self.attempts > 0,
            "automatic_tax": { "enabled": false },
            "billing_reason": self.reason,
            "collection_method": "charge_automatically",
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "default_tax_rates": [],
            "description": self.title,
            "discounts": [],
            "hosted_invoice_url": format!("https://invoice.example/{}", self.id),
            "invoice_pdf": format!("https://invoice.example/{}/pdf", self.id),
            "issuer": { "type": "self" },
            "lines": list(&lines, &format!("/v1/invoices/{}/lines", self.id)),
            "livemode": false,
            "metadata": {},
            "number": self.number,
            "parent": {
                "type": "subscription_details",
                "subscription_details": {
                    "subscription": self.subscription,
                    "metadata": self.metadata,
                },
            },
            "payment_settings": {},
            "period_end": self.created,
            "period_start": self.created,
            "starting_balance": self.due - self.total,
            "status": self.status,
            "status_transitions": {
                "finalized_at": self.created,
                "paid_at": self.paid_at,
                "voided_at": self.voided_at,
            },
            "subtotal": self.total + self.off,
            "total": self.total,
        });
        for nothing in NOTHING {
            shown[nothing] = json!(0);
        }
        fill(shown)
    }

    fn show_line(&self, place: usize, line: &Line) -> Value {
        let number = self.id.trim_start_matches("in_");
        fill(json!({
            "id": format!("il_{number}{place}"),
            "object": "line_item",
            "amount": line.amount,
            "currency": self.currency,
            "description": self.title,
            "discountable": !line.is_part,
            "discounts": [],
            "invoice": self.id,
            "livemode": false,
            "metadata": self.metadata,
            "parent": {
                "type": "subscription_item_details",
                "subscription_item_details": {
                    "proration": line.is_part,
                    "subscription": self.subscription,
                    "subscription_item": self.item,
                },
            },
            "period": { "start": line.start, "end": line.end },
            "pricing": {
                "type": "price_details",
                "price_details": { "price": line.price.id, "product": line.price.product },
                "unit_amount_decimal": line.price.amount.to_string(),
            },
            "quantity": 1,
            "subscription": self.subscription,
            "taxes": [],
        }))
    }

    /// Its payment, when it was paid with money.
    pub(super) fn show_payment(&self, at: i64) -> Value {
        fill(json!({
            "id": format!("inpay_{}", self.id.trim_start_matches("in_")),
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
            "status_transitions": { "paid_at": self.paid_at },
        }))
    }
}

impl Charge {
    pub(super) fn show(&self) -> Value {
        let (level, score) = match self.card {
            Card::Blocked => ("highest", 92),
            Card::Suspicious => ("elevated", 71),
            Card::Pays | Card::PaysOnce | Card::Declined | Card::AsksFirst | Card::Disputes => {
                ("normal", 17)
            }
        };
        let (kind, network, reason) = match (self.paid, self.card) {
            (true, _) => ("authorized", "approved_by_network", None),
            (false, Card::Blocked) => {
                ("blocked", "not_sent_to_network", Some("highest_risk_level"))
            }
            (false, _) => ("issuer_declined", "declined_by_network", Some("generic_decline")),
        };
        fill(json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": if self.paid { self.amount } else { 0 },
            "amount_refunded": self.refunded,
            "billing_details": {},
            "captured": self.paid,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "disputed": self.dispute.is_some(),
            "livemode": false,
            "metadata": self.metadata,
            "failure_code": (!self.paid).then_some("card_declined"),
            "failure_message": (!self.paid).then_some("Your card was declined."),
            "outcome": {
                "network_status": network,
                "reason": reason,
                "risk_level": level,
                "risk_score": score,
                "type": kind,
            },
            "paid": self.paid,
            "payment_intent": self.intent,
            "refunded": self.refunded == self.amount,
            "status": if self.paid { "succeeded" } else { "failed" },
        }))
    }

    pub(super) fn show_dispute(&self, id: &str, status: &str, at: i64) -> Value {
        fill(json!({
            "id": id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": [],
            "charge": self.id,
            "created": at,
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": { "enhanced_evidence": {} },
            "evidence_details": { "due_by": at + 864_000, "enhanced_eligibility": {},
                "has_evidence": false, "past_due": false, "submission_count": 0 },
            "is_charge_refundable": false,
            "livemode": false,
            "metadata": {},
            "payment_intent": self.intent,
            "reason": "fraudulent",
            "status": status,
        }))
    }
}
