//! Editions, plans, purchases, balances and the ledger as use-cases.
//!
//! Invariants: a plan's terms are versioned and customers keep the version that they bought;
//! money moves by hot commands, by [`gantry_ports::store::WriteAccounts`] and
//! [`gantry_ports::store::WritePayments`] alone; nothing is given before its payment is confirmed
//! by an event that was verified.

mod abandoned;
mod account;
mod administer;
mod ai_use;
mod apply_event;
mod audit;
mod begin_checkout;
mod billing_details;
mod costs;
mod duplicates;
pub mod edition;
mod end_with_account;
mod ending_trials;
mod error;
mod import_plan;
mod invoices;
mod limits;
mod low_balance;
mod mock_purchase;
mod notice;
mod offers;
mod older_pages;
mod once;
mod over_limit;
mod payment_events;
mod plan_choice;
mod plan_fixes;
mod post;
mod quota_events;
mod receive_event;
mod reconcile;
mod referrals;
mod revenue;
mod subscription;
mod till;
mod trial_end;
mod usage;

pub use account::{AccountView, MeterView};
pub use administer::CreditGift;
pub use ai_use::AiCost;
pub use begin_checkout::{CheckoutDraft, CheckoutLink, WayBack, Wish};
pub use costs::CostsView;
pub use edition::{
    AdProvider, Edition, EditionPlan, Mistake, Mistakes, Package, QueueTitles, Rewards, Sale,
    Vocabulary, parse_edition,
};
pub use error::BillingError;
pub use import_plan::PlanDraft;
pub use invoices::InvoicesView;
pub use limits::{LimitDraft, LimitView};
pub use notice::{BillingNews, BillingNotice};
pub use offers::Upgrade;
pub use over_limit::OverLimit;
pub use post::Post;
pub use receive_event::Received;
pub use reconcile::Reconciled;
pub use referrals::ReferralsView;
pub use revenue::RevenueView;
pub use subscription::{ChangedSubscription, SubscriptionView, SubscriptionWish};
pub use till::{PaymentChoice, Till};
pub use trial_end::TrialMove;
pub use usage::UsageView;

use std::collections::BTreeSet;
use std::sync::Arc;

use gantry_ports::{Clock, SandboxDesk, Store};
use gantry_types::MeterId;

/// The use-cases of billing.
#[derive(Clone)]
pub struct Billing {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    edition: Arc<Edition>,
    till: Option<Till>,
    post: Option<Post>,
    meters: Arc<BTreeSet<MeterId>>,
}

impl Billing {
    /// Works on `store` and sells what `edition` says.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, edition: Edition) -> Self {
        let plans = edition.plans.iter().flat_map(|plan| plan.terms.meters.keys());
        let mut meters: BTreeSet<MeterId> = plans.chain(edition.meters.keys()).cloned().collect();
        meters.extend([MeterId::jobs(), MeterId::api_calls()]);
        meters.extend([MeterId::ai_requests(), MeterId::ai_tokens(), MeterId::ai_cost()]);
        let (edition, meters) = (Arc::new(edition), Arc::new(meters));
        Self { store, clock, edition, till: None, post: None, meters }
    }

    /// The same where more is counted than the edition names: what the installed engines count.
    #[must_use]
    pub fn with_meters(self, counted: impl IntoIterator<Item = MeterId>) -> Self {
        let meters = self.meters.iter().cloned().chain(counted).collect();
        Self { meters: Arc::new(meters), ..self }
    }

    /// The same with somebody who takes money.
    #[must_use]
    pub fn with_till(self, till: Till) -> Self {
        Self { till: Some(till), ..self }
    }

    /// The same with somebody who writes to those who pay.
    #[must_use]
    pub fn with_post(self, post: Post) -> Self {
        Self { post: Some(post), ..self }
    }

    /// What is sold.
    #[must_use]
    pub fn edition(&self) -> &Edition {
        &self.edition
    }

    /// The sandbox's own pages, where the sandbox takes the money.
    #[must_use]
    pub fn sandbox(&self) -> Option<&Arc<dyn SandboxDesk>> {
        self.till.as_ref()?.desk()
    }
}
