//! The incomplete beta function.

use super::gamma::{deviance, stirling_error};
use super::{exp, ln, ln_gamma};

const LN_TAU: f64 = 1.837_877_066_409_345_6;
const MOST_TERMS: usize = 20_000;

/// `ln B(a, b)`.
#[must_use]
pub fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// `x^a y^b / B(a, b)` with `y = 1 - x`, given apart so that neither end loses digits.
pub(crate) fn beta_term(a: f64, b: f64, (x, y): (f64, f64)) -> f64 {
    if x <= 0.0 || y <= 0.0 {
        return 0.0;
    }
    let n = a + b;
    let exponent = deviance(a, n * x) + deviance(b, n * y);
    let correction = stirling_error(a) + stirling_error(b) - stirling_error(n);
    exp(0.5 * (ln(a) + ln(b) - ln(n) - LN_TAU) - exponent - correction)
}

/// Lower and upper part of the beta distribution at `x`, with `y = 1 - x` given apart. Each has
/// its full relative precision.
pub(crate) fn beta_parts(a: f64, b: f64, (x, y): (f64, f64)) -> (f64, f64) {
    if x.is_nan() || a.is_nan() || b.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if y <= 0.0 {
        return (1.0, 0.0);
    }
    if x <= (a + 1.0) / (a + b + 2.0) {
        let lower = (beta_term(a, b, (x, y)) * fraction(a, b, x) / a).min(1.0);
        (lower, 1.0 - lower)
    } else {
        let upper = (beta_term(b, a, (y, x)) * fraction(b, a, y) / b).min(1.0);
        (1.0 - upper, upper)
    }
}

/// Lentz's evaluation of the continued fraction of the incomplete beta function.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let guard = |v: f64| if v.abs() < 1e-290 { 1e-290 } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for m in 1..MOST_TERMS {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        value *= c * d;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        value *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

/// Regularised incomplete beta function at `0 ≤ x ≤ 1`.
#[must_use]
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    beta_parts(a, b, (x, 1.0 - x)).0
}
