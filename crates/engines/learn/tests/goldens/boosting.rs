//! Boosting: scores against LightGBM, losses, early stopping, budgets, equal results on one and
//! two threads.

use gantry_learn::boosting::{BoostingParams, EarlyStop, RegressionLoss};
use gantry_learn::{
    Classifier, Column, Control, LearnError, Matrix, Regressor, Rng, Target, TrainingSet,
    WorkMeter, metrics,
};

use crate::tables::{Table, View};

#[test]
fn scores_equal_lightgbms() {
    let params = BoostingParams::default();
    for (name, view, learner) in [
        ("iris", View::Raw, "boosting"),
        ("german", View::Numbers, "boosting"),
        ("german", View::Raw, "boosting_categories"),
    ] {
        let table = Table::read(name);
        let ours = table
            .classify(view, |data, _| params.fit_classifier(data, None, &Control::unlimited()));
        table.assert_scores(learner, &ours, &[("auc", 0.01), ("log_loss", 0.03)]);
    }
    let table = Table::read("wine");
    let ours =
        table.regress(View::Raw, |data, _| params.fit_regressor(data, None, &Control::unlimited()));
    table.assert_scores("boosting", &ours, &[("rmse", 0.005), ("mae", 0.01)]);
}

/// y = x₀² with noise that grows with x₁.
fn skewed(rows: usize, seed: u64) -> (Matrix, Vec<f64>) {
    let mut rng = Rng::new(seed);
    let columns: Vec<Vec<f64>> =
        (0..2).map(|_| (0..rows).map(|_| rng.uniform() * 2.0).collect()).collect();
    let y = (0..rows)
        .map(|i| columns[0][i].powi(2) + (0.2 + columns[1][i]) * rng.normal().abs())
        .collect();
    (Matrix::new(columns.into_iter().map(Column::numeric).collect()).unwrap(), y)
}

#[test]
fn each_loss_is_best_by_its_own_score() {
    let (x, y) = skewed(6_000, 1);
    let (x_test, truth) = skewed(4_000, 2);
    let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
    let predict = |loss: RegressionLoss| {
        let params = BoostingParams { loss, ..BoostingParams::default() };
        let model = params.fit_regressor(&data, None, &Control::unlimited()).unwrap();
        model.predict(&x_test).unwrap()
    };
    let mean = predict(RegressionLoss::Squared);
    let median = predict(RegressionLoss::Absolute);
    let high = predict(RegressionLoss::Quantile(0.9));
    let mae = |p: &[f64]| metrics::mae(&truth, p, None).unwrap();
    let rmse = |p: &[f64]| metrics::rmse(&truth, p, None).unwrap();
    let pinball = |p: &[f64]| metrics::pinball(&truth, p, 0.9, None).unwrap();
    assert!(mae(&median) < mae(&mean) && rmse(&mean) < rmse(&median));
    assert!(pinball(&high) < 0.6 * pinball(&median));
    let below = truth.iter().zip(&high).filter(|(t, h)| t <= h).count();
    assert!((3_500..3_700).contains(&below), "{below} of 4000 lie below the 0.9 quantile");
}

#[test]
fn early_stopping_keeps_the_best_round() {
    let table = Table::read("german");
    let codes = table.codes();
    let (train, test): (Vec<usize>, Vec<usize>) = (0..codes.len()).partition(|row| row % 4 != 0);
    let x = (table.x.take_rows(&train), table.x.take_rows(&test));
    let pick = |rows: &[usize]| -> Vec<u32> { rows.iter().map(|r| codes[*r]).collect() };
    let (known, truth) = (pick(&train), pick(&test));
    let classes = |codes| Target::Classes { codes, count: 2 };
    let data = TrainingSet::new(&x.0, classes(&known)).unwrap();
    let validation = TrainingSet::new(&x.1, classes(&truth)).unwrap();
    let params = BoostingParams { rounds: 400, ..BoostingParams::default() };
    let stop = EarlyStop { validation: &validation, patience: 20 };
    let control = Control::unlimited();
    let stopped = params.fit_classifier(&data, Some(stop), &control).unwrap();
    let kept = stopped.rounds();
    assert!(kept < 300, "{kept}");
    let loss = |rounds: u32| {
        let params = BoostingParams { rounds, ..BoostingParams::default() };
        let model = params.fit_classifier(&data, None, &control).unwrap();
        metrics::log_loss(&truth, &model.predict_proba(&x.1).unwrap(), None).unwrap()
    };
    let best = metrics::log_loss(&truth, &stopped.predict_proba(&x.1).unwrap(), None).unwrap();
    assert_eq!(best, loss(kept as u32));
    assert!(best <= loss(kept as u32 + 5) && best <= loss(kept as u32 - 5));
}

#[test]
fn one_and_two_threads_give_the_same_bytes_with_and_without_a_budget() {
    let (x, y) = skewed(30_000, 3);
    let codes: Vec<u32> = y.iter().map(|v| (*v as u32).min(2)).collect();
    let target = Target::Classes { codes: &codes, count: 3 };
    let data = TrainingSet::new(&x, target).unwrap();
    let fit = |threads: usize, budget: u64| {
        let meter = WorkMeter::new(budget);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let control = Control::unlimited().with_work(&meter);
        let params = BoostingParams {
            rounds: 12,
            row_share: 0.7,
            feature_share: 0.5,
            ..BoostingParams::default()
        };
        let model = pool.install(|| params.fit_classifier(&data, None, &control)).unwrap();
        (serde_json::to_string(&model).unwrap(), model.rounds())
    };
    assert!(fit(1, u64::MAX) == fit(2, u64::MAX));
    let short = fit(1, 400_000);
    assert!(short == fit(2, 400_000) && short.1 < 12 && short.1 > 0, "{}", short.1);
}

#[test]
fn missing_values_and_categories_carry_the_signal() {
    let mut rng = Rng::new(12);
    let rows = 6_000;
    let category: Vec<f64> = (0..rows).map(|_| rng.below(30) as f64).collect();
    let gaps: Vec<f64> =
        (0..rows).map(|_| if rng.below(3) == 0 { f64::NAN } else { rng.normal() }).collect();
    let y: Vec<f64> = (0..rows)
        .map(|i| f64::from(category[i] as u32 * 7 % 13) + if gaps[i].is_nan() { 20.0 } else { 0.0 })
        .collect();
    let x = Matrix::new(vec![Column::category(category), Column::numeric(gaps)]).unwrap();
    let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
    let params = BoostingParams::default();
    let model = params.fit_regressor(&data, None, &Control::unlimited()).unwrap();
    let r2 = metrics::r2(&y, &model.predict(&x).unwrap(), None).unwrap();
    assert!(r2 > 0.999, "{r2}");
    let unknown = vec![Column::category(vec![77.0]), Column::numeric(vec![f64::NAN])];
    let p = model.predict(&Matrix::new(unknown).unwrap()).unwrap();
    assert!(p[0] > 19.0, "{p:?}");
    let text = serde_json::to_string(&model).unwrap();
    assert!(
        serde_json::from_str::<gantry_learn::boosting::BoostingRegressor>(&text).unwrap() == model
    );
    let cancelled = Control::unlimited().with_cancel(&|| true);
    let error = params.fit_regressor(&data, None, &cancelled).unwrap_err();
    assert_eq!(error, LearnError::Cancelled);
}

#[test]
fn a_constant_table_predicts_the_mean() {
    let x = Matrix::from_rows(&[1.0; 50], 1).unwrap();
    let y: Vec<f64> = (0..50).map(f64::from).collect();
    let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
    let model =
        BoostingParams::default().fit_regressor(&data, None, &Control::unlimited()).unwrap();
    assert_eq!((model.rounds(), model.predict(&x).unwrap()[0]), (0, 24.5));
}
