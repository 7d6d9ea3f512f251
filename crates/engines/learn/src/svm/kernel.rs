//! Kernel values of a table's rows, computed when first asked for and kept as long as there is room.
//!
//! Invariant: a row that is computed again has the same values, so that what there is room for
//! changes how long a fit takes and nothing else.

use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Matrix;
use crate::numeric::math;

use super::layout::Layout;

/// Rows whose values are computed in one go; they stay in the cache.
const BLOCK: usize = 1_024;

/// Bytes of kernel values that are kept.
const KEPT_BYTES: usize = 13 << 20;

/// A kernel with its numbers settled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Settled {
    Linear,
    Rbf(f64),
}

impl Settled {
    /// Kernel values of `point` with every row of a table, given with its layout.
    pub(super) fn of_point(self, (x, layout): (&Matrix, &Layout), point: &[f64], out: &mut [f64]) {
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let range = block * BLOCK..block * BLOCK + out.len();
            match self {
                Self::Linear => {
                    out.fill(0.0);
                    let terms = x.columns().iter().zip(point).filter(|(_, factor)| **factor != 0.0);
                    for (column, factor) in terms {
                        let values = &column.values()[range.clone()];
                        out.iter_mut().zip(values).for_each(|(slot, v)| *slot += v * factor);
                    }
                }
                Self::Rbf(gamma) => {
                    layout.squared_distances(x, range, point, out);
                    out.iter_mut().for_each(|slot| *slot *= -gamma);
                    math::exp_of_negatives(out);
                }
            }
        }
    }
}

/// Kernel values of one row with every row.
pub(super) enum KernelRow<'a> {
    Kept(&'a [f32]),
    Made(Box<[f32]>),
}

impl Deref for KernelRow<'_> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match self {
            Self::Kept(values) => values,
            Self::Made(values) => values,
        }
    }
}

/// Rows of the kernel matrix, shared by all machines that are fitted on the table.
pub(super) struct KernelRows<'a> {
    x: &'a Matrix,
    layout: Layout,
    kernel: Settled,
    diagonal: Vec<f64>,
    rows: Vec<OnceLock<Box<[f32]>>>,
    /// Rows that may still be kept.
    room: AtomicUsize,
}

impl<'a> KernelRows<'a> {
    pub(super) fn new(x: &'a Matrix, kernel: Settled) -> Self {
        Self::with_room(x, kernel, KEPT_BYTES / size_of::<f32>() / x.rows().max(1))
    }

    fn with_room(x: &'a Matrix, kernel: Settled, room: usize) -> Self {
        let diagonal = match kernel {
            Settled::Rbf(_) => vec![1.0; x.rows()],
            Settled::Linear => {
                let mut sums = vec![0.0; x.rows()];
                for column in x.columns() {
                    sums.iter_mut().zip(column.values()).for_each(|(sum, v)| *sum += v * v);
                }
                sums
            }
        };
        let rows = (0..x.rows()).map(|_| OnceLock::new()).collect();
        Self { x, layout: Layout::new(x), kernel, diagonal, rows, room: AtomicUsize::new(room) }
    }

    pub(super) fn kernel(&self) -> Settled {
        self.kernel
    }

    /// Kernel value of a row with itself.
    pub(super) fn diagonal(&self, row: u32) -> f64 {
        self.diagonal[row as usize]
    }

    /// Kernel values of a row with every row.
    pub(super) fn row(&self, row: u32) -> KernelRow<'_> {
        let slot = &self.rows[row as usize];
        if let Some(known) = slot.get() {
            return KernelRow::Kept(known);
        }
        let made = self.make(row);
        let less = |room: usize| room.checked_sub(1);
        match self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
            Ok(_) => KernelRow::Kept(slot.get_or_init(|| made)),
            Err(_) => KernelRow::Made(made),
        }
    }

    fn make(&self, row: u32) -> Box<[f32]> {
        let mut values = vec![0.0; self.x.rows()];
        let point = self.x.row(row as usize);
        self.kernel.of_point((self.x, &self.layout), &point, &mut values);
        values.into_iter().map(|v| v as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn rows_without_room_are_made_again_and_are_the_same() {
        let mut rng = Rng::new(4);
        let columns = (0..3).map(|_| (0..50).map(|_| rng.normal()).collect());
        let x = Matrix::from_columns(columns.collect());
        let all = KernelRows::new(&x, Settled::Rbf(0.3));
        let few = KernelRows::with_room(&x, Settled::Rbf(0.3), 2);
        for row in (0..50).chain(0..50) {
            assert_eq!(*all.row(row), *few.row(row), "row {row}");
        }
        assert!(matches!(few.row(1), KernelRow::Kept(_)));
        assert!(matches!(few.row(2), KernelRow::Made(_)));
        assert!(matches!(all.row(49), KernelRow::Kept(_)));
    }
}
