//! The nearest correlation matrix (Higham, 2002): alternating projections with Dykstra's
//! correction, on a Jacobi eigendecomposition.

use super::{Matrix, cholesky};

const MOST_PROJECTIONS: usize = 200;
/// Least eigenvalue of the result, so that it stays valid when it is written with few digits.
const LEAST_EIGENVALUE: f64 = 1e-8;

/// The rank correlations nearest to these that can hold together, in the sense of least squares
/// over the correlations of normal scores. Returns valid ones as they are.
#[must_use]
pub fn nearest(matrix: &Matrix) -> Matrix {
    let scores = matrix.to_normal_scores();
    if cholesky::find_factor(&scores).is_some() {
        return matrix.clone();
    }
    let n = scores.size();
    let mut y = scores.values().to_vec();
    let mut correction = vec![0.0; n * n];
    for _ in 0..MOST_PROJECTIONS {
        let r: Vec<f64> = y.iter().zip(&correction).map(|(y, c)| y - c).collect();
        let x = project(n, &r);
        correction = x.iter().zip(&r).map(|(x, r)| x - r).collect();
        let before = std::mem::replace(&mut y, x);
        for i in 0..n {
            y[i * n + i] = 1.0;
        }
        let change = y.iter().zip(&before).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        if change < 1e-10 {
            break;
        }
    }
    // The last projection may leave a trace below zero: shrink towards independence until none is.
    let mut taken = 1e-9;
    loop {
        let shrink: f64 = 1.0 - taken;
        let values =
            y.iter().enumerate().map(|(k, v)| if k % (n + 1) == 0 { 1.0 } else { v * shrink });
        let candidate = Matrix::from_values(n, values.map(|v: f64| v.clamp(-1.0, 1.0)).collect());
        if cholesky::find_factor(&candidate).is_some() || shrink < 0.5 {
            return candidate.to_ranks();
        }
        taken *= 2.0;
    }
}

/// The nearest positive semidefinite matrix: eigenvalues below the least are lifted to it.
fn project(n: usize, values: &[f64]) -> Vec<f64> {
    let (eigenvalues, vectors) = eigen(n, values);
    let mut out = vec![0.0; n * n];
    for (k, eigenvalue) in eigenvalues.iter().enumerate() {
        let lifted = eigenvalue.max(LEAST_EIGENVALUE);
        for i in 0..n {
            let factor = lifted * vectors[i * n + k];
            for j in 0..n {
                out[i * n + j] += factor * vectors[j * n + k];
            }
        }
    }
    out
}

/// Eigenvalues and eigenvectors (as columns) of a symmetric matrix by cyclic Jacobi rotations.
fn eigen(n: usize, values: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut a = values.to_vec();
    let mut v = vec![0.0; n * n];
    for i in 0..n {
        v[i * n + i] = 1.0;
    }
    for _ in 0..60 {
        let off: f64 = (0..n)
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .map(|(i, j)| a[i * n + j] * a[i * n + j])
            .sum();
        if off < 1e-24 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(n, (p, q), &mut a, &mut v);
            }
        }
    }
    ((0..n).map(|i| a[i * n + i]).collect(), v)
}

fn rotate(n: usize, (p, q): (usize, usize), a: &mut [f64], v: &mut [f64]) {
    let apq = a[p * n + q];
    if apq.abs() < 1e-300 {
        return;
    }
    let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    let turn = |m: &mut [f64], x: usize, y: usize| {
        let (mx, my) = (m[x], m[y]);
        m[x] = c * mx - s * my;
        m[y] = s * mx + c * my;
    };
    for k in 0..n {
        turn(a, k * n + p, k * n + q);
    }
    for k in 0..n {
        turn(a, p * n + k, q * n + k);
        turn(v, k * n + p, k * n + q);
    }
}
