//! Functions of @RISK and Risk Solver as distributions.
#![expect(clippy::unwrap_used, reason = "tests stop at the first thing that is not as it must be")]

use gantry_sampling::{
    Argument, Modifier, derive_distribution, derive_modifier, is_distribution_function,
};

fn numbers(values: &[f64]) -> Vec<Argument> {
    values.iter().map(|v| Argument::Number(*v)).collect()
}

fn made(name: &str, arguments: &[Argument]) -> String {
    derive_distribution(name, arguments).unwrap().unwrap().to_string()
}

#[test]
fn functions_become_distributions_by_name_and_order() {
    let cases: &[(&str, &[f64], &str)] = &[
        ("RiskNormal", &[10.0, 2.0], "normal(10, 2)"),
        ("_xll.RISKTRIANG", &[1.0, 2.0, 5.0], "triangular(1, 2, 5)"),
        ("PsiTriangular", &[1.0, 2.0, 5.0], "triangular(1, 2, 5)"),
        ("psiexponential", &[100.0], "exponential(100)"),
        ("RiskExpon", &[100.0], "exponential(100)"),
        ("RiskBetaGeneral", &[2.0, 3.0, 10.0, 20.0], "beta(2, 3, 10, 20)"),
        ("RiskHypergeo", &[10.0, 20.0, 100.0], "hypergeometric(10, 20, 100)"),
        ("PsiLogNorm2", &[1.0, 0.5], "lognormal(mu=1, sigma=0.5)"),
        ("RiskLogLogistic", &[3.0, 10.0, 4.0], "loglogistic(4, 10, shift=3)"),
        ("RiskPareto", &[3.0, 10.0], "pareto(3, 10)"),
        ("PsiIntUniform", &[1.0, 6.0], "discrete_uniform(1, 6)"),
    ];
    for (name, arguments, expected) in cases {
        assert!(is_distribution_function(name), "{name}");
        assert_eq!(made(name, &numbers(arguments)), *expected);
    }
    let lists = [Argument::List(vec![10.0, 20.0]), Argument::List(vec![1.0, 3.0])];
    assert_eq!(made("RiskDiscrete", &lists), "discrete(10:0.25, 20:0.75)");
    let mut cumul = numbers(&[0.0, 10.0]);
    cumul.extend([Argument::List(vec![2.0, 5.0]), Argument::List(vec![0.2, 0.9])]);
    assert_eq!(made("RiskCumul", &cumul), "cumulative(0:0, 2:0.2, 5:0.9, 10:1)");
}

#[test]
fn mean_and_mode_of_a_subjective_beta_come_back() {
    let arguments = numbers(&[0.0, 3.0, 4.0, 10.0]);
    let distribution = derive_distribution("RiskBetaSubj", &arguments).unwrap().unwrap();
    assert!((distribution.mean() - 4.0).abs() < 1e-12);
    assert!(distribution.density(3.0) > distribution.density(2.99));
    assert!(distribution.density(3.0) > distribution.density(3.01));
}

#[test]
fn truncation_comes_before_the_shift_in_any_order() {
    let cut = derive_modifier("RiskTruncate", &[Argument::Number(89.0), Argument::Missing])
        .unwrap()
        .unwrap();
    let shift = derive_modifier("RiskShift", &[Argument::Number(-78.0)]).unwrap().unwrap();
    let mut arguments = numbers(&[100.0, 20.0]);
    arguments.extend([Argument::Modifier(shift.clone()), Argument::Modifier(cut)]);
    assert_eq!(made("RiskNormal", &arguments), "normal(100, 20, lower=89, shift=-78)");
    let after = derive_modifier("RiskTruncate2", &numbers(&[11.0, 100.0])).unwrap().unwrap();
    let mut arguments = numbers(&[100.0, 20.0]);
    arguments.extend([Argument::Modifier(shift), Argument::Modifier(after)]);
    assert_eq!(made("RiskNormal", &arguments), "normal(100, 20, lower=89, upper=178, shift=-78)");
    let percentiles = derive_modifier("RiskTruncateP", &numbers(&[0.25, 0.75])).unwrap().unwrap();
    let mut arguments = numbers(&[0.0, 1.0]);
    arguments.push(Argument::Modifier(percentiles));
    assert_eq!(made("RiskUniform", &arguments), "uniform(0, 1, lower=0.25, upper=0.75)");
}

#[test]
fn alternative_parameters_are_percentiles() {
    let normal =
        derive_distribution("RiskNormalAlt", &numbers(&[0.1, 5.0, 0.9, 15.0])).unwrap().unwrap();
    assert!((normal.mean() - 10.0).abs() < 1e-9 && (normal.quantile(0.9) - 15.0).abs() < 1e-9);
    let mut arguments = numbers(&[0.05, 85.0]);
    arguments.extend([Argument::Text("m. likely".to_owned()), Argument::Number(100.0)]);
    arguments.extend(numbers(&[0.95, 130.0]));
    let triangle = derive_distribution("RiskTriangAlt", &arguments).unwrap().unwrap();
    assert!((triangle.quantile(0.95) - 130.0).abs() < 1e-6);
    let trigen = derive_distribution("RiskTrigen", &numbers(&[85.0, 100.0, 130.0, 5.0, 95.0]));
    assert!((trigen.unwrap().unwrap().quantile(0.05) - 85.0).abs() < 1e-6);
}

#[test]
fn what_is_not_known_or_not_read_is_said() {
    assert_eq!(derive_distribution("RiskOutput", &[]).unwrap(), None);
    assert!(!is_distribution_function("SUM") && !is_distribution_function("RiskMean"));
    assert_eq!(derive_modifier("RiskName", &[]).unwrap(), Some(Modifier::Label));
    let correlated = derive_modifier("RiskCorrmat", &[]).unwrap();
    assert_eq!(correlated, Some(Modifier::NotRead("RiskCorrmat".to_owned())));
    assert_eq!(derive_modifier("RiskNormal", &[]).unwrap(), None);
    let refuse = |name: &str, arguments: &[Argument]| {
        derive_distribution(name, arguments).unwrap_err().to_string()
    };
    assert_eq!(
        refuse("RiskNormal", &numbers(&[1.0])),
        "RiskNormal: takes 2 arguments (mean, sd), not 1"
    );
    let text = [Argument::Number(1.0), Argument::Text("x".to_owned())];
    assert!(refuse("PsiNormal", &text).contains("`sd` must be a number"));
    assert!(refuse("RiskNormal", &numbers(&[1.0, -1.0])).contains("`sd` is -1"));
    let lists = [Argument::List(vec![1.0, 2.0]), Argument::List(vec![1.0])];
    assert!(refuse("RiskDiscrete", &lists).contains("of one length"));
}
