//! Contributions of columns to predictions of trees.

use gantry_learn::boosting::{BoostingParams, RegressionLoss};
use gantry_learn::forest::ForestParams;
use gantry_learn::importance::Contributions;
use gantry_learn::{
    Classifier, Column, Control, LearnError, Matrix, Regressor, Rng, Target, TrainingSet,
};

use crate::tables::{ModelGoldens, Table, assert_close};

#[test]
fn a_tree_is_explained_as_by_shap() {
    let golden = ModelGoldens::read().tree;
    let table = Table::read("wine");
    let data = TrainingSet::new(&table.x, Target::Values(&table.y)).unwrap();
    let control = Control::unlimited();
    let params = ForestParams { max_depth: Some(4), ..ForestParams::decision_tree() };
    let model = params.fit_regressor(&data, &control).unwrap();
    let rows: Vec<usize> = (0..golden.values.len()).collect();
    let found = model.contributions(&table.x.take_rows(&rows), &control).unwrap();
    // Leaves hold single precision numbers.
    assert_close(found.base(), &[golden.base], 1e-6, "base");
    for (row, expected) in golden.values.iter().enumerate() {
        assert_close(&found.outputs()[0].row(row), expected, 1e-6, "contribution");
    }
}

/// Fails unless base and contributions sum to the predictions, rows × outputs.
fn assert_additive(found: &Contributions, predictions: &Matrix) {
    assert_eq!(
        (found.outputs().len(), found.base().len()),
        (predictions.width(), predictions.width())
    );
    for (k, output) in found.outputs().iter().enumerate() {
        for (row, predicted) in predictions.column(k).iter().enumerate() {
            let sum = found.base()[k] + output.row(row).iter().sum::<f64>();
            assert!((sum - predicted).abs() < 1e-9, "row {row}: {sum} is not {predicted}");
        }
    }
}

/// Numbers, gaps and categories; targets in three classes and as numbers.
fn mixed(rows: usize) -> (Matrix, Vec<u32>, Vec<f64>) {
    let mut rng = Rng::new(21);
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); 4];
    for _ in 0..rows {
        let gap = rng.below(4) == 0;
        columns[0].push(if gap { f64::NAN } else { rng.normal() });
        columns[1].push(rng.normal());
        columns[2].push(rng.below(12) as f64);
        columns[3].push(rng.uniform());
    }
    let value = |i: usize| {
        let first = if columns[0][i].is_nan() { 0.7 } else { columns[0][i] };
        first * columns[1][i] + f64::from(columns[2][i] as u32 * 5 % 12) / 4.0
    };
    let y: Vec<f64> = (0..rows).map(value).collect();
    let codes = y.iter().map(|v| u32::from(*v > 1.0) + u32::from(*v > 2.0)).collect();
    let category = Column::category(columns.remove(2));
    let mut all: Vec<Column> = columns.into_iter().map(Column::numeric).collect();
    all.insert(2, category);
    (Matrix::new(all).unwrap(), codes, y)
}

#[test]
fn contributions_of_boosting_sum_to_the_scores() {
    let (x, codes, y) = mixed(1_500);
    let control = Control::unlimited();
    let params = BoostingParams { rounds: 30, ..BoostingParams::default() };
    let few = x.take_rows(&(0..60).collect::<Vec<_>>());
    let two: Vec<u32> = codes.iter().map(|c| (*c).min(1)).collect();
    for (codes, count) in [(&codes, 3), (&two, 2)] {
        let data = TrainingSet::new(&x, Target::Classes { codes, count }).unwrap();
        let model = params.fit_classifier(&data, None, &control).unwrap();
        let found = model.contributions(&few, &control).unwrap();
        assert_additive(&found, &model.scores(&few).unwrap());
    }
    let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
    for loss in [RegressionLoss::Squared, RegressionLoss::Quantile(0.8)] {
        let params = BoostingParams { loss, row_share: 0.8, ..params.clone() };
        let model = params.fit_regressor(&data, None, &control).unwrap();
        let found = model.contributions(&few, &control).unwrap();
        let predicted = Matrix::from_rows(&model.predict(&few).unwrap(), 1).unwrap();
        assert_additive(&found, &predicted);
        let sizes = found.mean_sizes();
        assert!(sizes[3] < 0.2 * sizes[2] && sizes[3] < 0.2 * sizes[0], "{sizes:?}");
    }
    let model = params.fit_regressor(&data, None, &control).unwrap();
    let cancelled = Control::unlimited().with_cancel(&|| true);
    assert_eq!(model.contributions(&few, &cancelled).unwrap_err(), LearnError::Cancelled);
    let narrow = Matrix::from_rows(&[0.0], 1).unwrap();
    assert!(matches!(model.contributions(&narrow, &control), Err(LearnError::Shape { .. })));
}

#[test]
fn contributions_of_forests_sum_to_the_predictions() {
    let (x, codes, y) = mixed(800);
    let control = Control::unlimited();
    let few = x.take_rows(&(0..20).collect::<Vec<_>>());
    let data = TrainingSet::new(&x, Target::Classes { codes: &codes, count: 3 }).unwrap();
    let forest = ForestParams::classifier().with_trees(10);
    let model = forest.fit_classifier(&data, &control).unwrap();
    let found = model.contributions(&few, &control).unwrap();
    assert_additive(&found, &model.predict_proba(&few).unwrap());
    let two: Vec<u32> = codes.iter().map(|c| (*c).min(1)).collect();
    let data = TrainingSet::new(&x, Target::Classes { codes: &two, count: 2 }).unwrap();
    let model = forest.fit_classifier(&data, &control).unwrap();
    let upper = model.predict_proba(&few).unwrap().column(1).to_vec();
    let found = model.contributions(&few, &control).unwrap();
    assert_additive(&found, &Matrix::from_rows(&upper, 1).unwrap());
    let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
    for params in [ForestParams::extra_regressor().with_trees(10), ForestParams::decision_tree()] {
        let model = params.fit_regressor(&data, &control).unwrap();
        let predicted = Matrix::from_rows(&model.predict(&few).unwrap(), 1).unwrap();
        assert_additive(&model.contributions(&few, &control).unwrap(), &predicted);
    }
}
