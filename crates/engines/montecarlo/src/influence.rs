//! How much inputs move an output: rank correlation, regression in standard deviations, share of
//! the variance, and the output's mean where the input is low or high.

use gantry_sampling::sensitivity::{
    ConditionalMeans, conditional_means, contributions, rank_correlations, regression,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spelling::Input;

/// Groups of equal size that an input's draws are cut into.
const GROUPS: usize = 10;

/// How much an input moves an output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Influence {
    /// The input.
    pub input: String,
    /// Spearman's rank correlation.
    pub rank_correlation: f64,
    /// Standard deviations that the output moves by when the input moves by one of its own, with
    /// all other inputs as they are.
    pub regression: f64,
    /// Its share of the variance, by squared rank correlations, with the sign of its own.
    pub contribution: f64,
    /// The output's least mean over the tenths of the input's range.
    pub mean_low: f64,
    /// The output's greatest mean over the tenths of the input's range.
    pub mean_high: f64,
}

/// What the inputs do to an output.
#[derive(Debug, Clone, PartialEq)]
pub struct Influences {
    /// The inputs, the strongest by rank correlation first.
    pub ranked: Vec<Influence>,
    /// Share of the variance that a linear model of the inputs explains.
    pub r_squared: f64,
    /// The output's means over the tenths of each input, in the order of `ranked`.
    pub conditional: Vec<ConditionalMeans>,
}

/// Looks at draws of inputs with those of an output. Without enough draws that gave a number there
/// is nothing to say.
#[must_use]
pub fn find_influences(
    inputs: &[Input],
    columns: &[Vec<f64>],
    output: &[f64],
) -> Option<Influences> {
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let ranks = rank_correlations(&columns, output).ok()?;
    let shares = contributions(&columns, output).ok()?;
    let linear = regression(&columns, output).ok()?;
    let means = conditional_means(&columns, output, GROUPS).ok()?;
    let mut order: Vec<usize> = (0..inputs.len()).collect();
    order.sort_by(|a, b| ranks[*b].abs().total_cmp(&ranks[*a].abs()));
    let ranked = order
        .iter()
        .map(|i| Influence {
            input: inputs[*i].name.clone(),
            rank_correlation: ranks[*i],
            regression: linear.coefficients[*i],
            contribution: shares[*i],
            mean_low: means[*i].low,
            mean_high: means[*i].high,
        })
        .collect();
    let conditional = order.iter().map(|i| means[*i].clone()).collect();
    Some(Influences { ranked, r_squared: linear.r_squared, conditional })
}
