//! Fitted forests.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::binning::Binner;
use crate::importance::{Contributions, Explained, derive_contributions};
use crate::model::{FormatVersion, require_columns, require_row};
use crate::tree::{Trees, TreesView};
use crate::{Classifier, Control, LearnError, Matrix, Regressor};

/// Rows that one task predicts.
const CHUNK: usize = 512;

/// Trees with the bins that they read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Forest {
    version: FormatVersion<2>,
    binner: Binner,
    trees: Trees,
    importance: Vec<f64>,
}

impl Forest {
    pub(super) fn new(binner: Binner, mut trees: Trees, mut importance: Vec<f64>) -> Self {
        trees.shrink();
        let total: f64 = importance.iter().sum();
        if total > 0.0 {
            importance.iter_mut().for_each(|share| *share /= total);
        }
        Self { version: FormatVersion, binner, trees, importance }
    }

    fn keep_trees(&mut self, trees: usize) {
        self.trees.truncate(trees);
    }

    pub(super) fn trees(&self) -> &Trees {
        &self.trees
    }

    /// Mean leaf values over the trees that `uses` names for a row, row-major; NaN where there
    /// is none. `bins` is row-major.
    pub(super) fn mean_leaves(
        &self,
        bins: &[u16],
        rows: usize,
        uses: impl Fn(usize, usize) -> bool,
    ) -> Vec<f64> {
        let missing = self.missing_bins();
        let width = self.trees.width();
        let features = missing.len();
        let mut sums = vec![0.0; rows * width];
        let mut used = vec![0_u32; rows];
        for tree in 0..self.trees.len() {
            for row in (0..rows).filter(|row| uses(tree, *row)) {
                let row_bins = &bins[row * features..(row + 1) * features];
                let leaf = self.trees.leaf(tree, |feature| row_bins[feature], &missing);
                for (sum, value) in sums[row * width..].iter_mut().zip(leaf) {
                    *sum += f64::from(*value);
                }
                used[row] += 1;
            }
        }
        for (row, used) in used.into_iter().enumerate() {
            for sum in &mut sums[row * width..(row + 1) * width] {
                *sum /= f64::from(used);
            }
        }
        sums
    }

    /// As [`Self::mean_leaves`] over all trees for one row.
    fn predict_row_leaves(&self, row: &[f64]) -> Result<Vec<f64>, LearnError> {
        require_row(row, self.binner.columns().len())?;
        let bins = self.binner.apply_row(row);
        let mut sums = vec![0.0; self.trees.width()];
        self.trees.each_leaf(&bins, &self.missing_bins(), |leaf| {
            sums.iter_mut().zip(leaf).for_each(|(sum, value)| *sum += f64::from(*value));
        });
        let used = self.trees.len() as f64;
        sums.iter_mut().for_each(|sum| *sum /= used);
        Ok(sums)
    }

    /// The number of each column's missing bin.
    fn missing_bins(&self) -> Vec<u16> {
        self.binner.columns().iter().map(|c| c.value_bins() as u16).collect()
    }

    fn view(&self) -> TreesView<'_> {
        TreesView { trees: &self.trees, binner: &self.binner }
    }

    /// Contributions to the mean leaf values.
    fn contributions(
        &self,
        x: &Matrix,
        control: &Control<'_>,
    ) -> Result<Contributions, LearnError> {
        let width = self.trees.width();
        let explained = Explained {
            binner: &self.binner,
            trees: &self.trees,
            base: vec![0.0; width],
            scale: 1.0 / self.trees.len() as f64,
        };
        derive_contributions(&explained, x, control)
    }

    fn predict_leaves(&self, x: &Matrix) -> Result<Vec<f64>, LearnError> {
        require_columns(x, self.binner.columns().len())?;
        let chunk = |start: usize| {
            let range = start..(start + CHUNK).min(x.rows());
            let bins = self.binner.apply_rows(x, range.clone());
            self.mean_leaves(&bins, range.len(), |_, _| true)
        };
        if x.rows() == 1 {
            return self.predict_row_leaves(&x.row(0));
        }
        // A single chunk is not worth waking the pool.
        if x.rows() <= CHUNK {
            return Ok(chunk(0));
        }
        let starts: Vec<usize> = (0..x.rows()).step_by(CHUNK).collect();
        let parts: Vec<Vec<f64>> = starts.into_par_iter().map(chunk).collect();
        Ok(parts.concat())
    }
}

/// A forest for classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForestClassifier {
    forest: Forest,
    classes: usize,
}

impl ForestClassifier {
    pub(super) fn new(forest: Forest, classes: usize) -> Self {
        Self { forest, classes }
    }

    /// Share of the gain in purity that each column brought; the shares sum to 1.
    pub fn importance(&self) -> &[f64] {
        &self.forest.importance
    }

    /// What each column adds to the probability of each class (of class 1 alone, if there are
    /// two), by exact TreeSHAP.
    ///
    /// # Errors
    /// As [`Classifier::predict_proba`], and [`LearnError::Cancelled`].
    pub fn contributions(
        &self,
        x: &Matrix,
        control: &Control<'_>,
    ) -> Result<Contributions, LearnError> {
        self.forest.contributions(x, control)
    }

    /// The trees in readable form; the prediction is the mean of their leaves.
    pub fn view(&self) -> TreesView<'_> {
        self.forest.view()
    }

    /// Number of trees; fewer than asked for if a budget ended the fit.
    pub fn trees(&self) -> usize {
        self.forest.trees.len()
    }

    /// Leaves out every tree after the first `trees`; the importance stays that of all.
    pub fn keep_trees(&mut self, trees: usize) {
        self.forest.keep_trees(trees);
    }

    /// Bytes that the trees take in memory, about.
    pub fn bytes(&self) -> usize {
        self.forest.trees.bytes()
    }

    /// Number of leaves of all trees.
    pub fn leaves(&self) -> usize {
        self.forest.trees.leaves()
    }

    pub(super) fn derive_probabilities(&self, leaves: &[f64]) -> Matrix {
        let width = self.forest.trees.width();
        let column = |class: usize| leaves.iter().skip(class).step_by(width).copied();
        if width > 1 {
            return Matrix::from_columns((0..width).map(|k| column(k).collect()).collect());
        }
        let first = column(0).map(|p| 1.0 - p).collect();
        Matrix::from_columns(vec![first, column(0).collect()])
    }
}

impl Classifier for ForestClassifier {
    fn classes(&self) -> usize {
        self.classes
    }

    fn features(&self) -> usize {
        self.forest.binner.columns().len()
    }

    fn predict_proba(&self, x: &Matrix) -> Result<Matrix, LearnError> {
        Ok(self.derive_probabilities(&self.forest.predict_leaves(x)?))
    }

    fn predict_proba_row(&self, row: &[f64]) -> Result<Vec<f64>, LearnError> {
        let leaves = self.forest.predict_row_leaves(row)?;
        Ok(if let [p] = leaves.as_slice() { vec![1.0 - p, *p] } else { leaves })
    }
}

/// A forest for numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForestRegressor {
    forest: Forest,
}

impl ForestRegressor {
    pub(super) fn new(forest: Forest) -> Self {
        Self { forest }
    }

    /// Share of the gain in purity that each column brought; the shares sum to 1.
    pub fn importance(&self) -> &[f64] {
        &self.forest.importance
    }

    /// What each column adds to the prediction, by exact TreeSHAP.
    ///
    /// # Errors
    /// As [`Regressor::predict`], and [`LearnError::Cancelled`].
    pub fn contributions(
        &self,
        x: &Matrix,
        control: &Control<'_>,
    ) -> Result<Contributions, LearnError> {
        self.forest.contributions(x, control)
    }

    /// The trees in readable form; the prediction is the mean of their leaves.
    pub fn view(&self) -> TreesView<'_> {
        self.forest.view()
    }

    /// Number of trees; fewer than asked for if a budget ended the fit.
    pub fn trees(&self) -> usize {
        self.forest.trees.len()
    }

    /// Leaves out every tree after the first `trees`; the importance stays that of all.
    pub fn keep_trees(&mut self, trees: usize) {
        self.forest.keep_trees(trees);
    }

    /// Bytes that the trees take in memory, about.
    pub fn bytes(&self) -> usize {
        self.forest.trees.bytes()
    }

    /// Number of leaves of all trees.
    pub fn leaves(&self) -> usize {
        self.forest.trees.leaves()
    }
}

impl Regressor for ForestRegressor {
    fn features(&self) -> usize {
        self.forest.binner.columns().len()
    }

    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, LearnError> {
        self.forest.predict_leaves(x)
    }

    fn predict_row(&self, row: &[f64]) -> Result<f64, LearnError> {
        Ok(self.forest.predict_row_leaves(row)?.swap_remove(0))
    }
}
