//! The payment provider as a server sees it that may crash at any call of it, and that hears of
//! banks too.
//!
//! Invariant: what the provider behind it did, it did, whether or not its answer was seen; what a
//! bank tells ([`crate::bank`]) is read as the provider's own events are, and needs no signature.

use std::sync::Arc;

use async_trait::async_trait;
use gantry_ports::PaymentProvider;
use gantry_ports::payments::{
    CheckoutClosing, CheckoutOrder, OpenedCheckout, PaymentError, ProviderEvent, RawEvent,
    RefundOrder, SubscriptionChange, SubscriptionOrder, ToldEvent, ToldInvoice, ToldSubscription,
    UnverifiedEvent,
};
use gantry_testkit::SlowProvider;
use gantry_types::Timestamp;

use crate::bank::BANK_HEADER;
use crate::fuse::Fuse;

/// A provider behind a fuse.
pub struct FrailProvider {
    pub inner: Arc<SlowProvider>,
    pub fuse: Arc<Fuse>,
}

#[async_trait]
impl PaymentProvider for FrailProvider {
    fn id(&self) -> &'static str {
        self.inner.id()
    }

    fn title(&self) -> &'static str {
        self.inner.title()
    }

    async fn open_checkout(&self, order: &CheckoutOrder) -> Result<OpenedCheckout, PaymentError> {
        self.fuse.guard(self.inner.open_checkout(order)).await
    }

    async fn close_checkout(&self, provider_ref: &str) -> Result<CheckoutClosing, PaymentError> {
        self.fuse.guard(self.inner.close_checkout(provider_ref)).await
    }

    async fn change_subscription(
        &self,
        provider_ref: &str,
        order: &SubscriptionOrder,
    ) -> Result<SubscriptionChange, PaymentError> {
        self.fuse.guard(self.inner.change_subscription(provider_ref, order)).await
    }

    async fn refund(&self, order: &RefundOrder) -> Result<(), PaymentError> {
        self.fuse.guard(self.inner.refund(order)).await
    }

    async fn fetch_subscription(
        &self,
        provider_ref: &str,
    ) -> Result<ToldSubscription, PaymentError> {
        self.fuse.guard(self.inner.fetch_subscription(provider_ref)).await
    }

    async fn open_portal(
        &self,
        subscription_ref: &str,
        return_url: &str,
    ) -> Result<String, PaymentError> {
        self.fuse.guard(self.inner.open_portal(subscription_ref, return_url)).await
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
        self.fuse.guard(self.inner.list_invoices(subscription_ref)).await
    }

    async fn list_events(
        &self,
        since: Timestamp,
        open: &[String],
    ) -> Result<Vec<ToldEvent>, PaymentError> {
        self.fuse.guard(self.inner.list_events(since, open)).await
    }

    async fn verify(&self, event: RawEvent<'_>) -> Result<ProviderEvent, UnverifiedEvent> {
        match event.find_header(BANK_HEADER) {
            Some(_) => Ok(self.inner.read_verified(event.body)),
            None => self.inner.verify(event).await,
        }
    }

    fn read_return(&self, query: &[(String, String)]) -> Result<String, UnverifiedEvent> {
        self.inner.read_return(query)
    }

    fn read_verified(&self, body: &[u8]) -> ProviderEvent {
        self.inner.read_verified(body)
    }
}
