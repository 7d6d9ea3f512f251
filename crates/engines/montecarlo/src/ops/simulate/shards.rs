//! A run that is divided: every shard is a job that counts some segments, and the parent merges
//! what they counted, in order.
//!
//! Invariant: the seed is the parent's, and the cut is a function of the iterations, so that a
//! shard that is done again, on any worker, gives the same.

use gantry_engine_api::{BlockingContext, Checkpoint, ChildJob, Step};
use gantry_types::{Credits, JobState};
use serde_json::json;

use super::Task;
use super::streamed::report;
use crate::error::MonteCarloError;
use crate::ops::WORKBOOK;
use crate::ops::outcome::SimulateReport;
use crate::ops::part::{PartParams, SimulatePart};
use crate::ops::price::derive_credits;
use crate::tally::{Segments, Tally};

/// The version of the parent's checkpoint.
const CHECKPOINT: u32 = 1;

/// What each shard costs at most.
pub(crate) fn derive_costs(iterations: u64, shards: u16) -> Vec<i64> {
    let segments = Segments::of(iterations);
    let cost = |part| {
        let (first, end) = segments.range(part);
        derive_credits(end - first)
    };
    segments.shards(u64::from(shards)).into_iter().map(cost).collect()
}

/// Hands the draws to children.
pub(crate) fn fork(
    seed: u64,
    task: &Task,
    shards: u16,
) -> Result<Step<SimulateReport>, MonteCarloError> {
    let simulation = &task.simulation;
    let parts = task.segments().shards(u64::from(shards));
    let costs = derive_costs(simulation.iterations, shards);
    let mut children = Vec::with_capacity(parts.len());
    for (part, cost) in parts.into_iter().zip(costs) {
        let params = PartParams {
            input: simulation.input.clone(),
            output: simulation.output.clone(),
            correlate: simulation.correlate.clone(),
            copula: simulation.copula.clone(),
            iterations: simulation.iterations,
            sampling: simulation.sampling,
            now: simulation.now,
            parent_seed: seed,
            first_segment: part.0,
            end_segment: part.1,
        };
        children.push(ChildJob {
            operation: <SimulatePart as gantry_engine_api::Operation>::ID.to_owned(),
            params: serde_json::to_value(&params).map_err(|e| written(&e))?,
            inputs: Vec::new(),
            inherits: vec![WORKBOOK.to_owned()],
            max_credits: Credits::new(cost),
        });
    }
    let state = json!({ "shards": children.len() });
    Ok(Step::Fork { children, checkpoint: Checkpoint { version: CHECKPOINT, state } })
}

/// Merges what the children counted.
pub(crate) fn merge(job: &BlockingContext, task: &Task) -> Result<SimulateReport, MonteCarloError> {
    let mut merged: Option<Tally> = None;
    for child in job.children() {
        let number = child.ordinal + 1;
        let Some(report) = child.report.as_ref().filter(|_| child.state == JobState::Succeeded)
        else {
            let cause = child
                .error
                .as_ref()
                .map_or_else(|| format!("it is {}", child.state), |error| error.message.clone());
            return Err(MonteCarloError::Limit {
                text: format!("Shard {number} gave no result: {cause}"),
                next: "Run the simulation again.".into(),
            });
        };
        let tally: Tally =
            serde_json::from_value(report["tally"].clone()).map_err(|e| written(&e))?;
        match &mut merged {
            None => merged = Some(tally),
            Some(merged) => merged.append(tally)?,
        }
    }
    let tally = merged.filter(|tally| tally.segment_count() == task.segments().count());
    let tally = tally.ok_or_else(|| written(&"some segments are missing"))?;
    let simulation = &task.simulation;
    let plan = task.study.plan(job.seed(), simulation.iterations, simulation.sampling.design())?;
    let draws = task.study.set(&plan, &[]);
    let runner = task.study.runner(&draws, job.threads());
    report(job, (task, &runner), &tally)
}

fn written(cause: &dyn std::fmt::Display) -> MonteCarloError {
    MonteCarloError::Written { what: "the shards", cause: cause.to_string() }
}
