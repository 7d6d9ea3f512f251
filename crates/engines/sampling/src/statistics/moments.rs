//! Count, mean and central moments up to the fourth, in one pass and mergeable (Pébay, 2008).

use super::intervals::{Interval, mean_interval};
use crate::CHUNK;

/// Moments of a column of draws.
///
/// Merging is exact in algebra but rounds: partial results that are merged in another order differ
/// in their last bits. Cut the iterations into the same ranges on any number of workers, and merge
/// the ranges in order.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Moments {
    count: u64,
    errors: u64,
    mean: f64,
    m2: f64,
    m3: f64,
    m4: f64,
    min: f64,
    max: f64,
}

impl Default for Moments {
    fn default() -> Self {
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { count: 0, errors: 0, mean: 0.0, m2: 0.0, m3: 0.0, m4: 0.0, min, max }
    }
}

impl Moments {
    /// Adds draws in pieces of [`CHUNK`]; give whole chunks at a time for the same bits as one call.
    pub fn add(&mut self, draws: &[f64]) {
        for chunk in draws.chunks(CHUNK) {
            let part = Self::of(chunk);
            self.merge(&part);
        }
    }

    fn of(chunk: &[f64]) -> Self {
        let mut part = Self::default();
        let mut sum = 0.0;
        for x in chunk {
            if x.is_nan() {
                part.errors += 1;
            } else {
                part.count += 1;
                sum += x;
                part.min = part.min.min(*x);
                part.max = part.max.max(*x);
            }
        }
        if part.count == 0 {
            return part;
        }
        part.mean = sum / part.count as f64;
        for x in chunk.iter().filter(|x| !x.is_nan()) {
            let d = x - part.mean;
            let square = d * d;
            part.m2 += square;
            part.m3 += square * d;
            part.m4 += square * square;
        }
        part
    }

    /// Adds the draws of another part, which come after these.
    pub fn merge(&mut self, other: &Self) {
        let errors = self.errors + other.errors;
        if self.count == 0 || other.count == 0 {
            let kept = if self.count == 0 { *other } else { *self };
            *self = Self { errors, ..kept };
            return;
        }
        let (a, b) = (self.count as f64, other.count as f64);
        let n = a + b;
        let d = other.mean - self.mean;
        let (d2, ab) = (d * d, a * b);
        let m4 = self.m4
            + other.m4
            + d2 * d2 * ab * (a * a - ab + b * b) / (n * n * n)
            + 6.0 * d2 * (a * a * other.m2 + b * b * self.m2) / (n * n)
            + 4.0 * d * (a * other.m3 - b * self.m3) / n;
        let m3 = self.m3
            + other.m3
            + d2 * d * ab * (a - b) / (n * n)
            + 3.0 * d * (a * other.m2 - b * self.m2) / n;
        *self = Self {
            count: self.count + other.count,
            errors,
            mean: self.mean + d * b / n,
            m2: self.m2 + other.m2 + d2 * ab / n,
            m3,
            m4,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        };
    }

    /// Number of draws without the errors.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Number of draws that were NaN.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Mean; NaN without draws.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.mean }
    }

    /// Variance of the population that the draws come from; NaN below two draws.
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.count < 2 { f64::NAN } else { self.m2 / (self.count - 1) as f64 }
    }

    /// Standard deviation; NaN below two draws.
    #[must_use]
    pub fn sd(&self) -> f64 {
        self.variance().sqrt()
    }

    /// Skewness; NaN where all draws are equal.
    #[must_use]
    pub fn skewness(&self) -> f64 {
        let n = self.count as f64;
        n.sqrt() * self.m3 / (self.m2 * self.m2.sqrt())
    }

    /// Kurtosis, 3 for a normal distribution; NaN where all draws are equal.
    #[must_use]
    pub fn kurtosis(&self) -> f64 {
        self.count as f64 * self.m4 / (self.m2 * self.m2)
    }

    /// Least draw; infinite without draws.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.min
    }

    /// Greatest draw; minus infinite without draws.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.max
    }

    /// Where the true mean lies with this confidence (such as 0.95), by Student t. True for
    /// independent draws; too wide for the other designs.
    #[must_use]
    pub fn mean_interval(&self, confidence: f64) -> Interval {
        mean_interval(self.mean(), self.sd(), self.count, confidence)
    }
}
