//! Sobol' indices: shares of the output's variance, by the estimators of Saltelli (2010) and
//! Jansen (1999).
//!
//! They need runs of their own. Draw two independent sets of all inputs, A and B (a plan of twice
//! as many inputs gives both: its first half is A, its second B), and run the model on A, on B, and
//! for each input on A with that input's column from B.

use crate::{Result, SamplingError};

/// Outputs of the model on the runs that Sobol' indices need.
#[derive(Debug, Clone, Copy)]
pub struct SobolRuns<'a> {
    /// On the first set of inputs.
    pub a: &'a [f64],
    /// On the second set.
    pub b: &'a [f64],
    /// For each input, on the first set with that input's column from the second.
    pub a_with_b: &'a [&'a [f64]],
}

/// The indices of one input, with their standard errors.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SobolIndices {
    /// Share of the variance that the input carries alone (S1).
    pub first: f64,
    /// Share that it carries alone and with others (ST).
    pub total: f64,
    /// Standard error of `first`.
    pub first_error: f64,
    /// Standard error of `total`.
    pub total_error: f64,
}

/// The indices of all inputs; zero where the output does not vary. Iterations in which any run has
/// no finite output are left out.
///
/// # Errors
/// Columns of different lengths, or fewer than 16 usable iterations.
pub fn sobol_indices(runs: &SobolRuns) -> Result<Vec<SobolIndices>> {
    let rows = usable(runs)?;
    let n = rows.len() as f64;
    let at = |column: &[f64]| -> Vec<f64> { rows.iter().map(|row| column[*row]).collect() };
    let (a, b) = (at(runs.a), at(runs.b));
    let mean = a.iter().chain(&b).sum::<f64>() / (2.0 * n);
    let variance =
        a.iter().chain(&b).map(|y| (y - mean) * (y - mean)).sum::<f64>() / (2.0 * n - 1.0);
    if variance <= 0.0 {
        let none = SobolIndices { first: 0.0, total: 0.0, first_error: 0.0, total_error: 0.0 };
        return Ok(vec![none; runs.a_with_b.len()]);
    }
    let of_input = |column: &&[f64]| {
        let mixed = at(column);
        // Around the mean: the same expectation, far less noise where the mean is large.
        let first = (0..rows.len()).map(|i| (b[i] - mean) * (mixed[i] - a[i]) / variance);
        let total = (0..rows.len()).map(|i| 0.5 * (a[i] - mixed[i]) * (a[i] - mixed[i]) / variance);
        let ((first, first_error), (total, total_error)) = (estimate(first), estimate(total));
        SobolIndices { first, total, first_error, total_error }
    };
    Ok(runs.a_with_b.iter().map(of_input).collect())
}

/// Mean and its standard error.
fn estimate(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let square = values.map(|v| (v - mean) * (v - mean)).sum::<f64>();
    (mean, (square / (n - 1.0) / n).sqrt())
}

fn usable(runs: &SobolRuns) -> Result<Vec<usize>> {
    let expected = runs.a.len();
    for column in runs.a_with_b.iter().chain([&runs.b]) {
        if column.len() != expected {
            let found = column.len();
            return Err(SamplingError::Shape { what: "a column of runs", expected, found });
        }
    }
    let whole = |row: &usize| {
        runs.a[*row].is_finite()
            && runs.b[*row].is_finite()
            && runs.a_with_b.iter().all(|column| column[*row].is_finite())
    };
    let rows: Vec<usize> = (0..expected).filter(whole).collect();
    if rows.len() < 16 {
        let reason = "fewer than 16 iterations have an output in every run; run more";
        return Err(SamplingError::Undefined { what: "a Sobol' index", reason });
    }
    Ok(rows)
}
