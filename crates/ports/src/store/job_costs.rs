//! What jobs of all organizations cost, summed.

use gantry_types::{Credits, Timestamp};

/// Sums over root jobs that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CostSums {
    /// Jobs that ended.
    pub jobs: u64,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Those that failed or died.
    pub failed: u64,
    /// Those that were cancelled.
    pub cancelled: u64,
    /// The most that they might have cost.
    pub estimated: Credits,
    /// What they cost, penalties included.
    pub settled: Credits,
    /// What jobs held and gave back.
    pub refunded: Credits,
    /// What was kept of cancelled ones.
    pub penalties: Credits,
}

impl CostSums {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let add = |one: Credits, two: Credits| Credits::new(one.get().saturating_add(two.get()));
        Self {
            jobs: self.jobs.saturating_add(other.jobs),
            succeeded: self.succeeded.saturating_add(other.succeeded),
            failed: self.failed.saturating_add(other.failed),
            cancelled: self.cancelled.saturating_add(other.cancelled),
            estimated: add(self.estimated, other.estimated),
            settled: add(self.settled, other.settled),
            refunded: add(self.refunded, other.refunded),
            penalties: add(self.penalties, other.penalties),
        }
    }
}

/// What the jobs of an operation cost that ended on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCosts {
    /// The operation.
    pub operation: String,
    /// The start of the day, in UTC.
    pub day: Timestamp,
    /// The sums.
    pub sums: CostSums,
}
