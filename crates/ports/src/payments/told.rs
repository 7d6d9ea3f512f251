//! What providers tell, in our words.
//!
//! Invariant: a fact tells the whole state of its thing, so that the same facts in another order
//! end in the same state.

use gantry_rules::discount::ToldDiscount;
use gantry_rules::subscription::SubscriptionState;
use gantry_types::{CheckoutId, Money, OrganizationId, PlanId, Timestamp};
use serde::{Deserialize, Serialize};

/// A subscription as its provider tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldSubscription {
    /// The provider's name for it.
    pub provider_ref: String,
    /// Whose it is; `None` when the provider does not know.
    pub organization_id: Option<OrganizationId>,
    /// The purchase that it says it was begun by, where somebody else than us can begin one that
    /// says so: it is taken for new only where that purchase's page is this subscription.
    pub checkout_id: Option<CheckoutId>,
    /// The version of the plan; `None` when the provider does not know, or when another one was
    /// agreed to that is not paid for yet: the plan is what it was.
    pub plan_id: Option<PlanId>,
    /// What is taken off every payment of it.
    pub discount: ToldDiscount,
    /// The payment of it that failed and is still missing; none where it is overdue for another
    /// reason, such as somebody who halted it by hand.
    pub missed: Option<MissedPayment>,
    /// Where it stands.
    pub state: SubscriptionState,
}

/// A payment of a subscription that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissedPayment {
    /// How much was asked for; `None` where the provider does not tell, and it is what the plan costs.
    pub amount: Option<Money>,
}

/// How somebody paid and what it cost, as far as a provider tells; nothing of a card, and nothing
/// that names a person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentFeatures {
    /// The provider's word for the way, such as `card`, `upi` or `netbanking`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The bank, by the provider's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// The wallet, by the provider's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet: Option<String>,
    /// What the provider keeps, tax included, in the smallest unit of what it settles in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_minor: Option<i64>,
    /// The tax in that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_tax_minor: Option<i64>,
    /// The provider's code of what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// What went wrong, in the provider's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_reason: Option<String>,
}

/// A payment as its provider tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldPayment {
    /// The provider's name for it.
    pub provider_ref: String,
    /// The subscription that it is for, by the provider's name.
    pub subscription_ref: Option<String>,
    /// The purchase that began that subscription, where whoever pays could write it there: the page
    /// of that purchase has to be the subscription. `None` where the provider vouches for it.
    pub checkout_id: Option<CheckoutId>,
    /// Whose it is.
    pub organization_id: Option<OrganizationId>,
    /// How much.
    pub amount: Money,
    /// The tax in that, in minor units, where the provider worked it out; `None` where that is left
    /// to us.
    pub tax_minor: Option<i64>,
    /// What it was for.
    pub description: String,
    /// How it was paid.
    pub features: PaymentFeatures,
}

/// The page that a purchase was paid on. Who pays may write our name for a purchase on a page of
/// their own, so that the name alone says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidPage {
    /// The provider's name for it, as [`super::OpenedCheckout`] has it; `None` where the provider
    /// does not say.
    pub provider_ref: Option<String>,
    /// What was asked for on it, before a promotion code took anything off; `None` for what is paid
    /// again and again.
    pub asked: Option<Money>,
}

/// Where a dispute stands: a buyer told their bank that a payment was not theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    /// The bank has taken the money back for now.
    Open,
    /// The money came back.
    Won,
    /// The money is gone.
    Lost,
}

/// Whether money that was given back has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// It has, or is on its way.
    Given,
    /// It came back: the buyer's bank did not take it, or somebody stopped it.
    Failed,
}

/// A refund as its provider tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldRefund {
    /// The payment or the charge behind it, by the provider's name.
    pub payment_ref: String,
    /// The provider's name for the refund.
    pub refund_ref: String,
    /// How much was given back by it.
    pub amount: Money,
    /// Whether it was given after all.
    pub state: RefundState,
}

/// A dispute as its provider tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldDispute {
    /// The provider's name for it; that of the payment where it has one dispute at most.
    pub dispute_ref: String,
    /// The payment or the charge behind it, by the provider's name.
    pub payment_ref: String,
    /// How much is disputed.
    pub amount: Money,
    /// Where it stands.
    pub state: DisputeState,
}

/// How likely a payment is fraud, in the provider's opinion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskLevel {
    /// As any.
    Normal,
    /// Worth a look.
    Elevated,
    /// Most likely.
    Highest,
    /// The provider has no opinion.
    Unknown,
}

/// What a provider thinks of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRisk {
    /// How likely it is fraud.
    pub level: RiskLevel,
    /// The same as a number, 0 to 100, where the provider gives one.
    pub score: Option<u8>,
}

/// Whether an invoice was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceState {
    /// Not yet written in full.
    Draft,
    /// Written, and to be paid.
    Open,
    /// Paid.
    Paid,
    /// Given up, or taken back.
    Void,
}

/// An invoice as its provider shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldInvoice {
    /// The provider's name for it.
    pub provider_ref: String,
    /// The number on it.
    pub number: Option<String>,
    /// What it is over.
    pub amount: Money,
    /// Whether it was paid.
    pub state: InvoiceState,
    /// Its page at the provider.
    pub page_url: Option<String>,
    /// Its PDF file at the provider.
    pub pdf_url: Option<String>,
    /// When it was written.
    pub at: Timestamp,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderFact {
    /// A purchase was paid for.
    CheckoutPaid {
        /// Our name for it; `None` when it is not one of ours.
        checkout_id: Option<CheckoutId>,
        /// Where it was paid.
        page: PaidPage,
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
    /// A buyer's attempt to pay was declined or blocked, as they saw on the provider's page.
    Declined {
        /// What they wanted to pay.
        payment: ToldPayment,
        /// What the provider thinks of it.
        risk: Option<PaymentRisk>,
    },
    /// Which movement of money paid what: later events may name the one or the other.
    PaidBy {
        /// The payment, by the provider's name.
        payment_ref: String,
        /// The movement behind it, by the provider's name.
        charge_ref: String,
    },
    /// One refund was made, or failed.
    Refund(ToldRefund),
    /// Money was given back.
    Refunded {
        /// The payment or the charge behind it, by the provider's name.
        payment_ref: String,
        /// All that was given back of it until now; refunds that failed later may be in it.
        total: Money,
    },
    /// A payment is disputed, or was.
    Disputed(ToldDispute),
    /// The provider looked for fraud.
    Assessed {
        /// The payment or the charge behind it, by the provider's name.
        payment_ref: String,
        /// What it found.
        risk: PaymentRisk,
        /// The provider's word for the way it was paid.
        method: Option<String>,
    },
    /// Something that this version cannot read; another one may.
    Unread {
        /// What is wrong.
        reason: String,
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

/// An event that the provider was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldEvent {
    /// What it says.
    pub event: ProviderEvent,
    /// The text that it was read from, which [`super::PaymentProvider::read_verified`] reads again.
    pub body: String,
}
