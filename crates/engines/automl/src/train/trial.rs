//! One candidate of a search on some of the folds: its fits, and what they say of rows that they
//! have not seen.
//!
//! Invariants: folds are fitted side by side and give the same for every number of threads;
//! held-out predictions are rounded to single precision at once, so that what is kept in a
//! checkpoint equals what is kept in memory.

mod held_out;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use gantry_learn::split::Fold;
use gantry_learn::{Control, Rng, WorkMeter};
use rayon::prelude::*;

pub(super) use self::held_out::HeldOutPredictions;
use super::evaluate::{FoldScores, score_all};
use super::prepare::Prepared;
use super::shelf::Shelf;
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
    pub(super) held_out: HeldOutPredictions,
    pub(super) scores: Vec<FoldScores>,
    pub(super) units: u64,
    /// Units of the first fold's fit.
    pub(super) first_units: u64,
}

impl Trial {
    /// Bytes, about, with those of learners that lie in files; `rows` are those of a fit.
    pub(super) fn bytes(&self, rows: usize) -> usize {
        let learners = self.pipelines.iter().map(|pipeline| pipeline.learner.bytes(rows));
        learners.sum::<usize>() + self.held_out.resident_bytes()
    }

    /// As [`Self::bytes`] without what lies in files.
    pub(super) fn resident_bytes(&self, rows: usize) -> usize {
        let learners = self.pipelines.iter().map(|pipeline| pipeline.learner.resident_bytes(rows));
        learners.sum::<usize>() + self.held_out.resident_bytes()
    }

    /// Nanoseconds in which the trees of all fits predict one row, about; none without trees.
    pub(super) fn find_row_work(&self) -> Option<u64> {
        self.pipelines.iter().map(|pipeline| pipeline.learner.find_row_work()).sum()
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

/// Fits the folds at `places`, each within its limit. Large learners that are done lie on the
/// shelf.
pub(super) fn fit_folds(
    (prepared, shelf): (&Prepared, &Shelf),
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
        let mut fit = Pipeline::fit_fold(candidate, &columns, fold, truth, &control)?;
        // What learned from fewer rows will not be kept.
        if thinned.is_none() {
            shelf.put_large(&mut fit.pipeline.learner, prepared.count_fit_rows());
        }
        shelf.give_back();
        Ok(FoldRun { fold: *place, fit, units: meter.used() })
    };
    let side_by_side = if limit.alone { 1 } else { rayon::current_num_threads() };
    run_few(places, side_by_side, fit)
}

/// What `work` makes of each item, for at most `most` of them at a time: a thread that waits within
/// one would otherwise begin all the others, and hold what each of them needs.
fn run_few<I: Sync, T: Send>(
    items: &[I],
    most: usize,
    work: impl Fn(&I) -> Result<T, AutomlError> + Sync,
) -> Result<Vec<T>, AutomlError> {
    let next = AtomicUsize::new(0);
    let take_turns = |_| {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return Ok(done) };
            done.push((at, work(item)?));
        }
    };
    let parts: Vec<Vec<(usize, T)>> = (0..most.min(items.len()))
        .into_par_iter()
        .map(take_turns)
        .collect::<Result<_, AutomlError>>()?;
    let mut done: Vec<(usize, T)> = parts.into_iter().flatten().collect();
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, made)| made).collect())
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

/// Predicts the held-out rows and scores them. Large learners come to lie on the shelf.
pub(super) fn conclude(
    (prepared, shelf): (&Prepared, &Shelf),
    runs: Vec<FoldRun>,
) -> Result<Trial, AutomlError> {
    let rounds: Vec<_> = runs.iter().map(|run| run.fit.rounds).collect();
    let units = runs.iter().map(|run| run.units).sum();
    let first_units = runs.first().map_or(0, |run| run.units);
    let columns = prepared.columns();
    let finish = |(index, run): (usize, FoldRun)| {
        let FoldFit { mut pipeline, held_out, .. } = run.fit;
        if let Some(rounds) = derive_rounds(&rounds, index) {
            pipeline.learner.keep_rounds(rounds)?;
        }
        let predicted =
            held_out.predict(&pipeline, (&columns, prepared.list_held_out(run.fold)))?;
        shelf.put_large(&mut pipeline.learner, prepared.count_fit_rows());
        let rounded: Vec<Vec<f32>> = predicted
            .as_columns()
            .iter()
            .map(|column| column.iter().map(|value| *value as f32).collect())
            .collect();
        let scores = score_fold(prepared, run.fold, &rounded)?;
        drop(predicted);
        shelf.give_back();
        Ok((pipeline, rounded, scores))
    };
    let concluded: Vec<(Pipeline, Vec<Vec<f32>>, FoldScores)> =
        runs.into_par_iter().enumerate().map(finish).collect::<Result<_, AutomlError>>()?;
    let (mut pipelines, mut held_out, mut all_scores) = (Vec::new(), Vec::new(), Vec::new());
    for (pipeline, rounded, scores) in concluded {
        pipelines.push(pipeline);
        held_out.push(rounded);
        all_scores.push(scores);
    }
    let held_out = HeldOutPredictions::Memory(held_out);
    Ok(Trial { pipelines, held_out, scores: all_scores, units, first_units })
}

/// The scores of one fold's fit by itself, with as many rounds as served its own held-out rows.
pub(super) fn score_alone(prepared: &Prepared, run: &FoldRun) -> Result<FoldScores, AutomlError> {
    let mut pipeline = run.fit.pipeline.clone();
    if let Some(rounds) = run.fit.rounds {
        pipeline.learner.keep_rounds(rounds.best.max(1))?;
    }
    let rows = prepared.list_held_out(run.fold);
    let predicted = run.fit.held_out.predict(&pipeline, (&prepared.columns(), rows))?;
    score_all(&prepared.target.values.take(rows), &predicted, prepared)
}

/// The scores of predictions for the held-out rows of a fold.
pub(super) fn score_fold(
    prepared: &Prepared,
    fold: usize,
    columns: &[Vec<f32>],
) -> Result<FoldScores, AutomlError> {
    let rows = prepared.list_held_out(fold);
    let truth = prepared.target.values.take(rows);
    let columns = columns.iter().map(|c| c.iter().map(|v| f64::from(*v)).collect()).collect();
    let predictions = Predictions::from_columns(columns, &truth)?;
    score_all(&truth, &predictions, prepared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_worked_on_at_a_time_and_what_is_made_keeps_its_order() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |item: &usize| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // Where a thread waits for this, it looks for other work.
            let sum = (0..2_000_usize).into_par_iter().map(|i| i * *item).sum::<usize>();
            running.fetch_sub(1, Ordering::SeqCst);
            if *item == 77 { Err(AutomlError::inconsistent("No.")) } else { Ok(sum) }
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        let run = |count: usize, side_by_side| {
            pool.install(|| run_few(&(0..count).collect::<Vec<_>>(), side_by_side, work))
        };
        for side_by_side in 1..=3 {
            most.store(0, Ordering::SeqCst);
            let made = run(60, side_by_side).unwrap();
            assert_eq!(made, (0..60).map(|item| item * 1_999_000).collect::<Vec<_>>());
            assert!((1..=side_by_side).contains(&most.load(Ordering::SeqCst)));
        }
        assert!(run(90, 2).is_err() && run(0, 2).unwrap().is_empty());
    }
}
