//! Training: from the table to a leaderboard, a model and its files.
//!
//! Invariants: every score of the leaderboard comes from rows that neither learner nor
//! preprocessing saw; without a time limit, the same table, parameters and seed give the same
//! files for every number of threads and after every resumption; times of day and durations are
//! in no file but the report.

mod bill;
mod blend;
mod budget;
mod checkpoint;
mod compare;
mod contributions;
mod evaluate;
mod explain;
mod folds;
mod forecast;
#[cfg(test)]
mod golden_test;
mod importance;
mod leaderboard;
mod learning_curve;
mod partial;
mod prepare;
mod publish;
mod report;
mod search;
mod trial;

use gantry_engine_api::{BlockingContext, LogLevel};
use gantry_kit::ColumnKind;
use gantry_learn::Control;

pub use folds::SplitChoice;
pub use report::{
    BestModel, ColumnContribution, ColumnImportance, ConfusionTable, Leaderboard, LeaderboardRow,
    MetricSummary, ModelStatus, TrainReport,
};

use crate::error::AutomlError;
use crate::explain::derive_baseline;
use crate::model::{Candidate, Ensemble, Pipeline};
use crate::model_file::{ModelHeader, TrainedModel};
use crate::ops::train::TrainParams;
use bill::Bill;
pub(crate) use budget::Budget;
use budget::Purse;
use compare::Comparison;
use evaluate::{Evaluated, FoldScores};
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

/// Runs the whole operation.
pub(crate) fn train(
    job: &BlockingContext,
    params: &TrainParams,
) -> Result<TrainReport, AutomlError> {
    let purse = Purse::open(params.budget());
    let before = params.count_stages();
    Stages::new(job, before).enter("Read", 1)?;
    let table = prepare::read(job, params)?;
    Stages::new(job, before).enter("Prepare", 2)?;
    let prepared = prepare::prepare(job, params, table)?;
    let cancelled = || job.is_cancelled();
    let control = Control::unlimited().with_cancel(&cancelled);
    let bill = Bill::open(job, &prepared, params.budget());
    if params.is_comparison() {
        let stages = Stages::new(job, prepared.candidates.len());
        let found = Comparison { job, prepared: &prepared, control, bill: &bill }.run(&stages)?;
        return conclude_comparison((job, &bill), prepared, found, &control);
    }
    purse.reserve_like_start();
    let stages = Stages::new(job, 1);
    stages.enter_model("Search", 0)?;
    let search = Search::new((job, &prepared), control, (&purse, &bill));
    let mut found = search.run()?;
    stages.enter("Ensemble", 4)?;
    job.progress(0.88);
    let header = derive_header(&prepared, &found.board)?;
    let model = TrainedModel { header, ensemble: found.ensemble };
    let mut prepared = prepared;
    prepared.explain_until = purse.explain_until();
    prepared.keep_folds(found.folds, &mut found.evaluated.out_of_fold);
    stages.enter("Report", 5)?;
    job.log(LogLevel::Info, format!("{}: the ensemble is chosen.", purse.describe()));
    let report = publish_all(
        job,
        &prepared,
        (&model, &found.evaluated, found.board),
        (found.leader, &control),
    )?;
    bill.close_search(found.tried, &purse)?;
    job.log(LogLevel::Info, format!("{}: the report is written.", purse.describe()));
    announce_best(job, &report);
    Ok(report)
}

fn conclude_comparison(
    (job, bill): (&BlockingContext, &Bill<'_>),
    mut prepared: Prepared,
    found: compare::Found,
    control: &Control<'_>,
) -> Result<TrainReport, AutomlError> {
    let stages = Stages::new(job, prepared.candidates.len());
    let after = u32::try_from(prepared.candidates.len()).unwrap_or(u32::MAX - 4) + 3;
    stages.enter("Refit", after)?;
    job.progress(0.86);
    let best = prepared.candidates[found.best].clone();
    let mut evaluated = match found.evaluated {
        Some(evaluated) => evaluated,
        // The best model was scored in an earlier attempt; the same folds give the same again.
        None => evaluate::cross_validate(&prepared, &best, control, |_, _| Ok(()))?,
    };
    let rows: Vec<usize> = (0..prepared.frame.rows()).collect();
    let truth = &prepared.target.values;
    let pipeline = Pipeline::fit(&best, &prepared.columns(), (&rows, truth), control)?;
    let header = derive_header(&prepared, &found.board)?;
    let model = TrainedModel { header, ensemble: Ensemble::of_one(best.algorithm, pipeline) };
    let folds = prepared.folds.len();
    prepared.keep_folds(folds, &mut evaluated.out_of_fold);
    stages.enter("Report", after + 1)?;
    let curve = evaluated.scores.first().map(|first| (best, first.clone()));
    let report = publish_all(job, &prepared, (&model, &evaluated, found.board), (curve, control))?;
    bill.close(found.tried)?;
    announce_best(job, &report);
    Ok(report)
}

fn publish_all(
    job: &BlockingContext,
    prepared: &Prepared,
    (model, evaluated, board): (&TrainedModel, &Evaluated, Leaderboard),
    (best, control): (Option<(Candidate, FoldScores)>, &Control<'_>),
) -> Result<TrainReport, AutomlError> {
    job.progress(0.92);
    let mut explained = explain::explain(prepared, evaluated, control)?;
    if let Some(best) = best {
        explained.plots.extend(learning_curve::derive_plot(prepared, &best, control)?);
    }
    let report = report::derive_report(prepared, board, &explained)?;
    let outcome =
        publish::Outcome { prepared, model, evaluated, explained: &explained, report: &report };
    publish::publish(job, &outcome)?;
    Ok(report)
}

fn announce_best(job: &BlockingContext, report: &TrainReport) {
    let BestModel { model, score, score_std } = &report.best;
    let metric = report.metric.title();
    let message = format!("Best model: {model} with {metric} {score:.5} ± {score_std:.5}.");
    job.log(LogLevel::Info, message);
    job.progress(1.0);
}

fn derive_header(prepared: &Prepared, board: &Leaderboard) -> Result<ModelHeader, AutomlError> {
    let mut target = prepared.frame.get_column(&prepared.target.name)?.spec();
    if target.kind == ColumnKind::Category {
        // The header's classes hold them, with the positive one in its place.
        target.levels.clear();
    }
    Ok(ModelHeader {
        task: prepared.target.task,
        target,
        classes: prepared.target.values.labels().to_vec(),
        metric: prepared.metric,
        score: board.rows.first().and_then(|row| row.score).unwrap_or_default(),
        rows: prepared.rows,
        columns: prepared.plan.derive_specs(&prepared.frame),
        baseline: derive_baseline(&prepared.columns()),
    })
}
