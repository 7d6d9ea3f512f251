//! Spearman's rank correlations between inputs and an output.

use super::{standardise, take, usable_rows};
use crate::Result;

/// Rank correlation of each input with the output, between -1 and 1; 0 for an input or an output
/// that does not vary. Equal values share their mean rank.
///
/// # Errors
/// Columns of different lengths, or fewer than three iterations without an error.
pub fn rank_correlations(inputs: &[&[f64]], output: &[f64]) -> Result<Vec<f64>> {
    let rows = usable_rows(inputs, output, 3)?;
    let n = rows.len() as f64;
    let scores = |column: &[f64]| standardise(&ranks(&take(column, &rows)));
    let Some(target) = scores(output) else {
        return Ok(vec![0.0; inputs.len()]);
    };
    let correlation = |input: &&[f64]| {
        scores(input)
            .map_or(0.0, |own| own.iter().zip(&target).map(|(a, b)| a * b).sum::<f64>() / n)
    };
    Ok(inputs.iter().map(correlation).collect())
}

/// Share of the output's variance that each input carries, by squared rank correlations scaled to
/// sum to 1, with the sign of the correlation: exact for independent inputs and a nearly additive
/// model, a guide otherwise.
///
/// # Errors
/// Those of [`rank_correlations`].
pub fn contributions(inputs: &[&[f64]], output: &[f64]) -> Result<Vec<f64>> {
    let correlations = rank_correlations(inputs, output)?;
    let total: f64 = correlations.iter().map(|r| r * r).sum();
    if total == 0.0 {
        return Ok(correlations);
    }
    Ok(correlations.iter().map(|r| r * r.abs() / total).collect())
}

/// Ranks from 0, equal values sharing their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let value = values[order[start]];
        let mut end = start;
        while end < order.len() && values[order[end]] == value {
            end += 1;
        }
        let mean = 0.5 * (start + end - 1) as f64;
        for row in &order[start..end] {
            ranks[*row] = mean;
        }
        start = end;
    }
    ranks
}
