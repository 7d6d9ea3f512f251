//! Parameters at the ends of their ranges: every one that is accepted draws finite numbers within
//! its range, in bounded time.

use gantry_sampling::{CHUNK, Distribution, Plan, Settings};

const TEXTS: &[&str] = &[
    "beta(0.001, 0.001)",
    "beta(0.001, 1000000000)",
    "beta(1000000000, 1000000000)",
    "beta(1000, 0.01)",
    "beta(0.01, 1000)",
    "pert(0, 0, 1)",
    "pert(0, 1, 1, lambda=1000000)",
    "gamma(0.001, 1)",
    "gamma(1000000000, 1e-150)",
    "gamma(150000, 2)",
    "chi_squared(0.002)",
    "student_t(0.05)",
    "student_t(1000000000)",
    "weibull(0.001, 1)",
    "weibull(1000000000, 1)",
    "loglogistic(0.001, 1)",
    "pareto(0.001, 1)",
    "lognormal(mu=0, sigma=300)",
    "normal(1e150, 1e-150)",
    "normal(0, 1, lower=5.9)",
    "normal(0, 1, upper=-5.9)",
    "cauchy(0, 1e150)",
    "uniform(-1e150, 1e150)",
    "triangular(-1e150, 0, 1e150)",
    "binomial(1000000000, 0.5)",
    "binomial(1000000000, 1e-12)",
    "binomial(5, 0)",
    "binomial(5, 1)",
    "poisson(1000000000)",
    "poisson(1e-12)",
    "geometric(1)",
    "geometric(0.000001)",
    "negative_binomial(0.001, 0.001)",
    "negative_binomial(1000000, 0.5)",
    "negative_binomial(2, 1)",
    "hypergeometric(1000000, 500000000, 1000000000)",
    "hypergeometric(10, 10, 10)",
    "hypergeometric(0, 0, 1)",
    "discrete_uniform(-1000000000000000, 1000000000000000)",
    "discrete_uniform(4, 4)",
    "bernoulli(0)",
    "bernoulli(1)",
    "discrete(1:0, 2:1)",
    "poisson(4, lower=3.5, upper=4.5)",
    "discrete(1:0.5, 2:0.5, lower=1.5)",
    "empirical(1, 1, 1, 2)",
    "general(0:0, 1:1)",
    "cumulative(0:0, 1:0.5, 2:0.5, 3:1)",
    "resample(7)",
    "histogram(0, 1, weights=[0, 0, 1])",
];

#[test]
fn accepted_parameters_draw_numbers_in_range() {
    for text in TEXTS {
        let distribution =
            Distribution::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let plan = Plan::new(std::slice::from_ref(&distribution), &Settings::new(1, 512)).unwrap();
        let mut columns = [[0.0; CHUNK]];
        plan.fill_chunk(1, &mut columns).unwrap();
        let (least, greatest) = distribution.range();
        for value in columns[0] {
            assert!(!value.is_nan() && value >= least && value <= greatest, "{text}: {value}");
        }
        for p in [0.0, 1e-300, 0.25, 0.5, 0.999, 1.0] {
            let x = distribution.quantile(p);
            assert!(!x.is_nan() && !distribution.cdf(x).is_nan(), "{text} at {p}: {x}");
        }
        assert!(
            !distribution.mean().is_nan()
                || text.starts_with("cauchy")
                || text.starts_with("student")
        );
        let _spread = distribution.sd();
    }
}

#[test]
fn truncations_that_leave_nothing_are_refused() {
    for text in [
        "poisson(4, lower=3.2, upper=3.8)",
        "discrete(1:0.5, 2:0.5, lower=3)",
        "uniform(0, 1, lower=2)",
        "histogram(0, 3, weights=[1, 0, 1], lower=1.1, upper=1.9)",
    ] {
        assert!(
            Distribution::parse(text)
                .unwrap_err()
                .to_string()
                .contains("of the probability lies between"),
            "{text}"
        );
    }
}
