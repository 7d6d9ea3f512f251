//! Histograms with bins of equal width, mergeable.

use crate::{Result, SamplingError};

/// Counts of draws in bins of equal width, and of those outside.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Histogram {
    low: f64,
    high: f64,
    counts: Vec<u64>,
    below: u64,
    above: u64,
}

impl Histogram {
    /// Empty bins between two values; at least one bin. Where both values are equal, or one is
    /// infinite, the bins lie around the finite one.
    #[must_use]
    pub fn new(low: f64, high: f64, bins: usize) -> Self {
        let finite = |x: f64, other: f64| {
            if x.is_finite() {
                x
            } else if other.is_finite() {
                other
            } else {
                0.0
            }
        };
        let (low, high) = (finite(low, high), finite(high, low));
        let (low, high) = if low < high { (low, high) } else { (high - 0.5, high + 0.5) };
        Self { low, high, counts: vec![0; bins.max(1)], below: 0, above: 0 }
    }

    /// Counts draws; NaN is not counted.
    pub fn add(&mut self, draws: &[f64]) {
        let bins = self.counts.len();
        let scale = bins as f64 / (self.high - self.low);
        for x in draws {
            if *x < self.low {
                self.below += 1;
            } else if *x > self.high {
                self.above += 1;
            } else if !x.is_nan() {
                self.counts[(((x - self.low) * scale) as usize).min(bins - 1)] += 1;
            }
        }
    }

    /// Adds the counts of another part with the same bins.
    ///
    /// # Errors
    /// Other bins.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.counts.len() != other.counts.len()
            || self.low != other.low
            || self.high != other.high
        {
            let reason = "the bins differ; make both with the same limits and number";
            return Err(SamplingError::Undefined { what: "the sum of two histograms", reason });
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.below += other.below;
        self.above += other.above;
        Ok(())
    }

    /// Borders of the bins: one more than there are bins.
    #[must_use]
    pub fn edges(&self) -> Vec<f64> {
        let bins = self.counts.len();
        let width = (self.high - self.low) / bins as f64;
        (0..=bins)
            .map(|i| if i == bins { self.high } else { self.low + width * i as f64 })
            .collect()
    }

    /// Draws in each bin.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Draws below the first bin and above the last.
    #[must_use]
    pub fn outside(&self) -> (u64, u64) {
        (self.below, self.above)
    }
}
