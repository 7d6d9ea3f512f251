//! What must hold of a family's parameters.

use super::Family;
use crate::error::{Result, SamplingError};

/// Counts above this are not told apart by the steps of a double's distribution function.
const GREATEST_COUNT: f64 = 1e9;
/// Greater numbers would overflow in a square.
const GREATEST: f64 = 1e150;

struct Checker(&'static str);

impl Checker {
    fn refuse(
        &self,
        parameter: &'static str,
        value: f64,
        rule: impl Into<String>,
    ) -> SamplingError {
        SamplingError::Parameter { distribution: self.0, parameter, value, rule: rule.into() }
    }

    fn finite(&self, parameter: &'static str, value: f64) -> Result<()> {
        if value.abs() <= GREATEST {
            return Ok(());
        }
        Err(self.refuse(parameter, value, "must be a number between -1e150 and 1e150"))
    }

    fn positive(&self, parameter: &'static str, value: f64) -> Result<()> {
        if value > 0.0 && (1.0 / GREATEST..=GREATEST).contains(&value) {
            return Ok(());
        }
        let far = "must lie between 1e-150 and 1e150";
        Err(self.refuse(
            parameter,
            value,
            if value > 0.0 { far } else { "must be a number above 0" },
        ))
    }

    fn between(&self, parameter: &'static str, value: f64, (low, high): (f64, f64)) -> Result<()> {
        if value >= low && value <= high {
            return Ok(());
        }
        Err(self.refuse(parameter, value, format!("must lie between {low} and {high}")))
    }

    fn count(&self, parameter: &'static str, value: f64, least: f64) -> Result<()> {
        if value.fract() == 0.0 && value >= least && value <= GREATEST_COUNT {
            return Ok(());
        }
        Err(self.refuse(parameter, value, format!("must be a whole number from {least} to 1e9")))
    }

    fn order(&self, low: (&'static str, f64), high: (&'static str, f64)) -> Result<()> {
        self.finite(low.0, low.1)?;
        self.finite(high.0, high.1)?;
        if low.1 < high.1 {
            return Ok(());
        }
        Err(self.refuse(low.0, low.1, format!("must be below `{}`, which is {}", high.0, high.1)))
    }

    fn shape(&self, parameter: &'static str, value: f64) -> Result<()> {
        self.between(parameter, value, (1e-3, 1e9))
    }
}

pub(super) fn check(family: &Family) -> Result<()> {
    let c = Checker(family.name());
    match family {
        Family::Uniform { min, max } => c.order(("min", *min), ("max", *max)),
        Family::Normal { mean, sd } => c.finite("mean", *mean).and(c.positive("sd", *sd)),
        Family::LogNormal { mu, sigma } => c.finite("mu", *mu).and(c.positive("sigma", *sigma)),
        Family::Triangular { min, mode, max } => check_mode(&c, (*min, *mode, *max)),
        Family::Pert { min, mode, max, lambda } => {
            check_mode(&c, (*min, *mode, *max)).and(c.between("lambda", *lambda, (1e-3, 1e6)))
        }
        Family::Beta { alpha, beta, min, max } => c
            .shape("alpha", *alpha)
            .and(c.shape("beta", *beta))
            .and(c.order(("min", *min), ("max", *max))),
        Family::Gamma { shape, scale } => c.shape("shape", *shape).and(c.positive("scale", *scale)),
        Family::Exponential { mean } => c.positive("mean", *mean),
        Family::Weibull { shape, scale } | Family::LogLogistic { shape, scale } => {
            c.shape("shape", *shape).and(c.positive("scale", *scale))
        }
        Family::StudentT { df, location, scale } => c
            .between("df", *df, (0.05, 1e9))
            .and(c.finite("location", *location))
            .and(c.positive("scale", *scale)),
        Family::Logistic { location, scale }
        | Family::Gumbel { location, scale }
        | Family::GumbelMin { location, scale }
        | Family::Cauchy { location, scale }
        | Family::Laplace { location, scale } => {
            c.finite("location", *location).and(c.positive("scale", *scale))
        }
        Family::Pareto { shape, min } => c.shape("shape", *shape).and(c.positive("min", *min)),
        Family::ChiSquared { df } => c.between("df", *df, (2e-3, 2e9)),
        Family::Rayleigh { scale } => c.positive("scale", *scale),
        Family::LogUniform { min, max } => {
            c.positive("min", *min).and(c.order(("min", *min), ("max", *max)))
        }
        Family::Bernoulli { .. }
        | Family::Binomial { .. }
        | Family::Poisson { .. }
        | Family::Geometric { .. }
        | Family::NegativeBinomial { .. }
        | Family::Hypergeometric { .. }
        | Family::DiscreteUniform { .. } => check_counts(&c, family),
        Family::Discrete { .. }
        | Family::Histogram { .. }
        | Family::Cumulative { .. }
        | Family::General { .. }
        | Family::Empirical { .. }
        | Family::Resample { .. } => check_lists(&c, family),
    }
}

fn check_mode(c: &Checker, (min, mode, max): (f64, f64, f64)) -> Result<()> {
    c.order(("min", min), ("max", max))?;
    c.between("mode", mode, (min, max))
}

fn check_counts(c: &Checker, family: &Family) -> Result<()> {
    if let Family::Bernoulli { p } = family {
        return c.between("p", *p, (0.0, 1.0));
    }
    if let Family::Binomial { n, p } = family {
        return c.count("n", *n, 1.0).and(c.between("p", *p, (0.0, 1.0)));
    }
    if let Family::Poisson { mean } = family {
        return c.positive("mean", *mean).and(c.between("mean", *mean, (0.0, GREATEST_COUNT)));
    }
    if let Family::Geometric { p } = family {
        return c.between("p", *p, (1e-6, 1.0));
    }
    if let Family::NegativeBinomial { r, p } = family {
        return c.between("r", *r, (1e-3, 1e6)).and(c.between("p", *p, (1e-3, 1.0)));
    }
    if let Family::Hypergeometric { n, marked, total } = family {
        c.count("total", *total, 1.0)?;
        c.count("n", *n, 0.0).and(c.count("marked", *marked, 0.0))?;
        return c.between("n", *n, (0.0, *total)).and(c.between("marked", *marked, (0.0, *total)));
    }
    if let Family::DiscreteUniform { min, max } = family {
        for (name, value) in [("min", *min), ("max", *max)] {
            c.between(name, value, (-1e15, 1e15))?;
            if value.fract() != 0.0 {
                return Err(c.refuse(name, value, "must be a whole number"));
            }
        }
        if min > max {
            return Err(c.refuse("min", *min, format!("must not be above `max`, which is {max}")));
        }
    }
    Ok(())
}

fn check_lists(c: &Checker, family: &Family) -> Result<()> {
    if let Family::Discrete { outcomes } = family {
        return check_pairs(c, "outcomes", outcomes, 1);
    }
    if let Family::General { points } = family {
        check_pairs(c, "points", points, 2)?;
        return check_rising(c, points);
    }
    if let Family::Cumulative { points } = family {
        check_pairs(c, "points", points, 2)?;
        check_rising(c, points)?;
        let (first, last) = (points[0].1, points[points.len() - 1].1);
        if first != 0.0 || (last - 1.0).abs() > 1e-12 {
            let rule = "is the last probability; the first must be 0 and the last 1";
            return Err(c.refuse("points", last, rule));
        }
        if let Some(pair) = points.windows(2).find(|p| p[0].1 > p[1].1) {
            return Err(c.refuse(
                "points",
                pair[1].1,
                "is below the probability before it; they must rise",
            ));
        }
        return Ok(());
    }
    if let Family::Histogram { min, max, weights } = family {
        c.order(("min", *min), ("max", *max))?;
        let pairs: Vec<_> = weights.iter().map(|w| (0.0, *w)).collect();
        return check_pairs(c, "weights", &pairs, 1);
    }
    if let Family::Empirical { values } | Family::Resample { values } = family {
        let least = if matches!(family, Family::Empirical { .. }) { 2 } else { 1 };
        if values.len() < least {
            let found = values.len() as f64;
            return Err(c.refuse(
                "values",
                found,
                format!("is their number; give at least {least}"),
            ));
        }
        for value in values {
            c.finite("values", *value)?;
        }
        if values.windows(2).any(|v| v[0] > v[1]) {
            return Err(c.refuse(
                "values",
                values[0],
                "is the first of values that must be sorted",
            ));
        }
        if least == 2 && values[0] == values[values.len() - 1] {
            return Err(c.refuse("values", values[0], "is the only value; give two that differ"));
        }
    }
    Ok(())
}

fn check_pairs(c: &Checker, name: &'static str, pairs: &[(f64, f64)], least: usize) -> Result<()> {
    if pairs.len() < least {
        let found = pairs.len() as f64;
        return Err(c.refuse(name, found, format!("is their number; give at least {least}")));
    }
    for (value, weight) in pairs {
        c.finite(name, *value).and(c.finite(name, *weight))?;
        if *weight < 0.0 {
            return Err(c.refuse(name, *weight, "is a weight; weights must not be negative"));
        }
    }
    if pairs.iter().all(|(_, weight)| *weight == 0.0) {
        return Err(c.refuse(name, 0.0, "is every weight; one at least must be above 0"));
    }
    Ok(())
}

fn check_rising(c: &Checker, points: &[(f64, f64)]) -> Result<()> {
    match points.windows(2).find(|p| p[0].0 >= p[1].0) {
        Some(pair) => {
            Err(c.refuse("points", pair[1].0, "is not above the value before it; values must rise"))
        }
        None => Ok(()),
    }
}
