//! Distributions under their present names.

use super::{Args, Function, eager, k1, require, scalar};
use crate::kernels::beta::incomplete_beta;
use crate::kernels::distributions as d;
use crate::kernels::fail;
use crate::kernels::gamma::{choose, lower_gamma};
use crate::value::{ErrorKind, Value};

type R = Result<Value, ErrorKind>;

pub(super) const TABLE: &[Function] = &[
    scalar("NORM.DIST", (4, 4), norm_dist),
    scalar("NORM.INV", (3, 3), norm_inv),
    scalar("NORM.S.DIST", (2, 2), |a| {
        let z = a.number(0)?;
        Ok(if a.bool_or(1, true)? { d::normal(z) } else { d::normal_density(z) }.into())
    }),
    k1("NORM.S.INV", norm_s_inv),
    k1("PHI", d::normal_density),
    k1("GAUSS", |z| d::normal(z) - 0.5),
    k1("FISHER", |x| {
        if x.abs() < 1.0 { ((1.0 + x) / (1.0 - x)).ln() / 2.0 } else { fail(ErrorKind::Num) }
    }),
    k1("FISHERINV", |y| {
        let power = (2.0 * y).exp();
        if power.is_infinite() { 1.0 } else { (power - 1.0) / (power + 1.0) }
    }),
    scalar("STANDARDIZE", (3, 3), |a| {
        require(a.number(2)? > 0.0)?;
        Ok(((a.number(0)? - a.number(1)?) / a.number(2)?).into())
    }),
    scalar("LOGNORM.DIST", (4, 4), |a| {
        let (x, m, s) = (a.number(0)?, a.number(1)?, a.number(2)?);
        require(x > 0.0 && s > 0.0)?;
        let z = (x.ln() - m) / s;
        Ok(if a.bool_or(3, true)? { d::normal(z) } else { d::normal_density(z) / (s * x) }.into())
    }),
    scalar("LOGNORM.INV", (3, 3), lognorm_inv),
    scalar("EXPON.DIST", (3, 3), expon),
    scalar("WEIBULL.DIST", (4, 4), weibull),
    scalar("GAMMA.DIST", (4, 4), gamma_dist),
    scalar("GAMMA.INV", (3, 3), gamma_inv),
    scalar("BETA.DIST", (4, 6), |a| beta(a, Some(3))),
    scalar("BETA.INV", (3, 5), beta_inv),
    scalar("CHISQ.DIST", (3, 3), |a| {
        let (x, k) = (a.number(0)?, a.number(1)?.trunc());
        require(x >= 0.0 && (1.0..=1e10).contains(&k))?;
        Ok(Value::number(if a.bool_or(2, true)? {
            lower_gamma(k / 2.0, x / 2.0)
        } else {
            d::chi_density(x, k)
        }))
    }),
    scalar("CHISQ.DIST.RT", (2, 2), chi_tail),
    scalar("CHISQ.INV", (2, 2), |a| {
        let (p, k) = (a.number(0)?, a.number(1)?.trunc());
        require((0.0..1.0).contains(&p) && k >= 1.0)?;
        Ok(d::gamma_inverse(p, k / 2.0, 2.0).into())
    }),
    scalar("CHISQ.INV.RT", (2, 2), chi_inv_tail),
    scalar("T.DIST", (3, 3), |a| {
        let (x, k) = (a.number(0)?, a.number(1)?.trunc());
        require(k >= 1.0)?;
        Ok(if a.bool_or(2, true)? { d::t(x, k) } else { d::t_density(x, k) }.into())
    }),
    scalar("T.DIST.RT", (2, 2), |a| {
        let (x, k) = (a.number(0)?, a.number(1)?.trunc());
        require(k >= 1.0)?;
        Ok(if x < 0.0 { 1.0 - d::t_tail(-x, k) } else { d::t_tail(x, k) }.into())
    }),
    scalar("T.DIST.2T", (2, 2), |a| {
        let (x, k) = (a.number(0)?, a.number(1)?.trunc());
        require(x >= 0.0 && k >= 1.0)?;
        Ok((2.0 * d::t_tail(x, k)).into())
    }),
    scalar("T.INV", (2, 2), |a| {
        let (p, k) = (a.number(0)?, a.number(1)?.trunc());
        require(p > 0.0 && p < 1.0 && k >= 1.0)?;
        let x = d::t_inverse_two_tails(2.0 * p.min(1.0 - p), k);
        Ok(if p == 0.5 {
            0.0
        } else if p < 0.5 {
            -x
        } else {
            x
        }
        .into())
    }),
    scalar("T.INV.2T", (2, 2), t_inv_2t),
    scalar("F.DIST", (4, 4), |a| {
        let (x, n, m) = (a.number(0)?, a.number(1)?.trunc(), a.number(2)?.trunc());
        require(x >= 0.0 && n >= 1.0 && m >= 1.0)?;
        Ok(Value::number(if a.bool_or(3, true)? { d::f(x, n, m) } else { d::f_density(x, n, m) }))
    }),
    scalar("F.DIST.RT", (3, 3), f_tail),
    scalar("F.INV", (3, 3), |a| f_inverse(a, false)),
    scalar("F.INV.RT", (3, 3), |a| f_inverse(a, true)),
    scalar("BINOM.DIST", (4, 4), binom_dist),
    scalar("BINOM.DIST.RANGE", (3, 4), |a| {
        let (n, p, low) = (a.number(0)?.trunc(), a.number(1)?, a.number(2)?.trunc());
        let high = a.number_or(3, low)?.trunc();
        require(n >= 0.0 && (0.0..=1.0).contains(&p) && low >= 0.0 && low <= high && high <= n)?;
        Ok((low as u64..=high as u64).map(|k| d::binomial_mass(k as f64, n, p)).sum::<f64>().into())
    }),
    scalar("BINOM.INV", (3, 3), binom_inv),
    scalar("NEGBINOM.DIST", (4, 4), |a| {
        let (k, r, p) = (a.number(0)?.trunc(), a.number(1)?.trunc(), a.number(2)?);
        require(k >= 0.0 && r >= 1.0 && p > 0.0 && p < 1.0)?;
        Ok(if a.bool_or(3, true)? {
            incomplete_beta(p, r, k + 1.0)
        } else {
            negative_binomial(k, r, p)
        }
        .into())
    }),
    scalar("POISSON.DIST", (3, 3), poisson),
    scalar("HYPGEOM.DIST", (5, 5), |a| {
        let top = a.number(0)?.trunc();
        if !a.bool_or(4, true)? {
            return hypergeometric(a, top);
        }
        hypergeometric(a, top)?;
        let low = (a.number(1)? + a.number(2)? - a.number(3)?).trunc().max(0.0);
        let mut total = 0.0;
        for k in low as u64..=top.max(0.0) as u64 {
            total += crate::coerce::to_number(&hypergeometric(a, k as f64)?)?;
        }
        Ok(total.into())
    }),
    scalar("CONFIDENCE.NORM", (3, 3), confidence),
    scalar("CONFIDENCE.T", (3, 3), |a| {
        let (alpha, s, n) = (a.number(0)?, a.number(1)?, a.number(2)?.trunc());
        require(alpha > 0.0 && alpha < 1.0 && s > 0.0 && n >= 1.0)?;
        if n == 1.0 {
            return Err(ErrorKind::Div0);
        }
        Ok((d::t_inverse_two_tails(alpha, n - 1.0) * s / n.sqrt()).into())
    }),
    eager("Z.TEST", (2, 3), "rss", super::statistics_tests::z_test),
];

pub(super) fn norm_dist(a: &Args<'_>) -> R {
    let (x, m, s) = (a.number(0)?, a.number(1)?, a.number(2)?);
    require(s > 0.0)?;
    let z = (x - m) / s;
    Ok(if a.bool_or(3, true)? { d::normal(z) } else { d::normal_density(z) / s }.into())
}

pub(super) fn norm_inv(a: &Args<'_>) -> R {
    let (p, m, s) = (a.number(0)?, a.number(1)?, a.number(2)?);
    require(p > 0.0 && p < 1.0 && s > 0.0)?;
    Ok((m + s * d::normal_inverse(p)).into())
}

pub(super) fn norm_s_inv(p: f64) -> f64 {
    if p > 0.0 && p < 1.0 { d::normal_inverse(p) } else { fail(ErrorKind::Num) }
}

pub(super) fn lognorm_inv(a: &Args<'_>) -> R {
    let (p, m, s) = (a.number(0)?, a.number(1)?, a.number(2)?);
    require(p > 0.0 && p < 1.0 && s > 0.0)?;
    Ok(Value::number((m + s * d::normal_inverse(p)).exp()))
}

pub(super) fn expon(a: &Args<'_>) -> R {
    let (x, rate) = (a.number(0)?, a.number(1)?);
    require(x >= 0.0 && rate > 0.0)?;
    Ok(if a.bool_or(2, true)? { -(-rate * x).exp_m1() } else { rate * (-rate * x).exp() }.into())
}

pub(super) fn weibull(a: &Args<'_>) -> R {
    let (x, shape, scale) = (a.number(0)?, a.number(1)?, a.number(2)?);
    require(x >= 0.0 && shape > 0.0 && scale > 0.0)?;
    let t = (x / scale).powf(shape);
    if a.bool_or(3, true)? {
        return Ok((-(-t).exp_m1()).into());
    }
    Ok(Value::number(shape / scale.powf(shape) * x.powf(shape - 1.0) * (-t).exp()))
}

pub(super) fn gamma_dist(a: &Args<'_>) -> R {
    let (x, shape, scale) = (a.number(0)?, a.number(1)?, a.number(2)?);
    require(x >= 0.0 && shape > 0.0 && scale > 0.0)?;
    Ok(Value::number(if a.bool_or(3, true)? {
        lower_gamma(shape, x / scale)
    } else {
        d::gamma_density(x, shape, scale)
    }))
}

pub(super) fn gamma_inv(a: &Args<'_>) -> R {
    let (p, shape, scale) = (a.number(0)?, a.number(1)?, a.number(2)?);
    require((0.0..1.0).contains(&p) && shape > 0.0 && scale > 0.0)?;
    Ok(d::gamma_inverse(p, shape, scale).into())
}

/// The beta distribution; `kind` is the argument that asks for the density, where there is one.
pub(super) fn beta(a: &Args<'_>, kind: Option<usize>) -> R {
    let (x, p, q) = (a.number(0)?, a.number(1)?, a.number(2)?);
    let first = kind.map_or(3, |k| k + 1);
    let (low, high) = (a.number_or(first, 0.0)?, a.number_or(first + 1, 1.0)?);
    require(p > 0.0 && q > 0.0 && low < high && (low..=high).contains(&x))?;
    let t = (x - low) / (high - low);
    let cumulative = kind.map_or(Ok(true), |k| a.bool_or(k, true))?;
    Ok(Value::number(if cumulative {
        incomplete_beta(t, p, q)
    } else {
        d::beta_density(t, p, q) / (high - low)
    }))
}

pub(super) fn beta_inv(a: &Args<'_>) -> R {
    let (share, p, q) = (a.number(0)?, a.number(1)?, a.number(2)?);
    let (low, high) = (a.number_or(3, 0.0)?, a.number_or(4, 1.0)?);
    require(share > 0.0 && share < 1.0 && p > 0.0 && q > 0.0 && low < high)?;
    Ok((low + (high - low) * d::beta_inverse(share, p, q)).into())
}

pub(super) fn chi_tail(a: &Args<'_>) -> R {
    let (x, k) = (a.number(0)?, a.number(1)?.trunc());
    require(x >= 0.0 && (1.0..=1e10).contains(&k))?;
    Ok(d::chi_tail(x, k).into())
}

pub(super) fn chi_inv_tail(a: &Args<'_>) -> R {
    let (p, k) = (a.number(0)?, a.number(1)?.trunc());
    require(p > 0.0 && p <= 1.0 && k >= 1.0)?;
    let x = crate::kernels::beta::bisect_up(-p, 0.0, |x| -d::chi_tail(x, k));
    Ok(if p == 1.0 { 0.0 } else { x }.into())
}

pub(super) fn t_inv_2t(a: &Args<'_>) -> R {
    let (p, k) = (a.number(0)?, a.number(1)?.trunc());
    require(p > 0.0 && p <= 1.0 && k >= 1.0)?;
    Ok(if p == 1.0 { 0.0 } else { d::t_inverse_two_tails(p, k) }.into())
}

pub(super) fn f_tail(a: &Args<'_>) -> R {
    let (x, n, m) = (a.number(0)?, a.number(1)?.trunc(), a.number(2)?.trunc());
    require(x >= 0.0 && n >= 1.0 && m >= 1.0)?;
    Ok(d::f_tail(x, n, m).into())
}

pub(super) fn f_inverse(a: &Args<'_>, upper: bool) -> R {
    let (p, n, m) = (a.number(0)?, a.number(1)?.trunc(), a.number(2)?.trunc());
    require(
        (0.0..=1.0).contains(&p)
            && n >= 1.0
            && m >= 1.0
            && !(upper && p == 0.0)
            && (p != 1.0 || upper),
    )?;
    let x = if upper {
        crate::kernels::beta::bisect_up(-p, 0.0, |x| -d::f_tail(x, n, m))
    } else {
        crate::kernels::beta::bisect_up(p, 0.0, |x| d::f(x, n, m))
    };
    Ok(x.into())
}

pub(super) fn binom_dist(a: &Args<'_>) -> R {
    let (k, n, p) = (a.number(0)?.trunc(), a.number(1)?.trunc(), a.number(2)?);
    require(k >= 0.0 && k <= n && (0.0..=1.0).contains(&p))?;
    Ok(if a.bool_or(3, true)? { d::binomial(k, n, p) } else { d::binomial_mass(k, n, p) }.into())
}

pub(super) fn binom_inv(a: &Args<'_>) -> R {
    let (n, p, alpha) = (a.number(0)?.trunc(), a.number(1)?, a.number(2)?);
    require(n >= 0.0 && p > 0.0 && p < 1.0 && alpha > 0.0 && alpha < 1.0 && n < 1e7)?;
    let mut total = 0.0;
    for k in 0..=n as u64 {
        total += d::binomial_mass(k as f64, n, p);
        if total >= alpha {
            return Ok((k as f64).into());
        }
    }
    Ok(n.into())
}

pub(super) fn negative_binomial(k: f64, r: f64, p: f64) -> f64 {
    choose(k + r - 1.0, r - 1.0) * p.powf(r) * (1.0 - p).powf(k)
}

pub(super) fn poisson(a: &Args<'_>) -> R {
    let (k, mean) = (a.number(0)?, a.number(1)?);
    require(k >= 0.0 && mean >= 0.0)?;
    let k = k.trunc();
    Ok(if a.bool_or(2, true)? {
        crate::kernels::gamma::upper_gamma(k + 1.0, mean)
    } else {
        d::poisson_mass(k, mean)
    }
    .into())
}

pub(super) fn hypergeometric(a: &Args<'_>, k: f64) -> R {
    let (n, marked, total) = (a.number(1)?.trunc(), a.number(2)?.trunc(), a.number(3)?.trunc());
    require(k >= 0.0 && k <= n.min(marked) && k >= n - total + marked)?;
    require(n > 0.0 && n <= total && marked > 0.0 && marked <= total)?;
    Ok(d::hypergeometric_mass(k, n, marked, total).into())
}

pub(super) fn confidence(a: &Args<'_>) -> R {
    let (alpha, s, n) = (a.number(0)?, a.number(1)?, a.number(2)?.trunc());
    require(alpha > 0.0 && alpha < 1.0 && s > 0.0 && n >= 1.0)?;
    Ok((-d::normal_inverse(alpha / 2.0) * s / n.sqrt()).into())
}
