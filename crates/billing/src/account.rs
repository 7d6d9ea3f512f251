//! What an account has: plan, balance, use of meters, ledger.

use gantry_access::{Actor, Permission, require};
use gantry_ports::store::{AccountOverview, LedgerEntry, Page, PageRequest};
use gantry_rules::period::derive_period;
use gantry_types::{LedgerEntryId, MeterId, Timestamp};

use crate::Billing;
use crate::error::BillingError;

/// The use of one meter beside its limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterView {
    /// The meter.
    pub meter: MeterId,
    /// Units of settled jobs in the present period.
    pub used: u64,
    /// Units reserved by jobs that are not settled.
    pub reserved: u64,
    /// What the plan allows per period; `None` does not limit.
    pub limit: Option<u64>,
}

/// An account as its members see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView {
    /// Plan, balance, running jobs.
    pub overview: AccountOverview,
    /// Every meter that the plan limits or that was used.
    pub meters: Vec<MeterView>,
    /// The start of the present period.
    pub period_start: Timestamp,
    /// When the meters begin anew.
    pub resets_at: Timestamp,
}

impl Billing {
    /// What the actor's account has now.
    ///
    /// # Errors
    /// [`BillingError::Access`] without the permission, [`BillingError::Store`].
    pub async fn account(&self, actor: &Actor) -> Result<AccountView, BillingError> {
        require(actor, Permission::ReadAccount)?;
        let period = derive_period(self.clock.now());
        let snapshot = self.store.read().await?;
        let overview = snapshot.accounts().get_account(actor.organization_id, period.start).await?;
        Ok(AccountView {
            meters: derive_meters(&overview),
            overview,
            period_start: period.start,
            resets_at: period.end,
        })
    }

    /// The actor's ledger.
    ///
    /// # Errors
    /// As [`Billing::account`].
    pub async fn ledger(
        &self,
        actor: &Actor,
        page: &PageRequest<LedgerEntryId>,
    ) -> Result<Page<LedgerEntry, LedgerEntryId>, BillingError> {
        require(actor, Permission::ReadAccount)?;
        let snapshot = self.store.read().await?;
        Ok(snapshot.accounts().list_ledger(actor.organization_id, page).await?)
    }
}

fn derive_meters(overview: &AccountOverview) -> Vec<MeterView> {
    let limits = &overview.plan.terms.meters;
    let mut meters: Vec<MeterView> = limits
        .iter()
        .map(|(meter, limit)| MeterView {
            meter: meter.clone(),
            used: 0,
            reserved: 0,
            limit: limit.per_period,
        })
        .collect();
    for usage in &overview.meters {
        match meters.iter_mut().find(|view| view.meter == usage.meter) {
            Some(view) => {
                view.used = usage.used;
                view.reserved = usage.reserved;
            }
            None => meters.push(MeterView {
                meter: usage.meter.clone(),
                used: usage.used,
                reserved: usage.reserved,
                limit: None,
            }),
        }
    }
    meters.sort_by(|a, b| a.meter.cmp(&b.meter));
    meters
}
