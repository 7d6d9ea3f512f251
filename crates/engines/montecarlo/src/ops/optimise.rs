//! `montecarlo.optimise`: the values of decision cells at which a figure of an uncertain output is
//! best, within limits on other figures. All values are tried with the same draws.

use gantry_engine_api::{
    EngineError, Estimate, InputMeta, InputSlot, JobContext, Operation, ParamError, Step,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use super::price::{DistributionSet, Work};
use super::{simulation_slot, workbook_slot};
use crate::simulation::Sampling;
use crate::spelling::entries;
use crate::statistic::{Constraint, Statistic};

mod evolution;
mod search;

/// Iterations for each set of values, unless another number is asked for.
pub(crate) const USUAL_TRIALS: u64 = 1_000;
/// Generations at most.
const MAX_GENERATIONS: u32 = 2_000;
/// Decision cells at most.
const MAX_DECISIONS: usize = 100;

const fn usual_trials() -> u64 {
    USUAL_TRIALS
}

const fn usual_generations() -> u32 {
    60
}

/// Parameters of `montecarlo.optimise`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptimiseParams {
    /// Cells to decide, each as `CELL=LOW:HIGH` or `CELL=LOW:HIGH:STEP`, such as
    /// `Inputs!B5=0:100:1` for whole numbers.
    pub decision: Vec<String>,
    /// The figure to make as high as can be, such as `mean(Summary!B20)`; or else `minimise`.
    #[serde(default)]
    pub maximise: Option<String>,
    /// The figure to make as low as can be, such as `sd(Summary!B20)`.
    #[serde(default)]
    pub minimise: Option<String>,
    /// Limits to keep, each as `FIGURE>=VALUE` or `FIGURE<=VALUE`, such as `p5(Summary!B20)>=0`.
    #[serde(default)]
    pub constraint: Vec<String>,
    /// Uncertain cells, as of `montecarlo.simulate`.
    #[serde(default)]
    pub input: Vec<String>,
    /// More to look at, as of `montecarlo.simulate`.
    #[serde(default)]
    pub output: Vec<String>,
    /// Rank correlations between inputs, as of `montecarlo.simulate`.
    #[serde(default)]
    pub correlate: Vec<String>,
    /// The copula, as of `montecarlo.simulate`.
    #[serde(default)]
    pub copula: Option<String>,
    /// Draws of all inputs together, for each set of values.
    #[serde(default = "usual_trials")]
    #[schemars(range(min = 1))]
    pub iterations: u64,
    /// Rounds of the search, at most.
    #[serde(default = "usual_generations")]
    #[schemars(range(min = 1, max = 2000))]
    pub generations: u32,
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

impl Default for OptimiseParams {
    fn default() -> Self {
        Self {
            decision: Vec::new(),
            maximise: None,
            minimise: None,
            constraint: Vec::new(),
            input: Vec::new(),
            output: Vec::new(),
            correlate: Vec::new(),
            copula: None,
            iterations: usual_trials(),
            generations: usual_generations(),
            sampling: Sampling::default(),
            now: None,
            distributions: None,
        }
    }
}

/// What is sought, read.
pub(crate) struct Aim {
    pub figure: Statistic,
    /// 1 to make the figure low, -1 to make it high.
    pub sign: f64,
    pub constraints: Vec<Constraint>,
}

impl OptimiseParams {
    pub(crate) fn read_aim(&self) -> Result<Aim, ParamError> {
        let (text, sign, pointer) = match (&self.maximise, &self.minimise) {
            (Some(text), None) => (text, -1.0, "/maximise"),
            (None, Some(text)) => (text, 1.0, "/minimise"),
            (None, None) | (Some(_), Some(_)) => {
                let text = "give either this or `minimise`, such as `mean(Summary!B20)`";
                return Err(ParamError::new("/maximise", text));
            }
        };
        let figure =
            Statistic::parse(text).map_err(|error| ParamError::new(pointer, error.explain()))?;
        let constraints = entries(&self.constraint)
            .iter()
            .map(|text| Constraint::parse(text))
            .collect::<Result<_, _>>()
            .map_err(|error| ParamError::new("/constraint", error.explain()))?;
        Ok(Aim { figure, sign, constraints })
    }

    fn count_decisions(&self) -> Result<usize, ParamError> {
        let count = entries(&self.decision).len();
        if count == 0 || count > MAX_DECISIONS {
            let text = format!("names {count} cells; name 1 to {MAX_DECISIONS}");
            return Err(ParamError::new("/decision", text));
        }
        if self.generations == 0 || self.generations > MAX_GENERATIONS {
            let text = format!("must be 1 to {MAX_GENERATIONS}");
            return Err(ParamError::new("/generations", text));
        }
        Ok(count)
    }

    /// Sets of values that are tried at most.
    fn trials(&self) -> Result<u64, ParamError> {
        let size = evolution::population(self.count_decisions()?) as u64;
        Ok(size * (u64::from(self.generations) + 1) + 2)
    }
}

/// A cell's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionReport {
    /// The cell.
    pub name: String,
    /// Its value in the file.
    pub base: Option<f64>,
    /// The value that was found.
    pub best: f64,
}

/// A limit at the values that were found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConstraintReport {
    /// The limit as it is written.
    pub name: String,
    /// What the figure comes to.
    pub figure: f64,
    /// Whether the limit is kept.
    pub kept: bool,
}

/// The best figure after a round of the search.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RoundReport {
    /// The round; 0 are the first points.
    pub generation: u32,
    /// The figure at the best values that keep all limits; none while there are none.
    pub best: Option<f64>,
}

/// The result of `montecarlo.optimise`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OptimiseReport {
    /// The figure.
    pub figure: String,
    /// What it comes to with the values in the file; none where it is not defined.
    pub base: Option<f64>,
    /// What it comes to with the values that were found.
    pub best: f64,
    /// The values.
    pub decisions: Vec<DecisionReport>,
    /// The limits.
    pub constraints: Vec<ConstraintReport>,
    /// The outputs with the values that were found.
    pub outcomes: Vec<Outcome>,
    /// Rounds of the search.
    pub generations: u32,
    /// Sets of values that were tried.
    pub trials: u64,
    /// Draws for each set of values.
    pub iterations: u64,
    /// The best figure round by round.
    pub rounds: Vec<RoundReport>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// `montecarlo.optimise`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Optimise;

impl Operation for Optimise {
    const ID: &'static str = "montecarlo.optimise";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Optimise decisions";
    const SUMMARY: &'static str = "Finds the values of decision cells at which a figure of an \
                                   uncertain output is best, within limits.";
    type Params = OptimiseParams;
    type Report = OptimiseReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![workbook_slot(), simulation_slot()]
    }

    fn estimate(
        &self,
        params: &OptimiseParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        params.read_aim()?;
        let work = Work {
            iterations: params.iterations.saturating_mul(params.trials()?),
            // Every thread tries values of its own.
            kept: params.iterations.saturating_mul(16),
            input: &params.input,
            output: &params.output,
            distributions: params.distributions,
        };
        work.estimate(inputs)
    }

    async fn run(
        &self,
        params: OptimiseParams,
        context: JobContext,
    ) -> Result<Step<OptimiseReport>, EngineError> {
        let report = context.compute(move |job| Ok(search::run(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}
