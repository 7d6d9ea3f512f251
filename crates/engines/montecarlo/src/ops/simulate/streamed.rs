//! Draws that are counted and not kept: the engine `arrow`.

use gantry_engine_api::BlockingContext;

use super::Task;
use super::finish::{Drawn, finish, keep};
use crate::error::MonteCarloError;
use crate::ops::outcome::{DeviceReport, SimulateReport};
use crate::publish;
use crate::ranks::find_exact;
use crate::run::Runner;
use crate::statistics::Known;
use crate::study::Study;
use crate::tally::{BlockTally, Collector, Segments, Tally};

/// Times that a part of the result is shown while it grows.
const PARTIALS: u64 = 20;

/// Draws, reports and leaves files.
pub(crate) fn run(job: &BlockingContext, task: &Task) -> Result<SimulateReport, MonteCarloError> {
    job.stage("Simulate", 2, 3);
    let plan = task.study.plan(
        job.seed(),
        task.simulation.iterations,
        task.simulation.sampling.design(),
    )?;
    let draws = task.study.set(&plan, &[]);
    let runner = task.study.runner(&draws, job.threads());
    let segments = task.segments();
    let tally = count(job, (&task.study, &runner), (segments, (0, segments.count())))?;
    report(job, (task, &runner), &tally)
}

/// Counts the draws of some segments.
pub(crate) fn count(
    job: &BlockingContext,
    (study, runner): (&Study, &Runner<'_>),
    (segments, part): (Segments, (u64, u64)),
) -> Result<Tally, MonteCarloError> {
    let (first, end) = segments.range(part);
    let mut collector = Collector::new(segments, first, study.outputs.len())?;
    let mut shown = 0;
    runner.run_through(
        (first, end),
        &|| job.is_cancelled(),
        &|_, block| BlockTally::of(&block),
        &mut |block| {
            collector.add(&block)?;
            let done = collector.iterations() - first;
            let share = done.saturating_mul(PARTIALS) / (end - first).max(1);
            if share > shown || shown == 0 {
                shown = share.max(1);
                job.progress(done as f64 / (end - first).max(1) as f64);
                publish::partial_counted(job, study, &collector);
            }
            Ok(())
        },
    )?;
    Ok(collector.finish())
}

/// What was counted as a report, and draws as a file: they are computed once more.
pub(crate) fn report(
    job: &BlockingContext,
    (task, runner): (&Task, &Runner<'_>),
    tally: &Tally,
) -> Result<SimulateReport, MonteCarloError> {
    job.stage("Report", 3, 3);
    let counted: Vec<_> = (0..task.study.outputs.len()).map(|i| tally.find_counted(i)).collect();
    let iterations = task.simulation.iterations;
    let known = if task.exact {
        find_exact(runner, iterations, counted, &|| job.is_cancelled())?
    } else {
        counted.into_iter().map(|c| c.map(|c| Box::new(c) as Box<dyn Known>)).collect()
    };
    let drawn = Drawn {
        iterations,
        stopped_early: false,
        device: DeviceReport::default(),
        known,
        first: runner.collect(keep(task) as u64, &|| job.is_cancelled())?,
        hash: tally.result_hash(),
    };
    let report = finish(job, task, drawn)?;
    publish::draws::of_runner(job, task, runner)?;
    Ok(report)
}
