//! Training: from the table to a leaderboard, a model and its files.
//!
//! Invariants: every score of the leaderboard comes from rows that neither learner nor
//! preprocessing saw; without a time limit, the same table, parameters and seed give the same
//! files for every number of threads and after every resumption; times of day and durations are
//! in no file but the report.

mod bill;
mod checkpoint;
mod evaluate;
mod explain;
#[cfg(test)]
mod golden_test;
mod importance;
mod leaderboard;
mod prepare;
mod publish;
mod report;
mod search;

use std::time::{Duration, Instant};

use gantry_engine_api::{BlockingContext, LogLevel};
use gantry_kit::ColumnKind;
use gantry_learn::Control;

pub use report::{
    BestModel, ColumnImportance, ConfusionTable, Leaderboard, LeaderboardRow, MetricSummary,
    ModelStatus, TrainReport,
};

use crate::error::AutomlError;
use crate::model::{Candidate, Ensemble, Pipeline};
use crate::model_file::{ModelHeader, TrainedModel};
use crate::ops::train::TrainParams;
use bill::Bill;
use prepare::Prepared;
use search::Search;

/// The job's stages: two before the models, one for each, two after them.
pub(crate) struct Stages<'a> {
    job: &'a BlockingContext,
    total: u32,
}

impl<'a> Stages<'a> {
    fn new(job: &'a BlockingContext, models: usize) -> Self {
        Self { job, total: u32::try_from(models).unwrap_or(u32::MAX - 4) + 4 }
    }

    fn enter(&self, name: &str, number: u32) -> Result<(), AutomlError> {
        self.job.check_cancelled()?;
        self.job.stage(name, number, self.total);
        Ok(())
    }

    pub(crate) fn enter_model(&self, name: &str, index: usize) -> Result<(), AutomlError> {
        self.enter(name, u32::try_from(index).unwrap_or(u32::MAX - 3) + 3)
    }
}

/// When the search must come to its end.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) fn has_passed(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }
}

/// Runs the whole operation.
pub(crate) fn train(
    job: &BlockingContext,
    params: &TrainParams,
) -> Result<TrainReport, AutomlError> {
    let limit = params.time_seconds.map(|s| Duration::from_secs(u64::from(s)));
    let deadline = Deadline(limit.and_then(|limit| Instant::now().checked_add(limit)));
    let before = params.count_models_at_most();
    Stages::new(job, before).enter("Read", 1)?;
    let table = prepare::read(job, params)?;
    Stages::new(job, before).enter("Prepare", 2)?;
    let prepared = prepare::prepare(job, params, table)?;
    let stages = Stages::new(job, prepared.candidates.len());

    let cancelled = || job.is_cancelled();
    let late = || deadline.has_passed();
    let mut control = Control::unlimited().with_cancel(&cancelled);
    if deadline.0.is_some() {
        control = control.with_wrap_up(&late);
    }
    let bill = Bill::open(job, &prepared);
    let search = Search { job, prepared: &prepared, control, deadline, bill: &bill };
    let found = search.run(&stages)?;
    // A deadline that ended the search must not spoil what is left to do.
    let control = Control::unlimited().with_cancel(&cancelled);

    let after = u32::try_from(prepared.candidates.len()).unwrap_or(u32::MAX - 4) + 3;
    stages.enter("Refit", after)?;
    job.progress(0.86);
    let best = &prepared.candidates[found.best];
    let evaluated = match found.evaluated {
        Some(evaluated) => evaluated,
        // The best model was scored in an earlier attempt; the same folds give the same again.
        None => evaluate::cross_validate(&prepared, best, &control, |_, _| Ok(()))?,
    };
    let model = refit(&prepared, best, &found.board, &control)?;

    stages.enter("Report", after + 1)?;
    job.progress(0.92);
    let explained = explain::explain(&prepared, &evaluated, &control)?;
    let report = report::derive_report(&prepared, found.board, &explained)?;
    let outcome = publish::Outcome {
        prepared: &prepared,
        model: &model,
        evaluated: &evaluated,
        explained: &explained,
        report: &report,
    };
    publish::publish(job, &outcome)?;
    bill.close(found.tried)?;
    announce_best(job, &report);
    Ok(report)
}

fn announce_best(job: &BlockingContext, report: &TrainReport) {
    let BestModel { model, score, score_std } = &report.best;
    let metric = report.metric.title();
    let message = format!("Best model: {model} with {metric} {score:.5} ± {score_std:.5}.");
    job.log(LogLevel::Info, message);
    job.progress(1.0);
}

fn refit(
    prepared: &Prepared,
    best: &Candidate,
    board: &Leaderboard,
    control: &Control<'_>,
) -> Result<TrainedModel, AutomlError> {
    let columns = prepared.columns();
    let rows: Vec<usize> = (0..prepared.frame.rows()).collect();
    let truth = &prepared.target.values;
    let pipeline = Pipeline::fit(best, &columns, (&rows, truth), control)?;
    let mut target = prepared.frame.get_column(&prepared.target.name)?.spec();
    if target.kind == ColumnKind::Category {
        // The header's classes hold them, with the positive one in its place.
        target.levels.clear();
    }
    let score = board.rows.first().and_then(|row| row.score).unwrap_or_default();
    Ok(TrainedModel {
        header: ModelHeader {
            task: prepared.target.task,
            target,
            classes: truth.labels().to_vec(),
            metric: prepared.metric,
            score,
            rows: rows.len(),
            columns: prepared.plan.derive_specs(&prepared.frame),
        },
        ensemble: Ensemble::of_one(best.algorithm, pipeline),
    })
}
