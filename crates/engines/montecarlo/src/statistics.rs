//! What many values of an output come to. Errors among the draws are counted apart.
//!
//! Invariant: every figure is a function of the column alone, summed from left to right.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Percentiles that every summary has.
const PERCENTS: [f64; 13] =
    [1.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0, 75.0, 80.0, 90.0, 95.0, 97.5, 99.0];
/// Half the width of a 95 % interval in standard errors.
const Z_95: f64 = 1.959_963_984_540_054;
/// Bins of a histogram.
const BINS: usize = 50;

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

/// Summarises a column; nothing when no draw gave a number.
#[must_use]
pub fn summarize(column: &[f64]) -> Option<Summary> {
    let mut sorted: Vec<f64> = column.iter().copied().filter(|x| x.is_finite()).collect();
    let count = sorted.len();
    let first = *sorted.first()?;
    let n = count as f64;
    // Shifted by the first value, so that large means do not eat the digits of the spread.
    let mean = first + sorted.iter().map(|x| x - first).sum::<f64>() / n;
    let moment = |k: i32| sorted.iter().map(|x| (x - mean).powi(k)).sum::<f64>() / n;
    let (m2, m3, m4) = (moment(2), moment(3), moment(4));
    let sd = if count > 1 { (m2 * n / (n - 1.0)).sqrt() } else { 0.0 };
    let half = Z_95 * sd / n.sqrt();
    sorted.sort_unstable_by(f64::total_cmp);
    let tail = count.div_ceil(20);
    let average = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
    let spreads = m2 > 0.0;
    Some(Summary {
        count: count as u64,
        errors: (column.len() - count) as u64,
        mean,
        mean_interval: Interval { low: mean - half, high: mean + half },
        sd,
        skewness: if spreads { m3 / (m2 * m2.sqrt()) } else { 0.0 },
        kurtosis: if spreads { m4 / (m2 * m2) - 3.0 } else { 0.0 },
        min: sorted[0],
        max: sorted[count - 1],
        percentiles: PERCENTS
            .iter()
            .map(|p| Percentile { percent: *p, value: percentile(&sorted, p / 100.0) })
            .collect(),
        cvar_low: average(&sorted[..tail]),
        cvar_high: average(&sorted[count - tail..]),
        histogram: histogram(&sorted),
        cdf: (0..=100).map(|i| percentile(&sorted, f64::from(i) / 100.0)).collect(),
    })
}

/// The value below which a share of sorted values lies.
#[must_use]
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let low = place.floor() as usize;
    let high = (low + 1).min(last);
    sorted[low] + (sorted[high] - sorted[low]) * (place - low as f64)
}

fn histogram(sorted: &[f64]) -> Histogram {
    let (min, max) = (sorted[0], sorted[sorted.len() - 1]);
    if min == max {
        return Histogram { edges: vec![min, max], counts: vec![sorted.len() as u64] };
    }
    let edges: Vec<f64> = (0..=BINS).map(|i| min + (max - min) * i as f64 / BINS as f64).collect();
    let mut counts = Vec::with_capacity(BINS);
    let mut from = 0;
    for (i, edge) in edges.iter().enumerate().skip(1) {
        let to = if i == BINS { sorted.len() } else { sorted.partition_point(|x| x < edge) };
        counts.push((to.max(from) - from) as u64);
        from = to.max(from);
    }
    Histogram { edges, counts }
}

/// The chance of a value below a limit.
#[must_use]
pub fn chance_below(column: &[f64], limit: f64) -> Chance {
    let (mut count, mut below) = (0.0, 0.0);
    for x in column.iter().filter(|x| x.is_finite()) {
        count += 1.0;
        below += f64::from(u8::from(*x < limit));
    }
    let p = if count == 0.0 { 0.0 } else { below / count };
    let n: f64 = f64::max(count, 1.0);
    let z2 = Z_95 * Z_95 / n;
    let middle = (p + z2 / 2.0) / (1.0 + z2);
    let half = Z_95 * (p * (1.0 - p) / n + z2 / (4.0 * n)).sqrt() / (1.0 + z2);
    let interval = Interval { low: (middle - half).max(0.0), high: (middle + half).min(1.0) };
    Chance { limit, probability: p, interval }
}

/// Ranks from 1; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let mut to = from + 1;
        while to < order.len() && values[order[to]] == values[order[from]] {
            to += 1;
        }
        for place in &order[from..to] {
            ranks[*place] = (from + to + 1) as f64 / 2.0;
        }
        from = to;
    }
    ranks
}

/// Pearson's correlation; 0 where one side does not differ.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (ma, mb) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        ab += (x - ma) * (y - mb);
        aa += (x - ma) * (x - ma);
        bb += (y - mb) * (y - mb);
    }
    if aa == 0.0 || bb == 0.0 { 0.0 } else { ab / (aa * bb).sqrt() }
}

/// Spearman's correlation of every input with an output, over the draws that gave a number.
#[must_use]
pub fn rank_correlations(inputs: &[Vec<f64>], output: &[f64]) -> Vec<f64> {
    let rows: Vec<usize> = (0..output.len()).filter(|i| output[*i].is_finite()).collect();
    let pick = |column: &[f64]| rows.iter().map(|i| column[*i]).collect::<Vec<f64>>();
    let wanted = ranks(&pick(output));
    inputs
        .iter()
        .map(|input| if rows.len() < 3 { 0.0 } else { correlation(&ranks(&pick(input)), &wanted) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_figures() {
        let column: Vec<f64> = (1..=100).map(f64::from).chain([f64::NAN]).collect();
        let s = summarize(&column).unwrap();
        assert_eq!((s.count, s.errors, s.mean, s.min, s.max), (100, 1, 50.5, 1.0, 100.0));
        assert!((s.sd - 29.011_491_975_882_016).abs() < 1e-12);
        assert_eq!((s.cvar_low, s.cvar_high), (3.0, 98.0));
        assert_eq!(s.cdf[50], 50.5);
        assert_eq!(s.histogram.counts.iter().sum::<u64>(), 100);
        assert!((chance_below(&column, 11.0).probability - 0.1).abs() < 1e-12);
        assert!(summarize(&[f64::NAN]).is_none());
    }

    #[test]
    fn ranks_see_order_alone() {
        let x: Vec<f64> = (0..50).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| -(x * x * x)).collect();
        let r = rank_correlations(&[x.clone(), vec![1.0; 50]], &y);
        assert!((r[0] + 1.0).abs() < 1e-12);
        assert_eq!(r[1], 0.0);
        assert_eq!(ranks(&[5.0, 1.0, 5.0]), [2.5, 1.0, 2.5]);
    }
}
