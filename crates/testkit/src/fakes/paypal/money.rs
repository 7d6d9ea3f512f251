//! Orders, refunds and disputes of the stand-in for PayPal.

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use super::amounts::Sum;
use super::book::{Book, Order, Payment};
use super::refusal::Refusal;
use super::routes::{Done, require_address, require_length};
use crate::fakes::FakeRequest;
use crate::fakes::card::Card;

impl Book {
    pub(super) fn create_order(
        &mut self,
        request: &FakeRequest,
        body: &Value,
        (host, now): (&str, i64),
    ) -> Result<Done, Refusal> {
        let source = &body["payment_source"]["paypal"]["experience_context"];
        if !request.headers.contains_key("paypal-request-id") {
            let words = "A PayPal-Request-Id is required if you are trying to process payment for \
                         an order with a payment source.";
            return Err(Refusal::invalid("PAYPAL_REQUEST_ID_REQUIRED", words));
        }
        if body["intent"] != "CAPTURE" {
            return Err(Refusal::invalid("INVALID_PARAMETER_VALUE", "The intent is none."));
        }
        let unit = body["purchase_units"][0].clone();
        require_length(&unit["custom_id"], 1..=255)?;
        require_length(&unit["invoice_id"], 1..=127)?;
        require_length(&unit["description"], 1..=127)?;
        require_address(&source["return_url"])?;
        require_address(&source["cancel_url"])?;
        let sum = Sum::read(&unit["amount"])?;
        let invoice = &unit["invoice_id"];
        if self.orders.values().any(|order| order.unit["invoice_id"] == *invoice) {
            let words = "Duplicate Invoice ID detected.";
            return Err(Refusal::unprocessable("DUPLICATE_INVOICE_ID", words));
        }
        let order = Order {
            id: self.name("order"),
            unit,
            sum,
            status: "PAYER_ACTION_REQUIRED",
            card: Card::Pays,
            capture: None,
            created: now,
        };
        let shown = self.show_order(&order, host);
        self.orders.insert(order.id.clone(), order);
        Ok((201, shown))
    }

    pub(super) fn capture(&mut self, id: &str, (host, now): (&str, i64)) -> Result<Done, Refusal> {
        let order = self.orders.get(id).ok_or_else(Refusal::missing)?.clone();
        match order.status {
            "APPROVED" => {}
            "COMPLETED" => {
                let words = "Order already captured. If 'intent=CAPTURE' only one capture per \
                             order is allowed.";
                return Err(Refusal::unprocessable("ORDER_ALREADY_CAPTURED", words));
            }
            _ => {
                let words = "Payer has not yet approved the Order for payment.";
                return Err(Refusal::unprocessable("ORDER_NOT_APPROVED", words));
            }
        }
        let payment = Payment {
            id: self.name("capture"),
            paid: order.sum.clone(),
            refunded: 0,
            custom: order.unit["custom_id"].clone(),
            order: Some(order.id.clone()),
            subscription: None,
            at: now,
        };
        self.tell("PAYMENT.CAPTURE.COMPLETED", &payment.show_capture(), now);
        if order.card == Card::Disputes {
            let dispute = show_dispute(&payment, ("UNDER_REVIEW", None));
            self.tell("CUSTOMER.DISPUTE.CREATED", &dispute, now);
        }
        let capture = Some(payment.id.clone());
        self.payments.insert(payment.id.clone(), payment);
        let captured = Order { status: "COMPLETED", capture, ..order };
        let shown = self.show_order(&captured, host);
        self.orders.insert(captured.id.clone(), captured);
        Ok((201, shown))
    }

    /// Gives back money of an order.
    pub(super) fn refund_capture(
        &mut self,
        id: &str,
        body: &Value,
        (host, now): (&str, i64),
    ) -> Result<Done, Refusal> {
        let is_order = self.payments.get(id).is_some_and(|known| known.subscription.is_none());
        if !is_order {
            return Err(Refusal::missing());
        }
        let (payment, given) = self.give_back(id, body)?;
        let refund = json!({
            "id": self.name("refund"), "status": "COMPLETED", "amount": given.show(),
            "custom_id": payment.custom,
            "seller_payable_breakdown": {
                "gross_amount": given.show(),
                "total_refunded_amount": payment.paid.with(payment.refunded).show(),
            },
            "links": [
                { "rel": "self", "href": format!("http://{host}/v2/payments/refunds/1") },
                { "rel": "up", "href": format!("http://{host}/v2/payments/captures/{id}") },
            ],
        });
        self.refunds.push((id.to_owned(), refund.clone()));
        self.tell("PAYMENT.CAPTURE.REFUNDED", &refund, now);
        Ok((201, refund))
    }

    /// Gives back money of a subscription.
    pub(super) fn refund_sale(
        &mut self,
        id: &str,
        body: &Value,
        now: i64,
    ) -> Result<Done, Refusal> {
        let is_sale = self.payments.get(id).is_some_and(|known| known.subscription.is_some());
        if !is_sale {
            return Err(Refusal::missing());
        }
        let (payment, given) = self.give_back(id, body)?;
        let total = payment.paid.with(payment.refunded).show();
        let refund = json!({
            "id": self.name("refund"), "state": "completed", "sale_id": id,
            "amount": given.show_total(),
            "total_refunded_amount": { "value": total["value"], "currency": given.currency },
        });
        self.tell("PAYMENT.SALE.REFUNDED", &refund, now);
        Ok((201, refund))
    }

    fn give_back(&mut self, id: &str, body: &Value) -> Result<(Payment, Sum), Refusal> {
        let payment = self.payments.get_mut(id).ok_or_else(Refusal::missing)?;
        let left = payment.paid.with(payment.paid.units - payment.refunded);
        if left.units == 0 {
            let words = "The capture has already been fully refunded.";
            return Err(Refusal::unprocessable("CAPTURE_FULLY_REFUNDED", words));
        }
        let given = match &body["amount"] {
            Value::Null => left.clone(),
            amount => Sum::read(amount)?,
        };
        if given.currency != left.currency {
            let words = "The currency of the refund must be that of the capture.";
            return Err(Refusal::unprocessable("REFUND_CAPTURE_CURRENCY_MISMATCH", words));
        }
        if given.units > left.units {
            let words = "The refund amount must be less than or equal to the capture amount that \
                         has not yet been refunded.";
            return Err(Refusal::unprocessable("REFUND_AMOUNT_EXCEEDED", words));
        }
        payment.refunded += given.units;
        Ok((payment.clone(), given))
    }

    /// The buyer's bank does not take the last refund of a capture.
    pub(super) fn fail_refund(&mut self, payment: &str, now: i64) -> Result<()> {
        let mut refunds = self.refunds.iter_mut().rev();
        let refund = refunds.find(|(of, _)| of == payment).context("nothing was given back")?;
        refund.1["status"] = json!("FAILED");
        let shown = refund.1.clone();
        let back = Sum::read(&shown["amount"]).map_err(|_| anyhow!("an amount"))?;
        self.payments.get_mut(payment).context("a payment")?.refunded -= back.units;
        self.tell("PAYMENT.REFUND.FAILED", &shown, now);
        Ok(())
    }

    pub(super) fn decide_dispute(&mut self, payment: &str, won: bool, now: i64) -> Result<()> {
        let payment = self.payments.get(payment).context("a payment")?.clone();
        let outcome = if won { "RESOLVED_SELLER_FAVOUR" } else { "RESOLVED_BUYER_FAVOUR" };
        let dispute = show_dispute(&payment, ("RESOLVED", Some(outcome)));
        self.tell("CUSTOMER.DISPUTE.RESOLVED", &dispute, now);
        Ok(())
    }
}

fn show_dispute(payment: &Payment, (status, outcome): (&str, Option<&str>)) -> Value {
    json!({
        "dispute_id": "PP-D-27803", "reason": "UNAUTHORISED", "status": status,
        "dispute_amount": payment.paid.show(), "dispute_life_cycle_stage": "CHARGEBACK",
        "disputed_transactions": [{ "seller_transaction_id": payment.id }],
        "dispute_outcome": outcome.map(|code| json!({ "outcome_code": code })),
    })
}
