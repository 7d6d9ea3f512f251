//! The sandbox as the port sees it.

use async_trait::async_trait;
use gantry_ports::payments::{
    CheckoutClosing, CheckoutOrder, OpenedCheckout, PaymentError, PaymentProvider, ProviderEvent,
    RawEvent, RefundOrder, SubscriptionChange, SubscriptionOrder, ToldEvent, ToldInvoice,
    ToldSubscription, UnverifiedEvent,
};
use gantry_rules::plan::Interval;
use gantry_types::{Money, PlanId, Timestamp};

use super::Sandbox;
use super::book::{Book, Checkout, Order, Progress, Renewing, later, name, price_of};
use crate::shapes::{Event, PLAN, seconds_of};
use crate::signature;

/// The header that carries the signature.
pub(super) const SIGNATURE_HEADER: &str = "gantry-signature";

#[async_trait]
impl PaymentProvider for Sandbox {
    fn id(&self) -> &'static str {
        "sandbox"
    }

    fn title(&self) -> &'static str {
        "Sandbox"
    }

    async fn open_checkout(&self, order: &CheckoutOrder) -> Result<OpenedCheckout, PaymentError> {
        let id = name("cs_test");
        let checkout = Checkout { order: Order::of(order), progress: Progress::Open };
        let url = format!("{}/sandbox/checkout/{id}", self.pages);
        let key = id.clone();
        self.change(move |book, _| {
            book.checkouts.insert(key, checkout);
            Ok(())
        })
        .await?;
        Ok(OpenedCheckout { provider_ref: id, url })
    }

    async fn close_checkout(&self, provider_ref: &str) -> Result<CheckoutClosing, PaymentError> {
        let id = provider_ref.to_owned();
        self.change(move |book, now| {
            let checkout = book.get_checkout(&id)?;
            match checkout.progress {
                Progress::Paid => return Ok(CheckoutClosing::Paid),
                Progress::Expired => return Ok(CheckoutClosing::Closed),
                Progress::Open => checkout.progress = Progress::Expired,
            }
            let unpaid = checkout.order.session(&id, "unpaid");
            book.tell("checkout.session.expired", &unpaid, seconds_of(now))?;
            Ok(CheckoutClosing::Closed)
        })
        .await
    }

    async fn change_subscription(
        &self,
        provider_ref: &str,
        order: &SubscriptionOrder,
    ) -> Result<SubscriptionChange, PaymentError> {
        let (id, order) = (provider_ref.to_owned(), order.clone());
        self.change(move |book, now| {
            let renewing = book.get_subscription(&id)?;
            if renewing.shape.status == "canceled" {
                let reason = "the subscription has ended".to_owned();
                return Err(PaymentError::Refused { reason });
            }
            match order {
                SubscriptionOrder::CancelAtPeriodEnd => renewing.shape.cancel_at_period_end = true,
                SubscriptionOrder::Keep => renewing.shape.cancel_at_period_end = false,
                SubscriptionOrder::Switch { plan_id, interval, title, price, return_url: _ } => {
                    switch(book, (&id, now), (plan_id, interval), (title, price))?;
                }
                SubscriptionOrder::MoveTrialEnd { end } => book.move_trial_end(&id, end, now)?,
            }
            book.tell_subscription("customer.subscription.updated", &id, seconds_of(now))?;
            tell(&book.get_subscription(&id)?.shape, now).map(SubscriptionChange::Done)
        })
        .await
    }

    async fn refund(&self, order: &RefundOrder) -> Result<(), PaymentError> {
        let (id, key, amount) = (order.id, order.payment_ref.clone(), order.amount);
        self.change(move |book, now| {
            // An order that was sent twice is one order.
            if book.refunds.contains(&id) {
                return Ok(());
            }
            let charge = book.charges.get_mut(&key);
            let (charge, paid) = charge.ok_or(PaymentError::NotFound { what: "payment" })?;
            let total = charge.amount_refunded.saturating_add(amount.minor);
            if amount.minor <= 0 || total > *paid {
                let reason = "more would be given back than was paid".to_owned();
                return Err(PaymentError::Refused { reason });
            }
            charge.amount_refunded = total;
            let told = charge.clone();
            book.refunds.insert(id);
            book.tell("charge.refunded", &told, seconds_of(now))
        })
        .await
    }

    async fn fetch_subscription(
        &self,
        provider_ref: &str,
    ) -> Result<ToldSubscription, PaymentError> {
        let mut book = self.book.lock().await;
        let now = self.now(&book);
        tell(&book.get_subscription(provider_ref)?.shape, now)
    }

    async fn open_portal(
        &self,
        _subscription_ref: &str,
        _return_url: &str,
    ) -> Result<String, PaymentError> {
        Err(PaymentError::Refused {
            reason: "the sandbox has no page for subscriptions; change the subscription here"
                .to_owned(),
        })
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
        false
    }

    /// The sandbox writes bills and no invoices.
    async fn list_invoices(
        &self,
        subscription_ref: &str,
    ) -> Result<Vec<ToldInvoice>, PaymentError> {
        self.book.lock().await.get_subscription(subscription_ref).map(|_| Vec::new())
    }

    /// What was not taken yet.
    async fn list_events(
        &self,
        since: Timestamp,
        _open: &[String],
    ) -> Result<Vec<ToldEvent>, PaymentError> {
        let refuse = |reason: String| PaymentError::Unavailable { reason };
        let book = self.book.lock().await;
        let mut told = Vec::new();
        for event in book.outbox.iter().filter(|event| event.created >= seconds_of(since)) {
            let body = serde_json::to_string(event).map_err(|error| refuse(error.to_string()))?;
            told.push(ToldEvent { event: Event::read(body.as_bytes()), body });
        }
        Ok(told)
    }

    async fn verify(&self, event: RawEvent<'_>) -> Result<ProviderEvent, UnverifiedEvent> {
        let signed = (event.find_header(SIGNATURE_HEADER), event.body);
        signature::verify(&self.secret, signed, event.received_at)?;
        Ok(self.read_verified(event.body))
    }

    fn read_verified(&self, body: &[u8]) -> ProviderEvent {
        Event::read(body)
    }
}

fn tell(
    shape: &crate::shapes::Subscription,
    now: Timestamp,
) -> Result<ToldSubscription, PaymentError> {
    // The book counts seconds, as its events do.
    let second = crate::shapes::time_of(seconds_of(now));
    shape.tell(second).map_err(|error| PaymentError::Unavailable { reason: error.to_string() })
}

/// Another plan from now on: what is left of the period is credited at the old price and charged
/// at the new one; another interval begins a period of its own.
fn switch(
    book: &mut Book,
    (id, now): (&str, Timestamp),
    (plan_id, interval): (PlanId, Interval),
    (title, price): (String, Money),
) -> Result<(), PaymentError> {
    let at = seconds_of(now);
    let renewing = book.get_subscription(id)?;
    let trialing = renewing.shape.status == "trialing";
    let unused = if trialing { 0 } else { unused_minor(renewing, renewing.price.minor, at) };
    let same = interval == renewing.interval;
    let asked = match (trialing, same) {
        (true, _) => 0,
        (false, true) => unused_minor(renewing, price.minor, at),
        (false, false) => price.minor,
    };
    let balance = asked - unused - renewing.credit_minor;
    if balance > 0 && !renewing.card.pays_again() {
        return Err(PaymentError::Refused { reason: "the card was declined".to_owned() });
    }
    renewing.credit_minor = (-balance).max(0);
    (renewing.price, renewing.interval, renewing.title) = (price, interval, title);
    renewing.shape.metadata.insert(PLAN.to_owned(), plan_id.to_string());
    if !same && !trialing {
        (renewing.anchor_s, renewing.periods) = (at, 1);
    }
    if let Some(item) = renewing.shape.items.data.first_mut() {
        item.price = price_of(price, interval);
        if !same && !trialing {
            item.current_period_start = at;
            item.current_period_end = later(at, interval, 1);
        }
    }
    let changed = renewing.clone();
    if balance > 0 { book.bill((id, &changed), balance, at) } else { Ok(()) }
}

/// What `minor` is worth for the rest of the present period.
fn unused_minor(renewing: &Renewing, minor: i64, at: i64) -> i64 {
    let Some(item) = renewing.shape.items.data.first() else { return 0 };
    let whole = (item.current_period_end - item.current_period_start).max(1);
    let left = (item.current_period_end - at).clamp(0, whole);
    let share = i128::from(minor) * i128::from(left) / i128::from(whole);
    i64::try_from(share).unwrap_or(0)
}
