//! The penalised log-loss of logistic regression with its derivatives:
//! Σ wᵢ·loss(i) + ½·penalty·‖coefficients‖², intercepts unpenalised.
//!
//! Parameters lie as outputs × (columns + 1), the intercept last. There is one output for two
//! classes and one per class for more.

use crate::Matrix;
use crate::data::Weights;
use crate::numeric::math;
use crate::numeric::reduce::sum_vectors;

use super::design;

pub(super) struct Objective<'a> {
    pub(super) x: &'a Matrix,
    /// Class of each row, numbered without gaps.
    pub(super) classes: Vec<usize>,
    pub(super) weights: Weights<'a>,
    pub(super) outputs: usize,
    pub(super) penalty: f64,
}

/// Value and gradient at one point.
pub(super) struct Slope {
    pub(super) loss: f64,
    pub(super) gradient: Vec<f64>,
}

impl Objective<'_> {
    /// Parameters of one output.
    pub(super) fn side(&self) -> usize {
        self.x.width() + 1
    }

    pub(super) fn size(&self) -> usize {
        self.side() * self.outputs
    }

    pub(super) fn slope(&self, parameters: &[f64]) -> Slope {
        let size = self.size();
        let mut sums = sum_vectors(self.x.rows(), size + 1, |range, out| {
            let mut scores = self.chunk_scores(parameters, range.clone());
            out[size] += self.residuals_from_scores(&mut scores, range.start);
            for (output, residuals) in scores.iter().enumerate() {
                let slots = &mut out[output * self.side()..(output + 1) * self.side()];
                design::add_transposed_product(self.x, range.clone(), residuals, slots);
            }
        });
        let mut loss = sums.pop().unwrap_or(0.0);
        for (index, (slot, value)) in sums.iter_mut().zip(parameters).enumerate() {
            if !self.is_intercept(index) {
                *slot += self.penalty * value;
                loss += 0.5 * self.penalty * value * value;
            }
        }
        Slope { loss, gradient: sums }
    }

    fn is_intercept(&self, index: usize) -> bool {
        index % self.side() == self.side() - 1
    }

    fn chunk_scores(&self, parameters: &[f64], range: std::ops::Range<usize>) -> Vec<Vec<f64>> {
        parameters
            .chunks_exact(self.side())
            .map(|coefficients| {
                let mut scores = vec![0.0; range.len()];
                design::scores(self.x, range.clone(), coefficients, &mut scores);
                scores
            })
            .collect()
    }

    /// Turns scores into weighted residuals `w·(p − y)` and returns the weighted loss.
    fn residuals_from_scores(&self, scores: &mut [Vec<f64>], start: usize) -> f64 {
        let mut loss = 0.0;
        if let [only] = scores {
            for (i, score) in only.iter_mut().enumerate() {
                let weight = self.weights.get(start + i);
                let positive = self.classes[start + i] == 1;
                loss += weight * math::softplus(if positive { -*score } else { *score });
                *score = weight * (math::logistic(*score) - f64::from(u8::from(positive)));
            }
            return loss;
        }
        let mut row = vec![0.0; scores.len()];
        for i in 0..scores.first().map_or(0, Vec::len) {
            let weight = self.weights.get(start + i);
            let class = self.classes[start + i];
            for (slot, column) in row.iter_mut().zip(scores.iter()) {
                *slot = column[i];
            }
            loss += weight * (math::log_sum_exp(&row) - row[class]);
            math::softmax(&mut row);
            row[class] -= 1.0;
            for (column, residual) in scores.iter_mut().zip(&row) {
                column[i] = weight * residual;
            }
        }
        loss
    }

    /// Makes each column's parameters sum to zero over the outputs. Shifting them together
    /// changes no probability, so that this picks one of many equal minima, the one of least
    /// length.
    pub(super) fn centre(&self, parameters: &mut [f64]) {
        if self.outputs == 1 {
            return;
        }
        let side = self.side();
        for column in 0..side {
            let slots = || (0..self.outputs).map(|output| output * side + column);
            let mean = slots().map(|i| parameters[i]).sum::<f64>() / self.outputs as f64;
            slots().for_each(|i| parameters[i] -= mean);
        }
    }

    /// The full symmetric matrix of second derivatives, row-major.
    pub(super) fn hessian(&self, parameters: &[f64]) -> Vec<f64> {
        let (side, size, outputs) = (self.side(), self.size(), self.outputs);
        let block = side * side;
        let pairs: Vec<(usize, usize)> =
            (0..outputs).flat_map(|a| (0..=a).map(move |b| (a, b))).collect();
        let blocks = sum_vectors(self.x.rows(), pairs.len() * block, |range, out| {
            let probabilities = self.chunk_probabilities(parameters, range.clone());
            let mut curvature = vec![0.0; range.len()];
            for (slots, (a, b)) in out.chunks_exact_mut(block).zip(&pairs) {
                for (i, slot) in curvature.iter_mut().enumerate() {
                    let (p, q) = (probabilities[*a][i], probabilities[*b][i]);
                    let same = if a == b { p } else { 0.0 };
                    *slot = self.weights.get(range.start + i) * (same - p * q);
                }
                design::add_gram(self.x, range.clone(), &curvature, slots);
            }
        });
        let mut full = vec![0.0; size * size];
        for (values, (a, b)) in blocks.chunks_exact(block).zip(&pairs) {
            for i in 0..side {
                for j in 0..side {
                    let value = values[i.max(j) * side + i.min(j)];
                    full[(a * side + i) * size + b * side + j] = value;
                    full[(b * side + j) * size + a * side + i] = value;
                }
            }
        }
        for index in (0..size).filter(|index| !self.is_intercept(*index)) {
            full[index * size + index] += self.penalty;
        }
        full
    }

    /// Diagonal that bounds the curvature of each parameter, for scaling steps.
    pub(super) fn curvature_bound(&self) -> Vec<f64> {
        let side = self.side();
        let per_output = sum_vectors(self.x.rows(), side, |range, out| {
            for (slot, column) in out.iter_mut().zip(self.x.columns()) {
                let values = column.slice(range.clone());
                *slot += values
                    .iter()
                    .zip(range.clone())
                    .map(|(v, row)| 0.25 * self.weights.get(row) * v * v)
                    .sum::<f64>();
            }
            out[side - 1] += range.map(|row| 0.25 * self.weights.get(row)).sum::<f64>();
        });
        let bound = |index: usize| {
            let penalty = if self.is_intercept(index) { 0.0 } else { self.penalty };
            (per_output[index % side] + penalty).max(1e-12)
        };
        (0..self.size()).map(bound).collect()
    }

    fn chunk_probabilities(
        &self,
        parameters: &[f64],
        range: std::ops::Range<usize>,
    ) -> Vec<Vec<f64>> {
        let mut scores = self.chunk_scores(parameters, range);
        probabilities_from_scores(&mut scores);
        scores
    }
}

/// In place; a single column of scores becomes the probability of the second class.
pub(super) fn probabilities_from_scores(scores: &mut [Vec<f64>]) {
    if let [only] = scores {
        for score in only.iter_mut() {
            *score = math::logistic(*score);
        }
        return;
    }
    let mut row = vec![0.0; scores.len()];
    for i in 0..scores.first().map_or(0, Vec::len) {
        for (slot, column) in row.iter_mut().zip(scores.iter()) {
            *slot = column[i];
        }
        math::softmax(&mut row);
        for (column, p) in scores.iter_mut().zip(&row) {
            column[i] = *p;
        }
    }
}
