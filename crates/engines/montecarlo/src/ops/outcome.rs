//! What a simulation reports, as it stands in `report.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::simulate::EngineChoice;
use crate::influence::Influence;
use crate::simulation::Sampling;
use crate::spelling::Input;
use crate::statistics::{Chance, Summary};
use crate::study::Study;

/// An uncertain input of a simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InputReport {
    /// Its cell, or where it was found.
    pub name: String,
    /// Its distribution.
    pub distribution: String,
    /// The mean of the distribution; none where there is none.
    pub mean: Option<f64>,
    /// The standard deviation; none where there is none.
    pub sd: Option<f64>,
}

/// What an output comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutputReport {
    /// Its cell or name.
    pub name: String,
    /// Its value in the file as it stands.
    pub base: Option<f64>,
    /// Its statistics; none when no draw gave a number.
    pub summary: Option<Summary>,
    /// The chances that were asked for.
    pub below: Vec<Chance>,
    /// The inputs by their influence, strongest first.
    pub influences: Vec<Influence>,
    /// Share of the variance that a linear model of the inputs explains.
    pub r_squared: Option<f64>,
}

/// An output in one line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// Its cell or name.
    pub name: String,
    /// Mean of its draws.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// The value that 5 % of the draws are below.
    pub p5: f64,
    /// The median.
    pub p50: f64,
    /// The value that 95 % of the draws are below.
    pub p95: f64,
}

impl Outcome {
    /// The line of an output; none when no draw gave a number.
    pub(crate) fn of(output: &OutputReport) -> Option<Self> {
        Self::of_summary(&output.name, output.summary.as_ref()?)
    }

    /// The line of what draws come to.
    pub(crate) fn of_summary(name: &str, summary: &Summary) -> Option<Self> {
        Some(Self {
            name: name.to_owned(),
            mean: summary.mean,
            sd: summary.sd,
            p5: *summary.cdf.get(5)?,
            p50: *summary.cdf.get(50)?,
            p95: *summary.cdf.get(95)?,
        })
    }
}

/// A formula that was computed draw by draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScalarReport {
    /// Its cell.
    pub cell: String,
    /// Why.
    pub reason: String,
}

/// What computed the draws.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceReport {
    /// A graphics processor's name, or `processor`.
    pub name: String,
    /// Why it was the processor, where a graphics processor was asked for.
    pub note: Option<String>,
}

impl Default for DeviceReport {
    fn default() -> Self {
        Self { name: "processor".to_owned(), note: None }
    }
}

/// How a workbook was compiled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImportReport {
    /// Formulas between inputs and outputs.
    pub formulas: u64,
    /// Of these, how many are computed in columns.
    pub vectorised: u64,
    /// The first of the others, with the reason.
    pub scalar: Vec<ScalarReport>,
    /// Steps of the program.
    pub instructions: u64,
}

/// The result of `montecarlo.simulate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SimulateReport {
    /// Draws that were made.
    pub iterations: u64,
    /// Whether the rule to stop ended the run before all iterations.
    pub stopped_early: bool,
    /// How draws were spread.
    pub sampling: Sampling,
    /// How the draws were computed: `arrow` gives percentiles within 0.5 % of their values, and
    /// all else as `power`; `enhanced` is the same everywhere.
    pub engine: EngineChoice,
    /// What computed the draws.
    #[serde(default)]
    pub device: DeviceReport,
    /// The seed.
    pub seed: u64,
    /// The uncertain inputs.
    pub inputs: Vec<InputReport>,
    /// What the outputs come to, a line each.
    pub outcomes: Vec<Outcome>,
    /// What the outputs come to, in full.
    pub outputs: Vec<OutputReport>,
    /// How the workbook was compiled.
    pub import: ImportReport,
    /// SHA-256 of all outputs of all draws: the same for any number of threads,
    /// shards and for every engine.
    pub result_hash: String,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// An uncertain input with the moments of its distribution.
pub(crate) fn describe_input(input: &Input) -> InputReport {
    let finite = |x: f64| x.is_finite().then_some(x);
    InputReport {
        name: input.name.clone(),
        distribution: input.distribution.to_string(),
        mean: finite(input.distribution.mean()),
        sd: finite(input.distribution.sd()),
    }
}

/// How a workbook was compiled.
pub(crate) fn describe_import(study: &Study) -> ImportReport {
    const SHOWN: usize = 50;
    let compiled = &study.compiled;
    let scalar = compiled
        .scalar
        .iter()
        .take(SHOWN)
        .map(|s| ScalarReport { cell: study.book.spell(s.cell), reason: s.reason.to_string() });
    ImportReport {
        formulas: compiled.formulas as u64,
        vectorised: (compiled.formulas - compiled.scalar.len()) as u64,
        scalar: scalar.collect(),
        instructions: compiled.program.instruction_count() as u64,
    }
}
