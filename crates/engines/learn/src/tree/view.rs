//! Fitted trees in readable form, for programs that write them in another format.
//!
//! Invariant: following the nodes of a view from the first one ends in the leaf that the model
//! itself takes, for every row.

use super::{CATEGORY, INDEX, LEAF, MISSING_LEFT, Trees};
use crate::binning::{Binner, ColumnBins};

/// A decision or a leaf. Children are places in the list of [`TreesView::nodes`]; the right child
/// follows the left one.
#[derive(Debug, Clone, PartialEq)]
pub enum TreeNode<'a> {
    /// The tree ends here.
    Leaf {
        /// As many numbers as [`TreesView::width`] says.
        values: &'a [f32],
    },
    /// A decision by a number.
    Limit {
        /// The column.
        feature: usize,
        /// Values up to and including this go left; infinite where all values do.
        limit: f64,
        /// Whether missing values go left.
        missing_left: bool,
        /// Place of the left child.
        left: usize,
    },
    /// A decision by a code.
    Codes {
        /// The column.
        feature: usize,
        /// Codes that go to one side; all others, and missing ones, go to the other.
        codes: Vec<u32>,
        /// Whether `codes` go left.
        inside_left: bool,
        /// Place of the left child.
        left: usize,
    },
}

/// The trees of a model.
#[derive(Debug, Clone, Copy)]
pub struct TreesView<'a> {
    pub(crate) trees: &'a Trees,
    pub(crate) binner: &'a Binner,
}

impl<'a> TreesView<'a> {
    /// Number of trees.
    pub fn count(&self) -> usize {
        self.trees.len()
    }

    /// Numbers in each leaf.
    pub fn width(&self) -> usize {
        self.trees.width()
    }

    /// Number of leaves of all trees.
    pub fn leaves(&self) -> usize {
        self.trees.leaves()
    }

    /// By column, whether it holds codes of categories.
    pub fn is_category(&self, feature: usize) -> bool {
        matches!(self.binner.columns().get(feature), Some(ColumnBins::Category { .. }))
    }

    /// The nodes of a tree, the root first; empty if there is no such tree.
    pub fn nodes(&self, tree: usize) -> Vec<TreeNode<'a>> {
        let trees = self.trees;
        let Some(root) = trees.roots.get(tree).map(|root| *root as usize) else {
            return Vec::new();
        };
        let end = trees.roots.get(tree + 1).map_or(trees.nodes.len(), |next| *next as usize);
        (root..end).map(|at| self.node(at, root)).collect()
    }

    fn node(&self, at: usize, root: usize) -> TreeNode<'a> {
        let node = self.trees.nodes[at];
        if node.feature == LEAF {
            let start = node.target as usize * self.trees.width;
            return TreeNode::Leaf { values: &self.trees.values[start..start + self.trees.width] };
        }
        let feature = usize::from(node.feature);
        let index = node.target & INDEX;
        let bins = &self.binner.columns()[feature];
        if node.target & CATEGORY == 0 {
            let edge = bins.edges().and_then(|edges| edges.get(usize::from(node.bin)));
            return TreeNode::Limit {
                feature,
                limit: edge.copied().unwrap_or(f64::INFINITY),
                missing_left: node.target & MISSING_LEFT != 0,
                left: index as usize - root,
            };
        }
        let split = self.trees.category_splits[index as usize];
        let goes_left = |bin: usize| {
            let word = self.trees.words[split.first_word as usize + bin / 64];
            (word >> (bin % 64)) & 1 == 1
        };
        let codes: &[u32] = if let ColumnBins::Category { codes } = bins { codes } else { &[] };
        let inside_left = !goes_left(bins.value_bins());
        let inside = |(bin, _): &(usize, &u32)| goes_left(*bin) == inside_left;
        TreeNode::Codes {
            feature,
            codes: codes.iter().enumerate().filter(inside).map(|(_, code)| *code).collect(),
            inside_left,
            left: split.left as usize - root,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boosting::BoostingParams;
    use crate::{Column, Control, Matrix, Regressor, Rng, Target, TrainingSet};

    fn follow(nodes: &[TreeNode<'_>], row: &[f64]) -> f64 {
        let mut at = 0;
        loop {
            at = match &nodes[at] {
                TreeNode::Leaf { values } => return f64::from(values[0]),
                TreeNode::Limit { feature, limit, missing_left, left } => {
                    let value = row[*feature];
                    let goes_left = if value.is_nan() { *missing_left } else { value <= *limit };
                    left + usize::from(!goes_left)
                }
                TreeNode::Codes { feature, codes, inside_left, left } => {
                    let value = row[*feature];
                    let inside = !value.is_nan() && codes.contains(&(value as u32));
                    left + usize::from(inside != *inside_left)
                }
            };
        }
    }

    #[test]
    fn following_the_nodes_gives_the_predictions() {
        let mut rng = Rng::new(8);
        let mut draw = |gaps: bool| -> Vec<f64> {
            let value = |rng: &mut Rng| {
                if gaps && rng.below(9) == 0 { f64::NAN } else { rng.below(40) as f64 }
            };
            (0..600).map(|_| value(&mut rng)).collect()
        };
        let (numbers, codes) = (draw(true), draw(true));
        let y: Vec<f64> = numbers
            .iter()
            .zip(&codes)
            .map(|(n, c)| n.max(3.0) + (c.max(0.0) * 7.0) % 5.0)
            .collect();
        let columns = vec![Column::numeric(numbers), Column::category(codes)];
        let x = Matrix::new(columns).unwrap();
        let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
        let params = BoostingParams { rounds: 20, ..BoostingParams::default() };
        let model = params.fit_regressor(&data, None, &Control::unlimited()).unwrap();
        let later = Matrix::new(vec![
            Column::numeric(vec![-9.0, 5.5, f64::NAN, 99.0]),
            Column::category(vec![3.0, 90.0, f64::NAN, 39.0]),
        ])
        .unwrap();
        for x in [&x, &later] {
            let predicted = model.predict(x).unwrap();
            for (row, expected) in predicted.iter().enumerate() {
                let view = model.view();
                let sum: f64 = (0..view.count()).map(|t| follow(&view.nodes(t), &x.row(row))).sum();
                assert!((model.base()[0] + sum - expected).abs() < 1e-9, "row {row}");
            }
        }
        assert!(model.view().is_category(1) && !model.view().is_category(0));
        assert!(model.view().nodes(99).is_empty());
    }
}
