//! A payment provider whose answer is late when a test wants it to be, and which closes no page
//! then.
//!
//! Invariant: what it does, the provider behind it does at once; its answer alone is held back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use gantry_ports::PaymentProvider;
use gantry_ports::payments::{
    CheckoutClosing, CheckoutOrder, OpenedCheckout, PaymentError, ProviderEvent, RawEvent,
    RefundOrder, SubscriptionChange, SubscriptionOrder, ToldEvent, ToldInvoice, ToldSubscription,
    UnverifiedEvent,
};
use gantry_types::Timestamp;
use tokio::sync::Notify;

/// A provider that can be slow to answer.
pub struct SlowProvider {
    inner: Arc<dyn PaymentProvider>,
    is_slow: AtomicBool,
    leaves_pages: AtomicBool,
    asked: Notify,
    answers: Notify,
}

impl SlowProvider {
    /// One that is as quick as `inner` until it is told otherwise.
    #[must_use]
    pub fn new(inner: Arc<dyn PaymentProvider>) -> Self {
        Self {
            inner,
            is_slow: AtomicBool::new(false),
            leaves_pages: AtomicBool::new(false),
            asked: Notify::new(),
            answers: Notify::new(),
        }
    }

    /// Holds the answer to the next checkout or refund back, until [`SlowProvider::answer`].
    pub fn delay_next(&self) {
        self.is_slow.store(true, Ordering::SeqCst);
    }

    /// Does not answer the next time that a page is to be closed, and leaves the page open.
    pub fn leave_next_page(&self) {
        self.leaves_pages.store(true, Ordering::SeqCst);
    }

    /// Waits until what is held back was done.
    pub async fn wait_until_done(&self) {
        self.asked.notified().await;
    }

    /// Lets the answer go.
    pub fn answer(&self) {
        self.answers.notify_one();
    }

    async fn hold_back(&self) {
        if self.is_slow.swap(false, Ordering::SeqCst) {
            self.asked.notify_one();
            self.answers.notified().await;
        }
    }
}

#[async_trait]
impl PaymentProvider for SlowProvider {
    fn id(&self) -> &'static str {
        self.inner.id()
    }

    fn title(&self) -> &'static str {
        self.inner.title()
    }

    async fn open_checkout(&self, order: &CheckoutOrder) -> Result<OpenedCheckout, PaymentError> {
        let opened = self.inner.open_checkout(order).await;
        self.hold_back().await;
        opened
    }

    async fn close_checkout(&self, provider_ref: &str) -> Result<CheckoutClosing, PaymentError> {
        if self.leaves_pages.swap(false, Ordering::SeqCst) {
            let reason = "the test wants the page left open".to_owned();
            return Err(PaymentError::Unavailable { reason });
        }
        self.inner.close_checkout(provider_ref).await
    }

    async fn change_subscription(
        &self,
        provider_ref: &str,
        order: &SubscriptionOrder,
    ) -> Result<SubscriptionChange, PaymentError> {
        self.inner.change_subscription(provider_ref, order).await
    }

    async fn refund(&self, order: &RefundOrder) -> Result<(), PaymentError> {
        let refunded = self.inner.refund(order).await;
        self.hold_back().await;
        refunded
    }

    async fn fetch_subscription(
        &self,
        provider_ref: &str,
    ) -> Result<ToldSubscription, PaymentError> {
        self.inner.fetch_subscription(provider_ref).await
    }

    async fn open_portal(
        &self,
        subscription_ref: &str,
        return_url: &str,
    ) -> Result<String, PaymentError> {
        self.inner.open_portal(subscription_ref, return_url).await
    }

    fn tells_of_renewals(&self) -> bool {
        self.inner.tells_of_renewals()
    }

    fn tells_of_cancellations(&self) -> bool {
        self.inner.tells_of_cancellations()
    }

    fn tells_failures_by_overdue(&self) -> bool {
        self.inner.tells_failures_by_overdue()
    }

    fn writes_invoices(&self) -> bool {
        self.inner.writes_invoices()
    }

    async fn list_invoices(
        &self,
        subscription_ref: &str,
    ) -> Result<Vec<ToldInvoice>, PaymentError> {
        self.inner.list_invoices(subscription_ref).await
    }

    async fn list_events(
        &self,
        since: Timestamp,
        open: &[String],
    ) -> Result<Vec<ToldEvent>, PaymentError> {
        self.inner.list_events(since, open).await
    }

    async fn verify(&self, event: RawEvent<'_>) -> Result<ProviderEvent, UnverifiedEvent> {
        self.inner.verify(event).await
    }

    fn read_return(&self, query: &[(String, String)]) -> Result<String, UnverifiedEvent> {
        self.inner.read_return(query)
    }

    fn read_verified(&self, body: &[u8]) -> ProviderEvent {
        self.inner.read_verified(body)
    }
}
