//! The table of families: names, parameters in order, examples.

use super::FamilyInfo;

const fn row(
    name: &'static str,
    parameters: &'static [&'static str],
    usage: &'static str,
    aliases: &'static [&'static str],
) -> FamilyInfo {
    FamilyInfo { name, parameters, usage, aliases }
}

pub(super) const FAMILIES: &[FamilyInfo] = &[
    row("uniform", &["min", "max"], "uniform(0, 10)", &[]),
    row("normal", &["mean", "sd"], "normal(mean=10, sd=2) or normal(p10=5, p90=15)", &["gaussian"]),
    row(
        "lognormal",
        &["mean", "sd"],
        "lognormal(mean=10, sd=4), lognormal(mu=2, sigma=0.5), lognormal(median=8, gsd=1.5) or lognormal(p10=4, p90=15)",
        &["log_normal"],
    ),
    row(
        "triangular",
        &["min", "mode", "max"],
        "triangular(80, 100, 150) or triangular(p10=85, mode=100, p90=130)",
        &["triangle"],
    ),
    row("pert", &["min", "mode", "max", "lambda"], "pert(80, 100, 150)", &["betapert"]),
    row("beta", &["alpha", "beta", "min", "max"], "beta(2, 5) or beta(2, 5, min=10, max=20)", &[]),
    row("gamma", &["shape", "scale"], "gamma(shape=2, scale=3) or gamma(p10=1, p90=9)", &[]),
    row("exponential", &["mean"], "exponential(mean=5) or exponential(rate=0.2)", &["expon"]),
    row(
        "weibull",
        &["shape", "scale"],
        "weibull(shape=1.5, scale=10) or weibull(p10=2, p90=17)",
        &[],
    ),
    row(
        "student_t",
        &["df", "location", "scale"],
        "student_t(5) or student_t(5, 100, 10)",
        &["student", "t"],
    ),
    row("logistic", &["location", "scale"], "logistic(10, 2) or logistic(p10=6, p90=14)", &[]),
    row("loglogistic", &["shape", "scale"], "loglogistic(shape=3, scale=10)", &["log_logistic"]),
    row("pareto", &["shape", "min"], "pareto(shape=3, min=10) or pareto(p10=11, p90=20)", &[]),
    row(
        "gumbel",
        &["location", "scale"],
        "gumbel(10, 2) or gumbel(p10=8, p90=15)",
        &["gumbel_max"],
    ),
    row("gumbel_min", &["location", "scale"], "gumbel_min(10, 2)", &[]),
    row("cauchy", &["location", "scale"], "cauchy(0, 1) or cauchy(p25=-1, p75=1)", &[]),
    row("laplace", &["location", "scale"], "laplace(0, 1) or laplace(p10=-2, p90=2)", &[]),
    row("chi_squared", &["df"], "chi_squared(4)", &["chi2", "chisq"]),
    row("rayleigh", &["scale"], "rayleigh(2)", &[]),
    row("loguniform", &["min", "max"], "loguniform(1, 1000)", &["log_uniform"]),
    row("discrete", &["outcomes"], "discrete(10:0.2, 20:0.5, 30:0.3)", &[]),
    row("bernoulli", &["p"], "bernoulli(0.3)", &[]),
    row("binomial", &["n", "p"], "binomial(10, 0.3)", &[]),
    row("poisson", &["mean"], "poisson(4)", &[]),
    row("geometric", &["p"], "geometric(0.2)", &[]),
    row("negative_binomial", &["r", "p"], "negative_binomial(3, 0.4)", &["negbin"]),
    row(
        "hypergeometric",
        &["n", "marked", "total"],
        "hypergeometric(n=10, marked=20, total=100)",
        &["hypergeo"],
    ),
    row("discrete_uniform", &["min", "max"], "discrete_uniform(1, 6)", &["intuniform"]),
    row("histogram", &["min", "max", "weights"], "histogram(0, 30, weights=[1, 4, 2])", &[]),
    row("cumulative", &["points"], "cumulative(0:0, 5:0.3, 20:1)", &["cumul"]),
    row("general", &["points"], "general(0:0, 5:3, 20:0)", &[]),
    row("empirical", &["values"], "empirical(3, 5, 8, 13)", &[]),
    row("resample", &["values"], "resample(3, 5, 8, 13)", &[]),
];
