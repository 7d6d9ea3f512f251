//! Candidates that are tried as jobs of their own: what is asked of children, and what comes back.
//!
//! Invariant: an answer is taken only where it equals what this job would have found itself, or
//! where its job failed; so the model does not depend on who tried the candidates.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Instant;

use gantry_engine_api::{BlockingContext, LogLevel};
use gantry_types::JobState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{First, Search};
use crate::error::AutomlError;
use crate::model::{Candidate, draw_candidate};
use crate::ops::price;
use crate::train::checkpoint::ModelResult;
use crate::train::prepare::Prepared;
use crate::train::report::ModelStatus;

/// Which candidate.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Of the list that is tried first, by place.
    Listed(usize),
    /// Of the draws, by number.
    Drawn(u64),
}

/// On which folds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The first one alone, which decides whether it goes on.
    First,
    /// All in use.
    All,
}

/// What a child is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ask {
    /// Which candidate.
    pub source: Source,
    /// On which folds.
    pub part: Part,
    /// Folds in use.
    pub depth: usize,
    /// Units that each fit may use; no limit without.
    #[serde(default)]
    pub limit: Option<u64>,
}

impl Ask {
    /// The most that a child charges for it, on a table of so many cells.
    pub(crate) fn derive_most_credits(&self, cells: u64) -> i64 {
        let folds = match self.part {
            Part::First => 1,
            Part::All => self.depth,
        };
        let units = self.limit.map(|limit| limit.saturating_mul(folds as u64));
        price::derive_trial_credits(cells, units)
    }
}

/// A candidate that may be asked of a child.
pub(super) struct Next {
    /// Its place among the entries.
    pub(super) index: usize,
    pub(super) source: Source,
    pub(super) candidate: Candidate,
    /// Units that each of its fits may use.
    pub(super) limit: Option<u64>,
}

/// What a child reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) result: ModelResult,
    /// The candidate's settings.
    pub(crate) params: serde_json::Value,
    /// What it charged.
    pub(crate) credits: i64,
}

/// The children of a search so far.
#[derive(Default)]
pub(crate) struct Children {
    /// Candidates that are tried side by side; none are asked for below 2.
    width: usize,
    /// All that was ever asked, with the place among the children.
    asked: Vec<(u32, Ask)>,
    answers: BTreeMap<(Source, Part), (Ask, Result<ModelResult, String>)>,
    /// What children charged.
    paid: i64,
    /// The next child's place.
    next: u32,
}

impl Children {
    /// Those that earlier runs of the job forked.
    pub(super) fn gather(
        job: &BlockingContext,
        width: usize,
        asked: Vec<(u32, Ask)>,
    ) -> Result<Self, AutomlError> {
        let next = job.children().iter().map(|child| child.ordinal + 1).max().unwrap_or(0);
        let mut children = Self { width, next, ..Self::default() };
        for (ordinal, ask) in asked {
            let Some(child) = job.children().iter().find(|child| child.ordinal == ordinal) else {
                continue;
            };
            let told = match (child.state, &child.report) {
                (JobState::Succeeded, Some(report)) => {
                    let answer = Answer::deserialize(report).map_err(|error| {
                        AutomlError::inconsistent(format!("A child's report is odd: {error}."))
                    })?;
                    children.paid = children.paid.saturating_add(answer.credits);
                    Ok(answer.result)
                }
                _ => {
                    let why = child.error.as_ref().map(|error| error.message.as_str());
                    Err(why.unwrap_or("its job ended early").to_owned())
                }
            };
            children.answers.insert((ask.source, ask.part), (ask, told));
            children.asked.push((ordinal, ask));
        }
        Ok(children)
    }

    /// All that was ever asked, with the place among the children.
    pub(super) fn asked(&self) -> &[(u32, Ask)] {
        &self.asked
    }

    /// Credits that children charged.
    pub(super) const fn paid(&self) -> i64 {
        self.paid
    }
}

/// The candidate itself, as its place says.
pub(crate) fn find_candidate(prepared: &Prepared, source: Source) -> Option<Candidate> {
    match source {
        Source::Listed(place) => prepared.candidates.get(place).cloned(),
        Source::Drawn(number) => {
            let size = (prepared.frame.rows(), prepared.seed);
            let mut candidate =
                draw_candidate(prepared.target.task, &prepared.chosen, size, number);
            candidate.prepare_by(&prepared.options, number);
            candidate.aim(prepared.metric);
            Some(candidate)
        }
    }
}

impl Search<'_> {
    /// Whether candidates are tried side by side.
    pub(super) const fn may_ask(&self) -> bool {
        self.children.width >= 2
    }

    /// The children that the search needs before it goes on, of those candidates that come next:
    /// none where the first one's outcome is known, or is found out here.
    pub(super) fn ask(&mut self, part: Part, next: &[Next]) -> ControlFlow<Vec<Ask>> {
        let is_known = next.first().is_none_or(|first| self.is_answered(part, first));
        if !self.may_ask() || is_known {
            return ControlFlow::Continue(());
        }
        let mut left = self.find_credits_left();
        let mut wave = Vec::new();
        for item in next.iter().take(self.children.width) {
            let ask = Ask { source: item.source, part, depth: self.depth, limit: item.limit };
            let most = ask.derive_most_credits(self.bill.cells());
            let fits = most <= left && self.fits_budget(&item.candidate);
            if !fits || self.is_answered(part, item) {
                continue;
            }
            left -= most;
            wave.push(ask);
        }
        // One alone is found out here as quickly.
        if wave.len() < 2 {
            return ControlFlow::Continue(());
        }
        for ask in &wave {
            self.children.asked.push((self.children.next, *ask));
            self.children.next += 1;
        }
        ControlFlow::Break(wave)
    }

    /// Whether nobody needs to be asked: it is known, or its cost is found out by trying.
    fn is_answered(&self, part: Part, next: &Next) -> bool {
        let known = self.find_known(next.index, &next.candidate);
        let is_known = known.is_some_and(|known| match part {
            Part::First => true,
            Part::All => known.status != ModelStatus::Skipped,
        });
        is_known
            || self.children.answers.contains_key(&(next.source, part))
            || (part == Part::All && self.must_probe(&next.candidate))
    }

    /// Credits that children may still cost; the last one is for the files.
    fn find_credits_left(&self) -> i64 {
        let hold = self.job.limits().max_credits.get();
        hold.saturating_sub(self.children.paid).saturating_sub(1)
    }

    /// A child's outcome, where this job would have found the same.
    pub(super) fn find_answer(
        &self,
        (source, part): (Source, Part),
        candidate: &Candidate,
        limit: Option<u64>,
    ) -> Option<ModelResult> {
        let (ask, told) = self.children.answers.get(&(source, part))?;
        let result = match told {
            Ok(result) => result.clone(),
            Err(why) => {
                let mut lost = super::derive_result(candidate, ModelStatus::Failed);
                lost.message = Some(why.clone());
                lost
            }
        };
        let is_same = (ask.depth, ask.limit) == (self.depth, limit);
        (is_same || told.is_err()).then_some(result)
    }

    /// What a child found on all folds, with what this job knows of the first one.
    pub(super) fn complete(
        &self,
        place: usize,
        first: First,
        mut answer: ModelResult,
    ) -> ModelResult {
        let Some(trial) = &mut answer.trial else {
            answer.trial = self.find_first_note(place);
            return answer;
        };
        trial.first_loss = self.find_first_loss(place);
        trial.units += first.apart;
        if first.apart > 0 {
            trial.first_units = first.apart;
        }
        answer
    }

    /// Tries what a parent asks for.
    pub(crate) fn answer(mut self, ask: Ask) -> Result<Answer, AutomlError> {
        let candidate = find_candidate(self.prepared, ask.source)
            .ok_or_else(|| AutomlError::inconsistent("There is no such candidate."))?;
        if ask.depth == 0 || ask.depth > self.prepared.folds.len() {
            return Err(AutomlError::inconsistent("There are no such folds."));
        }
        self.depth = ask.depth;
        let begin = Instant::now();
        let result = match ask.part {
            Part::First => self.try_first(&candidate, ask.limit, begin)?.0,
            Part::All => {
                let outcome = self.run_folds(&candidate, Vec::new(), ask.limit);
                let outcome = (outcome, ask.limit);
                self.conclude((0, First::default()), &candidate, outcome, begin)?;
                let entry = self.entries.pop();
                entry.ok_or_else(|| AutomlError::inconsistent("Nothing was tried."))?.result
            }
        };
        let units = result.trial.as_ref().map(|trial| trial.units);
        let units = ask.limit.and(units);
        let credits = price::derive_trial_credits(self.bill.cells(), units);
        let credits = credits.min(self.job.limits().max_credits.get());
        Ok(Answer { result, params: candidate.describe(), credits })
    }

    /// Says of a child's outcome what this job would have said.
    pub(super) fn warn_of_failure(&self, result: &ModelResult) {
        if result.status == ModelStatus::Failed {
            let why = result.message.as_deref().unwrap_or("no reason is known");
            let line = format!("{} failed: {why}.", result.algorithm.title());
            self.job.log(LogLevel::Warning, line);
        }
    }
}
