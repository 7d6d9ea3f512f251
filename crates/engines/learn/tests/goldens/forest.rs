//! Forests and trees: scores, equal results on one and two threads, budgets, bad input.

use gantry_learn::forest::ForestParams;
use gantry_learn::{
    Classifier, Column, Control, LearnError, Matrix, Regressor, Rng, Target, TrainingSet,
    WorkMeter, metrics,
};

use crate::tables::{Table, View};

fn seeded(params: &ForestParams, fold: usize) -> ForestParams {
    params.clone().with_seed(fold as u64)
}

#[test]
fn classes_score_as_scikit_learns() {
    for (name, view, accuracy) in [
        ("iris", View::Raw, 0.01),
        ("german", View::Numbers, 0.015),
        // Few rows and subsets of ten purposes: a little more is asked of each split.
        ("german", View::Raw, 0.03),
    ] {
        let table = Table::read(name);
        for (learner, params) in [
            ("forest", ForestParams::classifier()),
            ("extra_trees", ForestParams::extra_classifier()),
        ] {
            let ours = table.classify(view, |data, fold| {
                seeded(&params, fold).fit_classifier(data, &Control::unlimited())
            });
            let limits = [("auc", 0.01), ("log_loss", 0.02), ("accuracy", accuracy)];
            table.assert_scores(learner, &ours, &limits);
        }
    }
}

#[test]
fn numbers_score_as_scikit_learns() {
    let table = Table::read("wine");
    for (learner, params) in
        [("forest", ForestParams::regressor()), ("extra_trees", ForestParams::extra_regressor())]
    {
        let ours = table.regress(View::Raw, |data, fold| {
            seeded(&params, fold).fit_regressor(data, &Control::unlimited())
        });
        table.assert_scores(learner, &ours, &[("rmse", 0.01), ("mae", 0.01)]);
    }
}

#[test]
fn one_and_two_threads_give_the_same_bytes() {
    let table = Table::read("german");
    let codes = table.codes();
    let data = TrainingSet::new(&table.x, Target::Classes { codes: &codes, count: 2 }).unwrap();
    let fit = |threads: usize, budget: u64| {
        let meter = WorkMeter::new(budget);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let control = Control::unlimited().with_work(&meter);
        let params = ForestParams::classifier().with_trees(60);
        let (model, oob) = pool.install(|| params.fit_classifier_oob(&data, &control)).unwrap();
        (serde_json::to_string(&model).unwrap(), oob, model.trees())
    };
    let (one, two) = (fit(1, u64::MAX), fit(2, u64::MAX));
    assert_eq!(one.2, 60);
    assert!(one.0 == two.0, "models differ");
    let bits = |m: &Matrix| -> Vec<u64> { m.column(1).iter().map(|p| p.to_bits()).collect() };
    assert_eq!(bits(&one.1), bits(&two.1));
    let short = (fit(1, 1_000_000), fit(2, 1_000_000));
    assert!(short.0.0 == short.1.0 && short.0.2 < 60 && short.0.2 > 0, "{}", short.0.2);
}

#[test]
fn out_of_bag_scores_are_those_of_unseen_rows() {
    let table = Table::read("wine");
    let data = TrainingSet::new(&table.x, Target::Values(&table.y)).unwrap();
    let params = ForestParams::regressor().with_trees(200);
    let (model, oob) = params.fit_regressor_oob(&data, &Control::unlimited()).unwrap();
    let out = metrics::rmse(&table.y, &oob, None).unwrap();
    let seen = metrics::rmse(&table.y, &model.predict(&table.x).unwrap(), None).unwrap();
    let peer = table.golden.scores["forest"]["rmse"];
    assert!((out / peer - 1.0).abs() < 0.03 && seen < 0.5 * out, "{out} {peer} {seen}");
    assert!((model.importance().iter().sum::<f64>() - 1.0).abs() < 1e-12);

    let none = params.fit_regressor_oob(&data, &Control::unlimited().with_cancel(&|| true));
    assert_eq!(none.unwrap_err(), LearnError::Cancelled);
    let later = Control::unlimited().with_wrap_up(&|| true);
    assert_eq!(params.fit_regressor(&data, &later).unwrap().trees(), 1);
}

#[test]
fn missing_values_and_categories_carry_the_signal() {
    let mut rng = Rng::new(11);
    let rows = 3_000;
    let category: Vec<f64> = (0..rows).map(|_| rng.below(40) as f64).collect();
    let gaps: Vec<f64> =
        (0..rows).map(|_| if rng.below(3) == 0 { f64::NAN } else { rng.normal() }).collect();
    let codes: Vec<u32> = (0..rows)
        .map(|i| u32::from((category[i] as u32 * 7 % 13 < 6) ^ gaps[i].is_nan()))
        .collect();
    let x = Matrix::new(vec![Column::category(category), Column::numeric(gaps)]).unwrap();
    let (train, test): (Vec<usize>, Vec<usize>) = (0..rows).partition(|row| row % 3 != 0);
    let known: Vec<u32> = train.iter().map(|r| codes[*r]).collect();
    let truth: Vec<u32> = test.iter().map(|r| codes[*r]).collect();
    let x_train = x.take_rows(&train);
    let data = TrainingSet::new(&x_train, Target::Classes { codes: &known, count: 2 }).unwrap();
    for params in [ForestParams::classifier(), ForestParams::extra_classifier()] {
        let model = params.fit_classifier(&data, &Control::unlimited()).unwrap();
        let p = model.predict_proba(&x.take_rows(&test)).unwrap();
        let auc = metrics::roc_auc(&truth, p.column(1), None).unwrap();
        assert!(auc > 0.99, "{auc}");
        let unseen = [Column::category(vec![99.0, f64::NAN]), Column::numeric(vec![f64::NAN; 2])];
        let p = model.predict_proba(&Matrix::new(unseen.to_vec()).unwrap()).unwrap();
        assert!(p.column(1).iter().all(|p| (0.0..=1.0).contains(p)));
        let text = serde_json::to_string(&model).unwrap();
        let read: gantry_learn::forest::ForestClassifier = serde_json::from_str(&text).unwrap();
        assert!(read == model);
        let later = text.replace("\"version\":2", "\"version\":3");
        assert!(serde_json::from_str::<gantry_learn::forest::ForestClassifier>(&later).is_err());
    }
}

#[test]
fn weights_count_as_repeated_rows() {
    let x = Matrix::from_rows(&[0.0, 0.0, 1.0, 1.0], 1).unwrap();
    let y = [0.0, 1.0, 5.0, 7.0];
    let weights = [3.0, 1.0, 0.0, 2.0];
    let data = TrainingSet::new(&x, Target::Values(&y)).unwrap().with_weights(&weights).unwrap();
    let model = ForestParams::decision_tree().fit_regressor(&data, &Control::unlimited()).unwrap();
    assert_eq!(model.predict(&x).unwrap(), vec![0.25, 0.25, 7.0, 7.0]);
}

#[test]
fn a_tree_splits_where_scikit_learns_does() {
    let table = Table::read("wine");
    let data = TrainingSet::new(&table.x, Target::Values(&table.y)).unwrap();
    for (depth, expected) in (1_u16..).zip(&table.golden.tree_rmse) {
        let params = ForestParams { max_depth: Some(depth), ..ForestParams::decision_tree() };
        let model = params.fit_regressor(&data, &Control::unlimited()).unwrap();
        let rmse = metrics::rmse(&table.y, &model.predict(&table.x).unwrap(), None).unwrap();
        assert!((rmse / expected - 1.0).abs() < 1e-6, "depth {depth}: {rmse}, not {expected}");
    }
}
