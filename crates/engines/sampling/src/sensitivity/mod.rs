//! Sensitivity: which inputs move an output. Pure functions of columns of draws, one column per
//! input and one of the output, all in the order of the iterations.
//!
//! Iterations in which the output or an input is NaN are left out, everywhere alike.

mod conditional;
mod ranks;
mod regression;
mod sobol;

pub use conditional::{ConditionalMeans, conditional_means};
pub use ranks::{contributions, rank_correlations};
pub use regression::{Regression, regression};
pub use sobol::{SobolIndices, SobolRuns, sobol_indices};

use crate::{Result, SamplingError};

/// Checks that columns fit, and returns the rows that have every value.
fn usable_rows(inputs: &[&[f64]], output: &[f64], least: usize) -> Result<Vec<usize>> {
    for input in inputs {
        if input.len() != output.len() {
            let (expected, found) = (output.len(), input.len());
            return Err(SamplingError::Shape { what: "an input's column", expected, found });
        }
    }
    let whole = |row: &usize| {
        output[*row].is_finite() && inputs.iter().all(|input| input[*row].is_finite())
    };
    let rows: Vec<usize> = (0..output.len()).filter(whole).collect();
    if rows.len() < least {
        let reason =
            "too few iterations without an error; run more, or look at the output's formulas";
        return Err(SamplingError::Undefined { what: "a sensitivity", reason });
    }
    Ok(rows)
}

fn take(column: &[f64], rows: &[usize]) -> Vec<f64> {
    rows.iter().map(|row| column[*row]).collect()
}

/// Moves values to mean 0 and standard deviation 1; `None` where they are all equal.
fn standardise(values: &[f64]) -> Option<Vec<f64>> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    let spread = variance.sqrt();
    // A spread that is rounding of the mean is none.
    if spread <= 1e-14 * mean.abs() || !spread.is_finite() {
        return None;
    }
    Some(values.iter().map(|v| (v - mean) / spread).collect())
}
