//! The model that predicts: weighted members, each with one fit or one a fold.
//!
//! Invariants: weights are positive and sum to 1; fits that use the same preprocessing share its
//! features; a prediction of a row does not depend on the other rows.

use gantry_kit::Column;
use gantry_learn::{Control, Matrix};

use super::{Algorithm, Finish, Pipeline, Predictions, Stack, StoredLearner};
use crate::error::AutomlError;
use crate::preprocess::{Preprocessor, Unknown};

/// Rows that are predicted at once; bounds the memory of the matrix.
const CHUNK: usize = 16_384;

/// One fit of a member.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MemberFit {
    /// The place of its preprocessing in the ensemble.
    pub(crate) preprocessor: usize,
    pub(crate) learner: StoredLearner,
}

/// One model of the ensemble.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) algorithm: Algorithm,
    /// Share of the prediction.
    pub(crate) weight: f64,
    /// Fits whose predictions are averaged.
    pub(crate) fits: Vec<MemberFit>,
}

/// The whole model: preprocessing, members, and what is done with their mean.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ensemble {
    pub(crate) preprocessors: Vec<Preprocessor>,
    pub(crate) members: Vec<Member>,
    /// What makes one prediction of the members' instead of their weighted mean.
    pub(crate) stack: Option<Stack>,
    pub(crate) finish: Finish,
}

impl Ensemble {
    /// A model of one pipeline.
    pub(crate) fn of_one(algorithm: Algorithm, pipeline: Pipeline) -> Self {
        let fits = vec![MemberFit { preprocessor: 0, learner: pipeline.learner }];
        Self {
            preprocessors: vec![pipeline.preprocessor],
            members: vec![Member { algorithm, weight: 1.0, fits }],
            stack: None,
            finish: Finish::default(),
        }
    }

    /// A model of members without finish; equal preprocessing is kept once.
    pub(crate) fn of_members(parts: Vec<(Algorithm, f64, Vec<Pipeline>)>) -> Self {
        let mut preprocessors: Vec<Preprocessor> = Vec::new();
        let mut members = Vec::with_capacity(parts.len());
        for (algorithm, weight, pipelines) in parts {
            let fits = pipelines.into_iter().map(|Pipeline { preprocessor, learner }| {
                let known = preprocessors.iter().position(|p| *p == preprocessor);
                let place = known.unwrap_or_else(|| {
                    preprocessors.push(preprocessor);
                    preprocessors.len() - 1
                });
                MemberFit { preprocessor: place, learner }
            });
            members.push(Member { algorithm, weight, fits: fits.collect() });
        }
        Self { preprocessors, members, stack: None, finish: Finish::default() }
    }

    /// Predictions for these rows of the columns.
    pub(crate) fn predict(
        &self,
        columns: &[&Column],
        rows: &[usize],
        control: &Control<'_>,
    ) -> Result<Predictions, AutomlError> {
        if let [row] = rows {
            return self.finish.apply(self.predict_row(columns, *row, control)?);
        }
        let mut parts = Vec::new();
        for chunk in rows.chunks(CHUNK) {
            parts.push(self.predict_chunk(columns, chunk, control)?);
        }
        self.finish.apply(Predictions::join(parts)?)
    }

    /// As [`Self::predict_chunk`] for one row, by the same additions in the same order.
    fn predict_row(
        &self,
        columns: &[&Column],
        row: usize,
        control: &Control<'_>,
    ) -> Result<Predictions, AutomlError> {
        let mut sums = vec![Vec::new(); self.count_blends()];
        let mut is_classes = false;
        for (place, preprocessor) in self.preprocessors.iter().enumerate() {
            control.check()?;
            let features = preprocessor.transform_row(columns, row)?;
            for (fit, blend, share) in self.list_fits(place) {
                let learner = fit.learner.load()?;
                is_classes = learner.is_classifier();
                let values = learner.predict_row(&features)?;
                let Some(sum) = sums.get_mut(blend) else { continue };
                sum.resize(values.len(), 0.0);
                sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += share * value);
            }
        }
        let parts = sums.into_iter().map(|sum| {
            Predictions::of_columns(sum.into_iter().map(|v| vec![v]).collect(), is_classes)
        });
        self.join_members(parts.collect::<Result<_, AutomlError>>()?)
    }

    /// One sum for all members, or one for each.
    fn count_blends(&self) -> usize {
        if self.stack.is_some() { self.members.len() } else { 1 }
    }

    /// The fits that read the features of a preprocessing, each with its sum and its share of it.
    fn list_fits(&self, preprocessor: usize) -> impl Iterator<Item = (&MemberFit, usize, f64)> {
        let is_stacked = self.stack.is_some();
        self.members.iter().enumerate().flat_map(move |(place, member)| {
            let weight = if is_stacked { 1.0 } else { member.weight };
            let share = weight / member.fits.len().max(1) as f64;
            let blend = if is_stacked { place } else { 0 };
            let own = member.fits.iter().filter(move |fit| fit.preprocessor == preprocessor);
            own.map(move |fit| (fit, blend, share))
        })
    }

    /// What the members' sums become.
    fn join_members(&self, mut parts: Vec<Predictions>) -> Result<Predictions, AutomlError> {
        match &self.stack {
            Some(stack) => stack.apply(&parts),
            None => parts.pop().ok_or_else(|| AutomlError::inconsistent("Nothing was predicted.")),
        }
    }

    fn predict_chunk(
        &self,
        columns: &[&Column],
        rows: &[usize],
        control: &Control<'_>,
    ) -> Result<Predictions, AutomlError> {
        let mut blends: Vec<Blend> = (0..self.count_blends()).map(|_| Blend::default()).collect();
        for (place, preprocessor) in self.preprocessors.iter().enumerate() {
            control.check()?;
            let features = preprocessor.transform(columns, rows)?;
            self.add_fits(place, &features, &mut blends, control)?;
        }
        let parts = blends.into_iter().map(Blend::finish);
        self.join_members(parts.collect::<Result<_, AutomlError>>()?)
    }

    /// Adds the predictions of every fit that reads these features.
    fn add_fits(
        &self,
        preprocessor: usize,
        features: &Matrix,
        blends: &mut [Blend],
        control: &Control<'_>,
    ) -> Result<(), AutomlError> {
        for (fit, blend, share) in self.list_fits(preprocessor) {
            control.check()?;
            let predictions = fit.learner.load()?.predict(features)?;
            if let Some(blend) = blends.get_mut(blend) {
                blend.add(&predictions, share);
            }
        }
        Ok(())
    }

    /// Labels of each column that training has never seen, by the place of the column.
    pub(crate) fn find_unknown(&self, columns: &[&Column]) -> Vec<(usize, Unknown)> {
        // Each fold may have missed labels that another has seen.
        let mut found: Option<Vec<(usize, Unknown)>> = None;
        for preprocessor in &self.preprocessors {
            if found.as_ref().is_some_and(Vec::is_empty) {
                break;
            }
            let unknown = preprocessor.find_unknown(columns);
            found = Some(match found {
                None => unknown,
                Some(before) => before
                    .into_iter()
                    .filter_map(|(place, known)| {
                        let (_, other) = unknown.iter().find(|(p, _)| *p == place)?;
                        let fewer = if other.labels < known.labels { other } else { &known };
                        Some((place, fewer.clone()))
                    })
                    .collect(),
            });
        }
        found.unwrap_or_default()
    }
}

/// A weighted sum of predictions.
#[derive(Debug, Default)]
pub(crate) struct Blend {
    columns: Vec<Vec<f64>>,
    is_classes: bool,
}

impl Blend {
    /// Adds predictions of the same rows.
    pub(crate) fn add(&mut self, predictions: &Predictions, weight: f64) {
        self.is_classes = matches!(predictions, Predictions::Probabilities(_));
        let pieces = predictions.as_columns();
        if self.columns.is_empty() {
            self.columns = pieces.iter().map(|piece| vec![0.0; piece.len()]).collect();
        }
        for (sum, piece) in self.columns.iter_mut().zip(pieces) {
            for (sum, value) in sum.iter_mut().zip(piece) {
                *sum += weight * value;
            }
        }
    }

    pub(crate) fn finish(self) -> Result<Predictions, AutomlError> {
        Predictions::of_columns(self.columns, self.is_classes)
    }
}
