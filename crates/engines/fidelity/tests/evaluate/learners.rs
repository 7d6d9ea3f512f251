//! What learners tell: whether rows are synthetic, and what they are worth.

use gantry_fidelity::{EvaluateOptions, Pair, TableMetadata, Targets, c2st, usefulness};
use gantry_kit::{Column, Frame};
use gantry_learn::{Control, Rng};

use super::mixed;

/// The table with the cells of one column in another order, so that it hangs together with nothing.
fn shuffled(table: &Frame, name: &str) -> Frame {
    let mut order: Vec<usize> = (0..table.rows()).collect();
    Rng::new(8).shuffle(&mut order);
    let columns = table
        .columns()
        .iter()
        .map(|column| if column.name() == name { column.take(&order) } else { column.clone() });
    Frame::new(columns.collect()).unwrap()
}

#[test]
fn a_learner_finds_what_no_single_column_shows() {
    let (real, same) = (mixed(1, 1_000), mixed(2, 1_000));
    let metadata = TableMetadata::derive(&real);
    let options = EvaluateOptions::default();
    let control = Control::unlimited();
    let found = c2st(&Pair::new(&real, &same, &metadata), &options, &control).unwrap();
    assert!(found.score > 0.9 && found.folds == 3 && found.rows == 1_000, "{found:?}");
    let broken = shuffled(&same, "y");
    let found = c2st(&Pair::new(&real, &broken, &metadata), &options, &control).unwrap();
    assert!(found.score < 0.6, "{found:?}");
    assert!((found.score - (2.0 - 2.0 * found.auc)).abs() < 1e-12);
    let told: f64 = found.telltales.iter().map(|telltale| telltale.share).sum();
    assert!((told - 1.0).abs() < 1e-9);
    let moved = same.columns().iter().map(|column| match column.find_numbers() {
        Some(values) if column.name() == "z" => {
            Column::number("z", values.iter().map(|value| value + 20.0).collect())
        }
        _ => column.clone(),
    });
    let moved = Frame::new(moved.collect()).unwrap();
    let found = c2st(&Pair::new(&real, &moved, &metadata), &options, &control).unwrap();
    assert!(found.score < 0.2 && found.telltales[0].column == "z", "{found:?}");
}

#[test]
fn synthetic_rows_without_the_relation_teach_nothing() {
    let (real, holdout) = (mixed(1, 800), mixed(3, 800));
    let broken = shuffled(&mixed(2, 800), "y");
    let metadata = TableMetadata::derive(&real);
    let pair = Pair::new(&real, &broken, &metadata).with_holdout(&holdout);
    let named = |name: &str| EvaluateOptions {
        targets: Targets::Named(vec![name.to_owned()]),
        ..EvaluateOptions::default()
    };
    let control = Control::unlimited();
    let found = usefulness(&pair, &named("y"), &control).unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].real.unwrap() > 0.98 && found[0].synthetic.unwrap() < 0.65, "{found:?}");
    let without = Pair { holdout: None, ..pair };
    let found = usefulness(&without, &named("z"), &control).unwrap();
    assert!(found[0].real.unwrap() > 0.6 && found[0].loss.unwrap().abs() < 0.1, "{found:?}");
    let error = usefulness(&pair, &named("nothing"), &control).unwrap_err().to_string();
    assert!(error.contains("\"nothing\"") && error.contains("x, z, city, y, day"), "{error}");
}
