//! Stripe as the port sees it.

use async_trait::async_trait;
use gantry_ports::payments::{
    CheckoutClosing, CheckoutOrder, OpenedCheckout, PaymentError, PaymentProvider, ProviderEvent,
    RawEvent, RefundOrder, SubscriptionChange, SubscriptionOrder, ToldEvent, ToldInvoice,
    ToldSubscription, TrialEnd, UnverifiedEvent,
};
use gantry_types::{PlanId, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::api::List;
use super::checkout::currency_of;
use super::form::Form;
use super::{Stripe, new_key};
use crate::names::{self, refund_key};
use crate::shapes::{Event, Invoice, InvoicePayment, PLAN, Subscription, seconds_of, time_of};
use crate::wire::{Told, unreadable};
use crate::{signature, trial};

/// The kinds of events that are needed; the endpoint at Stripe listens to these, which
/// `docs/editions.md` tells operators.
const KINDS: [&str; 21] = [
    "checkout.session.completed",
    "checkout.session.expired",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice_payment.paid",
    "charge.succeeded",
    "charge.failed",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
];
/// As many kinds of events as Stripe lists at once.
const MOST_KINDS: usize = 20;
/// Pages of a list of events, of a hundred each.
const MOST_PAGES: usize = 100;

/// A page of the customer portal.
#[derive(Deserialize)]
pub(super) struct PortalSession {
    url: String,
}

#[async_trait]
impl PaymentProvider for Stripe {
    fn id(&self) -> &'static str {
        "stripe"
    }

    fn title(&self) -> &'static str {
        "Stripe"
    }

    async fn open_checkout(&self, order: &CheckoutOrder) -> Result<OpenedCheckout, PaymentError> {
        self.make_page(order).await
    }

    async fn close_checkout(&self, provider_ref: &str) -> Result<CheckoutClosing, PaymentError> {
        self.close_page(provider_ref).await
    }

    async fn change_subscription(
        &self,
        provider_ref: &str,
        order: &SubscriptionOrder,
    ) -> Result<SubscriptionChange, PaymentError> {
        let path = format!("/v1/subscriptions/{}", segment(provider_ref)?);
        // What is only set may be set twice; a price that is switched to twice is credited and billed
        // alike, and a refusal is not to stand for the next attempt with another card.
        let mut key = new_key("change");
        let form = match order {
            SubscriptionOrder::CancelNow => {
                return self.cancel(provider_ref, &path).await.map(SubscriptionChange::Done);
            }
            SubscriptionOrder::CancelAtPeriodEnd => {
                Form::default().field("cancel_at_period_end", true)
            }
            SubscriptionOrder::Keep => Form::default().field("cancel_at_period_end", false),
            SubscriptionOrder::Switch { plan_id, interval, title, price, return_url: _ } => {
                let product = self.require_product(*plan_id, title).await?;
                let form = self.switch_form(provider_ref, (*plan_id, &product)).await?;
                form.field("items[0][price_data][currency]", currency_of(*price))
                    .field("items[0][price_data][unit_amount]", price.minor)
                    .field("items[0][price_data][recurring][interval]", interval.as_str())
            }
            SubscriptionOrder::MoveTrialEnd { end } => {
                let present = self.fetch(provider_ref).await?.body;
                // Stripe itself would begin a new trial of a subscription that is paid for.
                trial::require(&present)?;
                if *end == TrialEnd::Now {
                    key = trial_key(&present);
                }
                trial_form(*end)
            }
        };
        let told = self.api.post(&path, &form, &key).await?;
        let told = self.show_discounts(provider_ref, told).await;
        self.tell(told).map(SubscriptionChange::Done)
    }

    async fn refund(&self, order: &RefundOrder) -> Result<(), PaymentError> {
        let charge = self.get_charge(&order.payment_ref).await?;
        let by = if charge.starts_with("ch_") { "charge" } else { "payment_intent" };
        let form = Form::default()
            .field(by, charge)
            .field("amount", order.amount.minor)
            .field("reason", "requested_by_customer");
        let _refund: Told<Value> = self.api.post("/v1/refunds", &form, &refund_key(order)).await?;
        Ok(())
    }

    async fn fetch_subscription(
        &self,
        provider_ref: &str,
    ) -> Result<ToldSubscription, PaymentError> {
        let told = self.fetch(provider_ref).await?;
        let told = self.show_discounts(provider_ref, told).await;
        self.tell(told)
    }

    async fn open_portal(
        &self,
        subscription_ref: &str,
        return_url: &str,
    ) -> Result<String, PaymentError> {
        let customer = self.get_customer(subscription_ref).await?;
        let form = Form::default().field("customer", customer).field("return_url", return_url);
        let path = "/v1/billing_portal/sessions";
        let session: PortalSession = self.api.post(path, &form, &new_key("portal")).await?.body;
        Ok(session.url)
    }

    fn tells_of_renewals(&self) -> bool {
        true
    }

    fn tells_of_cancellations(&self) -> bool {
        true
    }

    fn tells_failures_by_overdue(&self) -> bool {
        false
    }

    fn writes_invoices(&self) -> bool {
        true
    }

    async fn list_invoices(
        &self,
        subscription_ref: &str,
    ) -> Result<Vec<ToldInvoice>, PaymentError> {
        let query = Form::default().field("subscription", subscription_ref).field("limit", 100);
        let list: List<Invoice> = self.api.get("/v1/invoices", &query).await?.body;
        list.data.into_iter().map(|invoice| invoice.show().map_err(unreadable)).collect()
    }

    /// Stripe keeps its events for thirty days, newest first.
    async fn list_events(
        &self,
        since: Timestamp,
        _open: &[String],
    ) -> Result<Vec<ToldEvent>, PaymentError> {
        let mut told = Vec::new();
        for kinds in KINDS.chunks(MOST_KINDS) {
            told.extend(self.fetch_events(since, kinds).await?);
        }
        told.sort_by_key(|told| told.event.told_at);
        Ok(told)
    }

    async fn verify(&self, event: RawEvent<'_>) -> Result<ProviderEvent, UnverifiedEvent> {
        let signed = (event.find_header("stripe-signature"), event.body);
        signature::verify(&self.webhook_secret, signed, event.received_at)?;
        Ok(self.read_verified(event.body))
    }

    fn read_verified(&self, body: &[u8]) -> ProviderEvent {
        Event::read(body)
    }
}

impl Stripe {
    /// What was told since of these kinds, oldest first.
    async fn fetch_events(
        &self,
        since: Timestamp,
        kinds: &[&str],
    ) -> Result<Vec<ToldEvent>, PaymentError> {
        let mut told = Vec::new();
        let mut last: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let query =
                Form::default().field("created[gte]", seconds_of(since)).field("limit", 100);
            let query = kinds.iter().fold(query, |query, kind| query.field("types[]", kind));
            let query = query.maybe("starting_after", last.as_deref());
            let page: List<Value> = self.api.get("/v1/events", &query).await?.body;
            last = page.data.last().and_then(|event| event["id"].as_str()).map(str::to_owned);
            for event in page.data {
                let body = event.to_string();
                told.push(ToldEvent { event: Event::read(body.as_bytes()), body });
            }
            if !page.has_more || last.is_none() {
                break;
            }
        }
        told.reverse();
        Ok(told)
    }

    pub(super) async fn fetch(
        &self,
        provider_ref: &str,
    ) -> Result<Told<Subscription>, PaymentError> {
        let path = format!("/v1/subscriptions/{}", segment(provider_ref)?);
        Ok(self.api.get(&path, &Form::default()).await?)
    }

    /// A subscription with its discounts, which Stripe names and shows only where they are asked
    /// for; as it was told when Stripe does not show them.
    async fn show_discounts(
        &self,
        provider_ref: &str,
        told: Told<Subscription>,
    ) -> Told<Subscription> {
        if told.body.discounts.is_empty() {
            return told;
        }
        self.fetch_expanded(provider_ref).await.unwrap_or(told)
    }

    async fn fetch_expanded(&self, provider_ref: &str) -> Result<Told<Subscription>, PaymentError> {
        let path = format!("/v1/subscriptions/{}", segment(provider_ref)?);
        let query = Form::default().field("expand[]", "discounts.source.coupon");
        Ok(self.api.get(&path, &query).await?)
    }

    /// The item of a subscription becomes another plan; what is left of the period is credited
    /// and the rest billed now, or nothing is changed.
    async fn switch_form(
        &self,
        provider_ref: &str,
        (plan_id, product): (PlanId, &str),
    ) -> Result<Form, PaymentError> {
        let present = self.fetch(provider_ref).await?.body;
        let item = present.items.data.into_iter().next();
        let item = item.ok_or(PaymentError::NotFound { what: "item of the subscription" })?;
        Ok(Form::default()
            .field("items[0][id]", item.id)
            .field("items[0][price_data][product]", product)
            .field("proration_behavior", "always_invoice")
            .field("payment_behavior", "error_if_incomplete")
            .field(format!("metadata[{PLAN}]"), plan_id))
    }

    /// The movement of money behind a payment.
    async fn get_charge(&self, payment_ref: &str) -> Result<String, PaymentError> {
        if !payment_ref.starts_with("in_") {
            return Ok(payment_ref.to_owned());
        }
        let path = format!("/v1/invoices/{}", segment(payment_ref)?);
        let query = Form::default().field("expand[]", "payments");
        let invoice: Invoice = self.api.get(&path, &query).await?.body;
        let paid = invoice.payments.into_iter().flat_map(|payments| payments.data);
        let charge = paid
            .filter(|payment| payment.status == "paid")
            .find_map(|payment: InvoicePayment| payment.find_charge().map(str::to_owned));
        charge.ok_or_else(|| PaymentError::Refused {
            reason: "no money moved for this invoice, so that none can be given back".to_owned(),
        })
    }

    pub(super) fn tell(&self, told: Told<Subscription>) -> Result<ToldSubscription, PaymentError> {
        // Stripe's own clock orders what it tells; events count whole seconds.
        let at = told.at.unwrap_or_else(|| self.clock.now());
        told.body.tell(time_of(seconds_of(at))).map_err(unreadable)
    }
}

/// The key under which a trial is ended now, which bills the first period: a trial ends once, whoever
/// asks for it at the same moment and however often.
fn trial_key(present: &Subscription) -> String {
    let end = present.items.data.first().map_or(0, |item| item.current_period_end);
    format!("trial-{}-{end}", present.id)
}

/// Nothing is credited or billed for the time between the two ends.
fn trial_form(end: TrialEnd) -> Form {
    let form = Form::default().field("proration_behavior", "none");
    match end {
        TrialEnd::Now => form.field("trial_end", "now"),
        TrialEnd::At(at) => form.field("trial_end", seconds_of(at)),
    }
}

/// A name of Stripe's as a part of a path.
pub(super) fn segment(name: &str) -> Result<&str, PaymentError> {
    names::segment(name, b"_-", usize::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{KINDS, trial_key};
    use crate::shapes::Subscription;

    #[test]
    fn a_trial_has_one_key_to_end_by_until_it_ends_at_another_time() {
        let trial = |id: &str, end: i64| -> Subscription {
            let price = json!({ "unit_amount": 1, "currency": "usd",
                "recurring": { "interval": "month" } });
            let item = json!({ "id": "si_1", "current_period_start": 1, "current_period_end": end,
                "price": price });
            serde_json::from_value(json!({ "id": id, "status": "trialing",
                "cancel_at_period_end": false, "items": { "data": [item] } }))
            .unwrap()
        };
        let key = trial_key(&trial("sub_1", 20));
        assert_eq!(key, trial_key(&trial("sub_1", 20)));
        assert_ne!(key, trial_key(&trial("sub_1", 30)), "it was lengthened");
        assert_ne!(key, trial_key(&trial("sub_2", 20)));
    }

    #[test]
    fn operators_are_told_the_kinds_that_are_needed() {
        let page = include_str!("../../../../../docs/editions.md");
        let (_, list) = page.split_once("These kinds of events are needed").unwrap();
        let list = list.split("```").nth(1).unwrap();
        let told: Vec<&str> = list.split([',', '\n']).map(str::trim).collect();
        let told: Vec<&str> = told.into_iter().filter(|kind| !kind.is_empty()).collect();
        assert_eq!(told, KINDS);
    }
}
