//! Plans, balances, the ledger and meters.

use async_trait::async_trait;
use gantry_rules::account::{Lot, LotOrigin, MeterUse};
use gantry_rules::cancellation::Cancellations;
use gantry_rules::overrides::{LimitName, LimitOverride, derive_terms};
use gantry_rules::period::{Period, derive_month};
use gantry_rules::plan::{Interval, Plan, PlanTerms};
use gantry_types::{
    Credits, JobId, LedgerEntryId, LotId, OrganizationId, PlanId, Timestamp, UserId,
};

pub use gantry_rules::ledger::LedgerAccount;
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::page::{Page, PageRequest};

/// One line of the ledger; never changed, never removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The identifier.
    pub id: LedgerEntryId,
    /// Whose books.
    pub organization_id: OrganizationId,
    /// Which side.
    pub account: LedgerAccount,
    /// Positive adds to the side, negative takes from it.
    pub amount: Credits,
    /// The lot that moved.
    pub lot_id: LotId,
    /// The job that it was for.
    pub job_id: Option<JobId>,
    /// Why: the grant's reason, or the word of a movement, such as `hold` or `refund_expired`.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Which lines of a ledger are wanted; what is not given fits all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LedgerFilter {
    /// For this reason.
    pub reason: Option<String>,
    /// For this job.
    pub job_id: Option<JobId>,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
}

/// Credits to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotGrant {
    /// Who gets them.
    pub organization_id: OrganizationId,
    /// The new lot; `remaining` is the amount.
    pub lot: Lot,
    /// Why, for the ledger's reader.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Credits as they were given, with what is left of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotRecord {
    /// The lot.
    pub lot: Lot,
    /// How many were given.
    pub granted: Credits,
    /// Why they were given.
    pub reason: String,
    /// When they were given.
    pub created_at: Timestamp,
}

/// The paid plan that somebody chose when they registered, and has not bought yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanChoice {
    /// The plan's name in the edition.
    pub plan: String,
    /// How often it is to be paid for.
    pub interval: Interval,
}

/// An administrator put an organization on a plan, which no subscription changes while it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanFix {
    /// Whose.
    pub organization_id: OrganizationId,
    /// Until when; `None` until it is released.
    pub expires_at: Option<Timestamp>,
    /// Who said so; `None` for the installation itself.
    pub set_by: Option<UserId>,
    /// When.
    pub set_at: Timestamp,
}

impl PlanFix {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|ends| now < ends)
    }
}

/// What an account has and does now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountOverview {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The plan that it is on.
    pub plan: Plan,
    /// Credits that can be spent.
    pub available: Credits,
    /// Credits that jobs hold.
    pub held: Credits,
    /// Root jobs that run or wait for children.
    pub running_roots: u32,
    /// Root jobs that are queued.
    pub queued_roots: u32,
    /// Where its months begin, if its plan's quotas count by them.
    pub quota_anchor: Timestamp,
    /// The limits that it has instead of its plan's, also those whose time is over.
    pub overrides: Vec<LimitOverride>,
    /// The use of meters in the present month and on its days.
    pub meters: Vec<MeterUse>,
    /// The jobs that it cancelled of late.
    pub cancellations: Cancellations,
}

impl AccountOverview {
    /// What is left: what can be spent, and what jobs hold.
    #[must_use]
    pub fn derive_balance(&self) -> Credits {
        Credits::new(self.available.get().saturating_add(self.held.get()))
    }

    /// What it may at `now`.
    #[must_use]
    pub fn derive_terms(&self, now: Timestamp) -> PlanTerms {
        derive_terms(&self.plan.terms, &self.overrides, now)
    }

    /// The month in which its quotas count at `now`.
    #[must_use]
    pub fn derive_month(&self, now: Timestamp) -> Period {
        derive_month(self.plan.terms.quota_reset, self.quota_anchor, now)
    }
}

/// A limit that an account has instead of its plan's, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverrideRecord {
    /// Whose.
    pub organization_id: OrganizationId,
    /// Which limit, how much, and until when.
    pub own: LimitOverride,
    /// Why, for administrators.
    pub reason: String,
    /// Who set it.
    pub set_by: Option<UserId>,
    /// When.
    pub set_at: Timestamp,
}

/// Looks up money and plans.
#[async_trait]
pub trait ReadAccounts: Send + Sync {
    /// A version of a plan.
    async fn find_plan(&self, id: PlanId) -> Result<Option<Plan>, StoreError>;
    /// The newest version of a plan by its name.
    async fn find_plan_by_slug(&self, slug: &str) -> Result<Option<Plan>, StoreError>;
    /// The newest version of every plan, by name.
    async fn list_newest_plans(&self) -> Result<Vec<Plan>, StoreError>;
    /// What an account has, with the meters of the month that contains `now` and of its days.
    async fn get_account(
        &self,
        organization_id: OrganizationId,
        now: Timestamp,
    ) -> Result<AccountOverview, StoreError>;
    /// The limits that an account has instead of its plan's, by name, also those whose time is
    /// over.
    async fn list_overrides(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<OverrideRecord>, StoreError>;
    /// The plan that its owner chose when they registered.
    async fn find_plan_choice(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<PlanChoice>, StoreError>;
    /// What an administrator said of its plan; also where that time is over.
    async fn find_plan_fix(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<PlanFix>, StoreError>;
    /// Organizations whose plan was said until a time that is over, at most `limit`.
    async fn list_ended_plan_fixes(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<OrganizationId>, StoreError>;
    /// The lots with something left, in the order of use.
    async fn list_lots(&self, organization_id: OrganizationId) -> Result<Vec<Lot>, StoreError>;
    /// The lots of which something can be spent at `now`, in the order of use; at most `limit` of
    /// them, which stores cap at 200. They continue after the lot `after`, even if it was used up;
    /// nothing comes after one that the organization does not have.
    async fn list_usable_lots(
        &self,
        organization_id: OrganizationId,
        now: Timestamp,
        after: Option<LotId>,
        limit: u32,
    ) -> Result<Page<LotRecord, LotId>, StoreError>;
    /// The ledger.
    async fn list_ledger(
        &self,
        organization_id: OrganizationId,
        filter: &LedgerFilter,
        page: &PageRequest<LedgerEntryId>,
    ) -> Result<Page<LedgerEntry, LedgerEntryId>, StoreError>;
    /// Accounts whose balance, what jobs hold included, rose to `low` or fell below it since
    /// [`WriteAccounts::note_balance`] was last told of them, by identifier, at most `limit`.
    async fn list_moved_balances(
        &self,
        low: Credits,
        limit: u32,
    ) -> Result<Vec<OrganizationId>, StoreError>;
    /// Breaches of the ledger's invariants over all accounts, in words: entries that do not
    /// sum to zero, balances that differ from their lots, negative remainders, holds of ended
    /// jobs. Empty when all is well.
    async fn list_ledger_breaches(&self) -> Result<Vec<String>, StoreError>;
}

/// Changes money and plans outside of jobs.
#[async_trait]
pub trait WriteAccounts: ReadAccounts {
    /// Adds a version of a plan.
    async fn insert_plan(&self, plan: &Plan) -> Result<(), StoreError>;
    /// Moves an organization to a version of a plan, on which it is since `now`; a choice that was
    /// made before is forgotten.
    async fn set_plan(
        &self,
        organization_id: OrganizationId,
        plan_id: PlanId,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Has an account's months begin at `anchor`, in plans whose quotas count by them.
    async fn set_quota_anchor(
        &self,
        organization_id: OrganizationId,
        anchor: Timestamp,
    ) -> Result<(), StoreError>;
    /// Gives an account a limit of its own, in place of one of the same name.
    async fn put_override(&self, record: &OverrideRecord) -> Result<(), StoreError>;
    /// Takes it back, so that the plan's limit holds from `now` on; `false` when there was none.
    async fn delete_override(
        &self,
        organization_id: OrganizationId,
        limit: &LimitName,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Notes which plan an organization's owner means to buy, in place of an earlier choice.
    async fn set_plan_choice(
        &self,
        organization_id: OrganizationId,
        choice: &PlanChoice,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Forgets a choice; nothing happens where there is none.
    async fn delete_plan_choice(&self, organization_id: OrganizationId) -> Result<(), StoreError>;
    /// Has an organization keep the plan that it is on, in place of an earlier fix.
    async fn fix_plan(&self, fix: &PlanFix) -> Result<(), StoreError>;
    /// Forgets a fix; nothing happens where there is none.
    async fn delete_plan_fix(&self, organization_id: OrganizationId) -> Result<(), StoreError>;
    /// Adds a lot with its ledger entries (`Issued` to `Available`).
    async fn insert_lot(&self, grant: &LotGrant) -> Result<(), StoreError>;
    /// Notes on which side of `low` an account's balance is now; answers whether it fell below it
    /// since it was noted to be above, which is answered once per fall.
    async fn note_balance(
        &self,
        organization_id: OrganizationId,
        low: Credits,
    ) -> Result<bool, StoreError>;
    /// Whether a grant of this origin and reason was made before, so that it is made once.
    async fn has_grant(
        &self,
        organization_id: OrganizationId,
        origin: LotOrigin,
        reason: &str,
    ) -> Result<bool, StoreError>;
}
