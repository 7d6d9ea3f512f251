//! PayPal's events: PayPal itself is asked whether one is its own, and told its bytes unchanged.
//!
//! Invariants: an event that PayPal does not vouch for changes nothing; what is older than PayPal
//! would still send is not believed; an order that its buyer approved is collected before its event
//! is taken, so that an event that is taken was acted on; what was fetched instead of sent is
//! written in the shape of an event and read alike.

use std::time::Duration;

use gantry_ports::payments::{
    DisputeState, PaidPage, PaymentError, ProviderEvent, ProviderFact, RawEvent, RefundState,
    ToldDispute, ToldRefund, UnverifiedEvent,
};
use gantry_types::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::PayPal;
use super::amounts::Amount;
use super::api::ApiError;
use super::orders::{find_order, is_ours};
use super::shapes::{Capture, Dispute, Mark, Return, Sale, SaleReturn, Subscription};
use crate::shapes::{seconds_of, time_of};
use crate::unread::Labels;
use crate::wire::Told;

/// PayPal sends an event again for three days.
const OLDEST: Duration = Duration::from_hours(4 * 24);
/// The headers by which PayPal knows its own, and the names that it asks for them by.
const PROOFS: [(&str, &str); 5] = [
    ("paypal-auth-algo", "auth_algo"),
    ("paypal-cert-url", "cert_url"),
    ("paypal-transmission-id", "transmission_id"),
    ("paypal-transmission-sig", "transmission_sig"),
    ("paypal-transmission-time", "transmission_time"),
];
/// What a header may say at most.
const LONGEST_PROOF: usize = 2_000;
pub(super) const LABELS: Labels = Labels { id: Some("id"), kind: "event_type", at: "create_time" };
const APPROVED: &str = "CHECKOUT.ORDER.APPROVED";
pub(super) const CAPTURED: &str = "PAYMENT.CAPTURE.COMPLETED";
/// Our own word for a subscription that was looked at because its purchase was open.
pub(super) const LOOKED_AT: &str = "GANTRY.SUBSCRIPTION.LOOKED_AT";
pub(super) const UPDATED: &str = "BILLING.SUBSCRIPTION.UPDATED";

#[derive(Deserialize)]
struct Event {
    id: String,
    event_type: String,
    create_time: Timestamp,
    resource: Value,
}

#[derive(Deserialize)]
struct Verdict {
    verification_status: String,
}

fn unreadable(reason: impl ToString) -> UnverifiedEvent {
    UnverifiedEvent::Unreadable { reason: reason.to_string() }
}

fn unavailable(error: &PaymentError) -> UnverifiedEvent {
    UnverifiedEvent::Unavailable { reason: error.to_string() }
}

/// An event that was not sent, made of what was fetched.
pub(super) fn write_event(
    (id, kind): (&str, &str),
    resource: &Value,
    create_time: Timestamp,
) -> String {
    json!({ "id": id, "event_type": kind, "create_time": create_time, "resource": resource })
        .to_string()
}

/// The plan that the subscription of an event has.
pub(super) fn find_plan_name(event: &Value) -> Option<&str> {
    let kind = event["event_type"].as_str()?;
    let is_subscription = kind.starts_with("BILLING.SUBSCRIPTION.");
    event["resource"]["plan_id"].as_str().filter(|_| is_subscription)
}

impl PayPal {
    pub(super) async fn believe(
        &self,
        raw: RawEvent<'_>,
    ) -> Result<ProviderEvent, UnverifiedEvent> {
        let check = self.write_check(raw)?;
        self.ask_whether_genuine(check).await?;
        let told: Value = serde_json::from_slice(raw.body).map_err(unreadable)?;
        if told["event_type"] == APPROVED && is_ours(&told["resource"]) {
            return self.collect_approved(&told).await;
        }
        if let Some(plan) = find_plan_name(&told) {
            match self.learn_plan(plan).await {
                Ok(()) | Err(PaymentError::NotFound { .. }) => {}
                Err(error) => return Err(unavailable(&error)),
            }
        }
        self.read(raw.body)
    }

    /// The question whether an event is PayPal's, with the event's own bytes in it.
    fn write_check(&self, raw: RawEvent<'_>) -> Result<Vec<u8>, UnverifiedEvent> {
        let mut fields = json!({ "webhook_id": self.webhook_id });
        for (header, field) in PROOFS {
            let proof = raw.find_header(header).filter(|text| text.len() <= LONGEST_PROOF);
            fields[field] = proof.ok_or(UnverifiedEvent::Signature)?.into();
        }
        // What is no single JSON object is not PayPal's, and would reach beyond its place.
        serde_json::from_slice::<Event>(raw.body).map_err(|_| UnverifiedEvent::Signature)?;
        let signed_at = fields["transmission_time"].as_str().map(str::parse::<Timestamp>);
        let Some(Ok(signed_at)) = signed_at else { return Err(UnverifiedEvent::Signature) };
        if raw.received_at.since(signed_at) > OLDEST {
            return Err(UnverifiedEvent::TooOld);
        }
        let fields = fields.to_string();
        let mut check = fields.strip_suffix('}').unwrap_or(&fields).as_bytes().to_vec();
        check.extend_from_slice(b",\"webhook_event\":");
        check.extend_from_slice(raw.body);
        check.push(b'}');
        Ok(check)
    }

    async fn ask_whether_genuine(&self, check: Vec<u8>) -> Result<(), UnverifiedEvent> {
        let path = "/v1/notifications/verify-webhook-signature";
        let told: Result<Told<Verdict>, ApiError> = self.api.post_bytes(path, check).await;
        match told {
            Ok(told) if told.body.verification_status == "SUCCESS" => Ok(()),
            Ok(_) => Err(UnverifiedEvent::Signature),
            Err(ApiError::Refused(refusal)) if matches!(refusal.status, 400 | 422) => {
                Err(UnverifiedEvent::Signature)
            }
            Err(error) => Err(unavailable(&error.into())),
        }
    }

    /// A buyer approved an order of ours: its money is taken, and told with this very event.
    async fn collect_approved(&self, told: &Value) -> Result<ProviderEvent, UnverifiedEvent> {
        let event = Event::deserialize(told).map_err(unreadable)?;
        let order = event.resource["id"].as_str().unwrap_or_default();
        let capture = match self.collect(order).await {
            Ok(capture) => capture,
            Err(PaymentError::NotFound { .. }) => None,
            Err(error) => return Err(unavailable(&error)),
        };
        let fact = match capture {
            Some(capture) => read_capture(&capture)?,
            None => ProviderFact::Other,
        };
        Ok(tell(event, fact))
    }

    pub(super) fn read(&self, body: &[u8]) -> Result<ProviderEvent, UnverifiedEvent> {
        let event: Event = serde_json::from_slice(body).map_err(unreadable)?;
        let fact = self.derive_fact(&event)?;
        Ok(tell(event, fact))
    }

    fn derive_fact(&self, event: &Event) -> Result<ProviderFact, UnverifiedEvent> {
        let resource = &event.resource;
        Ok(match event.event_type.as_str() {
            CAPTURED => read_capture(resource)?,
            "PAYMENT.CAPTURE.DENIED" | "PAYMENT.CAPTURE.DECLINED" => {
                let capture: Capture = parse(resource)?;
                match Mark::find(capture.custom_id.as_deref()) {
                    Some(_) => ProviderFact::PaymentFailed(capture.tell()?),
                    None => ProviderFact::Other,
                }
            }
            "PAYMENT.SALE.COMPLETED" => {
                let sale: Sale = parse(resource)?;
                match sale.billing_agreement_id.clone() {
                    Some(name) => ProviderFact::PaymentReceived(sale.tell(name)?),
                    None => ProviderFact::Other,
                }
            }
            LOOKED_AT => read_purchase(&parse(resource)?),
            kind if kind.starts_with("BILLING.SUBSCRIPTION.") => {
                let subscription: Subscription = parse(resource)?;
                let is_ours = Mark::find(subscription.custom_id.as_deref()).is_some();
                // One that nobody approved is a page, and no subscription.
                if !is_ours || subscription.is_pending() {
                    return Ok(ProviderFact::Other);
                }
                let told_at = whole(event.create_time);
                ProviderFact::Subscription(self.tell_subscription(&subscription, told_at)?)
            }
            kind if kind.starts_with("CUSTOMER.DISPUTE.") => {
                let told = parse::<Dispute>(resource)?.tell()?;
                told.map_or(ProviderFact::Other, ProviderFact::Disputed)
            }
            kind => read_return(kind, resource)?,
        })
    }
}

/// Money went back.
fn read_return(kind: &str, resource: &Value) -> Result<ProviderFact, UnverifiedEvent> {
    match kind {
        "PAYMENT.CAPTURE.REFUNDED" | "PAYMENT.REFUND.PENDING" => {
            tell_refund(&parse(resource)?, RefundState::Given)
        }
        "PAYMENT.REFUND.FAILED" => tell_refund(&parse(resource)?, RefundState::Failed),
        "PAYMENT.SALE.REFUNDED" => {
            let back: SaleReturn = parse(resource)?;
            let (payment_ref, amount) = (back.find_sale(), back.amount.tell_size()?);
            let (refund_ref, state) = (back.id, RefundState::Given);
            Ok(ProviderFact::Refund(ToldRefund { payment_ref, refund_ref, amount, state }))
        }
        // A bank took the money back; whether it comes again, the end of the dispute tells.
        "PAYMENT.CAPTURE.REVERSED" => {
            let back: Return = parse(resource)?;
            taken(back.find_capture(), &back.amount)
        }
        "PAYMENT.SALE.REVERSED" => {
            let back: SaleReturn = parse(resource)?;
            taken(back.find_sale(), &back.amount)
        }
        _ => Ok(ProviderFact::Other),
    }
}

/// PayPal's clock as its answers show it: in whole seconds.
fn whole(time: Timestamp) -> Timestamp {
    time_of(seconds_of(time))
}

fn tell(event: Event, fact: ProviderFact) -> ProviderEvent {
    let told_at = whole(event.create_time);
    ProviderEvent { event_ref: event.id, kind: event.event_type, told_at, fact }
}

fn parse<T: DeserializeOwned>(resource: &Value) -> Result<T, UnverifiedEvent> {
    T::deserialize(resource).map_err(unreadable)
}

fn read_capture(resource: &Value) -> Result<ProviderFact, UnverifiedEvent> {
    let capture: Capture = parse(resource)?;
    // An account may sell other things as well.
    let Some(mark) = Mark::find(capture.custom_id.as_deref()) else {
        return Ok(ProviderFact::Other);
    };
    let (checkout_id, payment) = (Some(mark.checkout_id), capture.tell()?);
    let page = PaidPage { provider_ref: find_order(resource), asked: Some(payment.amount) };
    Ok(ProviderFact::CheckoutPaid { checkout_id, page, payment: Some(payment) })
}

/// What became of the purchase of a subscription.
fn read_purchase(subscription: &Subscription) -> ProviderFact {
    let mark = Mark::find(subscription.custom_id.as_deref());
    let checkout_id = mark.map(|mark| mark.checkout_id);
    let page = PaidPage { provider_ref: Some(subscription.id.clone()), asked: None };
    let was_paid =
        subscription.billing_info.as_ref().is_some_and(|info| info.last_payment.is_some());
    match subscription.status.as_str() {
        "ACTIVE" | "SUSPENDED" => ProviderFact::CheckoutPaid { checkout_id, page, payment: None },
        "CANCELLED" | "EXPIRED" if was_paid => {
            ProviderFact::CheckoutPaid { checkout_id, page, payment: None }
        }
        "CANCELLED" | "EXPIRED" => ProviderFact::CheckoutExpired { checkout_id },
        _ => ProviderFact::Other,
    }
}

fn tell_refund(back: &Return, state: RefundState) -> Result<ProviderFact, UnverifiedEvent> {
    let (payment_ref, amount) = (back.find_capture(), back.amount.tell_size()?);
    let refund_ref = back.id.clone();
    Ok(ProviderFact::Refund(ToldRefund { payment_ref, refund_ref, amount, state }))
}

fn taken(payment_ref: String, amount: &Amount) -> Result<ProviderFact, UnverifiedEvent> {
    let (amount, state) = (amount.tell_size()?, DisputeState::Open);
    // It does not name its dispute, and a payment has one at most.
    let dispute_ref = payment_ref.clone();
    Ok(ProviderFact::Disputed(ToldDispute { dispute_ref, payment_ref, amount, state }))
}
