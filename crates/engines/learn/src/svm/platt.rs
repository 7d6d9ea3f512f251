//! From decisions to probabilities: a sigmoid for each pair of classes (Platt, 1999, as solved by
//! Lin, Lin and Weng, 2007), and one distribution out of all pairs (Wu, Lin and Weng, 2004).

use serde::{Deserialize, Serialize};

use crate::numeric::math;

pub(super) const MAX_STEPS: u32 = 100;
const LEAST_STEP: f64 = 1e-10;
const RIDGE: f64 = 1e-12;
const SMALL_SLOPE: f64 = 1e-5;
/// No pair is ever certain.
pub(super) const LEAST_SHARE: f64 = 1e-7;
/// Largest difference between gradients, times the classes, at which coupling ends.
pub(super) const WORST: f64 = 1e-7;

/// `1 / (1 + exp(−(slope · decision + offset)))` is the probability of the upper class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Sigmoid {
    slope: f64,
    offset: f64,
}

/// A decision on a row that the machine did not see.
pub(super) struct Judged {
    pub(super) decision: f64,
    pub(super) is_upper: bool,
    pub(super) weight: f64,
}

impl Sigmoid {
    /// Slope and offset.
    pub(super) fn line(self) -> (f64, f64) {
        (self.slope, self.offset)
    }

    pub(super) fn probability(self, decision: f64) -> f64 {
        math::logistic(self.slope * decision + self.offset).clamp(LEAST_SHARE, 1.0 - LEAST_SHARE)
    }

    /// The most likely sigmoid, by Newton's method with halved steps. Targets are drawn in a
    /// little, as if one more row of the other class had been seen.
    pub(super) fn fit(judged: &[Judged]) -> Self {
        let weight_of = |upper: bool| {
            judged.iter().filter(|j| j.is_upper == upper).map(|j| j.weight).sum::<f64>()
        };
        let (upper, lower) = (weight_of(true), weight_of(false));
        let fit =
            Likelihood { judged, high: (upper + 1.0) / (upper + 2.0), low: 1.0 / (lower + 2.0) };
        let mut at = Self { slope: 0.0, offset: math::ln((upper + 1.0) / (lower + 1.0)) };
        let mut loss = fit.loss(at);
        for _ in 0..MAX_STEPS {
            let Some(direction) = fit.direction(at) else { break };
            let Some(next) = fit.line_search(at, direction, loss) else { break };
            (at, loss) = next;
        }
        at
    }
}

struct Likelihood<'a> {
    judged: &'a [Judged],
    high: f64,
    low: f64,
}

/// A direction of descent with the slope of the loss along it.
struct Direction {
    slope: f64,
    offset: f64,
    descent: f64,
}

impl Likelihood<'_> {
    fn target(&self, judged: &Judged) -> f64 {
        if judged.is_upper { self.high } else { self.low }
    }

    fn loss(&self, at: Sigmoid) -> f64 {
        let of = |j: &Judged| {
            let score = at.slope * j.decision + at.offset;
            j.weight * (math::softplus(score) - self.target(j) * score)
        };
        self.judged.iter().map(of).sum()
    }

    /// None where the slope is small enough.
    fn direction(&self, at: Sigmoid) -> Option<Direction> {
        let (mut h11, mut h22, mut h12) = (RIDGE, RIDGE, 0.0);
        let (mut g1, mut g2) = (0.0, 0.0);
        for j in self.judged {
            let p = math::logistic(at.slope * j.decision + at.offset);
            let (curve, error) = (j.weight * p * (1.0 - p), j.weight * (p - self.target(j)));
            h11 += j.decision * j.decision * curve;
            h22 += curve;
            h12 += j.decision * curve;
            g1 += j.decision * error;
            g2 += error;
        }
        if g1.abs() < SMALL_SLOPE && g2.abs() < SMALL_SLOPE {
            return None;
        }
        let determinant = h11 * h22 - h12 * h12;
        let slope = -(h22 * g1 - h12 * g2) / determinant;
        let offset = -(h11 * g2 - h12 * g1) / determinant;
        Some(Direction { slope, offset, descent: g1 * slope + g2 * offset })
    }

    fn line_search(&self, at: Sigmoid, to: Direction, loss: f64) -> Option<(Sigmoid, f64)> {
        let mut step = 1.0;
        while step >= LEAST_STEP {
            let next =
                Sigmoid { slope: at.slope + step * to.slope, offset: at.offset + step * to.offset };
            let next_loss = self.loss(next);
            if next_loss < loss + 1e-4 * step * to.descent {
                return Some((next, next_loss));
            }
            step /= 2.0;
        }
        None
    }
}

/// The distribution over classes that agrees best with the pairs: `pairs[i][j]` is the
/// probability of class `i` where only `i` and `j` are possible.
pub(super) fn couple(pairs: &[Vec<f64>]) -> Vec<f64> {
    let k = pairs.len();
    let mut q = vec![vec![0.0; k]; k];
    for t in 0..k {
        for j in (0..k).filter(|j| *j != t) {
            q[t][t] += pairs[j][t] * pairs[j][t];
            q[t][j] = -pairs[j][t] * pairs[t][j];
        }
    }
    let mut p = vec![1.0 / k as f64; k];
    for _ in 0..MAX_STEPS.max(k as u32) {
        let mut qp: Vec<f64> =
            q.iter().map(|row| row.iter().zip(&p).map(|(q, p)| q * p).sum()).collect();
        let mut pqp: f64 = p.iter().zip(&qp).map(|(p, qp)| p * qp).sum();
        let worst = qp.iter().map(|v| (v - pqp).abs()).fold(0.0, f64::max);
        if worst < WORST / k as f64 {
            break;
        }
        for t in 0..k {
            let step = (pqp - qp[t]) / q[t][t];
            let norm = 1.0 + step;
            p[t] += step;
            pqp = (pqp + step * (step * q[t][t] + 2.0 * qp[t])) / (norm * norm);
            for j in 0..k {
                qp[j] = (qp[j] + step * q[t][j]) / norm;
                p[j] /= norm;
            }
        }
    }
    p
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sigmoid_recovers_the_shares_that_it_was_shown() {
        let judge = |decision: f64, is_upper| Judged { decision, is_upper, weight: 1.0 };
        let mut judged = Vec::new();
        for i in 0..4_000 {
            let upper = i % 10 < 7;
            judged.push(judge(1.0, upper));
            judged.push(judge(-1.0, !upper));
        }
        let sigmoid = Sigmoid::fit(&judged);
        assert!((sigmoid.probability(1.0) - 0.7).abs() < 1e-3, "{sigmoid:?}");
        assert!((sigmoid.probability(-1.0) - 0.3).abs() < 1e-3, "{sigmoid:?}");
        assert!(sigmoid.probability(1e9) < 1.0);
    }

    #[test]
    fn pairs_that_agree_give_their_distribution_back() {
        let p = [0.5, 0.3, 0.2];
        let pairs: Vec<Vec<f64>> =
            p.iter().map(|a| p.iter().map(|b| a / (a + b)).collect()).collect();
        for (found, wanted) in couple(&pairs).iter().zip(p) {
            assert!((found - wanted).abs() < 1e-6, "{found} is not {wanted}");
        }
    }
}
