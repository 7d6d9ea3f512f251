//! `montecarlo.sensitivity`: which inputs move an output, by every measure: rank correlation,
//! regression, share of the variance, conditional means, and Sobol' indices from runs of their own.

use gantry_engine_api::{
    BlockingContext, EngineError, Estimate, InputMeta, InputSlot, JobContext, Operation,
    ParamError, Step,
};
use gantry_sampling::sensitivity::{SobolIndices, SobolRuns, sobol_indices};
use gantry_sampling::{Plan, Settings};
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::price::{DistributionSet, Work, derive_credits};
use super::question::{gather, simulation_of, study};
use super::simulate::finish::columns_of;
use super::simulate::{USUAL_ITERATIONS, require_room, usual_iterations};
use super::{simulation_slot, workbook_slot};
use crate::draws::{Exchanged, Set};
use crate::error::MonteCarloError;
use crate::influence::{Influence, Influences, find_influences};
use crate::publish::leaflet::{Leaflet, leave};
use crate::simulation::Sampling;
use crate::spelling::entries;
use crate::study::Study;

mod page;

/// Fewer draws say nothing about Sobol' indices.
const LEAST: u64 = 64;

const fn yes() -> bool {
    true
}

/// Parameters of `montecarlo.sensitivity`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SensitivityParams {
    /// Uncertain cells, as of `montecarlo.simulate`.
    #[serde(default)]
    pub input: Vec<String>,
    /// What to look at, as of `montecarlo.simulate`.
    #[serde(default)]
    pub output: Vec<String>,
    /// Rank correlations between inputs, as of `montecarlo.simulate`; Sobol' indices are those of
    /// independent inputs all the same.
    #[serde(default)]
    pub correlate: Vec<String>,
    /// The copula, as of `montecarlo.simulate`.
    #[serde(default)]
    pub copula: Option<String>,
    /// Draws of all inputs together, for each of the runs.
    #[serde(default = "usual_iterations")]
    #[schemars(range(min = 16))]
    pub iterations: u64,
    /// How draws are spread over their range.
    #[serde(default)]
    pub sampling: Sampling,
    /// Whether to compute Sobol' indices, which takes as many more runs as there are inputs, and
    /// two.
    #[serde(default = "yes")]
    pub sobol: bool,
    /// The date and time of NOW and TODAY as a serial number.
    #[serde(default)]
    pub now: Option<f64>,
    /// The distributions that inputs may be drawn from, as of `montecarlo.simulate`.
    #[serde(default)]
    pub distributions: Option<DistributionSet>,
}

impl Default for SensitivityParams {
    fn default() -> Self {
        Self {
            input: Vec::new(),
            output: Vec::new(),
            correlate: Vec::new(),
            copula: None,
            iterations: usual_iterations(),
            sampling: Sampling::default(),
            sobol: yes(),
            now: None,
            distributions: None,
        }
    }
}

impl SensitivityParams {
    /// Iterations of all runs, as far as the parameters name inputs.
    fn admitted(&self) -> u64 {
        let inputs = entries(&self.input).len().max(1) as u64;
        let runs = if self.sobol { inputs + 3 } else { 1 };
        self.iterations.saturating_mul(runs)
    }
}

/// The Sobol' indices of an input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SobolReport {
    /// The input.
    pub input: String,
    /// Share of the variance that the input carries alone (S1).
    pub first: f64,
    /// Share that it carries alone and together with others (ST).
    pub total: f64,
    /// Standard error of `first`.
    pub first_error: f64,
    /// Standard error of `total`.
    pub total_error: f64,
}

/// An output's means where an input is low, middle or high.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConditionalReport {
    /// The input.
    pub input: String,
    /// Means of the input over tenths of its draws, rising.
    pub inputs: Vec<f64>,
    /// Means of the output over the same draws.
    pub outputs: Vec<f64>,
}

/// What moves an output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SensitivityOfOutput {
    /// The output.
    pub name: String,
    /// Share of the variance that a linear model of the inputs explains.
    pub r_squared: f64,
    /// The inputs by their influence, strongest first.
    pub influences: Vec<Influence>,
    /// The inputs' Sobol' indices, the highest total first.
    pub sobol: Vec<SobolReport>,
    /// Means of the output over tenths of each input.
    pub conditional: Vec<ConditionalReport>,
}

/// The strongest input of an output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StrongestReport {
    /// The output.
    pub name: String,
    /// The input that moves it most, by rank correlation.
    pub input: String,
    /// Spearman's rank correlation.
    pub rank_correlation: f64,
    /// Its total Sobol' index, where they were asked for.
    pub total: Option<f64>,
}

/// The result of `montecarlo.sensitivity`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SensitivityReport {
    /// Draws of the run that measures but Sobol' indices are from.
    pub iterations: u64,
    /// Draws of each run for Sobol' indices; 0 without them.
    pub sobol_iterations: u64,
    /// The strongest input of each output.
    pub strongest: Vec<StrongestReport>,
    /// The outputs in full.
    pub outputs: Vec<SensitivityOfOutput>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// `montecarlo.sensitivity`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sensitivity;

impl Operation for Sensitivity {
    const ID: &'static str = "montecarlo.sensitivity";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Find what moves outputs";
    const SUMMARY: &'static str =
        "Ranks the uncertain inputs of a workbook by how much they move its outputs.";
    type Params = SensitivityParams;
    type Report = SensitivityReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![workbook_slot(), simulation_slot()]
    }

    fn estimate(
        &self,
        params: &SensitivityParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        if params.iterations < 16 {
            return Err(ParamError::new("/iterations", "must be at least 16"));
        }
        let work = Work {
            iterations: params.admitted(),
            kept: params.admitted(),
            input: &params.input,
            output: &params.output,
            distributions: params.distributions,
        };
        work.estimate(inputs)
    }

    async fn run(
        &self,
        params: SensitivityParams,
        context: JobContext,
    ) -> Result<Step<SensitivityReport>, EngineError> {
        let report = context.compute(move |job| Ok(run(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn run(
    job: &BlockingContext,
    params: &SensitivityParams,
) -> Result<SensitivityReport, MonteCarloError> {
    let asked = simulation_of!(params, USUAL_ITERATIONS);
    let (simulation, set) = gather(job, asked, params.distributions)?;
    let study = study(job, (&simulation, set), &|_| Ok(Vec::new()))?;
    let iterations = simulation.iterations;
    let design = simulation.sampling.design();
    require_room(params.admitted().max(iterations), study.outputs.len())?;
    let plan = study.plan(job.seed(), iterations, design)?;
    let columns = study.runner(&plan, job.threads()).collect(iterations, &|| job.is_cancelled())?;
    let inputs = columns_of(&study, &plan, (0, iterations))?;
    let mut warnings: Vec<String> = study.book.warnings.iter().map(|w| w.text.clone()).collect();
    let runs = study.inputs.len() as u64 + 2;
    // Inputs of formulas and files were not counted: all runs together keep to what was admitted.
    let each = (params.admitted().saturating_sub(iterations) / runs).min(iterations);
    let sobol = params.sobol && each >= LEAST;
    if params.sobol && !sobol {
        warnings.push(format!(
            "There are too few iterations for Sobol' indices of {} inputs; ask for more.",
            study.inputs.len()
        ));
    }
    if sobol && !simulation.correlate.is_empty() {
        warnings.push("Sobol' indices are those of independent inputs.".to_owned());
    }
    let indices =
        if sobol { indices(job, &study, (each, design))? } else { vec![None; study.outputs.len()] };
    let mut outputs = Vec::new();
    for ((output, column), sobol) in study.outputs.iter().zip(&columns).zip(indices) {
        job.check_cancelled()?;
        match find_influences(&study.inputs, &inputs, column) {
            Some(found) => outputs.push(describe(&study, &output.name, (found, sobol))),
            None => warnings.push(format!("Too few draws of {} gave a number.", output.name)),
        }
    }
    let report = SensitivityReport {
        iterations,
        sobol_iterations: if sobol { each } else { 0 },
        strongest: outputs.iter().filter_map(find_strongest).collect(),
        outputs,
        warnings,
    };
    let leaflet = Leaflet {
        title: "Sensitivity".into(),
        subtitle: format!("{iterations} iterations, {} inputs", study.inputs.len()),
        warnings: report.warnings.clone(),
        sections: report.outputs.iter().enumerate().map(page::section).collect(),
    };
    leave(job, &leaflet, &report)?;
    let all = iterations + if sobol { each.saturating_mul(runs) } else { 0 };
    job.charge(Credits::new(derive_credits(all).min(job.limits().max_credits.get())))?;
    job.progress(1.0);
    Ok(report)
}

/// The indices of each output; none where too few draws gave a number.
fn indices(
    job: &BlockingContext,
    study: &Study,
    (iterations, design): (u64, gantry_sampling::Design),
) -> Result<Vec<Option<Vec<SobolIndices>>>, MonteCarloError> {
    let once = study.distributions();
    let twice = [once.as_slice(), once.as_slice()].concat();
    let settings = Settings::new(job.seed(), iterations).with_design(design);
    let plan = Plan::new(&twice, &settings)
        .map_err(|source| MonteCarloError::Sampling { name: "draws".into(), source })?;
    let sets = [Set::First, Set::Second];
    let sets = sets.into_iter().chain((0..once.len()).map(Set::FirstWith));
    let mut runs = Vec::new();
    for (i, set) in sets.enumerate() {
        let draws = Exchanged { plan: &plan, set };
        let runner = study.runner(&draws, job.threads());
        runs.push(runner.collect(iterations, &|| job.is_cancelled())?);
        job.progress((i + 1) as f64 / (once.len() + 3) as f64);
    }
    let of_output = |output: usize| {
        let mixed: Vec<&[f64]> = runs.iter().skip(2).map(|run| run[output].as_slice()).collect();
        let runs = SobolRuns { a: &runs[0][output], b: &runs[1][output], a_with_b: &mixed };
        sobol_indices(&runs).ok()
    };
    Ok((0..study.outputs.len()).map(of_output).collect())
}

fn describe(
    study: &Study,
    name: &str,
    (found, sobol): (Influences, Option<Vec<SobolIndices>>),
) -> SensitivityOfOutput {
    let with_names = study.inputs.iter().zip(sobol.unwrap_or_default());
    let mut sobol: Vec<SobolReport> = with_names
        .map(|(input, indices)| SobolReport {
            input: input.name.clone(),
            first: indices.first,
            total: indices.total,
            first_error: indices.first_error,
            total_error: indices.total_error,
        })
        .collect();
    sobol.sort_by(|a, b| b.total.total_cmp(&a.total));
    let conditional = found.ranked.iter().zip(found.conditional);
    SensitivityOfOutput {
        name: name.to_owned(),
        r_squared: found.r_squared,
        sobol,
        conditional: conditional
            .map(|(influence, means)| ConditionalReport {
                input: influence.input.clone(),
                inputs: means.inputs,
                outputs: means.outputs,
            })
            .collect(),
        influences: found.ranked,
    }
}

fn find_strongest(output: &SensitivityOfOutput) -> Option<StrongestReport> {
    let first = output.influences.first()?;
    Some(StrongestReport {
        name: output.name.clone(),
        input: first.input.clone(),
        rank_correlation: first.rank_correlation,
        total: output.sobol.iter().find(|s| s.input == first.input).map(|s| s.total),
    })
}
