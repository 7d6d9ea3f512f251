//! Exact statistics of a column of draws in memory.

use super::histogram::Histogram;
use super::intervals::{Interval, quantile_range, share_interval};
use super::moments::Moments;
use crate::{Result, SamplingError};

/// A column of draws, sorted, with its moments.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    sorted: Vec<f64>,
    moments: Moments,
}

impl Column {
    /// Takes draws in the order of their iterations.
    ///
    /// # Errors
    /// No draw that is not NaN.
    pub fn new(draws: Vec<f64>) -> Result<Self> {
        let mut moments = Moments::default();
        moments.add(&draws);
        let mut sorted = draws;
        sorted.retain(|x| !x.is_nan());
        if sorted.is_empty() {
            let reason = "every iteration ended in an error; look at the formulas of the output";
            return Err(SamplingError::Undefined { what: "a statistic", reason });
        }
        sorted.sort_unstable_by(f64::total_cmp);
        Ok(Self { sorted, moments })
    }

    /// Moments of the draws.
    #[must_use]
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    /// The draws in rising order, without errors.
    #[must_use]
    pub fn sorted(&self) -> &[f64] {
        &self.sorted
    }

    /// The quantile at `p`, straight between neighbours as `PERCENTILE.INC` has it; `p` is held
    /// within 0 and 1.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        let last = self.sorted.len() - 1;
        let position = p.clamp(0.0, 1.0) * last as f64;
        let below = (position as usize).min(last);
        let (low, high) = (self.sorted[below], self.sorted[(below + 1).min(last)]);
        let share = position - below as f64;
        // Two infinite neighbours have no difference.
        if low == high || share == 0.0 { low } else { low + (high - low) * share }
    }

    /// Where the true quantile at `p` lies with this confidence, for independent draws and any
    /// distribution.
    #[must_use]
    pub fn quantile_interval(&self, p: f64, confidence: f64) -> Interval {
        let range = quantile_range(p, self.sorted.len() as u64, confidence);
        Interval { low: self.quantile(range.low), high: self.quantile(range.high) }
    }

    /// Mean of the draws at or below the quantile at `p`: the expected value in the worst share `p`
    /// of cases, where low is bad. The draw on the border counts by its share.
    #[must_use]
    pub fn cvar_below(&self, p: f64) -> f64 {
        tail_mean(self.sorted.iter(), p * self.sorted.len() as f64)
    }

    /// Mean of the draws at or above the quantile at `p`: the expected value in the worst share
    /// `1 - p` of cases, where high is bad.
    #[must_use]
    pub fn cvar_above(&self, p: f64) -> f64 {
        tail_mean(self.sorted.iter().rev(), (1.0 - p) * self.sorted.len() as f64)
    }

    /// Share of the draws below `x`.
    #[must_use]
    pub fn probability_below(&self, x: f64) -> f64 {
        self.sorted.partition_point(|v| *v < x) as f64 / self.sorted.len() as f64
    }

    /// Where the true probability of a value below `x` lies with this confidence.
    #[must_use]
    pub fn probability_interval(&self, x: f64, confidence: f64) -> Interval {
        share_interval(self.probability_below(x), self.sorted.len() as u64, confidence)
    }

    /// A histogram from the least to the greatest draw; without a number of bins, by the rule of
    /// Freedman and Diaconis, between 10 and 200.
    #[must_use]
    pub fn histogram(&self, bins: Option<usize>) -> Histogram {
        let (low, high) = (self.sorted[0], self.sorted[self.sorted.len() - 1]);
        let count = bins.unwrap_or_else(|| {
            let spread = self.quantile(0.75) - self.quantile(0.25);
            let cube_root = crate::math::pow(self.sorted.len() as f64, 1.0 / 3.0);
            let wanted = (high - low) * cube_root / (2.0 * spread);
            if wanted.is_finite() { (wanted as usize).clamp(10, 200) } else { 10 }
        });
        let mut histogram = Histogram::new(low, high, count);
        histogram.add(&self.sorted);
        histogram
    }

    /// Points `(value, probability up to it)` of the distribution function, evenly spaced in
    /// probability from 0 to 1.
    #[must_use]
    pub fn cdf_points(&self, count: usize) -> Vec<(f64, f64)> {
        let last = count.max(2) - 1;
        let at = |i: usize| i as f64 / last as f64;
        (0..=last).map(|i| (self.quantile(at(i)), at(i))).collect()
    }
}

/// Mean of the first `weight` values, the last of which may count in part; at least one counts.
fn tail_mean<'a>(values: impl Iterator<Item = &'a f64>, weight: f64) -> f64 {
    let weight = weight.max(1.0);
    let (mut sum, mut left) = (0.0, weight);
    for value in values {
        let share = left.min(1.0);
        sum += share * value;
        left -= share;
        if left <= 0.0 {
            break;
        }
    }
    sum / (weight - left)
}
