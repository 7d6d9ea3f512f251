//! Gaps in numbers that are filled from the rows that are most similar in the other numbers.
//!
//! Invariant: distances are measured in standard deviations of each column.

use gantry_kit::Column;
use gantry_learn::impute::{ImputeParams, NeighborsImputer};
use gantry_learn::{Control, Matrix};
use serde::{Deserialize, Serialize};

use super::options::{Imputation, PreprocessOptions};
use crate::error::AutomlError;

/// Most numbers that a model keeps to fill gaps.
const MAX_KEPT: usize = 60_000;
/// Most rows among which the similar ones are looked for.
const MAX_ROWS: usize = 2_000;

/// What fills the gaps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct JointFill {
    /// Places of the columns of numbers.
    columns: Vec<usize>,
    /// Above 0, one a column.
    scales: Vec<f64>,
    imputer: NeighborsImputer,
}

impl JointFill {
    /// None where nothing of the kind is asked, or no column holds numbers.
    pub(super) fn fit(
        columns: &[&Column],
        rows: &[usize],
        options: &PreprocessOptions,
    ) -> Result<Option<Self>, AutomlError> {
        if options.imputation != Imputation::Knn {
            return Ok(None);
        }
        let places: Vec<usize> =
            (0..columns.len()).filter(|at| columns[*at].find_numbers().is_some()).collect();
        if places.is_empty() {
            return Ok(None);
        }
        let numbers = take_numbers(columns, &places, rows);
        let scales: Vec<f64> = numbers.iter().map(|values| derive_scale(values)).collect();
        let x = derive_scaled(numbers, &scales)?;
        let most_rows = (MAX_KEPT / places.len()).clamp(10, MAX_ROWS);
        let params = ImputeParams { most_rows, ..ImputeParams::default() };
        let imputer = params.fit(&x, &Control::unlimited())?;
        Ok(Some(Self { columns: places, scales, imputer }))
    }

    /// The filled numbers of these rows, for every column that has some.
    pub(super) fn fill_with(
        joint: Option<&Self>,
        columns: &[&Column],
        rows: &[usize],
    ) -> Result<Vec<Option<Vec<f64>>>, AutomlError> {
        let mut filled: Vec<Option<Vec<f64>>> = vec![None; columns.len()];
        let Some(joint) = joint else { return Ok(filled) };
        let x = derive_scaled(take_numbers(columns, &joint.columns, rows), &joint.scales)?;
        let whole = joint.imputer.fill(&x, &Control::unlimited())?;
        let values = whole.columns().iter().zip(&joint.scales);
        for (place, (column, scale)) in joint.columns.iter().zip(values) {
            if let Some(slot) = filled.get_mut(*place) {
                *slot = Some(column.values().iter().map(|value| value * scale).collect());
            }
        }
        Ok(filled)
    }

    /// Places of the columns.
    pub(crate) fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Values are divided by these before rows are compared.
    pub(crate) fn scales(&self) -> &[f64] {
        &self.scales
    }

    pub(crate) fn imputer(&self) -> &NeighborsImputer {
        &self.imputer
    }
}

fn take_numbers(columns: &[&Column], places: &[usize], rows: &[usize]) -> Vec<Vec<f64>> {
    let numbers = places.iter().filter_map(|at| columns.get(*at)?.find_numbers());
    numbers.map(|values| gantry_learn::split::take(values, rows)).collect()
}

fn derive_scaled(numbers: Vec<Vec<f64>>, scales: &[f64]) -> Result<Matrix, AutomlError> {
    let scaled = numbers.into_iter().zip(scales).map(|(values, scale)| {
        gantry_learn::Column::numeric(values.into_iter().map(|value| value / scale).collect())
    });
    Ok(Matrix::new(scaled.collect())?)
}

/// The standard deviation; 1 where there is none.
fn derive_scale(values: &[f64]) -> f64 {
    let largest = values.iter().filter(|v| !v.is_nan()).fold(0.0_f64, |a, v| a.max(v.abs()));
    let present: Vec<f64> =
        values.iter().filter(|v| !v.is_nan()).map(|v| v / largest.max(f64::MIN_POSITIVE)).collect();
    let count = present.len().max(1) as f64;
    let mean = present.iter().sum::<f64>() / count;
    let variance = present.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count;
    let scale = variance.sqrt() * largest;
    if scale.is_normal() { scale } else { 1.0 }
}
