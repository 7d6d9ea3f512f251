//! A comparison of named learners: each is cross-validated, the best one is kept.

use std::time::Instant;

use gantry_engine_api::{BlockingContext, LogLevel};
use gantry_learn::Control;

use super::Stages;
use super::bill::{Bill, count_tried};
use super::checkpoint::{self, ModelResult};
use super::evaluate::{Evaluated, FoldScores, cross_validate};
use super::leaderboard::{BoardEntry, derive_leaderboard, is_better, mean_of};
use super::prepare::Prepared;
use super::report::{Leaderboard, ModelStatus};
use crate::error::AutomlError;

/// Shares of the job's progress before and after the models.
const PROGRESS_BEFORE: f64 = 0.06;
const PROGRESS_AFTER: f64 = 0.85;

pub(super) struct Comparison<'a> {
    pub(super) job: &'a BlockingContext,
    pub(super) prepared: &'a Prepared,
    pub(super) control: Control<'a>,
    pub(super) bill: &'a Bill<'a>,
}

/// What the search found.
pub(super) struct Found {
    /// Place of the best candidate.
    pub(super) best: usize,
    /// Its fits, unless an earlier attempt made them.
    pub(super) evaluated: Option<Evaluated>,
    /// Candidates that work went into.
    pub(super) tried: u64,
    pub(super) board: Leaderboard,
}

/// The best candidate so far.
#[derive(Default)]
struct Leader {
    place: Option<(usize, f64)>,
    evaluated: Option<Evaluated>,
}

impl Comparison<'_> {
    pub(super) fn run(&self, stages: &Stages<'_>) -> Result<Found, AutomlError> {
        let (earlier, _) = checkpoint::find_results(self.job, self.prepared);
        let mut results: Vec<ModelResult> = Vec::new();
        let mut leader = Leader::default();
        for (index, candidate) in self.prepared.candidates.iter().enumerate() {
            stages.enter_model(candidate.algorithm.title(), index)?;
            let known = earlier.get(index).filter(|r| r.algorithm == candidate.algorithm);
            let (result, evaluated) = match known {
                Some(known) => (known.clone(), None),
                None => self.try_candidate(index, &results)?,
            };
            let is_new = known.is_none();
            let score = mean_of(self.prepared.metric, &result.scores);
            if let Some(score) = score
                && leader.place.is_none_or(|(_, best)| is_better(self.prepared.metric, score, best))
            {
                leader = Leader { place: Some((index, score)), evaluated };
            }
            results.push(result);
            self.publish_board(&results, None);
            self.report_progress(index + 1, 0);
            self.bill.charge_folds(count_tried(results.iter()), 0)?;
            if is_new {
                let checkpoint = checkpoint::derive(self.prepared, results.iter(), &[])?;
                self.job.save_checkpoint(checkpoint)?;
            }
        }
        self.finish(results, leader)
    }

    /// The scores of a candidate; a fit that fails for a reason of its own ends only itself.
    fn try_candidate(
        &self,
        index: usize,
        before: &[ModelResult],
    ) -> Result<(ModelResult, Option<Evaluated>), AutomlError> {
        let candidate = &self.prepared.candidates[index];
        let algorithm = candidate.algorithm;
        let mut result = ModelResult {
            algorithm,
            status: ModelStatus::Done,
            message: None,
            scores: Vec::new(),
            fit_seconds: 0.0,
            trial: None,
        };
        let begin = Instant::now();
        let mut told: Vec<FoldScores> = Vec::new();
        let outcome = cross_validate(self.prepared, candidate, &self.control, |fold, scores| {
            told.push(scores.clone());
            self.tell_fold(index, fold, scores);
            let running = ModelResult {
                status: ModelStatus::Running,
                scores: told.clone(),
                fit_seconds: begin.elapsed().as_secs_f64(),
                ..result.clone()
            };
            self.publish_board(before, Some(running));
            self.bill.charge_folds(count_tried(before.iter()), told.len())
        });
        result.fit_seconds = begin.elapsed().as_secs_f64();
        match outcome {
            Ok(evaluated) => {
                result.scores = evaluated.scores.clone();
                Ok((result, Some(evaluated)))
            }
            Err(AutomlError::Learn(error)) if error != gantry_learn::LearnError::Cancelled => {
                let message = format!("{} failed: {error}.", algorithm.title());
                self.job.log(LogLevel::Warning, message);
                result.status = ModelStatus::Failed;
                result.message = Some(error.to_string());
                Ok((result, None))
            }
            Err(other) => Err(other),
        }
    }

    fn tell_fold(&self, index: usize, fold: usize, scores: &FoldScores) {
        let name = self.prepared.candidates[index].algorithm.as_str();
        for (metric, score) in scores {
            if let Some(score) = score {
                self.job.metric(format!("{name}.{}", metric.as_str()), fold as u64 + 1, *score);
            }
        }
        let primary = scores.iter().find(|(metric, _)| *metric == self.prepared.metric);
        let shown = match primary.and_then(|(_, score)| *score) {
            Some(score) => format!("{score:.5}"),
            None => "not defined".to_owned(),
        };
        let folds = self.prepared.folds.len();
        let title = self.prepared.metric.title();
        self.job
            .log(LogLevel::Info, format!("{name}, fold {} of {folds}: {title} {shown}", fold + 1));
        self.report_progress(index, fold + 1);
    }

    fn report_progress(&self, models: usize, folds: usize) {
        let total = (self.prepared.candidates.len() * self.prepared.folds.len()).max(1);
        let done = models * self.prepared.folds.len() + folds;
        let share = done as f64 / total as f64;
        self.job.progress(PROGRESS_BEFORE + (PROGRESS_AFTER - PROGRESS_BEFORE) * share);
    }

    fn entries(&self, results: &[ModelResult], running: Option<ModelResult>) -> Vec<BoardEntry> {
        let mut results: Vec<ModelResult> = results.iter().cloned().chain(running).collect();
        for candidate in self.prepared.candidates.iter().skip(results.len()) {
            results.push(ModelResult {
                algorithm: candidate.algorithm,
                status: ModelStatus::Waiting,
                message: None,
                scores: Vec::new(),
                fit_seconds: 0.0,
                trial: None,
            });
        }
        let params = self.prepared.candidates.iter().map(|candidate| candidate.describe());
        results
            .into_iter()
            .zip(params)
            .map(|(result, params)| BoardEntry { result, params })
            .collect()
    }

    fn publish_board(&self, results: &[ModelResult], running: Option<ModelResult>) {
        let entries = self.entries(results, running);
        let board = derive_leaderboard(self.prepared.metric, self.prepared.target.task, entries);
        if let Ok(value) = serde_json::to_value(board) {
            self.job.publish_partial("leaderboard", value);
        }
    }

    fn finish(&self, results: Vec<ModelResult>, leader: Leader) -> Result<Found, AutomlError> {
        let metric = self.prepared.metric;
        let Some((best, _)) = leader.place else {
            if results.iter().any(|result| result.status == ModelStatus::Done) {
                return Err(AutomlError::MetricUndefined { metric: metric.as_str() });
            }
            let reason = |result: &ModelResult| {
                let why = result.message.as_deref().unwrap_or("no reason is known");
                format!("{}: {why}", result.algorithm.as_str())
            };
            let reasons = results.iter().map(reason).collect::<Vec<_>>().join("; ");
            return Err(AutomlError::NothingTrained { reasons });
        };
        let entries = self.entries(&results, None);
        let board = derive_leaderboard(metric, self.prepared.target.task, entries);
        Ok(Found { best, evaluated: leader.evaluated, tried: count_tried(results.iter()), board })
    }
}
