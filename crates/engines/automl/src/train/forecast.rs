//! What a candidate will cost, learned from those before it.
//!
//! Invariant: a forecast is a function of what was noted, so that a search that counts units
//! repeats itself.

use std::collections::BTreeMap;

use crate::model::{Algorithm, Candidate};

/// Weight of the newest cost against the older ones.
const NEWEST: f64 = 0.5;

/// The size of one fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct FitSize {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) outputs: usize,
}

/// Costs by algorithm, in seconds or units for each unit of expected work.
#[derive(Debug, Default)]
pub(super) struct Forecast {
    rates: BTreeMap<Algorithm, f64>,
}

impl Forecast {
    /// Notes what a candidate's folds cost.
    pub(super) fn note(&mut self, candidate: &Candidate, size: FitSize, cost: f64) {
        let rate = cost / candidate.derive_work(size.rows, size.columns, size.outputs).max(1.0);
        let known = self.rates.entry(candidate.algorithm).or_insert(rate);
        *known += NEWEST * (rate - *known);
    }

    /// The cost of as many folds as the noted ones had; none for the first of its algorithm.
    pub(super) fn find(&self, candidate: &Candidate, size: FitSize) -> Option<f64> {
        let work = candidate.derive_work(size.rows, size.columns, size.outputs);
        self.rates.get(&candidate.algorithm).map(|rate| rate * work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Task;

    #[test]
    fn costs_follow_what_was_noted_and_the_size() {
        let forest = Candidate::usual(Algorithm::RandomForest, Task::Binary, 1);
        let size = |rows| FitSize { rows, columns: 10, outputs: 1 };
        let mut forecast = Forecast::default();
        assert_eq!(forecast.find(&forest, size(1_000)), None);
        forecast.note(&forest, size(1_000), 2.0);
        let same = forecast.find(&forest, size(1_000)).unwrap();
        let more = forecast.find(&forest, size(4_000)).unwrap();
        assert!((same - 2.0).abs() < 1e-9 && more > 7.0, "{same} {more}");
        forecast.note(&forest, size(1_000), 4.0);
        assert!((forecast.find(&forest, size(1_000)).unwrap() - 3.0).abs() < 1e-9);
    }
}
