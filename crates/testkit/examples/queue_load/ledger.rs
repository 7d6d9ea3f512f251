//! That every job of the load stands in the ledger, and that the ledger is whole.

use std::collections::HashSet;

use anyhow::{Result, ensure};
use gantry_ports::store::{LedgerAccount, LedgerFilter, Order, PageRequest};
use gantry_testkit::Installation;
use gantry_types::{JobId, OrganizationId};

/// What stands in the ledger of some accounts.
#[derive(Debug, Default)]
pub struct LedgerFigures {
    /// All rows.
    pub rows: usize,
    /// The sum of all rows.
    pub sum: i64,
    /// Credits that jobs cost.
    pub revenue: i64,
    /// The jobs that rows name.
    pub jobs: HashSet<JobId>,
}

/// Reads the ledgers of `organizations` and fails unless each of `jobs` jobs was held and paid
/// for with one credit, all rows sum to zero, and no invariant is broken.
pub async fn require_whole(
    installation: &Installation,
    organizations: &[OrganizationId],
    jobs: usize,
) -> Result<LedgerFigures> {
    let mut figures = LedgerFigures::default();
    for organization_id in organizations {
        read(installation, *organization_id, &mut figures).await?;
    }
    ensure!(figures.sum == 0, "the ledger sums to {}", figures.sum);
    ensure!(figures.jobs.len() == jobs, "{} of {jobs} jobs have rows", figures.jobs.len());
    ensure!(figures.revenue == i64::try_from(jobs)?, "{jobs} jobs cost {}", figures.revenue);
    let breaches = installation.ledger_breaches().await?;
    ensure!(breaches.is_empty(), "the ledger is broken: {breaches:?}");
    Ok(figures)
}

async fn read(
    installation: &Installation,
    organization_id: OrganizationId,
    figures: &mut LedgerFigures,
) -> Result<()> {
    let snapshot = installation.store.read().await?;
    let mut page = PageRequest { after: None, limit: 200, order: Order::OldestFirst };
    loop {
        let found = snapshot
            .accounts()
            .list_ledger(organization_id, &LedgerFilter::default(), &page)
            .await?;
        for entry in &found.items {
            figures.rows += 1;
            figures.sum += entry.amount.get();
            figures.jobs.extend(entry.job_id);
            if entry.account == LedgerAccount::Revenue {
                figures.revenue += entry.amount.get();
            }
        }
        if found.next.is_none() {
            return Ok(());
        }
        page.after = found.next;
    }
}
