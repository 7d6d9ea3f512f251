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
#[cfg(test)]
mod resume_test;
mod share;
mod spend;
mod tell;

use std::ops::ControlFlow;
use std::time::Instant;

use gantry_engine_api::{BlockingContext, Checkpoint, LogLevel};
use gantry_learn::{Control, LearnError};

use super::bill::{Bill, count_tried};
use super::budget::Purse;
use super::checkpoint::{self, ModelResult, TrialNote};
use super::evaluate::{Evaluated, FoldScores};
use super::forecast::{FitSize, Forecast};
use super::give_back::GiveBack;
use super::prepare::Prepared;
use super::report::{Leaderboard, ModelStatus};
use super::shelf::Shelf;
use super::trial::{FoldRun, Trial, conclude};
use crate::error::AutomlError;
use crate::model::{Candidate, Ensemble};
pub use share::Ask;
use share::{Children, Next, Part, Source, find_candidate};

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

/// How one run of a search ends.
pub(super) enum Ended {
    Found(Box<Found>),
    /// The search goes on when children have tried these.
    Waits {
        asks: Vec<Ask>,
        checkpoint: Checkpoint,
    },
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
    children: Children,
    forecast: Forecast,
    shelf: Shelf,
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
        width: usize,
    ) -> Result<Self, AutomlError> {
        let (earlier, asked) = checkpoint::find_results(job, prepared);
        let children = Children::gather(job, width, asked)?;
        bill.note_paid(children.paid());
        let spent = earlier.iter().filter_map(|result| result.trial.as_ref()).map(|t| t.spent);
        if purse.is_timed() {
            purse.add_earlier(spent.fold(0.0, f64::max));
        }
        Ok(Self {
            job,
            prepared,
            control,
            purse,
            bill,
            entries: Vec::new(),
            earlier,
            children,
            forecast: Forecast::default(),
            shelf: Shelf::new(job.scratch()?),
            depth: prepared.folds.len(),
            sample: memory::draw_sample(prepared),
            is_new: false,
        })
    }

    /// The same search, which lets go after each fit what it has freed.
    pub(super) fn giving_back(mut self, give_back: GiveBack) -> Self {
        self.shelf = self.shelf.giving_back(give_back);
        self
    }

    pub(super) fn run(mut self) -> Result<Ended, AutomlError> {
        let mut flow = self.try_list()?;
        if flow.is_continue() && self.purse.is_limited() {
            flow = self.try_brackets()?;
        }
        if let ControlFlow::Break(asks) = flow {
            self.job.log(LogLevel::Info, format!("{} models are tried side by side.", asks.len()));
            let checkpoint = self.derive_checkpoint()?;
            return Ok(Ended::Waits { asks, checkpoint });
        }
        self.job.log(LogLevel::Info, format!("{} of the search.", self.purse.describe()));
        Ok(Ended::Found(Box::new(self.assemble()?)))
    }

    fn try_list(&mut self) -> Result<ControlFlow<Vec<Ask>>, AutomlError> {
        for (place, candidate) in self.prepared.candidates.iter().enumerate() {
            if !self.fits_budget(candidate) {
                self.skip(candidate, "the time or work that is left is too little");
                continue;
            }
            if let ControlFlow::Break(asks) = self.ask(Part::All, &self.list_rest(place)) {
                return Ok(ControlFlow::Break(asks));
            }
            self.try_whole(Source::Listed(place), candidate)?;
            self.tell()?;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The candidates of the list from a place on, as far as children may be asked.
    fn list_rest(&self, from: usize) -> Vec<Next> {
        let limit = self.purse.units_each(self.depth);
        let listed = self.prepared.candidates.iter().enumerate().skip(from);
        let next = |(index, candidate): (usize, &Candidate)| {
            let (source, candidate) = (Source::Listed(index), candidate.clone());
            Next { index, source, candidate, limit }
        };
        listed.take(if self.may_ask() { usize::MAX } else { 0 }).map(next).collect()
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
        FitSize {
            rows: self.prepared.count_fit_rows(),
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

    /// Tries a candidate on all folds in use, unless an earlier attempt or a child did.
    fn try_whole(&mut self, source: Source, candidate: &Candidate) -> Result<(), AutomlError> {
        let index = self.entries.len();
        if let Some(known) = self.find_known(index, candidate) {
            self.take_known(None, candidate, known, 0);
            return Ok(());
        }
        let begin = Instant::now();
        let limit = self.purse.units_each(self.depth);
        if let Some(answer) = self.find_answer((source, Part::All), candidate, limit) {
            self.take_answer(None, candidate, answer, 0);
            return Ok(());
        }
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

    /// Takes over what a child found, as [`Self::take_known`] does.
    fn take_answer(
        &mut self,
        place: Option<usize>,
        candidate: &Candidate,
        answer: ModelResult,
        counted: u64,
    ) {
        self.warn_of_failure(&answer);
        self.take_known(place, candidate, answer, counted);
        self.is_new = true;
        self.silence_worst();
    }

    fn put(&mut self, place: Option<usize>, entry: Entry) {
        match place.and_then(|place| self.entries.get_mut(place)) {
            Some(slot) => *slot = entry,
            None => self.entries.push(entry),
        }
    }

    fn conclude(
        &mut self,
        (index, first): (usize, First),
        candidate: &Candidate,
        (outcome, limit): (Result<Vec<FoldRun>, AutomlError>, Option<u64>),
        begin: Instant,
    ) -> Result<(), AutomlError> {
        let concluded = outcome.and_then(|runs| conclude((self.prepared, &self.shelf), runs));
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
                    row_work: trial.find_row_work(),
                    voice: self.derive_voice(&trial)?,
                });
                kept = self.keep(index, trial);
            }
            Err(AutomlError::Learn(error)) if error != LearnError::Cancelled => {
                let title = candidate.algorithm.title();
                self.job.log(LogLevel::Warning, format!("{title} failed: {error}."));
                result.status = ModelStatus::Failed;
                result.message = Some(error.to_string());
                result.trial = self.find_first_note(index);
            }
            Err(other) => return Err(other),
        }
        self.is_new = true;
        self.put(Some(index), Entry { candidate: candidate.clone(), result, kept });
        self.drop_worst();
        self.silence_worst();
        Ok(())
    }

    /// What the entry at `place` was known for after its first fold. What fails later keeps it: a
    /// resumption must find the same candidates in the bracket.
    fn find_first_note(&self, place: usize) -> Option<TrialNote> {
        self.entries.get(place)?.result.trial.clone()
    }

    /// The loss with which the entry at `place` went on after its first fold.
    fn find_first_loss(&self, place: usize) -> Option<f64> {
        self.find_first_note(place)?.first_loss
    }

    /// What all folds in use cost, from what some cost.
    fn note_cost(&mut self, candidate: &Candidate, folds: usize, (units, seconds): (u64, f64)) {
        let cost = if self.purse.is_timed() { seconds } else { units as f64 };
        let whole = cost * self.depth as f64 / folds.max(1) as f64;
        self.forecast.note(candidate, self.size(), whole);
    }

    fn count_tried(&self) -> u64 {
        count_tried(self.entries.iter().map(|entry| &entry.result))
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
