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
mod give_back;
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
mod shelf;
mod trial;

use gantry_engine_api::{BlockingContext, Checkpoint, ChildJob, LogLevel, Operation};
use gantry_kit::ColumnKind;
use gantry_learn::Control;
use gantry_types::Credits;

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
use crate::ops::try_candidate::{TryCandidate, TryCandidateParams, TryCandidateReport};
use bill::Bill;
pub(crate) use budget::Budget;
use budget::Purse;
use compare::Comparison;
use evaluate::{Evaluated, FoldScores};
pub use give_back::Allocator;
pub(crate) use give_back::GiveBack;
use prepare::Prepared;
pub use search::Ask;
use search::{Ended, Search};

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

/// How one run of a training ends.
pub(crate) enum Trained {
    Done(Box<TrainReport>),
    /// It goes on when these children have ended.
    Waits {
        children: Vec<ChildJob>,
        checkpoint: Checkpoint,
    },
}

/// Runs the whole operation.
pub(crate) fn train(
    job: &BlockingContext,
    params: &TrainParams,
    give_back: GiveBack,
) -> Result<Trained, AutomlError> {
    let purse = Purse::open(params.budget());
    let prepared = read_and_prepare(job, params, job.seed())?;
    give_back.everywhere();
    let _learning = give_back.always();
    let cancelled = || job.is_cancelled();
    let control = Control::unlimited().with_cancel(&cancelled);
    let bill = Bill::open(job, &prepared, params.budget());
    if params.is_comparison() {
        let stages = Stages::new(job, prepared.candidates.len());
        let found = Comparison { job, prepared: &prepared, control, bill: &bill }.run(&stages)?;
        let concluding = Concluding { job, control: &control, bill: &bill, give_back };
        let report = conclude_comparison(concluding, prepared, found)?;
        return Ok(Trained::Done(Box::new(report)));
    }
    purse.reserve_like_start();
    Stages::new(job, 1).enter_model("Search", 0)?;
    let width = params.parallel_jobs.map_or(0, |jobs| jobs as usize);
    let search = Search::new((job, &prepared), control, (&purse, &bill), width)?;
    match search.giving_back(give_back).run()? {
        Ended::Waits { asks, checkpoint } => {
            let child = |ask: Ask| derive_child(params, (job.seed(), ask), bill.cells());
            let children = asks.into_iter().map(child).collect::<Result<_, _>>()?;
            Ok(Trained::Waits { children, checkpoint })
        }
        Ended::Found(found) => {
            let concluding = Concluding { job, control: &control, bill: &bill, give_back };
            let report = conclude_search(concluding, prepared, *found, &purse)?;
            Ok(Trained::Done(Box::new(report)))
        }
    }
}

/// Tries one candidate for a training with these parameters and seed.
pub(crate) fn answer(
    job: &BlockingContext,
    params: &TrainParams,
    (seed, ask): (u64, Ask),
) -> Result<TryCandidateReport, AutomlError> {
    let prepared = read_and_prepare(job, params, seed)?;
    let cancelled = || job.is_cancelled();
    let control = Control::unlimited().with_cancel(&cancelled);
    let (purse, bill) = (Purse::open(params.budget()), Bill::open(job, &prepared, params.budget()));
    Stages::new(job, 1).enter_model("Search", 0)?;
    let found = Search::new((job, &prepared), control, (&purse, &bill), 0)?.answer(ask)?;
    let result = serde_json::to_value(&found.result)
        .map_err(|error| AutomlError::inconsistent(format!("A trial is not JSON: {error}.")))?;
    job.charge(Credits::new(found.credits))?;
    job.progress(1.0);
    let params = found.params;
    Ok(TryCandidateReport { result, params, credits: found.credits })
}

fn derive_child(
    params: &TrainParams,
    (seed, ask): (u64, Ask),
    cells: u64,
) -> Result<ChildJob, AutomlError> {
    let train = TrainParams { parallel_jobs: None, ..params.clone() };
    let max_credits = Credits::new(ask.derive_most_credits(cells));
    let params = serde_json::to_value(TryCandidateParams { train, training_seed: seed, ask })
        .map_err(|error| AutomlError::inconsistent(format!("A trial is not JSON: {error}.")))?;
    Ok(ChildJob {
        operation: TryCandidate::ID.to_owned(),
        params,
        inputs: Vec::new(),
        inherits: vec!["data".to_owned()],
        max_credits,
    })
}

fn read_and_prepare(
    job: &BlockingContext,
    params: &TrainParams,
    seed: u64,
) -> Result<Prepared, AutomlError> {
    let models = params.count_stages();
    Stages::new(job, models).enter("Read", 1)?;
    let table = prepare::read(job, params)?;
    Stages::new(job, models).enter("Prepare", 2)?;
    prepare::prepare(job, params, table, seed)
}

/// What the steps after the models work with.
#[derive(Clone, Copy)]
struct Concluding<'a> {
    job: &'a BlockingContext,
    control: &'a Control<'a>,
    bill: &'a Bill<'a>,
    give_back: GiveBack,
}

fn conclude_search(
    concluding: Concluding<'_>,
    mut prepared: Prepared,
    mut found: search::Found,
    purse: &Purse,
) -> Result<TrainReport, AutomlError> {
    let Concluding { job, bill, give_back, .. } = concluding;
    let stages = Stages::new(job, 1);
    stages.enter("Ensemble", 4)?;
    job.progress(0.88);
    let header = derive_header(&prepared, &found.board)?;
    let model = TrainedModel { header, ensemble: found.ensemble };
    prepared.explain_until = purse.explain_until();
    prepared.keep_folds(found.folds, &mut found.evaluated.out_of_fold);
    give_back.everywhere();
    stages.enter("Report", 5)?;
    job.log(LogLevel::Info, format!("{}: the ensemble is chosen.", purse.describe()));
    let outcome = (&model, &found.evaluated, found.board);
    let report = publish_all(concluding, &prepared, outcome, found.leader)?;
    bill.close_search(found.tried, purse)?;
    job.log(LogLevel::Info, format!("{}: the report is written.", purse.describe()));
    announce_best(job, &report);
    Ok(report)
}

fn conclude_comparison(
    concluding: Concluding<'_>,
    mut prepared: Prepared,
    found: compare::Found,
) -> Result<TrainReport, AutomlError> {
    let Concluding { job, control, bill, give_back } = concluding;
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
    give_back.everywhere();
    stages.enter("Report", after + 1)?;
    let curve = evaluated.scores.first().map(|first| (best, first.clone()));
    let report = publish_all(concluding, &prepared, (&model, &evaluated, found.board), curve)?;
    bill.close(found.tried)?;
    announce_best(job, &report);
    Ok(report)
}

fn publish_all(
    Concluding { job, control, give_back, .. }: Concluding<'_>,
    prepared: &Prepared,
    (model, evaluated, board): (&TrainedModel, &Evaluated, Leaderboard),
    best: Option<(Candidate, FoldScores)>,
) -> Result<TrainReport, AutomlError> {
    job.progress(0.92);
    let mut explained = explain::explain(prepared, evaluated, control)?;
    if let Some(best) = best {
        explained.plots.extend(learning_curve::derive_plot(prepared, &best, control)?);
    }
    give_back.everywhere();
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
