//! Boosting with columns that are bound to a direction.

use gantry_learn::boosting::{BoostingParams, Monotone, RegressionLoss};
use gantry_learn::{
    Classifier, Column, Control, LearnError, Matrix, Regressor, Rng, Target, TrainingSet, metrics,
};

/// A target that mostly rises with x₀, falls with x₁, and does as it likes with x₂.
fn wavy(rows: usize) -> (Matrix, Vec<f64>) {
    let mut rng = Rng::new(31);
    let columns: Vec<Vec<f64>> =
        (0..3).map(|_| (0..rows).map(|_| rng.uniform() * 6.0 - 3.0).collect()).collect();
    let wave = |v: f64| v + 1.5 * (3.0 * v).sin();
    let y = (0..rows)
        .map(|i| {
            let own = wave(columns[0][i]) - wave(columns[1][i]) + columns[2][i].powi(2);
            own + columns[0][i] * columns[2][i] * 0.3 + 0.5 * rng.normal()
        })
        .collect();
    (Matrix::new(columns.into_iter().map(Column::numeric).collect()).unwrap(), y)
}

/// Largest step against `sign` of the predictions along one column, from many places.
fn worst_step(predict: &dyn Fn(&Matrix) -> Vec<f64>, column: usize, sign: f64) -> f64 {
    let mut rng = Rng::new(32);
    let mut worst = 0.0_f64;
    for _ in 0..50 {
        let mut point: Vec<f64> = (0..3).map(|_| rng.uniform() * 6.0 - 3.0).collect();
        let mut values = Vec::new();
        for step in 0..120 {
            point[column] = -3.0 + 0.05 * f64::from(step);
            values.extend(&point);
        }
        let found = predict(&Matrix::from_rows(&values, 3).unwrap());
        for pair in found.windows(2) {
            worst = worst.max(sign * (pair[0] - pair[1]));
        }
    }
    worst
}

#[test]
fn predictions_follow_the_directions_for_every_loss() {
    let (x, y) = wavy(4_000);
    let bound = vec![Monotone::Rising, Monotone::Falling, Monotone::Free];
    let control = Control::unlimited();
    let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
    for loss in [RegressionLoss::Squared, RegressionLoss::Absolute, RegressionLoss::Quantile(0.8)] {
        let free = BoostingParams { loss, ..BoostingParams::default() };
        let params = BoostingParams { monotone: bound.clone(), ..free.clone() };
        let model = params.fit_regressor(&data, None, &control).unwrap();
        let predict = |x: &Matrix| model.predict(x).unwrap();
        assert!(worst_step(&predict, 0, 1.0) <= 1e-9, "{loss:?} falls");
        assert!(worst_step(&predict, 1, -1.0) <= 1e-9, "{loss:?} rises");
        let unbound = free.fit_regressor(&data, None, &control).unwrap();
        let predict_unbound = |x: &Matrix| unbound.predict(x).unwrap();
        assert!(worst_step(&predict_unbound, 0, 1.0) > 0.1);
        let r2 = metrics::r2(&y, &model.predict(&x).unwrap(), None).unwrap();
        assert!(loss != RegressionLoss::Squared || r2 > 0.8, "{r2}");
    }
    let codes: Vec<u32> = y.iter().map(|v| u32::from(*v > 2.0)).collect();
    let data = TrainingSet::new(&x, Target::Classes { codes: &codes, count: 2 }).unwrap();
    let params = BoostingParams { monotone: bound, ..BoostingParams::default() };
    let model = params.fit_classifier(&data, None, &control).unwrap();
    let predict = |x: &Matrix| model.predict_proba(x).unwrap().column(1).to_vec();
    assert!(worst_step(&predict, 0, 1.0) <= 1e-9 && worst_step(&predict, 1, -1.0) <= 1e-9);
}

#[test]
fn free_columns_change_nothing_and_bad_directions_are_named() {
    let (x, y) = wavy(500);
    let control = Control::unlimited();
    let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
    let fit = |monotone: Vec<Monotone>| {
        let params = BoostingParams { monotone, ..BoostingParams::default() };
        params.fit_regressor(&data, None, &control)
    };
    assert!(fit(vec![Monotone::Free; 3]).unwrap() == fit(Vec::new()).unwrap());
    let short = fit(vec![Monotone::Rising]).unwrap_err();
    let what = "the list of directions";
    assert_eq!(short, LearnError::Shape { what, expected: 3, found: 1 });
    let codes: Vec<u32> = (0..500).map(|row| row % 3).collect();
    let three = TrainingSet::new(&x, Target::Classes { codes: &codes, count: 3 }).unwrap();
    let rising = BoostingParams { monotone: vec![Monotone::Rising; 3], ..Default::default() };
    let refused = |error| matches!(error, LearnError::Parameter { name: "monotone", .. });
    assert!(refused(rising.fit_classifier(&three, None, &control).unwrap_err()));
    let categories = Column::category((0..500).map(|row| f64::from(row % 4)).collect());
    let x = x.with_column(1, categories).unwrap();
    let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
    assert!(refused(rising.fit_regressor(&data, None, &control).unwrap_err()));
}
