//! The best (or a random) split of one column, read from its histogram.

use crate::Rng;
use crate::tree::Test;

use super::histogram::Histogram;
use super::params::Splitter;
use super::task::Task;

/// What a node knows before its columns are tried.
pub(super) struct NodeSums<S> {
    pub(super) total: S,
    pub(super) rows: u32,
}

pub(super) struct Candidate {
    /// Gain of purity against the unsplit node.
    pub(super) gain: f64,
    pub(super) test: Test,
}

/// The column being tried.
pub(super) struct Tried<'a> {
    pub(super) histogram: &'a Histogram,
    pub(super) value_bins: usize,
    /// Limits of a numeric column's bins; none for categories.
    pub(super) edges: Option<&'a [f64]>,
    pub(super) min_leaf: u32,
}

/// Sums of the left side while bins are moved over to it.
struct Left<S> {
    sums: S,
    rows: u32,
}

impl Tried<'_> {
    /// Random limits of numeric columns are found in [`super::random`] instead.
    pub(super) fn find_split<T: Task>(
        &self,
        task: &T,
        node: &NodeSums<T::Sums>,
        splitter: Splitter,
        rng: &mut Rng,
    ) -> Option<Candidate> {
        match (self.edges, splitter) {
            (Some(edges), Splitter::Best | Splitter::Random) => {
                self.find_best_limit(task, node, edges)
            }
            (None, Splitter::Best) => self.find_best_subset(task, node),
            (None, Splitter::Random) => self.find_random_subset(task, node, rng),
        }
    }

    fn add_bin<T: Task>(&self, left: &mut Left<T::Sums>, bin: usize) {
        T::add_cell(&mut left.sums, self.histogram.cell(bin));
        left.rows += self.histogram.count(bin);
    }

    fn gain<T: Task>(&self, node: &NodeSums<T::Sums>, left: &Left<T::Sums>) -> Option<f64> {
        let right_rows = node.rows - left.rows;
        (left.rows >= self.min_leaf && right_rows >= self.min_leaf)
            .then(|| T::purity(&left.sums) + T::purity_of_rest(&node.total, &left.sums))
    }

    fn has_missing(&self) -> bool {
        self.histogram.count(self.value_bins) > 0
    }

    fn find_best_limit<T: Task>(
        &self,
        task: &T,
        node: &NodeSums<T::Sums>,
        edges: &[f64],
    ) -> Option<Candidate> {
        let mut best: Option<(f64, usize, bool)> = None;
        let choices: &[bool] = if self.has_missing() { &[false, true] } else { &[false] };
        for missing_left in choices {
            let mut left = Left { sums: task.zero(), rows: 0 };
            if *missing_left {
                self.add_bin::<T>(&mut left, self.value_bins);
            }
            for bin in self.histogram.bins().filter(|b| *b < self.value_bins) {
                self.add_bin::<T>(&mut left, bin);
                if let Some(gain) = self.gain::<T>(node, &left)
                    && best.is_none_or(|(b, _, _)| gain > b)
                {
                    best = Some((gain, bin, *missing_left));
                }
            }
        }
        let (gain, last, missing_left) = best?;
        let next = self.histogram.bins().find(|b| *b > last && *b < self.value_bins);
        let limit = next.map_or(last, |next| halfway(edges, last, next));
        Some(self.limit_candidate::<T>(task, node, (gain, limit, missing_left)))
    }

    /// Where no row was missing, later ones follow the heavier side.
    fn limit_candidate<T: Task>(
        &self,
        task: &T,
        node: &NodeSums<T::Sums>,
        (gain, limit, missing_left): (f64, usize, bool),
    ) -> Candidate {
        let missing_left = if self.has_missing() {
            missing_left
        } else {
            let mut left = Left { sums: task.zero(), rows: 0 };
            self.histogram
                .bins()
                .filter(|b| *b <= limit)
                .for_each(|b| self.add_bin::<T>(&mut left, b));
            2.0 * T::weight(&left.sums) > T::weight(&node.total)
        };
        let gain = gain - T::purity(&node.total);
        Candidate { gain, test: Test::UpTo { bin: limit as u16, missing_left } }
    }

    /// Bins in order of their target are optimal for numbers and two classes (Breiman et al.,
    /// "Classification and regression trees", 1984), and a heuristic for more.
    fn find_best_subset<T: Task>(&self, task: &T, node: &NodeSums<T::Sums>) -> Option<Candidate> {
        let mut bins: Vec<(f64, usize)> = self
            .histogram
            .bins()
            .map(|bin| (T::order(&node.total, self.histogram.cell(bin)), bin))
            .collect();
        bins.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut left = Left { sums: task.zero(), rows: 0 };
        let mut best: Option<(f64, usize)> = None;
        for (place, (_, bin)) in bins.iter().enumerate().take(bins.len().saturating_sub(1)) {
            self.add_bin::<T>(&mut left, *bin);
            if let Some(gain) = self.gain::<T>(node, &left)
                && best.is_none_or(|(b, _)| gain > b)
            {
                best = Some((gain, place));
            }
        }
        let (gain, place) = best?;
        let chosen: Vec<usize> = bins[..=place].iter().map(|(_, bin)| *bin).collect();
        Some(self.subset_candidate::<T>(task, node, gain, &chosen))
    }

    fn find_random_subset<T: Task>(
        &self,
        task: &T,
        node: &NodeSums<T::Sums>,
        rng: &mut Rng,
    ) -> Option<Candidate> {
        let mut bins: Vec<usize> = self.histogram.bins().collect();
        rng.shuffle(&mut bins);
        let size = 1 + rng.below(bins.len().checked_sub(1)?);
        bins.truncate(size);
        let mut left = Left { sums: task.zero(), rows: 0 };
        bins.iter().for_each(|bin| self.add_bin::<T>(&mut left, *bin));
        let gain = self.gain::<T>(node, &left)?;
        Some(self.subset_candidate::<T>(task, node, gain, &bins))
    }

    /// Bins without rows in this node go to the heavier side.
    fn subset_candidate<T: Task>(
        &self,
        task: &T,
        node: &NodeSums<T::Sums>,
        gain: f64,
        chosen: &[usize],
    ) -> Candidate {
        let mut left = Left { sums: task.zero(), rows: 0 };
        chosen.iter().for_each(|bin| self.add_bin::<T>(&mut left, *bin));
        let heavier = 2.0 * T::weight(&left.sums) > T::weight(&node.total);
        let used = &self.histogram.occupied()[..=self.value_bins / 64];
        let mut words: Vec<u64> = used.iter().map(|word| if heavier { !word } else { 0 }).collect();
        for bin in chosen {
            words[bin / 64] |= 1 << (bin % 64);
        }
        Candidate { gain: gain - T::purity(&node.total), test: Test::In { words } }
    }
}

/// The limit from `last` up to `next` (not included) whose value lies nearest the middle.
fn halfway(edges: &[f64], last: usize, next: usize) -> usize {
    let middle = edges[last] + (edges[next - 1] - edges[last]) / 2.0;
    let above = last + edges[last..next].partition_point(|e| *e < middle);
    if above > last && middle - edges[above - 1] < edges[above] - middle {
        above - 1
    } else {
        above
    }
}
