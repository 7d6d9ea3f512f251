//! Grows one tree, always splitting the leaf that gains most.
//!
//! Of two children only the smaller one's histogram is built; the other is what is left of the
//! parent's.

use std::ops::Range;

use rayon::prelude::*;

use crate::binning::{BinnedColumn, BinnedMatrix};
use crate::tree::{Test, TreeBuilder};
use crate::{Control, LearnError};

use super::buffers::Buffers;
use super::histogram::{Cell, build, subtract};
use super::loss::Derivatives;
use super::params::{BoostingParams, Monotone};
use super::split::{Limits, Node, Split, find_best, leaf_value};

/// Rows × columns below which one thread is faster than several.
const PARALLEL_FROM: usize = 40_000;

/// What all trees of a model share.
pub(super) struct Setting<'a> {
    pub(super) table: &'a BinnedMatrix<u8>,
    pub(super) params: &'a BoostingParams,
    pub(super) control: &'a Control<'a>,
}

/// A leaf while its tree grows.
struct Leaf {
    node: u32,
    rows: Range<usize>,
    sums: Cell,
    depth: u16,
    l2: f64,
    limits: Limits,
    /// Cells of all tried columns, one column after the other.
    cells: Vec<Cell>,
    best: Option<Split>,
}

/// A finished tree whose leaf values are still to be set.
pub(super) struct Grown {
    pub(super) tree: TreeBuilder,
    /// Node, rows and value (before the learning rate) of each leaf.
    pub(super) leaves: Vec<(u32, Range<usize>, f64)>,
    /// The rows, grouped by leaf.
    pub(super) rows: Vec<u32>,
    /// Gain by split column.
    pub(super) gains: Vec<(u16, f64)>,
    /// Splits of columns that are bound to a direction, parents first.
    pub(super) fences: Vec<Fence>,
}

/// A split whose sides must not cross.
pub(super) struct Fence {
    pub(super) direction: Monotone,
    pub(super) left: Range<usize>,
    pub(super) right: Range<usize>,
}

pub(super) struct Grower<'a> {
    setting: &'a Setting<'a>,
    features: &'a [u16],
    derivatives: &'a [Derivatives],
    rows: Vec<u32>,
    buffers: &'a mut Buffers,
    leaves: Vec<Leaf>,
    tree: TreeBuilder,
    gains: Vec<(u16, f64)>,
    fences: Vec<Fence>,
}

impl<'a> Grower<'a> {
    /// `rows` must rise.
    pub(super) fn new(
        setting: &'a Setting<'a>,
        features: &'a [u16],
        derivatives: &'a [Derivatives],
        (rows, buffers): (&[u32], &'a mut Buffers),
    ) -> Self {
        Self {
            setting,
            features,
            derivatives,
            rows: buffers.copy_rows(rows),
            buffers,
            leaves: Vec::new(),
            tree: TreeBuilder::new(),
            gains: Vec::new(),
            fences: Vec::new(),
        }
    }

    pub(super) fn grow(mut self) -> Result<Grown, LearnError> {
        self.add_root();
        while self.leaves.len() < self.setting.params.leaves as usize {
            self.setting.control.check()?;
            let Some((place, split)) = self.take_best() else { break };
            self.split_leaf(place, split);
        }
        let value = |leaf: &Leaf| leaf.limits.clip(leaf_value(leaf.sums, leaf.l2));
        let leaves =
            self.leaves.iter().map(|leaf| (leaf.node, leaf.rows.clone(), value(leaf))).collect();
        let Self { tree, rows, gains, fences, .. } = self;
        self.leaves.into_iter().for_each(|leaf| self.buffers.keep_histogram(leaf.cells));
        Ok(Grown { tree, leaves, rows, gains, fences })
    }

    fn add_root(&mut self) {
        let rows = 0..self.rows.len();
        self.gather(rows.clone());
        let mut sums = [0.0; 2];
        for [gradient, hessian] in &self.buffers.gathered {
            sums[0] += f64::from(*gradient);
            sums[1] += f64::from(*hessian);
        }
        let node = Node { sums, rows: rows.len(), limits: Limits::NONE };
        let mut cells = self.take_histogram();
        let parts = self.split_by_feature(&mut cells);
        let found = self.for_each_feature(rows.len(), parts, |feature, cells| {
            build(self.column(feature), (&self.rows, &self.buffers.gathered), cells);
            self.find_best(feature, &node, cells)
        });
        self.leaves.push(Leaf {
            node: 0,
            rows,
            sums,
            depth: 0,
            l2: self.setting.params.l2,
            limits: Limits::NONE,
            cells,
            best: best_of(found),
        });
    }

    /// The leaf that gains most and its split, which is taken out.
    fn take_best(&mut self) -> Option<(usize, Split)> {
        let mut best: Option<(usize, f64)> = None;
        for (place, leaf) in self.leaves.iter().enumerate() {
            if let Some(split) = &leaf.best
                && best.is_none_or(|(_, gain)| split.gain > gain)
            {
                best = Some((place, split.gain));
            }
        }
        let (place, _) = best?;
        Some((place, self.leaves[place].best.take()?))
    }

    fn split_leaf(&mut self, place: usize, split: Split) {
        self.gains.push((split.feature, split.gain));
        let rows = self.leaves[place].rows.clone();
        let middle = self.partition(rows.clone(), split.feature, &split.test);
        let depth = self.leaves[place].depth + 1;
        let left_node = self.tree.set_split(self.leaves[place].node, split.feature, &split.test);
        let limits = self.fence(place, &split, middle);
        let side = |node, rows, sums, limits| Leaf {
            node,
            rows,
            sums,
            depth,
            l2: split.l2,
            limits,
            cells: Vec::new(),
            best: None,
        };
        let left = side(left_node, rows.start..middle, split.left, limits.0);
        let right = side(left_node + 1, middle..rows.end, split.right, limits.1);
        let parent = std::mem::replace(&mut self.leaves[place], left).cells;
        self.leaves.push(right);
        let goes_on = self.leaves.len() < self.setting.params.leaves as usize
            && self.setting.params.max_depth.is_none_or(|most| depth < most);
        if goes_on {
            self.search_children(place, parent);
        } else {
            self.buffers.keep_histogram(parent);
        }
    }

    /// Limits of the two sides; a split of a bound column is noted.
    fn fence(&mut self, place: usize, split: &Split, middle: usize) -> (Limits, Limits) {
        let Leaf { limits, rows, .. } = &self.leaves[place];
        let direction = self.setting.params.direction(split.feature);
        if direction != Monotone::Free {
            let (left, right) = (rows.start..middle, middle..rows.end);
            self.fences.push(Fence { direction, left, right });
        }
        let value = |sums| limits.clip(leaf_value(sums, split.l2));
        limits.of_sides(direction, value(split.left), value(split.right))
    }

    fn search_children(&mut self, left: usize, parent: Vec<Cell>) {
        let right = self.leaves.len() - 1;
        let is_left_smaller = self.leaves[left].rows.len() <= self.leaves[right].rows.len();
        let (small, large) = if is_left_smaller { (left, right) } else { (right, left) };
        let may_split = |leaf: &Leaf| {
            leaf.rows.len() >= 2 * self.setting.params.min_samples_leaf.max(1) as usize
        };
        let (try_small, try_large) =
            (may_split(&self.leaves[small]), may_split(&self.leaves[large]));
        if !try_large {
            self.buffers.keep_histogram(parent);
            return;
        }
        self.gather(self.leaves[small].rows.clone());
        let node =
            |leaf: &Leaf| Node { sums: leaf.sums, rows: leaf.rows.len(), limits: leaf.limits };
        let (small_node, large_node) = (node(&self.leaves[small]), node(&self.leaves[large]));
        // What the smaller side leaves of the parent's sums are the larger one's.
        let (mut cells, mut rest) = (self.take_histogram(), parent);
        let parts = self.split_by_feature(&mut cells);
        let parts = parts.into_iter().zip(self.split_by_feature(&mut rest)).collect();
        let rows = &self.rows[self.leaves[small].rows.clone()];
        let found = self.for_each_feature(rows.len(), parts, |feature, (cells, rest)| {
            build(self.column(feature), (rows, &self.buffers.gathered), cells);
            rest.iter_mut().zip(&*cells).for_each(|(rest, cell)| *rest = subtract(*rest, *cell));
            let best_small =
                if try_small { self.find_best(feature, &small_node, cells) } else { None };
            (best_small, self.find_best(feature, &large_node, rest))
        });
        let (found_small, found_large): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        for (place, found, cells) in [(small, found_small, cells), (large, found_large, rest)] {
            let leaf = &mut self.leaves[place];
            leaf.best = best_of(found);
            if leaf.best.is_some() {
                leaf.cells = cells;
            } else {
                // It stays a leaf, and nobody will ask for its sums.
                self.buffers.keep_histogram(cells);
            }
        }
    }

    fn column(&self, feature: u16) -> &'a BinnedColumn<u8> {
        &self.setting.table.columns()[usize::from(feature)]
    }

    /// Bins of a tried column, that of missing values among them.
    fn count_cells(&self, feature: u16) -> usize {
        self.column(feature).value_bins + 1
    }

    fn take_histogram(&mut self) -> Vec<Cell> {
        let cells = self.features.iter().map(|feature| self.count_cells(*feature)).sum();
        self.buffers.take_histogram(cells)
    }

    /// The cells of each tried column.
    fn split_by_feature<'c>(&self, cells: &'c mut [Cell]) -> Vec<&'c mut [Cell]> {
        let mut rest = cells;
        let take = |feature: &u16| {
            let (part, left) = std::mem::take(&mut rest).split_at_mut(self.count_cells(*feature));
            rest = left;
            part
        };
        self.features.iter().map(take).collect()
    }

    fn find_best(&self, feature: u16, node: &Node, cells: &[Cell]) -> Option<Split> {
        find_best(self.setting.params, feature, self.column(feature), node, cells)
    }

    /// Runs `work` on the part of each tried column, side by side if there are rows enough.
    fn for_each_feature<P: Send, R: Send>(
        &self,
        rows: usize,
        parts: Vec<P>,
        work: impl Fn(u16, P) -> R + Sync,
    ) -> Vec<R> {
        self.setting.control.count((rows * self.features.len()) as u64);
        let one = |(feature, part): (&u16, P)| work(*feature, part);
        if rows * self.features.len() < PARALLEL_FROM {
            self.features.iter().zip(parts).map(one).collect()
        } else {
            self.features.par_iter().zip(parts).map(one).collect()
        }
    }

    /// Copies the derivatives of these rows into their order, once for all columns.
    fn gather(&mut self, rows: Range<usize>) {
        self.buffers.gathered.clear();
        let derivatives = self.rows[rows].iter().map(|row| self.derivatives[*row as usize]);
        self.buffers.gathered.extend(derivatives);
    }

    /// Moves the rows of the left side to the front, keeping both sides in order.
    fn partition(&mut self, rows: Range<usize>, feature: u16, test: &Test) -> usize {
        let column = self.column(feature);
        let missing = column.value_bins as u16;
        let moved = &mut self.buffers.moved;
        moved.clear();
        let mut end = rows.start;
        for i in rows.clone() {
            let row = self.rows[i];
            if test.goes_left(u16::from(column.codes[row as usize]), missing) {
                self.rows[end] = row;
                end += 1;
            } else {
                moved.push(row);
            }
        }
        self.rows[end..rows.end].copy_from_slice(moved);
        end
    }
}

/// The split with the largest gain; the earlier column wins a tie.
fn best_of(found: Vec<Option<Split>>) -> Option<Split> {
    let mut best: Option<Split> = None;
    for split in found.into_iter().flatten() {
        if best.as_ref().is_none_or(|b| split.gain > b.gain) {
            best = Some(split);
        }
    }
    best
}
