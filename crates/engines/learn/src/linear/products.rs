//! Weighted mean products of the centred columns with each other and with the target.

use crate::data::Weights;
use crate::numeric::reduce::{dot, sum_vectors};
use crate::{Column, Matrix};

use super::ridge::{RidgeModel, mean};

pub(super) struct Products {
    means: Vec<f64>,
    target_mean: f64,
    matrix: Vec<f64>,
    with_target: Vec<f64>,
    target_variance: f64,
}

impl Products {
    pub(super) fn new(x: &Matrix, y: &[f64], weights: Weights<'_>) -> Self {
        let width = x.width();
        let means: Vec<f64> =
            x.columns().iter().map(|c| mean(&c.slice(0..x.rows()), weights)).collect();
        let target_mean = mean(y, weights);
        let side = width + 1;
        let mut sums = sum_vectors(x.rows(), side * side, |range, out| {
            let root: Vec<f64> = range.clone().map(|row| weights.get(row).sqrt()).collect();
            let centre = |values: &[f64], mean: f64| -> Vec<f64> {
                values.iter().zip(&root).map(|(v, r)| (v - mean) * r).collect()
            };
            let centre_column =
                |(column, mean): (&Column, &f64)| centre(&column.slice(range.clone()), *mean);
            let mut columns: Vec<Vec<f64>> =
                x.columns().iter().zip(&means).map(centre_column).collect();
            columns.push(centre(&y[range.clone()], target_mean));
            for i in 0..side {
                for j in 0..=i {
                    out[i * side + j] += dot(&columns[i], &columns[j]);
                }
            }
        });
        let total = weights.total(x.rows());
        sums.iter_mut().for_each(|s| *s /= total);
        let mut matrix = vec![0.0; width * width];
        for i in 0..width {
            for j in 0..width {
                matrix[i * width + j] = sums[i.max(j) * side + i.min(j)];
            }
        }
        let last = &sums[width * side..];
        Self {
            means,
            target_mean,
            matrix,
            with_target: last[..width].to_vec(),
            target_variance: last[width].max(f64::MIN_POSITIVE),
        }
    }

    pub(super) fn width(&self) -> usize {
        self.means.len()
    }

    pub(super) fn row(&self, column: usize) -> &[f64] {
        &self.matrix[column * self.width()..(column + 1) * self.width()]
    }

    pub(super) fn with_target(&self) -> &[f64] {
        &self.with_target
    }

    pub(super) fn target_variance(&self) -> f64 {
        self.target_variance
    }

    pub(super) fn model(&self, coefficients: Vec<f64>) -> RidgeModel {
        let intercept = self.target_mean - dot(&coefficients, &self.means);
        RidgeModel::new(coefficients, intercept)
    }
}
