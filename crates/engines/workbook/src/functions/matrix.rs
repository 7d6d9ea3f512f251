//! Matrices.

use super::{Function, eager};
use crate::eval::{Eval, Operand};
use crate::value::{Array, ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    eager("MMULT", (2, 2), "a", |e, a| {
        let (a, b) = (matrix(e, &a[0])?, matrix(e, &a[1])?);
        if a[0].len() != b.len() {
            return Err(ErrorKind::Value);
        }
        let at = |r: usize, c: usize| (0..b.len()).map(|k| a[r][k] * b[k][c]).sum::<f64>();
        Ok(Array::build(a.len(), b[0].len(), |r, c| at(r, c).into())?.into())
    }),
    eager("MDETERM", (1, 1), "a", |e, a| {
        Ok(eliminate(&mut square(e, &a[0])?, &mut Vec::new()).into())
    }),
    eager("MINVERSE", (1, 1), "a", |e, a| {
        let mut m = square(e, &a[0])?;
        let mut inverse = identity(m.len());
        if eliminate(&mut m, &mut inverse) == 0.0 {
            return Err(ErrorKind::Num);
        }
        Ok(Array::build(m.len(), m.len(), |r, c| inverse[r][c].into())?.into())
    }),
    eager("MUNIT", (1, 1), "s", |e, a| {
        let n = e.number(a, 0)?.trunc();
        if n < 1.0 {
            return Err(ErrorKind::Value);
        }
        let n = n as usize;
        Ok(Array::build(n, n, |r, c| f64::from(u8::from(r == c)).into())?.into())
    }),
    eager("TRANSPOSE", (1, 1), "a", |e, a| Ok(e.array_of(&a[0])?.transposed().into())),
];

/// Rows of numbers; anything else is `#VALUE!`.
fn matrix(e: &mut Eval<'_, '_>, operand: &Operand) -> Result<Vec<Vec<f64>>, ErrorKind> {
    let array = e.array_of(operand)?;
    let mut rows = Vec::with_capacity(array.rows());
    for r in 0..array.rows() {
        let mut row = Vec::with_capacity(array.cols());
        for c in 0..array.cols() {
            row.push(match array.at(r, c) {
                Value::Number(x) => *x,
                Value::Error(e) => return Err(*e),
                Value::Empty | Value::Text(_) | Value::Bool(_) => return Err(ErrorKind::Value),
            });
        }
        rows.push(row);
    }
    Ok(rows)
}

fn square(e: &mut Eval<'_, '_>, operand: &Operand) -> Result<Vec<Vec<f64>>, ErrorKind> {
    let m = matrix(e, operand)?;
    if m.len() == m[0].len() { Ok(m) } else { Err(ErrorKind::Value) }
}

pub(super) fn identity(n: usize) -> Vec<Vec<f64>> {
    (0..n).map(|r| (0..n).map(|c| f64::from(u8::from(r == c))).collect()).collect()
}

/// Reduces `m` to the identity, does the same to `other`, and returns the determinant of `m`.
pub(super) fn eliminate(m: &mut [Vec<f64>], other: &mut [Vec<f64>]) -> f64 {
    let n = m.len();
    let mut determinant = 1.0;
    for k in 0..n {
        let pivot = (k..n).max_by(|a, b| m[*a][k].abs().total_cmp(&m[*b][k].abs())).unwrap_or(k);
        if m[pivot][k] == 0.0 {
            return 0.0;
        }
        if pivot != k {
            m.swap(pivot, k);
            if !other.is_empty() {
                other.swap(pivot, k);
            }
            determinant = -determinant;
        }
        determinant *= m[k][k];
        for r in 0..n {
            if r == k || m[r][k] == 0.0 || (other.is_empty() && r < k) {
                continue;
            }
            let factor = m[r][k] / m[k][k];
            subtract_row(m, (r, k), factor);
            if !other.is_empty() {
                subtract_row(other, (r, k), factor);
            }
        }
    }
    for (k, (row, pivots)) in other.iter_mut().zip(m.iter()).enumerate() {
        row.iter_mut().for_each(|x| *x /= pivots[k]);
    }
    determinant
}

fn subtract_row(m: &mut [Vec<f64>], (row, from): (usize, usize), factor: f64) {
    let source = m[from].clone();
    for (x, y) in m[row].iter_mut().zip(source) {
        *x -= factor * y;
    }
}
