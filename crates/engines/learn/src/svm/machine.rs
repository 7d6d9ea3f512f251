//! One decision: a weighted sum of what a space makes of a row, plus a bias.

use serde::{Deserialize, Serialize};

use crate::{Control, LearnError};

/// What one fit may cost. Machines are fitted side by side, so each has its own share of the work
/// budget: where it ends does not depend on the others' pace.
#[derive(Clone, Copy)]
pub(super) struct Effort<'a> {
    pub(super) control: &'a Control<'a>,
    pub(super) allowance: u64,
    pub(super) used: u64,
    pub(super) tolerance: f64,
    pub(super) seed: u64,
}

impl Effort<'_> {
    /// Whether the fit must return what it has.
    pub(super) fn is_spent(&self) -> Result<bool, LearnError> {
        self.control.check()?;
        Ok(self.used >= self.allowance || self.control.is_out_of_time())
    }

    pub(super) fn finish(self) -> Result<(), LearnError> {
        self.control.count(self.used);
        self.control.check()
    }
}

/// What one machine is fitted to. All lists run over `rows`.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    /// Rows of the table.
    pub(super) rows: Vec<u32>,
    /// Wanted decisions: ±1 for classes.
    pub(super) targets: Vec<f64>,
    /// Least and largest weight of each row.
    pub(super) bounds: Vec<(f64, f64)>,
    /// Errors up to this are free.
    pub(super) epsilon: f64,
}

impl Problem {
    /// Targets −1 and 1; `price` is the largest weight of a row.
    pub(super) fn classes(rows: Vec<u32>, targets: Vec<f64>, price: impl Fn(u32) -> f64) -> Self {
        let bound = |(row, target): (&u32, &f64)| {
            if *target > 0.0 { (0.0, price(*row)) } else { (-price(*row), 0.0) }
        };
        let bounds = rows.iter().zip(&targets).map(bound).collect();
        Self { rows, targets, bounds, epsilon: 0.0 }
    }

    pub(super) fn numbers(
        rows: Vec<u32>,
        targets: Vec<f64>,
        epsilon: f64,
        price: impl Fn(u32) -> f64,
    ) -> Self {
        let bounds = rows.iter().map(|row| (-price(*row), price(*row))).collect();
        Self { rows, targets, bounds, epsilon }
    }

    /// Whether the sign of every weight is known beforehand.
    pub(super) fn is_one_sided(&self) -> bool {
        self.bounds.iter().all(|(low, high)| *low == 0.0 || *high == 0.0)
    }

    /// The problem of the rows at these places.
    pub(super) fn part(&self, places: &[usize]) -> Self {
        Self {
            rows: places.iter().map(|p| self.rows[*p]).collect(),
            targets: places.iter().map(|p| self.targets[*p]).collect(),
            bounds: places.iter().map(|p| self.bounds[*p]).collect(),
            epsilon: self.epsilon,
        }
    }

    /// The one target that all rows share, if they do.
    pub(super) fn only_target(&self) -> Option<f64> {
        let first = *self.targets.first()?;
        self.targets.iter().all(|target| *target == first).then_some(first)
    }
}

/// A fitted decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Machine {
    /// Coordinate (a support row, a column or a random feature) and weight.
    pub(super) terms: Vec<(u32, f64)>,
    pub(super) bias: f64,
}

impl Machine {
    pub(super) fn constant(decision: f64) -> Self {
        Self { terms: Vec::new(), bias: decision }
    }

    /// The decision for a row whose coordinates are `values`.
    pub(super) fn decide<V: Copy + Into<f64>>(&self, values: &[V]) -> f64 {
        let term = |(at, weight): &(u32, f64)| weight * values[*at as usize].into();
        self.terms.iter().map(term).sum::<f64>() + self.bias
    }
}
