//! The best split of one column, read from its histogram.

use crate::binning::BinnedColumn;
use crate::tree::Test;

use super::category;
use super::histogram::{Cell, add, subtract};
use super::params::{BoostingParams, Monotone};

/// A node whose split is sought.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) sums: Cell,
    pub(super) rows: usize,
    pub(super) limits: Limits,
}

/// Least and largest value that a leaf below a node may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Limits {
    pub(super) const NONE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    pub(super) fn clip(self, value: f64) -> f64 {
        value.max(self.low).min(self.high)
    }

    /// Limits of the two sides of a split whose sides would have these values.
    pub(super) fn of_sides(self, direction: Monotone, left: f64, right: f64) -> (Self, Self) {
        let middle = self.clip((left + right) / 2.0);
        let (below, above) = (Self { high: middle, ..self }, Self { low: middle, ..self });
        match direction {
            Monotone::Free => (self, self),
            Monotone::Rising => (below, above),
            Monotone::Falling => (above, below),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Split {
    pub(super) gain: f64,
    pub(super) feature: u16,
    pub(super) test: Test,
    pub(super) left: Cell,
    pub(super) right: Cell,
    /// Penalty that the values of both sides are computed with.
    pub(super) l2: f64,
}

/// What decides whether a side is large enough, and its worth.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    pub(super) min_rows: f64,
    pub(super) min_hessian: f64,
    pub(super) l2: f64,
    /// Rows for each unit of second derivative in this node.
    pub(super) rows_per_hessian: f64,
    /// Worth of the node unsplit, plus the least gain.
    pub(super) threshold: f64,
    /// Limits of the values of both sides, and how they must lie; none if no column is bound.
    pub(super) bounds: Option<(Limits, Monotone)>,
}

impl Rules {
    pub(super) fn new(params: &BoostingParams, feature: u16, node: &Node) -> Self {
        let bounds = params.is_bound().then(|| (node.limits, params.direction(feature)));
        let unsplit = match bounds {
            Some((limits, _)) => worth_within(node.sums, params.l2, limits),
            None => worth(node.sums, params.l2),
        };
        Self {
            min_rows: f64::from(params.min_samples_leaf),
            min_hessian: params.min_hessian,
            l2: params.l2,
            rows_per_hessian: node.rows as f64 / node.sums[1].max(f64::MIN_POSITIVE),
            threshold: unsplit + params.min_gain,
            bounds,
        }
    }

    /// Worth of both sides; none if they lie against the column's direction.
    pub(super) fn worth(&self, left: Cell, right: Cell) -> Option<f64> {
        let Some((limits, direction)) = self.bounds else {
            return Some(worth(left, self.l2) + worth(right, self.l2));
        };
        let of = |side| limits.clip(leaf_value(side, self.l2));
        let lies_well = match direction {
            Monotone::Free => true,
            Monotone::Rising => of(left) <= of(right),
            Monotone::Falling => of(left) >= of(right),
        };
        let both = || worth_within(left, self.l2, limits) + worth_within(right, self.l2, limits);
        lies_well.then(both)
    }

    /// Rows of a side, estimated from its share of the second derivatives.
    pub(super) fn rows(&self, side: Cell) -> f64 {
        (side[1] * self.rows_per_hessian).round()
    }

    pub(super) fn is_enough(&self, side: Cell) -> bool {
        side[1] >= self.min_hessian && self.rows(side) >= self.min_rows
    }
}

/// Loss that a leaf of these sums removes, times two.
pub(super) fn worth([gradient, hessian]: Cell, l2: f64) -> f64 {
    if hessian + l2 > 0.0 { gradient * gradient / (hessian + l2) } else { 0.0 }
}

fn worth_within(side: Cell, l2: f64, limits: Limits) -> f64 {
    let value = limits.clip(leaf_value(side, l2));
    -(2.0 * side[0] * value + (side[1] + l2) * value * value)
}

/// The value of a leaf of these sums that removes most loss.
pub(super) fn leaf_value([gradient, hessian]: Cell, l2: f64) -> f64 {
    if hessian + l2 > 0.0 { -gradient / (hessian + l2) } else { 0.0 }
}

/// The best split of a column, if any gains.
pub(super) fn find_best(
    params: &BoostingParams,
    feature: u16,
    column: &BinnedColumn<u8>,
    node: &Node,
    cells: &[Cell],
) -> Option<Split> {
    let rules = Rules::new(params, feature, node);
    let mut split = if column.edges.is_some() {
        find_limit(&rules, node, cells)
    } else {
        category::find_subset(&rules, node, cells)
    }?;
    split.feature = feature;
    Some(split)
}

fn find_limit(rules: &Rules, node: &Node, cells: &[Cell]) -> Option<Split> {
    let (missing, values) = cells.split_last()?;
    let has_missing = rules.rows(*missing) > 0.0;
    let mut best: Option<(f64, usize, bool, Cell)> = None;
    let choices: &[bool] = if has_missing { &[false, true] } else { &[false] };
    for missing_left in choices {
        let mut left = if *missing_left { *missing } else { [0.0; 2] };
        let apart = has_missing && !missing_left;
        let limits = if apart { values } else { &values[..values.len() - 1] };
        for (bin, cell) in limits.iter().enumerate() {
            left = add(left, *cell);
            if !rules.is_enough(left) {
                continue;
            }
            let right = subtract(node.sums, left);
            if !rules.is_enough(right) {
                break;
            }
            let Some(gain) = rules.worth(left, right) else { continue };
            if gain > best.map_or(rules.threshold, |(gain, ..)| gain) {
                best = Some((gain, bin, *missing_left, left));
            }
        }
    }
    let (gain, bin, missing_left, left) = best?;
    let right = subtract(node.sums, left);
    // Where no row was missing, later ones follow the heavier side.
    let missing_left = if has_missing { missing_left } else { left[1] > right[1] };
    let test = Test::UpTo { bin: bin as u16, missing_left };
    Some(Split { gain: gain - rules.threshold, feature: 0, test, left, right, l2: rules.l2 })
}
