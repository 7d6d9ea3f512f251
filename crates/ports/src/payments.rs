//! Who takes money: the provider's pages, its subscriptions, and what it tells afterwards.
//!
//! Invariants: no card ever passes through here; an event is believed only after
//! [`PaymentProvider::verify`], which has no default; a provider tells the whole state of a thing,
//! so that events may come late, twice and out of order.

use std::time::Duration;

use async_trait::async_trait;
use gantry_rules::plan::Interval;
use gantry_rules::subscription::SubscriptionState;
use gantry_types::{CheckoutId, Credits, Money, OrganizationId, PlanId, Timestamp};
use serde::{Deserialize, Serialize};

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
}

/// What is bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Purchase {
    /// A plan, period by period.
    Plan {
        /// The version.
        plan_id: PlanId,
        /// How often it is paid.
        interval: Interval,
        /// Days before the first payment.
        trial_days: u32,
    },
    /// Credits, once.
    Package {
        /// Its name in the edition.
        slug: String,
        /// How many credits.
        credits: Credits,
    },
}

/// A purchase that somebody wants to pay for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutOrder {
    /// Our name for it, which comes back with the events.
    pub id: CheckoutId,
    /// Who buys.
    pub organization_id: OrganizationId,
    /// What.
    pub purchase: Purchase,
    /// What it is called on the provider's page.
    pub title: String,
    /// What is to be paid now, and each time.
    pub price: Money,
    /// The buyer's e-mail address.
    pub email: String,
    /// Where the provider sends the buyer afterwards.
    pub return_url: String,
}

/// A page of the provider, ready for the buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedCheckout {
    /// The provider's name for it.
    pub provider_ref: String,
    /// Where it is.
    pub url: String,
}

/// What is to become of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionOrder {
    /// It ends with the present period.
    CancelAtPeriodEnd,
    /// It goes on after all.
    Keep,
    /// Another plan from now on, the rest of the period being credited.
    Switch {
        /// The version of the new plan.
        plan_id: PlanId,
        /// How often it is paid.
        interval: Interval,
        /// What it is called on the invoice.
        title: String,
        /// What it costs each time.
        price: Money,
    },
}

/// A subscription as its provider tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldSubscription {
    /// The provider's name for it.
    pub provider_ref: String,
    /// Whose it is; `None` when the provider does not know.
    pub organization_id: Option<OrganizationId>,
    /// The version of the plan; `None` when the provider does not know.
    pub plan_id: Option<PlanId>,
    /// Where it stands.
    pub state: SubscriptionState,
}

/// A payment as its provider tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldPayment {
    /// The provider's name for it.
    pub provider_ref: String,
    /// The subscription that it is for, by the provider's name.
    pub subscription_ref: Option<String>,
    /// Whose it is.
    pub organization_id: Option<OrganizationId>,
    /// How much.
    pub amount: Money,
    /// What it was for.
    pub description: String,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderFact {
    /// A purchase was paid for.
    CheckoutPaid {
        /// Our name for it; `None` when it is not one of ours.
        checkout_id: Option<CheckoutId>,
        /// The payment; `None` when nothing was due yet, or the invoice tells it.
        payment: Option<ToldPayment>,
    },
    /// Nobody paid in time.
    CheckoutExpired {
        /// Our name for it.
        checkout_id: Option<CheckoutId>,
    },
    /// A subscription changed.
    Subscription(ToldSubscription),
    /// Money was received.
    PaymentReceived(ToldPayment),
    /// Money was asked for in vain.
    PaymentFailed(ToldPayment),
    /// Money was given back.
    Refunded {
        /// The payment, by the provider's name.
        payment_ref: String,
        /// All that was given back of it until now.
        total: Money,
    },
    /// Something that nothing here follows from.
    Other,
}

/// A message of a provider that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderEvent {
    /// The provider's name for it.
    pub event_ref: String,
    /// The provider's word for its kind.
    pub kind: String,
    /// When it happened, by the provider's clock.
    pub told_at: Timestamp,
    /// What it says.
    pub fact: ProviderFact,
}

/// A message as it came in.
#[derive(Debug, Clone, Copy)]
pub struct RawEvent<'a> {
    /// The bytes that were signed.
    pub body: &'a [u8],
    /// The header with the signature.
    pub signature: Option<&'a str>,
    /// Now.
    pub received_at: Timestamp,
}

/// Somebody who takes money.
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    /// The name in paths and in the store, such as `sandbox`.
    fn id(&self) -> &'static str;

    /// The header that carries the signature of an event, in lower case.
    fn signature_header(&self) -> &'static str;

    /// Makes a page on which the purchase can be paid.
    ///
    /// # Errors
    /// [`PaymentError`].
    async fn open_checkout(&self, order: &CheckoutOrder) -> Result<OpenedCheckout, PaymentError>;

    /// Changes a subscription; what comes of it is told by an event, and here.
    ///
    /// # Errors
    /// [`PaymentError`].
    async fn change_subscription(
        &self,
        provider_ref: &str,
        order: &SubscriptionOrder,
    ) -> Result<ToldSubscription, PaymentError>;

    /// Gives money back; what comes of it is told by an event.
    ///
    /// # Errors
    /// [`PaymentError`].
    async fn refund(&self, payment_ref: &str, amount: Money) -> Result<(), PaymentError>;

    /// A subscription as it stands.
    ///
    /// # Errors
    /// [`PaymentError`].
    async fn fetch_subscription(
        &self,
        provider_ref: &str,
    ) -> Result<ToldSubscription, PaymentError>;

    /// Believes a message or not.
    ///
    /// # Errors
    /// [`UnverifiedEvent`].
    fn verify(&self, event: RawEvent<'_>) -> Result<ProviderEvent, UnverifiedEvent>;

    /// Reads a message that was verified when it came in.
    ///
    /// # Errors
    /// [`UnverifiedEvent::Unreadable`].
    fn read_verified(&self, body: &[u8]) -> Result<ProviderEvent, UnverifiedEvent>;
}

/// A checkout of the sandbox, as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxCheckout {
    /// What is bought.
    pub title: String,
    /// What is to be paid now; nothing at the beginning of a trial.
    pub due: Money,
    /// How often it is paid again.
    pub interval: Option<Interval>,
    /// Where the buyer goes afterwards.
    pub return_url: String,
    /// Whether it was paid already.
    pub paid: bool,
}

/// What the sandbox says to a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardAnswer {
    /// Paid; the buyer goes back.
    Paid {
        /// Where to.
        return_url: String,
    },
    /// The bank wants the buyer to agree first.
    ActionNeeded,
    /// Not paid.
    Declined {
        /// Why, in the words of the card's bank.
        reason: &'static str,
    },
}

/// The sandbox's own pages: what a real provider shows on its own site.
#[async_trait]
pub trait SandboxDesk: Send + Sync {
    /// A checkout.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`].
    async fn get_checkout(&self, provider_ref: &str) -> Result<SandboxCheckout, PaymentError>;

    /// Pays with one of the test cards; `agreed` when the buyer confirmed to the bank.
    ///
    /// # Errors
    /// [`PaymentError`] for a checkout that is gone, or a number that is no test card.
    async fn pay(
        &self,
        provider_ref: &str,
        card: &str,
        agreed: bool,
    ) -> Result<CardAnswer, PaymentError>;

    /// Moves the sandbox's clock on: trials end, periods renew, what was cancelled ends.
    ///
    /// # Errors
    /// [`PaymentError::Unavailable`].
    async fn advance(&self, by: Duration) -> Result<Timestamp, PaymentError>;
}
