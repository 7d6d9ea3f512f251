//! A simulation as a small file next to its workbook, in JSON or TOML, so that it can be kept under
//! version control: the parameters of the operation by their names.

use gantry_engine_api::InputFile;
use serde::Deserialize;

use crate::error::MonteCarloError;
use crate::ops::simulate::{Sampling, SimulateParams};

/// A simulation, wherever its parts were written.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// `CELL=DISTRIBUTION`
    pub input: Vec<String>,
    /// `CELL` or `NAME=FORMULA`
    pub output: Vec<String>,
    /// Draws.
    pub iterations: u64,
    /// How draws are spread.
    pub sampling: Sampling,
    /// `OUTPUT<LIMIT`
    pub below: Vec<String>,
    /// The rule to stop by.
    pub stop_when: Option<String>,
    /// The serial number of now.
    pub now: Option<f64>,
    /// Draws to leave as files.
    pub draws: u64,
}

/// The file; everything may be left out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulationFile {
    #[serde(default, alias = "inputs")]
    input: Vec<String>,
    #[serde(default, alias = "outputs")]
    output: Vec<String>,
    iterations: Option<u64>,
    sampling: Option<Sampling>,
    #[serde(default)]
    below: Vec<String>,
    stop_when: Option<String>,
    now: Option<f64>,
    draws: Option<u64>,
}

impl From<SimulateParams> for Simulation {
    fn from(params: SimulateParams) -> Self {
        Self {
            input: params.input,
            output: params.output,
            iterations: params.iterations,
            sampling: params.sampling,
            below: params.below,
            stop_when: params.stop_when,
            now: params.now,
            draws: params.draws,
        }
    }
}

impl Simulation {
    /// This simulation over a file: lists add to the file's, and what differs from the default
    /// wins over the file.
    #[must_use]
    pub fn over(self, file: SimulationFile) -> Self {
        let default = Self::from(SimulateParams::default());
        let pick = |own: u64, usual: u64, file: Option<u64>| {
            if own == usual { file.unwrap_or(own) } else { own }
        };
        Self {
            input: [file.input, self.input].concat(),
            output: [file.output, self.output].concat(),
            iterations: pick(self.iterations, default.iterations, file.iterations),
            sampling: if self.sampling == default.sampling {
                file.sampling.unwrap_or(self.sampling)
            } else {
                self.sampling
            },
            below: [file.below, self.below].concat(),
            stop_when: self.stop_when.or(file.stop_when),
            now: self.now.or(file.now),
            draws: pick(self.draws, default.draws, file.draws),
        }
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
