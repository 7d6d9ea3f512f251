//! The three families that have no closed inverse, in their standard form.

use crate::math::beta::{beta_parts, beta_term};
use crate::math::gamma::{gamma_parts, gamma_term};
use crate::math::root::find_zero;
use crate::math::{exp, inverse_normal, ln, ln_1p, ln_beta, ln_gamma, normal_cdf};

/// Degrees of freedom from which Student t is computed as its normal limit with one correction.
const NEARLY_NORMAL: f64 = 1e8;

/// A standard form: beta on the unit interval, gamma of scale 1, Student t of scale 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    Beta { a: f64, b: f64 },
    Gamma { k: f64 },
    StudentT { df: f64 },
}

impl Shape {
    /// Probability up to `x` and above it; each has its full relative precision.
    pub(crate) fn parts(self, x: f64) -> (f64, f64) {
        match self {
            Self::Beta { a, b } => beta_parts(a, b, (x, 1.0 - x)),
            Self::Gamma { k } => gamma_parts(k, x),
            Self::StudentT { df } => student_parts(df, x),
        }
    }

    /// The quantile at `p`, with `q = 1 - p` given apart.
    pub(crate) fn inverse(self, p: f64, q: f64) -> f64 {
        match self {
            Self::Beta { a, b } => inverse_beta(a, b, (p, q)).0,
            Self::Gamma { k } => inverse_gamma(k, p, q),
            Self::StudentT { df } => inverse_student(df, p, q),
        }
    }

    /// Logarithm of the density.
    pub(crate) fn ln_density(self, x: f64) -> f64 {
        match self {
            Self::Beta { a, b } => {
                if !(0.0..=1.0).contains(&x) {
                    return f64::NEG_INFINITY;
                }
                weighted_ln(a - 1.0, x) + weighted_ln(b - 1.0, 1.0 - x) - ln_beta(a, b)
            }
            Self::Gamma { k } => {
                if x < 0.0 {
                    return f64::NEG_INFINITY;
                }
                weighted_ln(k - 1.0, x) - x - ln_gamma(k)
            }
            Self::StudentT { df } => {
                let constant = -ln_beta(0.5, 0.5 * df) - 0.5 * ln(df);
                constant - 0.5 * (df + 1.0) * ln_1p(x * x / df)
            }
        }
    }
}

/// `weight · ln x`, which is nothing where the weight is.
pub(super) fn weighted_ln(weight: f64, x: f64) -> f64 {
    if weight == 0.0 { 0.0 } else { weight * ln(x) }
}

fn student_parts(df: f64, x: f64) -> (f64, f64) {
    if x.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    let upper = if df >= NEARLY_NORMAL {
        normal_cdf(-x.abs() * (1.0 - (x * x + 1.0) / (4.0 * df)))
    } else {
        let square = x * x;
        let total = df + square;
        let (near, far) = (df / total, if total.is_finite() { square / total } else { 1.0 });
        0.5 * beta_parts(0.5 * df, 0.5, (near, far)).0
    };
    if x < 0.0 { (upper, 1.0 - upper) } else { (1.0 - upper, upper) }
}

fn inverse_student(df: f64, p: f64, q: f64) -> f64 {
    if p == 0.5 {
        return 0.0;
    }
    let tail = p.min(q);
    let distance = if tail == 0.0 {
        f64::INFINITY
    } else if df >= NEARLY_NORMAL {
        let z = -inverse_normal(tail);
        z + z * (z * z + 1.0) / (4.0 * df)
    } else {
        let (w, rest) = inverse_beta(0.5 * df, 0.5, (2.0 * tail, 1.0 - 2.0 * tail));
        (df * rest / w).sqrt()
    };
    if p < q { -distance } else { distance }
}

/// Solves on the side of the mean where the sought probability is the smaller one, in logarithms,
/// where both functions are nearly straight lines. Returns `x` and `1 - x`.
fn inverse_beta(a: f64, b: f64, (p, q): (f64, f64)) -> (f64, f64) {
    if p <= 0.0 {
        return (0.0, 1.0);
    }
    if q <= 0.0 {
        return (1.0, 0.0);
    }
    let mean = a / (a + b);
    if p <= beta_parts(a, b, (mean, 1.0 - mean)).0 {
        let x = lower_beta(a, b, (p, q));
        (x, 1.0 - x)
    } else {
        let y = lower_beta(b, a, (q, p));
        (1.0 - y, y)
    }
}

/// The quantile at `p` where it lies below the mean.
fn lower_beta(a: f64, b: f64, (p, q): (f64, f64)) -> f64 {
    let mean = a / (a + b);
    // The lower part is at most x^a / (a B) · max(1, (1 - x)^(b - 1)).
    let slack = ((b - 1.0) * ln_1p(-mean)).max(0.0);
    let least = (ln(p) + ln(a) + ln_beta(a, b) - slack) / a;
    if least < -744.0 {
        return 0.0;
    }
    let f = |s: f64| {
        let x = exp(s);
        let (lower, upper) = beta_parts(a, b, (x, 1.0 - x));
        if p < 0.5 { ln(lower / p) } else { ln(q / upper) }
    };
    let least = least.min(ln(mean)) - 1e-9 * (1.0 + least.abs());
    exp(find_zero((least, ln(mean)), f))
}

fn inverse_gamma(k: f64, p: f64, q: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if q <= 0.0 {
        return f64::INFINITY;
    }
    if p <= gamma_parts(k, k).0 {
        // The lower part is at most x^k / Γ(k + 1).
        let least = (ln(p) + ln_gamma(k + 1.0)) / k;
        if least < -744.0 {
            return 0.0;
        }
        let f = |s: f64| {
            let (lower, upper) = gamma_parts(k, exp(s));
            if p < 0.5 { ln(lower / p) } else { ln(q / upper) }
        };
        let least = least.min(ln(k)) - 1e-9 * (1.0 + least.abs());
        return exp(find_zero((least, ln(k)), f));
    }
    let f = |x: f64| {
        let (lower, upper) = gamma_parts(k, x);
        if q < 0.5 { ln(q / upper) } else { ln(lower / p) }
    };
    let mut high = k + 2.0 * k.sqrt() + 1.0;
    for _ in 0..200 {
        if f(high) >= 0.0 {
            break;
        }
        high = k + (high - k) * 1.5;
    }
    find_zero((k, high), f)
}

/// The densities' common factors, for mass functions of counts.
pub(super) fn poisson_mass(k: f64, mean: f64) -> f64 {
    gamma_term(k, mean)
}

/// Probability of `k` successes in `n` trials of probability `p`.
pub(super) fn binomial_mass(k: f64, n: f64, p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        let sure = if p <= 0.0 { 0.0 } else { n };
        return if k == sure { 1.0 } else { 0.0 };
    }
    // The density of a beta variable at p with these counts, put back to a probability.
    beta_term(k + 1.0, n - k + 1.0, (p, 1.0 - p)) / ((n + 1.0) * p * (1.0 - p))
}
