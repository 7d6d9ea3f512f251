//! Scoring a candidate on rows that it has not seen.

use gantry_learn::Control;
use gantry_learn::metrics::ConfusionMatrix;

use super::prepare::Prepared;
use crate::error::AutomlError;
use crate::metric::Metric;
use crate::model::{Candidate, Finish, Pipeline, Predictions};
use crate::target::TargetValues;

/// The scores of one fold, in the order of [`Metric::all_of`].
pub(crate) type FoldScores = Vec<(Metric, Option<f64>)>;

/// A candidate after cross-validation.
pub(crate) struct Evaluated {
    /// One fit a fold.
    pub(crate) pipelines: Vec<Pipeline>,
    /// What each row was predicted by the fit that had not seen it.
    pub(crate) out_of_fold: Predictions,
    pub(crate) scores: Vec<FoldScores>,
    /// All members of an ensemble; empty where there is one model alone.
    pub(crate) members: Vec<WeighedFits>,
}

/// A member of an ensemble, for explanations.
pub(crate) struct WeighedFits {
    pub(crate) weight: f64,
    /// One fit a fold.
    pub(crate) pipelines: Vec<Pipeline>,
}

/// Fits on all folds but one and scores on that one, for every fold; `tell` hears each fold's
/// scores, and may end the work.
pub(crate) fn cross_validate(
    prepared: &Prepared,
    candidate: &Candidate,
    control: &Control<'_>,
    mut tell: impl FnMut(usize, &FoldScores) -> Result<(), AutomlError>,
) -> Result<Evaluated, AutomlError> {
    let columns = prepared.columns();
    let truth = &prepared.target.values;
    let width = truth.labels().len().max(1);
    let mut gathered = vec![vec![0.0; truth.len()]; width];
    let mut pipelines = Vec::with_capacity(prepared.folds.len());
    let mut scores = Vec::with_capacity(prepared.folds.len());
    for (index, fold) in prepared.folds.iter().enumerate() {
        let seen = truth.take(&fold.train);
        let pipeline = Pipeline::fit(candidate, &columns, (&fold.train, &seen), control)?;
        let predictions = pipeline.predict(&columns, &fold.test, control)?;
        for (column, piece) in gathered.iter_mut().zip(predictions.as_columns()) {
            for (row, value) in fold.test.iter().zip(piece) {
                if let Some(slot) = column.get_mut(*row) {
                    *slot = *value;
                }
            }
        }
        let held_out = truth.take(&fold.test);
        let fold_scores = score_all(&held_out, &predictions, prepared)?;
        tell(index, &fold_scores)?;
        scores.push(fold_scores);
        pipelines.push(pipeline);
    }
    let out_of_fold = Predictions::from_columns(gathered, truth)?;
    Ok(Evaluated { pipelines, out_of_fold, scores, members: Vec::new() })
}

pub(super) fn score_all(
    truth: &TargetValues,
    predictions: &Predictions,
    prepared: &Prepared,
) -> Result<FoldScores, AutomlError> {
    score_decided(truth, predictions, (prepared, &Finish::default()))
}

/// As [`score_all`], with the classes that `finish` decides for.
pub(super) fn score_decided(
    truth: &TargetValues,
    predictions: &Predictions,
    (prepared, finish): (&Prepared, &Finish),
) -> Result<FoldScores, AutomlError> {
    Metric::list(prepared.target.task, prepared.metric)
        .iter()
        .map(|metric| Ok((*metric, metric.score_decided(truth, predictions, finish)?)))
        .collect()
}

/// Counts of (true class, predicted class); none for numbers.
pub(crate) fn find_confusion(
    truth: &TargetValues,
    predictions: &Predictions,
) -> Result<Option<Vec<Vec<u64>>>, AutomlError> {
    let (TargetValues::Classes { labels, codes }, Some(predicted)) =
        (truth, predictions.derive_classes())
    else {
        return Ok(None);
    };
    let matrix = ConfusionMatrix::new(codes, &predicted, labels.len(), None)?;
    Ok(Some(matrix.rows().map(|row| row.iter().map(|count| *count as u64).collect()).collect()))
}
