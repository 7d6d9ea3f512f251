//! One tree while it grows.

use super::{CATEGORY, CategorySplit, LEAF, MISSING_LEFT, Node, Test};

/// A tree whose nodes are filled in in any order, parents first.
#[derive(Debug, Default)]
pub(crate) struct TreeBuilder {
    pub(super) nodes: Vec<Node>,
    pub(super) category_splits: Vec<CategorySplit>,
    pub(super) words: Vec<u64>,
    pub(super) values: Vec<f32>,
    pub(super) weights: Vec<f32>,
}

impl TreeBuilder {
    /// A tree with an empty root, node 0.
    pub(crate) fn new() -> Self {
        let mut tree = Self::default();
        tree.nodes.push(Self::EMPTY);
        tree
    }

    const EMPTY: Node = Node { feature: LEAF, bin: 0, target: 0 };

    /// Makes a node a leaf with these values; `weight` is that of the rows that fell into it.
    pub(crate) fn set_leaf(&mut self, node: u32, values: &[f32], weight: f64) {
        let target = self.weights.len() as u32;
        self.nodes[node as usize] = Node { feature: LEAF, bin: 0, target };
        self.values.extend_from_slice(values);
        self.weights.push(weight as f32);
    }

    /// Makes a node a split and returns its left child; the right one follows it.
    pub(crate) fn set_split(&mut self, node: u32, feature: u16, test: &Test) -> u32 {
        let left = self.nodes.len() as u32;
        self.nodes.extend([Self::EMPTY, Self::EMPTY]);
        self.nodes[node as usize] = match test {
            Test::UpTo { bin, missing_left } => {
                let flag = if *missing_left { MISSING_LEFT } else { 0 };
                Node { feature, bin: *bin, target: left | flag }
            }
            Test::In { words } => {
                let split = CategorySplit { left, first_word: self.words.len() as u32 };
                let index = self.category_splits.len() as u32;
                self.category_splits.push(split);
                self.words.extend_from_slice(words);
                Node { feature, bin: 0, target: index | CATEGORY }
            }
        };
        left
    }
}

#[cfg(test)]
mod tests {
    use super::super::Trees;
    use super::*;

    #[test]
    fn numbers_missing_values_and_categories_find_their_leaf() {
        let mut trees = Trees::new(1);
        for offset in [0.0, 10.0] {
            let mut tree = TreeBuilder::new();
            let left = tree.set_split(0, 0, &Test::UpTo { bin: 2, missing_left: true });
            let words = vec![0b10, 1];
            let deeper = tree.set_split(left + 1, 1, &Test::In { words });
            tree.set_leaf(left, &[offset], 1.0);
            tree.set_leaf(deeper, &[offset + 1.0], 2.0);
            tree.set_leaf(deeper + 1, &[offset + 2.0], 1.0);
            assert!(trees.append(tree));
        }
        let value = |bins: [u16; 2]| trees.leaf(1, |feature| bins[feature], &[9, 70])[0];
        assert_eq!(value([2, 0]), 10.0);
        assert_eq!(value([9, 0]), 10.0);
        assert_eq!(value([3, 1]), 11.0);
        assert_eq!(value([3, 64]), 11.0);
        assert_eq!(value([3, 0]), 12.0);
        assert_eq!(value([3, 70]), 12.0);
        assert_eq!(trees.leaf(0, |feature| [3, 0][feature], &[9, 70]), &[2.0]);
        assert_eq!((trees.len(), trees.leaves()), (2, 6));
        let mut cut = trees.clone();
        cut.truncate(1);
        assert_eq!((cut.len(), cut.leaves(), cut.words.len()), (1, 3, 2));
        cut.truncate(9);
        assert_eq!(cut.len(), 1);
    }
}
