//! Columns cut into numbered bins, the form in which trees read a table.
//!
//! Invariants: bins of a numeric column rise with its values; each category code has its own
//! bin or, beyond the limit of bins, shares the missing one; the missing bin is the last.

mod column;
mod edges;
mod table;

pub use column::ColumnBins;
pub(crate) use table::{BinCode, BinnedColumn, BinnedMatrix};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::model::require_columns;
use crate::{LearnError, Matrix};

/// How values of each column map to bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Binner {
    columns: Vec<ColumnBins>,
}

impl Binner {
    /// Learns at most `max_bins` bins a column (besides the one for missing values), numeric
    /// ones of at least `min_rows` rows. Tables of more than 200,000 rows are read at evenly
    /// spaced rows.
    ///
    /// # Errors
    /// If `max_bins` is not within 2..=65,000.
    pub fn fit(x: &Matrix, max_bins: usize, min_rows: usize) -> Result<Self, LearnError> {
        if !(2..=65_000).contains(&max_bins) {
            let reason = "must be between 2 and 65,000";
            return Err(LearnError::Parameter { name: "max_bins", reason });
        }
        let columns = x
            .columns()
            .par_iter()
            .map(|column| ColumnBins::new(column, max_bins, min_rows))
            .collect();
        Ok(Self { columns })
    }

    /// The bins of each column.
    pub fn columns(&self) -> &[ColumnBins] {
        &self.columns
    }

    /// The table in bins, column-major.
    pub(crate) fn apply<C: BinCode>(&self, x: &Matrix) -> Result<BinnedMatrix<C>, LearnError> {
        require_columns(x, self.columns.len())?;
        let columns = self
            .columns
            .par_iter()
            .zip(x.columns())
            .map(|(bins, column)| BinnedColumn::new(bins, column))
            .collect();
        Ok(BinnedMatrix::new(x.rows(), columns))
    }

    /// One row in bins.
    pub(crate) fn apply_row(&self, row: &[f64]) -> Vec<u16> {
        self.columns.iter().zip(row).map(|(bins, value)| bins.bin_of(*value) as u16).collect()
    }

    /// Rows of `range` in bins, row-major.
    pub(crate) fn apply_rows(&self, x: &Matrix, range: std::ops::Range<usize>) -> Vec<u16> {
        let width = self.columns.len();
        let mut out = vec![0; range.len() * width];
        for (j, (bins, column)) in self.columns.iter().zip(x.columns()).enumerate() {
            let values = &column.values()[range.clone()];
            for (slot, value) in out.iter_mut().skip(j).step_by(width).zip(values) {
                *slot = bins.bin_of(*value) as u16;
            }
        }
        out
    }
}
