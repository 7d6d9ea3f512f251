//! Distributions under the names that older workbooks use.

use super::probability as p;
use super::{Function, eager, k1, require, scalar};
use crate::kernels::distributions as d;

pub(super) const TABLE: &[Function] = &[
    scalar("NORMDIST", (4, 4), p::norm_dist),
    scalar("NORMINV", (3, 3), p::norm_inv),
    k1("NORMSDIST", d::normal),
    k1("NORMSINV", p::norm_s_inv),
    scalar("LOGNORMDIST", (3, 3), |a| {
        let (x, m, s) = (a.number(0)?, a.number(1)?, a.number(2)?);
        require(x > 0.0 && s > 0.0)?;
        Ok(d::normal((x.ln() - m) / s).into())
    }),
    scalar("LOGINV", (3, 3), p::lognorm_inv),
    scalar("EXPONDIST", (3, 3), p::expon),
    scalar("WEIBULL", (4, 4), p::weibull),
    scalar("GAMMADIST", (4, 4), p::gamma_dist),
    scalar("GAMMAINV", (3, 3), p::gamma_inv),
    scalar("BETADIST", (3, 5), |a| p::beta(a, None)),
    scalar("BETAINV", (3, 5), p::beta_inv),
    scalar("CHIDIST", (2, 2), p::chi_tail),
    scalar("CHIINV", (2, 2), p::chi_inv_tail),
    scalar("TDIST", (3, 3), |a| {
        let (x, k, tails) = (a.number(0)?, a.number(1)?.trunc(), a.integer(2)?);
        require(x >= 0.0 && k >= 1.0 && (1..=2).contains(&tails))?;
        Ok((d::t_tail(x, k) * tails as f64).into())
    }),
    scalar("TINV", (2, 2), p::t_inv_2t),
    scalar("FDIST", (3, 3), p::f_tail),
    scalar("FINV", (3, 3), |a| p::f_inverse(a, true)),
    scalar("BINOMDIST", (4, 4), p::binom_dist),
    scalar("CRITBINOM", (3, 3), p::binom_inv),
    scalar("NEGBINOMDIST", (3, 3), |a| {
        let (k, r, share) = (a.number(0)?.trunc(), a.number(1)?.trunc(), a.number(2)?);
        require(k >= 0.0 && r >= 1.0 && share > 0.0 && share < 1.0)?;
        Ok(p::negative_binomial(k, r, share).into())
    }),
    scalar("POISSON", (3, 3), p::poisson),
    scalar("HYPGEOMDIST", (4, 4), |a| p::hypergeometric(a, a.number(0)?.trunc())),
    scalar("CONFIDENCE", (3, 3), p::confidence),
    eager("ZTEST", (2, 3), "rss", super::statistics_tests::z_test),
    eager("TTEST", (4, 4), "aass", super::statistics_tests::t_test),
    eager("FTEST", (2, 2), "aa", super::statistics_tests::f_test),
    eager("CHITEST", (2, 2), "aa", super::statistics_tests::chi_test),
];
