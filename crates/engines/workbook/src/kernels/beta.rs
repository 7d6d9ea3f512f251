//! The regularised incomplete beta function, and its inverse by bisection.

use super::gamma::ln_gamma;

/// The logarithm of the beta function.
#[must_use]
pub fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// I(x; a, b): the share of a beta distribution below x.
#[must_use]
pub fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (a * x.ln() + b * (-x).ln_1p() - ln_beta(a, b)).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(1.0 - x, b, a) / b
    }
}

fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let (qab, qap, qam) = (a + b, a + 1.0, a - 1.0);
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - qab * x / qap);
    let mut h = d;
    for m in 1..20_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((qam + 2.0 * m) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (qab + m) * x / ((a + 2.0 * m) * (qap + 2.0 * m));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let delta = d * c;
        h *= delta;
        if (delta - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h
}

/// The place between `low` and `high` where a rising function reaches `target`.
pub fn bisect(target: f64, (low, high): (f64, f64), f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (low, high);
    for _ in 0..2_000 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if f(middle) < target {
            low = middle;
        } else {
            high = middle;
        }
    }
    // Of the last two neighbours, the nearer.
    if (f(low) - target).abs() < (f(high) - target).abs() { low } else { high }
}

/// As [`bisect`], on a half line: the upper end is found by doubling.
pub fn bisect_up(target: f64, low: f64, f: impl Fn(f64) -> f64) -> f64 {
    let mut high = low.abs().max(1.0);
    for _ in 0..1_000 {
        if f(low + high) >= target {
            break;
        }
        high *= 2.0;
    }
    bisect(target, (low, low + high), f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert!((incomplete_beta(0.4, 2.0, 3.0) - 0.5248).abs() < 1e-14);
        assert!((incomplete_beta(0.5, 8.0, 10.0) - 0.685_470_581_054_687_5).abs() < 1e-13);
        let x = bisect(0.685_470_581_054_687_5, (0.0, 1.0), |x| incomplete_beta(x, 8.0, 10.0));
        assert!((x - 0.5).abs() < 1e-13);
        assert!((bisect_up(100.0, 0.0, |x| x * x) - 10.0).abs() < 1e-12);
    }
}
