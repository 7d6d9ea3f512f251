//! Everything that is decided before the first fit: target, columns, folds, metric, candidates.

use std::sync::Arc;
use std::time::Instant;

use gantry_engine_api::{BlockingContext, LogLevel};
use gantry_kit::{Column, Frame};
use gantry_learn::split::Fold;

use super::budget::Budget;
use super::folds::{Split, derive_folds};
use crate::error::AutomlError;
use crate::metric::Metric;
use crate::model::{
    Algorithm, CalibrationChoice, Candidate, Predictions, choose_candidates, list_portfolio,
};
use crate::ops::train::TrainParams;
use crate::preprocess::PreprocessOptions;
use crate::table::{Plan, Table, find_first_rows, plan_columns, read_table};
use crate::target::{Target, TargetChoice, find_target};
use crate::task::Task;

/// Rows below which folds say nothing.
pub(crate) const MIN_ROWS: usize = 10;

/// What the search works on.
pub(crate) struct Prepared {
    /// The rows that have a target.
    pub(crate) frame: Frame,
    /// Its values belong to the rows of `frame`; `rows` are their numbers in the file.
    pub(crate) target: Target,
    pub(crate) plan: Plan,
    pub(crate) metric: Metric,
    pub(crate) folds: Vec<Fold>,
    /// The candidates that are tried first.
    pub(crate) candidates: Vec<Candidate>,
    /// The algorithms that were named; none means all.
    pub(crate) chosen: Vec<Algorithm>,
    pub(crate) finish: FinishChoice,
    /// How columns are prepared.
    pub(crate) options: Arc<PreprocessOptions>,
    pub(crate) warnings: Vec<String>,
    /// Rows with a target, before folds were given up.
    pub(crate) rows: usize,
    /// Columns of the file.
    pub(crate) width: usize,
    pub(crate) seed: u64,
    /// When explanations must be done; none where there is no limit of time.
    pub(crate) explain_until: Option<Instant>,
    /// The model is wanted as ONNX too.
    pub(crate) wants_onnx: bool,
    /// Charts are wanted as PNG too.
    pub(crate) wants_png: bool,
    /// Same file, parameters and seed: same text.
    pub(crate) fingerprint: String,
}

/// What may be done with the members' mean.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FinishChoice {
    pub(crate) calibration: CalibrationChoice,
    /// Whether classes are weighed for metrics that look at the chosen class.
    pub(crate) tunes_decision: bool,
    /// Whether a second layer is tried.
    pub(crate) stacks: bool,
}

impl FinishChoice {
    fn of(params: &TrainParams) -> Self {
        let (tunes_decision, stacks) = (params.tune_threshold, params.stacking);
        Self { calibration: params.calibration, tunes_decision, stacks }
    }

    /// The calibration for a metric. Metrics of ranks gain nothing from it and lose ties.
    pub(crate) fn for_metric(self, metric: Metric) -> CalibrationChoice {
        match self.calibration {
            CalibrationChoice::Auto if metric.is_of_ranks() => CalibrationChoice::Platt,
            choice => choice,
        }
    }
}

impl Prepared {
    /// Leaves only the first `count` folds and the rows that they held out.
    pub(crate) fn keep_folds(&mut self, count: usize, out_of_fold: &mut Predictions) {
        let is_partial =
            self.folds.iter().map(|fold| fold.test.len()).sum::<usize>() < self.frame.rows();
        if count >= self.folds.len() && !is_partial {
            return;
        }
        self.folds.truncate(count);
        let mut rows: Vec<usize> = self.folds.iter().flat_map(|fold| fold.test.clone()).collect();
        rows.sort_unstable();
        let mut place = vec![usize::MAX; self.frame.rows()];
        rows.iter().zip(0..).for_each(|(row, at)| place[*row] = at);
        for fold in &mut self.folds {
            fold.train = fold.train.iter().map(|row| place[*row]).collect();
            fold.train.retain(|at| *at != usize::MAX);
            fold.test = fold.test.iter().map(|row| place[*row]).collect();
        }
        self.frame = self.frame.take(&rows);
        self.target.values = self.target.values.take(&rows);
        self.target.rows = gantry_learn::split::take(&self.target.rows, &rows);
        *out_of_fold = out_of_fold.take(&rows);
    }

    /// Rows that the fit of the first fold learns from, and those of the others about.
    pub(super) fn count_fit_rows(&self) -> usize {
        self.folds.first().map_or(0, |fold| fold.train.len())
    }

    /// Seconds until explaining must end; none without such a limit.
    pub(super) fn find_time_left(&self) -> Option<f64> {
        let until = self.explain_until?;
        Some(until.saturating_duration_since(Instant::now()).as_secs_f64())
    }

    /// The rows that a fold's fit has not seen; none where there is no such fold.
    pub(super) fn list_held_out(&self, fold: usize) -> &[usize] {
        self.folds.get(fold).map_or(&[], |fold| &fold.test)
    }

    /// The columns that models see.
    pub(crate) fn columns(&self) -> Vec<&Column> {
        self.plan.select(&self.frame)
    }
}

pub(super) fn read(job: &BlockingContext, params: &TrainParams) -> Result<Table, AutomlError> {
    let table = read_table(job, "data", &params.target)?;
    let (rows, columns) = (table.frame.rows(), table.frame.columns().len());
    job.log(LogLevel::Info, format!("Read {rows} rows and {columns} columns."));
    Ok(table)
}

pub(super) fn prepare(
    job: &BlockingContext,
    params: &TrainParams,
    table: Table,
    seed: u64,
) -> Result<Prepared, AutomlError> {
    let mut warnings = table.warnings;
    let mut frame = table.frame;
    let width = frame.columns().len();
    let choice = TargetChoice {
        name: &params.target,
        task: params.task,
        positive: params.positive_class.as_deref(),
    };
    let mut target = find_target(&frame, &choice)?;
    warnings.append(&mut target.warnings);
    if target.rows.len() < MIN_ROWS {
        return Err(AutomlError::TooFewRows { rows: target.rows.len(), needed: MIN_ROWS });
    }
    params.preprocessing.require_valid()?;
    if params.preprocessing.drop_duplicates {
        drop_duplicates(&frame, &mut target, &mut warnings);
    }
    let mut plan = plan_columns(&frame, &target.name, &params.list_ignored(), &target.rows)?;
    warnings.append(&mut plan.warnings);
    if target.rows.len() < frame.rows() {
        frame = frame.take(&target.rows);
    }
    let rows = frame.rows();
    let metric = Metric::choose(params.metric, params.quantile, target.task)?;
    let chosen = params.list_algorithms();
    let options = Arc::new(params.preprocessing.clone());
    let first = FirstCandidates { params, metric, options: &options };
    let candidates = first.list(target.task, &chosen, (rows, seed))?;
    let split = Split::find(&frame, params)?;
    let folds = derive_folds(&target, &split, (params.folds as usize, seed), &mut warnings)?;
    announce(job, (&target, metric, &plan), &warnings);
    let fingerprint = params.derive_fingerprint(&job.input("data")?.meta.sha256, seed);
    Ok(Prepared {
        frame,
        target,
        plan,
        metric,
        folds,
        candidates,
        chosen,
        options,
        finish: FinishChoice::of(params),
        warnings,
        rows,
        width,
        seed,
        explain_until: None,
        wants_onnx: params.onnx,
        wants_png: params.png,
        fingerprint,
    })
}

/// What all candidates that are tried first have in common.
struct FirstCandidates<'a> {
    params: &'a TrainParams,
    metric: Metric,
    options: &'a Arc<PreprocessOptions>,
}

impl FirstCandidates<'_> {
    fn list(
        &self,
        task: Task,
        chosen: &[Algorithm],
        (rows, seed): (usize, u64),
    ) -> Result<Vec<Candidate>, AutomlError> {
        let mut candidates = choose_candidates(chosen, task, seed)?;
        if self.params.budget() != Budget::Open {
            candidates = list_portfolio(task, chosen, (rows, seed));
        }
        let is_search = self.params.budget() != Budget::Open;
        let mut boostings = 0;
        for candidate in &mut candidates {
            candidate.prepare_by(self.options, if is_search { boostings } else { 0 });
            boostings += u64::from(candidate.algorithm == Algorithm::GradientBoosting);
            candidate.aim(self.metric);
        }
        Ok(candidates)
    }
}

/// Keeps the first of rows that are equal in every column.
fn drop_duplicates(frame: &Frame, target: &mut Target, warnings: &mut Vec<String>) {
    let places = find_first_rows(frame, &target.rows);
    let dropped = target.rows.len() - places.len();
    if dropped > 0 {
        target.values = target.values.take(&places);
        target.rows = gantry_learn::split::take(&target.rows, &places);
        warnings.push(format!("{dropped} rows repeat an earlier one and were left out."));
    }
}

fn announce(
    job: &BlockingContext,
    (target, metric, plan): (&Target, Metric, &Plan),
    warnings: &[String],
) {
    job.log(
        LogLevel::Info,
        format!(
            "Task: {} ({}). Metric: {}. {} columns are used.",
            target.task.as_str(),
            target.reason,
            metric.title(),
            plan.used.len()
        ),
    );
    for warning in warnings {
        job.log(LogLevel::Warning, warning.clone());
    }
}
