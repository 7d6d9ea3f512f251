//! Nearest neighbours and naive Bayes against scikit-learn.

use gantry_learn::bayes::BayesParams;
use gantry_learn::neighbors::{NeighborsParams, Vote};
use gantry_learn::{Control, LearnError, Matrix, Target, TrainingSet};

use crate::tables::{Table, View};

#[test]
fn neighbors_score_as_scikit_learns() {
    for (learner, vote) in [("neighbors", Vote::Uniform), ("neighbors_distance", Vote::Distance)] {
        let params = NeighborsParams { count: 7, vote };
        let table = Table::read("wine");
        let ours = table
            .regress(View::Encoded, |data, _| params.fit_regressor(data, &Control::unlimited()));
        table.assert_scores(learner, &ours, &[("rmse", 2e-3), ("mae", 2e-3)]);
        for name in ["iris", "german"] {
            let table = Table::read(name);
            let ours = table.classify(View::Encoded, |data, _| {
                params.fit_classifier(data, &Control::unlimited())
            });
            table.assert_scores(learner, &ours, &[("auc", 2e-3), ("accuracy", 5e-3)]);
        }
    }
}

#[test]
fn naive_bayes_equals_scikit_learns() {
    for (learner, params, view) in [
        ("gaussian_bayes", BayesParams::Gaussian, View::Encoded),
        ("multinomial_bayes", BayesParams::Multinomial { alpha: 1.0 }, View::Raw),
        ("bernoulli_bayes", BayesParams::Bernoulli { alpha: 1.0 }, View::Encoded),
    ] {
        for name in ["iris", "german"] {
            let table = Table::read(name);
            let ours = table.classify(view, |data, _| params.fit(data, &Control::unlimited()));
            table.assert_scores(learner, &ours, &[("auc", 1e-6), ("log_loss", 1e-6)]);
        }
    }
}

#[test]
fn bad_input_is_named() {
    let x = Matrix::from_rows(&[1.0, -1.0, 2.0], 1).unwrap();
    let target = Target::Classes { codes: &[0, 1, 0], count: 2 };
    let data = TrainingSet::new(&x, target).unwrap();
    let control = Control::unlimited();
    let error = BayesParams::Multinomial { alpha: 1.0 }.fit(&data, &control).unwrap_err();
    assert_eq!(error, LearnError::Negative { what: "column", index: 0 });
    let params = NeighborsParams { count: 4, ..NeighborsParams::default() };
    assert!(params.fit_classifier(&data, &control).is_err());
    assert!(params.fit_regressor(&data, &control).is_err());
}
