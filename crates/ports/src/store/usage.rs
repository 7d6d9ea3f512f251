//! What was used, day by day: a history that is summed once and kept.
//!
//! Invariants: a day is one in UTC, by when root jobs ended that count; a day that was rolled up is
//! what its jobs said, and is replaced as a whole; days that were not are summed from the jobs, so
//! that an answer is true at once; of those who were erased, what they used is nobody's.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use gantry_types::{Credits, MeterId, OrganizationId, Timestamp, UserId};

use super::error::StoreError;
use super::quota_events::{QuotaEvent, QuotaEventFilter};

/// Sums over root jobs that ended and count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsageSums {
    /// Jobs that ended.
    pub jobs: u64,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Those that failed or died.
    pub failed: u64,
    /// Those that were cancelled.
    pub cancelled: u64,
    /// What they cost, penalties included.
    pub credits: Credits,
    /// The time between their first start and their end.
    pub busy: Duration,
    /// Units of meters that count as used, without the one that counts jobs.
    pub units: BTreeMap<MeterId, u64>,
}

impl UsageSums {
    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.jobs = self.jobs.saturating_add(other.jobs);
        self.succeeded = self.succeeded.saturating_add(other.succeeded);
        self.failed = self.failed.saturating_add(other.failed);
        self.cancelled = self.cancelled.saturating_add(other.cancelled);
        self.credits = Credits::new(self.credits.get().saturating_add(other.credits.get()));
        self.busy = self.busy.saturating_add(other.busy);
        for (meter, units) in &other.units {
            self.add_units(meter.clone(), *units);
        }
    }

    /// Adds units of a meter.
    pub fn add_units(&mut self, meter: MeterId, units: u64) {
        let sum = self.units.entry(meter).or_default();
        *sum = sum.saturating_add(units);
    }
}

/// By what is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UsageBy {
    /// The day.
    Day,
    /// The operation.
    Operation,
    /// Who submitted.
    Member,
    /// The organization.
    Organization,
}

/// What a sum is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsageKey {
    /// The start of a day in UTC.
    Day(Timestamp),
    /// An operation; `None` is what no operation used, such as requests with a key.
    Operation(Option<String>),
    /// A person; `None` is nobody, or somebody who was erased.
    Member(Option<UserId>),
    /// A tenant.
    Organization(OrganizationId),
}

/// Whose use is summed, and of when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageFilter {
    /// The start of the first day.
    pub from: Timestamp,
    /// The end of the last day.
    pub to: Timestamp,
    /// One tenant; `None` means all.
    pub organization_id: Option<OrganizationId>,
    /// One person; `None` means everybody, and what is nobody's.
    pub user_id: Option<UserId>,
}

/// Looks up what was used.
#[async_trait]
pub trait ReadUsage: Send + Sync {
    /// The sums; what has none is left out.
    async fn sum_usage(
        &self,
        filter: &UsageFilter,
        by: UsageBy,
    ) -> Result<BTreeMap<UsageKey, UsageSums>, StoreError>;
    /// The end of the last day that was rolled up.
    async fn find_rolled_up_to(&self) -> Result<Option<Timestamp>, StoreError>;
    /// When the first root job ended that counts.
    async fn find_first_usage(&self) -> Result<Option<Timestamp>, StoreError>;
    /// What limits refused, the newest days first.
    async fn list_quota_events(
        &self,
        filter: &QuotaEventFilter,
    ) -> Result<Vec<QuotaEvent>, StoreError>;
}

/// Rolls days up.
#[async_trait]
pub trait WriteUsage: ReadUsage {
    /// Replaces what is kept of the day that begins at `day`, which is over, by what its jobs say;
    /// answers how many rows it has. Days are rolled up in their order: answers take those before
    /// the last one from what is kept.
    async fn roll_up_day(&self, day: Timestamp) -> Result<u64, StoreError>;
}
