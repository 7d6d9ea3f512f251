//! Cholesky factors of correlation matrices.

use super::Matrix;

/// Pivots down to this count as zero: perfectly correlated inputs are allowed.
const ZERO: f64 = 1e-12;
/// Pivots below this make the matrix indefinite.
const NEGATIVE: f64 = -1e-9;

/// The lower factor by rows, so that `L Lᵀ` is the matrix; `None` where it is not positive
/// semidefinite.
pub(super) fn find_factor(matrix: &Matrix) -> Option<Vec<f64>> {
    let n = matrix.size();
    let mut l = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| l[i * n + k] * l[j * n + k]).sum();
            let rest = matrix.at(i, j) - dot;
            if i == j {
                if rest < NEGATIVE {
                    return None;
                }
                l[i * n + i] = if rest < ZERO { 0.0 } else { rest.sqrt() };
            } else if l[j * n + j] > 0.0 {
                l[i * n + j] = rest / l[j * n + j];
            } else if rest.abs() > 1e-6 {
                return None;
            }
        }
    }
    Some(l)
}
