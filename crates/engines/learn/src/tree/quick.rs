//! Single rows through many small trees at once: `QuickScorer` (Lucchese and others, "`QuickScorer`:
//! a fast algorithm to rank documents with additive ensembles of regression trees", 2015).
//!
//! A split that sends a row to the right takes the leaves of its left side away; of those that are
//! left in the end, the first one is the row's. Splits lie by column in the order of their bins, so
//! that those which take leaves away follow each other in memory: no step waits for the one before.
//!
//! Invariant: a row comes to the leaves that [`Trees::leaf`] finds.

use std::ops::Range;

mod notes;

use self::notes::{Notes, Place};
use super::{CATEGORY, INDEX, KEYS, LEAF, MISSING_LEFT, Trees, derive_keys};

/// Words of leaves that are worked on at a time; they stay in the nearest cache.
const WORDS: usize = 2_048;
/// Leaves of a word.
const BITS: usize = u64::BITS as usize;
/// Most leaves of a tree on average: of larger ones, the way to the leaf is shorter.
const MOST_LEAVES: usize = 128;
/// Most leaves of any tree.
const MOST_OF_ONE: usize = 256;

/// Leaves of one word that a split takes away: the first of them, how many they are besides, whether
/// missing values leave them, and the word.
#[derive(Debug, Clone, Copy)]
struct Cut(u32);

impl Cut {
    const SPARES_MISSING: u32 = 1 << 12;

    fn new(word: usize, (from, to): (usize, usize), spares_missing: bool) -> Self {
        let flag = if spares_missing { Self::SPARES_MISSING } else { 0 };
        Self((word as u32) << 16 | flag | ((to - from - 1) as u32) << 6 | from as u32)
    }

    const fn spares_missing(self) -> bool {
        self.0 & Self::SPARES_MISSING != 0
    }

    #[inline]
    fn apply(self, left: &mut [u64; WORDS], is_spared: bool) {
        let gone = (u64::MAX >> (63 - (self.0 >> 6 & 63))) << (self.0 & 63);
        left[(self.0 >> 16) as usize % WORDS] &= !gone | u64::from(is_spared).wrapping_neg();
    }
}

/// Cuts of one column in a block, by place.
#[derive(Debug, Clone, Copy)]
struct Span {
    feature: usize,
    start: usize,
    end: usize,
    notes: Option<Place>,
}

/// Trees whose leaves are worked on together.
#[derive(Debug)]
struct Block {
    trees: usize,
    limits: Vec<Span>,
    sets: Vec<Span>,
}

/// Trees in the form that single rows pass quickly.
#[derive(Debug)]
pub(crate) struct QuickScorer {
    words_of_tree: usize,
    blocks: Vec<Block>,
    /// Of splits of numbers: the last bins of their left sides, ascending in each span.
    bins: Vec<u16>,
    limits: Vec<Cut>,
    notes: Notes,
    /// Of splits of categories, with the first word of the bins that go left.
    sets: Vec<(Cut, u32)>,
    /// Place of each tree's first leaf.
    firsts: Vec<u32>,
    /// Of all leaves, from left to right.
    values: Vec<f32>,
    width: usize,
}

/// A split of a block, before splits are put in order.
enum Split {
    Limit { feature: usize, bin: u16, cut: Cut },
    Set { feature: usize, first_word: u32, cut: Cut },
}

impl QuickScorer {
    /// The same trees; none where they are so large that walking them is quicker, or where a file
    /// gave nodes that are no trees.
    pub(crate) fn derive(trees: &Trees) -> Option<Self> {
        let sizes = (0..trees.len()).map(|tree| trees.find_end(tree) - trees.roots[tree]);
        // Each split has two children.
        let most = sizes.max().unwrap_or_default().div_ceil(2) as usize;
        if most > MOST_OF_ONE || trees.leaves() > MOST_LEAVES * trees.len() {
            return None;
        }
        let mut quick = Self {
            words_of_tree: most.div_ceil(BITS).max(1),
            blocks: Vec::new(),
            bins: Vec::new(),
            limits: Vec::new(),
            notes: Notes::default(),
            sets: Vec::new(),
            firsts: Vec::with_capacity(trees.len()),
            values: Vec::with_capacity(trees.values.len()),
            width: trees.width,
        };
        for roots in trees.roots.chunks(WORDS / quick.words_of_tree) {
            quick.add_block(trees, roots)?;
        }
        quick.notes.shrink();
        Some(quick)
    }

    fn add_block(&mut self, trees: &Trees, roots: &[u32]) -> Option<()> {
        let mut splits = Vec::new();
        for (tree, root) in roots.iter().enumerate() {
            let end = trees.find_end(self.firsts.len());
            self.firsts.push((self.values.len() / self.width) as u32);
            let mut next = 0;
            self.add_node(trees, (*root..end, tree), &mut next, &mut splits)?;
        }
        let (mut limits, mut sets) = (Vec::new(), Vec::new());
        for split in splits {
            match split {
                Split::Limit { feature, bin, cut } => limits.push((feature, bin, cut)),
                Split::Set { feature, first_word, cut } => sets.push((feature, first_word, cut)),
            }
        }
        limits.sort_by_key(|(feature, bin, _)| (*feature, *bin));
        sets.sort_by_key(|(feature, ..)| *feature);
        let mut block = Block {
            trees: roots.len(),
            limits: find_spans(limits.iter().map(|(feature, ..)| *feature), self.limits.len()),
            sets: find_spans(sets.iter().map(|(feature, ..)| *feature), self.sets.len()),
        };
        self.bins.extend(limits.iter().map(|(_, bin, _)| *bin));
        self.limits.extend(limits.iter().map(|(.., cut)| *cut));
        for span in &mut block.limits {
            let cuts = &self.limits[span.start..span.end];
            span.notes = self.notes.add(cuts, roots.len() * self.words_of_tree);
        }
        self.blocks.push(block);
        self.sets.extend(sets.iter().map(|(_, word, cut)| (*cut, *word)));
        Some(())
    }

    /// Numbers the leaves below the first of these nodes from left to right, and notes what each split
    /// takes away.
    fn add_node(
        &mut self,
        trees: &Trees,
        (nodes, tree): (Range<u32>, usize),
        next: &mut usize,
        splits: &mut Vec<Split>,
    ) -> Option<()> {
        let (at, end) = (nodes.start, nodes.end);
        let node = trees.nodes.get(at as usize).filter(|_| at < end)?;
        if node.feature == LEAF {
            let start = node.target as usize * self.width;
            self.values.extend_from_slice(trees.values.get(start..start + self.width)?);
            *next += 1;
            return (*next <= self.words_of_tree * BITS).then_some(());
        }
        let (feature, index) = (usize::from(node.feature), node.target & INDEX);
        let is_set = node.target & CATEGORY != 0;
        let set = if is_set { Some(trees.category_splits.get(index as usize)?) } else { None };
        let left = set.map_or(index, |set| set.left);
        // Nodes that lead back or out of the tree would be followed without end.
        if left <= at {
            return None;
        }
        let first = *next;
        self.add_node(trees, (left..end, tree), next, splits)?;
        let mut from = first;
        while from < *next {
            let to = (*next).min((from / BITS + 1) * BITS);
            let word = tree * self.words_of_tree + from / BITS;
            let base = from / BITS * BITS;
            let cut = |spares| Cut::new(word, (from - base, to - base), spares);
            splits.push(match set {
                Some(set) => Split::Set { feature, first_word: set.first_word, cut: cut(false) },
                None => {
                    let cut = cut(node.target & MISSING_LEFT != 0);
                    Split::Limit { feature, bin: node.bin, cut }
                }
            });
            from = to;
        }
        self.add_node(trees, (left.checked_add(1)?..end, tree), next, splits)
    }

    /// As [`Trees::each_leaf`] of the trees that this was made of.
    pub(crate) fn each_leaf(
        &self,
        trees: &Trees,
        (bins, missing): (&[u16], &[u16]),
        mut take: impl FnMut(&[f32]),
    ) {
        let keys = derive_keys(bins, missing);
        let mut firsts = self.firsts.iter();
        let mut left = [0; WORDS];
        for block in &self.blocks {
            left[..block.trees * self.words_of_tree].fill(u64::MAX);
            self.cut_by_limits(block, &keys, &mut left);
            self.cut_by_sets(block, (trees, &keys), &mut left);
            let words = left.chunks_exact(self.words_of_tree).take(block.trees);
            for (words, first) in words.zip(firsts.by_ref()) {
                let word = words.iter().position(|word| *word != 0).unwrap_or_default();
                let leaf = word * BITS + words[word].trailing_zeros() as usize;
                let start = (*first as usize + leaf) * self.width;
                take(&self.values[start..start + self.width]);
            }
        }
    }

    fn cut_by_limits(&self, block: &Block, keys: &[u16], left: &mut [u64; WORDS]) {
        for span in &block.limits {
            let (cuts, key) = (&self.limits[span.start..span.end], span.feature * KEYS);
            let bin = keys[key];
            if bin == keys[key + 2] {
                let to = self.bins[span.start..span.end].partition_point(|limit| *limit < bin);
                let noted = |place| self.notes.take_over(place, to, left);
                let from = span.notes.map_or(0, noted);
                cuts[from..to].iter().for_each(|cut| cut.apply(left, false));
            } else if let Some(place) = span.notes {
                self.notes.take_over_missing(place, cuts.len(), left);
            } else {
                cuts.iter().for_each(|cut| cut.apply(left, cut.spares_missing()));
            }
        }
    }

    fn cut_by_sets(&self, block: &Block, (trees, keys): (&Trees, &[u16]), left: &mut [u64; WORDS]) {
        for span in &block.sets {
            let bin = keys[span.feature * KEYS + 1];
            for (cut, first_word) in &self.sets[span.start..span.end] {
                let word = trees.words[*first_word as usize + usize::from(bin / 64)];
                cut.apply(left, word >> (bin % 64) & 1 == 1);
            }
        }
    }
}

impl Trees {
    /// The place behind the last node of a tree; no smaller than that of its first one.
    fn find_end(&self, tree: usize) -> u32 {
        let next = self.roots.get(tree + 1).copied().unwrap_or(self.nodes.len() as u32);
        next.max(self.roots[tree])
    }
}

/// Where each column begins and ends among columns in order, counted from a place.
fn find_spans(features: impl Iterator<Item = usize>, from: usize) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (place, feature) in features.enumerate() {
        let (start, end) = (from + place, from + place + 1);
        match spans.last_mut() {
            Some(span) if span.feature == feature => span.end = end,
            _ => spans.push(Span { feature, start, end, notes: None }),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::super::Node;
    use super::*;
    use crate::boosting::BoostingParams;
    use crate::{Column, Control, Matrix, Regressor, Rng, Target, TrainingSet};

    /// A table with numbers, categories and gaps, in which many splits are worth making.
    fn make_table(rows: usize) -> (Matrix, Vec<f64>) {
        let mut rng = Rng::new(5);
        let mut draw = |levels: usize| -> Vec<f64> {
            let mut value = || if rng.below(8) == 0 { f64::NAN } else { rng.below(levels) as f64 };
            (0..rows).map(|_| value()).collect()
        };
        let (a, b, labels) = (draw(200), draw(90), draw(130));
        let of = |v: f64| if v.is_nan() { 7.0 } else { v };
        let y = (0..rows).map(|row| {
            (of(a[row]) * 0.37).sin() * 9.0 + of(b[row]) % 11.0 + (of(labels[row]) * 7.0) % 13.0
        });
        let y = y.collect();
        let columns = vec![Column::numeric(a), Column::category(labels), Column::numeric(b)];
        (Matrix::new(columns).unwrap(), y)
    }

    fn count_words(leaves: u32, rounds: u32) -> Option<usize> {
        let (x, y) = make_table(3_000);
        let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
        let params = BoostingParams { rounds, leaves, min_samples_leaf: 1, ..Default::default() };
        let model = params.fit_regressor(&data, None, &Control::unlimited()).unwrap();
        let trees = model.view().trees;
        let quick = QuickScorer::derive(trees)?;
        let binner = model.view().binner;
        let missing: Vec<u16> = binner.columns().iter().map(|c| c.value_bins() as u16).collect();
        for row in 0..300 {
            let bins = binner.apply_row(&x.row(row));
            let mut walked = Vec::new();
            trees.each_leaf(&bins, &missing, |leaf| walked.push(leaf[0]));
            let mut told = Vec::new();
            quick.each_leaf(trees, (&bins, &missing), |leaf| told.push(leaf[0]));
            assert_eq!(told, walked, "row {row}, {leaves} leaves");
        }
        // What the model says of one row is what it says of many.
        let many = model.predict(&x).unwrap();
        assert_eq!(model.predict_row(&x.row(7)).unwrap().to_bits(), many[7].to_bits());
        Some(quick.words_of_tree)
    }

    #[test]
    fn rows_come_to_the_leaves_that_walking_finds() {
        assert_eq!(count_words(2, 40), Some(1));
        assert_eq!(count_words(31, 60), Some(1));
        assert_eq!(count_words(64, 20), Some(1));
        assert_eq!(count_words(65, 20), Some(2));
        assert_eq!(count_words(128, 20), Some(2));
    }

    #[test]
    fn several_blocks_follow_each_other() {
        assert_eq!(count_words(3, WORDS as u32 + 100), Some(1));
        assert_eq!(count_words(100, WORDS as u32 / 2 + 60), Some(2));
    }

    #[test]
    fn notes_say_what_splits_one_by_one_do() {
        // Three columns and some 12,600 splits: each has notes, for missing values as well.
        assert_eq!(count_words(64, 200), Some(1));
        assert_eq!(count_words(100, 130), Some(2));
    }

    #[test]
    fn large_trees_are_walked() {
        assert_eq!(count_words(400, 5), None);
    }

    #[test]
    fn nodes_that_are_no_trees_are_refused() {
        let leaf = |value| Node { feature: LEAF, bin: 0, target: value };
        let split = |left| Node { feature: 0, bin: 3, target: left };
        let derive = |nodes: Vec<Node>| {
            let trees = Trees {
                roots: vec![0],
                nodes,
                values: vec![1.0, 2.0],
                weights: vec![1.0, 1.0],
                ..Trees::new(1)
            };
            QuickScorer::derive(&trees).is_some()
        };
        assert!(derive(vec![split(1), leaf(0), leaf(1)]));
        // A way back, a node and a leaf that are not there, and children with many parents.
        assert!(!derive(vec![split(0), leaf(0), leaf(1)]));
        assert!(!derive(vec![split(7), leaf(0), leaf(1)]));
        assert!(!derive(vec![split(1), leaf(0), leaf(9)]));
        let shared = (0..20).map(|at| split(at + 1)).chain([leaf(0), leaf(1)]).collect();
        assert!(!derive(shared));
    }
}
