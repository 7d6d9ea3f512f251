//! Memory that the trees of one fit use one after another. Pages that the allocator would give back
//! after each tree, and the system clear again for the next, stay with the fit.
//!
//! Invariant: what lies in a buffer when it is taken matters to nothing.

use super::histogram::Cell;
use super::loss::Derivatives;

/// The buffers of a fit.
#[derive(Default)]
pub(super) struct Buffers {
    /// Rows that a split moves to its right side.
    pub(super) moved: Vec<u32>,
    /// Derivatives in the order of a leaf's rows.
    pub(super) gathered: Vec<Derivatives>,
    rows: Vec<Vec<u32>>,
    histograms: Vec<Vec<Cell>>,
}

impl Buffers {
    /// These rows as a list that can be reordered.
    pub(super) fn copy_rows(&mut self, rows: &[u32]) -> Vec<u32> {
        let mut copy = self.rows.pop().unwrap_or_default();
        copy.clear();
        copy.extend_from_slice(rows);
        copy
    }

    /// Takes back a list of rows.
    pub(super) fn keep_rows(&mut self, rows: Vec<u32>) {
        self.rows.push(rows);
    }

    /// So many cells.
    pub(super) fn take_histogram(&mut self, cells: usize) -> Vec<Cell> {
        let mut histogram = self.histograms.pop().unwrap_or_default();
        histogram.resize(cells, [0.0; 2]);
        histogram
    }

    /// Takes back cells; those of a leaf that had none are left.
    pub(super) fn keep_histogram(&mut self, cells: Vec<Cell>) {
        if !cells.is_empty() {
            self.histograms.push(cells);
        }
    }
}
