//! The books of an account, read entry by entry and added up here.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use gantry_ports::store::{LedgerAccount, LedgerEntry, LedgerFilter, Order, PageRequest, ReadTx};
use gantry_types::{JobId, LotId, OrganizationId};

/// Entries of one page; histories are short.
const PAGE: u32 = 200;
const MOST_PAGES: usize = 100;
/// What a package gives.
pub const PACKAGE_CREDITS: i64 = 100;

/// What the entries add up to.
pub struct Books {
    entries: Vec<LedgerEntry>,
}

impl Books {
    pub async fn read(snapshot: &dyn ReadTx, whose: OrganizationId) -> Result<Self> {
        let mut entries = Vec::new();
        let mut after = None;
        for _ in 0..MOST_PAGES {
            let page = PageRequest { after, limit: PAGE, order: Order::OldestFirst };
            let page =
                snapshot.accounts().list_ledger(whose, &LedgerFilter::default(), &page).await?;
            entries.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(Self { entries });
            }
        }
        anyhow::bail!("the ledger does not end")
    }

    fn add(&self, fits: impl Fn(&LedgerEntry) -> bool) -> i64 {
        self.entries.iter().filter(|entry| fits(entry)).map(|entry| entry.amount.get()).sum()
    }

    /// What is on a side.
    pub fn side(&self, side: LedgerAccount) -> i64 {
        self.add(|entry| entry.account == side)
    }

    /// All that was given for a lot, less what was taken back.
    pub fn issued(&self, lot: LotId) -> i64 {
        -self.add(|entry| entry.account == LedgerAccount::Issued && entry.lot_id == lot)
    }

    /// What of a lot was lost because its time was over.
    pub fn expired(&self, lot: LotId) -> i64 {
        self.add(|entry| entry.account == LedgerAccount::Expired && entry.lot_id == lot)
    }

    /// How often a package was given.
    pub fn count_packages(&self) -> usize {
        let given = |entry: &&LedgerEntry| {
            // The credits with which an account begins are of another size.
            let is_grant = entry.account == LedgerAccount::Available && entry.reason == "grant";
            is_grant && entry.amount.get() == PACKAGE_CREDITS
        };
        self.entries.iter().filter(given).count()
    }

    /// Nothing comes from nowhere, and nothing is less than nothing.
    pub fn check(&self) -> Result<()> {
        ensure!(self.add(|_| true) == 0, "the ledger does not sum to zero");
        for side in [LedgerAccount::Available, LedgerAccount::Held] {
            ensure!(self.side(side) >= 0, "{} are {}", self.side(side), side.as_str());
        }
        for lot in self.entries.iter().map(|entry| entry.lot_id).collect::<BTreeSet<_>>() {
            let on = |side: LedgerAccount| {
                self.add(|entry| entry.lot_id == lot && entry.account == side)
            };
            let (left, owed) = (on(LedgerAccount::Available), -on(LedgerAccount::Receivable));
            ensure!(owed >= 0, "{lot}: more was forgiven than was owed: {owed}");
            ensure!(left == 0 || owed == 0, "{lot} has {left} left and owes {owed}");
        }
        for (job, held) in self.held_by_job() {
            ensure!(held >= 0, "{job} gave back more than it took: {held}");
        }
        Ok(())
    }

    /// What each job holds.
    pub fn held_by_job(&self) -> BTreeMap<JobId, i64> {
        let mut held: BTreeMap<JobId, i64> = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.account == LedgerAccount::Held) {
            if let Some(job) = entry.job_id {
                *held.entry(job).or_default() += entry.amount.get();
            }
        }
        held
    }
}
