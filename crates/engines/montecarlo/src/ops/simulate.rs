//! `montecarlo.simulate`: what the outputs of a workbook come to when its inputs are uncertain.

use gantry_engine_api::{
    BlockingContext, DeviceNeed, EngineError, Estimate, InputMeta, InputSlot, JobContext,
    Operation, ParamError, Step,
};
use gantry_sampling::statistics::StopRule;
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outcome::SimulateReport;
use super::price::{DistributionSet, Work, derive_credits, meter_id};
use super::question::{gather, simulation_of, study};
use super::{simulation_slot, workbook_slot};
use crate::error::MonteCarloError;
use crate::ranks;
use crate::simulation::{Sampling, Simulation};
use crate::spelling::{Below, entries, get_below};
use crate::study::Study;
use crate::tally::Segments;

pub(crate) mod device;
pub(crate) mod exact;
pub(crate) mod finish;
pub(crate) mod shards;
pub(crate) mod streamed;

/// Values (iterations × outputs) that are kept in memory.
const MAX_VALUES: u64 = 200_000_000;
/// Iterations of a run whose draws are not kept.
const MAX_STREAMED: u64 = 100_000_000_000;
/// Memory of the sketches and buffers of a run whose draws are not kept.
const STREAM_MEMORY: u64 = 512 << 20;
/// Shards of a run.
const MAX_SHARDS: u16 = 256;
/// Iterations, unless another number is asked for.
pub(crate) const USUAL_ITERATIONS: u64 = 10_000;

/// How draws are computed; the draws and their hash are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineChoice {
    /// On several threads, with all draws in memory: every percentile is exact.
    #[default]
    Power,
    /// On several threads, and on several workers if wanted, in bounded memory: percentiles are
    /// within 0.5 % of their values, and draws go to a Parquet file as they come.
    Arrow,
    /// As `power`, on a graphics processor where one is there and the workbook's formulas can be
    /// written for it; else on the processor, and the report says why.
    Enhanced,
}

pub(crate) const fn usual_iterations() -> u64 {
    USUAL_ITERATIONS
}

const fn usual_draws() -> u64 {
    10_000
}

const fn one() -> u16 {
    1
}

/// A file of draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DrawsFile {
    /// `draws.parquet`.
    Parquet,
    /// `draws.csv`, of up to a million draws that are kept in memory.
    Csv,
    /// `draws.xlsx`, of as many draws as a sheet has rows.
    Xlsx,
}

fn usual_files() -> Vec<DrawsFile> {
    vec![DrawsFile::Parquet, DrawsFile::Csv]
}

/// Parameters of `montecarlo.simulate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulateParams {
    /// Uncertain cells, each as `CELL=DISTRIBUTION`, such as `Inputs!B3=triangular(80,100,150)`.
    /// Functions such as RiskNormal and RAND in the workbook are inputs without being named.
    #[serde(default)]
    pub input: Vec<String>,
    /// What to look at, each as a cell (`Summary!B20`) or as a name with a formula
    /// (`margin=Summary!B20/Summary!B10`).
    #[serde(default)]
    pub output: Vec<String>,
    /// Rank correlations between inputs, each as `CELL~CELL=CORRELATION`, such as
    /// `Inputs!B3~Inputs!B4=0.7`.
    #[serde(default)]
    pub correlate: Vec<String>,
    /// How correlated inputs hang together: `gaussian`, or `t(4)` for extremes that come together.
    #[serde(default)]
    pub copula: Option<String>,
    /// Draws of all inputs together.
    #[serde(default = "usual_iterations")]
    #[schemars(range(min = 1))]
    pub iterations: u64,
    /// How draws are spread over their range.
    #[serde(default)]
    pub sampling: Sampling,
    /// Chances to ask for, each as `OUTPUT<LIMIT`, such as `Summary!B20<0`.
    #[serde(default)]
    pub below: Vec<String>,
    /// Stop as soon as all outputs are known well enough, such as `mean ± 0.5%` or
    /// `p95 ± 100 at 99%`.
    #[serde(default)]
    pub stop_when: Option<String>,
    /// The date and time of NOW and TODAY as a serial number; without it, formulas that ask for
    /// them keep the values in the file.
    #[serde(default)]
    pub now: Option<f64>,
    /// How many of the draws to leave as files.
    #[serde(default = "usual_draws")]
    pub draws: u64,
    /// The files that draws are left as: `parquet`, `csv` or `xlsx`.
    #[serde(default = "usual_files")]
    pub draws_as: Vec<DrawsFile>,
    /// With `arrow`, percentiles and tails to the last digit instead of within 0.5 %: the draws are made
    /// six times more.
    #[serde(default)]
    pub exact: bool,
    /// How the draws are computed; `arrow` is for more of them than fit into memory, `enhanced` for
    /// many draws of large models where there is a graphics processor.
    #[serde(default)]
    pub engine: EngineChoice,
    /// Into how many jobs the draws are divided, which run on any worker; more than one needs
    /// `arrow`.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 256))]
    pub shards: u16,
    /// The distributions that inputs may be drawn from, also where the workbook's own formulas name
    /// them; without it, what the inputs here need.
    #[serde(default)]
    pub distributions: Option<DistributionSet>,
}

impl Default for SimulateParams {
    fn default() -> Self {
        Self {
            input: Vec::new(),
            output: Vec::new(),
            correlate: Vec::new(),
            copula: None,
            iterations: usual_iterations(),
            sampling: Sampling::default(),
            below: Vec::new(),
            stop_when: None,
            now: None,
            draws: usual_draws(),
            draws_as: usual_files(),
            exact: false,
            engine: EngineChoice::default(),
            shards: one(),
            distributions: None,
        }
    }
}

impl SimulateParams {
    fn simulation(&self) -> Simulation {
        Simulation {
            below: self.below.clone(),
            stop_when: self.stop_when.clone(),
            ..simulation_of!(self, USUAL_ITERATIONS)
        }
    }

    fn check_files(&self) -> Result<(), ParamError> {
        let draws = self.draws.min(self.iterations);
        if self.draws_as.contains(&DrawsFile::Xlsx) && draws > SHEET_DRAWS {
            let text = format!(
                "{draws} draws are more than the {SHEET_DRAWS} that a sheet has rows for; leave \
                 fewer, or leave them as `parquet`"
            );
            return Err(ParamError::new("/draws", text));
        }
        Ok(())
    }

    fn check_shards(&self) -> Result<(), ParamError> {
        if self.shards == 0 || self.shards > MAX_SHARDS {
            return Err(ParamError::new("/shards", format!("must be 1 to {MAX_SHARDS}")));
        }
        if self.shards > 1 && self.engine != EngineChoice::Arrow {
            let text = "more than one needs the engine `arrow`, which merges partial results";
            return Err(ParamError::new("/shards", text));
        }
        if self.engine == EngineChoice::Arrow && self.stop_when.is_some() {
            let text =
                "a rule to stop needs the engine `power` or `enhanced`, which have all draws";
            return Err(ParamError::new("/stop_when", text));
        }
        Ok(())
    }
}

/// Draws that fit into a sheet below its heads.
pub(crate) const SHEET_DRAWS: u64 = (1 << 20) - 1;

/// Reads a rule to stop.
pub(crate) fn read_rule(text: &str) -> Result<StopRule, ParamError> {
    text.parse().map_err(|error: gantry_sampling::SamplingError| {
        ParamError::new("/stop_when", error.to_string())
    })
}

/// `montecarlo.simulate`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Simulate;

impl Operation for Simulate {
    const ID: &'static str = "montecarlo.simulate";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Simulate a workbook";
    const SUMMARY: &'static str =
        "Draws uncertain inputs of an Excel workbook and shows what its outputs come to.";
    type Params = SimulateParams;
    type Report = SimulateReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![workbook_slot(), simulation_slot()]
    }

    fn estimate(
        &self,
        params: &SimulateParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        params.check_shards()?;
        params.check_files()?;
        if let Some(rule) = &params.stop_when {
            read_rule(rule)?;
        }
        let arrow = params.engine == EngineChoice::Arrow;
        let outputs = (entries(&params.output).len() as u64).max(1);
        let most = if arrow { MAX_STREAMED } else { MAX_VALUES / outputs };
        if params.iterations > most {
            let next = if arrow { "" } else { ", or for the engine `arrow`" };
            let text = format!("is too large for {outputs} outputs; ask for at most {most}{next}");
            return Err(ParamError::new("/iterations", text));
        }
        let work = Work {
            iterations: params.iterations,
            kept: if arrow { 0 } else { params.iterations },
            input: &params.input,
            output: &params.output,
            distributions: params.distributions,
        };
        let mut estimate = work.estimate(inputs)?;
        if arrow {
            estimate.meters.insert(meter_id("streamed_iterations")?, params.iterations);
            let counts = if params.exact { ranks::derive_memory(outputs) } else { 0 };
            let memory = STREAM_MEMORY.saturating_add(counts);
            estimate.memory_bytes = estimate.memory_bytes.saturating_add(memory);
        }
        if params.engine == EngineChoice::Enhanced {
            estimate.meters.insert(meter_id("enhanced_iterations")?, params.iterations);
            estimate.device = DeviceNeed::PrefersGpu;
        }
        if params.shards > 1 {
            let credits = shards::derive_costs(params.iterations, params.shards);
            estimate.max_credits = Credits::new(credits.iter().sum::<i64>().saturating_add(1));
        }
        Ok(estimate)
    }

    async fn run(
        &self,
        params: SimulateParams,
        context: JobContext,
    ) -> Result<Step<SimulateReport>, EngineError> {
        context.compute(move |job| Ok(run(job, &params)?)).await
    }
}

/// A simulation that is ready to be run.
pub(crate) struct Task {
    pub simulation: Simulation,
    pub study: Study,
    pub below: Vec<Below>,
    pub rule: Option<StopRule>,
    pub engine: EngineChoice,
    /// Draws that are left as files.
    pub draws: u64,
    /// As which files.
    pub draws_as: Vec<DrawsFile>,
    /// Whether percentiles of draws that are not kept are to be exact.
    pub exact: bool,
}

impl Task {
    /// How the draws are cut.
    pub(crate) fn segments(&self) -> Segments {
        Segments::of(self.simulation.iterations)
    }
}

fn run(
    job: &BlockingContext,
    params: &SimulateParams,
) -> Result<Step<SimulateReport>, MonteCarloError> {
    params.check_shards()?;
    params.check_files()?;
    job.stage("Read", 1, 3);
    let (simulation, set) = gather(job, params.simulation(), params.distributions)?;
    let study = study(job, (&simulation, set), &|_| Ok(Vec::new()))?;
    let below = read_below(&study, &simulation.below)?;
    let rule = simulation.stop_when.as_deref().map(read_rule).transpose()?;
    let task = Task {
        simulation,
        study,
        below,
        rule,
        engine: params.engine,
        draws: params.draws,
        draws_as: params.draws_as.clone(),
        exact: params.exact,
    };
    let report = match (params.engine, params.shards) {
        (EngineChoice::Power | EngineChoice::Enhanced, _) => exact::run(job, &task)?,
        (EngineChoice::Arrow, 0 | 1) => streamed::run(job, &task)?,
        (EngineChoice::Arrow, shards) if job.checkpoint().is_none() => {
            return shards::fork(job.seed(), &task, shards);
        }
        (EngineChoice::Arrow, _) => shards::merge(job, &task)?,
    };
    let due = if params.shards > 1 { 1 } else { derive_credits(report.iterations) };
    job.charge(Credits::new(due.min(job.limits().max_credits.get())))?;
    job.progress(1.0);
    Ok(Step::Done(report))
}

fn read_below(study: &Study, list: &[String]) -> Result<Vec<Below>, MonteCarloError> {
    let mut all = Vec::new();
    for entry in entries(list) {
        let below = get_below(&study.book, &entry)?;
        if !study.outputs.iter().any(|o| o.name == below.output) {
            return Err(MonteCarloError::param(
                format!("`{entry}` asks about {}, which is no output.", below.output),
                "Add it with `--output`.",
            ));
        }
        all.push(below);
    }
    Ok(all)
}

/// Refuses more values of outputs than are kept in memory.
pub(crate) fn require_room(iterations: u64, outputs: usize) -> Result<(), MonteCarloError> {
    let outputs = outputs.max(1) as u64;
    let values = iterations.saturating_mul(outputs);
    if values > MAX_VALUES {
        return Err(MonteCarloError::Limit {
            text: format!("{values} values of outputs are more than are kept in memory."),
            next: format!("Ask for at most {} iterations.", MAX_VALUES / outputs),
        });
    }
    Ok(())
}
