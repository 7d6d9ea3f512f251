//! What an account has: plan, balance, use of meters, ledger.

use std::collections::BTreeMap;

use gantry_access::{Actor, Permission, require};
use gantry_ports::store::{
    AccountOverview, LedgerEntry, LedgerFilter, LotRecord, Page, PageRequest, PlanChoice,
};
use gantry_rules::overrides::LimitOverride;
use gantry_rules::period::{Period, derive_day};
use gantry_rules::plan::PlanTerms;
use gantry_types::{Credits, Currency, LedgerEntryId, LotId, MeterId, Timestamp};

use crate::Billing;
use crate::error::BillingError;
use crate::over_limit::{OverLimit, derive_over_limits};

/// The use of one meter beside its limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterView {
    /// The meter.
    pub meter: MeterId,
    /// Units of settled jobs in the present period.
    pub used: u64,
    /// Units reserved by jobs that are not settled.
    pub reserved: u64,
    /// What the account may per period; `None` does not limit.
    pub limit: Option<u64>,
    /// The period in which it counts.
    pub period: Period,
    /// Of which currency its units are millionths; `None` for what is no money.
    pub currency: Option<Currency>,
}

/// An account as its members see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView {
    /// Plan, balance, running jobs.
    pub overview: AccountOverview,
    /// Every meter that the plan limits or that was used.
    pub meters: Vec<MeterView>,
    /// Whether what is left is below what the edition says is low.
    pub low_balance: bool,
    /// The limits that it has now instead of its plan's, by name.
    pub overrides: Vec<LimitOverride>,
    /// What it has beyond what it may.
    pub over_limits: Vec<OverLimit>,
    /// The paid plan that its owner chose when they registered and has not bought yet.
    pub chosen_plan: Option<PlanChoice>,
}

impl Billing {
    /// What the actor's account has now.
    ///
    /// # Errors
    /// [`BillingError::Access`] without the permission, [`BillingError::Store`].
    pub async fn account(&self, actor: &Actor) -> Result<AccountView, BillingError> {
        require(actor, Permission::ReadAccount)?;
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let overview = snapshot.accounts().get_account(actor.organization_id, now).await?;
        let low_balance = self.is_low(overview.derive_balance());
        let members = snapshot.identity().list_members(actor.organization_id).await?.len();
        let terms = overview.derive_terms(now);
        let meters = derive_meters((&overview, &terms), self.edition.currency, now);
        let over_limits = derive_over_limits((&overview, &terms), &meters, members as u64);
        let own = overview.overrides.iter().filter(|own| own.is_in_force(now));
        let overrides = own.cloned().collect();
        let chosen_plan = snapshot.accounts().find_plan_choice(actor.organization_id).await?;
        Ok(AccountView { overview, meters, low_balance, overrides, over_limits, chosen_plan })
    }

    /// Whether a balance, what jobs hold included, is below what the edition says is low.
    #[must_use]
    pub fn is_low(&self, balance: Credits) -> bool {
        self.edition.low_balance.is_some_and(|low| balance < low)
    }

    /// The lots of which the actor's account can spend something now, in the order of use; `after`
    /// is the last one of the page before, `limit` at most 200.
    ///
    /// # Errors
    /// As [`Billing::account`].
    pub async fn lots(
        &self,
        actor: &Actor,
        after: Option<LotId>,
        limit: u32,
    ) -> Result<Page<LotRecord, LotId>, BillingError> {
        require(actor, Permission::ReadAccount)?;
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let account = actor.organization_id;
        Ok(snapshot.accounts().list_usable_lots(account, now, after, limit).await?)
    }

    /// The actor's ledger.
    ///
    /// # Errors
    /// As [`Billing::account`].
    pub async fn ledger(
        &self,
        actor: &Actor,
        filter: &LedgerFilter,
        page: &PageRequest<LedgerEntryId>,
    ) -> Result<Page<LedgerEntry, LedgerEntryId>, BillingError> {
        require(actor, Permission::ReadAccount)?;
        let snapshot = self.store.read().await?;
        Ok(snapshot.accounts().list_ledger(actor.organization_id, filter, page).await?)
    }
}

/// Every meter that is limited or that was used, by name: the month's, and the day's where that is
/// limited.
fn derive_meters(
    (overview, terms): (&AccountOverview, &PlanTerms),
    currency: Currency,
    now: Timestamp,
) -> Vec<MeterView> {
    let (month, day) = (overview.derive_month(now), derive_day(now));
    let mut meters = BTreeMap::new();
    let view = |meter: MeterId, limit, period| {
        let currency = meter.counts_money().then_some(currency);
        MeterView { meter, used: 0, reserved: 0, limit, period, currency }
    };
    for (meter, limit) in &terms.meters {
        meters.insert(meter.clone(), view(meter.clone(), limit.per_period, month));
        if limit.per_day.is_some() {
            meters.insert(meter.of_day(), view(meter.of_day(), limit.per_day, day));
        }
    }
    for usage in &overview.meters {
        let period = if usage.meter.find_counted_by_day().is_some() { day } else { month };
        if usage.period_start != period.start {
            continue;
        }
        let entry = meters
            .entry(usage.meter.clone())
            .or_insert_with(|| view(usage.meter.clone(), None, period));
        (entry.used, entry.reserved) = (usage.used, usage.reserved);
    }
    meters.into_values().collect()
}
