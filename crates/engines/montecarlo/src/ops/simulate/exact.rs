//! All draws in memory: the engine `power`.

use gantry_engine_api::BlockingContext;
use gantry_sampling::statistics::{Column, StopRule};

use super::finish::{Drawn, finish, keep};
use super::{Task, device, require_room};
use crate::error::MonteCarloError;
use crate::ops::outcome::{DeviceReport, SimulateReport};
use crate::publish;
use crate::run::Runner;
use crate::statistics::Known;
use crate::tally::result_hash;

/// Times that a part of the result is shown while it grows.
const PARTIALS: u64 = 20;

/// Draws, reports and leaves files.
pub(crate) fn run(job: &BlockingContext, task: &Task) -> Result<SimulateReport, MonteCarloError> {
    require_room(task.simulation.iterations, task.study.outputs.len())?;
    job.stage("Simulate", 2, 3);
    let (columns, stopped_early, device) = draw(job, task)?;
    job.stage("Report", 3, 3);
    let known = columns.iter().map(|column| {
        let column = Column::new(column.clone()).ok()?;
        Some(Box::new(column) as Box<dyn Known>)
    });
    let drawn = Drawn {
        iterations: columns.first().map_or(0, |c| c.len() as u64),
        stopped_early,
        device,
        known: known.collect(),
        first: columns.iter().map(|c| c[..c.len().min(keep(task))].to_vec()).collect(),
        hash: result_hash(&columns, task.segments()),
    };
    let report = finish(job, task, drawn)?;
    publish::draws::of_columns(job, task, &columns)?;
    Ok(report)
}

/// All outputs of all draws, whether the rule ended the run, and what computed them.
fn draw(
    job: &BlockingContext,
    task: &Task,
) -> Result<(Vec<Vec<f64>>, bool, DeviceReport), MonteCarloError> {
    let (simulation, study) = (&task.simulation, &task.study);
    let iterations = simulation.iterations;
    let plan = study.plan(job.seed(), iterations, simulation.sampling.design())?;
    let draws = study.set(&plan, &[]);
    let chosen = device::choose(job, task, &draws);
    let runner = Runner { gpu: chosen.gpu(), ..study.runner(&draws, job.threads()) };
    // A rule to stop may end the run long before.
    let room = if task.rule.is_some() { 0 } else { iterations as usize };
    let mut columns: Vec<Vec<f64>> =
        (0..study.outputs.len()).map(|_| Vec::with_capacity(room)).collect();
    let (mut shown, mut from) = (0, 0);
    let checkpoints = task.rule.iter().flat_map(|_| StopRule::checkpoints());
    for to in checkpoints.take_while(|at| *at < iterations).chain([iterations]) {
        runner.run((from, to), &|| job.is_cancelled(), &mut |block| {
            for (all, part) in columns.iter_mut().zip(block) {
                all.extend(part);
            }
            let done = columns[0].len() as u64;
            let share = done.saturating_mul(PARTIALS) / iterations;
            if share > shown || shown == 0 {
                shown = share.max(1);
                job.progress(done as f64 / iterations as f64);
                publish::partial(job, study, &columns);
            }
            Ok(())
        })?;
        if to < iterations && is_known(task.rule, &columns) {
            return Ok((columns, true, chosen.report()));
        }
        from = to;
    }
    Ok((columns, false, chosen.report()))
}

/// Whether all outputs are known well enough.
fn is_known(rule: Option<StopRule>, columns: &[Vec<f64>]) -> bool {
    let met = |rule: StopRule, column: &Vec<f64>| {
        Column::new(column.clone()).is_ok_and(|column| rule.is_met(&column))
    };
    rule.is_some_and(|rule| columns.iter().all(|column| met(rule, column)))
}
