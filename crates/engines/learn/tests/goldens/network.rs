//! Networks: scores against scikit-learn's, and equal seeds.

use gantry_learn::network::NetworkParams;
use gantry_learn::{Control, Target, TrainingSet};

use crate::tables::{Table, View, all_rows};

#[test]
fn scores_are_no_worse_than_scikit_learns() {
    let params = NetworkParams { batch: 32, ..NetworkParams::default() };
    let table = Table::read("wine");
    let ours =
        table.regress(View::Encoded, |data, _| params.fit_regressor(data, &Control::unlimited()));
    table.assert_scores("mlp", &ours, &[("rmse", 0.0)]);
    for name in ["iris", "german"] {
        let table = Table::read(name);
        let ours = table
            .classify(View::Encoded, |data, _| params.fit_classifier(data, &Control::unlimited()));
        table.assert_scores("mlp", &ours, &[("auc", 0.01), ("log_loss", 0.03)]);
    }
}

#[test]
fn equal_seeds_give_equal_networks() {
    let table = Table::read("iris");
    let x = table.view(View::Encoded, &all_rows(&table));
    let codes = table.codes();
    let data = TrainingSet::new(&x, Target::Classes { codes: &codes, count: 3 }).unwrap();
    let fit = |seed: u64| {
        let params = NetworkParams { seed, epochs: 5, ..NetworkParams::default() };
        params.fit_classifier(&data, &Control::unlimited()).unwrap()
    };
    assert!(fit(1) == fit(1) && fit(1) != fit(2));
    let broken = NetworkParams { hidden: vec![4, 0], ..NetworkParams::default() };
    assert!(broken.fit_classifier(&data, &Control::unlimited()).is_err());
}
