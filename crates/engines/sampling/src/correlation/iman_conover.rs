//! Iman and Conover's method (1982): columns in memory are reordered so that they have given rank
//! correlations, and every column keeps its values.

use super::{Matrix, cholesky};
use crate::math::inverse_normal;
use crate::philox::Philox;
use crate::{Result, SamplingError};

/// Reorders columns of equal length to rank correlations. The order of the first column stays.
///
/// # Errors
/// Columns of different lengths or too short, another number of columns than the matrix has, or
/// correlations that cannot hold together.
pub fn reorder(columns: &mut [Vec<f64>], matrix: &Matrix, seed: u64) -> Result<()> {
    let (count, rows) = (columns.len(), columns.first().map_or(0, Vec::len));
    if count != matrix.size() {
        return Err(SamplingError::Shape {
            what: "the list of columns",
            expected: matrix.size(),
            found: count,
        });
    }
    for column in columns.iter() {
        if column.len() != rows {
            return Err(SamplingError::Shape {
                what: "a column",
                expected: rows,
                found: column.len(),
            });
        }
    }
    if rows <= count + 1 {
        let reason = "it needs more rows than columns; draw more iterations";
        return Err(SamplingError::Undefined { what: "reordering to rank correlations", reason });
    }
    matrix.check()?;
    let undefined = || SamplingError::Undefined {
        what: "reordering to rank correlations",
        reason: "the scores depend on each other; draw more iterations",
    };
    let mut scores = scores(columns[0].as_slice(), count, seed);
    let own = cholesky::find_factor(&correlations(&scores)).ok_or_else(undefined)?;
    let wanted = cholesky::find_factor(&matrix.to_normal_scores()).ok_or_else(undefined)?;
    transform(&mut scores, &own, &wanted).ok_or_else(undefined)?;
    for (column, score) in columns.iter_mut().zip(&scores) {
        let order = order_of(score);
        column.sort_by(f64::total_cmp);
        let mut placed = vec![0.0; rows];
        for (value, row) in column.iter().zip(order) {
            placed[row] = *value;
        }
        *column = placed;
    }
    Ok(())
}

/// Normal scores: of the first column's ranks, and shuffled for the others.
fn scores(first: &[f64], count: usize, seed: u64) -> Vec<Vec<f64>> {
    let rows = first.len();
    let sorted: Vec<f64> =
        (1..=rows).map(|rank| inverse_normal(rank as f64 / (rows + 1) as f64)).collect();
    let philox = Philox::new(seed);
    let place = |order: Vec<usize>| {
        let mut column = vec![0.0; rows];
        for (score, row) in sorted.iter().zip(order) {
            column[row] = *score;
        }
        column
    };
    let shuffled = |column: usize| {
        let key = |row: u64| philox.block([row, row >> 32, column as u64, 4]);
        let keys: Vec<f64> = (0..rows as u64)
            .map(|row| key(row)[0] as f64 * 4_294_967_296.0 + key(row)[1] as f64)
            .collect();
        place(order_of(&keys))
    };
    (0..count).map(|c| if c == 0 { place(order_of(first)) } else { shuffled(c) }).collect()
}

/// Rows in the order of their values; equal ones stay in order.
fn order_of(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    order
}

/// Correlations of columns of normal scores, whose mean is zero.
fn correlations(columns: &[Vec<f64>]) -> Matrix {
    let n = columns.len();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let entry = |k: usize| {
        let (a, b) = (&columns[k / n], &columns[k % n]);
        if k / n == k % n { 1.0 } else { dot(a, b) / (dot(a, a) * dot(b, b)).sqrt() }
    };
    Matrix::from_values(n, (0..n * n).map(entry).collect())
}

/// Takes the columns' own factor out and puts the wanted one in; `None` where the own is singular.
fn transform(columns: &mut [Vec<f64>], own: &[f64], wanted: &[f64]) -> Option<()> {
    let n = columns.len();
    if (0..n).any(|i| own[i * n + i] <= 0.0) {
        return None;
    }
    for row in 0..columns[0].len() {
        let mut free = vec![0.0; n];
        for i in 0..n {
            let known: f64 = (0..i).map(|j| own[i * n + j] * free[j]).sum();
            free[i] = (columns[i][row] - known) / own[i * n + i];
        }
        for i in 0..n {
            columns[i][row] = (0..=i).map(|j| wanted[i * n + j] * free[j]).sum();
        }
    }
    Some(())
}
