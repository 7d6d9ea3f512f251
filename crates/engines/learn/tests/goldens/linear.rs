//! Linear models: coefficients and scores.

use gantry_learn::linear::{ElasticNetParams, LogisticParams, RidgeParams};
use gantry_learn::{Control, Target, TrainingSet};

use crate::tables::{Table, View, all_rows, assert_close};

#[test]
fn logistic_coefficients_and_scores_equal_scikit_learns() {
    for name in ["iris", "german"] {
        let table = Table::read(name);
        let x = table.view(View::Encoded, &all_rows(&table));
        let codes = table.codes();
        let target = Target::Classes { codes: &codes, count: table.classes() };
        let data = TrainingSet::new(&x, target).unwrap();
        let model = LogisticParams::default().fit(&data, &Control::unlimited()).unwrap();
        assert!(model.converged());
        let peer = &table.golden.coefficients["logistic"];
        for (ours, theirs) in model.coefficients().iter().zip(&peer.coefficients) {
            assert_close(ours, theirs, 1e-4, name);
        }
        assert_close(&model.intercepts(), &peer.intercepts, 1e-4, name);

        let params = LogisticParams::default();
        let ours = table.classify(View::Encoded, |data, _| params.fit(data, &Control::unlimited()));
        let limits = [("accuracy", 1e-9), ("auc", 1e-6), ("log_loss", 1e-6)];
        table.assert_scores("logistic", &ours, &limits);
    }
}

#[test]
fn least_squares_and_ridge_equal_scikit_learns() {
    let table = Table::read("wine");
    let x = table.view(View::Encoded, &all_rows(&table));
    let data = TrainingSet::new(&x, Target::Values(&table.y)).unwrap();
    for (name, alpha) in [("linear", 0.0), ("ridge", 10.0)] {
        let model = RidgeParams { alpha }.fit(&data, &Control::unlimited()).unwrap();
        let peer = &table.golden.coefficients[name];
        assert_close(model.coefficients(), &peer.coefficients[0], 1e-8, name);
        assert_close(&[model.intercept()], &peer.intercepts, 1e-8, name);
    }
    for (name, alpha) in [("linear", 0.0), ("ridge", 1.0)] {
        let params = RidgeParams { alpha };
        let ours = table.regress(View::Encoded, |data, _| params.fit(data, &Control::unlimited()));
        table.assert_scores(name, &ours, &[("rmse", 1e-8), ("r2", 1e-7)]);
    }
}

#[test]
fn l1_penalties_equal_scikit_learns() {
    let table = Table::read("wine");
    let x = table.view(View::Encoded, &all_rows(&table));
    let data = TrainingSet::new(&x, Target::Values(&table.y)).unwrap();
    for (name, alpha, l1_ratio) in [("lasso", 0.01, 1.0), ("elastic_net", 0.05, 0.5)] {
        let params = ElasticNetParams { alpha, l1_ratio, ..ElasticNetParams::default() };
        let model = params.fit(&data, &Control::unlimited()).unwrap();
        let peer = &table.golden.coefficients[name];
        assert_close(model.coefficients(), &peer.coefficients[0], 1e-6, name);
        assert_close(&[model.intercept()], &peer.intercepts, 1e-6, name);
    }
    let params = ElasticNetParams { alpha: 0.05, ..ElasticNetParams::default() };
    let ours = table.regress(View::Encoded, |data, _| params.fit(data, &Control::unlimited()));
    table.assert_scores("elastic_net", &ours, &[("rmse", 1e-6)]);

    for name in ["iris", "german"] {
        let table = Table::read(name);
        let params = LogisticParams { c: 0.1, l1_ratio: 1.0, ..LogisticParams::default() };
        let x = table.view(View::Encoded, &all_rows(&table));
        let codes = table.codes();
        let target = Target::Classes { codes: &codes, count: table.classes() };
        let data = TrainingSet::new(&x, target).unwrap();
        let model = params.fit(&data, &Control::unlimited()).unwrap();
        let zeros =
            model.coefficients().iter().flat_map(|c| c.iter()).filter(|c| **c == 0.0).count();
        assert!(model.converged() && zeros > 3, "{zeros}");
        let ours = table.classify(View::Encoded, |data, _| params.fit(data, &Control::unlimited()));
        table.assert_scores("logistic_l1", &ours, &[("auc", 1e-3), ("log_loss", 1e-3)]);
    }
}
