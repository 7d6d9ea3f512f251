//! Random limits of numeric columns (extra trees), found in two passes over a node's rows and
//! without a histogram.

use crate::Rng;
use crate::binning::BinnedColumn;
use crate::tree::Test;

use super::split::{Candidate, NodeSums};
use super::task::{Sample, Task};

/// A node's rows and the column that is tried on them.
pub(super) struct Rows<'a> {
    pub(super) column: &'a BinnedColumn<u16>,
    pub(super) edges: &'a [f64],
    pub(super) samples: &'a [Sample],
    pub(super) min_leaf: u32,
}

impl Rows<'_> {
    fn bins(&self) -> impl Iterator<Item = usize> {
        self.samples.iter().map(|sample| usize::from(self.column.codes[sample.row as usize]))
    }

    /// Whether the column varies in this node, and a random split of it.
    pub(super) fn find_split<T: Task>(
        &self,
        task: &T,
        node: &NodeSums<T::Sums>,
        rng: &mut Rng,
    ) -> (bool, Option<Candidate>) {
        let missing = self.column.value_bins;
        let (mut first, mut last, mut values) = (usize::MAX, 0, 0);
        for bin in self.bins().filter(|bin| *bin != missing) {
            first = first.min(bin);
            last = last.max(bin);
            values += 1;
        }
        let has_missing = values < self.samples.len();
        if values == 0 || (first == last && !has_missing) {
            return (false, None);
        }
        // With one value only, the split is between it and what is missing.
        let missing_left = has_missing && first != last && rng.below(2) == 1;
        let limit = if first == last { first } else { uniform_limit(self.edges, first, last, rng) };
        let mut cell = vec![0.0; task.width()];
        let mut rows = 0;
        for (sample, bin) in self.samples.iter().zip(self.bins()) {
            if if bin == missing { missing_left } else { bin <= limit } {
                T::add_sample(&mut cell, sample);
                rows += 1;
            }
        }
        let mut left = task.zero();
        T::add_cell(&mut left, &cell);
        if rows < self.min_leaf || node.rows - rows < self.min_leaf {
            return (true, None);
        }
        let heavier = 2.0 * T::weight(&left) > T::weight(&node.total);
        let missing_left = if has_missing { missing_left } else { heavier };
        let gain =
            T::purity(&left) + T::purity_of_rest(&node.total, &left) - T::purity(&node.total);
        (true, Some(Candidate { gain, test: Test::UpTo { bin: limit as u16, missing_left } }))
    }
}

/// A limit from `first` up to `last` (not included), even over the values rather than the bins:
/// the one nearest to a random value between the outermost bins.
fn uniform_limit(edges: &[f64], first: usize, last: usize, rng: &mut Rng) -> usize {
    let choices = &edges[first..last];
    let [lowest, .., highest] = choices else { return first };
    let below = (choices[1] - lowest) / 2.0;
    let above = (highest - choices[choices.len() - 2]) / 2.0;
    let drawn = lowest - below + (highest - lowest + below + above) * rng.uniform();
    let next = choices.partition_point(|e| *e < drawn);
    let is_nearer = |i: usize| drawn - choices[i - 1] < choices[i] - drawn;
    let nearest =
        if next == choices.len() || (next > 0 && is_nearer(next)) { next - 1 } else { next };
    first + nearest
}
