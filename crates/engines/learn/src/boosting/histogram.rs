//! Sums of derivatives by bin.

use crate::binning::BinnedColumn;

use super::loss::Derivatives;

/// Sums of first and second derivatives.
pub(super) type Cell = [f64; 2];

pub(super) fn add(a: Cell, b: Cell) -> Cell {
    [a[0] + b[0], a[1] + b[1]]
}

pub(super) fn subtract(a: Cell, b: Cell) -> Cell {
    [a[0] - b[0], a[1] - b[1]]
}

/// Sums of one column over some rows, whose derivatives lie in the same order, into a cell for each
/// bin. The missing bin is the last.
pub(super) fn build(
    column: &BinnedColumn<u8>,
    (rows, derivatives): (&[u32], &[Derivatives]),
    out: &mut [Cell],
) {
    // 256 cells for a byte: no bound to check in the loop.
    let mut cells = [[0.0; 2]; 256];
    let mut add_row = |code: u8, [gradient, hessian]: Derivatives| {
        let cell = &mut cells[usize::from(code)];
        cell[0] += f64::from(gradient);
        cell[1] += f64::from(hessian);
    };
    if rows.len() == column.codes.len() {
        for (code, derivatives) in column.codes.iter().zip(derivatives) {
            add_row(*code, *derivatives);
        }
    } else {
        for (row, derivatives) in rows.iter().zip(derivatives) {
            add_row(column.codes[*row as usize], *derivatives);
        }
    }
    out.copy_from_slice(&cells[..=column.value_bins]);
}
