//! Grows one tree, depth first.

use crate::binning::BinnedMatrix;
use crate::tree::{Test, TreeBuilder};
use crate::{Control, LearnError, Rng};

use super::histogram::Histogram;
use super::params::{ForestParams, Splitter};
use super::random::Rows;
use super::split::{Candidate, NodeSums, Tried};
use super::task::{Sample, Task};

/// Rows between two looks at the cancellation check.
const CHECK_EVERY: u64 = 1 << 17;
/// Rows that trying a column costs as much as, however few the node has.
const ROWS_PER_TRY: u64 = 64;

/// What all trees of a forest share.
pub(super) struct Setting<'a, T> {
    pub(super) table: &'a BinnedMatrix<u16>,
    pub(super) params: &'a ForestParams,
    pub(super) task: &'a T,
    pub(super) control: &'a Control<'a>,
}

/// A finished tree.
pub(super) struct Grown {
    pub(super) tree: TreeBuilder,
    /// Gain of purity by column.
    pub(super) gains: Vec<f64>,
    /// Rows × columns read.
    pub(super) work: u64,
}

struct Open {
    node: u32,
    start: usize,
    end: usize,
    depth: u16,
}

pub(super) struct Grower<'a, T> {
    setting: &'a Setting<'a, T>,
    rng: Rng,
    samples: Vec<Sample>,
    scratch: Vec<Sample>,
    features: Vec<u16>,
    histogram: Histogram,
    unchecked: u64,
    grown: Grown,
}

impl<'a, T: Task> Grower<'a, T> {
    pub(super) fn new(setting: &'a Setting<'a, T>, samples: Vec<Sample>, rng: Rng) -> Self {
        let width = setting.table.columns().len();
        Self {
            setting,
            rng,
            scratch: Vec::with_capacity(samples.len()),
            samples,
            features: (0..width as u16).collect(),
            histogram: Histogram::new(setting.task.width(), setting.table.max_bins()),
            unchecked: 0,
            grown: Grown { tree: TreeBuilder::new(), gains: vec![0.0; width], work: 0 },
        }
    }

    pub(super) fn grow(mut self) -> Result<Grown, LearnError> {
        let mut open = vec![Open { node: 0, start: 0, end: self.samples.len(), depth: 0 }];
        while let Some(next) = open.pop() {
            let sums = self.node_sums(&next);
            let Some((feature, candidate)) = self.find_split(&next, &sums)? else {
                let leaf = self.setting.task.leaf(&sums.total);
                self.grown.tree.set_leaf(next.node, &leaf, T::weight(&sums.total));
                continue;
            };
            self.grown.gains[usize::from(feature)] += candidate.gain.max(0.0);
            let middle = self.partition(&next, feature, &candidate.test);
            let left = self.grown.tree.set_split(next.node, feature, &candidate.test);
            let depth = next.depth + 1;
            open.push(Open { node: left + 1, start: middle, end: next.end, depth });
            open.push(Open { node: left, start: next.start, end: middle, depth });
        }
        Ok(self.grown)
    }

    fn node_sums(&self, open: &Open) -> NodeSums<T::Sums> {
        let samples = &self.samples[open.start..open.end];
        let mut cell = vec![0.0; self.setting.task.width()];
        for sample in samples {
            T::add_sample(&mut cell, sample);
        }
        let mut total = self.setting.task.zero();
        T::add_cell(&mut total, &cell);
        NodeSums { total, rows: samples.len() as u32 }
    }

    fn may_split(&self, open: &Open) -> bool {
        let params = self.setting.params;
        let samples = &self.samples[open.start..open.end];
        samples.len() >= params.min_samples_split as usize
            && samples.len() >= 2 * params.min_samples_leaf as usize
            && params.max_depth.is_none_or(|most| open.depth < most)
            && samples.iter().any(|s| s.target != samples[0].target)
    }

    /// Tries columns in random order until enough were seen and one of them varied.
    fn find_split(
        &mut self,
        open: &Open,
        node: &NodeSums<T::Sums>,
    ) -> Result<Option<(u16, Candidate)>, LearnError> {
        if !self.may_split(open) {
            return Ok(None);
        }
        let wanted = self.setting.params.features_per_split(self.features.len());
        let mut best: Option<(u16, Candidate)> = None;
        let mut some_varied = false;
        for place in 0..self.features.len() {
            if place >= wanted && some_varied {
                break;
            }
            let pick = place + self.rng.below(self.features.len() - place);
            self.features.swap(place, pick);
            let feature = self.features[place];
            self.count_work(open)?;
            let (varied, candidate) = self.try_feature(feature, open, node);
            some_varied |= varied;
            if let Some(candidate) = candidate
                && best.as_ref().is_none_or(|(_, b)| candidate.gain > b.gain)
            {
                best = Some((feature, candidate));
            }
        }
        Ok(best)
    }

    fn count_work(&mut self, open: &Open) -> Result<(), LearnError> {
        let rows = (open.end - open.start) as u64;
        self.grown.work += rows;
        self.unchecked += rows + ROWS_PER_TRY;
        if self.unchecked >= CHECK_EVERY {
            self.unchecked = 0;
            self.setting.control.check()?;
        }
        Ok(())
    }

    fn try_feature(
        &mut self,
        feature: u16,
        open: &Open,
        node: &NodeSums<T::Sums>,
    ) -> (bool, Option<Candidate>) {
        let column = &self.setting.table.columns()[usize::from(feature)];
        let params = self.setting.params;
        if let (Splitter::Random, Some(edges)) = (params.splitter, &column.edges) {
            let samples = &self.samples[open.start..open.end];
            let rows = Rows { column, edges, samples, min_leaf: params.min_samples_leaf };
            return rows.find_split(self.setting.task, node, &mut self.rng);
        }
        self.histogram.fill::<T, _>(column, &self.samples[open.start..open.end]);
        let varies = !self.histogram.is_constant();
        let candidate = if varies {
            let tried = Tried {
                histogram: &self.histogram,
                value_bins: column.value_bins,
                edges: column.edges.as_deref(),
                min_leaf: params.min_samples_leaf,
            };
            tried.find_split(self.setting.task, node, params.splitter, &mut self.rng)
        } else {
            None
        };
        self.histogram.clear();
        (varies, candidate)
    }

    /// Moves the rows of the left side to the front, keeping both sides in order.
    fn partition(&mut self, open: &Open, feature: u16, test: &Test) -> usize {
        let column = &self.setting.table.columns()[usize::from(feature)];
        let missing = column.value_bins as u16;
        self.scratch.clear();
        let mut end = open.start;
        for i in open.start..open.end {
            let sample = self.samples[i];
            if test.goes_left(column.codes[sample.row as usize], missing) {
                self.samples[end] = sample;
                end += 1;
            } else {
                self.scratch.push(sample);
            }
        }
        self.samples[end..open.end].copy_from_slice(&self.scratch);
        end
    }
}
