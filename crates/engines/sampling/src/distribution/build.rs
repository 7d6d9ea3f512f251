//! From arguments to a distribution: which parameters each family reads, in which spellings.

use super::arguments::Arguments;
use super::{Distribution, Family, percentiles};
use crate::error::Result;
use crate::math::ln;

/// Makes the distribution that the arguments spell.
pub(super) fn build(mut arguments: Arguments) -> Result<Distribution> {
    let family = match find_listed(&mut arguments)? {
        Some(family) => family,
        None => {
            arguments.name_in_order()?;
            match percentiles::find_by_percentiles(&mut arguments)? {
                Some(family) => family,
                None => build_plain(&mut arguments)?,
            }
        }
    };
    // `min` and `max` are limits where the family has no parameter of that name.
    let lower = match arguments.find_number("lower")? {
        Some(lower) => Some(lower),
        None => arguments.find_number("min")?,
    };
    let upper = match arguments.find_number("upper")? {
        Some(upper) => Some(upper),
        None => arguments.find_number("max")?,
    };
    let shift = arguments.number_or("shift", 0.0)?;
    arguments.finish()?;
    let distribution = Distribution::new(family)?.shifted(shift)?;
    if lower.is_none() && upper.is_none() {
        return Ok(distribution);
    }
    distribution.truncate(lower.unwrap_or(f64::NEG_INFINITY), upper.unwrap_or(f64::INFINITY))
}

/// The families whose arguments are a list of any length.
fn find_listed(arguments: &mut Arguments) -> Result<Option<Family>> {
    let sorted = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values
    };
    Ok(Some(match arguments.info().name {
        "discrete" => derive_discrete(arguments.all_pairs()?),
        "cumulative" => Family::Cumulative { points: arguments.all_pairs()? },
        "general" => Family::General { points: arguments.all_pairs()? },
        "empirical" => Family::Empirical { values: sorted(arguments.all_numbers()?) },
        "resample" => Family::Resample { values: sorted(arguments.all_numbers()?) },
        _ => return Ok(None),
    }))
}

/// Outcomes sorted by value, equal ones joined, weights scaled to sum to 1.
pub(super) fn derive_discrete(mut outcomes: Vec<(f64, f64)>) -> Family {
    outcomes.sort_by(|a, b| a.0.total_cmp(&b.0));
    outcomes.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0.0 };
        same
    });
    let total: f64 = outcomes.iter().map(|(_, w)| w).sum();
    // Weights that already sum to 1 are left as they are written.
    if (total - 1.0).abs() > 1e-12 && total > 0.0 {
        for (_, weight) in &mut outcomes {
            *weight /= total;
        }
    }
    Family::Discrete { outcomes }
}

fn build_plain(a: &mut Arguments) -> Result<Family> {
    Ok(match a.info().name {
        "uniform" => Family::Uniform { min: a.number("min")?, max: a.number("max")? },
        "normal" => Family::Normal { mean: a.number("mean")?, sd: a.number("sd")? },
        "lognormal" => build_lognormal(a)?,
        "triangular" => Family::Triangular {
            min: a.number("min")?,
            mode: a.number("mode")?,
            max: a.number("max")?,
        },
        "pert" => Family::Pert {
            min: a.number("min")?,
            mode: a.number("mode")?,
            max: a.number("max")?,
            lambda: a.number_or("lambda", 4.0)?,
        },
        "beta" => Family::Beta {
            alpha: a.number("alpha")?,
            beta: a.number("beta")?,
            min: a.number_or("min", 0.0)?,
            max: a.number_or("max", 1.0)?,
        },
        "gamma" => {
            let shape = a.number("shape")?;
            let scale = match a.find_number("rate")? {
                Some(rate) => 1.0 / rate,
                None => a.number("scale")?,
            };
            Family::Gamma { shape, scale }
        }
        "exponential" => match a.find_number("rate")? {
            Some(rate) => Family::Exponential { mean: 1.0 / rate },
            None => Family::Exponential { mean: a.number("mean")? },
        },
        "weibull" => Family::Weibull { shape: a.number("shape")?, scale: a.number("scale")? },
        "student_t" => Family::StudentT {
            df: a.number("df")?,
            location: a.number_or("location", 0.0)?,
            scale: a.number_or("scale", 1.0)?,
        },
        "loglogistic" => {
            Family::LogLogistic { shape: a.number("shape")?, scale: a.number("scale")? }
        }
        "pareto" => Family::Pareto { shape: a.number("shape")?, min: a.number("min")? },
        "chi_squared" => Family::ChiSquared { df: a.number("df")? },
        "rayleigh" => Family::Rayleigh { scale: a.number("scale")? },
        "loguniform" => Family::LogUniform { min: a.number("min")?, max: a.number("max")? },
        "histogram" => Family::Histogram {
            min: a.number("min")?,
            max: a.number("max")?,
            weights: a.list("weights")?,
        },
        _ => return build_count(a),
    })
}

/// The families of whole numbers.
fn build_count(a: &mut Arguments) -> Result<Family> {
    Ok(match a.info().name {
        "bernoulli" => Family::Bernoulli { p: a.number("p")? },
        "binomial" => Family::Binomial { n: a.number("n")?, p: a.number("p")? },
        "poisson" => Family::Poisson { mean: a.number("mean")? },
        "geometric" => Family::Geometric { p: a.number("p")? },
        "negative_binomial" => Family::NegativeBinomial { r: a.number("r")?, p: a.number("p")? },
        "hypergeometric" => Family::Hypergeometric {
            n: a.number("n")?,
            marked: a.number("marked")?,
            total: a.number("total")?,
        },
        "discrete_uniform" => {
            Family::DiscreteUniform { min: a.number("min")?, max: a.number("max")? }
        }
        _ => build_by_location(a)?,
    })
}

/// The families of a location and a scale.
fn build_by_location(a: &mut Arguments) -> Result<Family> {
    let (location, scale) = (a.number("location")?, a.number("scale")?);
    Ok(match a.info().name {
        "logistic" => Family::Logistic { location, scale },
        "gumbel" => Family::Gumbel { location, scale },
        "gumbel_min" => Family::GumbelMin { location, scale },
        "cauchy" => Family::Cauchy { location, scale },
        "laplace" => Family::Laplace { location, scale },
        name => {
            return Err(a.refuse(format!("`{name}` cannot be built from a location and a scale")));
        }
    })
}

/// Three parametrisations: of the variable, of its logarithm, and geometric.
fn build_lognormal(a: &mut Arguments) -> Result<Family> {
    if a.has("mu") || a.has("sigma") {
        return Ok(Family::LogNormal { mu: a.number("mu")?, sigma: a.number("sigma")? });
    }
    if a.has("median") || a.has("gsd") {
        let (median, gsd) = (a.number("median")?, a.number("gsd")?);
        if median <= 0.0 || gsd <= 1.0 {
            return Err(a.refuse("`median` must be above 0 and `gsd` above 1".to_owned()));
        }
        return Ok(Family::LogNormal { mu: ln(median), sigma: ln(gsd) });
    }
    let (mean, sd) = (a.number("mean")?, a.number("sd")?);
    match derive_lognormal(mean, sd) {
        Some(family) => Ok(family),
        None => Err(a.refuse(format!("`mean` and `sd` must be above 0, not {mean} and {sd}"))),
    }
}

/// The lognormal distribution of this mean and standard deviation; `None` unless both are above 0.
pub(super) fn derive_lognormal(mean: f64, sd: f64) -> Option<Family> {
    if !(mean > 0.0 && sd > 0.0) {
        return None;
    }
    let ratio = sd / mean;
    let variance = crate::math::ln_1p(ratio * ratio);
    Some(Family::LogNormal { mu: ln(mean) - 0.5 * variance, sigma: variance.sqrt() })
}
