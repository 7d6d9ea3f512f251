//! What operations need and cost at most.
//!
//! Meters that a plan can limit: `iterations`, draws of all inputs together; `streamed_iterations`,
//! those of the engine `arrow`; `enhanced_iterations`, those of `enhanced`; `custom_formulas`,
//! outputs that are formulas of their own; `advanced_distributions`, inputs from beyond the basic
//! set; `batch_runs`, simulations of one job. What a file beside the workbook holds is not known
//! before the run: it counts as one.

use std::collections::BTreeMap;

use gantry_engine_api::{DeviceNeed, Estimate, InputMeta, ParamError};
use gantry_sampling::{Distribution, Family};
use gantry_types::{Credits, MeterId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SIMULATION, get_workbook};
use crate::spelling::{entries, split_outside};

/// What estimates count.
pub(crate) const METERS: &[&str] = &[
    "iterations",
    "streamed_iterations",
    "enhanced_iterations",
    "custom_formulas",
    "advanced_distributions",
    "batch_runs",
];
/// Memory of a loaded workbook per byte of its file.
const MEMORY_PER_BYTE: u64 = 60;
/// Memory of an operation without its workbook.
const BASE_MEMORY: u64 = 96 << 20;
/// Memory of a value of an output that is kept: itself, sorted, and ranked.
const MEMORY_PER_VALUE: u64 = 24;
/// Iterations that one credit pays for.
const ITERATIONS_PER_CREDIT: u64 = 10_000_000;
/// Which distributions a simulation may draw from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DistributionSet {
    /// Uniform, normal, lognormal, triangular, discrete, Bernoulli, binomial, Poisson and
    /// exponential.
    Basic,
    /// All.
    Advanced,
}

/// What an operation is about to do, as far as its parameters say.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Work<'a> {
    /// Draws of all inputs together, over all runs.
    pub iterations: u64,
    /// Iterations whose outputs are in memory at the same time.
    pub kept: u64,
    /// Uncertain inputs as they are written.
    pub input: &'a [String],
    /// Outputs as they are written.
    pub output: &'a [String],
    /// The set that was asked for.
    pub distributions: Option<DistributionSet>,
}

impl Work<'_> {
    /// The upper bound of what it uses.
    ///
    /// # Errors
    /// No iterations, no workbook.
    pub(crate) fn estimate(&self, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        let workbook = get_workbook(inputs)?;
        if self.iterations == 0 {
            return Err(ParamError::new("/iterations", "must be at least 1"));
        }
        let file = u64::from(inputs.iter().any(|input| input.slot == SIMULATION));
        let outputs = entries(self.output);
        let formulas = outputs.iter().filter(|o| split_outside(o, '=').len() > 1).count() as u64;
        let mut meters = BTreeMap::from([(meter_id("iterations")?, self.iterations)]);
        for (name, units) in [
            ("custom_formulas", formulas.max(file)),
            ("advanced_distributions", self.count_advanced(file)),
        ] {
            if units > 0 {
                meters.insert(meter_id(name)?, units);
            }
        }
        let values = self.kept.saturating_mul((outputs.len() as u64).max(1));
        Ok(Estimate {
            meters,
            max_credits: Credits::new(derive_credits(self.iterations)),
            memory_bytes: memory_of(workbook)
                .saturating_add(values.saturating_mul(MEMORY_PER_VALUE)),
            threads: 16,
            device: DeviceNeed::Cpu,
        })
    }

    fn count_advanced(&self, file: u64) -> u64 {
        match self.distributions {
            Some(DistributionSet::Basic) => 0,
            Some(DistributionSet::Advanced) => count_advanced(self.input).max(1),
            None => count_advanced(self.input).max(file),
        }
    }
}

/// The set that a simulation may use: the one that was asked for, or what its parameters need.
pub(crate) fn derive_set(
    asked: Option<DistributionSet>,
    (input, has_file): (&[String], bool),
) -> DistributionSet {
    asked.unwrap_or(if has_file || count_advanced(input) > 0 {
        DistributionSet::Advanced
    } else {
        DistributionSet::Basic
    })
}

/// Inputs that are written with a distribution beyond the basic set.
fn count_advanced(input: &[String]) -> u64 {
    let family = |entry: &String| -> Option<bool> {
        let spelled = split_outside(entry, '=').get(1..)?.join("=");
        Distribution::parse(spelled.trim()).ok().map(|distribution| !is_basic(&distribution))
    };
    entries(input).iter().filter(|entry| family(entry) == Some(true)).count() as u64
}

/// Whether a distribution is in the basic set.
pub(crate) fn is_basic(distribution: &Distribution) -> bool {
    matches!(
        distribution.family(),
        Family::Uniform { .. }
            | Family::Normal { .. }
            | Family::LogNormal { .. }
            | Family::Triangular { .. }
            | Family::Exponential { .. }
            | Family::Discrete { .. }
            | Family::Bernoulli { .. }
            | Family::Binomial { .. }
            | Family::Poisson { .. }
    )
}

/// What an operation on a whole workbook without draws needs.
///
/// # Errors
/// No workbook.
pub(crate) fn estimate_reading(inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
    Ok(Estimate {
        meters: BTreeMap::new(),
        max_credits: Credits::new(1),
        memory_bytes: memory_of(get_workbook(inputs)?),
        threads: 1,
        device: DeviceNeed::Cpu,
    })
}

/// Credits for draws: one for each started ten million.
pub(crate) fn derive_credits(iterations: u64) -> i64 {
    i64::try_from(iterations.div_ceil(ITERATIONS_PER_CREDIT).max(1)).unwrap_or(i64::MAX - 1)
}

pub(crate) fn memory_of(workbook: &InputMeta) -> u64 {
    BASE_MEMORY.saturating_add(workbook.bytes.saturating_mul(MEMORY_PER_BYTE))
}

pub(crate) fn meter_id(name: &str) -> Result<MeterId, ParamError> {
    name.parse().map_err(|_| ParamError::new("", format!("`{name}` is no name of a meter")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(slot: &str) -> InputMeta {
        InputMeta {
            slot: slot.into(),
            name: "m.xlsx".into(),
            media_type: String::new(),
            bytes: 1000,
            sha256: String::new(),
            rows: None,
            columns: Vec::new(),
        }
    }

    #[test]
    fn what_a_plan_can_limit_is_counted() {
        let inputs = ["A1=normal(1,2)", "A2=pert(1,2,3)", "A3=t(5)"].map(String::from);
        let outputs = ["A9", "x=A9/A8"].map(String::from);
        let work = Work { iterations: 100, input: &inputs, output: &outputs, ..Work::default() };
        let units = |work: &Work, slots: &[&str]| {
            let inputs: Vec<InputMeta> = slots.iter().map(|slot| input(slot)).collect();
            let meters = work.estimate(&inputs).unwrap().meters;
            let count = |name: &str| meters.get(&meter_id(name).unwrap()).copied();
            (count("advanced_distributions"), count("custom_formulas"))
        };
        assert_eq!(units(&work, &["workbook"]), (Some(2), Some(1)));
        let basic = Work { distributions: Some(DistributionSet::Basic), ..work };
        assert_eq!(units(&basic, &["workbook"]), (None, Some(1)));
        let bare = Work { input: &[], output: &outputs[..1], ..work };
        assert_eq!(units(&bare, &["workbook"]), (None, None));
        assert_eq!(units(&bare, &["workbook", "simulation"]), (Some(1), Some(1)));
        assert!(bare.estimate(&[]).is_err());
    }
}
