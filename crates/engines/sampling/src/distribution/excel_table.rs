//! The table of the add-ins' distribution functions: names, arguments in order, family.
//!
//! Only functions whose arguments are documented without doubt are here; any other is reported to
//! the user as not known, which is better than a wrong distribution.

use super::Family;
use super::build::{derive_discrete, derive_lognormal};
use super::excel::derive_trigen;

/// A family and the shift that belongs to the function's own location parameter.
type Made = Option<(Family, f64)>;

/// One function of an add-in, or two with the same arguments.
pub(super) struct Function {
    /// Names in lower case.
    pub(super) names: &'static [&'static str],
    /// Arguments that are numbers, which come first.
    pub(super) numbers: &'static [&'static str],
    /// Arguments that are lists.
    pub(super) lists: &'static [&'static str],
    pub(super) make: fn(&[f64], Vec<Vec<f64>>) -> Made,
}

const fn row(
    names: &'static [&'static str],
    numbers: &'static [&'static str],
    lists: &'static [&'static str],
    make: fn(&[f64], Vec<Vec<f64>>) -> Made,
) -> Function {
    Function { names, numbers, lists, make }
}

const fn plain(
    names: &'static [&'static str],
    numbers: &'static [&'static str],
    make: fn(&[f64], Vec<Vec<f64>>) -> Made,
) -> Function {
    row(names, numbers, &[], make)
}

const fn made(family: Family) -> Made {
    Some((family, 0.0))
}

pub(super) const FUNCTIONS: &[Function] = &[
    plain(&["risknormal", "psinormal"], &["mean", "sd"], |n, _| {
        made(Family::Normal { mean: n[0], sd: n[1] })
    }),
    plain(&["riskuniform", "psiuniform"], &["min", "max"], |n, _| {
        made(Family::Uniform { min: n[0], max: n[1] })
    }),
    plain(&["risktriang", "psitriangular"], &["min", "mode", "max"], |n, _| {
        made(Family::Triangular { min: n[0], mode: n[1], max: n[2] })
    }),
    plain(&["risktrigen"], &["low", "mode", "high", "low percent", "high percent"], |n, _| {
        derive_trigen(n).map(|family| (family, 0.0))
    }),
    plain(&["riskpert", "psipert"], &["min", "mode", "max"], |n, _| {
        made(Family::Pert { min: n[0], mode: n[1], max: n[2], lambda: 4.0 })
    }),
    plain(&["riskbeta", "psibeta"], &["alpha1", "alpha2"], |n, _| {
        made(Family::Beta { alpha: n[0], beta: n[1], min: 0.0, max: 1.0 })
    }),
    plain(&["riskbetageneral", "psibetagen"], &["alpha1", "alpha2", "min", "max"], |n, _| {
        made(Family::Beta { alpha: n[0], beta: n[1], min: n[2], max: n[3] })
    }),
    plain(&["riskbetasubj", "psibetasubj"], &["min", "mode", "mean", "max"], |n, _| {
        let (min, mode, mean, max) = (n[0], n[1], n[2], n[3]);
        let middle = 0.5 * (min + max);
        let alpha = 2.0 * (mean - min) * (middle - mode) / ((mean - mode) * (max - min));
        let beta = alpha * (max - mean) / (mean - min);
        alpha.is_finite().then_some((Family::Beta { alpha, beta, min, max }, 0.0))
    }),
    plain(&["riskgamma", "psigamma", "riskerlang", "psierlang"], &["shape", "scale"], |n, _| {
        made(Family::Gamma { shape: n[0], scale: n[1] })
    }),
    plain(&["riskexpon", "psiexponential"], &["mean"], |n, _| {
        made(Family::Exponential { mean: n[0] })
    }),
    plain(&["riskweibull", "psiweibull"], &["shape", "scale"], |n, _| {
        made(Family::Weibull { shape: n[0], scale: n[1] })
    }),
    plain(&["riskstudent", "psistudent"], &["df"], |n, _| {
        made(Family::StudentT { df: n[0], location: 0.0, scale: 1.0 })
    }),
    plain(&["risklogistic", "psilogistic"], &["location", "scale"], |n, _| {
        made(Family::Logistic { location: n[0], scale: n[1] })
    }),
    plain(&["riskloglogistic", "psiloglogistic"], &["location", "scale", "shape"], |n, _| {
        Some((Family::LogLogistic { shape: n[2], scale: n[1] }, n[0]))
    }),
    plain(&["riskpareto", "psipareto"], &["shape", "min"], |n, _| {
        made(Family::Pareto { shape: n[0], min: n[1] })
    }),
    plain(&["riskextvalue", "psimaxextreme"], &["location", "scale"], |n, _| {
        made(Family::Gumbel { location: n[0], scale: n[1] })
    }),
    plain(&["riskextvaluemin", "psiminextreme"], &["location", "scale"], |n, _| {
        made(Family::GumbelMin { location: n[0], scale: n[1] })
    }),
    plain(&["riskcauchy", "psicauchy"], &["location", "scale"], |n, _| {
        made(Family::Cauchy { location: n[0], scale: n[1] })
    }),
    plain(&["psilaplace"], &["location", "scale"], |n, _| {
        made(Family::Laplace { location: n[0], scale: n[1] })
    }),
    plain(&["riskchisq", "psichisquare"], &["df"], |n, _| made(Family::ChiSquared { df: n[0] })),
    plain(&["riskrayleigh", "psirayleigh"], &["scale"], |n, _| {
        made(Family::Rayleigh { scale: n[0] })
    }),
    plain(&["risklognorm", "psilognormal"], &["mean", "sd"], |n, _| {
        derive_lognormal(n[0], n[1]).map(|family| (family, 0.0))
    }),
    plain(&["risklognorm2", "psilognorm2"], &["mu", "sigma"], |n, _| {
        made(Family::LogNormal { mu: n[0], sigma: n[1] })
    }),
    plain(&["riskbernoulli", "psibernoulli"], &["p"], |n, _| made(Family::Bernoulli { p: n[0] })),
    plain(&["riskbinomial", "psibinomial"], &["n", "p"], |n, _| {
        made(Family::Binomial { n: n[0], p: n[1] })
    }),
    plain(&["riskpoisson", "psipoisson"], &["mean"], |n, _| made(Family::Poisson { mean: n[0] })),
    plain(&["riskgeomet"], &["p"], |n, _| made(Family::Geometric { p: n[0] })),
    plain(&["risknegbin", "psinegbinomial"], &["successes", "p"], |n, _| {
        made(Family::NegativeBinomial { r: n[0], p: n[1] })
    }),
    plain(&["riskhypergeo", "psihypergeo"], &["drawn", "marked", "total"], |n, _| {
        made(Family::Hypergeometric { n: n[0], marked: n[1], total: n[2] })
    }),
    plain(&["riskintuniform", "psiintuniform"], &["min", "max"], |n, _| {
        made(Family::DiscreteUniform { min: n[0], max: n[1] })
    }),
    row(&["riskdiscrete", "psidiscrete"], &[], &["values", "weights"], |_, lists| {
        made(derive_discrete(pairs(lists)?))
    }),
    row(&["riskduniform", "psidisuniform"], &[], &["values"], |_, lists| {
        resample(lists.into_iter().next()?)
    }),
    row(&["psiresample"], &[], &["values"], |_, lists| resample(lists.into_iter().next()?)),
    row(&["riskhistogrm", "psihistogram"], &["min", "max"], &["weights"], |n, lists| {
        made(Family::Histogram { min: n[0], max: n[1], weights: lists.into_iter().next()? })
    }),
    row(&["riskcumul", "psicumul"], &["min", "max"], &["values", "probabilities"], |n, lists| {
        made(Family::Cumulative { points: between((n[0], 0.0), lists, (n[1], 1.0))? })
    }),
    row(&["riskcumuld"], &["min", "max"], &["values", "probabilities"], |n, mut lists| {
        lists.get_mut(1)?.iter_mut().for_each(|p| *p = 1.0 - *p);
        made(Family::Cumulative { points: between((n[0], 0.0), lists, (n[1], 1.0))? })
    }),
    row(&["riskgeneral", "psigeneral"], &["min", "max"], &["values", "weights"], |n, lists| {
        made(Family::General { points: between((n[0], 0.0), lists, (n[1], 0.0))? })
    }),
];

fn pairs(lists: Vec<Vec<f64>>) -> Option<Vec<(f64, f64)>> {
    let mut lists = lists.into_iter();
    Some(lists.next()?.into_iter().zip(lists.next()?).collect())
}

fn between(first: (f64, f64), lists: Vec<Vec<f64>>, last: (f64, f64)) -> Option<Vec<(f64, f64)>> {
    let mut points = vec![first];
    points.extend(pairs(lists)?);
    points.push(last);
    Some(points)
}

fn resample(mut values: Vec<f64>) -> Made {
    values.sort_by(f64::total_cmp);
    made(Family::Resample { values })
}
