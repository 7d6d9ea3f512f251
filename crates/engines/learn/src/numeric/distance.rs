//! Distances from a point to many rows, a column at a time, which vectorises for every width.

use std::ops::Range;

use crate::Matrix;

/// Squared Euclidean distances from `point` to the rows of `range`.
pub(crate) fn squared_distances(x: &Matrix, range: Range<usize>, point: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    for (column, center) in x.columns().iter().zip(point) {
        for (slot, value) in out.iter_mut().zip(&column.values()[range.clone()]) {
            let difference = value - center;
            *slot += difference * difference;
        }
    }
}
