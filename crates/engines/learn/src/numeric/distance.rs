//! Distances from a point to many rows, a few columns at a time, which vectorises for every width.

use std::ops::Range;

use crate::{Column, Matrix};

/// Columns that one pass over the distances takes in: fewer passes, fewer loads and stores.
const COLUMNS: usize = 4;

/// Squared Euclidean distances from `point` to the rows of `range`.
pub(crate) fn squared_distances(x: &Matrix, range: Range<usize>, point: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    for (columns, centers) in x.columns().chunks(COLUMNS).zip(point.chunks(COLUMNS)) {
        add_squares(columns, centers, range.clone(), out);
    }
}

/// As [`squared_distances`] for one row: the same number.
pub(crate) fn squared_distance(row: &[f64], point: &[f64]) -> f64 {
    let square = |value: f64, center: f64| (value - center) * (value - center);
    let (values, last_values) = row.as_chunks::<COLUMNS>();
    let (centers, last_centers) = point.as_chunks::<COLUMNS>();
    let mut sum = 0.0;
    for ([a, b, c, d], [at_a, at_b, at_c, at_d]) in values.iter().zip(centers) {
        sum += (square(*a, *at_a) + square(*b, *at_b)) + (square(*c, *at_c) + square(*d, *at_d));
    }
    for (value, center) in last_values.iter().zip(last_centers) {
        sum += square(*value, *center);
    }
    sum
}

fn add_squares(columns: &[Column], centers: &[f64], range: Range<usize>, out: &mut [f64]) {
    let square = |value: f64, center: f64| (value - center) * (value - center);
    if let ([a, b, c, d], [at_a, at_b, at_c, at_d]) = (columns, centers) {
        let [a, b, c, d] = [a, b, c, d].map(|column| &column.values()[range.clone()]);
        let values = a.iter().zip(b).zip(c.iter().zip(d));
        for (slot, ((a, b), (c, d))) in out.iter_mut().zip(values) {
            *slot +=
                (square(*a, *at_a) + square(*b, *at_b)) + (square(*c, *at_c) + square(*d, *at_d));
        }
        return;
    }
    for (column, center) in columns.iter().zip(centers) {
        for (slot, value) in out.iter_mut().zip(&column.values()[range.clone()]) {
            *slot += square(*value, *center);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn a_row_alone_has_the_distance_that_it_has_among_others() {
        let mut rng = Rng::new(6);
        for width in [1, 3, 4, 7, 8, 9, 21] {
            let columns = (0..width).map(|_| (0..64).map(|_| rng.normal()).collect());
            let x = Matrix::from_columns(columns.collect());
            let point: Vec<f64> = (0..width).map(|_| rng.normal()).collect();
            let mut all = vec![0.0; 64];
            squared_distances(&x, 0..64, &point, &mut all);
            for (row, distance) in all.iter().enumerate() {
                assert_eq!(squared_distance(&x.row(row), &point).to_bits(), distance.to_bits());
            }
        }
    }
}
