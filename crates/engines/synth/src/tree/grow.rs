//! Grows one tree: depth first, each node by the best of its predictors.
//!
//! Invariants: no leaf has fewer rows than asked; a split that chance alone would bring is not
//! made, since it would tie synthetic rows to single real ones and teach nothing.

use serde::{Deserialize, Serialize};

use super::gain::{Counts, Found, derive_impurity, order_bins};

/// Which way a row goes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Split {
    /// Left when the bin is at most this.
    AtMost(u8),
    /// Left when the bin is in this set.
    In([u64; 4]),
}

impl Split {
    #[inline]
    pub(super) fn goes_left(&self, bin: u8) -> bool {
        match self {
            Self::AtMost(last) => bin <= *last,
            Self::In(set) => set[usize::from(bin >> 6)] >> (bin & 63) & 1 == 1,
        }
    }
}

/// Where a branch leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Branch {
    /// To another node.
    Node(u32),
    /// To a leaf.
    Leaf(u32),
}

/// A node that splits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Node {
    /// The column that decides.
    pub(super) column: u32,
    pub(super) split: Split,
    pub(super) left: Branch,
    pub(super) right: Branch,
}

/// A tree without what its leaves hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(super) root: Branch,
    pub(super) nodes: Vec<Node>,
}

impl Shape {
    /// The leaf that these bins lead to.
    #[inline]
    pub(super) fn find_leaf(&self, bins: &[u8]) -> usize {
        let mut branch = self.root;
        loop {
            match branch {
                Branch::Leaf(leaf) => return leaf as usize,
                Branch::Node(node) => {
                    let node = &self.nodes[node as usize];
                    let left = node.split.goes_left(bins[node.column as usize]);
                    branch = if left { node.left } else { node.right };
                }
            }
        }
    }
}

/// What a tree is grown from.
pub(super) struct Grower<'a> {
    /// Bins of every column, by column.
    pub(super) bins: &'a [Vec<u8>],
    /// Bins that each column has, and whether they are without order.
    pub(super) widths: &'a [(usize, bool)],
    /// The columns that may split.
    pub(super) predictors: &'a [usize],
    /// The class of each row.
    pub(super) classes: &'a [u8],
    pub(super) class_count: usize,
    /// Whether classes have an order.
    pub(super) ordered: bool,
    /// The fewest rows of a leaf.
    pub(super) leaf: usize,
    /// Gain of a split, in impurities of a row, below which it counts as chance.
    pub(super) chance: f64,
}

struct Work {
    start: usize,
    end: usize,
    /// The node and side that leads here.
    parent: Option<(usize, Side)>,
}

#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

/// A grown tree, and the rows of each leaf.
pub(super) struct Grown {
    pub(super) shape: Shape,
    pub(super) leaves: Vec<Vec<u32>>,
}

impl Grower<'_> {
    /// Grows a tree of these rows.
    pub(super) fn grow(&self, mut rows: Vec<u32>) -> Grown {
        let mut shape = Shape { root: Branch::Leaf(0), nodes: Vec::new() };
        let mut leaves = Vec::new();
        let mut stack = vec![Work { start: 0, end: rows.len(), parent: None }];
        let mut right_rows = Vec::new();
        while let Some(work) = stack.pop() {
            let part = &mut rows[work.start..work.end];
            let branch = match self.find_split(part) {
                None => {
                    leaves.push(part.to_vec());
                    Branch::Leaf((leaves.len() - 1) as u32)
                }
                Some((column, split)) => {
                    let middle = work.start + self.divide(part, (column, split), &mut right_rows);
                    let node = shape.nodes.len();
                    let (left, right) = (Branch::Leaf(0), Branch::Leaf(0));
                    shape.nodes.push(Node { column: column as u32, split, left, right });
                    let (start, end) = (work.start, work.end);
                    let right = Some((node, Side::Right));
                    stack.push(Work { start: middle, end, parent: right });
                    stack.push(Work { start, end: middle, parent: Some((node, Side::Left)) });
                    Branch::Node(node as u32)
                }
            };
            match work.parent {
                None => shape.root = branch,
                Some((node, Side::Left)) => shape.nodes[node].left = branch,
                Some((node, Side::Right)) => shape.nodes[node].right = branch,
            }
        }
        Grown { shape, leaves }
    }

    /// Puts rows that go left first, each side in its order; gives their number.
    fn divide(
        &self,
        rows: &mut [u32],
        (column, split): (usize, Split),
        right: &mut Vec<u32>,
    ) -> usize {
        right.clear();
        let bins = &self.bins[column];
        let mut kept = 0;
        for place in 0..rows.len() {
            let row = rows[place];
            if split.goes_left(bins[row as usize]) {
                rows[kept] = row;
                kept += 1;
            } else {
                right.push(row);
            }
        }
        rows[kept..].copy_from_slice(right);
        kept
    }

    fn find_split(&self, rows: &[u32]) -> Option<(usize, Split)> {
        if rows.len() < 2 * self.leaf {
            return None;
        }
        let mut all = vec![0_u32; self.class_count];
        for row in rows {
            all[usize::from(self.classes[*row as usize])] += 1;
        }
        let impurity = derive_impurity(&all, self.ordered);
        if impurity <= 1e-9 {
            return None;
        }
        let mut best: Option<(Found, usize, Split)> = None;
        for column in self.predictors {
            if let Some((found, split)) = self.try_column(rows, *column)
                && found.gain > best.as_ref().map_or(self.chance * impurity, |best| best.0.gain)
            {
                best = Some((found, *column, split));
            }
        }
        best.map(|(_, column, split)| (column, split))
    }

    fn try_column(&self, rows: &[u32], column: usize) -> Option<(Found, Split)> {
        let (width, unordered) = self.widths[column];
        let bins = &self.bins[column];
        let mut by_bin = vec![0_u32; width * self.class_count];
        let mut sizes = vec![0_u32; width];
        for row in rows {
            let bin = usize::from(bins[*row as usize]);
            sizes[bin] += 1;
            by_bin[bin * self.class_count + usize::from(self.classes[*row as usize])] += 1;
        }
        let mut counts =
            Counts { by_bin: &mut by_bin, classes: self.class_count, ordered: self.ordered };
        let order: Vec<u8> = if unordered {
            order_bins(&counts, &sizes)
        } else {
            (0..width).filter(|bin| sizes[*bin] > 0).map(|bin| bin as u8).collect()
        };
        let found = counts.find_cut(&order, &sizes, self.leaf)?;
        let split = if unordered {
            let mut set = [0_u64; 4];
            for bin in order.iter().take(found.cut) {
                set[usize::from(bin >> 6)] |= 1 << (bin & 63);
            }
            Split::In(set)
        } else {
            Split::AtMost(order[found.cut - 1])
        };
        Some((found, split))
    }
}
