//! Support vector machines against scikit-learn: decisions, scores, approximations, threads.

use gantry_learn::svm::{Gamma, SvmClassifier, SvmKernel, SvmParams, SvmRegressor};
use gantry_learn::{
    Classifier, Control, LearnError, Matrix, Regressor, Rng, Target, TrainingSet, WorkMeter,
    metrics,
};

use crate::tables::{ModelGoldens, Table, View, all_rows, assert_close};

const KERNELS: [(&str, SvmKernel); 2] =
    [("rbf", SvmKernel::Rbf(Gamma::Scale)), ("linear", SvmKernel::Linear)];

fn first(x: &Matrix, rows: usize) -> Matrix {
    x.take_rows(&(0..rows).collect::<Vec<_>>())
}

#[test]
fn decisions_equal_scikit_learns() {
    let goldens = ModelGoldens::read();
    for (suffix, kernel) in KERNELS {
        let params = SvmParams { kernel, cost: 0.5, tolerance: 1e-8, ..SvmParams::default() };
        for name in ["iris", "german", "wine"] {
            let table = Table::read(name);
            let x = table.view(View::Encoded, &all_rows(&table));
            let golden = &goldens.svm[&format!("{name}_{suffix}")];
            let top = first(&x, golden.decisions[0].len());
            if name == "wine" {
                let data = TrainingSet::new(&x, Target::Values(&table.y)).unwrap();
                let model = params.fit_regressor(&data, &Control::unlimited()).unwrap();
                let found = model.predict(&top).unwrap();
                assert_close(&found, &golden.decisions[0], 2e-4, "prediction");
                continue;
            }
            let codes = table.codes();
            let target = Target::Classes { codes: &codes, count: table.classes() };
            let data = TrainingSet::new(&x, target).unwrap();
            let model = params.fit_classifier(&data, &Control::unlimited()).unwrap();
            let found = model.decisions(&top).unwrap();
            for (column, expected) in found.columns().iter().zip(&golden.decisions) {
                assert_close(column.values(), expected, 2e-4, "decision");
            }
            if kernel == SvmKernel::Linear {
                let weights = model.find_weights().unwrap();
                assert!(weights.len() == golden.decisions.len() && model.support() == 0);
            } else {
                assert!(model.support().abs_diff(golden.support) <= golden.support / 50);
            }
        }
    }
}

#[test]
fn scores_are_scikit_learns() {
    let params = SvmParams::default();
    for name in ["iris", "german"] {
        let table = Table::read(name);
        let ours = table
            .classify(View::Encoded, |data, _| params.fit_classifier(data, &Control::unlimited()));
        table.assert_scores("svm", &ours, &[("auc", 5e-3), ("log_loss", 0.02)]);
    }
    let table = Table::read("wine");
    let ours =
        table.regress(View::Encoded, |data, _| params.fit_regressor(data, &Control::unlimited()));
    table.assert_scores("svm", &ours, &[("rmse", 1e-3), ("mae", 1e-3)]);
}

#[test]
fn linear_machines_by_descent_score_as_exact_ones() {
    let exact = SvmParams { kernel: SvmKernel::Linear, ..SvmParams::default() };
    let descent = SvmParams { exact_rows: 0, ..exact.clone() };
    let table = Table::read("german");
    let scores = |params: &SvmParams| {
        table.classify(View::Encoded, |data, _| params.fit_classifier(data, &Control::unlimited()))
    };
    let (near, expected) = (scores(&descent), scores(&exact));
    assert!((near["auc"] - expected["auc"]).abs() < 0.01, "{near:?} {expected:?}");
    assert!((near["log_loss"] - expected["log_loss"]).abs() < 0.01, "{near:?} {expected:?}");
}

/// Two rings, which no line parts.
fn rings(rows: usize) -> (Matrix, Vec<u32>) {
    let mut rng = Rng::new(3);
    let codes: Vec<u32> = (0..rows).map(|row| u32::from(row % 3 == 0)).collect();
    let mut values = Vec::new();
    for code in &codes {
        let (a, b) = (rng.normal(), rng.normal());
        let radius = (1.0 + 1.5 * f64::from(*code) + 0.2 * rng.normal()) / (a * a + b * b).sqrt();
        values.extend([a * radius, b * radius]);
    }
    (Matrix::from_rows(&values, 2).unwrap(), codes)
}

#[test]
fn one_and_two_threads_give_the_same_bytes_with_and_without_a_budget() {
    let (x, codes) = rings(1_200);
    let three: Vec<u32> = (0..).zip(&codes).map(|(row, c)| c + u32::from(row % 7 == 0)).collect();
    let data = TrainingSet::new(&x, Target::Classes { codes: &three, count: 3 }).unwrap();
    let y: Vec<f64> = x.column(0).iter().map(|v| v * v).collect();
    let numbers = TrainingSet::new(&x, Target::Values(&y)).unwrap();
    for exact_rows in [0, 8_192] {
        let params = SvmParams { exact_rows, ..SvmParams::default() };
        let fit = |threads: usize, budget: u64| {
            let meter = WorkMeter::new(budget);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let control = Control::unlimited().with_work(&meter);
            pool.install(|| {
                let classes = params.fit_classifier(&data, &control).unwrap();
                let control = Control::unlimited();
                let numbers = params.fit_regressor(&numbers, &control).unwrap();
                let texts = (serde_json::to_string(&classes), serde_json::to_string(&numbers));
                (texts.0.unwrap(), texts.1.unwrap(), meter.used())
            })
        };
        let whole = fit(1, u64::MAX);
        assert!(whole == fit(2, u64::MAX));
        let short = fit(1, whole.2 / 4);
        assert!(short == fit(2, whole.2 / 4) && short.0 != whole.0 && short.2 < whole.2);
        assert!(serde_json::from_str::<SvmClassifier>(&whole.0).is_ok());
        assert!(serde_json::from_str::<SvmRegressor>(&whole.1).is_ok());
    }
}

#[test]
fn rings_are_told_apart_and_weights_count_as_repeated_rows() {
    let (x, codes) = rings(600);
    let data = TrainingSet::new(&x, Target::Classes { codes: &codes, count: 2 }).unwrap();
    let params = SvmParams::default();
    let model = params.fit_classifier(&data, &Control::unlimited()).unwrap();
    let p = model.predict_proba(&x).unwrap();
    assert!(metrics::roc_auc(&codes, p.column(1), None).unwrap() > 0.99);
    let approximate = SvmParams { exact_rows: 0, ..params.clone() };
    let model = approximate.fit_classifier(&data, &Control::unlimited()).unwrap();
    let near = model.predict_proba(&x).unwrap();
    assert_close(near.column(1), p.column(1), 0.1, "probability");

    let tight = SvmParams { tolerance: 1e-8, ..params };
    let twice: Vec<usize> = (0..600).chain((0..600).filter(|row| row % 2 == 0)).collect();
    let weights: Vec<f64> = (0..600).map(|row| if row % 2 == 0 { 2.0 } else { 1.0 }).collect();
    let fixed = SvmParams { kernel: SvmKernel::Rbf(Gamma::Value(0.5)), ..tight };
    let weighted = data.with_weights(&weights).unwrap();
    let weighted = fixed.fit_classifier(&weighted, &Control::unlimited()).unwrap();
    let (x_twice, codes_twice) =
        (x.take_rows(&twice), twice.iter().map(|row| codes[*row]).collect::<Vec<_>>());
    let target = Target::Classes { codes: &codes_twice, count: 2 };
    let repeated = TrainingSet::new(&x_twice, target).unwrap();
    let repeated = fixed.fit_classifier(&repeated, &Control::unlimited()).unwrap();
    let of = |model: &SvmClassifier| model.decisions(&x).unwrap().column(0).to_vec();
    assert_close(&of(&weighted), &of(&repeated), 1e-5, "decision");
}

#[test]
fn odd_and_bad_input_is_met() {
    let x = Matrix::from_rows(&[0.0, 1.0, 2.0, 3.0], 1).unwrap();
    let control = Control::unlimited();
    let params = SvmParams::default();
    // One row of a class and a class without rows.
    let data = TrainingSet::new(&x, Target::Classes { codes: &[0, 0, 0, 3], count: 4 }).unwrap();
    let p = params.fit_classifier(&data, &control).unwrap().predict_proba(&x).unwrap();
    for row in 0..4 {
        let row = p.row(row);
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12 && row[1] == 0.0, "{row:?}");
    }
    let constant = TrainingSet::new(&x, Target::Values(&[2.0; 4])).unwrap();
    assert_eq!(params.fit_regressor(&constant, &control).unwrap().predict(&x).unwrap(), [2.0; 4]);
    let weights = [0.0, 0.0, 0.0, 1.0];
    let single = data.with_weights(&weights).unwrap();
    assert_eq!(params.fit_classifier(&single, &control).unwrap_err(), LearnError::OneClass);
    let gap = Matrix::from_rows(&[0.0, f64::NAN, 2.0, 3.0], 1).unwrap();
    let data = TrainingSet::new(&gap, Target::Values(&[1.0, 2.0, 3.0, 4.0])).unwrap();
    let error = params.fit_regressor(&data, &control).unwrap_err();
    assert_eq!(error, LearnError::NotFinite { what: "column", index: 0 });
    for bad in [
        SvmParams { cost: 0.0, ..SvmParams::default() },
        SvmParams { kernel: SvmKernel::Rbf(Gamma::Value(-1.0)), ..SvmParams::default() },
        SvmParams { epsilon: f64::NAN, ..SvmParams::default() },
        SvmParams { exact_rows: 1 << 20, ..SvmParams::default() },
    ] {
        assert!(matches!(
            bad.fit_regressor(&constant, &control),
            Err(LearnError::Parameter { .. })
        ));
    }
}
