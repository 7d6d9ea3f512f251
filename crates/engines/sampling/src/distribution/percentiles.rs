//! Parameters from percentiles: `normal(p10=5, p90=15)`. Two percentiles fix a location and a
//! scale, one fixes a scale; limits and shift apply to the distribution that comes out.

use super::arguments::Arguments;
use super::shape::Shape;
use super::{Family, check};
use crate::error::Result;
use crate::math::root::find_zero;
use crate::math::{exp, ln};

/// A probability and the value that it is reached at.
type Percentile = (f64, f64);

/// The family whose percentiles the arguments give; `None` where they give none.
pub(super) fn find_by_percentiles(arguments: &mut Arguments) -> Result<Option<Family>> {
    let given = arguments.take_percentiles()?;
    match given.as_slice() {
        [] => Ok(None),
        [one] => derive_by_one(arguments, *one).map(Some),
        [first, second] => {
            if first.0 >= second.0 || first.1 >= second.1 {
                return Err(
                    arguments.refuse("the higher percentile must have the higher value".to_owned())
                );
            }
            derive_by_two(arguments, *first, *second).map(Some)
        }
        [_, _, ..] => Err(arguments.refuse("takes two percentiles at most".to_owned())),
    }
}

fn derive_by_one(arguments: &Arguments, (p, x): Percentile) -> Result<Family> {
    let unit = match arguments.info().name {
        "exponential" => Family::Exponential { mean: 1.0 },
        "rayleigh" => Family::Rayleigh { scale: 1.0 },
        _ => return Err(arguments.refuse("needs two percentiles, such as p10 and p90".to_owned())),
    };
    let factor = x / unit.quantile(p, 1.0 - p);
    if matches!(unit, Family::Rayleigh { .. }) {
        return Ok(Family::Rayleigh { scale: factor });
    }
    Ok(Family::Exponential { mean: factor })
}

fn derive_by_two(
    arguments: &mut Arguments,
    first: Percentile,
    second: Percentile,
) -> Result<Family> {
    let name = arguments.info().name;
    let standard = match name {
        "normal" | "lognormal" => Family::Normal { mean: 0.0, sd: 1.0 },
        "uniform" | "loguniform" => Family::Uniform { min: 0.0, max: 1.0 },
        "logistic" | "loglogistic" => Family::Logistic { location: 0.0, scale: 1.0 },
        "gumbel" => Family::Gumbel { location: 0.0, scale: 1.0 },
        "gumbel_min" | "weibull" => Family::GumbelMin { location: 0.0, scale: 1.0 },
        "cauchy" => Family::Cauchy { location: 0.0, scale: 1.0 },
        "laplace" => Family::Laplace { location: 0.0, scale: 1.0 },
        "pareto" => Family::Exponential { mean: 1.0 },
        "student_t" => {
            let df = arguments.number("df")?;
            let family = Family::StudentT { df, location: 0.0, scale: 1.0 };
            check::check(&family)?;
            family
        }
        "gamma" => return derive_gamma(arguments, first, second),
        "triangular" | "pert" => return derive_with_mode(arguments, first, second),
        _ => {
            let problem = "cannot be given by percentiles; give its parameters";
            return Err(arguments.refuse(problem.to_owned()));
        }
    };
    let logarithmic =
        matches!(name, "lognormal" | "loguniform" | "loglogistic" | "weibull" | "pareto");
    if logarithmic && first.1 <= 0.0 {
        return Err(arguments.refuse("its percentiles must have values above 0".to_owned()));
    }
    let value = |x: f64| if logarithmic { ln(x) } else { x };
    let score = |p: f64| standard.quantile(p, 1.0 - p);
    let scale = (value(second.1) - value(first.1)) / (score(second.0) - score(first.0));
    let location = value(first.1) - scale * score(first.0);
    Ok(place(name, &standard, (location, scale)))
}

/// The named family whose standard form is moved to this location and scale.
fn place(name: &str, standard: &Family, (location, scale): (f64, f64)) -> Family {
    match name {
        "normal" => Family::Normal { mean: location, sd: scale },
        "lognormal" => Family::LogNormal { mu: location, sigma: scale },
        "uniform" => Family::Uniform { min: location, max: location + scale },
        "loguniform" => Family::LogUniform { min: exp(location), max: exp(location + scale) },
        "logistic" => Family::Logistic { location, scale },
        "loglogistic" => Family::LogLogistic { shape: 1.0 / scale, scale: exp(location) },
        "gumbel" => Family::Gumbel { location, scale },
        "gumbel_min" => Family::GumbelMin { location, scale },
        "weibull" => Family::Weibull { shape: 1.0 / scale, scale: exp(location) },
        "cauchy" => Family::Cauchy { location, scale },
        "laplace" => Family::Laplace { location, scale },
        "pareto" => Family::Pareto { shape: 1.0 / scale, min: exp(location) },
        _ => match standard {
            Family::StudentT { df, .. } => Family::StudentT { df: *df, location, scale },
            other => other.clone(),
        },
    }
}

/// The ratio of two percentiles of a gamma distribution falls as its shape rises.
fn derive_gamma(arguments: &Arguments, first: Percentile, second: Percentile) -> Result<Family> {
    if first.1 <= 0.0 {
        return Err(arguments.refuse("its percentiles must have values above 0".to_owned()));
    }
    let at = |k: f64, p: f64| Shape::Gamma { k }.inverse(p, 1.0 - p);
    let wanted = ln(second.1 / first.1);
    let excess = |log_k: f64| {
        let k = exp(log_k);
        wanted - ln(at(k, second.0) / at(k, first.0))
    };
    let (low, high) = (ln(1e-2), ln(1e6));
    if excess(low) > 0.0 || excess(high) < 0.0 {
        let problem =
            "no gamma distribution has these percentiles; their ratio is too small or too large";
        return Err(arguments.refuse(problem.to_owned()));
    }
    let shape = exp(find_zero((low, high), excess));
    Ok(Family::Gamma { shape, scale: second.1 / at(shape, second.0) })
}

/// Limits of a triangular or PERT distribution with this mode and two percentiles around it.
fn derive_with_mode(a: &mut Arguments, first: Percentile, second: Percentile) -> Result<Family> {
    let mode = a.number("mode")?;
    let lambda = if a.info().name == "pert" { Some(a.number_or("lambda", 4.0)?) } else { None };
    let width = second.1 - first.1;
    if mode < first.1 || mode > second.1 {
        return Err(a.refuse("`mode` must lie between the two percentiles' values".to_owned()));
    }
    let family = |min: f64, max: f64| match lambda {
        Some(lambda) => Family::Pert { min, mode, max, lambda },
        None => Family::Triangular { min, mode, max },
    };
    let reach = 50.0 * width;
    // A lower minimum takes probability below the first percentile away from the rest.
    let minimum = |max: f64| {
        let f = |min: f64| first.0 - family(min, max).parts(first.1).0;
        find_zero((first.1 - reach, first.1.min(mode)), f)
    };
    let excess = |max: f64| {
        let (_, above) = family(minimum(max), max).parts(second.1);
        above - (1.0 - second.0)
    };
    let (low, high) = (second.1 + 1e-9 * width, second.1 + reach);
    if excess(low) > 0.0 || excess(high) < 0.0 {
        let problem =
            "no such distribution has this mode and these percentiles; move the mode between them";
        return Err(a.refuse(problem.to_owned()));
    }
    let max = find_zero((low, high), excess);
    Ok(family(minimum(max), max))
}
