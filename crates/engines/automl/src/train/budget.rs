//! How much a search may spend, and what it has spent: seconds, or units of work.
//!
//! Invariants: with units, nothing here depends on the clock, so that the same seed and units give
//! the same search everywhere; with seconds, what is left includes neither the report nor what an
//! earlier attempt spent.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Share of the time that is kept for the last steps: choosing the weights and the report.
const RESERVED_SHARE: f64 = 0.05;
/// Seconds that are kept besides.
const RESERVED_SECONDS: f64 = 0.5;
/// Share of what is kept for the end that explanations may take.
const EXPLAINED_SHARE: f64 = 0.45;
/// Share of all units that the fits of one candidate may use.
const MOST_SHARE_OF_UNITS: f64 = 0.25;
/// Most of the time that is kept.
const MOST_RESERVED: f64 = 0.4;

/// The limit of a search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Budget {
    /// The list of candidates is the limit.
    Open,
    /// Wall time of the whole job.
    Time(Duration),
    /// Work of all fits, in units of about one row × feature × pass.
    Units(u64),
}

/// What is left of a budget.
pub(crate) struct Purse {
    budget: Budget,
    begun: Instant,
    /// Seconds for the last steps.
    reserved: Cell<f64>,
    /// Seconds or units that were spent before this attempt.
    earlier: Cell<f64>,
    units: Cell<u64>,
}

impl Purse {
    /// Opened when the job begins.
    pub(crate) fn open(budget: Budget) -> Self {
        let reserved = match budget {
            Budget::Time(limit) => {
                let seconds = limit.as_secs_f64();
                (RESERVED_SECONDS + RESERVED_SHARE * seconds).min(MOST_RESERVED * seconds)
            }
            Budget::Open | Budget::Units(_) => 0.0,
        };
        Self {
            budget,
            begun: Instant::now(),
            reserved: Cell::new(reserved),
            earlier: Cell::new(0.0),
            units: Cell::new(0),
        }
    }

    pub(crate) fn is_limited(&self) -> bool {
        match self.budget {
            Budget::Open => false,
            Budget::Time(_) | Budget::Units(_) => true,
        }
    }

    pub(crate) fn is_timed(&self) -> bool {
        matches!(self.budget, Budget::Time(_))
    }

    /// Keeps as many seconds more for the end as reading and preparing took: writing the report
    /// goes over the table once more.
    pub(crate) fn reserve_like_start(&self) {
        if let Budget::Time(limit) = self.budget {
            let most = MOST_RESERVED * limit.as_secs_f64();
            let more = self.reserved.get() + self.begun.elapsed().as_secs_f64();
            self.reserved.set(more.min(most));
        }
    }

    /// Takes over what an earlier attempt spent.
    pub(crate) fn add_earlier(&self, spent: f64) {
        self.earlier.set(self.earlier.get() + spent);
    }

    pub(crate) fn add_units(&self, units: u64) {
        self.units.set(self.units.get().saturating_add(units));
    }

    /// Seconds or units that are spent.
    pub(crate) fn spent(&self) -> f64 {
        let now = match self.budget {
            Budget::Open | Budget::Time(_) => self.begun.elapsed().as_secs_f64(),
            Budget::Units(_) => self.units.get() as f64,
        };
        now + self.earlier.get()
    }

    /// Seconds or units that the search may still spend.
    pub(crate) fn left(&self) -> f64 {
        (self.total() - self.spent()).max(0.0)
    }

    /// Seconds or units of the search.
    pub(crate) fn total(&self) -> f64 {
        match self.budget {
            Budget::Open => f64::INFINITY,
            Budget::Time(limit) => (limit.as_secs_f64() - self.reserved.get()).max(0.0),
            Budget::Units(units) => units as f64,
        }
    }

    /// What is spent, for people.
    pub(crate) fn describe(&self) -> String {
        let (spent, total) = (self.spent(), self.total());
        match self.budget {
            Budget::Open => format!("{spent:.2} s have passed"),
            Budget::Time(_) => format!("{spent:.2} s have passed of {total:.2} s"),
            Budget::Units(_) => format!("{spent:.0} of {total:.0} units are spent"),
        }
    }

    /// Share of the search that is spent, from 0 to 1; 0 without a limit.
    pub(crate) fn share(&self) -> f64 {
        let total = self.total();
        if total > 0.0 && total.is_finite() { (self.spent() / total).min(1.0) } else { 0.0 }
    }

    /// When fits must wrap up; none without a time limit.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.is_timed()
            .then(|| Instant::now().checked_add(Duration::from_secs_f64(self.left())))
            .flatten()
    }

    /// When explanations must be done, so that the files can still be written in time.
    pub(crate) fn explain_until(&self) -> Option<Instant> {
        let Budget::Time(limit) = self.budget else { return None };
        let left = (limit.as_secs_f64() - self.spent()).max(0.0);
        Instant::now().checked_add(Duration::from_secs_f64(EXPLAINED_SHARE * left))
    }

    /// Units that each of so many fits may use; none without a limit of units.
    pub(crate) fn units_each(&self, fits: usize) -> Option<u64> {
        match self.budget {
            Budget::Open | Budget::Time(_) => None,
            Budget::Units(_) => {
                let most = self.left().min(MOST_SHARE_OF_UNITS * self.total());
                Some(((most / fits.max(1) as f64) as u64).max(1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_counted_and_shared_out() {
        let purse = Purse::open(Budget::Units(1_000));
        purse.add_units(200);
        purse.add_earlier(300.0);
        assert_eq!((purse.spent(), purse.left(), purse.share()), (500.0, 500.0, 0.5));
        assert_eq!((purse.units_each(5), purse.deadline()), (Some(50), None));
        purse.add_units(900);
        assert_eq!((purse.left(), purse.units_each(5)), (0.0, Some(1)));
        assert!(!Purse::open(Budget::Open).is_limited());
    }

    #[test]
    fn time_keeps_something_for_the_end() {
        let purse = Purse::open(Budget::Time(Duration::from_secs(10)));
        assert!((purse.total() - 9.0).abs() < 1e-9, "{}", purse.total());
        let short = Purse::open(Budget::Time(Duration::from_secs(1)));
        assert!((short.total() - 0.6).abs() < 1e-9, "{}", short.total());
        assert!(purse.left() <= purse.total() && purse.deadline().is_some());
        purse.add_earlier(100.0);
        assert_eq!((purse.left(), purse.share()), (0.0, 1.0));
    }
}
