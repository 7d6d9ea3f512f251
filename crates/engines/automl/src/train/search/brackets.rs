//! Candidates of chance, by successive halving: of each bracket all are tried on the first fold,
//! and the best of them on the others. Of large tables the first trial learns from a part of the
//! rows, so that more candidates are tried.

use std::ops::ControlFlow;
use std::time::Instant;

use gantry_learn::LearnError;

use super::{Ask, Entry, First, Next, Part, Search, Source, derive_result, find_candidate};
use crate::error::AutomlError;
use crate::model::Candidate;
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

/// Why a candidate was tried on the first fold alone.
const FELL_BEHIND: &str = "others were better on the first fold";

/// A candidate of a bracket after its first fold.
pub(super) struct Begun {
    place: usize,
    source: Source,
    candidate: Candidate,
    loss: f64,
    /// None where an earlier attempt fitted it, or it is none of the folds'.
    run: Option<FoldRun>,
    limit: Option<u64>,
    begin: Instant,
}

impl Begun {
    fn derive_next(&self) -> Next {
        let (index, source, limit) = (self.place, self.source, self.limit);
        Next { index, source, candidate: self.candidate.clone(), limit }
    }
}

impl Search<'_> {
    pub(super) fn try_brackets(&mut self) -> Result<ControlFlow<Vec<Ask>>, AutomlError> {
        let (mut drawn, mut misses) = (0_u64, 0);
        let mut bracket: Vec<Begun> = Vec::new();
        while self.entries.len() < MOST_TRIALS && misses < MOST_MISSES {
            if self.purse.left() <= LEAST_LEFT * self.purse.total() {
                break;
            }
            let source = Source::Drawn(drawn);
            let Some(candidate) = find_candidate(self.prepared, source) else { break };
            drawn += 1;
            if !self.fits_budget(&candidate) {
                misses += 1;
                continue;
            }
            misses = 0;
            let part = if self.depth == 1 { Part::All } else { Part::First };
            let next = self.list_next((source, &candidate), (drawn, bracket.len()));
            if let ControlFlow::Break(asks) = self.ask(part, &next) {
                return Ok(ControlFlow::Break(asks));
            }
            match part {
                Part::All => self.try_whole(source, &candidate)?,
                Part::First => bracket.extend(self.begin(source, candidate)?),
            }
            self.tell()?;
            if bracket.len() >= BRACKET
                && let ControlFlow::Break(asks) = self.promote(std::mem::take(&mut bracket))?
            {
                return Ok(ControlFlow::Break(asks));
            }
        }
        self.promote(bracket)
    }

    /// A candidate and those that will be begun after it in the same bracket, with their places
    /// among the entries.
    fn list_next(
        &self,
        (source, candidate): (Source, &Candidate),
        (drawn, begun): (u64, usize),
    ) -> Vec<Next> {
        let limit = self.purse.units_each(self.depth);
        let index = self.entries.len();
        let mut next = vec![Next { index, source, candidate: candidate.clone(), limit }];
        if !self.may_ask() {
            return next;
        }
        for number in drawn..drawn + (BRACKET + MOST_MISSES) as u64 {
            if begun + next.len() >= BRACKET {
                break;
            }
            let source = Source::Drawn(number);
            let found = find_candidate(self.prepared, source);
            if let Some(candidate) = found.filter(|candidate| self.fits_budget(candidate)) {
                next.push(Next { index: index + next.len(), source, candidate, limit });
            }
        }
        next
    }

    /// Tries a candidate on the first fold.
    fn begin(
        &mut self,
        source: Source,
        candidate: Candidate,
    ) -> Result<Option<Begun>, AutomlError> {
        let place = self.entries.len();
        let begin = Instant::now();
        let limit = self.purse.units_each(self.depth);
        let mut known = self.find_known(place, &candidate);
        if known.is_none() {
            known = self.find_answer((source, Part::First), &candidate, limit);
            self.is_new |= known.is_some();
            known.iter().for_each(|answer| self.warn_of_failure(answer));
        }
        if let Some(known) = known {
            let known = derive_first(known);
            self.purse.add_units(known.trial.as_ref().map_or(0, |trial| trial.units));
            let loss = known.trial.as_ref().and_then(|trial| trial.first_loss);
            let loss = loss.unwrap_or(f64::INFINITY);
            let is_known = known.trial.is_some();
            self.entries.push(Entry { candidate: candidate.clone(), result: known, kept: None });
            let begun = Begun { place, source, candidate, loss, run: None, limit, begin };
            return Ok(is_known.then_some(begun));
        }
        let (result, run) = self.try_first(&candidate, limit, begin)?;
        self.purse.add_units(result.trial.as_ref().map_or(0, |trial| trial.units));
        let loss = result.trial.as_ref().and_then(|trial| trial.first_loss);
        let loss = loss.unwrap_or(f64::INFINITY);
        self.is_new = true;
        self.entries.push(Entry { candidate: candidate.clone(), result, kept: None });
        let Some(mut run) = run else { return Ok(None) };
        self.shelf.put_large(&mut run.fit.pipeline.learner, self.size().rows);
        // A fit that learned from fewer rows is none of the folds'.
        let run = Some(run).filter(|_| self.find_first_rows().is_none());
        Ok(Some(Begun { place, source, candidate, loss, run, limit, begin }))
    }

    /// Fits a candidate to the first fold and says how good it is there.
    pub(super) fn try_first(
        &self,
        candidate: &Candidate,
        limit: Option<u64>,
        begin: Instant,
    ) -> Result<(ModelResult, Option<FoldRun>), AutomlError> {
        let mut result = derive_result(candidate, ModelStatus::Skipped);
        result.message = Some(FELL_BEHIND.to_owned());
        match self.fit_first(candidate, limit) {
            Ok(run) => {
                result.scores = vec![score_alone(self.prepared, &run)?];
                result.fit_seconds = begin.elapsed().as_secs_f64();
                let loss = self.derive_first_loss(&result);
                let mut note = TrialNote::of_first(self.purse.spent(), run.units, limit);
                note.first_loss = loss.is_finite().then_some(loss);
                result.trial = Some(note);
                Ok((result, Some(run)))
            }
            Err(AutomlError::Learn(error)) if error != LearnError::Cancelled => {
                result.status = ModelStatus::Failed;
                result.message = Some(error.to_string());
                self.warn_of_failure(&result);
                Ok((result, None))
            }
            Err(other) => Err(other),
        }
    }

    fn fit_first(&self, candidate: &Candidate, limit: Option<u64>) -> Result<FoldRun, AutomlError> {
        let limit = FitLimit { rows: self.find_first_rows(), ..self.limit_fits(candidate, limit) };
        let within = (&self.control, limit);
        let runs = fit_folds((self.prepared, &self.shelf), candidate, &[0], within)?;
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
    fn promote(&mut self, mut bracket: Vec<Begun>) -> Result<ControlFlow<Vec<Ask>>, AutomlError> {
        bracket.sort_by(|a, b| a.loss.total_cmp(&b.loss).then(a.place.cmp(&b.place)));
        bracket.truncate(PROMOTED);
        let chosen: Vec<Next> = bracket.iter().map(Begun::derive_next).collect();
        for (rank, begun) in bracket.into_iter().enumerate() {
            if self.purse.left() <= 0.0 {
                break;
            }
            let next = chosen.get(rank..).unwrap_or_default();
            if let ControlFlow::Break(asks) = self.ask(Part::All, next) {
                return Ok(ControlFlow::Break(asks));
            }
            let Begun { place, source, candidate, run, limit, begin, .. } = begun;
            let first = self.entries.get(place).and_then(|entry| entry.result.trial.as_ref());
            let first = first.map_or(0, |trial| trial.units);
            let is_apart = self.find_first_rows().is_some();
            let first = First { counted: first, apart: if is_apart { first } else { 0 } };
            let known = self.find_known(place, &candidate);
            if let Some(known) = known.filter(|known| known.status != ModelStatus::Skipped) {
                self.take_known(Some(place), &candidate, known, first.counted);
            } else if let Some(answer) = self.find_answer((source, Part::All), &candidate, limit) {
                let answer = self.complete(place, first, answer);
                self.take_answer(Some(place), &candidate, answer, first.counted);
            } else {
                let begun = run.into_iter().filter(|_| !is_apart).collect();
                let outcome = self.run_folds(&candidate, begun, limit);
                self.conclude((place, first), &candidate, (outcome, limit), begin)?;
            }
            self.tell()?;
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// What was known of a candidate after its first fold; what failed there stays as it is.
fn derive_first(mut known: ModelResult) -> ModelResult {
    if let Some(trial) = &mut known.trial {
        trial.units = trial.first_units;
        trial.voice.clear();
        known.status = ModelStatus::Skipped;
        known.message = Some(FELL_BEHIND.to_owned());
        known.scores.truncate(1);
    }
    known
}
