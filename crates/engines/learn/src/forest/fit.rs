//! Grows the trees of a forest side by side and adds them up in order.

use rayon::prelude::*;

use crate::binning::{BinnedMatrix, Binner};
use crate::data::Weights;
use crate::tree::{MAX_FEATURES, Trees};
use crate::{Control, LearnError, Matrix, TrainingSet};

use super::bootstrap;
use super::grower::{Grower, Grown, Setting};
use super::model::Forest;
use super::params::ForestParams;
use super::task::{Classes, Numbers, Sample, Task};
use super::{ForestClassifier, ForestRegressor};

/// Trees between two looks at the work budget; fixed, so that the budget cuts at the same tree
/// for every number of threads.
const BATCH: u32 = 8;
/// Rows that one task predicts.
const CHUNK: usize = 512;

impl ForestParams {
    /// Fits to classes.
    ///
    /// # Errors
    /// [`LearnError::WrongTarget`] for numbers, parameters out of range, more than 65,535
    /// columns, and what [`Control`] says.
    pub fn fit_classifier(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<ForestClassifier, LearnError> {
        let (targets, classes) = class_targets(data)?;
        let (forest, _) = self.fit_any(data, &targets, classes, control)?;
        Ok(ForestClassifier::new(forest, classes))
    }

    /// As [`Self::fit_classifier`], with the probabilities that each row gets from the trees
    /// that did not see it; NaN for rows that every tree saw.
    ///
    /// # Errors
    /// As [`Self::fit_classifier`]; also if there is no bootstrap.
    pub fn fit_classifier_oob(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<(ForestClassifier, Matrix), LearnError> {
        self.require_bootstrap()?;
        let (targets, classes) = class_targets(data)?;
        let (forest, table) = self.fit_any(data, &targets, classes, control)?;
        let sums = out_of_bag(self, &forest, &table);
        let model = ForestClassifier::new(forest, classes);
        let probabilities = model.derive_probabilities(&sums);
        Ok((model, probabilities))
    }

    /// Fits to numbers.
    ///
    /// # Errors
    /// [`LearnError::WrongTarget`] for classes, and as [`Self::fit_classifier`].
    pub fn fit_regressor(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<ForestRegressor, LearnError> {
        let targets = data.require_values("a forest for numbers")?;
        let (forest, _) = self.fit_any(data, targets, 1, control)?;
        Ok(ForestRegressor::new(forest))
    }

    /// As [`Self::fit_regressor`], with the prediction that each row gets from the trees that
    /// did not see it; NaN for rows that every tree saw.
    ///
    /// # Errors
    /// As [`Self::fit_regressor`]; also if there is no bootstrap.
    pub fn fit_regressor_oob(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<(ForestRegressor, Vec<f64>), LearnError> {
        self.require_bootstrap()?;
        let targets = data.require_values("a forest for numbers")?;
        let (forest, table) = self.fit_any(data, targets, 1, control)?;
        let predictions = out_of_bag(self, &forest, &table);
        Ok((ForestRegressor::new(forest), predictions))
    }

    fn require_bootstrap(&self) -> Result<(), LearnError> {
        if self.bootstrap {
            return Ok(());
        }
        let reason = "must be on for out-of-bag predictions";
        Err(LearnError::Parameter { name: "bootstrap", reason })
    }

    fn fit_any(
        &self,
        data: &TrainingSet<'_>,
        targets: &[f64],
        classes: usize,
        control: &Control<'_>,
    ) -> Result<(Forest, BinnedMatrix<u16>), LearnError> {
        self.require_valid()?;
        let x = data.x();
        if x.width() > MAX_FEATURES {
            let (what, found) = ("the number of columns", x.width());
            return Err(LearnError::TooLarge { what, found, limit: MAX_FEATURES });
        }
        control.begin((x.rows() * x.width()) as u64)?;
        let binner = Binner::fit(x, usize::from(self.max_bins), 1)?;
        let table = binner.apply::<u16>(x)?;
        let weights = data.weights();
        let (trees, gains) = if classes > 2 {
            let task = Classes { count: classes };
            let setting = Setting { table: &table, params: self, task: &task, control };
            grow_all(&setting, targets, weights)?
        } else {
            let mean = if classes == 2 { 0.0 } else { weighted_mean(targets, weights) };
            let centred: Vec<f64> = targets.iter().map(|t| t - mean).collect();
            let task = Numbers { mean };
            let setting = Setting { table: &table, params: self, task: &task, control };
            grow_all(&setting, &centred, weights)?
        };
        Ok((Forest::new(binner, trees, gains), table))
    }
}

fn class_targets(data: &TrainingSet<'_>) -> Result<(Vec<f64>, usize), LearnError> {
    let (codes, classes) = data.require_classes("a forest for classes")?;
    Ok((codes.iter().map(|c| f64::from(*c)).collect(), classes))
}

fn weighted_mean(values: &[f64], weights: Weights<'_>) -> f64 {
    let sum: f64 = values.iter().enumerate().map(|(row, v)| weights.get(row) * v).sum();
    sum / weights.total(values.len())
}

/// The trees and their mean importance by column.
fn grow_all<T: Task>(
    setting: &Setting<'_, T>,
    targets: &[f64],
    weights: Weights<'_>,
) -> Result<(Trees, Vec<f64>), LearnError> {
    let params = setting.params;
    let width = if setting.task.width() > 2 { setting.task.width() } else { 1 };
    let mut trees = Trees::new(width);
    let mut importance = vec![0.0; setting.table.columns().len()];
    let mut first = 0;
    while first < params.trees && (first == 0 || !setting.control.must_wrap_up()) {
        let last = (first + BATCH).min(params.trees);
        let batch: Vec<Result<Option<Grown>, LearnError>> = (first..last)
            .into_par_iter()
            .map(|tree| {
                setting.control.check()?;
                if tree > first && setting.control.is_out_of_time() {
                    return Ok(None);
                }
                let samples = draw_samples(params, tree, targets, weights);
                let rng = bootstrap::split_rng(params, tree);
                Grower::new(setting, samples, rng).grow().map(Some)
            })
            .collect();
        for grown in batch {
            let Some(grown) = grown? else { return Ok((trees, importance)) };
            setting.control.count(grown.work);
            add_shares(&mut importance, &grown.gains);
            if !trees.append(grown.tree) {
                return Ok((trees, importance));
            }
        }
        first = last;
        trees.reserve((params.trees - last) as usize);
    }
    Ok((trees, importance))
}

fn add_shares(importance: &mut [f64], gains: &[f64]) {
    let total: f64 = gains.iter().sum();
    if total > 0.0 {
        for (slot, gain) in importance.iter_mut().zip(gains) {
            *slot += gain / total;
        }
    }
}

fn draw_samples(
    params: &ForestParams,
    tree: u32,
    targets: &[f64],
    weights: Weights<'_>,
) -> Vec<Sample> {
    let draws = bootstrap::draws(params, tree, targets.len());
    let mut samples = Vec::with_capacity(targets.len());
    for (row, (target, drawn)) in targets.iter().zip(draws).enumerate() {
        let weight = (weights.get(row) * f64::from(drawn)) as f32;
        if weight > 0.0 {
            samples.push(Sample { row: row as u32, weight, target: *target });
        }
    }
    samples
}

/// Mean leaf values of each row over the trees that did not draw it, row-major.
fn out_of_bag(params: &ForestParams, forest: &Forest, table: &BinnedMatrix<u16>) -> Vec<f64> {
    let rows = table.rows();
    let trees = forest.trees().len();
    let seen: Vec<Vec<u64>> = (0..trees as u32)
        .into_par_iter()
        .map(|tree| {
            let mut bits = vec![0_u64; rows.div_ceil(64)];
            let draws = bootstrap::draws(params, tree, rows);
            for (row, _) in draws.iter().enumerate().filter(|(_, drawn)| **drawn > 0) {
                bits[row / 64] |= 1 << (row % 64);
            }
            bits
        })
        .collect();
    let starts: Vec<usize> = (0..rows).step_by(CHUNK).collect();
    let parts: Vec<Vec<f64>> = starts
        .into_par_iter()
        .map(|start| {
            let range = start..(start + CHUNK).min(rows);
            let bins = table.transposed(range.clone());
            let is_out = |tree: usize, row: usize| {
                let row = start + row;
                (seen[tree][row / 64] >> (row % 64)) & 1 == 0
            };
            forest.mean_leaves(&bins, range.len(), is_out)
        })
        .collect();
    parts.concat()
}
