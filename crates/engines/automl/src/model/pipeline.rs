//! Preprocessing and learner as one fitted thing.

use gantry_kit::Column;
use gantry_learn::split::Fold;
use gantry_learn::{Control, Matrix, TrainingSet, derive_labels};

use super::{Candidate, FoldRounds, StoredLearner};
use crate::error::AutomlError;
use crate::preprocess::{ClassBalance, Outliers, Preprocessor, find_inliers};
use crate::target::TargetValues;

/// Rows that are predicted at once; bounds the memory of the matrix.
const CHUNK: usize = 16_384;

/// What a model says about rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Predictions {
    /// Rows × classes; each row sums to 1.
    Probabilities(Matrix),
    /// One number a row.
    Numbers(Vec<f64>),
}

impl Predictions {
    /// The most probable class of each row; none for numbers.
    pub(crate) fn derive_classes(&self) -> Option<Vec<u32>> {
        match self {
            Self::Probabilities(probability) => Some(derive_labels(probability)),
            Self::Numbers(_) => None,
        }
    }

    /// Columns of numbers: one a class, or one.
    pub(crate) fn as_columns(&self) -> Vec<&[f64]> {
        match self {
            Self::Probabilities(p) => {
                p.columns().iter().map(gantry_learn::Column::values).collect()
            }
            Self::Numbers(values) => vec![values],
        }
    }

    /// The opposite of [`Self::as_columns`].
    pub(crate) fn from_columns(
        columns: Vec<Vec<f64>>,
        truth: &TargetValues,
    ) -> Result<Self, AutomlError> {
        Self::of_columns(columns, matches!(truth, TargetValues::Classes { .. }))
    }

    /// Probabilities by class, or one column of numbers.
    pub(crate) fn of_columns(
        columns: Vec<Vec<f64>>,
        is_classes: bool,
    ) -> Result<Self, AutomlError> {
        if is_classes {
            let columns = columns.into_iter().map(gantry_learn::Column::numeric).collect();
            return Ok(Self::Probabilities(Matrix::new(columns)?));
        }
        Ok(Self::Numbers(columns.into_iter().next().unwrap_or_default()))
    }

    /// The predictions of these rows.
    pub(crate) fn take(&self, rows: &[usize]) -> Self {
        match self {
            Self::Probabilities(p) => Self::Probabilities(p.take_rows(rows)),
            Self::Numbers(values) => Self::Numbers(gantry_learn::split::take(values, rows)),
        }
    }

    /// Predictions of rows that follow each other.
    pub(crate) fn join(mut parts: Vec<Self>) -> Result<Self, AutomlError> {
        if parts.len() == 1
            && let Some(only) = parts.pop()
        {
            return Ok(only);
        }
        let mut columns: Vec<Vec<f64>> = Vec::new();
        let mut is_classes = false;
        for part in &parts {
            is_classes = matches!(part, Self::Probabilities(_));
            let pieces = part.as_columns();
            columns.resize(pieces.len(), Vec::new());
            for (column, piece) in columns.iter_mut().zip(pieces) {
                column.extend_from_slice(piece);
            }
        }
        Self::of_columns(columns, is_classes)
    }
}

/// Held-out rows that a fit may count its rounds on, but not learn from.
pub(crate) struct Watched<'a> {
    pub(crate) x: &'a Matrix,
    pub(crate) truth: &'a TargetValues,
    /// What the fit found, where it has rounds.
    pub(crate) rounds: Option<FoldRounds>,
}

/// A fit of one fold with what is to be known of its held-out rows.
pub(crate) struct FoldFit {
    pub(crate) pipeline: Pipeline,
    pub(crate) held_out: HeldOut,
    pub(crate) rounds: Option<FoldRounds>,
}

/// What a fit says of the held-out rows of its fold.
pub(crate) enum HeldOut {
    /// It was not asked yet, as rounds may still be taken away.
    Unasked,
    Predicted(Predictions),
}

impl HeldOut {
    /// What `pipeline`, the fit that they belong to, predicts for these rows, the fold's own.
    pub(crate) fn predict(
        &self,
        pipeline: &Pipeline,
        (columns, rows): (&[&Column], &[usize]),
    ) -> Result<Predictions, AutomlError> {
        match self {
            Self::Unasked => pipeline.predict(columns, rows, &Control::unlimited()),
            Self::Predicted(predictions) => Ok(predictions.clone()),
        }
    }
}

/// Fitted preprocessing with the learner that was fitted on its features.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pipeline {
    pub(crate) preprocessor: Preprocessor,
    /// Shared, as fits may be large and belong to a model and to its explanation.
    pub(crate) learner: StoredLearner,
}

impl Pipeline {
    /// Fits preprocessing and learner to these rows of the columns. `truth` has one entry for
    /// each of `rows`.
    pub(crate) fn fit(
        candidate: &Candidate,
        columns: &[&Column],
        (rows, truth): (&[usize], &TargetValues),
        control: &Control<'_>,
    ) -> Result<Self, AutomlError> {
        let prepared = Features::fit(candidate, columns, (rows, truth), control)?;
        let data = prepared.derive_set()?;
        let learner = candidate.fit(&data, None, control)?;
        Ok(Self { preprocessor: prepared.preprocessor, learner: StoredLearner::new(learner) })
    }

    /// As [`Self::fit`] on the training rows of a fold, counting rounds on its held-out rows.
    /// Every round is kept; whoever knows the other folds decides how many stay.
    pub(crate) fn fit_fold(
        candidate: &Candidate,
        columns: &[&Column],
        fold: &Fold,
        truth: &TargetValues,
        control: &Control<'_>,
    ) -> Result<FoldFit, AutomlError> {
        let (seen, hidden) = (truth.take(&fold.train), truth.take(&fold.test));
        if !candidate.counts_rounds() {
            let pipeline = Self::fit(candidate, columns, (&fold.train, &seen), control)?;
            let predictions = pipeline.predict(columns, &fold.test, control)?;
            return Ok(FoldFit {
                pipeline,
                held_out: HeldOut::Predicted(predictions),
                rounds: None,
            });
        }
        let prepared = Features::fit(candidate, columns, (&fold.train, &seen), control)?;
        let held_out = prepared.preprocessor.transform(columns, &fold.test)?;
        let data = prepared.derive_set()?;
        let mut watched = Watched { x: &held_out, truth: &hidden, rounds: None };
        let learner = candidate.fit(&data, Some(&mut watched), control)?;
        let rounds = watched.rounds;
        let pipeline =
            Self { preprocessor: prepared.preprocessor, learner: StoredLearner::new(learner) };
        Ok(FoldFit { pipeline, held_out: HeldOut::Unasked, rounds })
    }

    /// Predictions for these rows of the columns.
    pub(crate) fn predict(
        &self,
        columns: &[&Column],
        rows: &[usize],
        control: &Control<'_>,
    ) -> Result<Predictions, AutomlError> {
        let learner = self.learner.load()?;
        let mut parts: Vec<Predictions> = Vec::new();
        for chunk in rows.chunks(CHUNK) {
            control.check()?;
            let features = self.preprocessor.transform(columns, chunk)?;
            parts.push(learner.predict(&features)?);
        }
        Predictions::join(parts)
    }
}

/// What a learner is given.
struct Features {
    preprocessor: Preprocessor,
    x: Matrix,
    truth: TargetValues,
    weights: Option<Vec<f64>>,
}

impl Features {
    fn fit(
        candidate: &Candidate,
        columns: &[&Column],
        (rows, truth): (&[usize], &TargetValues),
        control: &Control<'_>,
    ) -> Result<Self, AutomlError> {
        control.check()?;
        let options = &candidate.options;
        let how = (candidate.algorithm.encoding(), options.as_ref());
        let (preprocessor, mut x) = Preprocessor::fit_transform(columns, (rows, truth), how)?;
        control.check()?;
        let mut truth = truth.clone();
        if options.outliers == Outliers::Isolation {
            let kept = find_inliers(&x, options.outlier_share, control)?;
            x = x.take_rows(&kept);
            truth = truth.take(&kept);
        }
        let mut weights = None;
        match options.balance {
            ClassBalance::None => {}
            ClassBalance::Weights => weights = derive_weights(&truth),
            ClassBalance::Oversample => {
                let repeated = derive_repeated(&truth);
                x = x.take_rows(&repeated);
                truth = truth.take(&repeated);
            }
        }
        Ok(Self { preprocessor, x, truth, weights })
    }

    fn derive_set(&self) -> Result<TrainingSet<'_>, AutomlError> {
        let data = TrainingSet::new(&self.x, self.truth.as_learn())?;
        Ok(match &self.weights {
            Some(weights) => data.with_weights(weights)?,
            None => data,
        })
    }
}

/// Weights with which all classes count alike; none for numbers.
fn derive_weights(truth: &TargetValues) -> Option<Vec<f64>> {
    let TargetValues::Classes { codes, .. } = truth else { return None };
    let sizes = truth.class_sizes();
    let present = sizes.iter().filter(|size| **size > 0).count().max(1);
    let weight = |code: &u32| {
        let size = sizes.get(*code as usize).copied().unwrap_or(0).max(1);
        codes.len() as f64 / (present * size) as f64
    };
    Some(codes.iter().map(weight).collect())
}

/// All rows, those of smaller classes as often as it takes to match the largest.
fn derive_repeated(truth: &TargetValues) -> Vec<usize> {
    let TargetValues::Classes { codes, .. } = truth else { return (0..truth.len()).collect() };
    let sizes = truth.class_sizes();
    let largest = sizes.iter().copied().max().unwrap_or(0);
    let mut rows: Vec<usize> = (0..codes.len()).collect();
    for (class, size) in sizes.iter().enumerate().filter(|(_, size)| **size > 0) {
        let members = (0..codes.len()).filter(|row| codes[*row] as usize == class);
        rows.extend(members.cycle().take(largest - size));
    }
    rows
}
