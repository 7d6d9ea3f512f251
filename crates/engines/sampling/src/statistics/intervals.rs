//! Confidence intervals.

use crate::distribution::shape::Shape;
use crate::math::inverse_normal;

/// Two ends of an interval.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Half of its width.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        0.5 * (self.high - self.low)
    }
}

/// Of a mean, by Student t; NaN below two draws.
pub(super) fn mean_interval(mean: f64, sd: f64, count: u64, confidence: f64) -> Interval {
    if count < 2 {
        return Interval { low: f64::NAN, high: f64::NAN };
    }
    let tail = 0.5 * (1.0 - confidence);
    let shape = Shape::StudentT { df: (count - 1) as f64 };
    let half = shape.inverse(1.0 - tail, tail) * sd / (count as f64).sqrt();
    Interval { low: mean - half, high: mean + half }
}

/// Of a share (Wilson, 1927): never outside of 0 and 1.
pub(super) fn share_interval(share: f64, count: u64, confidence: f64) -> Interval {
    if count == 0 {
        return Interval { low: f64::NAN, high: f64::NAN };
    }
    let z = -inverse_normal(0.5 * (1.0 - confidence));
    let n = count as f64;
    let scale = 1.0 / (1.0 + z * z / n);
    let centre = scale * (share + z * z / (2.0 * n));
    let half = scale * z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    Interval { low: (centre - half).max(0.0), high: (centre + half).min(1.0) }
}

/// The probabilities whose sample quantiles enclose the true quantile at `p`: the number of draws
/// below it is binomial.
pub(super) fn quantile_range(p: f64, count: u64, confidence: f64) -> Interval {
    share_interval(p, count, confidence)
}
