//! Means and standard deviations: closed forms, and integrals of the quantile function where a
//! truncation leaves no closed form.

use super::family::not_closed;
use super::pieces::Pieces;
use super::shape::Shape;
use super::{Distribution, Family, Support};
use crate::math::quadrature::integrate_unit;
use crate::math::{exp, exp_m1, ln, ln_gamma};

/// Euler's constant.
const EULER: f64 = 0.577_215_664_901_532_9;
const PI_SQUARE: f64 = std::f64::consts::PI * std::f64::consts::PI;

pub(super) fn mean(distribution: &Distribution) -> f64 {
    moments(distribution).0 + distribution.shift
}

pub(super) fn sd(distribution: &Distribution) -> f64 {
    moments(distribution).1.sqrt()
}

fn moments(distribution: &Distribution) -> (f64, f64) {
    let family = &distribution.family;
    if !distribution.is_truncated() {
        return family_moments(family);
    }
    if distribution.is_discrete() {
        return Support::new(family, distribution.limits()).moments();
    }
    let (from, to) = distribution.window();
    let (lower, upper) = distribution.limits();
    let at = |u: f64, rest: f64| {
        let p = from + u * (to - from);
        let q = (1.0 - to) + rest * (to - from);
        family.quantile(p, q).clamp(lower, upper)
    };
    // A side that is not cut keeps the family's tail, and with it the divergence of its moments.
    let whole = family_moments(family);
    let open = lower == f64::NEG_INFINITY || upper == f64::INFINITY;
    let diverges = |side: bool, value: f64| side && !value.is_finite();
    let heavy_low = lower == f64::NEG_INFINITY && family.quantile(0.0, 1.0) == f64::NEG_INFINITY;
    let heavy_high = upper == f64::INFINITY && family.quantile(1.0, 0.0) == f64::INFINITY;
    let heavy = open && (heavy_low || heavy_high);
    if diverges(heavy, whole.0) {
        return (if heavy_high { f64::INFINITY } else { f64::NEG_INFINITY }, f64::NAN);
    }
    let mean = integrate_unit(at);
    if diverges(heavy, whole.1) {
        return (mean, f64::INFINITY);
    }
    let variance = integrate_unit(|u, rest| {
        let d = at(u, rest) - mean;
        d * d
    });
    (mean, variance)
}

/// Mean and variance of a whole family.
pub(super) fn family_moments(family: &Family) -> (f64, f64) {
    if let Some(pieces) = Pieces::find(family) {
        return pieces.moments();
    }
    if family.outcomes().is_some() {
        return Support::new(family, (f64::NEG_INFINITY, f64::INFINITY)).moments();
    }
    if family.is_discrete() {
        return count_moments(family);
    }
    match family.standard() {
        Some((shape, location, scale)) => {
            let (mean, variance) = shape_moments(shape);
            (location + scale * mean, scale * scale * variance)
        }
        None => closed_moments(family),
    }
}

fn closed_moments(family: &Family) -> (f64, f64) {
    match family {
        Family::Uniform { min, max } => (0.5 * (min + max), (max - min) * (max - min) / 12.0),
        Family::Normal { mean, sd } => (*mean, sd * sd),
        Family::LogNormal { mu, sigma } => {
            let mean = exp(mu + 0.5 * sigma * sigma);
            (mean, exp_m1(sigma * sigma) * mean * mean)
        }
        Family::Triangular { min, mode, max } => {
            let (a, b) = (mode - min, max - min);
            (min + (a + b) / 3.0, (a * a + b * b - a * b) / 18.0)
        }
        Family::Exponential { mean } => (*mean, mean * mean),
        Family::Weibull { shape, scale } => {
            let first = exp(ln_gamma(1.0 + 1.0 / shape));
            let second = exp(ln_gamma(1.0 + 2.0 / shape));
            (scale * first, scale * scale * (second - first * first))
        }
        Family::Rayleigh { scale } => {
            let half_pi = std::f64::consts::FRAC_PI_2;
            (scale * half_pi.sqrt(), scale * scale * (2.0 - half_pi))
        }
        Family::Logistic { location, scale } => (*location, scale * scale * PI_SQUARE / 3.0),
        Family::LogLogistic { shape, scale } => log_logistic_moments(*shape, *scale),
        Family::Pareto { shape: a, min } => {
            let mean = if *a > 1.0 { a * min / (a - 1.0) } else { f64::INFINITY };
            let variance = a * min * min / ((a - 1.0) * (a - 1.0) * (a - 2.0));
            (mean, if *a > 2.0 { variance } else { f64::INFINITY })
        }
        Family::Gumbel { location, scale } => {
            (location + EULER * scale, scale * scale * PI_SQUARE / 6.0)
        }
        Family::GumbelMin { location, scale } => {
            (location - EULER * scale, scale * scale * PI_SQUARE / 6.0)
        }
        Family::Cauchy { .. } => (f64::NAN, f64::NAN),
        Family::Laplace { location, scale } => (*location, 2.0 * scale * scale),
        Family::LogUniform { min, max } => {
            let log = ln(max / min);
            let mean = (max - min) / log;
            (mean, (max * max - min * min) / (2.0 * log) - mean * mean)
        }
        not_closed!() => (f64::NAN, f64::NAN),
    }
}

fn log_logistic_moments(shape: f64, scale: f64) -> (f64, f64) {
    let b = std::f64::consts::PI / shape;
    // sin(b) by the sine of the half circle: tan and cosine of the same angle.
    let sine = |angle: f64| {
        let t = crate::math::tan_half_pi(angle / std::f64::consts::PI);
        2.0 * t / (1.0 + t * t)
    };
    let mean = if shape > 1.0 { scale * b / sine(b) } else { f64::INFINITY };
    let variance = scale * scale * 2.0 * b / sine(2.0 * b) - mean * mean;
    (mean, if shape > 2.0 { variance } else { f64::INFINITY })
}

fn shape_moments(shape: Shape) -> (f64, f64) {
    match shape {
        Shape::Beta { a, b } => (a / (a + b), a * b / ((a + b) * (a + b) * (a + b + 1.0))),
        Shape::Gamma { k } => (k, k),
        Shape::StudentT { df } => (
            if df > 1.0 { 0.0 } else { f64::NAN },
            if df > 2.0 {
                df / (df - 2.0)
            } else if df > 1.0 {
                f64::INFINITY
            } else {
                f64::NAN
            },
        ),
    }
}

fn count_moments(family: &Family) -> (f64, f64) {
    if let Family::Bernoulli { p } = family {
        return (*p, p * (1.0 - p));
    }
    if let Family::Binomial { n, p } = family {
        return (n * p, n * p * (1.0 - p));
    }
    if let Family::Poisson { mean } = family {
        return (*mean, *mean);
    }
    if let Family::Geometric { p } = family {
        return ((1.0 - p) / p, (1.0 - p) / (p * p));
    }
    if let Family::NegativeBinomial { r, p } = family {
        return (r * (1.0 - p) / p, r * (1.0 - p) / (p * p));
    }
    if let Family::Hypergeometric { n, marked, total } = family {
        let share = marked / total;
        let rest = if *total > 1.0 { (total - n) / (total - 1.0) } else { 0.0 };
        return (n * share, n * share * (1.0 - share) * rest);
    }
    if let Family::DiscreteUniform { min, max } = family {
        let count = max - min + 1.0;
        return (0.5 * (min + max), (count * count - 1.0) / 12.0);
    }
    (f64::NAN, f64::NAN)
}
