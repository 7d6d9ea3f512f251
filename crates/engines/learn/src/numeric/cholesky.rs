//! Solver for symmetric positive (semi)definite systems, row-major, by Cholesky's method.
//! Directions without curvature get the solution 0 instead of an error.

use super::reduce::dot;

/// A pivot below this share of its diagonal entry counts as zero: the column is a combination of
/// earlier ones.
const RANK_TOLERANCE: f64 = 1e-11;

/// Factor of a matrix of `size` × `size`, from which systems are solved.
#[derive(Debug)]
pub(crate) struct Cholesky {
    size: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors `matrix` (its lower triangle is read).
    pub(crate) fn new(mut matrix: Vec<f64>, size: usize) -> Self {
        for i in 0..size {
            let (above, row_and_below) = matrix.split_at_mut(i * size);
            let row = &mut row_and_below[..size];
            for j in 0..i {
                let other = &above[j * size..j * size + size];
                let pivot = other[j];
                let rest = row[j] - dot(&row[..j], &other[..j]);
                row[j] = if pivot > 0.0 { rest / pivot } else { 0.0 };
            }
            let diagonal = row[i];
            let left = diagonal - dot(&row[..i], &row[..i]);
            row[i] = if left > RANK_TOLERANCE * diagonal.abs() { left.sqrt() } else { 0.0 };
        }
        Self { size, lower: matrix }
    }

    /// Solves for `right` in place.
    pub(crate) fn solve(&self, right: &mut [f64]) {
        let n = self.size;
        for i in 0..n {
            let row = &self.lower[i * n..i * n + n];
            let rest = right[i] - dot(&row[..i], &right[..i]);
            right[i] = if row[i] > 0.0 { rest / row[i] } else { 0.0 };
        }
        for i in (0..n).rev() {
            let pivot = self.lower[i * n + i];
            let mut rest = right[i];
            for (k, solved) in right.iter().enumerate().skip(i + 1) {
                rest -= self.lower[k * n + i] * solved;
            }
            right[i] = if pivot > 0.0 { rest / pivot } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_and_leaves_out_dependent_columns() {
        let mut right = vec![8.0, 7.0];
        Cholesky::new(vec![4.0, 2.0, 2.0, 3.0], 2).solve(&mut right);
        assert!((right[0] - 1.25).abs() < 1e-12 && (right[1] - 1.5).abs() < 1e-12);

        let mut right = vec![2.0, 2.0];
        Cholesky::new(vec![1.0, 1.0, 1.0, 1.0], 2).solve(&mut right);
        assert_eq!(right, vec![2.0, 0.0]);
    }
}
