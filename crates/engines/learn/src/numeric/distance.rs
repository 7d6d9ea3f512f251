//! Distances from a point to many rows, a few columns at a time, which vectorises for every width.

use std::ops::Range;

use crate::Matrix;

/// Columns that one pass over the distances takes in: fewer passes, fewer loads and stores.
const COLUMNS: usize = 4;

/// Squared Euclidean distances from `point` to the rows of `range`.
pub(crate) fn squared_distances(x: &Matrix, range: Range<usize>, point: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    let square = |value: f64, center: f64| (value - center) * (value - center);
    for (columns, centers) in x.columns().chunks(COLUMNS).zip(point.chunks(COLUMNS)) {
        if let ([a, b, c, d], [at_a, at_b, at_c, at_d]) = (columns, centers) {
            let [a, b, c, d] = [a, b, c, d].map(|column| &column.values()[range.clone()]);
            let values = a.iter().zip(b).zip(c.iter().zip(d));
            for (slot, ((a, b), (c, d))) in out.iter_mut().zip(values) {
                *slot += (square(*a, *at_a) + square(*b, *at_b))
                    + (square(*c, *at_c) + square(*d, *at_d));
            }
            continue;
        }
        for (column, center) in columns.iter().zip(centers) {
            for (slot, value) in out.iter_mut().zip(&column.values()[range.clone()]) {
                *slot += square(*value, *center);
            }
        }
    }
}
