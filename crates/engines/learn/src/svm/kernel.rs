//! Kernel values of a table's rows, computed when first asked for and kept.

use std::sync::OnceLock;

use crate::Matrix;
use crate::numeric::math;

use super::layout::Layout;

/// Rows whose values are computed in one go; they stay in the cache.
const BLOCK: usize = 1_024;

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

/// Rows of the kernel matrix, shared by all machines that are fitted on the table.
pub(super) struct KernelRows<'a> {
    x: &'a Matrix,
    layout: Layout,
    kernel: Settled,
    diagonal: Vec<f64>,
    rows: Vec<OnceLock<Box<[f32]>>>,
}

impl<'a> KernelRows<'a> {
    pub(super) fn new(x: &'a Matrix, kernel: Settled) -> Self {
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
        let layout = Layout::new(x);
        Self { x, layout, kernel, diagonal, rows: (0..x.rows()).map(|_| OnceLock::new()).collect() }
    }

    pub(super) fn kernel(&self) -> Settled {
        self.kernel
    }

    /// Kernel value of a row with itself.
    pub(super) fn diagonal(&self, row: u32) -> f64 {
        self.diagonal[row as usize]
    }

    /// Kernel values of a row with every row.
    pub(super) fn row(&self, row: u32) -> &[f32] {
        self.rows[row as usize].get_or_init(|| {
            let mut values = vec![0.0; self.x.rows()];
            let point = self.x.row(row as usize);
            self.kernel.of_point((self.x, &self.layout), &point, &mut values);
            values.into_iter().map(|v| v as f32).collect()
        })
    }
}
