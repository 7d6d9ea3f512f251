//! Who takes money: the provider's pages, its subscriptions, and what it tells afterwards.
//!
//! Invariants: no card ever passes through here; an event is believed only after
//! [`PaymentProvider::verify`], which has no default; a provider tells the whole state of a thing,
//! so that events may come late, twice and out of order.

mod order;
mod sandbox;
mod told;

use async_trait::async_trait;
use gantry_types::Timestamp;

pub use order::{
    CheckoutClosing, CheckoutOrder, OpenedCheckout, Purchase, RefundOrder, SubscriptionChange,
    SubscriptionOrder, TrialEnd,
};
pub use sandbox::{CardAnswer, SandboxCheckout, SandboxDesk};
pub use told::{
    DisputeState, InvoiceState, PaidPage, PaymentFeatures, PaymentRisk, ProviderEvent,
    ProviderFact, RefundState, RiskLevel, ToldDispute, ToldEvent, ToldInvoice, ToldPayment,
    ToldRefund, ToldSubscription,
};

/// A provider did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// It does not know the thing.
    #[error("the payment provider has no such {what}")]
    NotFound {
        /// The kind of thing.
        what: &'static str,
    },
    /// It refuses.
    #[error("the payment provider refuses: {reason}")]
    Refused {
        /// Why, for the person who pays.
        reason: String,
    },
    /// It does not accept this installation: a wrong key, or one that may not do this.
    #[error("the payment provider does not accept this installation: {reason}")]
    Misconfigured {
        /// What is wrong, and which setting to mend; never a secret.
        reason: String,
    },
    /// It does not answer.
    #[error("the payment provider does not answer: {reason}")]
    Unavailable {
        /// What failed.
        reason: String,
    },
}

/// A message that claims to be of a provider is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnverifiedEvent {
    /// The signature is missing or wrong.
    #[error("the signature is missing or does not fit")]
    Signature,
    /// It was signed too long ago, or in the future.
    #[error("it was signed too long ago")]
    TooOld,
    /// It is signed, and not what it should be.
    #[error("it cannot be read: {reason}")]
    Unreadable {
        /// What is wrong.
        reason: String,
    },
    /// Its provider has to be asked about it and does not answer; it is to be sent again.
    #[error("its provider cannot be asked whether it is genuine: {reason}")]
    Unavailable {
        /// What failed.
        reason: String,
    },
}

/// A message as it came in.
#[derive(Debug, Clone, Copy)]
pub struct RawEvent<'a> {
    /// The bytes that were signed.
    pub body: &'a [u8],
    /// The headers that it came with; names in lower case.
    pub headers: &'a [(String, String)],
    /// Now.
    pub received_at: Timestamp,
}

impl<'a> RawEvent<'a> {
    /// The first header of this name, which is in lower case.
    #[must_use]
    pub fn find_header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Somebody who takes money.
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    /// The name in paths and in the store, such as `sandbox`.
    fn id(&self) -> &'static str;

    /// The name for those who pay, such as `Stripe`.
    fn title(&self) -> &'static str;

    /// Makes a page on which the purchase can be paid.
    ///
    /// # Errors
    /// [`PaymentError`].
    async fn open_checkout(&self, order: &CheckoutOrder) -> Result<OpenedCheckout, PaymentError>;

    /// Closes a page, by the provider's name for it, so that nobody pays on it. One that is closed
    /// already is as it should be; one that was paid on stays as it is.
    ///
    /// # Errors
    /// [`PaymentError`].
    async fn close_checkout(&self, provider_ref: &str) -> Result<CheckoutClosing, PaymentError>;

    /// Changes a subscription; what comes of it is told by an event, and here.
    ///
    /// # Errors
    /// [`PaymentError`].
    async fn change_subscription(
        &self,
        provider_ref: &str,
        order: &SubscriptionOrder,
    ) -> Result<SubscriptionChange, PaymentError>;

    /// Gives money back; what comes of it is told by an event.
    ///
    /// # Errors
    /// [`PaymentError`].
    async fn refund(&self, order: &RefundOrder) -> Result<(), PaymentError>;

    /// A subscription as it stands.
    ///
    /// # Errors
    /// [`PaymentError`].
    async fn fetch_subscription(
        &self,
        provider_ref: &str,
    ) -> Result<ToldSubscription, PaymentError>;

    /// A page of the provider on which whoever pays for a subscription sees its invoices and
    /// changes how it is paid; `return_url` is where it leads back to.
    ///
    /// # Errors
    /// [`PaymentError`].
    async fn open_portal(
        &self,
        subscription_ref: &str,
        return_url: &str,
    ) -> Result<String, PaymentError>;

    /// Whether it tells what a payment makes of a subscription. Where it tells of the payment alone, it
    /// is asked about the subscription then.
    fn tells_of_renewals(&self) -> bool;

    /// Whether what it tells of a subscription says that it ends with its period.
    fn tells_of_cancellations(&self) -> bool;

    /// Whether a payment that fails is told of by its subscription's becoming overdue, and by nothing
    /// else that leads to the subscription; those who pay are written to then.
    fn tells_failures_by_overdue(&self) -> bool;

    /// Whether it writes invoices with numbers of its own for what subscriptions cost, so that none
    /// are to be written here.
    fn writes_invoices(&self) -> bool;

    /// The newest invoices of a subscription, newest first, at most a hundred.
    ///
    /// # Errors
    /// [`PaymentError`].
    async fn list_invoices(&self, subscription_ref: &str)
    -> Result<Vec<ToldInvoice>, PaymentError>;

    /// What it told since `since`, whether or not it arrived, oldest first. `open` are purchases
    /// that nothing was heard of, by the provider's name, for one that keeps no list of events.
    ///
    /// # Errors
    /// [`PaymentError`].
    async fn list_events(
        &self,
        since: Timestamp,
        open: &[String],
    ) -> Result<Vec<ToldEvent>, PaymentError>;

    /// Believes a message or not; what is believed and cannot be read is told as
    /// [`ProviderFact::Unread`].
    ///
    /// # Errors
    /// [`UnverifiedEvent`].
    async fn verify(&self, event: RawEvent<'_>) -> Result<ProviderEvent, UnverifiedEvent>;

    /// The provider's name for the purchase that a buyer comes back from, when the way back is
    /// signed by the provider, or names what is then asked about and not believed; most say no
    /// such thing.
    ///
    /// # Errors
    /// [`UnverifiedEvent::Signature`].
    fn read_return(&self, _query: &[(String, String)]) -> Result<String, UnverifiedEvent> {
        Err(UnverifiedEvent::Signature)
    }

    /// Reads a message that was verified when it came in, as far as it can be read.
    fn read_verified(&self, body: &[u8]) -> ProviderEvent;
}
