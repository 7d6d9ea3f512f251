//! Everything that is decided before the first fit: target, columns, folds, metric, candidates.

use gantry_engine_api::{BlockingContext, LogLevel};
use gantry_kit::{Column, Frame};
use gantry_learn::split::{Fold, k_fold, stratified_k_fold};

use crate::error::{AutomlError, derive_list};
use crate::metric::Metric;
use crate::model::{Candidate, choose_candidates};
use crate::ops::train::TrainParams;
use crate::table::{Plan, Table, plan_columns, read_table};
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
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) warnings: Vec<String>,
    /// Columns of the file.
    pub(crate) width: usize,
    pub(crate) seed: u64,
    /// Same file, parameters and seed: same text.
    pub(crate) fingerprint: String,
}

impl Prepared {
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
    let mut plan = plan_columns(&frame, &target.name, &params.ignore_columns, &target.rows)?;
    warnings.append(&mut plan.warnings);
    if target.rows.len() < frame.rows() {
        frame = frame.take(&target.rows);
    }
    let metric = Metric::choose(params.metric, target.task)?;
    let candidates = choose_candidates(&params.algorithms, target.task, job.seed())?;
    let folds = derive_folds(&target, params.folds as usize, job.seed(), &mut warnings)?;
    announce(job, &target, metric, &plan);
    for warning in &warnings {
        job.log(LogLevel::Warning, warning.clone());
    }
    let fingerprint = params.derive_fingerprint(&job.input("data")?.meta.sha256, job.seed());
    Ok(Prepared {
        frame,
        target,
        plan,
        metric,
        folds,
        candidates,
        warnings,
        width,
        seed: job.seed(),
        fingerprint,
    })
}

fn announce(job: &BlockingContext, target: &Target, metric: Metric, plan: &Plan) {
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
}

/// Folds in which every class is spread evenly, or plain ones for numbers.
fn derive_folds(
    target: &Target,
    asked: usize,
    seed: u64,
    warnings: &mut Vec<String>,
) -> Result<Vec<Fold>, AutomlError> {
    let sizes = target.values.class_sizes();
    let labels = target.values.labels();
    let smallest = sizes.iter().copied().min().unwrap_or(usize::MAX);
    let mut folds = asked;
    match target.task {
        Task::Regression => folds = folds.min(target.rows.len() / 2),
        Task::Binary => {
            if let Some(place) = sizes.iter().position(|size| *size == 1) {
                let class = labels.get(place).cloned().unwrap_or_default();
                return Err(AutomlError::ClassOfOne { class });
            }
            folds = folds.min(smallest);
        }
        Task::Multiclass => {
            let largest = sizes.iter().copied().max().unwrap_or(0);
            if largest < 2 {
                let class = labels.first().cloned().unwrap_or_default();
                return Err(AutomlError::ClassOfOne { class });
            }
            folds = folds.min(largest);
            let tiny: Vec<&String> = labels
                .iter()
                .zip(&sizes)
                .filter(|(_, size)| **size < folds)
                .map(|(l, _)| l)
                .collect();
            if !tiny.is_empty() {
                warnings.push(format!(
                    "{} of {} classes have fewer rows than there are folds, so that their scores \
                     are rough: {}.",
                    tiny.len(),
                    labels.len(),
                    derive_list(&tiny, 10)
                ));
            }
        }
    }
    if folds < asked {
        warnings.push(format!(
            "Cross-validation uses {folds} folds instead of {asked}, as there are too few rows."
        ));
    }
    let made = match &target.values {
        crate::target::TargetValues::Classes { codes, .. } => stratified_k_fold(codes, folds, seed),
        crate::target::TargetValues::Numbers(values) => k_fold(values.len(), folds, seed),
    };
    Ok(made?)
}
