//! Sensitivity measures on models whose answers are known.
#![expect(clippy::unwrap_used, reason = "tests stop at the first thing that is not as it must be")]

use gantry_sampling::sensitivity::{
    SobolRuns, conditional_means, contributions, rank_correlations, regression, sobol_indices,
};
use gantry_sampling::{Design, Distribution, Plan, Settings};

const ROWS: usize = 20_000;

fn columns(texts: &[&str]) -> Vec<Vec<f64>> {
    let inputs: Vec<_> = texts.iter().map(|text| Distribution::parse(text).unwrap()).collect();
    let settings = Settings::new(3, ROWS as u64).with_design(Design::Sobol);
    let plan = Plan::new(&inputs, &settings).unwrap();
    (0..inputs.len())
        .map(|input| {
            let mut column = vec![0.0; ROWS];
            plan.fill(input, 0, &mut column).unwrap();
            column
        })
        .collect()
}

fn slices(columns: &[Vec<f64>]) -> Vec<&[f64]> {
    columns.iter().map(Vec::as_slice).collect()
}

fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() < tolerance, "{found}, not {expected}");
}

#[test]
fn a_linear_model_gives_its_coefficients_back() {
    let inputs = columns(&["normal(0, 1)", "normal(5, 2)", "uniform(0, 1)", "normal(0, 1)"]);
    let output: Vec<f64> =
        (0..ROWS).map(|i| 3.0 * inputs[0][i] - 2.0 * inputs[1][i] + 7.0).collect();
    let found = regression(&slices(&inputs), &output).unwrap();
    near(found.coefficients[0], 0.6, 1e-3);
    near(found.coefficients[1], -0.8, 1e-3);
    near(found.coefficients[2], 0.0, 1e-9);
    near(found.r_squared, 1.0, 1e-12);
    let shares = contributions(&slices(&inputs), &output).unwrap();
    near(shares.iter().map(|s| s.abs()).sum(), 1.0, 1e-12);
    near(shares[0], 0.36, 0.02);
    near(shares[1], -0.64, 0.02);
}

#[test]
fn repeated_and_constant_inputs_do_no_harm() {
    let mut inputs = columns(&["normal(0, 1)", "normal(0, 1)"]);
    inputs.push(inputs[0].clone());
    inputs.push(vec![4.0; ROWS]);
    let mut output: Vec<f64> = (0..ROWS).map(|i| inputs[0][i] + inputs[1][i]).collect();
    output[17] = f64::NAN;
    let found = regression(&slices(&inputs), &output).unwrap();
    near(found.r_squared, 1.0, 1e-9);
    assert_eq!(found.coefficients[2..], [0.0, 0.0]);
    let constant = vec![1.0; ROWS];
    assert_eq!(regression(&slices(&inputs), &constant).unwrap().r_squared, 0.0);
    assert_eq!(rank_correlations(&slices(&inputs), &constant).unwrap(), [0.0; 4]);
    assert_eq!(rank_correlations(&slices(&inputs), &output).unwrap()[3], 0.0);
}

#[test]
fn rank_correlation_sees_monotone_dependence_whole() {
    let inputs = columns(&["normal(0, 1)", "normal(0, 1)"]);
    let output: Vec<f64> = inputs[0].iter().map(|x| -x.exp()).collect();
    let found = rank_correlations(&slices(&inputs), &output).unwrap();
    near(found[0], -1.0, 1e-12);
    near(found[1], 0.0, 0.01);
    // Ties: ranks 0.5, 0.5, 2 and 0, 1.5, 1.5 have the correlation 1/2.
    let tied = rank_correlations(&[&[1.0, 1.0, 2.0]], &[0.0, 3.0, 3.0]).unwrap();
    near(tied[0], 0.5, 1e-12);
}

#[test]
fn conditional_means_show_the_ends_of_each_input() {
    let inputs = columns(&["uniform(0, 10)", "uniform(-1, 1)"]);
    let output: Vec<f64> =
        (0..ROWS).map(|i| 2.0 * inputs[0][i] + inputs[1][i] * inputs[1][i]).collect();
    let found = conditional_means(&slices(&inputs), &output, 10).unwrap();
    near(found[0].low, 1.0 + 1.0 / 3.0, 0.02);
    near(found[0].high, 19.0 + 1.0 / 3.0, 0.02);
    // The square is least in the middle, which the ends alone would not show.
    near(found[1].high - found[1].low, 0.9_f64.powi(2) + 0.1 * 0.1 / 3.0 - 0.04 / 3.0, 0.02);
    assert!(conditional_means(&slices(&inputs), &output, 1).is_err());
}

/// Ishigami's function, whose indices have closed forms.
#[test]
fn sobol_indices_of_ishigamis_function() {
    let pi = std::f64::consts::PI;
    let angle = format!("uniform({}, {})", -pi, pi);
    let all = columns(&[angle.as_str(); 6]);
    let model =
        |x: [f64; 3]| x[0].sin() + 7.0 * x[1].sin().powi(2) + 0.1 * x[2].powi(4) * x[0].sin();
    let run = |pick: &dyn Fn(usize) -> usize| -> Vec<f64> {
        (0..ROWS).map(|i| model([0, 1, 2].map(|input| all[pick(input)][i]))).collect()
    };
    let (a, b) = (run(&|input| input), run(&|input| input + 3));
    let mixed: Vec<Vec<f64>> = (0..3)
        .map(|changed| run(&|input| if input == changed { input + 3 } else { input }))
        .collect();
    let runs = SobolRuns { a: &a, b: &b, a_with_b: &slices(&mixed) };
    let found = sobol_indices(&runs).unwrap();
    for (found, (first, total)) in
        found.iter().zip([(0.3139, 0.5576), (0.4424, 0.4424), (0.0, 0.2437)])
    {
        near(found.first, first, 0.02);
        near(found.total, total, 0.02);
        assert!(found.first_error > 0.0 && found.first_error < 0.05);
    }
    let constant = vec![1.0; ROWS];
    let runs = SobolRuns { a: &constant, b: &constant, a_with_b: &[&constant] };
    assert_eq!(sobol_indices(&runs).unwrap()[0].total, 0.0);
}

#[test]
fn columns_that_do_not_fit_are_refused() {
    let text = rank_correlations(&[&[1.0, 2.0]], &[1.0, 2.0, 3.0]).unwrap_err().to_string();
    assert_eq!(text, "an input's column has 2 entries, but 3 are needed");
    let nothing = [f64::NAN; 8];
    assert!(
        regression(&[&nothing], &nothing).unwrap_err().to_string().contains("too few iterations")
    );
}
