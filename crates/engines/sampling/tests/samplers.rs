//! Every sampler follows its own distribution function: Kolmogorov–Smirnov distance, mean and
//! spread of 200,000 draws, and the same bits on every set of vector instructions.
#![expect(clippy::unwrap_used, reason = "tests stop at the first thing that is not as it must be")]

use gantry_sampling::{CHUNK, Design, Distribution, Lanes, Plan, Settings};

const DRAWS: usize = 200_000;

/// One or more of every family, plain, cut and moved.
const TEXTS: &[&str] = &[
    "uniform(-3, 7)",
    "normal(10, 2)",
    "normal(mean=10, sd=2, min=9, shift=3)",
    "normal(0, 1, lower=2, upper=4)",
    "lognormal(mu=1, sigma=0.4)",
    "lognormal(10, 4)",
    "triangular(80, 100, 150)",
    "triangular(0, 0, 1)",
    "triangular(0, 1, 1, lower=0.5)",
    "pert(80, 100, 150)",
    "pert(0, 9, 10, lambda=2)",
    "beta(2, 5)",
    "beta(0.5, 0.5)",
    "beta(0.3, 4, min=10, max=20)",
    "gamma(2, 3)",
    "gamma(0.2, 1)",
    "gamma(400, 0.1, lower=38)",
    "exponential(mean=5)",
    "weibull(1.5, 10)",
    "weibull(0.7, 1, upper=3)",
    "student_t(3, 5, 2)",
    "student_t(30)",
    "student_t(1)",
    "logistic(10, 2)",
    "loglogistic(3, 10)",
    "pareto(5, 10)",
    "gumbel(10, 2)",
    "gumbel_min(10, 2)",
    "cauchy(0, 1)",
    "cauchy(0, 1, lower=-5, upper=5)",
    "laplace(0, 1)",
    "chi_squared(4)",
    "rayleigh(2)",
    "loguniform(1, 1000)",
    "discrete(10:0.2, 20:0.5, 30:0.3)",
    "bernoulli(0.3)",
    "binomial(40, 0.3)",
    "binomial(1000000, 0.5)",
    "poisson(4.5)",
    "poisson(5000, lower=4900, upper=5200)",
    "geometric(0.2)",
    "negative_binomial(3.5, 0.4)",
    "hypergeometric(10, 20, 100)",
    "discrete_uniform(-2, 6)",
    "histogram(0, 30, weights=[1, 4, 0, 2])",
    "cumulative(0:0, 5:0.3, 20:1)",
    "general(0:0, 5:3, 20:0)",
    "general(0:1, 1:1, 2:5)",
    "empirical(3, 5, 8, 13)",
    "resample(3, 5, 5, 8, 13)",
];

fn draws(text: &str, settings: &Settings) -> Vec<f64> {
    let distribution = Distribution::parse(text).unwrap();
    let mut out = vec![0.0; DRAWS];
    Plan::new(&[distribution], settings).unwrap().fill(0, 0, &mut out).unwrap();
    out
}

/// Greatest distance between the draws' distribution function and the true one.
fn distance(distribution: &Distribution, sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let mut worst: f64 = 0.0;
    let mut start = 0;
    while start < sorted.len() {
        let value = sorted[start];
        let length = sorted[start..].partition_point(|v| *v == value);
        let p = distribution.cdf(value);
        worst = worst.max((p - (start + length) as f64 / n).abs());
        if !distribution.is_discrete() {
            worst = worst.max((p - start as f64 / n).abs());
        }
        // Few of the many distinct values decide; every 16th is looked at beside all ties.
        start += if length == 1 { 16.min(sorted.len() - start) } else { length };
    }
    worst
}

#[test]
fn draws_follow_the_distribution_function() {
    for text in TEXTS {
        let distribution = Distribution::parse(text).unwrap();
        let mut sorted = draws(text, &Settings::new(20_261, DRAWS as u64));
        sorted.sort_by(f64::total_cmp);
        // A distance that one true sample in 10,000 exceeds, and the rounding of looking at one in 16.
        let limit = 2.23 / (DRAWS as f64).sqrt() + 16.0 / DRAWS as f64;
        let found = distance(&distribution, &sorted);
        assert!(found < limit, "{text}: {found} is not below {limit}");
        let (least, greatest) = distribution.range();
        assert!(sorted[0] >= least && sorted[DRAWS - 1] <= greatest, "{text}");
    }
}

#[test]
fn moments_are_within_four_standard_errors() {
    for text in TEXTS {
        let distribution = Distribution::parse(text).unwrap();
        let (mean, sd) = (distribution.mean(), distribution.sd());
        if !sd.is_finite() || text.starts_with("student_t(3") {
            // Without a fourth moment the spread of a sample says nothing.
            continue;
        }
        let values = draws(text, &Settings::new(4, DRAWS as u64));
        let n = DRAWS as f64;
        let found = values.iter().sum::<f64>() / n;
        assert!((found - mean).abs() < 4.0 * sd / n.sqrt(), "{text}: mean {found}, not {mean}");
        let squares: Vec<f64> = values.iter().map(|v| (v - mean) * (v - mean)).collect();
        let variance = squares.iter().sum::<f64>() / n;
        let fourth = squares.iter().map(|s| (s - sd * sd) * (s - sd * sd)).sum::<f64>() / n;
        let error = (fourth / n).sqrt();
        assert!(
            (variance - sd * sd).abs() < 4.0 * error + 1e-12 * sd * sd,
            "{text}: {variance}, not {}",
            sd * sd
        );
    }
}

#[test]
fn every_set_of_instructions_gives_the_same_bits() {
    for text in TEXTS {
        for design in [Design::MonteCarlo, Design::LatinHypercube, Design::Sobol] {
            let plan = |lanes| {
                let settings = Settings::new(9, 3_000).with_design(design).with_lanes(lanes);
                Plan::new(&[Distribution::parse(text).unwrap()], &settings).unwrap()
            };
            let mut expected = vec![0.0; 3_000];
            plan(Lanes::all()[0]).fill(0, 0, &mut expected).unwrap();
            for lanes in Lanes::all() {
                let plan = plan(lanes);
                // Pieces of odd lengths, from the last to the first.
                for start in (0..3_000).step_by(700).collect::<Vec<_>>().into_iter().rev() {
                    let mut piece = vec![0.0; (3_000 - start).min(700)];
                    plan.fill(0, start as u64, &mut piece).unwrap();
                    let same = piece
                        .iter()
                        .zip(&expected[start..])
                        .all(|(a, b)| a.to_bits() == b.to_bits());
                    assert!(same, "{text} on {} from {start}", lanes.name());
                }
            }
        }
    }
}

#[test]
fn a_draw_is_the_quantile_of_its_uniform_number() {
    let mut uniforms = [0.0; CHUNK];
    let unit = Distribution::parse("uniform(0, 1)").unwrap();
    let settings = Settings::new(9, 256);
    Plan::new(&[unit], &settings).unwrap().fill(0, 0, &mut uniforms).unwrap();
    for text in TEXTS {
        let distribution = Distribution::parse(text).unwrap();
        let mut values = [0.0; CHUNK];
        Plan::new(std::slice::from_ref(&distribution), &settings)
            .unwrap()
            .fill(0, 0, &mut values)
            .unwrap();
        for (u, value) in uniforms.iter().zip(values) {
            let expected = distribution.quantile(*u);
            let close = (value - expected).abs() <= 1e-9 * expected.abs().max(1e-3);
            assert!(close, "{text} at {u}: {value}, not {expected}");
        }
    }
}

#[test]
fn latin_hypercube_meets_every_stratum_once() {
    let count = 10_007_usize;
    let settings = Settings::new(3, count as u64).with_design(Design::LatinHypercube);
    let unit = Distribution::parse("uniform(0, 1)").unwrap();
    let mut values = vec![0.0; count];
    Plan::new(&[unit.clone(), unit], &settings).unwrap().fill(1, 0, &mut values).unwrap();
    let mut met = vec![0; count];
    for value in values {
        met[((value * count as f64) as usize).min(count - 1)] += 1;
    }
    assert!(met.iter().all(|times| *times == 1));
}

/// Variance of the mean of a smooth function of eight inputs over 64 seeds of 1,024 iterations.
fn variance_of_mean(design: Design) -> f64 {
    let inputs = vec![Distribution::parse("normal(0, 1)").unwrap(); 8];
    let means = (0..64).map(|seed| {
        let settings = Settings::new(seed, 1_024).with_design(design);
        let plan = Plan::new(&inputs, &settings).unwrap();
        let mut columns = vec![[0.0; CHUNK]; 8];
        let mut sum = 0.0;
        for chunk in 0..4 {
            plan.fill_chunk(chunk, &mut columns).unwrap();
            sum += (0..CHUNK)
                .map(|i| columns.iter().map(|c| c[i] + 0.2 * c[i] * c[i]).sum::<f64>())
                .sum::<f64>();
        }
        sum / 1_024.0
    });
    let means: Vec<f64> = means.collect();
    let centre = means.iter().sum::<f64>() / 64.0;
    assert!((centre - 1.6).abs() < 0.1, "{design:?}: {centre}");
    means.iter().map(|m| (m - centre) * (m - centre)).sum::<f64>() / 63.0
}

#[test]
fn designs_lower_the_variance_of_a_mean() {
    let random = variance_of_mean(Design::MonteCarlo);
    for design in [Design::LatinHypercube, Design::Sobol] {
        let found = variance_of_mean(design);
        assert!(found < random / 50.0, "{design:?}: {found}, by chance {random}");
    }
}

#[test]
fn a_plan_refuses_what_it_cannot_draw() {
    let inputs = [Distribution::parse("uniform(0, 1)").unwrap()];
    let refuse = |settings: Settings| Plan::new(&inputs, &settings).unwrap_err().to_string();
    assert!(refuse(Settings::new(1, 0)).contains("iterations must be between 1 and 2^48"));
    let sobol = Settings::new(1, (1 << 32) + 1).with_design(Design::Sobol);
    assert!(refuse(sobol).contains("take latin_hypercube for more"));
    let plan = Plan::new(&inputs, &Settings::new(1, 10)).unwrap();
    assert!(plan.fill(1, 0, &mut [0.0]).unwrap_err().to_string().contains("has 1 entries, but 2"));
    assert!(plan.fill_chunk::<[f64; CHUNK]>(0, &mut []).is_err());
}
