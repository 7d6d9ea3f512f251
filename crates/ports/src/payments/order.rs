//! What is asked of a provider: checkouts, changes of subscriptions, money back.

use gantry_rules::plan::Interval;
use gantry_types::{CheckoutId, Credits, Money, OrganizationId, PlanId, RefundId, Timestamp};
use serde::{Deserialize, Serialize};

use super::ToldSubscription;

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
    /// When it was first asked for: a repetition is the same order, and says the same time.
    pub ordered_at: Timestamp,
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
    /// Where a provider that signs the way back sends the buyer instead.
    pub confirm_url: String,
    /// A subscription that the buyer had before, by the provider's name, so that it is known who
    /// they are.
    pub earlier_subscription: Option<String>,
}

/// A page of the provider, ready for the buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedCheckout {
    /// The provider's name for it.
    pub provider_ref: String,
    /// Where it is.
    pub url: String,
}

/// What came of closing a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckoutClosing {
    /// Nobody can pay on it any more.
    Closed,
    /// Somebody paid on it before, and it stays as it is; what follows is told by events.
    Paid,
    /// The provider closes no such pages: somebody may still pay on it.
    Left,
}

/// What is to become of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionOrder {
    /// It ends with the present period.
    CancelAtPeriodEnd,
    /// It goes on after all.
    Keep,
    /// Another plan from now on, the rest of the period being credited; with a provider that does
    /// not do so, from the next payment on.
    Switch {
        /// The version of the new plan.
        plan_id: PlanId,
        /// How often it is paid.
        interval: Interval,
        /// What it is called on the invoice.
        title: String,
        /// What it costs each time.
        price: Money,
        /// Where a provider that asks the buyer sends them afterwards.
        return_url: String,
    },
    /// Its trial ends at another time, from which on it is paid for; one that is on no trial is
    /// refused, and so is every one by a provider that moves no trial that has begun.
    MoveTrialEnd {
        /// When.
        end: TrialEnd,
    },
}

/// When a trial is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialEnd {
    /// At once.
    Now,
    /// Then, which is in the future.
    At(Timestamp),
}

/// What came of a change of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionChange {
    /// It is done, and the subscription is now so.
    Done(ToldSubscription),
    /// The buyer is asked first, and nothing has changed until they agree. The other plan is had
    /// from the payment on that is the first one for it, and then told.
    Pending {
        /// The provider's page on which they agree.
        approve_url: String,
    },
}

/// Money that is to be given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundOrder {
    /// Our name for it: what is sent again under one name is given back once, and under another
    /// name once more, however alike the two are.
    pub id: RefundId,
    /// The payment, by the provider's name.
    pub payment_ref: String,
    /// How much.
    pub amount: Money,
}
