//! `montecarlo.simulate`: what the outputs of a workbook come to when its inputs are uncertain.

use std::collections::BTreeMap;

use gantry_engine_api::{
    BlockingContext, DeviceNeed, EngineError, Estimate, InputKind, InputMeta, InputSlot,
    JobContext, LogLevel, Operation, ParamError, Step,
};
use gantry_sampling::Design;
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::outcome::{
    Influence, Outcome, OutputReport, SimulateReport, describe_import, describe_input,
};
use super::{WORKBOOK, get_workbook, memory_of, meter_id, workbook_slot};
use crate::column::WIDTH;
use crate::error::MonteCarloError;
use crate::publish;
use crate::run::Runner;
use crate::simulation::{Simulation, read_simulation};
use crate::spelling::{Below, entries, get_below};
use crate::statistics::{chance_below, rank_correlations, summarize};
use crate::stop::StopRule;
use crate::study::{Question, Study, read_workbook};

/// Values (iterations × outputs) that are kept in memory.
const MAX_VALUES: u64 = 200_000_000;
/// Draws that sensitivity is computed from.
const SENSITIVE: u64 = 50_000;
/// The first number of iterations after which a rule to stop is looked at; then twice as many.
const FIRST_CHECK: u64 = 1 << 12;
/// Times that a part of the result is shown while it grows.
const PARTIALS: u64 = 20;
/// Values that one credit pays for.
const VALUES_PER_CREDIT: u64 = 10_000_000;

/// How draws are spread over their range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// Independent draws.
    Mc,
    /// Latin hypercube: every input's range is covered evenly.
    #[default]
    Lhs,
    /// Scrambled Sobol points: all inputs together are covered evenly.
    Sobol,
}

impl Sampling {
    pub(crate) const fn design(self) -> Design {
        match self {
            Self::Mc => Design::MonteCarlo,
            Self::Lhs => Design::LatinHypercube,
            Self::Sobol => Design::Sobol,
        }
    }
}

const fn default_iterations() -> u64 {
    10_000
}

const fn default_draws() -> u64 {
    10_000
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
    /// Draws of all inputs together.
    #[serde(default = "default_iterations")]
    #[schemars(range(min = 1))]
    pub iterations: u64,
    /// How draws are spread over their range.
    #[serde(default)]
    pub sampling: Sampling,
    /// Chances to ask for, each as `OUTPUT<LIMIT`, such as `Summary!B20<0`.
    #[serde(default)]
    pub below: Vec<String>,
    /// Stop as soon as all outputs are known well enough, such as `mean ± 0.5%` or `p95 ± 100`.
    #[serde(default)]
    pub stop_when: Option<String>,
    /// The date and time of NOW and TODAY as a serial number; without it, formulas that ask for
    /// them keep the values in the file.
    #[serde(default)]
    pub now: Option<f64>,
    /// How many of the draws to leave as CSV and Parquet.
    #[serde(default = "default_draws")]
    pub draws: u64,
}

impl Default for SimulateParams {
    fn default() -> Self {
        Self {
            input: Vec::new(),
            output: Vec::new(),
            iterations: default_iterations(),
            sampling: Sampling::default(),
            below: Vec::new(),
            stop_when: None,
            now: None,
            draws: default_draws(),
        }
    }
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
        let simulation = "Simulation (JSON or TOML with these parameters)";
        vec![workbook_slot(), InputSlot::optional("simulation", simulation, InputKind::File)]
    }

    fn estimate(
        &self,
        params: &SimulateParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        let workbook = get_workbook(inputs)?;
        if params.iterations == 0 {
            return Err(ParamError::new("/iterations", "must be at least 1"));
        }
        let outputs = (entries(&params.output).len() as u64).max(1);
        let values = params.iterations.saturating_mul(outputs);
        if values > MAX_VALUES {
            let most = MAX_VALUES / outputs;
            let text = format!("is too large for {outputs} outputs; ask for at most {most}");
            return Err(ParamError::new("/iterations", text));
        }
        if let Some(rule) = &params.stop_when {
            StopRule::parse(rule)?;
        }
        Ok(Estimate {
            meters: BTreeMap::from([(meter_id("iterations")?, params.iterations)]),
            max_credits: Credits::new(derive_credits(params.iterations)),
            memory_bytes: memory_of(workbook).saturating_add(values.saturating_mul(24)),
            threads: 16,
            device: DeviceNeed::Cpu,
        })
    }

    async fn run(
        &self,
        params: SimulateParams,
        context: JobContext,
    ) -> Result<Step<SimulateReport>, EngineError> {
        let report = context.compute(move |job| Ok(simulate(job, params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn derive_credits(iterations: u64) -> i64 {
    i64::try_from(iterations.div_ceil(VALUES_PER_CREDIT).max(1)).unwrap_or(i64::MAX - 1)
}

fn simulate(
    job: &BlockingContext,
    params: SimulateParams,
) -> Result<SimulateReport, MonteCarloError> {
    job.stage("Read", 1, 3);
    let mut simulation = Simulation::from(params);
    if job.has_input("simulation") {
        simulation = simulation.over(read_simulation(&job.input("simulation")?)?);
    }
    let book = read_workbook(&job.input(WORKBOOK)?)?;
    let question = Question {
        inputs: simulation.input.clone(),
        outputs: simulation.output.clone(),
        now: simulation.now,
    };
    let study = Study::new(book, &question)?;
    let below = read_below(&study, &simulation.below)?;
    let values = simulation.iterations.saturating_mul(study.outputs.len() as u64);
    if values > MAX_VALUES {
        return Err(MonteCarloError::Limit {
            text: format!("{values} values of outputs are more than are kept in memory."),
            next: format!("Ask for at most {}.", MAX_VALUES / study.outputs.len() as u64),
        });
    }
    let rule = simulation.stop_when.as_deref().map(StopRule::parse).transpose()?;
    let formulas = study.compiled.formulas;
    let scalar = study.compiled.scalar.len();
    job.log(
        LogLevel::Info,
        format!("{} of {formulas} formulas are computed in columns.", formulas - scalar),
    );
    job.stage("Simulate", 2, 3);
    let (columns, stopped_early) = draw(job, &study, (&simulation, rule))?;
    job.stage("Report", 3, 3);
    let report = report(job, &study, (&simulation, &below), (&columns, stopped_early))?;
    publish::publish(job, &study, (&simulation, &report), &columns)?;
    let due = derive_credits(report.iterations).min(job.limits().max_credits.get());
    job.charge(Credits::new(due))?;
    job.progress(1.0);
    Ok(report)
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

/// All outputs of all draws, and whether the rule ended the run.
fn draw(
    job: &BlockingContext,
    study: &Study,
    (simulation, rule): (&Simulation, Option<StopRule>),
) -> Result<(Vec<Vec<f64>>, bool), MonteCarloError> {
    let iterations = simulation.iterations;
    let plan = study.plan(job.seed(), iterations, simulation.sampling.design())?;
    let runner = Runner {
        book: &study.book,
        program: &study.compiled.program,
        plan: &plan,
        now: study.now,
        threads: usize::from(job.threads()),
    };
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); study.outputs.len()];
    let mut shown = 0;
    let mut from = 0;
    let mut to = if rule.is_some() { FIRST_CHECK.min(iterations) } else { iterations };
    loop {
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
        if to == iterations {
            return Ok((columns, false));
        }
        let met = rule.is_some_and(|rule| {
            columns.iter().all(|c| summarize(c).is_some_and(|s| rule.is_met(c, &s)))
        });
        if met {
            return Ok((columns, true));
        }
        (from, to) = (to, to.saturating_mul(2).min(iterations));
    }
}

fn report(
    job: &BlockingContext,
    study: &Study,
    (simulation, below): (&Simulation, &[Below]),
    (columns, stopped_early): (&[Vec<f64>], bool),
) -> Result<SimulateReport, MonteCarloError> {
    let iterations = columns.first().map_or(0, |c| c.len() as u64);
    let inputs = draws_of_inputs(job.seed(), study, simulation, iterations.min(SENSITIVE))?;
    let mut warnings: Vec<String> = study.book.warnings.iter().map(|w| w.text.clone()).collect();
    let mut outputs = Vec::with_capacity(columns.len());
    for (i, (output, column)) in study.outputs.iter().zip(columns).enumerate() {
        job.check_cancelled()?;
        let summary = summarize(column);
        let errors = summary.as_ref().map_or(iterations, |s| s.errors);
        if errors > 0 {
            let name = &output.name;
            warnings.push(format!("{errors} of {iterations} draws of {name} gave no number."));
        }
        outputs.push(OutputReport {
            name: output.name.clone(),
            base: study.base(i),
            summary,
            below: below
                .iter()
                .filter(|b| b.output == output.name)
                .map(|b| chance_below(column, b.limit))
                .collect(),
            influences: influences(study, &inputs, column),
        });
    }
    Ok(SimulateReport {
        iterations,
        stopped_early,
        sampling: simulation.sampling,
        seed: job.seed(),
        inputs: study.inputs.iter().map(describe_input).collect(),
        outcomes: outputs.iter().filter_map(Outcome::of).collect(),
        outputs,
        import: describe_import(study),
        result_hash: hash(columns),
        warnings,
    })
}

/// The first draws of all inputs.
pub(crate) fn draws_of_inputs(
    seed: u64,
    study: &Study,
    simulation: &Simulation,
    count: u64,
) -> Result<Vec<Vec<f64>>, MonteCarloError> {
    let plan = study.plan(seed, simulation.iterations, simulation.sampling.design())?;
    let mut columns = vec![Vec::with_capacity(count as usize); study.inputs.len()];
    let mut chunk = vec![[0.0; WIDTH]; study.inputs.len()];
    for at in 0..count.div_ceil(WIDTH as u64) {
        plan.fill_chunk(at, &mut chunk)
            .map_err(|source| MonteCarloError::Sampling { name: "draws".into(), source })?;
        let take = (count - at * WIDTH as u64).min(WIDTH as u64) as usize;
        for (all, part) in columns.iter_mut().zip(&chunk) {
            all.extend_from_slice(&part[..take]);
        }
    }
    Ok(columns)
}

fn influences(study: &Study, inputs: &[Vec<f64>], column: &[f64]) -> Vec<Influence> {
    let count = inputs.first().map_or(0, Vec::len).min(column.len());
    let correlations = rank_correlations(inputs, &column[..count]);
    let total: f64 = correlations.iter().map(|r| r * r).sum();
    let mut all: Vec<Influence> = study
        .inputs
        .iter()
        .zip(correlations)
        .map(|(input, r)| Influence {
            input: input.name.clone(),
            rank_correlation: r,
            contribution: if total > 0.0 { r * r / total } else { 0.0 },
        })
        .collect();
    all.sort_by(|a, b| b.rank_correlation.abs().total_cmp(&a.rank_correlation.abs()));
    all
}

fn hash(columns: &[Vec<f64>]) -> String {
    let mut hash = Sha256::new();
    for column in columns {
        for x in column {
            hash.update(x.to_bits().to_le_bytes());
        }
    }
    hex::encode(hash.finalize())
}
