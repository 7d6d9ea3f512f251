//! What many values of an output come to, as reports say it. The figures are those of
//! `gantry_sampling::statistics`, exact where all draws are in memory, and from a sketch where
//! they are not. Errors among the draws are counted apart.

use gantry_sampling::statistics::{Column, Interval as Range, Moments, Sketch};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Percentiles that every summary has.
const PERCENTS: [f64; 13] =
    [1.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0, 75.0, 80.0, 90.0, 95.0, 97.5, 99.0];
/// The confidence of all intervals.
const CONFIDENCE: f64 = 0.95;
/// The share of draws that a tail has.
pub(crate) const TAIL: f64 = 0.05;
/// Bins of a histogram.
const BINS: usize = 50;
/// Places in a tail at which a sketch is asked for its mean.
const TAIL_POINTS: u32 = 200;

/// A percentile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Percentile {
    /// Percent of the draws below.
    pub percent: f64,
    /// The value.
    pub value: f64,
}

/// An interval that holds the true value with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl From<Range> for Interval {
    fn from(range: Range) -> Self {
        Self { low: range.low, high: range.high }
    }
}

/// Counts between neighbouring edges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Histogram {
    /// Borders of the bins, one more than counts.
    pub edges: Vec<f64>,
    /// Draws in each bin; the last bin has both its borders.
    pub counts: Vec<u64>,
}

/// What the values of an output come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Draws that gave a number.
    pub count: u64,
    /// Draws that gave an error or text.
    pub errors: u64,
    /// Mean.
    pub mean: f64,
    /// The mean with 95 % confidence.
    pub mean_interval: Interval,
    /// Standard deviation.
    pub sd: f64,
    /// Skewness; 0 where the values do not differ.
    pub skewness: f64,
    /// Excess kurtosis; 0 where the values do not differ.
    pub kurtosis: f64,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
    /// Percentiles, interpolated between neighbours as in PERCENTILE.INC.
    pub percentiles: Vec<Percentile>,
    /// Mean of the lowest 5 % (conditional value at risk).
    pub cvar_low: f64,
    /// Mean of the highest 5 %.
    pub cvar_high: f64,
    /// How often values fall where.
    pub histogram: Histogram,
    /// Values below which 0, 1, 2 … 100 % of the draws lie.
    pub cdf: Vec<f64>,
}

/// The chance of a value below a limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Chance {
    /// The limit.
    pub limit: f64,
    /// The share of draws below it.
    pub probability: f64,
    /// That share with 95 % confidence (Wilson).
    pub interval: Interval,
}

/// Draws of which figures are known, at least one of them a number.
pub trait Known {
    /// Count, mean and what follows.
    fn moments(&self) -> &Moments;
    /// The value below which a share of the draws lies.
    fn quantile(&self, share: f64) -> f64;
    /// The share of draws below a value.
    fn share_below(&self, x: f64) -> f64;
    /// That share with its 95 % interval.
    fn interval_below(&self, x: f64) -> Interval;
    /// Means of the lowest and of the highest share of draws.
    fn tails(&self, share: f64) -> (f64, f64);
    /// Counts in bins of equal width.
    fn histogram(&self, bins: usize) -> Histogram;
}

impl Known for Column {
    fn moments(&self) -> &Moments {
        self.moments()
    }

    fn quantile(&self, share: f64) -> f64 {
        self.quantile(share)
    }

    fn share_below(&self, x: f64) -> f64 {
        self.probability_below(x)
    }

    fn interval_below(&self, x: f64) -> Interval {
        self.probability_interval(x, CONFIDENCE).into()
    }

    fn tails(&self, share: f64) -> (f64, f64) {
        (self.cvar_below(share), self.cvar_above(1.0 - share))
    }

    fn histogram(&self, bins: usize) -> Histogram {
        let histogram = self.histogram(Some(bins));
        Histogram { edges: histogram.edges(), counts: histogram.counts().to_vec() }
    }
}

/// Draws that were counted and not kept: moments are exact, the rest is within the sketch's
/// accuracy.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// Of all draws.
    pub moments: Moments,
    /// Where they lie.
    pub sketch: Sketch,
}

impl Known for Counted {
    fn moments(&self) -> &Moments {
        &self.moments
    }

    fn quantile(&self, share: f64) -> f64 {
        self.sketch.quantile(share)
    }

    fn share_below(&self, x: f64) -> f64 {
        self.sketch.probability_below(x)
    }

    fn interval_below(&self, x: f64) -> Interval {
        self.sketch.probability_interval(x, CONFIDENCE).into()
    }

    fn tails(&self, share: f64) -> (f64, f64) {
        let mean = |from: f64| {
            let at = |i| from + share * (f64::from(i) + 0.5) / f64::from(TAIL_POINTS);
            (0..TAIL_POINTS).map(|i| self.sketch.quantile(at(i))).sum::<f64>()
                / f64::from(TAIL_POINTS)
        };
        (mean(0.0), mean(1.0 - share))
    }

    fn histogram(&self, bins: usize) -> Histogram {
        let (min, max) = (self.moments.min(), self.moments.max());
        let n = self.moments.count();
        let edges: Vec<f64> =
            (0..=bins).map(|i| min + (max - min) * i as f64 / bins as f64).collect();
        let below = |i: usize| match i {
            0 => 0,
            i if i == bins => n,
            i => (self.sketch.probability_below(edges[i]) * n as f64).round() as u64,
        };
        let counts = (0..bins).map(|i| below(i + 1).saturating_sub(below(i))).collect();
        Histogram { edges, counts }
    }
}

impl Summary {
    /// What draws come to.
    #[must_use]
    pub fn of(draws: &dyn Known) -> Self {
        let moments = draws.moments();
        let (cvar_low, cvar_high) = draws.tails(TAIL);
        // What is not defined for a single draw, or for equal ones, is 0.
        let defined = |x: f64| if x.is_finite() { x } else { 0.0 };
        let spreads = moments.min() < moments.max();
        let interval = moments.mean_interval(CONFIDENCE);
        let mean = moments.mean();
        Self {
            count: moments.count(),
            errors: moments.errors(),
            mean,
            mean_interval: if moments.count() > 1 {
                interval.into()
            } else {
                Interval { low: mean, high: mean }
            },
            sd: defined(moments.sd()),
            skewness: if spreads { defined(moments.skewness()) } else { 0.0 },
            kurtosis: if spreads { defined(moments.kurtosis() - 3.0) } else { 0.0 },
            min: moments.min(),
            max: moments.max(),
            percentiles: PERCENTS
                .iter()
                .map(|p| Percentile { percent: *p, value: draws.quantile(p / 100.0) })
                .collect(),
            cvar_low,
            cvar_high,
            histogram: draws.histogram(if spreads { BINS } else { 1 }),
            cdf: (0..=100).map(|i| draws.quantile(f64::from(i) / 100.0)).collect(),
        }
    }
}

impl Chance {
    /// The chance of a value below a limit.
    #[must_use]
    pub fn below(draws: &dyn Known, limit: f64) -> Self {
        Self { limit, probability: draws.share_below(limit), interval: draws.interval_below(limit) }
    }
}

/// The shares whose quantiles a summary has.
pub(crate) fn derive_shares() -> impl Iterator<Item = f64> {
    let percents = PERCENTS.iter().map(|percent| percent / 100.0);
    percents.chain((0..=100).map(|i| f64::from(i) / 100.0))
}

/// Summarises a column; nothing when no draw gave a number.
#[must_use]
pub fn summarize(column: &[f64]) -> Option<Summary> {
    Column::new(column.to_vec()).ok().map(|column| Summary::of(&column))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column() -> Vec<f64> {
        (1..=100).map(f64::from).chain([f64::NAN]).collect()
    }

    #[test]
    fn known_figures() {
        let s = summarize(&column()).unwrap();
        assert_eq!((s.count, s.errors, s.mean, s.min, s.max), (100, 1, 50.5, 1.0, 100.0));
        assert!((s.sd - 29.011_491_975_882_016).abs() < 1e-12);
        assert!((s.cvar_low - 3.0).abs() < 1e-12 && (s.cvar_high - 98.0).abs() < 1e-12);
        assert_eq!(s.cdf[50], 50.5);
        assert_eq!(s.histogram.counts.iter().sum::<u64>(), 100);
        let chance = Chance::below(&Column::new(column()).unwrap(), 11.0);
        assert!((chance.probability - 0.1).abs() < 1e-12);
        assert!(summarize(&[f64::NAN]).is_none());
        let one = summarize(&[3.0]).unwrap();
        assert_eq!((one.sd, one.skewness, one.mean_interval.high), (0.0, 0.0, 3.0));
    }

    #[test]
    fn counted_draws_are_near_kept_ones() {
        let draws: Vec<f64> = (0..10_000).map(|i| 1000.0 + f64::from(i)).collect();
        let mut counted =
            Counted { moments: Moments::default(), sketch: Sketch::new(0.005).unwrap() };
        counted.moments.add(&draws);
        counted.sketch.add(&draws);
        let (kept, counted) = (summarize(&draws).unwrap(), Summary::of(&counted));
        assert_eq!((kept.mean, kept.sd), (counted.mean, counted.sd));
        let near = |a: f64, b: f64| (a - b).abs() <= 0.01 * a.abs();
        assert!(kept.cdf.iter().zip(&counted.cdf).all(|(a, b)| near(*a, *b)));
        assert!(near(kept.cvar_low, counted.cvar_low) && near(kept.cvar_high, counted.cvar_high));
        assert_eq!(counted.histogram.counts.iter().sum::<u64>(), 10_000);
    }
}
