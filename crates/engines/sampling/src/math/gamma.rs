//! The gamma function's logarithm, its derivatives and the incomplete gamma functions. Products of
//! large and small factors are put together as Loader (2000) does: the large parts cancel in
//! algebra, not in rounding.

use super::{exp, ln, ln_1p, normal_cdf};

const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;
/// Coefficients of Stirling's series, from 1/x on.
const STIRLING: [f64; 8] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1_260.0,
    -1.0 / 1_680.0,
    1.0 / 1_188.0,
    -691.0 / 360_360.0,
    1.0 / 156.0,
    -3_617.0 / 122_400.0,
];
/// No series or fraction here needs more terms before the asymptotic expansion takes over.
const MOST_TERMS: usize = 20_000;
const ASYMPTOTIC_FROM: f64 = 1e5;

/// What Stirling's formula lacks: `ln Γ(x) - ((x - ½) ln x - x + ½ ln 2π)`, for x > 0.
pub(crate) fn stirling_error(x: f64) -> f64 {
    let mut x = x;
    let mut sum = 0.0;
    while x < 15.0 {
        sum += (x + 0.5) * ln_1p(1.0 / x) - 1.0;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = STIRLING.iter().rev().fold(0.0, |s, c| s * square + c);
    sum + series / x
}

/// Natural logarithm of the gamma function, for x > 0.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    if x == 1.0 || x == 2.0 {
        return 0.0;
    }
    (x - 0.5) * ln(x) - x + HALF_LN_TAU + stirling_error(x)
}

/// `ln n!`.
#[must_use]
pub fn ln_factorial(n: f64) -> f64 {
    ln_gamma(n + 1.0)
}

/// Logarithm of the number of ways to choose `k` of `n`.
#[must_use]
pub fn ln_choose(n: f64, k: f64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// Derivative of [`ln_gamma`].
#[must_use]
pub fn digamma(x: f64) -> f64 {
    let (mut x, mut sum) = (x, 0.0);
    while x < 12.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let s = 1.0 / (x * x);
    let series = s
        * (1.0 / 12.0
            - s * (1.0 / 120.0
                - s * (1.0 / 252.0
                    - s * (1.0 / 240.0 - s * (1.0 / 132.0 - s * 691.0 / 32_760.0)))));
    sum + ln(x) - 0.5 / x - series
}

/// Second derivative of [`ln_gamma`].
#[must_use]
pub fn trigamma(x: f64) -> f64 {
    let (mut x, mut sum) = (x, 0.0);
    while x < 12.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let s = 1.0 / (x * x);
    let series = 1.0 / 6.0
        - s * (1.0 / 30.0
            - s * (1.0 / 42.0 - s * (1.0 / 30.0 - s * (5.0 / 66.0 - s * 691.0 / 2_730.0))));
    sum + 1.0 / x + s * 0.5 + series * s / x
}

/// `x ln(x / m) + m - x` without loss where `x` is near `m`; the deviance of a Poisson count.
pub(crate) fn deviance(x: f64, m: f64) -> f64 {
    if x == 0.0 {
        return m;
    }
    let difference = x - m;
    if difference.abs() < 0.1 * (x + m) {
        let v = difference / (x + m);
        let square = v * v;
        let mut power = 2.0 * x * v;
        let mut sum = difference * v;
        for n in 1..40_u32 {
            power *= square;
            let next = sum + power / f64::from(2 * n + 1);
            if next == sum {
                break;
            }
            sum = next;
        }
        return sum;
    }
    x * ln(x / m) + m - x
}

/// `x^a e^-x / Γ(a + 1)`, which is also the Poisson probability of `a` at mean `x`.
pub(crate) fn gamma_term(a: f64, x: f64) -> f64 {
    if a == 0.0 {
        return exp(-x);
    }
    if x == 0.0 {
        return 0.0;
    }
    let ln_root = 0.5 * ln(a) + HALF_LN_TAU;
    exp(-deviance(a, x) - stirling_error(a) - ln_root)
}

/// Both incomplete gamma functions, regularised: lower and upper part of the gamma distribution of
/// shape `a` at `x`. Each has its full relative precision.
pub(crate) fn gamma_parts(a: f64, x: f64) -> (f64, f64) {
    if x.is_nan() || a.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x == f64::INFINITY {
        return (1.0, 0.0);
    }
    if a > ASYMPTOTIC_FROM && (x - a).abs() < 0.1 * a {
        return asymptotic_parts(a, x);
    }
    if x < a + 1.0 {
        let lower = gamma_term(a, x) * lower_series(a, x);
        (lower.min(1.0), 1.0 - lower.min(1.0))
    } else {
        let upper = gamma_term(a, x) * a * upper_fraction(a, x);
        (1.0 - upper.min(1.0), upper.min(1.0))
    }
}

fn lower_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut divisor) = (1.0, 1.0, a);
    for _ in 0..MOST_TERMS {
        divisor += 1.0;
        term *= x / divisor;
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

/// `Γ(a, x) / (x^a e^-x)` by Lentz's evaluation of its continued fraction, for x > a.
fn upper_fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / f64::MIN_POSITIVE;
    let mut d = 1.0 / b;
    let mut value = d;
    for i in 1..MOST_TERMS {
        let i = i as f64;
        let numerator = -i * (i - a);
        b += 2.0;
        d = 1.0 / (numerator * d + b);
        c = b + numerator / c;
        let factor = c * d;
        value *= factor;
        if (factor - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

/// Temme's uniform expansion for large shapes, as far as double precision needs it near the mean.
fn asymptotic_parts(a: f64, x: f64) -> (f64, f64) {
    const C0: [f64; 7] = [
        -1.0 / 3.0,
        1.0 / 12.0,
        -2.0 / 135.0,
        1.0 / 864.0,
        1.0 / 2_835.0,
        -139.0 / 777_600.0,
        1.0 / 25_515.0,
    ];
    const C1: [f64; 4] = [-1.0 / 540.0, -1.0 / 288.0, 1.0 / 378.0, -77.0 / 77_760.0];
    let half_square = deviance(a, x);
    let eta = (2.0 * half_square / a).sqrt();
    let eta = if x < a { -eta } else { eta };
    let at = |c: &[f64]| c.iter().rev().fold(0.0, |s, c| s * eta + c);
    let rest = exp(-half_square - HALF_LN_TAU - 0.5 * ln(a)) * (at(&C0) + at(&C1) / a);
    let score = (2.0 * half_square).sqrt();
    let score = if x < a { -score } else { score };
    // With the expansion, upper = Φ(-score) + rest and lower = Φ(score) - rest.
    (normal_cdf(score) - rest, normal_cdf(-score) + rest)
}

/// Regularised lower incomplete gamma function.
#[must_use]
pub fn lower_gamma(a: f64, x: f64) -> f64 {
    gamma_parts(a, x).0
}

/// Regularised upper incomplete gamma function.
#[must_use]
pub fn upper_gamma(a: f64, x: f64) -> f64 {
    gamma_parts(a, x).1
}
