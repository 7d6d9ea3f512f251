//! Fits of the whole-numbered families.

use super::{Fit, Sample};
use crate::Family;
use crate::math::root::find_zero;
use crate::math::{digamma, exp, ln, ln_choose};

/// Fits every whole-numbered family.
pub(super) fn fits(sample: &Sample) -> Vec<(&'static str, Fit)> {
    vec![
        ("bernoulli", bernoulli(sample)),
        ("discrete_uniform", discrete_uniform(sample)),
        ("poisson", Ok((Family::Poisson { mean: sample.mean }, 1))),
        ("geometric", Ok((Family::Geometric { p: 1.0 / (1.0 + sample.mean) }, 1))),
        ("negative_binomial", negative_binomial(sample)),
        ("binomial", binomial(sample)),
    ]
}

fn bernoulli(sample: &Sample) -> Fit {
    if sample.greatest() > 1.0 {
        return Err("some observations are neither 0 nor 1");
    }
    Ok((Family::Bernoulli { p: sample.mean }, 1))
}

fn discrete_uniform(sample: &Sample) -> Fit {
    Ok((Family::DiscreteUniform { min: sample.least(), max: sample.greatest() }, 2))
}

/// Values with the number of their observations.
fn tally(sample: &Sample) -> Vec<(f64, f64)> {
    let mut tally: Vec<(f64, f64)> = Vec::new();
    for x in &sample.sorted {
        match tally.last_mut() {
            Some((value, count)) if value == x => *count += 1.0,
            Some(_) | None => tally.push((*x, 1.0)),
        }
    }
    tally
}

fn negative_binomial(sample: &Sample) -> Fit {
    if sample.variance <= sample.mean {
        return Err("the variance is not above the mean");
    }
    let (tally, n, mean) = (tally(sample), sample.sorted.len() as f64, sample.mean);
    // The likelihood equation of r with p at its best, r / (r + mean).
    let slope = |log_r: f64| {
        let r = exp(log_r);
        let sum: f64 = tally.iter().map(|(x, count)| count * (digamma(x + r) - digamma(r))).sum();
        -(sum / n + ln(r / (r + mean)))
    };
    let r = exp(find_zero((ln(1e-3), ln(1e6)), slope));
    Ok((Family::NegativeBinomial { r, p: r / (r + mean) }, 2))
}

fn binomial(sample: &Sample) -> Fit {
    if sample.variance >= sample.mean {
        return Err("the variance is not below the mean");
    }
    let (tally, observations, mean) = (tally(sample), sample.sorted.len() as f64, sample.mean);
    let likelihood = |n: f64| {
        let p = mean / n;
        let choices: f64 = tally.iter().map(|(x, count)| count * ln_choose(n, *x)).sum();
        // n observations of n trials each, of which the share p are successes.
        let failures = if p < 1.0 { (n - mean) * ln(1.0 - p) } else { 0.0 };
        choices + observations * (mean * ln(p) + failures)
    };
    // The likelihood rises and falls once: double the step while it rises, then halve it.
    let (mut n, mut step) = (sample.greatest(), 1.0);
    while n + step < 1e9 && likelihood(n + step) > likelihood(n) {
        n += step;
        step *= 2.0;
    }
    while step >= 1.0 {
        if likelihood(n + step) > likelihood(n) {
            n += step;
        } else if n - step >= sample.greatest() && likelihood(n - step) > likelihood(n) {
            n -= step;
        } else {
            step = crate::math::floor(step * 0.5);
        }
    }
    Ok((Family::Binomial { n, p: mean / n }, 2))
}
