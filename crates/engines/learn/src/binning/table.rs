//! A table in bins.

use crate::Column;

use super::ColumnBins;

/// An unsigned number wide enough for the bins.
pub(crate) trait BinCode: Copy + Send + Sync + 'static {
    fn from_index(index: usize) -> Self;
    fn index(self) -> usize;
}

impl BinCode for u8 {
    fn from_index(index: usize) -> Self {
        index as Self
    }

    fn index(self) -> usize {
        usize::from(self)
    }
}

impl BinCode for u16 {
    fn from_index(index: usize) -> Self {
        index as Self
    }

    fn index(self) -> usize {
        usize::from(self)
    }
}

/// One column in bins.
#[derive(Debug, Clone)]
pub(crate) struct BinnedColumn<C> {
    pub(crate) codes: Vec<C>,
    /// Bins of values; the missing bin has this number.
    pub(crate) value_bins: usize,
    /// Limits of the bins of a numeric column; none for categories.
    pub(crate) edges: Option<Vec<f64>>,
}

impl<C: BinCode> BinnedColumn<C> {
    pub(super) fn new(bins: &ColumnBins, column: &Column) -> Self {
        let codes = column.values().iter().map(|v| C::from_index(bins.bin_of(*v))).collect();
        Self { codes, value_bins: bins.value_bins(), edges: bins.edges().map(<[f64]>::to_vec) }
    }
}

/// A table in bins, column-major.
#[derive(Debug, Clone)]
pub(crate) struct BinnedMatrix<C> {
    rows: usize,
    columns: Vec<BinnedColumn<C>>,
}

impl<C: BinCode> BinnedMatrix<C> {
    pub(super) fn new(rows: usize, columns: Vec<BinnedColumn<C>>) -> Self {
        Self { rows, columns }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn columns(&self) -> &[BinnedColumn<C>] {
        &self.columns
    }

    /// Most bins of a column, the missing one included.
    pub(crate) fn max_bins(&self) -> usize {
        self.columns.iter().map(|c| c.value_bins + 1).max().unwrap_or(1)
    }

    /// Rows of `range`, row-major.
    pub(crate) fn transposed(&self, range: std::ops::Range<usize>) -> Vec<u16> {
        let width = self.columns.len();
        let mut out = vec![0; range.len() * width];
        for (j, column) in self.columns.iter().enumerate() {
            let codes = &column.codes[range.clone()];
            for (slot, code) in out.iter_mut().skip(j).step_by(width).zip(codes) {
                *slot = code.index() as u16;
            }
        }
        out
    }
}
