//! Distributions as text: what is read, what is written, what is refused and in which words.
#![expect(clippy::unwrap_used, reason = "tests stop at the first thing that is not as it must be")]

use gantry_sampling::{Distribution, families};

fn refused(text: &str) -> String {
    Distribution::parse(text).unwrap_err().to_string()
}

#[test]
fn examples_of_the_table_are_read_and_written_back() {
    for family in families() {
        for usage in family.usage.split(" or ").flat_map(|part| part.split("), ")) {
            let text = if usage.ends_with(')') { usage.to_owned() } else { format!("{usage})") };
            let distribution = Distribution::parse(&text).unwrap();
            assert_eq!(distribution.family().name(), family.name);
            let again = Distribution::parse(&distribution.to_string()).unwrap();
            assert_eq!(again, distribution, "{distribution}");
            let json = serde_json::to_string(&distribution).unwrap();
            assert_eq!(serde_json::from_str::<Distribution>(&json).unwrap(), distribution);
        }
    }
}

#[test]
fn names_spaces_and_modifiers_are_read() {
    let text = " Normal( mean = 10 ,sd=20%, min=0, shift=3 ) ";
    let distribution = Distribution::parse(text).unwrap();
    assert_eq!(distribution.to_string(), "normal(10, 0.2, lower=0, shift=3)");
    assert_eq!(Distribution::parse("triangle(1,2,3)").unwrap().to_string(), "triangular(1, 2, 3)");
    assert_eq!(
        Distribution::parse("exponential(rate=0.25)").unwrap().to_string(),
        "exponential(4)"
    );
    let listed = Distribution::parse("discrete(values=[2, 1, 2], weights=[1, 2, 1])").unwrap();
    assert_eq!(listed.to_string(), "discrete(1:0.5, 2:0.5)");
}

#[test]
fn percentiles_come_back_from_the_distribution() {
    for text in [
        "normal(p10=5, p90=15)",
        "lognormal(p5=2, p95=30)",
        "uniform(p10=1, p90=9)",
        "triangular(p10=85, mode=100, p90=130)",
        "pert(p10=85, mode=100, p90=130)",
        "gamma(p10=1, p90=9)",
        "weibull(p10=2, p90=17)",
        "logistic(p10=6, p90=14)",
        "loglogistic(p10=6, p90=14)",
        "gumbel(p10=8, p90=15)",
        "gumbel_min(p10=8, p90=15)",
        "cauchy(p25=-1, p75=1)",
        "laplace(p10=-2, p90=2)",
        "pareto(p10=11, p90=20)",
        "loguniform(p10=2, p90=20)",
        "student_t(df=4, p10=1, p90=3)",
        "exponential(p50=7)",
        "rayleigh(p50=7)",
    ] {
        let distribution = Distribution::parse(text).unwrap();
        for part in text[text.find('(').unwrap() + 1..text.len() - 1].split(", ") {
            let (name, value) = part.split_once('=').unwrap();
            let Ok(percent) = name[1..].parse::<f64>() else { continue };
            let (expected, found) =
                (value.parse::<f64>().unwrap(), distribution.quantile(percent / 100.0));
            assert!((found - expected).abs() < 1e-7 * expected.abs(), "{text}: {found}");
        }
    }
}

#[test]
fn refusals_name_the_parameter_the_cause_and_the_right_form() {
    let cases = [
        ("normal(10, -2)", "normal: `sd` is -2, but must be a number above 0"),
        ("uniform(0, 1e300)", "uniform: `max` is 1"),
        ("uniform(0, 1e300)", "must be a number between -1e150 and 1e150"),
        ("triangular(80, 200, 150)", "triangular: `mode` is 200, but must lie between 80 and 150"),
        ("uniform(5, 5)", "uniform: `min` is 5, but must be below `max`, which is 5"),
        ("binomial(2.5, 0.5)", "binomial: `n` is 2.5, but must be a whole number from 1 to 1e9"),
        (
            "normal(10)",
            "normal: `sd` is missing; write it as `normal(mean=10, sd=2) or normal(p10=5, p90=15)`",
        ),
        ("normal(1, 2, 3)", "takes at most 2 arguments (mean, sd), not 3"),
        ("normal(1, 2, skew=3)", "has no parameter `skew` here; it has `mean`, `sd`, and `lower`"),
        ("normel(1, 2)", "there is no distribution `normel` (did you mean `normal`?)"),
        ("normal 1, 2", "at character 8: `(` should follow the name"),
        ("normal(1, x)", "`=` should follow the name of a parameter"),
        ("normal(1, 1e999)", "at character 11: a finite number should stand here"),
        ("normal(1, 2) + 3", "nothing should follow the closing `)`"),
        ("normal(0, 1, lower=50)", "less than 1e-9 of the probability lies between"),
        ("normal(0, 1, lower=3, upper=2)", "must be below `upper`, which is 2"),
        ("normal(p90=1, p10=2)", "the higher percentile must have the higher value"),
        ("beta(p10=1, p90=2)", "cannot be given by percentiles"),
        ("discrete(1, 2)", "takes pairs of a value and its weight"),
        ("cumulative(0:0, 5:0.8, 6:0.3, 7:1)", "they must rise"),
        ("", "the name of a distribution should stand here"),
    ];
    for (text, part) in cases {
        assert!(refused(text).contains(part), "{text}: {}", refused(text));
    }
}

#[test]
fn no_text_makes_the_reader_panic() {
    let pieces = [
        "normal", "(", ")", "[", "]", ",", ":", "=", "p10", "-", "1e308", "é", "%", " ", "NaN",
        "discrete",
    ];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..8 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(state >> 60) as usize]);
        }
        if let Err(error) = Distribution::parse(&text) {
            assert!(!error.to_string().is_empty());
        }
    }
}
