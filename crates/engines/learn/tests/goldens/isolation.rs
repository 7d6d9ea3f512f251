//! Isolation forests against scikit-learn's.

use gantry_learn::isolation::{IsolationForest, IsolationParams};
use gantry_learn::{Column, Control, LearnError, Matrix, Rng, WorkMeter};

use crate::tables::{ModelGoldens, Table};

#[test]
fn scores_are_scikit_learns() {
    let golden = ModelGoldens::read().isolation.scores;
    let table = Table::read("wine");
    let params = IsolationParams { trees: 1_000, ..IsolationParams::default() };
    let control = Control::unlimited();
    let scores = params.fit(&table.x, &control).unwrap().scores(&table.x, &control).unwrap();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (ours, theirs) = (mean(&scores), mean(&golden));
    assert!((ours / theirs - 1.0).abs() < 0.01, "{ours} {theirs}");
    let product = |a: &[f64], b: &[f64]| -> f64 {
        let (mean_a, mean_b) = (mean(a), mean(b));
        a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum()
    };
    let correlation =
        product(&scores, &golden) / (product(&scores, &scores) * product(&golden, &golden)).sqrt();
    assert!(correlation > 0.99, "{correlation}");
}

#[test]
fn planted_outliers_score_highest_even_where_values_are_missing() {
    let mut rng = Rng::new(41);
    let value = |row: usize, rng: &mut Rng| match row {
        0..5 => 8.0 + rng.uniform(),
        _ if rng.below(10) == 0 => f64::NAN,
        _ => rng.normal(),
    };
    let mut columns = Vec::new();
    for _ in 0..3 {
        columns.push(Column::numeric((0..2_000).map(|row| value(row, &mut rng)).collect()));
    }
    columns.push(Column::numeric(vec![f64::NAN; 2_000]));
    let x = Matrix::new(columns).unwrap();
    let control = Control::unlimited();
    let model = IsolationParams::default().fit(&x, &control).unwrap();
    let scores = model.scores(&x, &control).unwrap();
    assert!(scores.iter().all(|score| *score > 0.0 && *score <= 1.0));
    let least = scores[..5].iter().copied().fold(1.0, f64::min);
    let above = scores[5..].iter().filter(|score| **score >= least).count();
    assert_eq!(above, 0);
    let text = serde_json::to_string(&model).unwrap();
    assert!(serde_json::from_str::<IsolationForest>(&text).unwrap() == model);
}

#[test]
fn threads_budgets_and_bad_input() {
    let table = Table::read("wine");
    let fit = |threads: usize, budget: u64| {
        let meter = WorkMeter::new(budget);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let control = Control::unlimited().with_work(&meter);
        pool.install(|| IsolationParams::default().fit(&table.x, &control)).unwrap()
    };
    assert!(fit(1, u64::MAX) == fit(2, u64::MAX));
    let short = fit(1, 60_000);
    assert!(short == fit(2, 60_000) && short.trees() < 100 && short.trees() > 0);
    let control = Control::unlimited();
    let one = Matrix::from_rows(&[1.0, 2.0], 2).unwrap();
    let refused = IsolationParams::default().fit(&one, &control).unwrap_err();
    assert!(matches!(refused, LearnError::Undefined { .. }));
    let none = IsolationParams { trees: 0, ..IsolationParams::default() };
    assert!(matches!(none.fit(&table.x, &control), Err(LearnError::Parameter { .. })));
    assert!(matches!(short.scores(&one, &control), Err(LearnError::Shape { .. })));
    let cancelled = Control::unlimited().with_cancel(&|| true);
    assert_eq!(short.scores(&table.x, &cancelled).unwrap_err(), LearnError::Cancelled);
    let same = Matrix::from_rows(&[1.0; 50], 1).unwrap();
    let model = IsolationParams::default().fit(&same, &control).unwrap();
    let scores = model.scores(&same, &control).unwrap();
    assert!(scores.iter().all(|score| (score - 0.5).abs() < 1e-9), "{:?}", scores[0]);
}
