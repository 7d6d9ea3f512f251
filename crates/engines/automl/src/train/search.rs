//! The search: candidates of a list and then of chance are tried on the folds, as long as the
//! budget lasts, and the best ones share the prediction.
//!
//! Invariants: no candidate begins whose forecast does not fit into what is left; the n-th trial
//! depends on the trials before it alone, so that a search that counts units repeats itself, after
//! a resumption too; what a checkpoint holds equals what memory holds.

mod assemble;
mod brackets;
mod layer;
mod memory;

use std::time::Instant;

use gantry_engine_api::{BlockingContext, LogLevel};
use gantry_learn::{Control, LearnError};

use super::bill::Bill;
use super::budget::Purse;
use super::checkpoint::{self, ModelResult, TrialNote};
use super::evaluate::{Evaluated, FoldScores};
use super::forecast::{FitSize, Forecast};
use super::leaderboard::mean_of;
use super::prepare::Prepared;
use super::report::{Leaderboard, ModelStatus};
use super::trial::{FitLimit, FoldRun, Trial, conclude, fit_folds};
use crate::error::AutomlError;
use crate::model::{Candidate, Ensemble};

/// Shares of the job's progress before and after the trials.
const PROGRESS_BEFORE: f64 = 0.06;
const PROGRESS_AFTER: f64 = 0.85;
/// Cells from which the first fold of an unknown cost is tried alone.
const LARGE: usize = 60_000;
/// What the remaining folds cost more than the first one alone, for each of them: they share the
/// threads.
const SHARED_COST: f64 = 0.8;
/// Share of the budget that all folds of one candidate may take before folds are given up.
const MOST_SHARE: f64 = 0.45;

/// Share of the time that all folds of one candidate take at most.
const MOST_SHARE_OF_FITS: f64 = 0.25;

/// One candidate with its outcome.
pub(super) struct Entry {
    pub(super) candidate: Candidate,
    pub(super) result: ModelResult,
    /// Its fits, as long as there is room for them and this attempt made them.
    kept: Option<Trial>,
}

/// Units of a candidate's first fit, which decided whether it went on.
#[derive(Debug, Clone, Copy, Default)]
struct First {
    /// They are in the purse already.
    counted: u64,
    /// The same where that fit learned from fewer rows and is none of the folds'.
    apart: u64,
}

/// What the search found.
pub(super) struct Found {
    pub(super) ensemble: Ensemble,
    /// The best single model's fits with the held-out predictions of the whole ensemble.
    pub(super) evaluated: Evaluated,
    pub(super) board: Leaderboard,
    /// Candidates that work went into.
    pub(super) tried: u64,
    /// Folds that were used; the first ones.
    pub(super) folds: usize,
    /// The best single model with its scores on the first fold; none where folds were given up.
    pub(super) leader: Option<(Candidate, FoldScores)>,
}

pub(super) struct Search<'a> {
    pub(super) job: &'a BlockingContext,
    pub(super) prepared: &'a Prepared,
    pub(super) control: Control<'a>,
    pub(super) purse: &'a Purse,
    pub(super) bill: &'a Bill<'a>,
    entries: Vec<Entry>,
    earlier: Vec<ModelResult>,
    forecast: Forecast,
    /// Folds that trials use.
    depth: usize,
    /// For each fold, the places in its test part that choose the weights.
    sample: Vec<Vec<usize>>,
    /// Something was tried that no checkpoint holds.
    is_new: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        (job, prepared): (&'a BlockingContext, &'a Prepared),
        control: Control<'a>,
        (purse, bill): (&'a Purse, &'a Bill<'a>),
    ) -> Self {
        let earlier = checkpoint::find_results(job, prepared);
        let spent = earlier.iter().filter_map(|result| result.trial.as_ref()).map(|t| t.spent);
        if purse.is_timed() {
            purse.add_earlier(spent.fold(0.0, f64::max));
        }
        Self {
            job,
            prepared,
            control,
            purse,
            bill,
            entries: Vec::new(),
            earlier,
            forecast: Forecast::default(),
            depth: prepared.folds.len(),
            sample: memory::draw_sample(prepared),
            is_new: false,
        }
    }

    pub(super) fn run(mut self) -> Result<Found, AutomlError> {
        for candidate in &self.prepared.candidates {
            if !self.fits_budget(candidate) {
                self.skip(candidate, "the time or work that is left is too little");
                continue;
            }
            let index = self.entries.len();
            self.try_whole(index, candidate)?;
            self.tell()?;
        }
        if self.purse.is_limited() {
            self.try_brackets()?;
        }
        self.job.log(LogLevel::Info, format!("{} of the search.", self.purse.describe()));
        self.assemble()
    }

    /// Whether a candidate may begin. The first one always may.
    fn fits_budget(&self, candidate: &Candidate) -> bool {
        let has_one = self.entries.iter().any(|e| e.result.status == ModelStatus::Done);
        if !has_one || !self.purse.is_limited() {
            return true;
        }
        let left = self.purse.left();
        match self.forecast.find(candidate, self.size()) {
            Some(cost) => cost <= left,
            None => left > 0.03 * self.purse.total(),
        }
    }

    fn size(&self) -> FitSize {
        let fold = self.prepared.folds.first();
        FitSize {
            rows: fold.map_or(0, |fold| fold.train.len()),
            columns: self.prepared.plan.used.len(),
            outputs: match self.prepared.target.values.labels().len() {
                0..=2 => 1,
                classes => classes,
            },
        }
    }

    fn skip(&mut self, candidate: &Candidate, why: &str) {
        let mut result = derive_result(candidate, ModelStatus::Skipped);
        result.message = Some(why.to_owned());
        self.entries.push(Entry { candidate: candidate.clone(), result, kept: None });
    }

    /// Tries a candidate on all folds in use, unless an earlier attempt did.
    fn try_whole(&mut self, index: usize, candidate: &Candidate) -> Result<(), AutomlError> {
        if let Some(known) = self.find_known(index, candidate) {
            self.take_known(None, candidate, known, 0);
            return Ok(());
        }
        let begin = Instant::now();
        let limit = self.purse.units_each(self.depth);
        let outcome = self.run_folds(candidate, Vec::new(), limit);
        self.conclude((index, First::default()), candidate, (outcome, limit), begin)
    }

    fn find_known(&self, index: usize, candidate: &Candidate) -> Option<ModelResult> {
        let known = self.earlier.get(index)?;
        (known.algorithm == candidate.algorithm).then(|| known.clone())
    }

    /// Takes over what an earlier attempt found, in the place of an entry or as a new one;
    /// `counted` units of it are in the purse already.
    fn take_known(
        &mut self,
        place: Option<usize>,
        candidate: &Candidate,
        known: ModelResult,
        counted: u64,
    ) {
        if let Some(trial) = &known.trial
            && known.status == ModelStatus::Done
        {
            self.purse.add_units(trial.units.saturating_sub(counted));
            self.depth = self.depth.min(known.scores.len().max(1));
            self.note_cost(candidate, known.scores.len(), (trial.units, known.fit_seconds));
        }
        self.put(place, Entry { candidate: candidate.clone(), result: known, kept: None });
    }

    fn put(&mut self, place: Option<usize>, entry: Entry) {
        match place.and_then(|place| self.entries.get_mut(place)) {
            Some(slot) => *slot = entry,
            None => self.entries.push(entry),
        }
    }

    /// Fits the folds that `begun` lacks. Where the cost is not known and the table large, the
    /// first fold goes alone and tells what the others will cost.
    fn run_folds(
        &mut self,
        candidate: &Candidate,
        mut begun: Vec<FoldRun>,
        limit: Option<u64>,
    ) -> Result<Vec<FoldRun>, AutomlError> {
        let size = self.size();
        let is_unknown = self.forecast.find(candidate, size).is_none();
        let limit = self.limit_fits(limit);
        if begun.is_empty()
            && is_unknown
            && self.purse.is_limited()
            && size.rows * size.columns > LARGE
        {
            let start = self.purse.spent();
            begun = fit_folds(self.prepared, candidate, &[0], (&self.control, limit))?;
            let units: u64 = begun.iter().map(|run| run.units).sum();
            let cost =
                if self.purse.is_timed() { self.purse.spent() - start } else { units as f64 };
            self.limit_depth(cost);
        }
        let places: Vec<usize> = (begun.len()..self.depth).collect();
        let mut runs = begun;
        runs.extend(fit_folds(self.prepared, candidate, &places, (&self.control, limit))?);
        Ok(runs)
    }

    /// What each fit of a candidate may spend, so that none takes the time of many others.
    fn limit_fits(&self, units: Option<u64>) -> FitLimit {
        let side_by_side = usize::from(self.job.threads()).max(1);
        let waves = self.depth.div_ceil(side_by_side).max(1) as f64;
        let seconds = MOST_SHARE_OF_FITS * self.purse.total() / waves;
        FitLimit {
            units,
            seconds: self.purse.is_timed().then_some(seconds),
            deadline: self.purse.deadline(),
            rows: None,
        }
    }

    /// Gives up folds where all of them would take too much of the budget.
    fn limit_depth(&mut self, cost: f64) {
        let fold = if self.purse.is_timed() { SHARED_COST * cost } else { cost };
        let most = MOST_SHARE * self.purse.total().min(self.purse.left() + cost);
        let whole = cost + fold * (self.depth as f64 - 1.0);
        if whole > most && fold > 0.0 {
            let fitting = 1.0 + ((most - cost) / fold).max(0.0).floor();
            self.depth = self.depth.min(fitting as usize).max(1);
        }
    }

    fn conclude(
        &mut self,
        (index, first): (usize, First),
        candidate: &Candidate,
        (outcome, limit): (Result<Vec<FoldRun>, AutomlError>, Option<u64>),
        begin: Instant,
    ) -> Result<(), AutomlError> {
        let concluded = outcome.and_then(|runs| conclude(self.prepared, runs));
        let mut result = derive_result(candidate, ModelStatus::Done);
        result.fit_seconds = begin.elapsed().as_secs_f64();
        let mut kept = None;
        match concluded {
            Ok(trial) => {
                let units = trial.units + first.apart;
                self.purse.add_units(units.saturating_sub(first.counted));
                result.scores = trial.scores.clone();
                self.note_cost(candidate, trial.scores.len(), (units, result.fit_seconds));
                result.trial = Some(TrialNote {
                    spent: self.purse.spent(),
                    units,
                    first_units: if first.apart > 0 { first.apart } else { trial.first_units },
                    first_loss: self.find_first_loss(index),
                    limit,
                    voice: self.write_voice(&trial),
                });
                kept = Some(trial);
            }
            Err(AutomlError::Learn(error)) if error != LearnError::Cancelled => {
                let title = candidate.algorithm.title();
                self.job.log(LogLevel::Warning, format!("{title} failed: {error}."));
                result.status = ModelStatus::Failed;
                result.message = Some(error.to_string());
            }
            Err(other) => return Err(other),
        }
        self.is_new = true;
        self.put(Some(index), Entry { candidate: candidate.clone(), result, kept });
        self.drop_worst();
        self.silence_worst();
        Ok(())
    }

    /// The loss with which the entry at `place` went on after its first fold.
    fn find_first_loss(&self, place: usize) -> Option<f64> {
        self.entries.get(place)?.result.trial.as_ref()?.first_loss
    }

    /// What all folds in use cost, from what some cost.
    fn note_cost(&mut self, candidate: &Candidate, folds: usize, (units, seconds): (u64, f64)) {
        let cost = if self.purse.is_timed() { seconds } else { units as f64 };
        let whole = cost * self.depth as f64 / folds.max(1) as f64;
        self.forecast.note(candidate, self.size(), whole);
    }

    /// Says how the search is going, keeps it, and charges for it.
    fn tell(&mut self) -> Result<(), AutomlError> {
        self.job.check_cancelled()?;
        let results: Vec<ModelResult> = self.entries.iter().map(|e| e.result.clone()).collect();
        let tried = super::bill::count_tried(&results);
        let metric = self.prepared.metric;
        let best = self.find_leader().and_then(|place| self.entries.get(place));
        if let Some(score) = best.and_then(|best| mean_of(metric, &best.result.scores)) {
            self.job.metric("best_score", tried, score);
        }
        if let Some(last) = self.entries.last() {
            let score = mean_of(metric, &last.result.scores);
            let shown = score.map_or_else(|| "no score".to_owned(), |s| format!("{s:.5}"));
            let line = format!(
                "Model {}, {}: {} {shown}",
                self.entries.len(),
                last.candidate.algorithm.as_str(),
                metric.title()
            );
            self.job.log(LogLevel::Info, line);
        }
        if let Ok(value) = serde_json::to_value(self.derive_board(None)) {
            self.job.publish_partial("leaderboard", value);
        }
        let listed = self.prepared.candidates.len().max(1) as f64;
        let share = if self.purse.is_limited() {
            self.purse.share()
        } else {
            (self.entries.len() as f64 / listed).min(1.0)
        };
        self.job.progress(PROGRESS_BEFORE + (PROGRESS_AFTER - PROGRESS_BEFORE) * share);
        self.bill.charge_search(&results, self.purse)?;
        if std::mem::take(&mut self.is_new) {
            checkpoint::save(self.job, self.prepared, &results)?;
        }
        Ok(())
    }
}

fn derive_result(candidate: &Candidate, status: ModelStatus) -> ModelResult {
    ModelResult {
        algorithm: candidate.algorithm,
        status,
        message: None,
        scores: Vec::new(),
        fit_seconds: 0.0,
        trial: None,
    }
}
