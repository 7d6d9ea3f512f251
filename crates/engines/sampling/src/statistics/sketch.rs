//! Quantiles in bounded memory: DDSketch (Masson, Rim and Lee, 2019), whose buckets are counts of
//! values by their logarithm.
//!
//! Merging adds whole numbers, so the result does not depend on any order. The relative error of a
//! quantile is bounded for every distribution; memory by the range of doubles: 72,000 buckets per
//! sign at 1 %.

use super::intervals::{Interval, share_interval};
use crate::lanes::{Lanes, dispatched};
use crate::math::{exp, ln};
use crate::{CHUNK, Result, SamplingError};

/// A sketch of a column of draws.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Sketch {
    accuracy: f64,
    positive: Buckets,
    negative: Buckets,
    zeros: u64,
    errors: u64,
    min: f64,
    max: f64,
}

/// Counts of consecutive buckets.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
struct Buckets {
    first: i64,
    counts: Vec<u64>,
}

impl Buckets {
    fn add(&mut self, index: i64, count: u64) {
        if self.counts.is_empty() {
            self.first = index;
        }
        if index < self.first {
            let more = (self.first - index) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.first = index;
        }
        let at = (index - self.first) as usize;
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += count;
    }

    fn merge(&mut self, other: &Self) {
        for (at, count) in other.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.add(other.first + at as i64, *count);
        }
    }

    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl Sketch {
    /// An empty sketch whose quantiles are within this share of the true ones, such as 0.005.
    ///
    /// # Errors
    /// An accuracy that is not between 0.0001 and 0.1.
    pub fn new(accuracy: f64) -> Result<Self> {
        if !(1e-4..=0.1).contains(&accuracy) {
            return Err(SamplingError::Setting {
                setting: "accuracy",
                rule: "must lie between 0.0001 and 0.1",
            });
        }
        Ok(Self {
            accuracy,
            positive: Buckets::default(),
            negative: Buckets::default(),
            zeros: 0,
            errors: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        })
    }

    /// Logarithm of the ratio of a bucket's ends.
    fn log_ratio(&self) -> f64 {
        ln((1.0 + self.accuracy) / (1.0 - self.accuracy))
    }

    /// Adds draws.
    pub fn add(&mut self, draws: &[f64]) {
        let scale = 1.0 / self.log_ratio();
        for piece in draws.chunks(CHUNK) {
            let mut logs = [1.0; CHUNK];
            for (log, x) in logs.iter_mut().zip(piece) {
                // Infinite draws count as the greatest finite ones.
                *log = x.abs().min(f64::MAX);
            }
            log_all(Lanes::widest(), &mut logs);
            for (x, log) in piece.iter().zip(logs) {
                self.count(*x, log * scale);
            }
        }
    }

    fn count(&mut self, x: f64, position: f64) {
        if x.is_nan() {
            self.errors += 1;
            return;
        }
        self.min = self.min.min(x);
        self.max = self.max.max(x);
        if x == 0.0 {
            self.zeros += 1;
            return;
        }
        let index = crate::math::ceil(position) as i64;
        let buckets = if x > 0.0 { &mut self.positive } else { &mut self.negative };
        buckets.add(index, 1);
    }

    /// Adds the draws of another sketch of the same accuracy.
    ///
    /// # Errors
    /// Another accuracy.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.accuracy != other.accuracy {
            let reason = "their accuracies differ; make both with the same";
            return Err(SamplingError::Undefined { what: "the sum of two sketches", reason });
        }
        self.positive.merge(&other.positive);
        self.negative.merge(&other.negative);
        self.zeros += other.zeros;
        self.errors += other.errors;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        Ok(())
    }

    /// Number of draws without the errors.
    #[must_use]
    pub fn count_draws(&self) -> u64 {
        self.positive.total() + self.negative.total() + self.zeros
    }

    /// Number of draws that were NaN.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// The quantile at `p`, within the accuracy; NaN without draws. `p` is held within 0 and 1.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        let total = self.count_draws();
        if total == 0 {
            return f64::NAN;
        }
        let rank = (p.clamp(0.0, 1.0) * (total - 1) as f64) as u64;
        let mut seen = 0;
        for (at, count) in self.negative.counts.iter().enumerate().rev() {
            seen += count;
            if seen > rank {
                return self.bounded(-self.middle(self.negative.first + at as i64));
            }
        }
        seen += self.zeros;
        if seen > rank {
            return 0.0;
        }
        for (at, count) in self.positive.counts.iter().enumerate() {
            seen += count;
            if seen > rank {
                return self.bounded(self.middle(self.positive.first + at as i64));
            }
        }
        self.max
    }

    /// Share of the draws below `x`, counting the bucket of `x` by half.
    #[must_use]
    pub fn probability_below(&self, x: f64) -> f64 {
        let index = crate::math::ceil(ln(x.abs().min(f64::MAX)) / self.log_ratio());
        let split = |buckets: &Buckets| {
            let at = index - buckets.first as f64;
            let whole: u64 = buckets
                .counts
                .iter()
                .enumerate()
                .filter(|(i, _)| (*i as f64) < at)
                .map(|(_, c)| c)
                .sum();
            let inside = buckets
                .counts
                .iter()
                .enumerate()
                .find(|(i, _)| *i as f64 == at)
                .map_or(0, |(_, c)| *c);
            whole as f64 + 0.5 * inside as f64
        };
        let negative = self.negative.total() as f64;
        let below = if x < 0.0 {
            negative - split(&self.negative)
        } else if x == 0.0 {
            negative
        } else {
            negative + self.zeros as f64 + split(&self.positive)
        };
        below / self.count_draws() as f64
    }

    /// Where the true probability of a value below `x` lies with this confidence.
    #[must_use]
    pub fn probability_interval(&self, x: f64, confidence: f64) -> Interval {
        share_interval(self.probability_below(x), self.count_draws(), confidence)
    }

    /// The value of a bucket whose relative distance to both ends is the accuracy.
    fn middle(&self, index: i64) -> f64 {
        exp(index as f64 * self.log_ratio()) * (1.0 - self.accuracy)
    }

    fn bounded(&self, x: f64) -> f64 {
        x.clamp(self.min, self.max)
    }
}

dispatched! {
    fn log_all(values: &mut [f64; CHUNK]) = log_each
}

#[inline(always)]
fn log_each(values: &mut [f64; CHUNK]) {
    for value in values {
        *value = ln(*value);
    }
}
