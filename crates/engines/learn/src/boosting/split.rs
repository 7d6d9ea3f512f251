//! The best split of one column, read from its histogram.

use crate::binning::BinnedColumn;
use crate::tree::Test;

use super::category;
use super::histogram::{Cell, add, subtract};
use super::params::BoostingParams;

/// A node whose split is sought.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) sums: Cell,
    pub(super) rows: usize,
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
}

impl Rules {
    pub(super) fn new(params: &BoostingParams, node: &Node) -> Self {
        Self {
            min_rows: f64::from(params.min_samples_leaf),
            min_hessian: params.min_hessian,
            l2: params.l2,
            rows_per_hessian: node.rows as f64 / node.sums[1].max(f64::MIN_POSITIVE),
            threshold: worth(node.sums, params.l2) + params.min_gain,
        }
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

/// The best split of a column, if any gains.
pub(super) fn find_best(
    params: &BoostingParams,
    feature: u16,
    column: &BinnedColumn<u8>,
    node: &Node,
    cells: &[Cell],
) -> Option<Split> {
    let rules = Rules::new(params, node);
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
            let gain = worth(left, rules.l2) + worth(right, rules.l2);
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
