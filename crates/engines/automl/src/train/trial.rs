//! One candidate of a search on some of the folds: its fits, and what they say of rows that they
//! have not seen.
//!
//! Invariants: folds are fitted side by side and give the same for every number of threads;
//! held-out predictions are rounded to single precision at once, so that what is kept in a
//! checkpoint equals what is kept in memory.

use std::sync::Arc;
use std::time::Instant;

use gantry_learn::split::Fold;
use gantry_learn::{Control, Rng, WorkMeter};
use rayon::prelude::*;

use super::evaluate::{FoldScores, score_all};
use super::prepare::Prepared;
use crate::error::AutomlError;
use crate::model::{Candidate, FoldFit, Pipeline, Predictions, derive_rounds};

/// A fit of one fold with its cost.
pub(super) struct FoldRun {
    pub(super) fold: usize,
    pub(super) fit: FoldFit,
    pub(super) units: u64,
}

/// A candidate after the folds that were asked for.
pub(super) struct Trial {
    pub(super) pipelines: Vec<Pipeline>,
    /// Held-out predictions by fold: one column a class, or one; rows as in the fold's test part.
    pub(super) held_out: Vec<Vec<Vec<f32>>>,
    pub(super) scores: Vec<FoldScores>,
    pub(super) units: u64,
    /// Units of the first fold's fit.
    pub(super) first_units: u64,
}

impl Trial {
    /// Bytes in memory, about.
    pub(super) fn bytes(&self, rows: usize) -> usize {
        let learners = self.pipelines.iter().map(|pipeline| pipeline.learner.bytes(rows));
        learners.sum::<usize>() + self.held_out.iter().flatten().map(|c| 4 * c.len()).sum::<usize>()
    }
}

/// What each fit may spend; fits that add to their model step by step return what they have.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FitLimit {
    pub(super) units: Option<u64>,
    /// From the fit's own beginning.
    pub(super) seconds: Option<f64>,
    /// For all fits together.
    pub(super) deadline: Option<Instant>,
    /// Rows that each fit may learn from, drawn at random from those of its fold.
    pub(super) rows: Option<usize>,
    /// One fit after the other.
    pub(super) alone: bool,
}

impl FitLimit {
    fn is_over(&self, begun: Instant) -> bool {
        self.deadline.is_some_and(|end| Instant::now() >= end)
            || self.seconds.is_some_and(|most| begun.elapsed().as_secs_f64() > most)
    }
}

/// Fits the folds at `places`, each within its limit.
pub(super) fn fit_folds(
    prepared: &Prepared,
    candidate: &Candidate,
    places: &[usize],
    (control, limit): (&Control<'_>, FitLimit),
) -> Result<Vec<FoldRun>, AutomlError> {
    let columns = prepared.columns();
    let truth = &prepared.target.values;
    let fit = |place: &usize| {
        let fold = prepared
            .folds
            .get(*place)
            .ok_or_else(|| AutomlError::inconsistent("There is no such fold."))?;
        // Each fit has a meter of its own: one for all would make them depend on each other's
        // timing.
        let meter = WorkMeter::new(limit.units.unwrap_or(u64::MAX));
        let begun = Instant::now();
        let is_over = || limit.is_over(begun);
        let mut control = control.with_work(&meter);
        if limit.seconds.is_some() || limit.deadline.is_some() {
            control = control.with_wrap_up(&is_over);
        }
        let thinned = limit.rows.and_then(|most| thin(fold, most, prepared.seed));
        let fold = thinned.as_ref().unwrap_or(fold);
        let fit = Pipeline::fit_fold(candidate, &columns, fold, truth, &control)?;
        Ok(FoldRun { fold: *place, fit, units: meter.used() })
    };
    if limit.alone {
        return places.iter().map(fit).collect();
    }
    places.par_iter().map(fit).collect()
}

/// A fold that learns from fewer rows; none where it has no more than that.
fn thin(fold: &Fold, most: usize, seed: u64) -> Option<Fold> {
    if fold.train.len() <= most {
        return None;
    }
    let mut train = fold.train.clone();
    Rng::new(seed ^ 0x7417).shuffle(&mut train);
    train.truncate(most);
    train.sort_unstable();
    Some(Fold { train, test: fold.test.clone() })
}

/// Predicts the held-out rows and scores them.
pub(super) fn conclude(prepared: &Prepared, runs: Vec<FoldRun>) -> Result<Trial, AutomlError> {
    let rounds: Vec<_> = runs.iter().map(|run| run.fit.rounds).collect();
    let units = runs.iter().map(|run| run.units).sum();
    let first_units = runs.first().map_or(0, |run| run.units);
    let finish = |(index, run): (usize, FoldRun)| {
        let FoldFit { mut pipeline, held_out, .. } = run.fit;
        if let Some(rounds) = derive_rounds(&rounds, index) {
            Arc::make_mut(&mut pipeline.learner).keep_rounds(rounds);
        }
        let predicted = held_out.predict(&pipeline.learner)?;
        let rounded: Vec<Vec<f32>> = predicted
            .as_columns()
            .iter()
            .map(|column| column.iter().map(|value| *value as f32).collect())
            .collect();
        let scores = score_fold(prepared, run.fold, &rounded)?;
        Ok((pipeline, rounded, scores))
    };
    let concluded: Vec<(Pipeline, Vec<Vec<f32>>, FoldScores)> =
        runs.into_par_iter().enumerate().map(finish).collect::<Result<_, AutomlError>>()?;
    let mut trial = Trial {
        pipelines: Vec::new(),
        held_out: Vec::new(),
        scores: Vec::new(),
        units,
        first_units,
    };
    for (pipeline, rounded, scores) in concluded {
        trial.pipelines.push(pipeline);
        trial.held_out.push(rounded);
        trial.scores.push(scores);
    }
    Ok(trial)
}

/// The scores of one fold's fit by itself, with as many rounds as served its own held-out rows.
pub(super) fn score_alone(prepared: &Prepared, run: &FoldRun) -> Result<FoldScores, AutomlError> {
    let mut learner = Arc::clone(&run.fit.pipeline.learner);
    if let Some(rounds) = run.fit.rounds {
        Arc::make_mut(&mut learner).keep_rounds(rounds.best.max(1));
    }
    let predicted = run.fit.held_out.predict(&learner)?;
    let rows = prepared.folds.get(run.fold).map_or(&[][..], |fold| &fold.test);
    score_all(&prepared.target.values.take(rows), &predicted, prepared)
}

/// The scores of predictions for the held-out rows of a fold.
pub(super) fn score_fold(
    prepared: &Prepared,
    fold: usize,
    columns: &[Vec<f32>],
) -> Result<FoldScores, AutomlError> {
    let rows = prepared.folds.get(fold).map_or(&[][..], |fold| &fold.test);
    let truth = prepared.target.values.take(rows);
    let columns = columns.iter().map(|c| c.iter().map(|v| f64::from(*v)).collect()).collect();
    let predictions = Predictions::from_columns(columns, &truth)?;
    score_all(&truth, &predictions, prepared)
}
