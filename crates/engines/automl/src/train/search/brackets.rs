//! Candidates of chance, by successive halving: of each bracket all are tried on the first fold,
//! and the best of them on the others. Of large tables the first trial learns from a part of the
//! rows, so that more candidates are tried.

use std::time::Instant;

use gantry_engine_api::LogLevel;
use gantry_learn::LearnError;

use super::{Entry, First, Search, derive_result};
use crate::error::AutomlError;
use crate::model::{Candidate, draw_candidate};
use crate::train::checkpoint::{ModelResult, TrialNote};
use crate::train::leaderboard::mean_of;
use crate::train::report::ModelStatus;
use crate::train::trial::{FitLimit, FoldRun, fit_folds, score_alone};

/// Candidates of a bracket, and how many of them go on.
const BRACKET: usize = 6;
const PROMOTED: usize = 2;
/// Most candidates of a search.
const MOST_TRIALS: usize = 150;
/// Rows of a fold from which the first trial learns from fewer, and how many those are.
const MANY_ROWS: usize = 20_000;
const FIRST_ROWS: usize = 10_000;
/// Draws in a row that may be too expensive before the search ends.
const MOST_MISSES: usize = 12;
/// Share of the budget below which nothing new begins.
const LEAST_LEFT: f64 = 0.02;

/// A candidate of a bracket after its first fold.
pub(super) struct Begun {
    place: usize,
    candidate: Candidate,
    loss: f64,
    /// None where an earlier attempt fitted it.
    run: Option<FoldRun>,
    limit: Option<u64>,
    begin: Instant,
}

impl Search<'_> {
    pub(super) fn try_brackets(&mut self) -> Result<(), AutomlError> {
        let (mut drawn, mut misses) = (0, 0);
        let mut bracket: Vec<Begun> = Vec::new();
        while self.entries.len() < MOST_TRIALS && misses < MOST_MISSES {
            if self.purse.left() <= LEAST_LEFT * self.purse.total() {
                break;
            }
            let (rows, seed) = (self.prepared.frame.rows(), self.prepared.seed);
            let task = self.prepared.target.task;
            let mut candidate = draw_candidate(task, &self.prepared.chosen, (rows, seed), drawn);
            candidate.options = std::sync::Arc::clone(&self.prepared.options);
            candidate.aim(self.prepared.metric);
            drawn += 1;
            if !self.fits_budget(&candidate) {
                misses += 1;
                continue;
            }
            misses = 0;
            if self.depth == 1 {
                self.try_whole(self.entries.len(), &candidate)?;
            } else {
                bracket.extend(self.begin(candidate)?);
            }
            self.tell()?;
            if bracket.len() >= BRACKET {
                self.promote(std::mem::take(&mut bracket))?;
            }
        }
        self.promote(bracket)
    }

    /// Tries a candidate on the first fold.
    fn begin(&mut self, candidate: Candidate) -> Result<Option<Begun>, AutomlError> {
        let place = self.entries.len();
        let begin = Instant::now();
        let limit = self.purse.units_each(self.depth);
        if let Some(known) = self.find_known(place, &candidate) {
            let known = derive_first(known);
            self.purse.add_units(known.trial.as_ref().map_or(0, |trial| trial.units));
            let loss = known.trial.as_ref().and_then(|trial| trial.first_loss);
            let loss = loss.unwrap_or(f64::INFINITY);
            let is_known = !known.scores.is_empty();
            self.entries.push(Entry { candidate: candidate.clone(), result: known, kept: None });
            let begun = Begun { place, candidate, loss, run: None, limit, begin };
            return Ok(is_known.then_some(begun));
        }
        let mut result = derive_result(&candidate, ModelStatus::Skipped);
        result.message = Some("others were better on the first fold".to_owned());
        let mut begun = None;
        match self.fit_first(&candidate, limit) {
            Ok(run) => {
                self.purse.add_units(run.units);
                result.scores = vec![score_alone(self.prepared, &run)?];
                result.fit_seconds = begin.elapsed().as_secs_f64();
                let (spent, units) = (self.purse.spent(), run.units);
                let loss = self.derive_first_loss(&result);
                let mut note = TrialNote::of_first(spent, units, limit);
                note.first_loss = loss.is_finite().then_some(loss);
                result.trial = Some(note);
                let candidate = candidate.clone();
                begun = Some(Begun { place, candidate, loss, run: Some(run), limit, begin });
            }
            Err(AutomlError::Learn(error)) if error != LearnError::Cancelled => {
                let line = format!("{} failed: {error}.", candidate.algorithm.title());
                self.job.log(LogLevel::Warning, line);
                result.status = ModelStatus::Failed;
                result.message = Some(error.to_string());
            }
            Err(other) => return Err(other),
        }
        self.is_new = true;
        self.entries.push(Entry { candidate, result, kept: None });
        Ok(begun)
    }

    fn fit_first(&self, candidate: &Candidate, limit: Option<u64>) -> Result<FoldRun, AutomlError> {
        let limit = FitLimit { rows: self.find_first_rows(), ..self.limit_fits(limit) };
        let runs = fit_folds(self.prepared, candidate, &[0], (&self.control, limit))?;
        let first = runs.into_iter().next();
        first.ok_or_else(|| AutomlError::inconsistent("The first fold gave no fit."))
    }

    /// Rows that first trials learn from; none for all of them.
    fn find_first_rows(&self) -> Option<usize> {
        (self.size().rows > MANY_ROWS).then_some(FIRST_ROWS)
    }

    fn derive_first_loss(&self, result: &ModelResult) -> f64 {
        let metric = self.prepared.metric;
        let first = result.scores.get(..1).and_then(|scores| mean_of(metric, scores));
        let sign = if metric.greater_is_better() { -1.0 } else { 1.0 };
        first.map_or(f64::INFINITY, |mean| sign * mean)
    }

    /// Tries the best of a bracket on the other folds.
    fn promote(&mut self, mut bracket: Vec<Begun>) -> Result<(), AutomlError> {
        bracket.sort_by(|a, b| a.loss.total_cmp(&b.loss).then(a.place.cmp(&b.place)));
        bracket.truncate(PROMOTED);
        for begun in bracket {
            if self.purse.left() <= 0.0 {
                return Ok(());
            }
            let Begun { place, candidate, run, limit, begin, .. } = begun;
            let first = self.entries.get(place).and_then(|entry| entry.result.trial.as_ref());
            let first = first.map_or(0, |trial| trial.units);
            let known = self.find_known(place, &candidate);
            if let Some(known) = known.filter(|known| known.status == ModelStatus::Done) {
                self.take_known(Some(place), &candidate, known, first);
            } else {
                let is_apart = self.find_first_rows().is_some();
                let begun = run.into_iter().filter(|_| !is_apart).collect();
                let first = First { counted: first, apart: if is_apart { first } else { 0 } };
                let outcome = self.run_folds(&candidate, begun, limit);
                self.conclude((place, first), &candidate, (outcome, limit), begin)?;
            }
            self.tell()?;
        }
        Ok(())
    }
}

/// What was known of a candidate after its first fold.
fn derive_first(mut known: ModelResult) -> ModelResult {
    if known.status == ModelStatus::Done {
        known.status = ModelStatus::Skipped;
        known.message = Some("others were better on the first fold".to_owned());
        known.scores.truncate(1);
        if let Some(trial) = &mut known.trial {
            trial.units = trial.first_units;
            trial.voice.clear();
        }
    }
    known
}
