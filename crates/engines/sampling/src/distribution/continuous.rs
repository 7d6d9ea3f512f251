//! Distribution function and quantile of every family; the whole-numbered ones are handed on.

use super::family::not_closed;
use super::pieces::Pieces;
use super::shape::Shape;
use super::{Family, discrete};
use crate::math::{cot_pi, exp, exp_m1, inverse_normal, ln, ln_1p, normal_cdf, pow};

impl Family {
    /// The standard form with location and scale, for the families without a closed inverse.
    pub(crate) fn standard(&self) -> Option<(Shape, f64, f64)> {
        if let Self::Pert { min, mode, max, lambda } = self {
            let width = max - min;
            let (a, b) = (1.0 + lambda * (mode - min) / width, 1.0 + lambda * (max - mode) / width);
            return Some((Shape::Beta { a, b }, *min, width));
        }
        if let Self::Beta { alpha, beta, min, max } = self {
            return Some((Shape::Beta { a: *alpha, b: *beta }, *min, max - min));
        }
        if let Self::Gamma { shape, scale } = self {
            return Some((Shape::Gamma { k: *shape }, 0.0, *scale));
        }
        if let Self::ChiSquared { df } = self {
            return Some((Shape::Gamma { k: 0.5 * df }, 0.0, 2.0));
        }
        if let Self::StudentT { df, location, scale } = self {
            return Some((Shape::StudentT { df: *df }, *location, *scale));
        }
        None
    }

    /// Probability up to `x` and above it.
    pub(crate) fn parts(&self, x: f64) -> (f64, f64) {
        if x == f64::INFINITY {
            return (1.0, 0.0);
        }
        if x == f64::NEG_INFINITY {
            return (0.0, 1.0);
        }
        if let Some((shape, location, scale)) = self.standard() {
            return shape.parts((x - location) / scale);
        }
        if let Some(pieces) = Pieces::find(self) {
            return pieces.parts(x);
        }
        if self.is_discrete() || self.outcomes().is_some() {
            return discrete::parts(self, x);
        }
        self.closed_parts(x)
    }

    fn closed_parts(&self, x: f64) -> (f64, f64) {
        match self {
            Self::Uniform { min, max } => {
                let p = ((x - min) / (max - min)).clamp(0.0, 1.0);
                (p, ((max - x) / (max - min)).clamp(0.0, 1.0))
            }
            Self::Normal { mean, sd } => scores((x - mean) / sd),
            Self::LogNormal { mu, sigma } if x > 0.0 => scores((ln(x) - mu) / sigma),
            Self::Triangular { min, mode, max } => triangular_parts((*min, *mode, *max), x),
            Self::Exponential { mean } if x > 0.0 => decay(x / mean),
            Self::Weibull { shape, scale } if x > 0.0 => decay(pow(x / scale, *shape)),
            Self::Rayleigh { scale } if x > 0.0 => decay(0.5 * (x / scale) * (x / scale)),
            Self::Logistic { location, scale } => odds((x - location) / scale),
            Self::LogLogistic { shape, scale } if x > 0.0 => odds(shape * ln(x / scale)),
            Self::Pareto { shape, min } if x > *min => decay(shape * ln(x / min)),
            Self::Gumbel { location, scale } => {
                let (upper, lower) = decay(exp((location - x) / scale));
                (lower, upper)
            }
            Self::GumbelMin { location, scale } => decay(exp((x - location) / scale)),
            Self::Cauchy { location, scale } => cauchy_parts((x - location) / scale),
            Self::Laplace { location, scale } => {
                let z = (x - location) / scale;
                let tail = 0.5 * exp(-z.abs());
                if z < 0.0 { (tail, 1.0 - tail) } else { (1.0 - tail, tail) }
            }
            Self::LogUniform { min, max } if x > *min => {
                let p = (ln(x / min) / ln(max / min)).min(1.0);
                (p, 1.0 - p)
            }
            Self::LogNormal { .. }
            | Self::Exponential { .. }
            | Self::Weibull { .. }
            | Self::Rayleigh { .. }
            | Self::LogLogistic { .. }
            | Self::Pareto { .. }
            | Self::LogUniform { .. } => (if x.is_nan() { f64::NAN } else { 0.0 }, 1.0),
            not_closed!() => (f64::NAN, f64::NAN),
        }
    }

    /// The least value whose probability reaches `p`, with `q = 1 - p` given apart.
    pub(crate) fn quantile(&self, p: f64, q: f64) -> f64 {
        if let Some((shape, location, scale)) = self.standard() {
            return location + scale * shape.inverse(p, q);
        }
        if let Some(pieces) = Pieces::find(self) {
            return pieces.quantile(p);
        }
        if self.is_discrete() || self.outcomes().is_some() {
            return discrete::quantile(self, p, q);
        }
        self.closed_quantile(p, q)
    }

    fn closed_quantile(&self, p: f64, q: f64) -> f64 {
        let score = || if p < 0.5 { inverse_normal(p) } else { -inverse_normal(q) };
        // -ln q without loss at either end.
        let decayed = |p: f64, q: f64| if p < 0.5 { -ln_1p(-p) } else { -ln(q) };
        let log_odds = || ln(p / q);
        match self {
            Self::Uniform { min, max } => {
                if p < 0.5 {
                    min + (max - min) * p
                } else {
                    max - (max - min) * q
                }
            }
            Self::Normal { mean, sd } => mean + sd * score(),
            Self::LogNormal { mu, sigma } => exp(mu + sigma * score()),
            Self::Triangular { min, mode, max } => {
                let width = max - min;
                if p * width < mode - min {
                    min + (width * (mode - min) * p).sqrt()
                } else {
                    max - (width * (max - mode) * q).sqrt()
                }
            }
            Self::Exponential { mean } => mean * decayed(p, q),
            Self::Weibull { shape, scale } => scale * pow(decayed(p, q), 1.0 / shape),
            Self::Rayleigh { scale } => scale * (2.0 * decayed(p, q)).sqrt(),
            Self::Logistic { location, scale } => location + scale * log_odds(),
            Self::LogLogistic { shape, scale } => scale * exp(log_odds() / shape),
            Self::Pareto { shape, min } => min * exp(decayed(p, q) / shape),
            Self::Gumbel { location, scale } => location - scale * ln(decayed(q, p)),
            Self::GumbelMin { location, scale } => location + scale * ln(decayed(p, q)),
            Self::Cauchy { location, scale } => {
                let tangent = cot_pi(p.min(q));
                location + scale * if p < q { -tangent } else { tangent }
            }
            Self::Laplace { location, scale } => {
                let distance = -ln(2.0 * p.min(q));
                location + scale * if p < q { -distance } else { distance }
            }
            Self::LogUniform { max, .. } if q == 0.0 => *max,
            Self::LogUniform { min, max } => (min * exp(p * ln(max / min))).clamp(*min, *max),
            not_closed!() => f64::NAN,
        }
    }
}

fn scores(z: f64) -> (f64, f64) {
    (normal_cdf(z), normal_cdf(-z))
}

/// Both parts of the exponential distribution.
fn decay(x: f64) -> (f64, f64) {
    (-exp_m1(-x), exp(-x))
}

/// Both parts of the logistic distribution.
fn odds(z: f64) -> (f64, f64) {
    (1.0 / (1.0 + exp(-z)), 1.0 / (1.0 + exp(z)))
}

fn triangular_parts((min, mode, max): (f64, f64, f64), x: f64) -> (f64, f64) {
    if x <= min {
        return (0.0, 1.0);
    }
    if x >= max {
        return (1.0, 0.0);
    }
    let width = max - min;
    if x < mode {
        let lower = (x - min) * (x - min) / (width * (mode - min));
        (lower, 1.0 - lower)
    } else {
        let upper = (max - x) * (max - x) / (width * (max - mode));
        (1.0 - upper, upper)
    }
}

fn cauchy_parts(z: f64) -> (f64, f64) {
    let tail = arc_tangent(1.0 / z.abs()) / std::f64::consts::PI;
    if z < 0.0 { (tail, 1.0 - tail) } else { (1.0 - tail, tail) }
}

/// Arc tangent of a positive number, by two halvings of the angle and its series.
fn arc_tangent(x: f64) -> f64 {
    if x > 1.0 {
        return std::f64::consts::FRAC_PI_2 - arc_tangent(1.0 / x);
    }
    let halve = |x: f64| x / (1.0 + (1.0 + x * x).sqrt());
    let t = halve(halve(x));
    let square = t * t;
    let series = (0..16_u32).rev().fold(0.0, |sum, k| 1.0 / f64::from(2 * k + 1) - square * sum);
    4.0 * t * series
}
