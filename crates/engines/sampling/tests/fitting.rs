//! Fits give the parameters back that the data were drawn with, and rank the true family first or
//! beside one that is as good.
#![expect(clippy::unwrap_used, reason = "tests stop at the first thing that is not as it must be")]

use gantry_sampling::fit::{FitReport, RankBy, fit};
use gantry_sampling::{Distribution, Plan, Settings};

const ROWS: usize = 5_000;

fn draws(text: &str) -> Vec<f64> {
    let distribution = Distribution::parse(text).unwrap();
    let mut out = vec![0.0; ROWS];
    Plan::new(&[distribution], &Settings::new(12, ROWS as u64))
        .unwrap()
        .fill(0, 0, &mut out)
        .unwrap();
    out
}

fn position(report: &FitReport, name: &str) -> usize {
    let found = report.ranked.iter().position(|fitted| fitted.distribution.family().name() == name);
    assert!(found.is_some(), "{name} was not fitted: {:?}", report.refused);
    found.unwrap()
}

#[test]
fn the_true_family_is_found_with_its_parameters() {
    for text in [
        "normal(10, 2)",
        "lognormal(mu=1, sigma=0.4)",
        "uniform(-3, 7)",
        "triangular(80, 100, 150)",
        "pert(80, 100, 150)",
        "beta(2, 5, 10, 20)",
        "gamma(2, 3)",
        "exponential(5)",
        "weibull(1.5, 10)",
        "student_t(4, 5, 2)",
        "logistic(10, 2)",
        "loglogistic(3, 10)",
        "pareto(5, 10)",
        "gumbel(10, 2)",
        "gumbel_min(10, 2)",
        "cauchy(1, 2)",
        "laplace(1, 2)",
        "rayleigh(2)",
        "loguniform(1, 1000)",
        "chi_squared(5)",
        "poisson(4.5)",
        "geometric(0.2)",
        "negative_binomial(3.5, 0.4)",
        "binomial(40, 0.3)",
        "discrete_uniform(0, 30)",
        "bernoulli(0.3)",
    ] {
        let truth = Distribution::parse(text).unwrap();
        let report = fit(&draws(text), RankBy::Bic).unwrap();
        let at = position(&report, truth.family().name());
        // A family that contains the true one may come first by a hair.
        assert!(report.ranked[at].bic - report.ranked[0].bic < 12.0, "{text}: {report:#?}");
        let found = &report.ranked[at].distribution;
        for p in [0.1, 0.5, 0.9] {
            let spread = truth.quantile(0.9) - truth.quantile(0.1);
            let error = (found.quantile(p) - truth.quantile(p)).abs();
            assert!(error <= 0.06 * spread, "{text} at {p}: {found}");
        }
        assert!(
            report.ranked[at].ks < 1.63 / (ROWS as f64).sqrt(),
            "{text}: {}",
            report.ranked[at].ks
        );
    }
}

#[test]
fn likelihood_criteria_and_distances_are_those_of_the_definition() {
    let data = [1.0, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 7.0];
    let report = fit(&data, RankBy::Ad).unwrap();
    let normal = &report.ranked[position(&report, "normal")];
    let mean = data.iter().sum::<f64>() / 8.0;
    let variance = data.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 8.0;
    let expected = -4.0 * ((std::f64::consts::TAU * variance).ln() + 1.0);
    assert!((normal.log_likelihood - expected).abs() < 1e-9);
    assert!((normal.aic - (4.0 - 2.0 * expected)).abs() < 1e-9);
    assert!((normal.bic - (2.0 * 8.0_f64.ln() - 2.0 * expected)).abs() < 1e-9);
    // scipy.stats.ks_1samp and the sum of Anderson and Darling for the same normal distribution.
    assert!(
        (normal.ks - 0.125).abs() < 0.03 && normal.ad.unwrap() > 0.1 && normal.ad.unwrap() < 0.4
    );
    let distances: Vec<f64> = report.ranked.iter().filter_map(|fitted| fitted.ad).collect();
    assert!(distances.windows(2).all(|pair| pair[0] <= pair[1]));
    assert_eq!(report.observations, 8);
}

#[test]
fn families_that_cannot_be_say_why() {
    let report = fit(&[-1.5, 2.0, 3.0, 4.0, 5.5, 6.0, 7.0, 8.0], RankBy::Aic).unwrap();
    assert!(report.refused.contains(&("gamma", "some observations are not above 0")));
    let counts = fit(&[0.0, 0.0, 1.0, 0.0, 9.0, 0.0, 0.0, 30.0, 0.0], RankBy::Aic).unwrap();
    assert!(counts.refused.contains(&("binomial", "the variance is not below the mean")));
    assert!(counts.ranked.iter().all(|fitted| fitted.distribution.is_discrete()));
    let refuse = |data: &[f64]| fit(data, RankBy::Aic).unwrap_err().to_string();
    assert!(refuse(&[1.0; 20]).contains("all observations are equal"));
    assert!(refuse(&[1.0, 2.0]).contains("fewer than 8"));
    assert!(refuse(&[f64::NAN; 9]).contains("missing or infinite"));
}
