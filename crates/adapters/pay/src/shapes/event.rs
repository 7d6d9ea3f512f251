//! Events, and which fact each kind of them tells.

use gantry_ports::payments::{ProviderEvent, ProviderFact, UnverifiedEvent};
use gantry_types::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Charge, CheckoutSession, Dispute, FailedCharge, Invoice, InvoicePayment, ORGANIZATION, Refund,
    Subscription, parse, time_of,
};
use crate::unread::{Labels, read_or_keep};

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

const LABELS: Labels = Labels { id: Some("id"), kind: "type", at: "created" };

impl Event {
    /// Reads a message that was verified.
    pub(crate) fn read(body: &[u8]) -> ProviderEvent {
        read_or_keep(body, &LABELS, Self::understand(body))
    }

    fn understand(body: &[u8]) -> Result<ProviderEvent, UnverifiedEvent> {
        let event: Self = parse(serde_json::from_slice(body))?;
        let told_at = time_of(event.created);
        let ours = event.data.object["metadata"].get(ORGANIZATION).is_some();
        let fact = match derive_fact(&event.kind, event.data.object, told_at) {
            // An account may sell other things in other ways, such as by the week.
            Err(_) if !ours => ProviderFact::Other,
            fact => fact?,
        };
        Ok(ProviderEvent { event_ref: event.id, kind: event.kind, told_at, fact })
    }
}

fn read<T: DeserializeOwned>(object: Value) -> Result<T, UnverifiedEvent> {
    parse(serde_json::from_value(object))
}

fn derive_fact(
    kind: &str,
    object: Value,
    told_at: Timestamp,
) -> Result<ProviderFact, UnverifiedEvent> {
    Ok(match kind {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            let session: CheckoutSession = read(object)?;
            if session.payment_status == "unpaid" {
                // The money is on its way; another event tells when it is there.
                return Ok(ProviderFact::Other);
            }
            session.derive_fact()?
        }
        "checkout.session.expired" | "checkout.session.async_payment_failed" => {
            let session: CheckoutSession = read(object)?;
            ProviderFact::CheckoutExpired { checkout_id: session.find_checkout_id() }
        }
        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted"
        | "customer.subscription.paused"
        | "customer.subscription.resumed" => {
            let subscription: Subscription = read(object)?;
            ProviderFact::Subscription(subscription.tell(told_at)?)
        }
        "invoice.paid" | "invoice.payment_succeeded" => {
            let invoice: Invoice = read(object)?;
            // The bill of a trial is over nothing.
            if invoice.amount_paid == 0 {
                return Ok(ProviderFact::Other);
            }
            ProviderFact::PaymentReceived(invoice.tell(invoice.amount_paid)?)
        }
        "invoice.payment_failed" => {
            let invoice: Invoice = read(object)?;
            ProviderFact::PaymentFailed(invoice.tell(invoice.amount_due)?)
        }
        "invoice_payment.paid" => read::<InvoicePayment>(object)?.derive_fact(),
        "charge.refunded" => read::<Charge>(object)?.derive_refund()?,
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
            read::<Refund>(object)?.derive_fact()?
        }
        "charge.succeeded" => read::<Charge>(object)?.derive_risk(),
        "charge.failed" => read::<FailedCharge>(object)?.derive_fact()?,
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.closed"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated" => read::<Dispute>(object)?.derive_fact()?,
        _ => ProviderFact::Other,
    })
}

#[cfg(test)]
mod tests {
    use gantry_ports::payments::{DisputeState, RefundState, RiskLevel};
    use serde_json::json;

    use super::*;

    fn read_one(kind: &str, object: &Value) -> Result<ProviderFact, UnverifiedEvent> {
        let event = json!({ "id": "evt_1", "object": "event", "type": kind, "created": 1_700_000_000,
            "data": { "object": object } });
        Event::understand(event.to_string().as_bytes()).map(|event| event.fact)
    }

    #[test]
    fn invoices_name_their_subscription_in_old_and_new_versions() {
        let whose = "01890000-0000-7000-8000-000000000000";
        let new = json!({ "id": "in_1", "amount_due": 900, "amount_paid": 900, "currency": "usd",
            "metadata": null, "parent": { "subscription_details": { "subscription": "sub_1",
            "metadata": { "organization_id": whose } } } });
        let old = json!({ "id": "in_1", "amount_due": 900, "amount_paid": 900, "currency": "usd",
            "subscription": { "id": "sub_1", "object": "subscription" }, "metadata": {} });
        for (invoice, known) in [(new, true), (old, false)] {
            let ProviderFact::PaymentReceived(told) = read_one("invoice.paid", &invoice).unwrap()
            else {
                panic!("it was paid");
            };
            assert_eq!(told.subscription_ref.as_deref(), Some("sub_1"));
            assert_eq!(told.organization_id.is_some(), known);
            assert_eq!(told.amount.to_string(), "9.00 USD");
            let other_name = read_one("invoice.payment_succeeded", &invoice);
            assert_eq!(other_name, Ok(ProviderFact::PaymentReceived(told)));
        }
        let nothing = json!({ "id": "in_1", "amount_due": 0, "amount_paid": 0, "currency": "usd" });
        assert_eq!(read_one("invoice.paid", &nothing), Ok(ProviderFact::Other));
    }

    #[test]
    fn a_page_tells_its_name_what_it_asked_for_and_the_tax_that_was_worked_out() {
        // A code takes off, Stripe Tax adds or finds that there is none.
        for (total, tax, status, asked, told_tax) in [
            (1_000, 0, None, 1_000, None),
            (500, 0, None, 1_000, None),
            (0, 0, None, 1_000, None),
            (1_070, 70, Some("complete"), 1_070, Some(70)),
            (1_000, 0, Some("complete"), 1_000, Some(0)),
            (1_000, 0, Some("failed"), 1_000, None),
        ] {
            let session = json!({ "id": "cs_1", "mode": "payment", "payment_status": "paid",
                "payment_intent": "pi_1", "amount_subtotal": 1_000, "amount_total": total,
                "currency": "usd", "automatic_tax": { "enabled": true, "status": status },
                "total_details": { "amount_tax": tax } });
            let fact = read_one("checkout.session.completed", &session).unwrap();
            let ProviderFact::CheckoutPaid { page, payment: Some(payment), .. } = fact else {
                panic!("it was paid: {session}");
            };
            assert_eq!(page.provider_ref.as_deref(), Some("cs_1"));
            assert_eq!(page.asked.map(|asked| asked.minor), Some(asked), "{session}");
            assert_eq!((payment.amount.minor, payment.tax_minor), (total, told_tax), "{session}");
        }
    }

    #[test]
    fn what_others_sell_is_passed_over_and_ours_is_not() {
        let weekly = |metadata: Value| {
            json!({ "id": "sub_1", "status": "active", "cancel_at_period_end": false,
                "customer": "cus_1", "metadata": metadata, "items": { "data": [{ "id": "si_1",
                "current_period_start": 1, "current_period_end": 2, "price": { "currency": "usd",
                "unit_amount": 1, "recurring": { "interval": "week" } } }] } })
        };
        let kind = "customer.subscription.updated";
        assert_eq!(read_one(kind, &weekly(json!({}))), Ok(ProviderFact::Other));
        let ours = weekly(json!({ "organization_id": "of ours" }));
        assert!(matches!(read_one(kind, &ours), Err(UnverifiedEvent::Unreadable { .. })));
        assert_eq!(read_one("price.created", &json!({})), Ok(ProviderFact::Other));
    }

    #[test]
    fn what_radar_blocks_is_kept_where_it_is_ours() {
        let charge = |metadata: Value| {
            json!({ "id": "ch_1", "payment_intent": "pi_1", "amount": 4_500, "currency": "usd",
                "failure_code": "card_declined", "failure_message": "Your card was declined.",
                "outcome": { "type": "blocked", "reason": "highest_risk_level",
                "risk_level": "highest", "risk_score": 92 },
                "payment_method_details": { "type": "card" }, "metadata": metadata })
        };
        assert_eq!(read_one("charge.failed", &charge(json!({}))), Ok(ProviderFact::Other));
        let ours = json!({ "organization_id": "01890000-0000-7000-8000-000000000000" });
        let ProviderFact::Declined { payment, risk } =
            read_one("charge.failed", &charge(ours)).unwrap()
        else {
            panic!("it was declined");
        };
        assert_eq!((payment.provider_ref.as_str(), payment.amount.minor), ("pi_1", 4_500));
        let features = &payment.features;
        assert_eq!(features.error_code.as_deref(), Some("card_declined"));
        assert_eq!(features.error_reason.as_deref(), Some("highest_risk_level"));
        assert_eq!(features.method.as_deref(), Some("card"));
        let risk = risk.unwrap();
        assert_eq!((risk.level, risk.score), (RiskLevel::Highest, Some(92)));
    }

    #[test]
    fn an_inquiry_is_no_dispute_yet() {
        let dispute = |status: &str| {
            json!({ "id": "dp_1", "amount": 500, "currency": "eur", "status": status,
                "charge": "ch_1", "payment_intent": { "id": "pi_1" } })
        };
        let kind = "charge.dispute.created";
        let inquiry = dispute("warning_needs_response");
        assert_eq!(read_one(kind, &inquiry), Ok(ProviderFact::Other));
        for (status, state) in [
            ("needs_response", DisputeState::Open),
            ("under_review", DisputeState::Open),
            ("won", DisputeState::Won),
            ("lost", DisputeState::Lost),
        ] {
            let ProviderFact::Disputed(told) = read_one(kind, &dispute(status)).unwrap() else {
                panic!("{status}");
            };
            assert_eq!((told.payment_ref.as_str(), told.state), ("pi_1", state));
            assert_eq!(told.dispute_ref, "dp_1");
        }
    }

    #[test]
    fn a_refund_that_failed_or_was_stopped_was_none() {
        let refund = |status: Option<&str>| {
            json!({ "id": "re_1", "amount": 500, "currency": "eur", "status": status,
                "charge": "ch_1", "payment_intent": null })
        };
        for (status, state) in [
            (Some("pending"), RefundState::Given),
            (Some("requires_action"), RefundState::Given),
            (Some("succeeded"), RefundState::Given),
            (None, RefundState::Given),
            (Some("failed"), RefundState::Failed),
            (Some("canceled"), RefundState::Failed),
        ] {
            let ProviderFact::Refund(told) = read_one("refund.updated", &refund(status)).unwrap()
            else {
                panic!("{status:?}");
            };
            assert_eq!((told.payment_ref.as_str(), told.state), ("ch_1", state));
            assert_eq!((told.refund_ref.as_str(), told.amount.minor), ("re_1", 500));
            let older = read_one("charge.refund.updated", &refund(status));
            assert_eq!(older, Ok(ProviderFact::Refund(told)));
        }
    }
}
