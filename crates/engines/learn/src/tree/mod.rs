//! Fitted trees over binned columns: flat arrays, eight bytes a node, all trees of a model in
//! one piece.
//!
//! Invariants: children follow each other and lie after their parent in the same array; a leaf's
//! index points to `width` values. Trees are read with the [`Binner`](crate::binning::Binner)
//! that they were fitted with.

mod grow;
mod quick;
mod read;
mod shap;
mod view;

pub(crate) use grow::TreeBuilder;
pub(crate) use quick::QuickScorer;
pub use view::{TreeNode, TreesView};

use serde::{Deserialize, Serialize};

/// Marks a leaf in [`Node::feature`].
const LEAF: u16 = u16::MAX;
/// Most columns that trees can name.
pub(crate) const MAX_FEATURES: usize = LEAF as usize;

const MISSING_LEFT: u32 = 1 << 31;
const CATEGORY: u32 = 1 << 30;
const INDEX: u32 = CATEGORY - 1;

/// Trees that a single row walks down side by side: each waits for memory at every step.
const LANES: usize = 16;

/// A split or leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Node {
    feature: u16,
    /// Last bin of the left side of a numeric split.
    bin: u16,
    /// Left child, leaf or category split, with the flags above.
    target: u32,
}

/// Which bins go left in a split of categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct CategorySplit {
    left: u32,
    /// Position of the first word of its bit set.
    first_word: u32,
}

/// A decision in readable form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    /// Bins up to `bin` go left; missing ones where `missing_left` says.
    UpTo { bin: u16, missing_left: bool },
    /// Bins whose bit is set go left.
    In { words: Vec<u64> },
}

impl Test {
    pub(crate) fn goes_left(&self, bin: u16, missing: u16) -> bool {
        match self {
            Self::UpTo { missing_left, .. } if bin == missing => *missing_left,
            Self::UpTo { bin: limit, .. } => bin <= *limit,
            Self::In { words } => (words[usize::from(bin / 64)] >> (bin % 64)) & 1 == 1,
        }
    }
}

/// Trees that share one table of leaf values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trees {
    /// Numbers in each leaf.
    width: usize,
    roots: Vec<u32>,
    #[serde(deserialize_with = "read::read_list")]
    nodes: Vec<Node>,
    category_splits: Vec<CategorySplit>,
    words: Vec<u64>,
    #[serde(deserialize_with = "read::read_list")]
    values: Vec<f32>,
    /// Weight of the rows that fell into each leaf during the fit.
    #[serde(deserialize_with = "read::read_list")]
    weights: Vec<f32>,
}

impl Trees {
    /// No tree yet; leaves will hold `width` numbers.
    pub(crate) fn new(width: usize) -> Self {
        Self {
            width,
            roots: Vec::new(),
            nodes: Vec::new(),
            category_splits: Vec::new(),
            words: Vec::new(),
            values: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// Numbers in each leaf.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn len(&self) -> usize {
        self.roots.len()
    }

    pub(crate) fn leaves(&self) -> usize {
        self.weights.len()
    }

    /// Bytes in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        self.nodes.len() * size_of::<Node>()
            + self.words.len() * size_of::<u64>()
            + (self.values.len() + self.weights.len()) * size_of::<f32>()
    }

    /// Appends a tree; false if the arrays would no longer be indexable.
    pub(crate) fn append(&mut self, tree: TreeBuilder) -> bool {
        let fits = |a: usize, b: usize| a + b < INDEX as usize;
        if !fits(self.nodes.len(), tree.nodes.len()) || !fits(self.words.len(), tree.words.len()) {
            return false;
        }
        let node_shift = self.nodes.len() as u32;
        let leaf_shift = self.leaves() as u32;
        let category_shift = self.category_splits.len() as u32;
        let word_shift = self.words.len() as u32;
        self.roots.push(node_shift);
        self.nodes.extend(tree.nodes.into_iter().map(|mut node| {
            node.target += if node.feature == LEAF {
                leaf_shift
            } else if node.target & CATEGORY != 0 {
                category_shift
            } else {
                node_shift
            };
            node
        }));
        self.category_splits.extend(tree.category_splits.into_iter().map(|split| CategorySplit {
            left: split.left + node_shift,
            first_word: split.first_word + word_shift,
        }));
        self.words.extend(tree.words);
        self.values.extend(tree.values);
        self.weights.extend(tree.weights);
        true
    }

    /// Makes room for `more` trees like those that are there: growing step by step would copy all of
    /// them, and hold them twice.
    pub(crate) fn reserve(&mut self, more: usize) {
        let known = self.len().max(1);
        // An eighth more; what stays unused is never touched.
        let like = |length: usize| (length * more).div_ceil(known) * 9 / 8;
        self.nodes.reserve_exact(like(self.nodes.len()));
        self.values.reserve_exact(like(self.values.len()));
        self.weights.reserve_exact(like(self.weights.len()));
    }

    /// Gives back what growing has reserved and not used.
    pub(crate) fn shrink(&mut self) {
        self.roots.shrink_to_fit();
        self.nodes.shrink_to_fit();
        self.category_splits.shrink_to_fit();
        self.words.shrink_to_fit();
        self.values.shrink_to_fit();
        self.weights.shrink_to_fit();
    }

    /// Keeps the first `count` trees.
    pub(crate) fn truncate(&mut self, count: usize) {
        let Some(end) = self.roots.get(count).map(|root| *root as usize) else { return };
        self.roots.truncate(count);
        self.nodes.truncate(end);
        let leaves = self.nodes.iter().filter(|node| node.feature == LEAF).count();
        self.values.truncate(leaves * self.width);
        self.weights.truncate(leaves);
        let is_category = |node: &&Node| node.feature != LEAF && node.target & CATEGORY != 0;
        let splits = self.nodes.iter().filter(is_category).count();
        if let Some(next) = self.category_splits.get(splits) {
            self.words.truncate(next.first_word as usize);
        }
        self.category_splits.truncate(splits);
        self.shrink();
    }

    /// Values of the leaf that a row falls into. `bin_of` gives the row's bin of a column;
    /// `missing` holds the number of each column's missing bin.
    pub(crate) fn leaf(
        &self,
        tree: usize,
        bin_of: impl Fn(usize) -> u16,
        missing: &[u16],
    ) -> &[f32] {
        let mut at = self.roots[tree];
        loop {
            let node = self.nodes[at as usize];
            if node.feature == LEAF {
                let start = node.target as usize * self.width;
                return &self.values[start..start + self.width];
            }
            let feature = usize::from(node.feature);
            let (left, goes_left) = self.decide(node, bin_of(feature), missing[feature]);
            at = left + u32::from(!goes_left);
        }
    }

    /// As [`Self::leaf`] for every tree in turn; quick for a single row.
    pub(crate) fn each_leaf(&self, bins: &[u16], missing: &[u16], mut take: impl FnMut(&[f32])) {
        let keys = derive_keys(bins, missing);
        let leaves = if self.category_splits.is_empty() {
            self.find_leaves::<false>(&keys)
        } else {
            self.find_leaves::<true>(&keys)
        };
        for leaf in leaves {
            let start = leaf as usize * self.width;
            take(&self.values[start..start + self.width]);
        }
    }

    /// The leaf that a row falls into, for every tree. A lane that has arrived goes on with the next
    /// tree: trees are of different depth, and waiting for the deepest would double the way.
    fn find_leaves<const CATEGORIES: bool>(&self, keys: &[u16]) -> Vec<u32> {
        let mut leaves = vec![0; self.roots.len()];
        let mut waiting = self.roots.iter().copied().zip(0_u32..);
        let mut lanes: Vec<(u32, u32)> = waiting.by_ref().take(LANES).collect();
        while !lanes.is_empty() {
            let mut lane = 0;
            while let Some((at, tree)) = lanes.get_mut(lane) {
                let node = self.nodes[*at as usize];
                if node.feature != LEAF {
                    *at = self.step::<CATEGORIES>(node, keys);
                } else {
                    leaves[*tree as usize] = node.target;
                    let Some(next) = waiting.next() else {
                        lanes.swap_remove(lane);
                        continue;
                    };
                    (*at, *tree) = next;
                }
                lane += 1;
            }
        }
        leaves
    }

    /// The child of a split that a row falls into. Branches that follow the row's values would be
    /// guessed wrongly half of the time, so there are none but those of categories.
    #[inline]
    fn step<const CATEGORIES: bool>(&self, node: Node, keys: &[u16]) -> u32 {
        let feature = usize::from(node.feature);
        if CATEGORIES && node.target & CATEGORY != 0 {
            let (left, goes_left) = self.decide_category(node, keys[1 + feature * KEYS]);
            return left + u32::from(!goes_left);
        }
        let flag = (node.target >> MISSING_LEFT.trailing_zeros()) as usize;
        (node.target & INDEX) + u32::from(keys[feature * KEYS + 2 * flag] > node.bin)
    }

    /// The left child of a split, and whether a row with this bin goes there.
    #[inline]
    fn decide(&self, node: Node, bin: u16, missing: u16) -> (u32, bool) {
        let index = node.target & INDEX;
        if node.target & CATEGORY == 0 {
            let missing_left = node.target & MISSING_LEFT != 0;
            return (index, if bin == missing { missing_left } else { bin <= node.bin });
        }
        self.decide_category(node, bin)
    }

    #[inline]
    fn decide_category(&self, node: Node, bin: u16) -> (u32, bool) {
        let split = self.category_splits[(node.target & INDEX) as usize];
        let word = self.words[split.first_word as usize + usize::from(bin / 64)];
        (split.left, (word >> (bin % 64)) & 1 == 1)
    }
}

/// Numbers of each column in [`derive_keys`].
const KEYS: usize = 3;

/// What a single row is compared by, for each column: its bin where missing values go right, its
/// bin as it is, and its bin where missing values go left.
fn derive_keys(bins: &[u16], missing: &[u16]) -> Vec<u16> {
    let keys = |(bin, missing): (&u16, &u16)| {
        if bin == missing { [u16::MAX, *bin, 0] } else { [*bin; KEYS] }
    };
    bins.iter().zip(missing).flat_map(keys).collect()
}
