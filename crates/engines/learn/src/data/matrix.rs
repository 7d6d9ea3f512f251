//! A dense column-major table. Missing is NaN; category columns hold codes 0, 1, 2, ….
//!
//! Invariant: all columns have the same length; no value is infinite; codes of category columns
//! are whole numbers from 0 (or missing).

use serde::{Deserialize, Serialize};

use super::column::Column;
use crate::{LearnError, Rng};

/// A table: rows × columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Matrix {
    rows: usize,
    columns: Vec<Column>,
}

impl Matrix {
    /// A table of these columns.
    ///
    /// # Errors
    /// If there is no column or row, lengths differ, a value is infinite, or a code is not one.
    pub fn new(columns: Vec<Column>) -> Result<Self, LearnError> {
        let rows = columns.first().map_or(0, Column::rows);
        if rows == 0 {
            return Err(LearnError::Empty { what: "the table" });
        }
        if u32::try_from(rows).is_err() {
            return Err(LearnError::TooLarge {
                what: "the number of rows",
                found: rows,
                limit: u32::MAX as usize,
            });
        }
        for (index, column) in columns.iter().enumerate() {
            column.require_valid(rows, index)?;
        }
        Ok(Self { rows, columns })
    }

    /// A table of numeric columns from row-major values, `width` to a row.
    ///
    /// # Errors
    /// As [`Self::new`], or if the values do not fill whole rows.
    pub fn from_rows(values: &[f64], width: usize) -> Result<Self, LearnError> {
        if width == 0 {
            return Err(LearnError::Empty { what: "the table" });
        }
        let rows = values.len() / width;
        if rows * width != values.len() {
            return Err(LearnError::Shape {
                what: "the table",
                expected: rows * width,
                found: values.len(),
            });
        }
        let column = |j: usize| values.iter().skip(j).step_by(width).copied().collect();
        Self::new((0..width).map(|j| Column::numeric(column(j))).collect())
    }

    /// For columns that are valid by construction.
    pub(crate) fn from_valid(columns: Vec<Column>) -> Self {
        let rows = columns.first().map_or(0, Column::rows);
        Self { rows, columns }
    }

    /// For numbers that are finite by construction.
    pub(crate) fn from_columns(columns: Vec<Vec<f64>>) -> Self {
        Self::from_valid(columns.into_iter().map(Column::numeric).collect())
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// All columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The values of one column; empty if there is none at this index.
    pub fn column(&self, index: usize) -> &[f64] {
        self.columns.get(index).map_or(&[], Column::values)
    }

    /// The table of these rows, in this order; a row may repeat. Rows outside of the table are
    /// left out.
    pub fn take_rows(&self, rows: &[usize]) -> Self {
        let kept: Vec<usize> = rows.iter().copied().filter(|r| *r < self.rows).collect();
        let columns = self.columns.iter().map(|column| column.take(&kept)).collect();
        Self { rows: kept.len(), columns }
    }

    /// The same table with one column's values replaced.
    ///
    /// # Errors
    /// If there is no such column or the new one does not fit.
    pub fn with_column(&self, index: usize, column: Column) -> Result<Self, LearnError> {
        column.require_valid(self.rows, index)?;
        let mut changed = self.clone();
        let width = changed.columns.len();
        let slot = changed.columns.get_mut(index).ok_or(LearnError::Shape {
            what: "the table's list of columns",
            expected: index + 1,
            found: width,
        })?;
        *slot = column;
        Ok(changed)
    }

    pub(crate) fn shuffle_column(&mut self, index: usize, rng: &mut Rng) {
        if let Some(column) = self.columns.get_mut(index) {
            rng.shuffle(column.values_mut());
        }
    }

    pub(crate) fn restore_column(&mut self, index: usize, source: &Self) {
        if let (Some(to), Some(from)) = (self.columns.get_mut(index), source.columns.get(index)) {
            to.values_mut().copy_from_slice(from.values());
        }
    }

    /// Error if any value is missing.
    pub(crate) fn require_complete(&self) -> Result<(), LearnError> {
        for (index, column) in self.columns.iter().enumerate() {
            if column.has_gaps() {
                return Err(LearnError::NotFinite { what: "column", index });
            }
        }
        Ok(())
    }

    /// One row's values.
    pub fn row(&self, index: usize) -> Vec<f64> {
        self.columns.iter().filter_map(|column| column.get(index)).collect()
    }
}
