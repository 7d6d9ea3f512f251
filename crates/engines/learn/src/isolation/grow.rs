//! Grows one tree of random splits.

use serde::{Deserialize, Serialize};

use crate::{Matrix, Rng};

use super::mean_path;

/// A node; the right child follows the left one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Node {
    /// Splits on the way here, and those that its rows would still need.
    Leaf { path: f64 },
    /// Values up to the limit go left.
    Split { feature: u32, limit: f64, left: u32, missing_left: bool },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

struct Open {
    node: usize,
    rows: Vec<usize>,
    depth: u32,
}

/// A tree over `sample` rows drawn without replacement.
pub(super) fn grow(x: &Matrix, sample: usize, rng: &mut Rng) -> Tree {
    let most_depth = usize::BITS - (sample.max(2) - 1).leading_zeros();
    let mut nodes = vec![Node::Leaf { path: 0.0 }];
    let mut open = vec![Open { node: 0, rows: draw(x.rows(), sample, rng), depth: 0 }];
    while let Some(Open { node, rows, depth }) = open.pop() {
        let split =
            if depth < most_depth && rows.len() > 1 { draw_split(x, &rows, rng) } else { None };
        let Some(Drawn { feature, limit, missing_left }) = split else {
            nodes[node] = Node::Leaf { path: f64::from(depth) + mean_path(rows.len()) };
            continue;
        };
        let values = x.column(feature);
        let goes_left = |row: &usize| {
            if values[*row].is_nan() { missing_left } else { values[*row] <= limit }
        };
        let (left, right): (Vec<usize>, Vec<usize>) = rows.into_iter().partition(goes_left);
        let first = nodes.len();
        nodes[node] =
            Node::Split { feature: feature as u32, limit, left: first as u32, missing_left };
        nodes.extend([Node::Leaf { path: 0.0 }; 2]);
        open.push(Open { node: first + 1, rows: right, depth: depth + 1 });
        open.push(Open { node: first, rows: left, depth: depth + 1 });
    }
    Tree { nodes }
}

/// Rows without replacement (Floyd's algorithm keeps the cost to that of the sample).
fn draw(rows: usize, sample: usize, rng: &mut Rng) -> Vec<usize> {
    let mut drawn = std::collections::BTreeSet::new();
    for last in rows - sample..rows {
        let pick = rng.below(last + 1);
        if !drawn.insert(pick) {
            drawn.insert(last);
        }
    }
    drawn.into_iter().collect()
}

struct Drawn {
    feature: usize,
    limit: f64,
    missing_left: bool,
}

/// A random limit of a random column that varies; none if none does.
fn draw_split(x: &Matrix, rows: &[usize], rng: &mut Rng) -> Option<Drawn> {
    let mut features: Vec<usize> = (0..x.width()).collect();
    for place in 0..features.len() {
        let pick = place + rng.below(features.len() - place);
        features.swap(place, pick);
        let values = x.column(features[place]);
        let known = || rows.iter().map(|row| values[*row]).filter(|v| !v.is_nan());
        let low = known().fold(f64::INFINITY, f64::min);
        let high = known().fold(f64::NEG_INFINITY, f64::max);
        if low < high {
            // Halves, as the difference of two finite numbers may be infinite.
            let drawn = low + 2.0 * rng.uniform() * (high / 2.0 - low / 2.0);
            let limit = if drawn < high { drawn } else { low };
            let left = known().filter(|v| *v <= limit).count();
            let missing_left = 2 * left >= known().count();
            return Some(Drawn { feature: features[place], limit, missing_left });
        }
    }
    None
}
