//! Statistics of draws against their definitions, and merging.
#![expect(clippy::unwrap_used, reason = "tests stop at the first thing that is not as it must be")]

use gantry_sampling::statistics::{Column, Histogram, Moments, Sketch, StopRule};
use gantry_sampling::{Distribution, Plan, Settings};

fn draws(text: &str, count: usize, seed: u64) -> Vec<f64> {
    let distribution = Distribution::parse(text).unwrap();
    let mut out = vec![0.0; count];
    Plan::new(&[distribution], &Settings::new(seed, count as u64))
        .unwrap()
        .fill(0, 0, &mut out)
        .unwrap();
    out
}

fn near(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs().max(1.0),
        "{found}, not {expected}"
    );
}

#[test]
fn moments_are_those_of_the_definition_and_errors_are_apart() {
    let mut values = draws("gamma(2, 3)", 10_000, 1);
    let mut with_errors = values.clone();
    with_errors.splice(100..100, [f64::NAN; 7]);
    let mut moments = Moments::default();
    moments.add(&with_errors);
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let power = |k: i32| values.iter().map(|x| (x - mean).powi(k)).sum::<f64>() / n;
    assert_eq!((moments.count(), moments.errors()), (10_000, 7));
    near(moments.mean(), mean, 1e-13);
    near(moments.variance(), power(2) * n / (n - 1.0), 1e-12);
    near(moments.skewness(), power(3) / power(2).powf(1.5), 1e-11);
    near(moments.kurtosis(), power(4) / power(2).powi(2), 1e-11);
    values.sort_by(f64::total_cmp);
    assert_eq!((moments.min(), moments.max()), (values[0], values[9_999]));
    assert!(Moments::default().mean().is_nan());
}

#[test]
fn parts_merged_in_order_have_the_bits_of_one_pass_over_the_same_parts() {
    let values = draws("normal(1e6, 1)", 8_192, 2);
    let parts: Vec<Moments> = values
        .chunks(2_048)
        .map(|part| {
            let mut moments = Moments::default();
            moments.add(part);
            moments
        })
        .collect();
    let merge = |parts: &[Moments]| {
        let mut all = Moments::default();
        parts.iter().for_each(|part| all.merge(part));
        all
    };
    // Two workers that each did two parts send four parts, and nothing else changes.
    let sent: Vec<Moments> = parts
        .iter()
        .map(|p| serde_json::from_str(&serde_json::to_string(p).unwrap()).unwrap())
        .collect();
    assert_eq!(merge(&parts), merge(&sent));
    let mut whole = Moments::default();
    whole.add(&values);
    near(merge(&parts).sd(), whole.sd(), 1e-9);
}

#[test]
fn a_column_has_exact_percentiles_tails_and_probabilities() {
    let column = Column::new(vec![4.0, 1.0, f64::NAN, 3.0, 2.0, 5.0]).unwrap();
    assert_eq!(column.quantile(0.0), 1.0);
    assert_eq!(column.quantile(0.5), 3.0);
    assert_eq!(column.quantile(0.9), 4.6);
    assert_eq!(column.quantile(1.0), 5.0);
    assert_eq!(column.cvar_below(0.4), 1.5);
    assert_eq!(column.cvar_below(0.5), (1.0 + 2.0 + 1.5) / 2.5);
    assert_eq!(column.cvar_above(0.6), 4.5);
    assert_eq!(column.cvar_above(0.99), 5.0);
    assert_eq!(column.probability_below(3.0), 0.4);
    assert_eq!(column.probability_below(9.0), 1.0);
    assert_eq!(column.cdf_points(3), [(1.0, 0.0), (3.0, 0.5), (5.0, 1.0)]);
    let histogram = column.histogram(Some(4));
    assert_eq!(histogram.counts(), [1, 1, 1, 2]);
    assert_eq!(histogram.edges(), [1.0, 2.0, 3.0, 4.0, 5.0]);
    assert!(
        Column::new(vec![f64::NAN])
            .unwrap_err()
            .to_string()
            .contains("every iteration ended in an error")
    );
    assert_eq!(Column::new(vec![7.0; 9]).unwrap().histogram(None).counts().iter().sum::<u64>(), 9);
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let distribution = Distribution::parse("exponential(1)").unwrap();
    let mut held = [0, 0, 0];
    for seed in 0..400 {
        let column = Column::new(draws("exponential(1)", 1_000, seed)).unwrap();
        let inside = |interval: gantry_sampling::statistics::Interval, truth: f64| {
            usize::from(interval.low <= truth && truth <= interval.high)
        };
        held[0] += inside(column.moments().mean_interval(0.9), 1.0);
        held[1] += inside(column.quantile_interval(0.95, 0.9), distribution.quantile(0.95));
        held[2] += inside(column.probability_interval(0.1, 0.9), distribution.cdf(0.1));
    }
    // 360 of 400 expected with a standard deviation of 6.
    assert!(held.iter().all(|held| (336..=384).contains(held)), "{held:?}");
}

#[test]
fn histograms_merge_and_count_what_is_outside() {
    let mut first = Histogram::new(0.0, 10.0, 5);
    first.add(&[-1.0, 0.0, 2.0, 9.99, 10.0, 11.0, f64::NAN]);
    assert_eq!((first.counts(), first.outside()), ([1, 1, 0, 0, 2].as_slice(), (1, 1)));
    let second = first.clone();
    first.merge(&second).unwrap();
    assert_eq!((first.counts(), first.outside()), ([2, 2, 0, 0, 4].as_slice(), (2, 2)));
    assert!(first.merge(&Histogram::new(0.0, 9.0, 5)).is_err());
}

#[test]
fn a_sketch_is_accurate_and_merges_in_any_order() {
    for text in ["normal(0, 100)", "lognormal(mu=0, sigma=3)", "poisson(2)", "student_t(2)"] {
        let values = draws(text, 60_000, 3);
        let parts: Vec<Sketch> = values
            .chunks(7_001)
            .map(|part| {
                let mut sketch = Sketch::new(0.005).unwrap();
                sketch.add(part);
                sketch
            })
            .collect();
        let mut forwards = Sketch::new(0.005).unwrap();
        parts.iter().for_each(|part| forwards.merge(part).unwrap());
        let mut backwards = Sketch::new(0.005).unwrap();
        parts.iter().rev().for_each(|part| backwards.merge(part).unwrap());
        assert_eq!(forwards, backwards);
        let column = Column::new(values).unwrap();
        assert_eq!(forwards.count_draws(), 60_000);
        for percent in 0..=100 {
            let p = f64::from(percent) / 100.0;
            let rank = (p * 59_999.0) as usize;
            let (found, expected) = (forwards.quantile(p), column.sorted()[rank]);
            assert!(
                (found - expected).abs() <= 0.005_001 * expected.abs(),
                "{text} {p}: {found}, not {expected}"
            );
        }
        let threshold = column.quantile(0.3) * 1.02 + 0.01;
        near(forwards.probability_below(threshold), column.probability_below(threshold), 0.02);
    }
    assert!(Sketch::new(0.5).is_err());
    assert!(Sketch::new(0.01).unwrap().merge(&Sketch::new(0.02).unwrap()).is_err());
    let mut odd = Sketch::new(0.01).unwrap();
    odd.add(&[f64::NAN, f64::INFINITY, -5.0]);
    assert_eq!((odd.errors(), odd.quantile(1.0) > 1e300, odd.quantile(0.0)), (1, true, -5.0));
}

#[test]
fn stop_rules_are_read_and_met_at_checkpoints() {
    let rule: StopRule = "mean ± 1%".parse().unwrap();
    assert_eq!(rule.to_string(), "mean ± 1% at 95%");
    let checkpoints: Vec<u64> = StopRule::checkpoints().take(40).collect();
    assert!(
        checkpoints[0] == 1_024 && checkpoints.windows(2).all(|w| w[1] > w[0] && w[1] % 256 == 0)
    );
    let values = draws("normal(10, 5)", 60_000, 8);
    let ends = checkpoints
        .iter()
        .find(|n| rule.is_met(&Column::new(values[..**n as usize].to_vec()).unwrap()));
    // 1.96 · 5 / √n = 0.1 at n = 9,604: the first checkpoint from there on, or one beside it.
    assert!((8_000..13_000).contains(ends.unwrap()), "{ends:?}");
    let quantile: StopRule = "P95 +- 0.5 at 99%".parse().unwrap();
    assert!(quantile.is_met(&Column::new(values.clone()).unwrap()));
    assert!(!quantile.is_met(&Column::new(values[..500].to_vec()).unwrap()));
    for wrong in ["", "mean", "mean ± 0", "p101 ± 1", "mode ± 1%", "mean ± 1% at 99", "mean ± x"]
    {
        let text = wrong.parse::<StopRule>().unwrap_err().to_string();
        assert!(text.contains("written like `mean ± 0.5%`"), "{wrong}");
    }
}
