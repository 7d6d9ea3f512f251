//! The conditional-mean tornado: how far the output's mean goes when an input is low or high.

use super::{take, usable_rows};
use crate::{Result, SamplingError};

/// Means of the output where one input lies in each of its groups of equal size.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ConditionalMeans {
    /// Mean of the input in each group, rising.
    pub inputs: Vec<f64>,
    /// Mean of the output in each group.
    pub outputs: Vec<f64>,
    /// Least of the output's means.
    pub low: f64,
    /// Greatest of the output's means.
    pub high: f64,
}

/// Cuts the iterations by each input into `groups` of equal size, and takes the output's mean in
/// each. An input that has few distinct values may have equal ones in neighbouring groups.
///
/// # Errors
/// Columns of different lengths, fewer than two groups, or fewer iterations without an error than
/// groups.
pub fn conditional_means(
    inputs: &[&[f64]],
    output: &[f64],
    groups: usize,
) -> Result<Vec<ConditionalMeans>> {
    if groups < 2 {
        return Err(SamplingError::Setting {
            setting: "the number of groups",
            rule: "must be 2 or more",
        });
    }
    let rows = usable_rows(inputs, output, groups)?;
    let target = take(output, &rows);
    Ok(inputs.iter().map(|input| of_input(&take(input, &rows), &target, groups)).collect())
}

fn of_input(input: &[f64], output: &[f64], groups: usize) -> ConditionalMeans {
    let mut order: Vec<usize> = (0..input.len()).collect();
    order.sort_by(|a, b| input[*a].total_cmp(&input[*b]));
    let border = |group: usize| group * order.len() / groups;
    let mean = |column: &[f64], group: usize| {
        let members = &order[border(group)..border(group + 1)];
        members.iter().map(|row| column[*row]).sum::<f64>() / members.len() as f64
    };
    let outputs: Vec<f64> = (0..groups).map(|group| mean(output, group)).collect();
    ConditionalMeans {
        inputs: (0..groups).map(|group| mean(input, group)).collect(),
        low: outputs.iter().copied().fold(f64::INFINITY, f64::min),
        high: outputs.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        outputs,
    }
}
