//! `montecarlo.simulate_part`: some of the draws of a simulation, counted. `montecarlo.simulate`
//! divides itself into such parts.

use gantry_engine_api::{
    Audience, BlockingContext, EngineError, Estimate, InputMeta, InputSlot, JobContext, Operation,
    ParamError, Step,
};
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::price::{DistributionSet, Work, derive_credits};
use super::question::study;
use super::simulate::streamed::count;
use super::workbook_slot;
use crate::error::MonteCarloError;
use crate::simulation::{Sampling, Simulation};
use crate::tally::Segments;

/// Parameters of `montecarlo.simulate_part`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartParams {
    /// Uncertain cells, as of `montecarlo.simulate`.
    pub input: Vec<String>,
    /// What to look at, as of `montecarlo.simulate`.
    pub output: Vec<String>,
    /// Rank correlations, as of `montecarlo.simulate`.
    #[serde(default)]
    pub correlate: Vec<String>,
    /// The copula, as of `montecarlo.simulate`.
    #[serde(default)]
    pub copula: String,
    /// Draws of the whole simulation.
    #[schemars(range(min = 1))]
    pub iterations: u64,
    /// How draws are spread over their range.
    #[serde(default)]
    pub sampling: Sampling,
    /// The date and time of NOW and TODAY as a serial number.
    #[serde(default)]
    pub now: Option<f64>,
    /// The seed of the whole simulation.
    pub parent_seed: u64,
    /// The first segment to draw.
    pub first_segment: u64,
    /// The segment after the last to draw.
    pub end_segment: u64,
}

/// The result of `montecarlo.simulate_part`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PartReport {
    /// Draws that were made.
    pub iterations: u64,
    /// What they come to, to be merged.
    pub tally: serde_json::Value,
}

impl PartParams {
    fn get_part(&self) -> Result<(Segments, (u64, u64)), ParamError> {
        let segments = Segments::of(self.iterations);
        if self.first_segment >= self.end_segment || self.end_segment > segments.count() {
            let most = segments.count();
            let text = format!("must be above the first, and at most {most}");
            return Err(ParamError::new("/end_segment", text));
        }
        Ok((segments, (self.first_segment, self.end_segment)))
    }
}

/// `montecarlo.simulate_part`.
#[derive(Debug, Clone, Copy, Default)]
pub struct SimulatePart;

impl Operation for SimulatePart {
    const ID: &'static str = "montecarlo.simulate_part";
    const VERSION: u32 = 1;
    const AUDIENCE: Audience = Audience::Jobs;
    const TITLE: &'static str = "Simulate a part of the draws";
    const SUMMARY: &'static str =
        "Counts some of the draws of a simulation that is divided into shards.";
    type Params = PartParams;
    type Report = PartReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![workbook_slot()]
    }

    fn estimate(&self, params: &PartParams, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        let (segments, part) = params.get_part()?;
        let (first, end) = segments.range(part);
        let work = Work {
            iterations: end - first,
            input: &params.input,
            output: &params.output,
            ..Work::default()
        };
        work.estimate(inputs)
    }

    async fn run(
        &self,
        params: PartParams,
        context: JobContext,
    ) -> Result<Step<PartReport>, EngineError> {
        let report = context.compute(move |job| Ok(run(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn run(job: &BlockingContext, params: &PartParams) -> Result<PartReport, MonteCarloError> {
    let (segments, part) = params.get_part()?;
    let simulation = Simulation {
        input: params.input.clone(),
        output: params.output.clone(),
        correlate: params.correlate.clone(),
        copula: params.copula.clone(),
        iterations: params.iterations,
        sampling: params.sampling,
        now: params.now,
        ..Simulation::default()
    };
    let study = study(job, (&simulation, DistributionSet::Advanced), &|_| Ok(Vec::new()))?;
    let plan = study.plan(params.parent_seed, params.iterations, params.sampling.design())?;
    let draws = study.set(&plan, &[]);
    let runner = study.runner(&draws, job.threads());
    let tally = count(job, (&study, &runner), (segments, part))?;
    let (first, end) = segments.range(part);
    let due = derive_credits(end - first).min(job.limits().max_credits.get());
    job.charge(Credits::new(due))?;
    job.progress(1.0);
    let tally = serde_json::to_value(&tally)
        .map_err(|e| MonteCarloError::Written { what: "the tally", cause: e.to_string() })?;
    Ok(PartReport { iterations: end - first, tally })
}
