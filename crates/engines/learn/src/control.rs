//! What a caller can do to a running fit: cancel it, ask it to wrap up, limit and read its work.
//!
//! Work is counted in units of about one row × feature × pass, at points that do not depend on
//! timing, so that the same data, seed and limit give the same model everywhere.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::LearnError;

type Check<'a> = &'a (dyn Fn() -> bool + Sync);

/// Counts work units and holds their limit. Shared by reference between fits.
#[derive(Debug)]
pub struct WorkMeter {
    limit: u64,
    used: AtomicU64,
}

impl WorkMeter {
    /// A meter that allows `limit` units.
    pub fn new(limit: u64) -> Self {
        Self { limit, used: AtomicU64::new(0) }
    }

    /// Units counted so far; may exceed the limit by the last step.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Units left.
    pub fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used())
    }

    fn add(&self, units: u64) {
        self.used.fetch_add(units, Ordering::Relaxed);
    }
}

/// Handed to every fit. Checks may be called from any thread of the pool, often.
#[derive(Clone, Copy, Default)]
pub struct Control<'a> {
    cancelled: Option<Check<'a>>,
    wrap_up: Option<Check<'a>>,
    work: Option<&'a WorkMeter>,
}

impl fmt::Debug for Control<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("work", &self.work).finish_non_exhaustive()
    }
}

impl<'a> Control<'a> {
    /// Never cancelled, no limit.
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// Fits end with [`LearnError::Cancelled`] soon after `check` returns true.
    pub fn with_cancel(mut self, check: &'a (dyn Fn() -> bool + Sync)) -> Self {
        self.cancelled = Some(check);
        self
    }

    /// Iterative fits return what they have soon after `check` returns true (a deadline). This
    /// gives up equal results from run to run; use [`Self::with_work`] where they matter.
    pub fn with_wrap_up(mut self, check: &'a (dyn Fn() -> bool + Sync)) -> Self {
        self.wrap_up = Some(check);
        self
    }

    /// Iterative fits return what they have once the meter's limit is reached, and
    /// [`LearnError::BudgetSpent`] if that is nothing.
    pub fn with_work(mut self, meter: &'a WorkMeter) -> Self {
        self.work = Some(meter);
        self
    }

    /// Error if the caller cancelled.
    pub fn check(&self) -> Result<(), LearnError> {
        match self.cancelled {
            Some(cancelled) if cancelled() => Err(LearnError::Cancelled),
            _ => Ok(()),
        }
    }

    /// Counts `units` of work that was done.
    pub(crate) fn count(&self, units: u64) {
        if let Some(work) = self.work {
            work.add(units);
        }
    }

    /// Whether an iterative fit must stop adding to its model.
    pub(crate) fn must_wrap_up(&self) -> bool {
        self.work.is_some_and(|w| w.left() == 0) || self.is_out_of_time()
    }

    /// Units that are left, for fits that share them out beforehand.
    pub(crate) fn left(&self) -> u64 {
        self.work.map_or(u64::MAX, WorkMeter::left)
    }

    /// Whether the caller asked to wrap up. Unlike the work budget this may be asked at any time.
    pub(crate) fn is_out_of_time(&self) -> bool {
        self.wrap_up.is_some_and(|check| check())
    }

    /// For fits that give nothing before their end: error if no budget is left at the start.
    pub(crate) fn begin(&self, units: u64) -> Result<(), LearnError> {
        self.check()?;
        if self.work.is_some_and(|w| w.left() == 0) {
            return Err(LearnError::BudgetSpent);
        }
        self.count(units);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_meter_stops_the_next_fit_and_cancel_comes_first() {
        let meter = WorkMeter::new(10);
        let control = Control::unlimited().with_work(&meter);
        assert_eq!(control.begin(12), Ok(()));
        assert!(control.must_wrap_up());
        assert_eq!(control.begin(1), Err(LearnError::BudgetSpent));
        let yes = || true;
        assert_eq!(control.with_cancel(&yes).begin(1), Err(LearnError::Cancelled));
        assert_eq!((meter.used(), meter.left()), (12, 0));
    }
}
