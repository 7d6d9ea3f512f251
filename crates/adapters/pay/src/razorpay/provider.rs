//! Razorpay as the port sees it.

use async_trait::async_trait;
use gantry_ports::payments::{
    CheckoutClosing, CheckoutOrder, OpenedCheckout, PaymentError, PaymentProvider, ProviderEvent,
    Purchase, RawEvent, RefundOrder, SubscriptionChange, SubscriptionOrder, ToldEvent, ToldInvoice,
    ToldSubscription, UnverifiedEvent,
};
use gantry_rules::plan::Interval;
use gantry_rules::subscription::AtPeriodEnd;
use gantry_types::{PlanId, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Razorpay;
use super::api::Collection;
use super::events::{CHECKOUT, LABELS, write_event};
use super::shapes::{Invoice, PaymentLink, Subscription};
use crate::names::{self, refund_key};
use crate::shapes::{ORGANIZATION, PLAN, seconds_of, time_of};
use crate::signature::fits_hex;
use crate::wire::{Call, Told, unreadable};
use crate::{trial, unread};

/// A subscription ends after ten years, because Razorpay's must end.
const YEARS: u32 = 10;
const DAY_S: i64 = 86_400;
/// Payments of one page of their list, and pages that are looked through.
const PAGE: usize = 100;
const MOST_PAGES: usize = 20;

#[async_trait]
impl PaymentProvider for Razorpay {
    fn id(&self) -> &'static str {
        "razorpay"
    }

    fn title(&self) -> &'static str {
        "Razorpay"
    }

    async fn open_checkout(&self, order: &CheckoutOrder) -> Result<OpenedCheckout, PaymentError> {
        match &order.purchase {
            Purchase::Plan { plan_id, interval, trial_days } => {
                self.begin_subscription(order, (*plan_id, *interval), *trial_days).await
            }
            Purchase::Package { .. } => self.make_link(order).await,
        }
    }

    /// Looks alone: Razorpay cancels what was paid for meanwhile as well, and gives nothing back.
    async fn close_checkout(&self, provider_ref: &str) -> Result<CheckoutClosing, PaymentError> {
        let kind = if provider_ref.starts_with("sub_") { "subscriptions" } else { "payment_links" };
        let path = format!("/v1/{kind}/{}", segment(provider_ref)?);
        let found: PurchaseState = self.api.get(&path).await?.body;
        Ok(match found.status.as_str() {
            "created" => CheckoutClosing::Left,
            "cancelled" | "expired" => CheckoutClosing::Closed,
            _ => CheckoutClosing::Paid,
        })
    }

    async fn change_subscription(
        &self,
        provider_ref: &str,
        order: &SubscriptionOrder,
    ) -> Result<SubscriptionChange, PaymentError> {
        let path = format!("/v1/subscriptions/{}", segment(provider_ref)?);
        match order {
            SubscriptionOrder::CancelAtPeriodEnd => {
                let body = json!({ "cancel_at_cycle_end": true });
                let told = self.api.post(&format!("{path}/cancel"), &body).await?;
                let mut told = self.tell(told).await?;
                // Razorpay's subscription does not say that it was told to end.
                told.state.at_period_end = AtPeriodEnd::Cancel;
                Ok(SubscriptionChange::Done(told))
            }
            SubscriptionOrder::Keep => Err(PaymentError::Refused {
                reason: "Razorpay takes no cancellation back; buy the plan again when the period \
                         is over"
                    .to_owned(),
            }),
            SubscriptionOrder::MoveTrialEnd { end: _ } => Err(trial::refuse_to_move("Razorpay")),
            SubscriptionOrder::Switch { plan_id, interval, title, price, return_url: _ } => {
                let plan = self.require_plan((*plan_id, *interval), (title, *price)).await?;
                let body = json!({
                    "plan_id": plan,
                    "schedule_change_at": "now",
                    "remaining_count": count_periods(*interval),
                    "customer_notify": false,
                });
                let told = self.api.send(Call::json("PATCH", &path, &body)).await?;
                self.tell(told).await.map(SubscriptionChange::Done)
            }
        }
    }

    async fn refund(&self, order: &RefundOrder) -> Result<(), PaymentError> {
        let RefundOrder { payment_ref, amount, .. } = order;
        let path = format!("/v1/payments/{}/refund", segment(payment_ref)?);
        let body = json!({ "amount": amount.minor, "speed": "normal" });
        let call =
            Call::json("POST", path, &body).header("x-refund-idempotency", refund_key(order));
        let _refund: Told<Value> = self.api.send(call).await?;
        Ok(())
    }

    async fn fetch_subscription(
        &self,
        provider_ref: &str,
    ) -> Result<ToldSubscription, PaymentError> {
        let path = format!("/v1/subscriptions/{}", segment(provider_ref)?);
        let told = self.api.get(&path).await?;
        self.tell(told).await
    }

    /// The subscription's own page.
    async fn open_portal(
        &self,
        subscription_ref: &str,
        _return_url: &str,
    ) -> Result<String, PaymentError> {
        let path = format!("/v1/subscriptions/{}", segment(subscription_ref)?);
        let told: Told<Subscription> = self.api.get(&path).await?;
        told.body.short_url.ok_or(PaymentError::NotFound { what: "page of the subscription" })
    }

    fn tells_of_renewals(&self) -> bool {
        true
    }

    /// Razorpay's subscription does not say that it was told to end.
    fn tells_of_cancellations(&self) -> bool {
        false
    }

    /// `payment.failed` names no subscription, and comes for a first attempt on a page as well.
    fn tells_failures_by_overdue(&self) -> bool {
        true
    }

    fn writes_invoices(&self) -> bool {
        false
    }

    async fn list_invoices(
        &self,
        subscription_ref: &str,
    ) -> Result<Vec<ToldInvoice>, PaymentError> {
        let name = segment(subscription_ref)?;
        let path = format!("/v1/invoices?subscription_id={name}&count=100");
        let list: Collection<Invoice> = self.api.get(&path).await?.body;
        list.items.into_iter().map(|invoice| invoice.show().map_err(unreadable)).collect()
    }

    /// Razorpay keeps no list of events: what was bought and paid is asked for instead.
    async fn list_events(
        &self,
        since: Timestamp,
        open: &[String],
    ) -> Result<Vec<ToldEvent>, PaymentError> {
        let mut bodies = Vec::new();
        for name in open {
            match self.look_at_purchase(name).await {
                Ok(found) => bodies.extend(found),
                Err(PaymentError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        bodies.extend(self.look_at_payments(since).await?);
        bodies.extend(self.look_at_refunds(since).await?);
        let read = |body: String| {
            let event = self.read_verified(body.as_bytes());
            ToldEvent { event, body }
        };
        Ok(bodies.into_iter().map(read).collect())
    }

    async fn verify(&self, event: RawEvent<'_>) -> Result<ProviderEvent, UnverifiedEvent> {
        let body = event.body;
        self.believe(event).await.or_else(|refusal| unread::keep(body, &LABELS, refusal))
    }

    /// The signature of a payment: its key's, over what the buyer brings back.
    fn read_return(&self, query: &[(String, String)]) -> Result<String, UnverifiedEvent> {
        let find = |name: &str| {
            let name = format!("razorpay_{name}");
            let found = query.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.as_str()).ok_or(UnverifiedEvent::Signature)
        };
        let link = find("payment_link_id")?;
        let (reference, status) =
            (find("payment_link_reference_id")?, find("payment_link_status")?);
        let signed = format!("{link}|{reference}|{status}|{}", find("payment_id")?);
        if fits_hex(&self.key_secret, signed.as_bytes(), find("signature")?) {
            Ok(link.to_owned())
        } else {
            Err(UnverifiedEvent::Signature)
        }
    }

    fn read_verified(&self, body: &[u8]) -> ProviderEvent {
        unread::read_or_keep(body, &LABELS, self.read(body))
    }
}

/// Where a subscription or a link stands.
#[derive(Deserialize)]
struct PurchaseState {
    status: String,
}

#[derive(Deserialize)]
struct ListedPayment {
    status: String,
    #[serde(default)]
    invoice_id: Option<String>,
    created_at: i64,
}

impl Razorpay {
    async fn make_link(&self, order: &CheckoutOrder) -> Result<OpenedCheckout, PaymentError> {
        let body = json!({
            "amount": order.price.minor,
            "currency": order.price.currency.to_string(),
            "accept_partial": false,
            "description": order.title,
            "reference_id": order.id,
            "customer": { "email": order.email },
            "notify": { "sms": false, "email": false },
            "reminder_enable": false,
            "notes": { ORGANIZATION: order.organization_id, CHECKOUT: order.id },
            "callback_url": order.confirm_url,
            "callback_method": "get",
        });
        let link: PaymentLink = match self.api.post("/v1/payment_links", &body).await {
            Ok(told) => told.body,
            // It was made, and the answer was lost.
            Err(PaymentError::Refused { reason }) if reason.contains("reference_id") => {
                let path = format!("/v1/payment_links?reference_id={}", order.id);
                let list: PaymentLinks = self.api.get(&path).await?.body;
                let link = list.payment_links.into_iter().next();
                link.ok_or(PaymentError::Refused { reason })?
            }
            Err(error) => return Err(error),
        };
        Ok(OpenedCheckout { provider_ref: link.id, url: link.short_url })
    }

    async fn begin_subscription(
        &self,
        order: &CheckoutOrder,
        (plan_id, interval): (PlanId, Interval),
        trial_days: u32,
    ) -> Result<OpenedCheckout, PaymentError> {
        let plan = self.require_plan((plan_id, interval), (&order.title, order.price)).await?;
        let mut body = json!({
            "plan_id": plan,
            "total_count": count_periods(interval),
            "quantity": 1,
            "customer_notify": false,
            "notes": { ORGANIZATION: order.organization_id, PLAN: plan_id, CHECKOUT: order.id },
        });
        if trial_days > 0 {
            let start = seconds_of(self.clock.now()) + i64::from(trial_days) * DAY_S;
            body["start_at"] = json!(start);
        }
        let made: Subscription = self.api.post("/v1/subscriptions", &body).await?.body;
        let url = made.short_url.ok_or_else(|| PaymentError::Unavailable {
            reason: "Razorpay made a subscription and did not say where it is paid".to_owned(),
        })?;
        Ok(OpenedCheckout { provider_ref: made.id, url })
    }

    async fn tell(&self, told: Told<Subscription>) -> Result<ToldSubscription, PaymentError> {
        self.fetch_plan(&told.body.plan_id).await?;
        let at = told.at.unwrap_or_else(|| self.clock.now());
        self.tell_subscription(&told.body, time_of(seconds_of(at))).map_err(unreadable)
    }

    /// What became of a purchase, as events.
    async fn look_at_purchase(&self, name: &str) -> Result<Vec<String>, PaymentError> {
        if name.starts_with("sub_") {
            let path = format!("/v1/subscriptions/{}", segment(name)?);
            let told: Told<Value> = self.api.get(&path).await?;
            let entity = told.body;
            if entity["status"] == "created" {
                return Ok(Vec::new());
            }
            self.fetch_plan(entity["plan_id"].as_str().unwrap_or_default()).await?;
            let at = seconds_of(told.at.unwrap_or_else(|| self.clock.now()));
            let entities = [("subscription", &entity)];
            let kinds = ["subscription.activated", "subscription.updated"];
            return Ok(kinds.map(|kind| write_event(kind, &entities, at)).to_vec());
        }
        let path = format!("/v1/payment_links/{}", segment(name)?);
        let entity: Value = self.api.get(&path).await?.body;
        let link = PaymentLink::deserialize(&entity).map_err(unreadable)?;
        match link.status.as_str() {
            "paid" => {
                let mut paid = link.payments.into_iter().flatten();
                let paid = paid.rfind(|payment| payment.status == "captured");
                let Some(paid) = paid else { return Ok(Vec::new()) };
                let path = format!("/v1/payments/{}", segment(&paid.payment_id)?);
                let payment: Value = self.api.get(&path).await?.body;
                let at = payment["created_at"].as_i64().unwrap_or_default();
                let entities = [("payment_link", &entity), ("payment", &payment)];
                Ok(vec![write_event("payment_link.paid", &entities, at)])
            }
            "expired" | "cancelled" => {
                let at = entity["created_at"].as_i64().unwrap_or_default();
                Ok(vec![write_event("payment_link.expired", &[("payment_link", &entity)], at)])
            }
            _ => Ok(Vec::new()),
        }
    }

    /// What was paid for subscriptions since, as events.
    async fn look_at_payments(&self, since: Timestamp) -> Result<Vec<String>, PaymentError> {
        let mut bodies = Vec::new();
        for page in 0..MOST_PAGES {
            let (from, skip) = (seconds_of(since), page * PAGE);
            let path = format!("/v1/payments?from={from}&count={PAGE}&skip={skip}");
            let list: Collection<Value> = self.api.get(&path).await?.body;
            let count = list.items.len();
            for payment in list.items {
                let facts = ListedPayment::deserialize(&payment).map_err(unreadable)?;
                if let Some(invoice) = facts.invoice_id.filter(|_| facts.status != "failed") {
                    let path = format!("/v1/invoices/{}", segment(&invoice)?);
                    let invoice: Value = self.api.get(&path).await?.body;
                    let entities = [("invoice", &invoice), ("payment", &payment)];
                    bodies.push(write_event("invoice.paid", &entities, facts.created_at));
                }
            }
            if count < PAGE {
                break;
            }
        }
        Ok(bodies)
    }

    /// What was given back since, and what of it failed, as events.
    async fn look_at_refunds(&self, since: Timestamp) -> Result<Vec<String>, PaymentError> {
        let mut bodies = Vec::new();
        for page in 0..MOST_PAGES {
            let (from, skip) = (seconds_of(since), page * PAGE);
            let path = format!("/v1/refunds?from={from}&count={PAGE}&skip={skip}");
            let list: Collection<Value> = self.api.get(&path).await?.body;
            let count = list.items.len();
            for refund in list.items {
                let kind = match refund["status"].as_str() {
                    Some("failed") => "refund.failed",
                    Some(_) | None => "refund.processed",
                };
                let at = refund["created_at"].as_i64().unwrap_or_default();
                bodies.push(write_event(kind, &[("refund", &refund)], at));
            }
            if count < PAGE {
                break;
            }
        }
        Ok(bodies)
    }
}

#[derive(Deserialize)]
struct PaymentLinks {
    payment_links: Vec<PaymentLink>,
}

fn count_periods(interval: Interval) -> u32 {
    match interval {
        Interval::Month => 12 * YEARS,
        Interval::Year => YEARS,
    }
}

/// A name of Razorpay's as a part of a path.
pub(super) fn segment(name: &str) -> Result<&str, PaymentError> {
    names::segment(name, b"_", usize::MAX)
}
