//! Fits of the continuous families.

use super::search::minimise;
use super::{Fit, Sample, solve};
use crate::Family;
use crate::math::{exp, ln, ln_1p, ln_beta};

const NEEDS_POSITIVE: &str = "some observations are not above 0";

/// Fits every continuous family.
pub(super) fn fits(sample: &Sample) -> Vec<(&'static str, Fit)> {
    let sd = sample.variance.sqrt();
    vec![
        ("normal", Ok((Family::Normal { mean: sample.mean, sd }, 2))),
        ("uniform", Ok((Family::Uniform { min: sample.least(), max: sample.greatest() }, 2))),
        ("triangular", Ok(triangular(sample))),
        ("pert", Ok(pert(sample))),
        ("beta", Ok(beta(sample))),
        ("logistic", Ok(logistic(sample))),
        ("gumbel", Ok(gumbel(sample, 1.0))),
        ("gumbel_min", Ok(gumbel(sample, -1.0))),
        ("laplace", Ok(laplace(sample))),
        ("cauchy", Ok(cauchy(sample))),
        ("student_t", Ok(student(sample))),
        ("lognormal", positive(sample, lognormal)),
        ("exponential", positive(sample, |s| (Family::Exponential { mean: s.mean }, 1))),
        ("gamma", positive(sample, gamma)),
        ("weibull", positive(sample, weibull)),
        ("loglogistic", positive(sample, log_logistic)),
        ("pareto", positive(sample, pareto)),
        (
            "rayleigh",
            positive(sample, |s| {
                (Family::Rayleigh { scale: (0.5 * s.mean_of(|x| x * x)).sqrt() }, 1)
            }),
        ),
        (
            "chi_squared",
            positive(sample, |s| {
                let df = 2.0 * solve::inverse_digamma(s.mean_of(ln) - std::f64::consts::LN_2);
                (Family::ChiSquared { df }, 1)
            }),
        ),
        (
            "loguniform",
            positive(sample, |s| (Family::LogUniform { min: s.least(), max: s.greatest() }, 2)),
        ),
    ]
}

fn positive(sample: &Sample, fit: impl Fn(&Sample) -> (Family, usize)) -> Fit {
    if sample.least() <= 0.0 { Err(NEEDS_POSITIVE) } else { Ok(fit(sample)) }
}

fn lognormal(sample: &Sample) -> (Family, usize) {
    let mu = sample.mean_of(ln);
    let sigma = sample.mean_of(|x| (ln(x) - mu) * (ln(x) - mu)).sqrt();
    (Family::LogNormal { mu, sigma }, 2)
}

fn gamma(sample: &Sample) -> (Family, usize) {
    let shape = solve::gamma_shape(ln(sample.mean) - sample.mean_of(ln));
    (Family::Gamma { shape, scale: sample.mean / shape }, 2)
}

fn weibull(sample: &Sample) -> (Family, usize) {
    let greatest = ln(sample.greatest());
    let logs: Vec<f64> = sample.thinned().iter().map(|x| ln(*x) - greatest).collect();
    let shape = solve::weibull_shape(&logs);
    let power = logs.iter().map(|log| exp(shape * log)).sum::<f64>() / logs.len() as f64;
    (Family::Weibull { shape, scale: exp(greatest + ln(power) / shape) }, 2)
}

fn pareto(sample: &Sample) -> (Family, usize) {
    let min = sample.least();
    (Family::Pareto { shape: 1.0 / sample.mean_of(|x| ln(x / min)), min }, 2)
}

fn log_logistic(sample: &Sample) -> (Family, usize) {
    let logs: Vec<f64> = sample.thinned().iter().map(|x| ln(*x)).collect();
    let (location, scale) = logistic_place(&logs);
    (Family::LogLogistic { shape: 1.0 / scale, scale: exp(location) }, 2)
}

fn laplace(sample: &Sample) -> (Family, usize) {
    let location = sample.quantile(0.5);
    (Family::Laplace { location, scale: sample.mean_of(|x| (x - location).abs()) }, 2)
}

/// Gumbel of maxima for a sign of 1, of minima for -1.
fn gumbel(sample: &Sample, sign: f64) -> (Family, usize) {
    let centred: Vec<f64> = sample.thinned().iter().map(|x| sign * (x - sample.mean)).collect();
    let scale = solve::gumbel_scale(&centred, sample.variance.sqrt());
    let least = centred.iter().copied().fold(f64::INFINITY, f64::min);
    let power =
        centred.iter().map(|x| exp((least - x) / scale)).sum::<f64>() / centred.len() as f64;
    let location = sample.mean + sign * (least - scale * ln(power));
    if sign > 0.0 {
        (Family::Gumbel { location, scale }, 2)
    } else {
        (Family::GumbelMin { location, scale }, 2)
    }
}

/// Mean and standard deviation.
fn spread(data: &[f64]) -> (f64, f64) {
    let n = data.len() as f64;
    let mean = data.iter().sum::<f64>() / n;
    (mean, (data.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt())
}

fn logistic(sample: &Sample) -> (Family, usize) {
    let (location, scale) = logistic_place(&sample.thinned());
    (Family::Logistic { location, scale }, 2)
}

/// Location and scale of a logistic distribution.
fn logistic_place(data: &[f64]) -> (f64, f64) {
    let (mean, sd) = spread(data);
    let cost = |p: &[f64; 2]| {
        let (location, scale) = (mean + sd * p[0], sd * exp(p[1]));
        data.iter()
            .map(|x| {
                let z = ((x - location) / scale).abs();
                z + 2.0 * ln_1p(exp(-z)) + ln(scale)
            })
            .sum()
    };
    let [location, log_scale] = minimise([0.0, -0.6], [0.1, 0.1], cost);
    (mean + sd * location, sd * exp(log_scale))
}

fn cauchy(sample: &Sample) -> (Family, usize) {
    let data = sample.thinned();
    let middle = sample.quantile(0.5);
    let half = 0.5 * (sample.quantile(0.75) - sample.quantile(0.25));
    let unit = if half > 0.0 { half } else { sample.variance.sqrt() };
    let cost = |p: &[f64; 2]| {
        let (location, scale) = (middle + unit * p[0], unit * exp(p[1]));
        data.iter()
            .map(|x| {
                let z = (x - location) / scale;
                ln_1p(z * z) + ln(scale)
            })
            .sum()
    };
    let [location, log_scale] = minimise([0.0, 0.0], [0.1, 0.1], cost);
    (Family::Cauchy { location: middle + unit * location, scale: unit * exp(log_scale) }, 2)
}

fn student(sample: &Sample) -> (Family, usize) {
    let data = sample.thinned();
    let (middle, sd) = (sample.quantile(0.5), sample.variance.sqrt());
    let n = data.len() as f64;
    let place = |p: &[f64; 3]| (exp(p[0]).clamp(0.1, 1e6), middle + sd * p[1], sd * exp(p[2]));
    let cost = |p: &[f64; 3]| {
        let (df, location, scale) = place(p);
        let tails: f64 = data
            .iter()
            .map(|x| {
                let z = (x - location) / scale;
                ln_1p(z * z / df)
            })
            .sum();
        n * (ln_beta(0.5, 0.5 * df) + 0.5 * ln(df) + ln(scale)) + 0.5 * (df + 1.0) * tails
    };
    let best = minimise([ln(5.0), 0.0, -0.3], [0.5, 0.1, 0.2], cost);
    let (df, location, scale) = place(&best);
    (Family::StudentT { df, location, scale }, 3)
}

/// Beta with limits beyond the data, by at least what the ends of a uniform sample of this size
/// lack: nearer, the likelihood grows without end.
fn beta(sample: &Sample) -> (Family, usize) {
    let data = sample.thinned();
    let n = data.len() as f64;
    let range = sample.greatest() - sample.least();
    let margin = |p: f64| range * (1.0 / sample.sorted.len() as f64 + exp(p));
    let limits =
        |low: f64, high: f64| (sample.least() - margin(low), sample.greatest() + margin(high));
    let cost = |p: &[f64; 4]| {
        let ((min, max), a, b) = (limits(p[0], p[1]), exp(p[2]), exp(p[3]));
        let width = max - min;
        let logs = |x: &f64| (a - 1.0) * ln((x - min) / width) + (b - 1.0) * ln((max - x) / width);
        n * (ln_beta(a, b) + ln(width)) - data.iter().map(logs).sum::<f64>()
    };
    let (min, max) = limits(-4.0, -4.0);
    let (mean, width) = ((sample.mean - min) / (max - min), max - min);
    let sum = (mean * (1.0 - mean) / (sample.variance / (width * width)) - 1.0).max(0.1);
    let start = [-4.0, -4.0, ln(mean * sum), ln((1.0 - mean) * sum)];
    let best = minimise(start, [1.0, 1.0, 0.2, 0.2], cost);
    let (min, max) = limits(best[0], best[1]);
    (Family::Beta { alpha: exp(best[2]), beta: exp(best[3]), min, max }, 4)
}

/// Limits beyond the data and a mode between them, from three free numbers.
fn with_mode(sample: &Sample, p: &[f64; 3]) -> (f64, f64, f64) {
    let range = sample.greatest() - sample.least();
    let (min, max) = (sample.least() - range * exp(p[0]), sample.greatest() + range * exp(p[1]));
    let share = 1.0 / (1.0 + exp(-p[2]));
    (min, min + share * (max - min), max)
}

fn triangular(sample: &Sample) -> (Family, usize) {
    let data = sample.thinned();
    let cost = |p: &[f64; 3]| {
        let (min, mode, max) = with_mode(sample, p);
        let (rise, fall) = (ln(mode - min), ln(max - mode));
        let height = ln(2.0 / (max - min));
        let below = |x: f64| if x < mode { ln(x - min) - rise } else { ln(max - x) - fall };
        -data.iter().map(|x| height + below(*x)).sum::<f64>()
    };
    let (min, mode, max) = with_mode(sample, &minimise([-3.0, -3.0, 0.0], [1.0, 1.0, 1.0], cost));
    (Family::Triangular { min, mode, max }, 3)
}

fn pert(sample: &Sample) -> (Family, usize) {
    let data = sample.thinned();
    let n = data.len() as f64;
    let cost = |p: &[f64; 3]| {
        let (min, mode, max) = with_mode(sample, p);
        let width = max - min;
        let (a, b) = (1.0 + 4.0 * (mode - min) / width, 1.0 + 4.0 * (max - mode) / width);
        let logs: f64 = data
            .iter()
            .map(|x| (a - 1.0) * ln((x - min) / width) + (b - 1.0) * ln((max - x) / width))
            .sum();
        n * (ln_beta(a, b) + ln(width)) - logs
    };
    let (min, mode, max) = with_mode(sample, &minimise([-2.0, -2.0, 0.0], [1.0, 1.0, 1.0], cost));
    (Family::Pert { min, mode, max, lambda: 4.0 }, 3)
}
