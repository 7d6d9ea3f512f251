//! Gaps filled from the nearest rows, as scikit-learn's `KNNImputer`: the mean of a column over the
//! rows that are nearest among those that have a value there. Distances are Euclidean over the
//! columns that both rows have, scaled up for those that they do not share. Scale the columns first.
//!
//! Invariants: of rows that are equally far the earlier one counts; a row that shares no column
//! with any other gets the column's mean; a row's result does not depend on the other rows.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::model::{FormatVersion, require_columns};
use crate::{Column, Control, LearnError, Matrix};

/// Settings of a fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImputeParams {
    /// Rows whose mean fills a gap, at least 1.
    pub count: usize,
    /// Most rows that are kept to be looked up, evenly spread over those of the fit.
    pub most_rows: usize,
}

impl Default for ImputeParams {
    fn default() -> Self {
        Self { count: 5, most_rows: 2_000 }
    }
}

/// The rows that fill gaps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NeighborsImputer {
    version: FormatVersion<1>,
    count: usize,
    /// By column; none where a value is missing.
    rows: Vec<Vec<Option<f64>>>,
    means: Vec<f64>,
}

impl ImputeParams {
    /// Keeps rows of a table with gaps.
    ///
    /// # Errors
    /// A count of 0, and what [`Control`] says.
    pub fn fit(&self, x: &Matrix, control: &Control<'_>) -> Result<NeighborsImputer, LearnError> {
        if self.count == 0 || self.most_rows == 0 {
            return Err(LearnError::Parameter { name: "count", reason: "must be 1 or more" });
        }
        control.begin((x.rows() * x.width()) as u64)?;
        let kept = x.rows().min(self.most_rows);
        let places: Vec<usize> = (0..kept).map(|at| at * x.rows() / kept).collect();
        let present = |value: f64| if value.is_nan() { None } else { Some(value) };
        let keep = |column: &Column| {
            places.iter().map(|row| present(column.values()[*row])).collect::<Vec<_>>()
        };
        Ok(NeighborsImputer {
            version: FormatVersion,
            count: self.count,
            rows: x.columns().iter().map(keep).collect(),
            means: x.columns().iter().map(|column| derive_mean(column.values())).collect(),
        })
    }
}

fn derive_mean(values: &[f64]) -> f64 {
    let present = || values.iter().filter(|v| !v.is_nan());
    let count = present().count();
    if count == 0 { 0.0 } else { present().sum::<f64>() / count as f64 }
}

impl NeighborsImputer {
    /// Rows whose mean fills a gap.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The rows, by column; none where a value is missing.
    #[must_use]
    pub fn rows(&self) -> &[Vec<Option<f64>>] {
        &self.rows
    }

    /// What fills gaps of rows that share no column with any other, one a column.
    #[must_use]
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// The table without gaps.
    ///
    /// # Errors
    /// If the columns differ in number from those of the fit, and [`LearnError::Cancelled`].
    pub fn fill(&self, x: &Matrix, control: &Control<'_>) -> Result<Matrix, LearnError> {
        require_columns(x, self.rows.len())?;
        let gaps: Vec<usize> = (0..x.rows())
            .filter(|row| x.columns().iter().any(|column| column.values()[*row].is_nan()))
            .collect();
        let filled: Vec<Vec<f64>> = gaps
            .par_iter()
            .map(|row| {
                control.check()?;
                Ok(self.fill_row(&x.row(*row)))
            })
            .collect::<Result<_, LearnError>>()?;
        let mut columns: Vec<Vec<f64>> =
            x.columns().iter().map(|column| column.values().to_vec()).collect();
        for (row, values) in gaps.iter().zip(&filled) {
            for (column, value) in columns.iter_mut().zip(values) {
                column[*row] = *value;
            }
        }
        Ok(Matrix::from_columns(columns))
    }

    fn fill_row(&self, row: &[f64]) -> Vec<f64> {
        let distances = self.distances(row);
        let fill = |(at, value): (usize, &f64)| {
            if value.is_nan() { self.nearest_mean(at, &distances) } else { *value }
        };
        row.iter().enumerate().map(fill).collect()
    }

    /// Squared distances to the kept rows; infinite to those that share no column.
    fn distances(&self, row: &[f64]) -> Vec<f64> {
        let kept = self.rows.first().map_or(0, Vec::len);
        let (mut sums, mut shared) = (vec![0.0; kept], vec![0.0; kept]);
        for (value, column) in row.iter().zip(&self.rows).filter(|(value, _)| !value.is_nan()) {
            for ((sum, shared), other) in sums.iter_mut().zip(&mut shared).zip(column) {
                if let Some(other) = other {
                    *sum += (other - value) * (other - value);
                    *shared += 1.0;
                }
            }
        }
        let width = row.len() as f64;
        let scaled = |(sum, shared): (f64, f64)| {
            if shared > 0.0 { sum * width / shared } else { f64::INFINITY }
        };
        sums.into_iter().zip(shared).map(scaled).collect()
    }

    fn nearest_mean(&self, column: usize, distances: &[f64]) -> f64 {
        let mut nearest: Vec<(f64, f64)> = Vec::with_capacity(self.count + 1);
        for (distance, value) in distances.iter().zip(&self.rows[column]) {
            let Some(value) = value.filter(|_| distance.is_finite()) else { continue };
            if nearest.len() < self.count || nearest.last().is_some_and(|(d, _)| distance < d) {
                let place = nearest.partition_point(|(d, _)| d <= distance);
                nearest.insert(place, (*distance, value));
                nearest.truncate(self.count);
            }
        }
        if nearest.is_empty() {
            return self.means[column];
        }
        nearest.iter().map(|(_, value)| value).sum::<f64>() / nearest.len() as f64
    }
}
