//! Splits of categories into subsets: by the order of their mean derivative for many, one
//! against the rest for few. Missing and rare categories go right.

use crate::tree::Test;

use super::histogram::{Cell, add, subtract};
use super::split::{Node, Rules, Split};

/// Up to this many categories, each is tried against the rest.
const ONE_AGAINST_REST: usize = 4;
/// Added to the second derivatives when categories are ordered; smaller categories are left out.
const SMOOTHING: f64 = 10.0;
/// Penalty added to subsets, which otherwise fit noise.
const SUBSET_L2: f64 = 10.0;
/// Most categories on the left side.
const MAX_LEFT: usize = 32;
/// Fewest rows by which a subset grows between two looks.
const MIN_GROUP_ROWS: f64 = 100.0;

struct Best {
    gain: f64,
    bins: Vec<usize>,
    left: Cell,
}

pub(super) fn find_subset(rules: &Rules, node: &Node, cells: &[Cell]) -> Option<Split> {
    let (_, values) = cells.split_last()?;
    let used = values.iter().filter(|cell| rules.rows(**cell) > 0.0).count();
    let subset = Rules { l2: rules.l2 + SUBSET_L2, ..*rules };
    let (best, l2) = if used <= ONE_AGAINST_REST {
        (find_one(rules, node, values)?, rules.l2)
    } else {
        (find_group(&subset, node, values)?, subset.l2)
    };
    let mut words = vec![0_u64; cells.len().div_ceil(64)];
    for bin in &best.bins {
        words[bin / 64] |= 1 << (bin % 64);
    }
    let right = subtract(node.sums, best.left);
    let gain = best.gain - rules.threshold;
    Some(Split { gain, feature: 0, test: Test::In { words }, left: best.left, right, l2 })
}

fn find_one(rules: &Rules, node: &Node, values: &[Cell]) -> Option<Best> {
    let mut best: Option<Best> = None;
    for (bin, cell) in values.iter().enumerate() {
        let right = subtract(node.sums, *cell);
        if !rules.is_enough(*cell) || !rules.is_enough(right) {
            continue;
        }
        let Some(gain) = rules.worth(*cell, right) else { continue };
        if gain > best.as_ref().map_or(rules.threshold, |b| b.gain) {
            best = Some(Best { gain, bins: vec![bin], left: *cell });
        }
    }
    best
}

fn find_group(rules: &Rules, node: &Node, values: &[Cell]) -> Option<Best> {
    let mut order: Vec<(f64, usize)> = values
        .iter()
        .enumerate()
        .filter(|(_, cell)| rules.rows(**cell) >= SMOOTHING)
        .map(|(bin, cell)| (cell[0] / (cell[1] + SMOOTHING), bin))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let bins: Vec<usize> = order.into_iter().map(|(_, bin)| bin).collect();
    let most = MAX_LEFT.min(bins.len().div_ceil(2));
    let rising = best_prefix(rules, node, values, &bins[..most]);
    let falling: Vec<usize> = bins.iter().rev().copied().take(most).collect();
    let falling = best_prefix(rules, node, values, &falling);
    match (rising, falling) {
        (Some(a), Some(b)) => Some(if b.gain > a.gain { b } else { a }),
        (a, b) => a.or(b),
    }
}

fn best_prefix(rules: &Rules, node: &Node, values: &[Cell], bins: &[usize]) -> Option<Best> {
    let mut left = [0.0; 2];
    let mut group_rows = 0.0;
    let mut best: Option<(f64, usize, Cell)> = None;
    for (place, bin) in bins.iter().enumerate() {
        left = add(left, values[*bin]);
        group_rows += rules.rows(values[*bin]);
        let right = subtract(node.sums, left);
        if !rules.is_enough(right) || rules.rows(right) < MIN_GROUP_ROWS {
            break;
        }
        if !rules.is_enough(left) || group_rows < MIN_GROUP_ROWS {
            continue;
        }
        group_rows = 0.0;
        let Some(gain) = rules.worth(left, right) else { continue };
        if gain > best.map_or(rules.threshold, |(gain, ..)| gain) {
            best = Some((gain, place, left));
        }
    }
    let (gain, place, left) = best?;
    Some(Best { gain, bins: bins[..=place].to_vec(), left })
}
