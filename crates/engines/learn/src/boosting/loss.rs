//! Losses: where scores start, their derivatives, and their mean.

use rayon::prelude::*;

use crate::data::Weights;
use crate::numeric::math;

use super::params::RegressionLoss;

/// First and second derivative by the score of a row.
pub(super) type Derivatives = [f32; 2];

/// Rows of one parallel task.
const CHUNK: usize = 4_096;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Loss {
    Number(RegressionLoss),
    /// Log-loss of two classes; the score is the logit of class 1.
    Binary,
    /// Log-loss of this many classes, with a score for each.
    Softmax(usize),
}

/// Target values (or class codes as numbers) with their weights.
#[derive(Clone, Copy)]
pub(super) struct Truth<'a> {
    pub(super) values: &'a [f64],
    pub(super) weights: Weights<'a>,
}

impl Loss {
    /// Scores of a row.
    pub(super) fn outputs(self) -> usize {
        match self {
            Self::Number(_) | Self::Binary => 1,
            Self::Softmax(classes) => classes,
        }
    }

    /// The best constant scores.
    pub(super) fn start(self, truth: Truth<'_>) -> Vec<f64> {
        let rows = truth.values.len();
        let total = truth.weights.total(rows);
        let sum_where = |class: f64| {
            let hit = |row: &usize| truth.values[*row] == class;
            (0..rows).filter(hit).map(|row| truth.weights.get(row)).sum::<f64>()
        };
        match self {
            Self::Number(RegressionLoss::Squared) => {
                let sum: f64 =
                    (0..rows).map(|row| truth.weights.get(row) * truth.values[row]).sum();
                vec![sum / total]
            }
            Self::Number(loss) => {
                let pairs = (0..rows).map(|row| (truth.values[row], truth.weights.get(row)));
                vec![quantile(pairs.collect(), loss.level())]
            }
            Self::Binary => {
                let p = (sum_where(1.0) / total).clamp(1e-15, 1.0 - 1e-15);
                vec![math::ln(p / (1.0 - p))]
            }
            Self::Softmax(classes) => (0..classes)
                .map(|k| math::ln((sum_where(k as f64) / total).clamp(1e-15, 1.0)))
                .collect(),
        }
    }

    /// Writes the derivatives by output and row; `scores` is outputs × rows as well.
    pub(super) fn derive(
        self,
        scores: &[Vec<f64>],
        truth: Truth<'_>,
        out: &mut [Vec<Derivatives>],
    ) {
        match (self, out) {
            (Self::Softmax(classes), all) => {
                softmax_derivatives(scores, truth, classes, all);
            }
            (Self::Number(loss), [only]) => {
                fill(only, scores, truth, |score, y| loss.derivatives(score, y));
            }
            (Self::Binary, [only]) => fill(only, scores, truth, |score, y| {
                let p = math::logistic(score);
                [p - y, p * (1.0 - p)]
            }),
            (Self::Number(_) | Self::Binary, _) => {}
        }
    }

    /// Weighted mean loss.
    pub(super) fn mean(self, scores: &[Vec<f64>], truth: Truth<'_>) -> f64 {
        let rows = truth.values.len();
        let of_row = |row: usize| {
            let (score, y) = (scores[0][row], truth.values[row]);
            let loss = match self {
                Self::Number(RegressionLoss::Squared) => (score - y) * (score - y),
                Self::Number(loss) => {
                    let error = y - score;
                    let level = loss.level();
                    if error >= 0.0 { level * error } else { (level - 1.0) * error }
                }
                Self::Binary => math::softplus(if y == 1.0 { -score } else { score }),
                Self::Softmax(_) => {
                    let row_scores: Vec<f64> = scores.iter().map(|s| s[row]).collect();
                    math::log_sum_exp(&row_scores) - row_scores[y as usize]
                }
            };
            truth.weights.get(row) * loss
        };
        (0..rows).map(of_row).sum::<f64>() / truth.weights.total(rows)
    }

    /// The quantile of the residuals that a leaf takes as its value, for losses whose second
    /// derivative says nothing.
    pub(super) fn leaf_level(self) -> Option<f64> {
        match self {
            Self::Number(RegressionLoss::Squared) | Self::Binary | Self::Softmax(_) => None,
            Self::Number(loss) => Some(loss.level()),
        }
    }
}

impl RegressionLoss {
    fn level(self) -> f64 {
        match self {
            Self::Squared | Self::Absolute => 0.5,
            Self::Quantile(alpha) => alpha,
        }
    }

    fn derivatives(self, score: f64, y: f64) -> [f64; 2] {
        match self {
            Self::Squared => [score - y, 1.0],
            Self::Absolute => [if score > y { 1.0 } else { -1.0 }, 1.0],
            Self::Quantile(alpha) => [if score > y { 1.0 - alpha } else { -alpha }, 1.0],
        }
    }
}

fn weighted([gradient, hessian]: [f64; 2], weight: f64) -> Derivatives {
    [(gradient * weight) as f32, (hessian * weight) as f32]
}

fn fill(
    out: &mut [Derivatives],
    scores: &[Vec<f64>],
    truth: Truth<'_>,
    derive: impl Fn(f64, f64) -> [f64; 2] + Sync,
) {
    out.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, slots)| {
        for (row, slot) in (chunk * CHUNK..).zip(slots) {
            *slot = weighted(derive(scores[0][row], truth.values[row]), truth.weights.get(row));
        }
    });
}

fn softmax_derivatives(
    scores: &[Vec<f64>],
    truth: Truth<'_>,
    classes: usize,
    out: &mut [Vec<Derivatives>],
) {
    // Friedman's factor, which makes K outputs move as far as K − 1 free ones would.
    let factor = classes as f64 / (classes as f64 - 1.0);
    let mut row_scores = vec![0.0; classes];
    for (row, y) in truth.values.iter().enumerate() {
        for (slot, column) in row_scores.iter_mut().zip(scores) {
            *slot = column[row];
        }
        math::softmax(&mut row_scores);
        for (class, (p, column)) in row_scores.iter().zip(out.iter_mut()).enumerate() {
            let hit = f64::from(u8::from(*y as usize == class));
            column[row] = weighted([p - hit, factor * p * (1.0 - p)], truth.weights.get(row));
        }
    }
}

/// The smallest value whose weight and that of all below reach the share `level`.
pub(super) fn quantile(mut pairs: Vec<(f64, f64)>, level: f64) -> f64 {
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = pairs.iter().map(|(_, w)| w).sum();
    let mut sum = 0.0;
    for (value, weight) in &pairs {
        sum += weight;
        if sum >= level * total {
            return *value;
        }
    }
    pairs.last().map_or(0.0, |(value, _)| *value)
}
