//! Distances from a point to many rows, a few columns at a time, which vectorises for every width.

use std::ops::Range;

use crate::{Column, Matrix};

/// Columns that one pass over the distances takes in: fewer passes, fewer loads and stores.
const COLUMNS: usize = 4;

/// Rows that are given up together.
pub(crate) const GROUP: usize = 64;
/// Columns between two looks at whether all rows of a group are too far.
const COLUMNS_BETWEEN: usize = 8;

/// Squared Euclidean distances from `point` to the rows of `range`.
pub(crate) fn squared_distances(x: &Matrix, range: Range<usize>, point: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    for (columns, centers) in x.columns().chunks(COLUMNS).zip(point.chunks(COLUMNS)) {
        add_squares(columns, centers, range.clone(), out);
    }
}

/// As [`squared_distances`] for at most [`GROUP`] rows, and whether any of them is not beyond
/// `limit`. If none is, the distances may be too small, but all are beyond `limit`.
pub(crate) fn squared_distances_within(
    x: &Matrix,
    range: Range<usize>,
    (point, limit): (&[f64], f64),
    out: &mut [f64],
) -> bool {
    out.fill(0.0);
    let steps = x.columns().chunks(COLUMNS_BETWEEN).zip(point.chunks(COLUMNS_BETWEEN));
    for (columns, centers) in steps {
        for (columns, centers) in columns.chunks(COLUMNS).zip(centers.chunks(COLUMNS)) {
            add_squares(columns, centers, range.clone(), out);
        }
        // What is added is never below 0.
        if out.iter().all(|distance| *distance > limit) {
            return false;
        }
    }
    true
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
    fn groups_that_are_near_have_the_same_distances_and_others_are_too_far() {
        let mut rng = Rng::new(6);
        for width in [1, 3, 4, 7, 8, 9, 21] {
            let columns = (0..width).map(|_| (0..GROUP).map(|_| rng.normal()).collect());
            let x = Matrix::from_columns(columns.collect());
            let point: Vec<f64> = (0..width).map(|_| rng.normal()).collect();
            let (mut all, mut within) = (vec![0.0; GROUP], vec![0.0; GROUP]);
            squared_distances(&x, 0..GROUP, &point, &mut all);
            let least = all.iter().copied().fold(f64::INFINITY, f64::min);
            assert!(squared_distances_within(&x, 0..GROUP, (&point, least), &mut within));
            assert_eq!(all, within);
            let nothing = least * 0.999;
            assert!(!squared_distances_within(&x, 0..GROUP, (&point, nothing), &mut within));
            assert!(within.iter().all(|distance| *distance > nothing));
        }
    }
}
