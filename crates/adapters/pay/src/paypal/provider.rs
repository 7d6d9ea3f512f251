//! PayPal as the port sees it.

use std::time::Duration;

use async_trait::async_trait;
use gantry_ports::payments::{
    CheckoutClosing, CheckoutOrder, OpenedCheckout, PaymentError, PaymentProvider, ProviderEvent,
    Purchase, RawEvent, RefundOrder, SubscriptionChange, SubscriptionOrder, ToldEvent, ToldInvoice,
    ToldSubscription, UnverifiedEvent,
};
use gantry_types::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::PayPal;
use super::amounts::{write_amount, write_total};
use super::api::ApiError;
use super::events::LABELS;
use super::shapes::Transaction;
use crate::names::{self, refund_key};
use crate::shapes::{seconds_of, time_of};
use crate::wire::Told;
use crate::{trial, unread};

/// How far back the payments of a subscription are listed, and how many of them.
const LISTED: Duration = Duration::from_hours(3 * 366 * 24);
const MOST_INVOICES: usize = 100;
/// The longest title that PayPal takes.
const LONGEST_TITLE: usize = 127;
/// The longest of its own names.
const LONGEST_SEGMENT: usize = 64;

#[derive(Deserialize)]
struct Transactions {
    #[serde(default)]
    transactions: Vec<Transaction>,
}

#[async_trait]
impl PaymentProvider for PayPal {
    fn id(&self) -> &'static str {
        "paypal"
    }

    fn title(&self) -> &'static str {
        "PayPal"
    }

    async fn open_checkout(&self, order: &CheckoutOrder) -> Result<OpenedCheckout, PaymentError> {
        match &order.purchase {
            Purchase::Plan { plan_id, interval, trial_days } => {
                self.begin_subscription(order, (*plan_id, *interval), *trial_days).await
            }
            Purchase::Package { .. } => self.make_order(order).await,
        }
    }

    /// Looks alone: PayPal takes back nothing that its buyer has not agreed to.
    async fn close_checkout(&self, provider_ref: &str) -> Result<CheckoutClosing, PaymentError> {
        let status = if provider_ref.starts_with("I-") {
            self.fetch(provider_ref).await?.body.status
        } else {
            let order = self.fetch_order(provider_ref).await?;
            order["status"].as_str().unwrap_or_default().to_owned()
        };
        Ok(match status.as_str() {
            "ACTIVE" | "SUSPENDED" | "COMPLETED" => CheckoutClosing::Paid,
            "CANCELLED" | "EXPIRED" | "VOIDED" => CheckoutClosing::Closed,
            _ => CheckoutClosing::Left,
        })
    }

    async fn change_subscription(
        &self,
        provider_ref: &str,
        order: &SubscriptionOrder,
    ) -> Result<SubscriptionChange, PaymentError> {
        match order {
            SubscriptionOrder::CancelAtPeriodEnd => {
                self.cancel(provider_ref).await.map(SubscriptionChange::Done)
            }
            SubscriptionOrder::Keep => Err(PaymentError::Refused {
                reason: "PayPal takes no cancellation back; buy the plan again when the period is \
                         over"
                    .to_owned(),
            }),
            SubscriptionOrder::MoveTrialEnd { end: _ } => Err(trial::refuse_to_move("PayPal")),
            SubscriptionOrder::Switch { plan_id, interval, title, price, return_url } => {
                self.require_same_interval(provider_ref, *interval).await?;
                let plan = self.require_plan((*plan_id, *interval), (title, *price)).await?;
                self.revise(provider_ref, &plan, return_url).await
            }
        }
    }

    async fn refund(&self, order: &RefundOrder) -> Result<(), PaymentError> {
        let RefundOrder { payment_ref, amount, .. } = order;
        let name = segment(payment_ref)?;
        let key = refund_key(order);
        let path = format!("/v2/payments/captures/{name}/refund");
        let body = json!({ "amount": write_amount(*amount)? });
        match self.api.make::<Value>(&path, &body, &key).await {
            Ok(_) => Ok(()),
            // Payments of subscriptions are sales.
            Err(ApiError::Refused(refusal)) if refusal.status == 404 => {
                let path = format!("/v1/payments/sale/{name}/refund");
                let body = json!({ "amount": write_total(*amount)? });
                let _refund: Told<Value> = self.api.make(&path, &body, &key).await?;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn fetch_subscription(
        &self,
        provider_ref: &str,
    ) -> Result<ToldSubscription, PaymentError> {
        let told = self.fetch(provider_ref).await?;
        self.tell(told).await
    }

    /// PayPal's page of everything that its user pays again and again.
    async fn open_portal(
        &self,
        subscription_ref: &str,
        _return_url: &str,
    ) -> Result<String, PaymentError> {
        self.fetch(subscription_ref).await.map(|_| self.portal.to_owned())
    }

    /// Of a payment of a subscription, PayPal tells the payment.
    fn tells_of_renewals(&self) -> bool {
        false
    }

    fn tells_of_cancellations(&self) -> bool {
        true
    }

    /// A subscription is suspended by hand as well, and is overdue here then.
    fn tells_failures_by_overdue(&self) -> bool {
        false
    }

    fn writes_invoices(&self) -> bool {
        false
    }

    /// PayPal writes no invoices for subscriptions; its payments are listed.
    async fn list_invoices(
        &self,
        subscription_ref: &str,
    ) -> Result<Vec<ToldInvoice>, PaymentError> {
        let told = self.fetch(subscription_ref).await?;
        let now = told.at.unwrap_or_else(|| self.clock.now());
        let (start, end) = (seconds_of(now.minus(LISTED)), seconds_of(now));
        let path = format!(
            "/v1/billing/subscriptions/{}/transactions?start_time={}&end_time={}",
            segment(subscription_ref)?,
            time_of(start),
            time_of(end)
        );
        let list: Transactions = self.api.get(&path).await?.body;
        let mut invoices: Vec<ToldInvoice> =
            list.transactions.into_iter().map(Transaction::show).collect::<Result<_, _>>()?;
        invoices.sort_by_key(|invoice| std::cmp::Reverse(invoice.at));
        invoices.truncate(MOST_INVOICES);
        Ok(invoices)
    }

    /// PayPal keeps its events for thirty days; an order that is approved has to be collected, so
    /// that purchases that nothing was heard of are looked at as well.
    async fn list_events(
        &self,
        since: Timestamp,
        open: &[String],
    ) -> Result<Vec<ToldEvent>, PaymentError> {
        let mut told = Vec::new();
        for name in open {
            let found = match self.look_at_purchase(name).await {
                Ok(found) => found,
                Err(PaymentError::NotFound { .. } | PaymentError::Refused { .. }) => Vec::new(),
                Err(error) => return Err(error),
            };
            told.extend(found.into_iter().map(|body| {
                let event = self.read_verified(body.as_bytes());
                ToldEvent { event, body }
            }));
        }
        told.extend(self.fetch_events(since).await?);
        Ok(told)
    }

    async fn verify(&self, event: RawEvent<'_>) -> Result<ProviderEvent, UnverifiedEvent> {
        let body = event.body;
        self.believe(event).await.or_else(|refusal| unread::keep(body, &LABELS, refusal))
    }

    /// PayPal names the purchase and signs nothing: it is asked about, and nothing is believed.
    fn read_return(&self, query: &[(String, String)]) -> Result<String, UnverifiedEvent> {
        let find = |name: &str| query.iter().find(|(known, _)| known == name);
        let found = find("subscription_id").or_else(|| find("token"));
        let (_, name) = found.ok_or(UnverifiedEvent::Signature)?;
        segment(name).map(str::to_owned).map_err(|_| UnverifiedEvent::Signature)
    }

    fn read_verified(&self, body: &[u8]) -> ProviderEvent {
        unread::read_or_keep(body, &LABELS, self.read(body))
    }
}

/// A name of PayPal's as a part of a path.
pub(super) fn segment(name: &str) -> Result<&str, PaymentError> {
    names::segment(name, b"-", LONGEST_SEGMENT)
}

/// A title as long as PayPal takes it.
pub(super) fn shorten(title: &str) -> String {
    title.chars().take(LONGEST_TITLE).collect()
}
