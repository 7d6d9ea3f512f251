//! From draws to the report and its files, whether they were kept or counted.

use gantry_engine_api::BlockingContext;

use super::{EngineChoice, Task};
use crate::column::WIDTH;
use crate::error::MonteCarloError;
use crate::influence::find_influences;
use crate::ops::outcome::{
    DeviceReport, Outcome, OutputReport, SimulateReport, describe_import, describe_input,
};
use crate::publish;
use crate::statistics::{Chance, Known, Summary};
use crate::study::Study;

/// Draws that sensitivity is computed from.
const SENSITIVE: u64 = 50_000;

/// What a run came to.
pub(crate) struct Drawn {
    /// Draws that were made.
    pub iterations: u64,
    /// Whether the rule ended the run.
    pub stopped_early: bool,
    /// What computed them.
    pub device: DeviceReport,
    /// What is known of each output; nothing when no draw gave a number.
    pub known: Vec<Option<Box<dyn Known>>>,
    /// The first draws of each output.
    pub first: Vec<Vec<f64>>,
    /// SHA-256 of all outputs of all draws.
    pub hash: String,
}

/// How many of the first draws of each output are wanted.
pub(crate) fn keep(task: &Task) -> usize {
    task.simulation.iterations.min(SENSITIVE) as usize
}

/// The report, after all its files but the draws were left.
pub(crate) fn finish(
    job: &BlockingContext,
    task: &Task,
    drawn: Drawn,
) -> Result<SimulateReport, MonteCarloError> {
    let (study, iterations) = (&task.study, drawn.iterations);
    let rows = drawn.first.first().map_or(0, Vec::len);
    let inputs = draws_of_inputs(job, task, rows as u64)?;
    let mut warnings: Vec<String> = study.book.warnings.iter().map(|w| w.text.clone()).collect();
    let mut outputs = Vec::with_capacity(drawn.known.len());
    for (i, (output, known)) in study.outputs.iter().zip(&drawn.known).enumerate() {
        job.check_cancelled()?;
        let summary = known.as_deref().map(Summary::of);
        let errors = summary.as_ref().map_or(iterations, |s| s.errors);
        if errors > 0 {
            let name = &output.name;
            warnings.push(format!("{errors} of {iterations} draws of {name} gave no number."));
        }
        let asked = task.below.iter().filter(|b| b.output == output.name);
        let below = known
            .as_deref()
            .map(|known| asked.map(|b| Chance::below(known, b.limit)).collect::<Vec<_>>());
        let found = find_influences(&study.inputs, &inputs, &drawn.first[i]);
        outputs.push(OutputReport {
            name: output.name.clone(),
            base: study.base(i),
            summary,
            below: below.unwrap_or_default(),
            r_squared: found.as_ref().map(|f| f.r_squared),
            influences: found.map(|f| f.ranked).unwrap_or_default(),
        });
    }
    if task.engine == EngineChoice::Arrow && !task.exact {
        warnings.push("Percentiles are within 0.5 % of their values.".to_owned());
    }
    if let Some(note) = &drawn.device.note {
        warnings.push(format!("The draws were computed on the processor: {note}."));
    }
    let report = SimulateReport {
        iterations,
        stopped_early: drawn.stopped_early,
        sampling: task.simulation.sampling,
        engine: task.engine,
        device: drawn.device,
        seed: job.seed(),
        inputs: study.inputs.iter().map(describe_input).collect(),
        outcomes: outputs.iter().filter_map(Outcome::of).collect(),
        outputs,
        import: describe_import(study),
        result_hash: drawn.hash,
        warnings,
    };
    publish::publish(job, &report)?;
    crate::service::leave(job, task)?;
    Ok(report)
}

/// The first draws of all inputs.
fn draws_of_inputs(
    job: &BlockingContext,
    task: &Task,
    count: u64,
) -> Result<Vec<Vec<f64>>, MonteCarloError> {
    let (study, simulation) = (&task.study, &task.simulation);
    let plan = study.plan(job.seed(), simulation.iterations, simulation.sampling.design())?;
    columns_of(study, &plan, (0, count))
}

/// The draws of all inputs from the first, a multiple of the chunk, to before the end.
pub(crate) fn columns_of(
    study: &Study,
    plan: &gantry_sampling::Plan,
    (first, end): (u64, u64),
) -> Result<Vec<Vec<f64>>, MonteCarloError> {
    let mut columns = vec![Vec::with_capacity((end - first) as usize); study.inputs.len()];
    let mut chunk = vec![[0.0; WIDTH]; study.inputs.len()];
    for at in first / WIDTH as u64..end.div_ceil(WIDTH as u64) {
        plan.fill_chunk(at, &mut chunk)
            .map_err(|source| MonteCarloError::Sampling { name: "draws".into(), source })?;
        let take = (end - at * WIDTH as u64).min(WIDTH as u64) as usize;
        for (all, part) in columns.iter_mut().zip(&chunk) {
            all.extend_from_slice(&part[..take]);
        }
    }
    Ok(columns)
}
