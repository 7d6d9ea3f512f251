//! Subscriptions: begun, cancelled, and what they say of themselves.
//!
//! Invariants: PayPal ends a subscription at once when it is cancelled and forgets its period; what
//! was paid for lasts all the same, until one interval after the last payment. It names another plan
//! as soon as the buyer agreed to it, and charges for it with the next payment; until then the
//! plan is the one that was paid for. It calls a subscription active as soon as the buyer agreed to it;
//! a trial lasts until the first payment all the same, which comes some hours after its agreed time.

use gantry_ports::payments::{
    CheckoutOrder, OpenedCheckout, PaymentError, SubscriptionChange, ToldSubscription,
    UnverifiedEvent,
};
use gantry_rules::discount::ToldDiscount;
use gantry_rules::plan::Interval;
use gantry_rules::subscription::{AtPeriodEnd, SubscriptionState, SubscriptionStatus};
use gantry_types::{Money, PlanId, Timestamp};
use serde_json::{Value, json};

use super::PayPal;
use super::api::ApiError;
use super::orders::APPROVES;
use super::provider::segment;
use super::shapes::{Mark, Revision, Subscription, find_link};
use crate::sandbox::later;
use crate::shapes::{seconds_of, time_of};
use crate::wire::{Told, unreadable};

const DAY_S: i64 = 86_400;

impl PayPal {
    pub(super) async fn begin_subscription(
        &self,
        order: &CheckoutOrder,
        (plan_id, interval): (PlanId, Interval),
        trial_days: u32,
    ) -> Result<OpenedCheckout, PaymentError> {
        let plan = self.require_plan((plan_id, interval), (&order.title, order.price)).await?;
        let mark = Mark { organization_id: order.organization_id, checkout_id: order.id };
        let mut body = json!({
            "plan_id": plan,
            "custom_id": mark.write(),
            "application_context": {
                "user_action": "SUBSCRIBE_NOW",
                "shipping_preference": "NO_SHIPPING",
                "return_url": order.confirm_url,
                "cancel_url": order.return_url,
            },
        });
        if !order.email.is_empty() {
            body["subscriber"] = json!({ "email_address": order.email });
        }
        if trial_days > 0 {
            // PayPal refuses another body under the same key, so that no other time will do.
            let start = seconds_of(order.ordered_at) + i64::from(trial_days) * DAY_S;
            body["start_time"] = json!(time_of(start));
        }
        let key = format!("subscription-{}", order.id);
        let path = "/v1/billing/subscriptions";
        let made: Subscription = self.api.make(path, &body, &key).await?.body;
        let url = find_link(&made.links, &APPROVES).ok_or_else(|| PaymentError::Unavailable {
            reason: "PayPal made a subscription and did not say where it is paid".to_owned(),
        })?;
        Ok(OpenedCheckout { url: url.to_owned(), provider_ref: made.id })
    }

    pub(super) async fn fetch(&self, name: &str) -> Result<Told<Subscription>, PaymentError> {
        let path = format!("/v1/billing/subscriptions/{}", segment(name)?);
        Ok(self.api.get(&path).await?)
    }

    /// Cancels a subscription; one that is cancelled already is as it should be.
    pub(super) async fn cancel(&self, name: &str) -> Result<ToldSubscription, PaymentError> {
        let path = format!("/v1/billing/subscriptions/{}/cancel", segment(name)?);
        let body = json!({ "reason": "The subscriber cancelled it." });
        match self.api.tell(&path, &body).await {
            Ok(()) => self.tell(self.fetch(name).await?).await,
            Err(ApiError::Refused(refusal)) if refusal.status == 422 => {
                let told = self.fetch(name).await?;
                if told.body.status == "CANCELLED" {
                    return self.tell(told).await;
                }
                Err(ApiError::Refused(refusal).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Refuses another interval: PayPal would go on with the present one for one payment more.
    pub(super) async fn require_same_interval(
        &self,
        name: &str,
        interval: Interval,
    ) -> Result<(), PaymentError> {
        let plan = self.fetch(name).await?.body.plan_id;
        self.learn_plan(&plan).await?;
        if self.find_plan(&plan).is_none_or(|known| known.interval == interval) {
            return Ok(());
        }
        Err(PaymentError::Refused {
            reason: "PayPal does not change how often a subscription is paid; cancel, and buy the \
                     other plan when the period is over"
                .to_owned(),
        })
    }

    /// Asks the buyer for another plan, which begins with the next payment. Who pays by card at
    /// PayPal is not asked.
    pub(super) async fn revise(
        &self,
        name: &str,
        plan: &str,
        return_url: &str,
    ) -> Result<SubscriptionChange, PaymentError> {
        let path = format!("/v1/billing/subscriptions/{}/revise", segment(name)?);
        let body = json!({
            "plan_id": plan,
            "application_context": {
                "shipping_preference": "NO_SHIPPING",
                "return_url": return_url,
                "cancel_url": return_url,
            },
        });
        let asked: Revision = self.api.post(&path, &body).await?.body;
        match find_link(&asked.links, &APPROVES) {
            Some(page) => Ok(SubscriptionChange::Pending { approve_url: page.to_owned() }),
            None => self.tell(self.fetch(name).await?).await.map(SubscriptionChange::Done),
        }
    }

    pub(super) async fn tell(
        &self,
        told: Told<Subscription>,
    ) -> Result<ToldSubscription, PaymentError> {
        self.learn_plan(&told.body.plan_id).await?;
        let at = told.at.unwrap_or_else(|| self.clock.now());
        self.tell_subscription(&told.body, time_of(seconds_of(at))).map_err(unreadable)
    }

    /// A subscription as its text, its plan being known afterwards.
    pub(super) async fn fetch_text(&self, name: &str) -> Result<Told<Value>, PaymentError> {
        let path = format!("/v1/billing/subscriptions/{}", segment(name)?);
        let told: Told<Value> = self.api.get(&path).await?;
        self.learn_plan(told.body["plan_id"].as_str().unwrap_or_default()).await?;
        Ok(told)
    }

    /// What a subscription says, when it says so at `told_at`.
    ///
    /// # Errors
    /// [`UnverifiedEvent::Unreadable`] for states that there are not, and while its plan is not
    /// known.
    pub(super) fn tell_subscription(
        &self,
        subscription: &Subscription,
        told_at: Timestamp,
    ) -> Result<ToldSubscription, UnverifiedEvent> {
        let refuse = |reason: String| UnverifiedEvent::Unreadable { reason };
        let plan = self.find_plan(&subscription.plan_id);
        let plan =
            plan.ok_or_else(|| refuse("what its plan stands for is not known yet".to_owned()))?;
        let period = subscription.derive_period(plan.interval, told_at);
        let (status, at_period_end) =
            subscription.derive_status(period, told_at).map_err(refuse)?;
        let mark = Mark::find(subscription.custom_id.as_deref());
        // Whichever failure is told first: the payment is missing since what was paid ended.
        let past_due_since = (status == SubscriptionStatus::PastDue).then_some(period.1);
        Ok(ToldSubscription {
            provider_ref: subscription.id.clone(),
            organization_id: mark.map(|mark| mark.organization_id),
            // Its buyer may have begun it by themselves, with our mark and terms of their own.
            checkout_id: mark.map(|mark| mark.checkout_id),
            plan_id: plan.plan_id.filter(|_| subscription.is_paid_for(plan.price)),
            // What is sold there is sold at its whole price.
            discount: ToldDiscount::None,
            state: SubscriptionState {
                status,
                interval: plan.interval,
                period_start: period.0,
                period_end: period.1,
                at_period_end,
                past_due_since,
                told_at,
            },
        })
    }
}

impl Subscription {
    /// Whether the last payment, if there was one, was for a plan of this price.
    fn is_paid_for(&self, price: Money) -> bool {
        let last = self.billing_info.as_ref().and_then(|info| info.last_payment.as_ref());
        let paid = last.and_then(|last| last.amount.as_ref()?.tell().ok());
        paid.is_none_or(|paid| paid == price)
    }

    /// Whether it was agreed to be paid later than it was begun, and is not paid yet.
    fn is_trial(&self) -> bool {
        let was_paid = self.billing_info.as_ref().is_some_and(|info| info.last_payment.is_some());
        let times = self.create_time.zip(self.start_time);
        !was_paid && times.is_some_and(|(begun, start)| begun < start)
    }

    fn derive_status(
        &self,
        (_, end): (Timestamp, Timestamp),
        told_at: Timestamp,
    ) -> Result<(SubscriptionStatus, AtPeriodEnd), String> {
        let failures = self.billing_info.as_ref().map_or(0, |info| info.failed_payments_count);
        let is_before_start = self.start_time.is_some_and(|start| told_at < start);
        let status = match self.status.as_str() {
            "APPROVAL_PENDING" | "APPROVED" => SubscriptionStatus::Incomplete,
            "ACTIVE" if failures > 0 => SubscriptionStatus::PastDue,
            "ACTIVE" if is_before_start || self.is_trial() => SubscriptionStatus::Trialing,
            "ACTIVE" => SubscriptionStatus::Active,
            "SUSPENDED" => SubscriptionStatus::PastDue,
            "CANCELLED" if is_before_start => {
                return Ok((SubscriptionStatus::Trialing, AtPeriodEnd::Cancel));
            }
            "CANCELLED" if told_at < end => {
                return Ok((SubscriptionStatus::Active, AtPeriodEnd::Cancel));
            }
            "CANCELLED" | "EXPIRED" => SubscriptionStatus::Ended,
            other => return Err(format!("`{other}` is no state of a subscription")),
        };
        Ok((status, AtPeriodEnd::Renew))
    }

    /// The period that was paid, or the time before the first payment.
    fn derive_period(&self, interval: Interval, told_at: Timestamp) -> (Timestamp, Timestamp) {
        let info = self.billing_info.clone().unwrap_or_default();
        if let Some(paid) = info.last_payment {
            let paid_until = time_of(later(seconds_of(paid.time), interval, 1));
            let is_owed = info.failed_payments_count > 0;
            let end = info.next_billing_time.filter(|_| !is_owed).unwrap_or(paid_until);
            return (paid.time, end);
        }
        let begun = self.create_time.unwrap_or(told_at);
        let first = self.start_time.filter(|start| begun < *start);
        (begun, first.or(info.next_billing_time).unwrap_or(begun))
    }
}
