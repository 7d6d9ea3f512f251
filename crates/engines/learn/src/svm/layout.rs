//! A table laid out for distances from single points: of the columns that hold nothing but zeros
//! and ones, as labels become, only those cost work in which the point has something.
//!
//! Invariant: distances differ from those of [`squared_distances`] by rounding alone, and by
//! nothing from columns of zeros and ones.

use std::ops::Range;

use crate::Matrix;
use crate::numeric::distance::squared_distances;

#[derive(Debug)]
pub(super) struct Layout {
    /// The other columns.
    dense: Matrix,
    dense_places: Vec<usize>,
    /// Places of the columns of zeros and ones.
    flag_places: Vec<usize>,
    /// Ones of each row in them.
    ones: Vec<f64>,
}

impl Layout {
    pub(super) fn new(x: &Matrix) -> Self {
        let is_flag = |at: &usize| x.column(*at).iter().all(|v| *v == 0.0 || *v == 1.0);
        let (flag_places, dense_places): (Vec<usize>, Vec<usize>) =
            (0..x.width()).partition(is_flag);
        let mut ones = vec![0.0; x.rows()];
        for at in &flag_places {
            ones.iter_mut().zip(x.column(*at)).for_each(|(sum, value)| *sum += value);
        }
        let dense = dense_places.iter().map(|at| x.column(*at).to_vec()).collect();
        Self { dense: Matrix::from_columns(dense), dense_places, flag_places, ones }
    }

    /// Squared distances from `point` to the rows of `range` in `x`, the table of this layout.
    pub(super) fn squared_distances(
        &self,
        x: &Matrix,
        range: Range<usize>,
        point: &[f64],
        out: &mut [f64],
    ) {
        let dense: Vec<f64> = self.dense_places.iter().map(|at| point[*at]).collect();
        squared_distances(&self.dense, range.clone(), &dense, out);
        out.iter_mut().zip(&self.ones[range.clone()]).for_each(|(sum, ones)| *sum += ones);
        for at in &self.flag_places {
            let value = point[*at];
            if value != 0.0 {
                // (x − v)² − x², which is a whole number for labels.
                for (sum, x) in out.iter_mut().zip(&x.column(*at)[range.clone()]) {
                    *sum += value * (value - 2.0 * x);
                }
            }
        }
        out.iter_mut().for_each(|sum| *sum = sum.max(0.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn distances_are_those_of_all_columns() {
        let mut rng = Rng::new(7);
        let columns = (0..9).map(|at| {
            let value = |rng: &mut Rng| {
                if at % 3 == 0 { rng.normal() } else { f64::from(rng.below(at) == 0) }
            };
            (0..300).map(|_| value(&mut rng)).collect()
        });
        let x = Matrix::from_columns(columns.collect());
        let layout = Layout::new(&x);
        assert_eq!(layout.flag_places.len(), 6);
        let strange: Vec<f64> = (0..9).map(f64::from).collect();
        for point in (0..50).map(|row| x.row(row)).chain([strange]) {
            let (mut ours, mut plain) = (vec![0.0; 200], vec![0.0; 200]);
            layout.squared_distances(&x, 100..300, &point, &mut ours);
            squared_distances(&x, 100..300, &point, &mut plain);
            for (a, b) in ours.iter().zip(&plain) {
                assert!((a - b).abs() <= 1e-12 * b.max(1.0), "{a} and {b}");
            }
        }
        let flags = Matrix::from_columns(vec![vec![1.0, 0.0]; 2]);
        let mut out = [9.0; 2];
        Layout::new(&flags).squared_distances(&flags, 0..2, &[1.0, 0.0], &mut out);
        assert_eq!(out, [1.0, 1.0]);
    }
}
