//! Products with the table, a row chunk at a time. The intercept is a last column of ones.

use std::ops::Range;

use crate::Matrix;
use crate::numeric::reduce::dot;

/// Coefficients of the columns and then the intercept, applied to the rows of `range`.
pub(super) fn scores(x: &Matrix, range: Range<usize>, coefficients: &[f64], out: &mut [f64]) {
    let (weights, intercept) = coefficients.split_at(x.width());
    out.fill(intercept.first().copied().unwrap_or(0.0));
    for (column, weight) in x.columns().iter().zip(weights) {
        if *weight != 0.0 {
            column.add_scaled_to(range.clone(), *weight, out);
        }
    }
}

/// As [`scores`] for one row.
pub(super) fn row_score(row: &[f64], coefficients: &[f64]) -> f64 {
    let (weights, intercept) = coefficients.split_at(row.len());
    let mut score = intercept.first().copied().unwrap_or(0.0);
    for (value, weight) in row.iter().zip(weights) {
        if *weight != 0.0 {
            score += weight * value;
        }
    }
    score
}

/// Adds Xᵀ·v over the rows of `range` to `out` (columns, then intercept).
pub(super) fn add_transposed_product(x: &Matrix, range: Range<usize>, v: &[f64], out: &mut [f64]) {
    for (slot, column) in out.iter_mut().zip(x.columns()) {
        *slot += dot(&column.slice(range.clone()), v);
    }
    if let Some(last) = out.get_mut(x.width()) {
        *last += v.iter().sum::<f64>();
    }
}

/// Adds the lower triangle of Xᵀ·diag(d)·X over the rows of `range` to `out`, row-major with
/// `width + 1` columns, intercept last.
pub(super) fn add_gram(x: &Matrix, range: Range<usize>, d: &[f64], out: &mut [f64]) {
    let side = x.width() + 1;
    let mut scaled = vec![0.0; d.len()];
    let columns: Vec<_> = x.columns().iter().map(|column| column.slice(range.clone())).collect();
    for i in 0..side {
        match columns.get(i) {
            Some(values) => {
                for ((s, d), v) in scaled.iter_mut().zip(d).zip(values.iter()) {
                    *s = d * v;
                }
            }
            None => scaled.copy_from_slice(d),
        }
        for (j, slot) in out[i * side..=i * side + i].iter_mut().enumerate() {
            *slot += match columns.get(j) {
                Some(values) => dot(&scaled, values),
                None => scaled.iter().sum::<f64>(),
            };
        }
    }
}
