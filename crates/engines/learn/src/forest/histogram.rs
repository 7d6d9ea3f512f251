//! Sums of a node's rows by bin, with a bit set of the bins that have rows, so that small nodes
//! cost what their rows cost and not what the bins do.

use crate::binning::{BinCode, BinnedColumn};

use super::task::{Sample, Task};

pub(super) struct Histogram {
    width: usize,
    cells: Vec<f64>,
    counts: Vec<u32>,
    occupied: Vec<u64>,
}

impl Histogram {
    pub(super) fn new(width: usize, bins: usize) -> Self {
        Self {
            width,
            cells: vec![0.0; width * bins],
            counts: vec![0; bins],
            occupied: vec![0; bins.div_ceil(64)],
        }
    }

    /// Adds the rows; the histogram must be clear.
    pub(super) fn fill<T: Task, C: BinCode>(
        &mut self,
        column: &BinnedColumn<C>,
        samples: &[Sample],
    ) {
        for sample in samples {
            let bin = column.codes[sample.row as usize].index();
            self.occupied[bin / 64] |= 1 << (bin % 64);
            self.counts[bin] += 1;
            let start = bin * self.width;
            T::add_sample(&mut self.cells[start..start + self.width], sample);
        }
    }

    /// Bins with rows, rising.
    pub(super) fn bins(&self) -> impl Iterator<Item = usize> {
        self.occupied
            .iter()
            .enumerate()
            .flat_map(|(index, word)| Bits(*word).map(move |b| 64 * index + b))
    }

    pub(super) fn cell(&self, bin: usize) -> &[f64] {
        &self.cells[bin * self.width..(bin + 1) * self.width]
    }

    pub(super) fn count(&self, bin: usize) -> u32 {
        self.counts[bin]
    }

    /// Whether all rows share one bin.
    pub(super) fn is_constant(&self) -> bool {
        self.bins().nth(1).is_none()
    }

    /// Bits of the bins with rows.
    pub(super) fn occupied(&self) -> &[u64] {
        &self.occupied
    }

    pub(super) fn clear(&mut self) {
        for (index, word) in self.occupied.iter_mut().enumerate() {
            for bit in Bits(*word) {
                let bin = 64 * index + bit;
                self.counts[bin] = 0;
                self.cells[bin * self.width..(bin + 1) * self.width].fill(0.0);
            }
            *word = 0;
        }
    }
}

struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}
