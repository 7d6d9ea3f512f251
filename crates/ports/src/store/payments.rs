//! Checkouts, subscriptions, payments, and what providers told.

use async_trait::async_trait;
use gantry_rules::discount::Discount;
use gantry_rules::period::Period;
use gantry_rules::plan::Interval;
use gantry_rules::subscription::{Standing, Subscription, SubscriptionStatus};
use gantry_types::{
    CheckoutId, Credits, LotId, Money, OrganizationId, PaymentEventId, PaymentId, PlanId,
    SubscriptionId, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::page::{Page, PageRequest};
use super::returns::{LotReturn, PaymentDispute, PaymentRefund};
use crate::payments::{DisputeState, PaymentFeatures, PaymentRisk, Purchase};

/// Where a checkout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutStatus {
    /// The buyer may pay.
    Open,
    /// Paid, and given what was bought.
    Completed,
    /// Nobody paid in time.
    Expired,
}

/// A purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The identifier.
    pub id: CheckoutId,
    /// Who buys.
    pub organization_id: OrganizationId,
    /// Who began it.
    pub user_id: Option<UserId>,
    /// The provider.
    pub provider: String,
    /// The provider's name for it.
    pub provider_ref: String,
    /// What is bought.
    pub purchase: Purchase,
    /// What it costs.
    pub price: Money,
    /// Where it stands.
    pub status: CheckoutStatus,
    /// When it began.
    pub created_at: Timestamp,
}

/// Whether money was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// It was.
    Received,
    /// It was asked for in vain.
    Failed,
}

/// What became of a payment after it was received.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentTrail {
    /// The movement of money behind it, by the provider's name, where that is another one.
    pub charge_ref: Option<String>,
    /// Where disputes about it stand together.
    pub dispute: Option<DisputeState>,
    /// How much is or was disputed, in minor units.
    pub disputed_minor: i64,
    /// What the provider thinks of it.
    pub risk: Option<PaymentRisk>,
    /// The largest sum of refunds that was told, in minor units; some of them may have failed.
    pub refunds_told_minor: i64,
    /// How it was paid.
    pub features: PaymentFeatures,
}

/// Money that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The identifier.
    pub id: PaymentId,
    /// Who paid.
    pub organization_id: OrganizationId,
    /// The provider.
    pub provider: String,
    /// The provider's name for it.
    pub provider_ref: String,
    /// The subscription that it was for; `None` also while that one is not known here yet.
    pub subscription_id: Option<SubscriptionId>,
    /// The provider's name for that subscription, which may be told of after its payment.
    pub subscription_ref: Option<String>,
    /// The credits that it bought.
    pub lot_id: Option<LotId>,
    /// How much.
    pub amount: Money,
    /// How much of it was given back, in minor units.
    pub refunded_minor: i64,
    /// Whether it was received.
    pub status: PaymentStatus,
    /// What it was for.
    pub description: String,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub trail: PaymentTrail,
}

/// Which payments of all organizations are wanted; what is `None` does not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentFilter {
    /// Of this organization.
    pub organization_id: Option<OrganizationId>,
    /// Of this provider.
    pub provider: Option<String>,
    /// Noted then or later.
    pub since: Option<Timestamp>,
    /// Noted before then.
    pub until: Option<Timestamp>,
}

impl Payment {
    /// How much of it is not ours any more, in minor units: given back, or taken by a dispute that
    /// was not won.
    #[must_use]
    pub fn lost_minor(&self) -> i64 {
        let disputed = match self.trail.dispute {
            Some(DisputeState::Open | DisputeState::Lost) => self.trail.disputed_minor,
            Some(DisputeState::Won) | None => 0,
        };
        self.refunded_minor.saturating_add(disputed).min(self.amount.minor)
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventOutcome {
    /// It changed something.
    Applied,
    /// Nothing follows from it, or it was too late.
    Ignored,
    /// It is kept until it can be understood.
    Unclear,
}

impl EventOutcome {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Ignored => "ignored",
            Self::Unclear => "unclear",
        }
    }
}

/// Something that a provider told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentEvent {
    /// The identifier.
    pub id: PaymentEventId,
    /// The provider.
    pub provider: String,
    /// The provider's name for it; unique per provider.
    pub event_ref: String,
    /// The provider's word for its kind.
    pub kind: String,
    /// The bytes that were signed.
    pub body: String,
    /// What became of it.
    pub outcome: EventOutcome,
    /// Why, in words.
    pub note: String,
    /// When it came.
    pub received_at: Timestamp,
    /// Since when an unclear one is not tried again by itself.
    pub given_up_at: Option<Timestamp>,
}

/// Which events are wanted; what is `None` does not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentEventFilter {
    /// Of this provider.
    pub provider: Option<String>,
    /// Of which this became.
    pub outcome: Option<EventOutcome>,
    /// Of this kind, in the provider's word.
    pub kind: Option<String>,
    /// That came then or later.
    pub since: Option<Timestamp>,
}

/// How many events could not be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnclearEvents {
    /// Those that are tried again by themselves.
    pub waiting: u64,
    /// Those that were given up.
    pub given_up: u64,
}

/// What a subscription became, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionChange {
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The version of the plan.
    pub plan_id: PlanId,
    /// Where it stood from then on.
    pub status: SubscriptionStatus,
    /// How often it was paid.
    pub interval: Interval,
    /// What was taken off each payment.
    pub discount: Option<Discount>,
    /// When, by the provider's clock.
    pub at: Timestamp,
}

/// Looks up purchases.
#[async_trait]
pub trait ReadPayments: Send + Sync {
    /// A checkout.
    async fn find_checkout(&self, id: CheckoutId) -> Result<Option<Checkout>, StoreError>;
    /// A subscription by the provider's name.
    async fn find_subscription_by_ref(
        &self,
        provider: &str,
        provider_ref: &str,
    ) -> Result<Option<Subscription>, StoreError>;
    /// The subscription of an organization that ended last, or has not.
    async fn find_subscription(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<Subscription>, StoreError>;
    /// Subscriptions with a provider that have not ended and whose period ended before `before`, a
    /// payment of which is missing, or whose discount was not told of, by the end of their period;
    /// those that follow `after`, at most `limit`.
    async fn list_due_subscriptions(
        &self,
        provider: &str,
        before: Timestamp,
        after: Option<&Subscription>,
        limit: u32,
    ) -> Result<Vec<Subscription>, StoreError>;
    /// Subscriptions that have not ended and are with none of these providers, whose period ended
    /// before `before` or whose payment is missing, at most `limit`.
    async fn list_abandoned_subscriptions(
        &self,
        in_use: &[&str],
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<Subscription>, StoreError>;
    /// Subscriptions with a provider that give a plan while their organization has an earlier one
    /// that does, with whomever, the oldest first, at most `limit`.
    async fn list_duplicate_subscriptions(
        &self,
        provider: &str,
        limit: u32,
    ) -> Result<Vec<Subscription>, StoreError>;
    /// Subscriptions on trial that go on afterwards, whose trial ends in a span of time and was not
    /// told of yet, the next first, at most `limit`.
    async fn list_ending_trials(
        &self,
        span: Period,
        limit: u32,
    ) -> Result<Vec<Subscription>, StoreError>;
    /// Everything that subscriptions became before `before`, oldest first.
    async fn list_subscription_changes(
        &self,
        before: Timestamp,
    ) -> Result<Vec<SubscriptionChange>, StoreError>;
    /// A payment by the provider's name, or by that of the charge behind it.
    async fn find_payment(
        &self,
        provider: &str,
        provider_ref: &str,
    ) -> Result<Option<Payment>, StoreError>;
    /// The refunds of a payment that were told one by one.
    async fn list_refunds(&self, id: PaymentId) -> Result<Vec<PaymentRefund>, StoreError>;
    /// The disputes about a payment.
    async fn list_disputes(&self, id: PaymentId) -> Result<Vec<PaymentDispute>, StoreError>;
    /// How many credits a lot was given.
    async fn get_granted(&self, lot_id: LotId) -> Result<Credits, StoreError>;
    /// What an organization paid.
    async fn list_payments(
        &self,
        organization_id: OrganizationId,
        page: &PageRequest<PaymentId>,
    ) -> Result<Page<Payment, PaymentId>, StoreError>;
    /// What all organizations paid.
    async fn list_all_payments(
        &self,
        filter: &PaymentFilter,
        page: &PageRequest<PaymentId>,
    ) -> Result<Page<Payment, PaymentId>, StoreError>;
    /// The provider's names of purchases that nothing was heard of since before `before`, newest
    /// first, at most `limit`.
    async fn list_open_checkouts(
        &self,
        provider: &str,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;
    /// Purchases of plans by an organization that began then or later and are open, newest first, at
    /// most `limit`; none of those that go by the name of a subscription that is known.
    async fn list_open_plan_checkouts(
        &self,
        organization_id: OrganizationId,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Checkout>, StoreError>;
    /// Whether an event was here before.
    async fn has_event(&self, provider: &str, event_ref: &str) -> Result<bool, StoreError>;
    /// Events of a provider that came since `since`, could not be understood and are not given up,
    /// oldest first, at most `limit`.
    async fn list_unclear_events(
        &self,
        provider: &str,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<PaymentEvent>, StoreError>;
    /// An event.
    async fn find_event(&self, id: PaymentEventId) -> Result<Option<PaymentEvent>, StoreError>;
    /// What providers told, without its text, which is empty.
    async fn list_events(
        &self,
        filter: &PaymentEventFilter,
        page: &PageRequest<PaymentEventId>,
    ) -> Result<Page<PaymentEvent, PaymentEventId>, StoreError>;
    /// How many events could not be understood.
    async fn count_unclear_events(&self) -> Result<UnclearEvents, StoreError>;
}

/// Changes purchases.
#[async_trait]
pub trait WritePayments: ReadPayments {
    /// Adds a checkout.
    async fn insert_checkout(&self, checkout: &Checkout) -> Result<(), StoreError>;
    /// Ends a checkout that is open, and completes one that had expired: who paid late has paid.
    /// `false` where nothing changed.
    async fn finish_checkout(
        &self,
        id: CheckoutId,
        status: CheckoutStatus,
        at: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Adds a subscription, and what it is to the list of changes. Payments of the same provider and
    /// organization that name it and were told of before it are its own from then on.
    async fn insert_subscription(&self, subscription: &Subscription) -> Result<(), StoreError>;
    /// Notes what a subscription has become, here and in the list of changes. An end that moved on
    /// is to be told of anew.
    async fn set_subscription(
        &self,
        id: SubscriptionId,
        standing: &Standing,
    ) -> Result<(), StoreError>;
    /// Notes that the end of a trial is told of, and answers the subscription; nothing where it was
    /// before, and where the subscription is on trial no more or does not go on afterwards.
    async fn note_trial_told(
        &self,
        id: SubscriptionId,
        now: Timestamp,
    ) -> Result<Option<Subscription>, StoreError>;
    /// Adds a payment, or changes the one with the provider's name: a failed one may succeed.
    async fn put_payment(&self, payment: &Payment) -> Result<(), StoreError>;
    /// Adds a refund, or notes that a known one failed. `false` where nothing changed.
    async fn put_refund(&self, refund: &PaymentRefund) -> Result<bool, StoreError>;
    /// Adds a dispute, or notes how a known one ended. `false` where nothing changed.
    async fn put_dispute(&self, dispute: &PaymentDispute) -> Result<bool, StoreError>;
    /// Adds an event.
    async fn insert_event(&self, event: &PaymentEvent) -> Result<(), StoreError>;
    /// Notes what became of an event after all.
    async fn set_event_outcome(
        &self,
        id: PaymentEventId,
        outcome: EventOutcome,
        note: &str,
    ) -> Result<(), StoreError>;
    /// Notes that an unclear event is not tried again by itself; it stays unclear.
    async fn give_up_event(
        &self,
        id: PaymentEventId,
        at: Timestamp,
        note: &str,
    ) -> Result<(), StoreError>;
    /// Takes credits back: what is left of the lot, then what of it expired, and for what was spent
    /// of it the organization owes them; what a job still holds of it counts as spent until the job
    /// gives it back, which pays what is owed on the lot first. Answers what was left.
    async fn return_lot(&self, back: &LotReturn) -> Result<Credits, StoreError>;
    /// Undoes a return: what is owed on the lot is forgiven first, what had expired expires again,
    /// and the rest is put back. Answers what counts again, which nothing in an expired lot does.
    async fn restore_lot(&self, back: &LotReturn) -> Result<Credits, StoreError>;
}
