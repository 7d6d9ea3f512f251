//! What the fits of a candidate may take, and how many folds a search can afford.
//!
//! Invariant: with units, all of it follows from the trials before.

use super::Search;
use crate::error::AutomlError;
use crate::model::{Algorithm, Candidate};
use crate::preprocess::estimate_width;
use crate::train::trial::{FitLimit, FoldRun, fit_folds};

/// Cells from which the first fold of an unknown cost is tried alone.
const LARGE: usize = 60_000;
/// What the remaining folds cost more than the first one alone, for each of them: they share the
/// threads.
const SHARED_COST: f64 = 0.8;
/// Share of the budget that all folds of one candidate may take before folds are given up.
const MOST_SHARE: f64 = 0.45;
/// Bytes of a fit's features, kernel and trees from which folds are not fitted side by side.
const LARGE_FIT: usize = 6 << 20;
/// Share of the time that all folds of one candidate take at most.
const MOST_SHARE_OF_FITS: f64 = 0.25;

impl Search<'_> {
    /// Fits the folds that `begun` lacks. Where the cost is not known and the table large, the
    /// first fold goes alone and tells what the others will cost.
    pub(super) fn run_folds(
        &mut self,
        candidate: &Candidate,
        mut begun: Vec<FoldRun>,
        limit: Option<u64>,
    ) -> Result<Vec<FoldRun>, AutomlError> {
        let limit = self.limit_fits(candidate, limit);
        if begun.is_empty() && self.must_probe(candidate) {
            let start = self.purse.spent();
            let within = (&self.control, limit);
            begun = fit_folds((self.prepared, &self.shelf), candidate, &[0], within)?;
            let units: u64 = begun.iter().map(|run| run.units).sum();
            let cost =
                if self.purse.is_timed() { self.purse.spent() - start } else { units as f64 };
            self.limit_depth(cost);
        }
        let places: Vec<usize> = (begun.len()..self.depth).collect();
        let mut runs = begun;
        let within = (&self.control, limit);
        runs.extend(fit_folds((self.prepared, &self.shelf), candidate, &places, within)?);
        Ok(runs)
    }

    /// Whether its first fold goes alone.
    pub(super) fn must_probe(&self, candidate: &Candidate) -> bool {
        let size = self.size();
        self.purse.is_limited()
            && size.rows * size.columns > LARGE
            && self.forecast.find(candidate, size).is_none()
    }

    /// What each fit of a candidate may spend, so that none takes the time of many others. Large
    /// ones go one after the other: they have work for all threads, and no room beside each other.
    pub(super) fn limit_fits(&self, candidate: &Candidate, units: Option<u64>) -> FitLimit {
        let (rows, columns) = (self.size().rows, self.prepared.columns());
        let how = (candidate.algorithm.encoding(), candidate.options.as_ref());
        let features = rows * estimate_width(&columns, rows, how) * size_of::<f64>();
        let is_kernel = candidate.algorithm == Algorithm::Svm;
        let kernel = if is_kernel { rows.saturating_mul(rows) * size_of::<f32>() } else { 0 };
        let trees = candidate.derive_tree_bytes(rows);
        let alone = features.saturating_add(kernel).saturating_add(trees) > LARGE_FIT;
        let side_by_side = if alone { 1 } else { usize::from(self.job.threads()).max(1) };
        let waves = self.depth.div_ceil(side_by_side).max(1) as f64;
        let seconds = MOST_SHARE_OF_FITS * self.purse.total() / waves;
        FitLimit {
            units,
            seconds: self.purse.is_timed().then_some(seconds),
            deadline: self.purse.deadline(),
            rows: None,
            alone,
        }
    }

    /// Gives up folds where all of them would take too much of the budget.
    fn limit_depth(&mut self, cost: f64) {
        let fold = if self.purse.is_timed() { SHARED_COST * cost } else { cost };
        let most = MOST_SHARE * self.purse.total().min(self.purse.left() + cost);
        let whole = cost + fold * (self.depth as f64 - 1.0);
        if whole > most && fold > 0.0 {
            let fitting = 1.0 + ((most - cost) / fold).max(0.0).floor();
            self.depth = self.depth.min(fitting as usize).max(1);
        }
    }
}
