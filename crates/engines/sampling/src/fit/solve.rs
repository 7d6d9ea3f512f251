//! Likelihood equations of one unknown.

use crate::math::root::find_zero;
use crate::math::{digamma, exp, ln};

/// The shape of a gamma distribution: `ln k - ψ(k) = ln(mean) - mean of ln x`.
pub(super) fn gamma_shape(excess: f64) -> f64 {
    let f = |log_k: f64| excess - (log_k - digamma(exp(log_k)));
    exp(find_zero((ln(1e-3), ln(1e9)), f))
}

/// The argument at which the digamma function has a value.
pub(super) fn inverse_digamma(value: f64) -> f64 {
    exp(find_zero((ln(1e-3), ln(1e9)), |log_x| digamma(exp(log_x)) - value))
}

/// The shape of a Weibull distribution of observations whose logarithms, less their greatest, are
/// given: `Σ xᵏ ln x / Σ xᵏ - 1/k = mean of ln x`.
pub(super) fn weibull_shape(logs: &[f64]) -> f64 {
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    let f = |log_k: f64| {
        let k = exp(log_k);
        let (mut weighted, mut total) = (0.0, 0.0);
        for log in logs {
            let power = exp(k * log);
            weighted += power * log;
            total += power;
        }
        weighted / total - 1.0 / k - mean
    };
    exp(find_zero((ln(1e-2), ln(1e4)), f))
}

/// The scale of a Gumbel distribution of maxima, of observations with mean 0:
/// `s = -Σ x e^(-x/s) / Σ e^(-x/s)`.
pub(super) fn gumbel_scale(centred: &[f64], sd: f64) -> f64 {
    let least = centred.iter().copied().fold(f64::INFINITY, f64::min);
    let f = |log_s: f64| {
        let s = exp(log_s);
        let (mut weighted, mut total) = (0.0, 0.0);
        for x in centred {
            let weight = exp((least - x) / s);
            weighted += weight * x;
            total += weight;
        }
        s + weighted / total
    };
    exp(find_zero((ln(sd * 1e-2), ln(sd * 1e2)), f))
}
