//! Distances between a sample and a distribution.

use crate::Family;
use crate::math::ln;

/// Greatest distance between the sample's distribution function and the family's.
pub(super) fn kolmogorov_smirnov(family: &Family, sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let (mut worst, mut start) = (0.0_f64, 0);
    while start < sorted.len() {
        let value = sorted[start];
        let end = start + sorted[start..].partition_point(|x| *x == value);
        let p = family.parts(value).0;
        worst = worst.max((p - end as f64 / n).abs());
        worst = worst.max((family.below(value) - start as f64 / n).abs());
        start = end;
    }
    worst
}

/// Anderson and Darling's statistic.
pub(super) fn anderson_darling(family: &Family, sorted: &[f64]) -> f64 {
    let n = sorted.len();
    let parts: Vec<(f64, f64)> = sorted.iter().map(|x| family.parts(*x)).collect();
    let sum = (0..n).map(|i| {
        let (lower, upper) = (parts[i].0.max(1e-300), parts[n - 1 - i].1.max(1e-300));
        (2 * i + 1) as f64 * (ln(lower) + ln(upper))
    });
    -(n as f64) - sum.sum::<f64>() / n as f64
}
