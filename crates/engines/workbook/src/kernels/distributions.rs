//! Densities, distribution functions and their inverses, as plain functions of valid parameters.

use std::f64::consts::PI;

use super::beta::{bisect, bisect_up, incomplete_beta, ln_beta};
use super::gamma::{choose, erfc, ln_gamma, lower_gamma, upper_gamma};

/// Density of the standard normal distribution.
#[must_use]
pub fn normal_density(z: f64) -> f64 {
    (-z * z / 2.0).exp() / (2.0 * PI).sqrt()
}

/// Standard normal distribution function.
#[must_use]
pub fn normal(z: f64) -> f64 {
    erfc(-z / std::f64::consts::SQRT_2) / 2.0
}

/// Inverse of the standard normal distribution function, for 0 < p < 1: Acklam's rational
/// approximation and two steps of Halley's method.
#[must_use]
pub fn normal_inverse(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
    ];
    let poly = |c: &[f64], x: f64| c.iter().fold(0.0, |s, k| s * x + k);
    let tail = |p: f64| {
        let q = (-2.0 * p.ln()).sqrt();
        poly(&C, q) / (poly(&D, q) * q + 1.0)
    };
    let mut z = if p < 0.02425 {
        tail(p)
    } else if p > 1.0 - 0.02425 {
        -tail(1.0 - p)
    } else {
        let q = p - 0.5;
        let r = q * q;
        poly(&A, r) * q / (poly(&B, r) * r + 1.0)
    };
    for _ in 0..2 {
        let e = if z < 0.0 { normal(z) - p } else { (1.0 - p) - normal(-z) };
        let u = e * (2.0 * PI).sqrt() * (z * z / 2.0).exp();
        z -= u / (1.0 + z * u / 2.0);
    }
    z
}

/// Density of Student's t distribution.
#[must_use]
pub fn t_density(x: f64, df: f64) -> f64 {
    let c = ln_gamma(f64::midpoint(df, 1.0)) - ln_gamma(df / 2.0) - (df * PI).ln() / 2.0;
    (c - f64::midpoint(df, 1.0) * (1.0 + x * x / df).ln()).exp()
}

/// Upper tail of Student's t distribution at x ≥ 0.
#[must_use]
pub fn t_tail(x: f64, df: f64) -> f64 {
    incomplete_beta(df / (df + x * x), df / 2.0, 0.5) / 2.0
}

/// Student's t distribution function.
#[must_use]
pub fn t(x: f64, df: f64) -> f64 {
    if x < 0.0 { t_tail(-x, df) } else { 1.0 - t_tail(x, df) }
}

/// The x whose two tails together are p.
#[must_use]
pub fn t_inverse_two_tails(p: f64, df: f64) -> f64 {
    bisect_up(-p / 2.0, 0.0, |x| -t_tail(x, df))
}

/// Upper tail of the chi-square distribution.
#[must_use]
pub fn chi_tail(x: f64, df: f64) -> f64 {
    upper_gamma(df / 2.0, x / 2.0)
}

/// Density of the chi-square distribution.
#[must_use]
pub fn chi_density(x: f64, df: f64) -> f64 {
    gamma_density(x, df / 2.0, 2.0)
}

/// Density of the gamma distribution.
#[must_use]
pub fn gamma_density(x: f64, shape: f64, scale: f64) -> f64 {
    if x == 0.0 {
        return if shape == 1.0 {
            1.0 / scale
        } else if shape < 1.0 {
            f64::INFINITY
        } else {
            0.0
        };
    }
    ((shape - 1.0) * x.ln() - x / scale - shape * scale.ln() - ln_gamma(shape)).exp()
}

/// Inverse of the gamma distribution function.
#[must_use]
pub fn gamma_inverse(p: f64, shape: f64, scale: f64) -> f64 {
    if p == 0.0 { 0.0 } else { bisect_up(p, 0.0, |x| lower_gamma(shape, x)) * scale }
}

/// Upper tail of the F distribution.
#[must_use]
pub fn f_tail(x: f64, d1: f64, d2: f64) -> f64 {
    incomplete_beta(d2 / (d2 + d1 * x), d2 / 2.0, d1 / 2.0)
}

/// F distribution function.
#[must_use]
pub fn f(x: f64, d1: f64, d2: f64) -> f64 {
    incomplete_beta(d1 * x / (d2 + d1 * x), d1 / 2.0, d2 / 2.0)
}

/// Density of the F distribution.
#[must_use]
pub fn f_density(x: f64, d1: f64, d2: f64) -> f64 {
    if x == 0.0 {
        return if d1 == 2.0 {
            1.0
        } else if d1 < 2.0 {
            f64::INFINITY
        } else {
            0.0
        };
    }
    let log = d1 / 2.0 * (d1 / d2).ln() + (d1 / 2.0 - 1.0) * x.ln()
        - (d1 + d2) / 2.0 * (1.0 + d1 * x / d2).ln()
        - ln_beta(d1 / 2.0, d2 / 2.0);
    log.exp()
}

/// Density of the beta distribution on 0 to 1.
#[must_use]
pub fn beta_density(x: f64, a: f64, b: f64) -> f64 {
    if x == 0.0 && a == 1.0 {
        return b;
    }
    if x == 1.0 && b == 1.0 {
        return a;
    }
    ((a - 1.0) * x.ln() + (b - 1.0) * (-x).ln_1p() - ln_beta(a, b)).exp()
}

/// Inverse of the beta distribution function.
#[must_use]
pub fn beta_inverse(p: f64, a: f64, b: f64) -> f64 {
    bisect(p, (0.0, 1.0), |x| incomplete_beta(x, a, b))
}

/// Probability of k successes in n trials.
#[must_use]
pub fn binomial_mass(k: f64, n: f64, p: f64) -> f64 {
    if p == 0.0 || p == 1.0 {
        return f64::from(u8::from(k == n * p));
    }
    if n < 500.0 {
        return choose(n, k) * p.powf(k) * (1.0 - p).powf(n - k);
    }
    let log = ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
    (log + k * p.ln() + (n - k) * (-p).ln_1p()).exp()
}

/// Probability of at most k successes in n trials.
#[must_use]
pub fn binomial(k: f64, n: f64, p: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    if n <= 1000.0 {
        return (0..=k as u64).map(|i| binomial_mass(i as f64, n, p)).sum();
    }
    1.0 - incomplete_beta(p, k + 1.0, n - k)
}

/// Probability of k events where `mean` are expected.
#[must_use]
pub fn poisson_mass(k: f64, mean: f64) -> f64 {
    if mean == 0.0 {
        return f64::from(u8::from(k == 0.0));
    }
    (k * mean.ln() - mean - ln_gamma(k + 1.0)).exp()
}

/// Probability of k marked ones in a sample of n, from a population of `total` with `marked`.
#[must_use]
pub fn hypergeometric_mass(k: f64, n: f64, marked: f64, total: f64) -> f64 {
    choose(marked, k) * choose(total - marked, n - k) / choose(total, n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() <= b.abs() * tolerance, "{a} is not {b}");
    }

    #[test]
    fn known_values() {
        close(normal(1.333_333_333_333_333_3), 0.908_788_780_274_132, 1e-13);
        close(normal_inverse(0.975), 1.959_963_984_540_054, 1e-14);
        close(normal_inverse(1e-10), -6.361_340_902_404_056, 1e-13);
        close(2.0 * t_tail(1.959_999_998, 60.0), 0.054_644_929_975_9, 1e-9);
        close(chi_tail(18.307, 10.0), 0.050_000_589, 1e-7);
        close(f_tail(15.206_86, 6.0, 4.0), 0.01, 1e-5);
        close(gamma_inverse(0.068_094, 9.0, 2.0), 10.000_011_2, 1e-6);
        close(binomial_mass(6.0, 10.0, 0.5), 0.205_078_125, 1e-14);
        close(hypergeometric_mass(1.0, 4.0, 8.0, 20.0), 0.363_261_093_911_25, 1e-12);
        close(poisson_mass(2.0, 5.0), 0.084_224_337_488_568, 1e-12);
    }
}
