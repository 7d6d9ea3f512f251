//! `montecarlo.stress`: what the outputs come to when an input stays within a part of its range,
//! compared with all inputs as they are.

use gantry_engine_api::{
    BlockingContext, EngineError, Estimate, InputMeta, InputSlot, JobContext, Operation,
    ParamError, Step,
};
use gantry_sampling::Distribution;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::price::{DistributionSet, Work};
use super::question::{gather, simulation_of, study};
use super::scenarios::{ScenarioReport, ScenariosReport, conclude};
use super::simulate::{USUAL_ITERATIONS, require_room, usual_iterations};
use super::{simulation_slot, workbook_slot};
use crate::error::MonteCarloError;
use crate::simulation::Sampling;
use crate::spelling::{entries, get_cell};
use crate::statistics::summarize;
use crate::study::Study;

/// Parameters of `montecarlo.stress`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StressParams {
    /// Inputs to hold within percentiles of their distribution, each as `CELL=LOW:HIGH` in percent,
    /// such as `Inputs!B3=90:100` for its highest tenth. Each is a run, and all together are one.
    pub stress: Vec<String>,
    /// Uncertain cells, as of `montecarlo.simulate`.
    #[serde(default)]
    pub input: Vec<String>,
    /// What to look at, as of `montecarlo.simulate`.
    #[serde(default)]
    pub output: Vec<String>,
    /// Rank correlations between inputs, as of `montecarlo.simulate`.
    #[serde(default)]
    pub correlate: Vec<String>,
    /// The copula, as of `montecarlo.simulate`.
    #[serde(default)]
    pub copula: Option<String>,
    /// Draws of all inputs together, in each run.
    #[serde(default = "usual_iterations")]
    #[schemars(range(min = 1))]
    pub iterations: u64,
    /// How draws are spread over their range.
    #[serde(default)]
    pub sampling: Sampling,
    /// The date and time of NOW and TODAY as a serial number.
    #[serde(default)]
    pub now: Option<f64>,
    /// The distributions that inputs may be drawn from, as of `montecarlo.simulate`.
    #[serde(default)]
    pub distributions: Option<DistributionSet>,
}

/// `montecarlo.stress`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stress;

impl Operation for Stress {
    const ID: &'static str = "montecarlo.stress";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Stress inputs";
    const SUMMARY: &'static str =
        "Simulates a workbook with inputs held within a part of their range, beside the base.";
    type Params = StressParams;
    type Report = ScenariosReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![workbook_slot(), simulation_slot()]
    }

    fn estimate(
        &self,
        params: &StressParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        let stressed = entries(&params.stress).len() as u64;
        if stressed == 0 {
            let text =
                "names no input; write `CELL=LOW:HIGH` in percent, such as `Inputs!B3=90:100`";
            return Err(ParamError::new("/stress", text));
        }
        let runs = 1 + stressed + u64::from(stressed > 1);
        let work = Work {
            iterations: params.iterations.saturating_mul(runs),
            kept: params.iterations,
            input: &params.input,
            output: &params.output,
            distributions: params.distributions,
        };
        work.estimate(inputs)
    }

    async fn run(
        &self,
        params: StressParams,
        context: JobContext,
    ) -> Result<Step<ScenariosReport>, EngineError> {
        let report = context.compute(move |job| Ok(run(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

/// An input with the part of its distribution that it is held within.
struct Held {
    name: String,
    input: usize,
    distribution: Distribution,
}

fn run(job: &BlockingContext, params: &StressParams) -> Result<ScenariosReport, MonteCarloError> {
    let asked = simulation_of!(params, USUAL_ITERATIONS);
    let (simulation, set) = gather(job, asked, params.distributions)?;
    let study = study(job, (&simulation, set), &|_| Ok(Vec::new()))?;
    require_room(simulation.iterations, study.outputs.len())?;
    let mut held: Vec<Held> = Vec::new();
    for entry in entries(&params.stress) {
        let read = read(&study, &entry)?;
        if held.iter().any(|h| h.input == read.input) {
            return Err(MonteCarloError::param(
                format!("`{entry}` stresses an input twice."),
                "Run the operation once for each part of its range.",
            ));
        }
        held.push(read);
    }
    let mut runs: Vec<(String, Vec<&Held>)> = vec![("base".to_owned(), Vec::new())];
    runs.extend(held.iter().map(|h| (h.name.clone(), vec![h])));
    if held.len() > 1 {
        runs.push(("all together".to_owned(), held.iter().collect()));
    }
    let mut reports = Vec::with_capacity(runs.len());
    let all = runs.len();
    for (i, (name, held)) in runs.into_iter().enumerate() {
        let mut distributions = study.distributions();
        for held in &held {
            distributions[held.input] = held.distribution.clone();
        }
        let settings = (job.seed(), simulation.iterations, simulation.sampling.design());
        let plan = study.plan_of(&distributions, settings)?;
        let columns = study
            .runner(&plan, job.threads())
            .collect(simulation.iterations, &|| job.is_cancelled())?;
        let sets: Vec<String> = held
            .iter()
            .map(|h| format!("{}={}", study.inputs[h.input].name, h.distribution))
            .collect();
        reports.push(ScenarioReport {
            scenario: name,
            sets: sets.join("; "),
            summaries: columns.iter().map(|c| summarize(c)).collect(),
        });
        job.progress((i + 1) as f64 / all as f64);
    }
    conclude(job, &study, (simulation.iterations, "Stressed inputs"), reports)
}

/// `CELL=LOW:HIGH`, in percent.
fn read(study: &Study, text: &str) -> Result<Held, MonteCarloError> {
    let wrong = || {
        MonteCarloError::param(
            format!("`{text}` holds no input within a part of its range."),
            "Write `CELL=LOW:HIGH` in percent, such as `Inputs!B3=90:100` for its highest tenth.",
        )
    };
    let (place, range) = text.rsplit_once('=').ok_or_else(wrong)?;
    let (low, high) = range.split_once(':').ok_or_else(wrong)?;
    let percent =
        |text: &str| text.trim().trim_end_matches('%').parse::<f64>().map_err(|_| wrong());
    let (low, high) = (percent(low)?, percent(high)?);
    if !(0.0 <= low && low < high && high <= 100.0) {
        return Err(wrong());
    }
    let place = place.trim();
    let by_name = study.inputs.iter().position(|i| i.name == place);
    let by_cell = || {
        let cell = get_cell(&study.book, place)?;
        let found = study.inputs.iter().position(|i| i.cell == Some(cell));
        found.ok_or_else(|| {
            MonteCarloError::param(
                format!("{place} is not uncertain."),
                "Give it a distribution with `--input`, or use `montecarlo.scenarios`.",
            )
        })
    };
    let input = by_name.map_or_else(by_cell, Ok)?;
    let whole = &study.inputs[input].distribution;
    // Limits are those before the shift.
    let at = |percent: f64| whole.quantile(percent / 100.0) - whole.shift();
    let from = if low > 0.0 { at(low) } else { f64::NEG_INFINITY };
    let to = if high < 100.0 { at(high) } else { f64::INFINITY };
    let name = &study.inputs[input].name;
    let distribution = whole
        .clone()
        .truncate(from, to)
        .map_err(|source| MonteCarloError::Sampling { name: name.clone(), source })?;
    Ok(Held { name: format!("{name} at {low} to {high} %"), input, distribution })
}
