//! Distributions of whole numbers and of listed values.

use super::Family;
use super::shape::{binomial_mass, poisson_mass};
use crate::math::beta::beta_parts;
use crate::math::gamma::gamma_parts;
use crate::math::{exp, exp_m1, floor, ln, ln_1p, ln_beta};

/// Probability mass below which a tail cannot be met by a uniform draw of 52 bits.
const UNSEEN: f64 = 1e-18;

/// Probability up to `x` and above it.
pub(super) fn parts(family: &Family, x: f64) -> (f64, f64) {
    if x.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if let Some(outcomes) = family.outcomes() {
        let lower = outcomes.iter().filter(|(v, _)| *v <= x).map(|(_, w)| w).sum::<f64>();
        let upper = outcomes.iter().filter(|(v, _)| *v > x).map(|(_, w)| w).sum::<f64>();
        return (lower.min(1.0), upper.min(1.0));
    }
    let k = floor(x);
    let (least, greatest) = ends(family);
    if k < least {
        return (0.0, 1.0);
    }
    if k >= greatest {
        return (1.0, 0.0);
    }
    if let Family::Bernoulli { p } = family {
        return (1.0 - p, *p);
    }
    if let Family::Binomial { n, p } = family {
        return beta_parts(n - k, k + 1.0, (1.0 - p, *p));
    }
    if let Family::Poisson { mean } = family {
        let (lower, upper) = gamma_parts(k + 1.0, *mean);
        return (upper, lower);
    }
    if let Family::Geometric { p } = family {
        let exponent = (k + 1.0) * ln_1p(-p);
        return (-exp_m1(exponent), exp(exponent));
    }
    if let Family::NegativeBinomial { r, p } = family {
        return beta_parts(*r, k + 1.0, (*p, 1.0 - p));
    }
    if let Family::DiscreteUniform { min, max } = family {
        let count = max - min + 1.0;
        return ((k - min + 1.0) / count, (max - k) / count);
    }
    summed_parts(family, k)
}

/// Both parts by summing masses away from `k`, towards the nearer end.
fn summed_parts(family: &Family, k: f64) -> (f64, f64) {
    let (least, greatest) = ends(family);
    let (mean, _) = super::moments::family_moments(family);
    let sum_from = |start: f64, step: f64, end: f64| {
        let (mut at, mut term, mut sum) = (start, mass(family, start), 0.0);
        while term > 0.0 && (end - at) * step >= 0.0 && term > sum * 1e-18 {
            sum += term;
            let next = at + step;
            term *= if step > 0.0 { ratio_up(family, at) } else { 1.0 / ratio_up(family, next) };
            at = next;
        }
        sum.min(1.0)
    };
    if k < mean {
        let lower = sum_from(k, -1.0, least);
        (lower, 1.0 - lower)
    } else {
        let upper = sum_from(k + 1.0, 1.0, greatest);
        (1.0 - upper, upper)
    }
}

/// The least and the greatest value with a probability above zero.
pub(super) fn ends(family: &Family) -> (f64, f64) {
    if let Family::Bernoulli { .. } = family {
        return (0.0, 1.0);
    }
    if let Family::Binomial { n, .. } = family {
        return (0.0, *n);
    }
    if let Family::Hypergeometric { n, marked, total } = family {
        return ((n + marked - total).max(0.0), n.min(*marked));
    }
    if let Family::DiscreteUniform { min, max } = family {
        return (*min, *max);
    }
    (0.0, f64::INFINITY)
}

/// Probability of the whole number `k`, or of a listed value.
pub(super) fn mass(family: &Family, k: f64) -> f64 {
    if let Some(outcomes) = family.outcomes() {
        return outcomes.iter().filter(|(v, _)| *v == k).map(|(_, w)| w).sum();
    }
    let (least, greatest) = ends(family);
    if k < least || k > greatest || floor(k) != k {
        return 0.0;
    }
    if let Family::Bernoulli { p } = family {
        return if k == 1.0 { *p } else { 1.0 - p };
    }
    if let Family::Binomial { n, p } = family {
        return binomial_mass(k, *n, *p);
    }
    if let Family::Poisson { mean } = family {
        return poisson_mass(k, *mean);
    }
    if let Family::Geometric { p } = family {
        return p * exp(k * ln_1p(-p));
    }
    if let Family::NegativeBinomial { r, p } = family {
        return exp(r * ln(*p) + super::shape::weighted_ln(k, 1.0 - p)
            - ln_beta(*r, k + 1.0)
            - ln(r + k));
    }
    if let Family::DiscreteUniform { min, max } = family {
        return 1.0 / (max - min + 1.0);
    }
    if let Family::Hypergeometric { n, marked, total } = family {
        // Two binomial counts given their sum; any common probability serves, this one is exact.
        let p = n / total;
        let together = binomial_mass(*n, *total, p);
        return binomial_mass(k, *marked, p) * binomial_mass(n - k, total - marked, p) / together;
    }
    0.0
}

/// `mass(k + 1) / mass(k)`.
fn ratio_up(family: &Family, k: f64) -> f64 {
    if let Family::Binomial { n, p } = family {
        return (n - k) / (k + 1.0) * (p / (1.0 - p));
    }
    if let Family::Poisson { mean } = family {
        return mean / (k + 1.0);
    }
    if let Family::Geometric { p } = family {
        return 1.0 - p;
    }
    if let Family::NegativeBinomial { r, p } = family {
        return (r + k) / (k + 1.0) * (1.0 - p);
    }
    if let Family::Hypergeometric { n, marked, total } = family {
        return (marked - k) * (n - k) / ((k + 1.0) * (total - marked - n + k + 1.0));
    }
    mass(family, k + 1.0) / mass(family, k)
}

/// The least value whose probability reaches `p`.
pub(super) fn quantile(family: &Family, p: f64, q: f64) -> f64 {
    if let Some(outcomes) = family.outcomes() {
        let mut sum = 0.0;
        for (value, weight) in &outcomes {
            sum += weight;
            if sum >= p && sum > 0.0 {
                return *value;
            }
        }
        return outcomes.last().map_or(f64::NAN, |(value, _)| *value);
    }
    let (least, greatest) = ends(family);
    if p <= 0.0 {
        return least;
    }
    if q <= 0.0 {
        return greatest;
    }
    if let Family::DiscreteUniform { min, max } = family {
        return (min + crate::math::ceil(p * (max - min + 1.0)) - 1.0).clamp(*min, *max);
    }
    let reached = |k: f64| {
        let (lower, upper) = parts(family, k);
        if p < 0.5 { lower >= p } else { upper <= q }
    };
    let (mean, variance) = super::moments::family_moments(family);
    let mut high = floor(mean).clamp(least, greatest.min(1e300));
    let mut step = floor(variance.sqrt()) + 1.0;
    while high < greatest && !reached(high) {
        high = (high + step).min(greatest);
        step *= 2.0;
    }
    let mut low = least - 1.0;
    while high - low > 1.0 {
        let middle = floor(low + 0.5 * (high - low));
        if reached(middle) { high = middle } else { low = middle }
    }
    high
}

/// The values that draws can have, with the probability up to each; the last is 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Support {
    pub(crate) values: Vec<f64>,
    pub(crate) ends: Vec<f64>,
}

impl Support {
    /// The support of a family between two limits.
    pub(crate) fn new(family: &Family, (lower, upper): (f64, f64)) -> Self {
        let outcomes = match family.outcomes() {
            Some(outcomes) => outcomes,
            None => counts(family, (lower, upper)),
        };
        let inside = outcomes.into_iter().filter(|(v, w)| *v >= lower && *v <= upper && *w > 0.0);
        let (values, masses): (Vec<f64>, Vec<f64>) = inside.unzip();
        let total: f64 = masses.iter().sum();
        let mut sum = 0.0;
        let mut ends: Vec<f64> = masses
            .iter()
            .map(|mass| {
                sum += mass;
                sum / total
            })
            .collect();
        if let Some(last) = ends.last_mut() {
            *last = 1.0;
        }
        Self { values, ends }
    }

    /// Mean and variance.
    pub(crate) fn moments(&self) -> (f64, f64) {
        let mut before = 0.0;
        let masses: Vec<f64> =
            self.ends.iter().map(|end| end - std::mem::replace(&mut before, *end)).collect();
        let pairs = || self.values.iter().zip(&masses);
        let mean = pairs().map(|(v, m)| v * m).sum::<f64>();
        (mean, pairs().map(|(v, m)| (v - mean) * (v - mean) * m).sum())
    }
}

/// Whole numbers with their masses, outwards from the most likely one inside the limits, until
/// what is left can no longer be met.
fn counts(family: &Family, (lower, upper): (f64, f64)) -> Vec<(f64, f64)> {
    let (least, greatest) = ends(family);
    let (least, greatest) = (least.max(crate::math::ceil(lower)), greatest.min(floor(upper)));
    let (mean, _) = super::moments::family_moments(family);
    let start = floor(mean).clamp(least, greatest.min(1e300));
    let start_mass = mass(family, start);
    let walk = |up: bool| {
        let mut found = Vec::new();
        let (mut at, mut term) = (start, start_mass);
        loop {
            let next = if up { at + 1.0 } else { at - 1.0 };
            if next < least || next > greatest {
                break;
            }
            let ratio = if up { ratio_up(family, at) } else { 1.0 / ratio_up(family, next) };
            term *= ratio;
            // Past the peak the rest is below term / (1 - ratio).
            if term <= 0.0 || (ratio < 1.0 && term < start_mass * UNSEEN * (1.0 - ratio)) {
                break;
            }
            found.push((next, term));
            at = next;
        }
        found
    };
    let mut all = walk(false);
    all.reverse();
    all.push((start, start_mass));
    all.extend(walk(true));
    all
}
