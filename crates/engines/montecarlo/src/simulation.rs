//! A simulation as a small file next to its workbook, in JSON or TOML, so that it can be kept under
//! version control: the parameters of the operation by their names.

use gantry_engine_api::InputFile;
use gantry_sampling::Design;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::MonteCarloError;

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
    /// The design by the sampler's name.
    #[must_use]
    pub const fn design(self) -> Design {
        match self {
            Self::Mc => Design::MonteCarlo,
            Self::Lhs => Design::LatinHypercube,
            Self::Sobol => Design::Sobol,
        }
    }
}

/// A simulation, wherever its parts were written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Simulation {
    /// `CELL=DISTRIBUTION`
    pub input: Vec<String>,
    /// `CELL` or `NAME=FORMULA`
    pub output: Vec<String>,
    /// `CELL~CELL=CORRELATION`
    pub correlate: Vec<String>,
    /// `gaussian` or `t(4)`; empty for the usual one.
    pub copula: String,
    /// Draws.
    pub iterations: u64,
    /// Whether their number is the usual one, over which a file's wins.
    pub iterations_are_usual: bool,
    /// How draws are spread.
    pub sampling: Sampling,
    /// `OUTPUT<LIMIT`
    pub below: Vec<String>,
    /// The rule to stop by.
    pub stop_when: Option<String>,
    /// The serial number of now.
    pub now: Option<f64>,
}

/// The file; everything may be left out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulationFile {
    #[serde(default, alias = "inputs")]
    input: Vec<String>,
    #[serde(default, alias = "outputs")]
    output: Vec<String>,
    #[serde(default, alias = "correlations")]
    correlate: Vec<String>,
    copula: Option<String>,
    iterations: Option<u64>,
    sampling: Option<Sampling>,
    #[serde(default)]
    below: Vec<String>,
    stop_when: Option<String>,
    now: Option<f64>,
}

impl Simulation {
    /// This simulation over a file: lists add to the file's, and what differs from the usual wins
    /// over the file.
    ///
    /// # Errors
    /// A file that asks for more iterations than the job was admitted with.
    pub fn over(self, file: SimulationFile) -> Result<Self, MonteCarloError> {
        let iterations = match file.iterations {
            Some(wanted) if self.iterations_are_usual => wanted,
            Some(_) | None => self.iterations,
        };
        if iterations > self.iterations {
            return Err(MonteCarloError::param(
                format!("The simulation's file asks for {iterations} iterations."),
                format!(
                    "A job counts them before it reads the file: add `--iterations {iterations}`."
                ),
            ));
        }
        let usual = Sampling::default();
        let copula = if self.copula.is_empty() { file.copula } else { Some(self.copula) };
        Ok(Self {
            input: [file.input, self.input].concat(),
            output: [file.output, self.output].concat(),
            correlate: [file.correlate, self.correlate].concat(),
            copula: copula.unwrap_or_default(),
            iterations,
            iterations_are_usual: self.iterations_are_usual,
            sampling: match file.sampling {
                Some(sampling) if self.sampling == usual => sampling,
                Some(_) | None => self.sampling,
            },
            below: [file.below, self.below].concat(),
            stop_when: self.stop_when.or(file.stop_when),
            now: self.now.or(file.now),
        })
    }
}

/// Reads a simulation.
///
/// # Errors
/// What is wrong with the file.
pub fn read_simulation(file: &InputFile) -> Result<SimulationFile, MonteCarloError> {
    let text = std::fs::read_to_string(file.path()).map_err(|error| {
        MonteCarloError::param(
            format!("The simulation cannot be read: {error}."),
            "Give a text file in JSON or TOML.",
        )
    })?;
    let parsed = if text.trim_start().starts_with('{') {
        serde_json::from_str(&text).map_err(|e| e.to_string())
    } else {
        toml::from_str(&text).map_err(|e| e.to_string())
    };
    parsed.map_err(|cause| {
        MonteCarloError::param(
            format!("The simulation `{}` is wrong: {cause}.", file.meta.name),
            "It takes the parameters of the operation by their names.",
        )
    })
}
