//! Fitted boosting models.

use std::sync::OnceLock;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::binning::Binner;
use crate::importance::{Contributions, Explained, derive_contributions};
use crate::model::{FormatVersion, require_columns, require_row};
use crate::numeric::math;
use crate::tree::{QuickScorer, Trees, TreesView};
use crate::{Classifier, Control, LearnError, Matrix, Regressor};

/// Rows that one task predicts.
const CHUNK: usize = 512;

/// Trees with the bins that they read and the scores that they start from. The trees of a round
/// follow each other, one for each output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Boosted {
    version: FormatVersion<2>,
    binner: Binner,
    trees: Trees,
    base: Vec<f64>,
    importance: Vec<f64>,
    #[serde(skip)]
    quick: Quick,
}

/// The trees in the form for single rows, made for the first one. Never a part of what a model is.
#[derive(Debug, Default)]
struct Quick(OnceLock<Option<QuickScorer>>);

impl Clone for Quick {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Quick {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Boosted {
    pub(super) fn new(
        binner: Binner,
        mut trees: Trees,
        base: Vec<f64>,
        mut gains: Vec<f64>,
    ) -> Self {
        trees.shrink();
        let total: f64 = gains.iter().sum();
        if total > 0.0 {
            gains.iter_mut().for_each(|gain| *gain /= total);
        }
        Self {
            version: FormatVersion,
            binner,
            trees,
            base,
            importance: gains,
            quick: Quick::default(),
        }
    }

    fn view(&self) -> TreesView<'_> {
        TreesView { trees: &self.trees, binner: &self.binner }
    }

    /// Contributions to the scores.
    fn contributions(
        &self,
        x: &Matrix,
        control: &Control<'_>,
    ) -> Result<Contributions, LearnError> {
        let explained = Explained {
            binner: &self.binner,
            trees: &self.trees,
            base: self.base.clone(),
            scale: 1.0,
        };
        derive_contributions(&explained, x, control)
    }

    fn rounds(&self) -> usize {
        self.trees.len() / self.base.len()
    }

    fn keep_rounds(&mut self, rounds: usize) {
        self.trees.truncate(rounds.saturating_mul(self.base.len()));
        self.quick = Quick::default();
    }

    /// The number of each column's missing bin.
    fn missing_bins(&self) -> Vec<u16> {
        self.binner.columns().iter().map(|c| c.value_bins() as u16).collect()
    }

    /// Scores of one row, by output.
    fn row_scores(&self, row: &[f64]) -> Result<Vec<f64>, LearnError> {
        require_row(row, self.binner.columns().len())?;
        let outputs = self.base.len();
        let mut scores = self.base.clone();
        let bins = self.binner.apply_row(row);
        // Trees come in turn; a division for each would take as long as half of its way.
        let mut output = 0;
        let take = |leaf: &[f32]| {
            scores[output] += f64::from(leaf[0]);
            output = if output + 1 == outputs { 0 } else { output + 1 };
        };
        match self.quick.0.get_or_init(|| QuickScorer::derive(&self.trees)) {
            Some(quick) => quick.each_leaf(&self.trees, (&bins, &self.missing_bins()), take),
            None => self.trees.each_leaf(&bins, &self.missing_bins(), take),
        }
        Ok(scores)
    }

    /// Scores, outputs × rows.
    fn scores(&self, x: &Matrix) -> Result<Vec<Vec<f64>>, LearnError> {
        require_columns(x, self.binner.columns().len())?;
        let missing = self.missing_bins();
        let width = missing.len();
        let outputs = self.base.len();
        let chunk = |start: usize| {
            let range = start..(start + CHUNK).min(x.rows());
            let rows = range.len();
            let bins = self.binner.apply_rows(x, range);
            let mut scores: Vec<Vec<f64>> = self.base.iter().map(|b| vec![*b; rows]).collect();
            for tree in 0..self.trees.len() {
                let column = &mut scores[tree % outputs];
                for (score, bins) in column.iter_mut().zip(bins.chunks_exact(width)) {
                    let leaf = self.trees.leaf(tree, |feature| bins[feature], &missing);
                    *score += f64::from(leaf[0]);
                }
            }
            scores
        };
        if x.rows() == 1 {
            return Ok(self.row_scores(&x.row(0))?.into_iter().map(|score| vec![score]).collect());
        }
        // A single chunk is not worth waking the pool.
        if x.rows() <= CHUNK {
            return Ok(chunk(0));
        }
        let starts: Vec<usize> = (0..x.rows()).step_by(CHUNK).collect();
        let parts: Vec<Vec<Vec<f64>>> = starts.into_par_iter().map(chunk).collect();
        let joined = |k: usize| parts.iter().flat_map(|part| part[k].iter().copied()).collect();
        Ok((0..outputs).map(joined).collect())
    }
}

/// Boosting for classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostingClassifier {
    boosted: Boosted,
    classes: usize,
}

impl BoostingClassifier {
    pub(super) fn new(boosted: Boosted, classes: usize) -> Self {
        Self { boosted, classes }
    }

    /// Share of the gain that each column brought; the shares sum to 1.
    pub fn importance(&self) -> &[f64] {
        &self.boosted.importance
    }

    /// Scores before they become probabilities, rows × outputs: the logit of class 1 for two
    /// classes, else one a class.
    ///
    /// # Errors
    /// As [`Classifier::predict_proba`].
    pub fn scores(&self, x: &Matrix) -> Result<Matrix, LearnError> {
        Ok(Matrix::from_columns(self.boosted.scores(x)?))
    }

    /// What each column adds to each of [`Self::scores`], by exact TreeSHAP.
    ///
    /// # Errors
    /// As [`Classifier::predict_proba`], and [`LearnError::Cancelled`].
    pub fn contributions(
        &self,
        x: &Matrix,
        control: &Control<'_>,
    ) -> Result<Contributions, LearnError> {
        self.boosted.contributions(x, control)
    }

    /// Leaves out every round after the first `rounds`.
    pub fn keep_rounds(&mut self, rounds: usize) {
        self.boosted.keep_rounds(rounds);
    }

    /// Bytes that the trees take in memory, about.
    pub fn bytes(&self) -> usize {
        self.boosted.trees.bytes()
    }

    /// The trees in readable form: their leaves add up, in turn, to the scores.
    pub fn view(&self) -> TreesView<'_> {
        self.boosted.view()
    }

    /// What the scores start from, one number an output.
    pub fn base(&self) -> &[f64] {
        &self.boosted.base
    }

    /// Rounds of trees that were kept.
    pub fn rounds(&self) -> usize {
        self.boosted.rounds()
    }
}

impl Classifier for BoostingClassifier {
    fn classes(&self) -> usize {
        self.classes
    }

    fn features(&self) -> usize {
        self.boosted.binner.columns().len()
    }

    fn predict_proba(&self, x: &Matrix) -> Result<Matrix, LearnError> {
        let mut scores = self.boosted.scores(x)?;
        if let [only] = scores.as_mut_slice() {
            only.iter_mut().for_each(|score| *score = math::logistic(*score));
            let first = only.iter().map(|p| 1.0 - p).collect();
            scores.insert(0, first);
            return Ok(Matrix::from_columns(scores));
        }
        let mut row_scores = vec![0.0; scores.len()];
        for row in 0..x.rows() {
            for (slot, column) in row_scores.iter_mut().zip(&scores) {
                *slot = column[row];
            }
            math::softmax(&mut row_scores);
            for (p, column) in row_scores.iter().zip(scores.iter_mut()) {
                column[row] = *p;
            }
        }
        Ok(Matrix::from_columns(scores))
    }

    fn predict_proba_row(&self, row: &[f64]) -> Result<Vec<f64>, LearnError> {
        let mut scores = self.boosted.row_scores(row)?;
        if let [only] = scores.as_slice() {
            let p = math::logistic(*only);
            return Ok(vec![1.0 - p, p]);
        }
        math::softmax(&mut scores);
        Ok(scores)
    }
}

/// Boosting for numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostingRegressor {
    boosted: Boosted,
}

impl BoostingRegressor {
    pub(super) fn new(boosted: Boosted) -> Self {
        Self { boosted }
    }

    /// Share of the gain that each column brought; the shares sum to 1.
    pub fn importance(&self) -> &[f64] {
        &self.boosted.importance
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
        self.boosted.contributions(x, control)
    }

    /// Leaves out every round after the first `rounds`.
    pub fn keep_rounds(&mut self, rounds: usize) {
        self.boosted.keep_rounds(rounds);
    }

    /// Bytes that the trees take in memory, about.
    pub fn bytes(&self) -> usize {
        self.boosted.trees.bytes()
    }

    /// The trees in readable form: their leaves add up, in turn, to the scores.
    pub fn view(&self) -> TreesView<'_> {
        self.boosted.view()
    }

    /// What the scores start from, one number an output.
    pub fn base(&self) -> &[f64] {
        &self.boosted.base
    }

    /// Rounds of trees that were kept.
    pub fn rounds(&self) -> usize {
        self.boosted.rounds()
    }
}

impl Regressor for BoostingRegressor {
    fn features(&self) -> usize {
        self.boosted.binner.columns().len()
    }

    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, LearnError> {
        Ok(self.boosted.scores(x)?.swap_remove(0))
    }

    fn predict_row(&self, row: &[f64]) -> Result<f64, LearnError> {
        Ok(self.boosted.row_scores(row)?.swap_remove(0))
    }
}
