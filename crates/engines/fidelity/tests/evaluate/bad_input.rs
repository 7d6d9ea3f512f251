//! Tables that are hard or impossible to compare: clear errors, or a result and a note.

use gantry_fidelity::{
    ColumnKind, ColumnMetadata, EvaluateOptions, FidelityError, Pair, TableMetadata, Targets,
    evaluate, quality,
};
use gantry_kit::{Column, Frame};
use gantry_learn::Control;

use super::{mixed, run};

fn refusal(real: &Frame, synthetic: &Frame, metadata: &TableMetadata) -> FidelityError {
    let pair = Pair::new(real, synthetic, metadata);
    evaluate(&pair, &EvaluateOptions::default(), &Control::unlimited()).unwrap_err()
}

fn numbers(name: &str, values: &[f64]) -> Frame {
    Frame::new(vec![Column::number(name, values.to_vec())]).unwrap()
}

#[test]
fn tables_that_cannot_be_compared_are_refused_in_words() {
    let real = numbers("x", &[1.0, 2.0]);
    let metadata = TableMetadata::derive(&real);
    let error = refusal(&real, &numbers("y", &[1.0]), &metadata);
    assert!(matches!(error, FidelityError::NothingInCommon { .. }), "{error}");
    assert!(error.to_string().contains("real: x; synthetic: y"), "{error}");
    let error = refusal(&real, &numbers("x", &[]), &metadata);
    assert_eq!(
        error.to_string(),
        "the synthetic table has no rows; give a table with at least one row"
    );
    let words = Frame::new(vec![Column::labels("x", [Some("low"), Some("high")])]).unwrap();
    let error = refusal(&real, &words, &metadata).to_string();
    assert!(error.contains("numerical") && error.contains("synthetic") && error.contains("labels"));
    let notes = Frame::new(vec![Column::text("t", [Some("a"), Some("b")])]).unwrap();
    let error = refusal(&notes, &notes, &TableMetadata::derive(&notes));
    assert!(matches!(error, FidelityError::NothingInCommon { .. }), "{error}");
    let empty = Frame::default();
    let error = refusal(&empty, &empty, &TableMetadata::derive(&empty));
    assert!(matches!(error, FidelityError::NoRows { table: "real" }), "{error}");
}

#[test]
fn metadata_and_options_must_fit() {
    let real = numbers("x", &[1.0, 2.0]);
    let described = |names: &[&str]| TableMetadata {
        columns: names.iter().map(|n| ColumnMetadata::new(*n, ColumnKind::Numerical)).collect(),
        primary_key: None,
    };
    let error = refusal(&real, &real, &described(&["x", "q"])).to_string();
    assert!(error.contains("\"q\"") && error.contains("it has x"), "{error}");
    let error = refusal(&real, &real, &described(&["x", "x"])).to_string();
    assert!(error.contains("\"x\" twice"), "{error}");
    let keyed = described(&["x"]).with_primary_key("id");
    assert!(refusal(&real, &real, &keyed).to_string().contains("\"id\""));
    let metadata = described(&["x"]);
    let pair = Pair::new(&real, &real, &metadata);
    let options = EvaluateOptions { folds: 1, ..EvaluateOptions::default() };
    let error = evaluate(&pair, &options, &Control::unlimited()).unwrap_err().to_string();
    assert_eq!(error, "option `folds` must be between 2 and 100");
    let unknown = serde_json::from_str::<TableMetadata>(r#"{"columns": [], "primary": "x"}"#);
    assert!(unknown.unwrap_err().to_string().contains("unknown field `primary`"));
}

#[test]
fn one_row_is_compared_as_far_as_it_goes() {
    let table = mixed(1, 1);
    let metadata = TableMetadata::derive(&table);
    let found = run(&Pair::new(&table, &table, &metadata), &EvaluateOptions::default());
    assert_eq!(found.quality.shape, Some(1.0));
    assert!(found.detection.is_none() && found.precision.is_none());
    assert!(found.views.projection.is_none());
    let notes = found.notes.join(" ");
    assert!(notes.contains("detection") && notes.contains("membership"), "{notes}");
}

#[test]
fn columns_without_values_have_no_score_and_a_note() {
    let rows = 40;
    let full = || Column::number("x", (0..rows).map(|i| f64::from(i % 7)).collect());
    let void = |name: &str| Column::labels(name, vec![None; rows as usize]);
    let real = Frame::new(vec![full(), void("void"), Column::number("none", vec![f64::NAN; 40])]);
    let real = real.unwrap();
    let synthetic = Frame::new(vec![full(), void("void"), void("none")]).unwrap();
    let metadata = TableMetadata::derive(&real);
    let found = run(&Pair::new(&real, &synthetic, &metadata), &EvaluateOptions::default());
    let score = |name: &str| {
        found.quality.columns.iter().find(|column| column.column == name).unwrap().score
    };
    assert_eq!((score("x"), score("void"), score("none")), (Some(1.0), None, None));
    assert!(found.notes.iter().any(|note| note.contains("void, none")), "{:?}", found.notes);
}

#[test]
fn a_column_that_is_missing_from_the_synthetic_table_lowers_the_structure_alone() {
    let real = mixed(1, 60);
    let synthetic = mixed(2, 60).select(&["x", "city", "y"]).unwrap();
    let metadata = TableMetadata::derive(&real);
    let found = run(&Pair::new(&real, &synthetic, &metadata), &EvaluateOptions::default());
    assert_eq!(found.diagnostic.structure, 0.5);
    assert_eq!(found.quality.columns.len(), 3);
    assert!(found.notes.iter().any(|note| note.contains("left out: z, day")), "{:?}", found.notes);
}

#[test]
fn labels_are_the_same_however_they_were_read() {
    let digits = [1.0, 2.0, 1.0, 2.0];
    let real = Frame::new(vec![Column::integer("c", digits.to_vec())]).unwrap();
    let words = ["1", "2.0", "1.0", "2"].map(Some);
    let synthetic = Frame::new(vec![Column::labels("c", words)]).unwrap();
    let metadata = TableMetadata::derive(&real).with_kind("c", ColumnKind::Categorical);
    assert_eq!(quality(&Pair::new(&real, &synthetic, &metadata)).unwrap().shape, Some(1.0));
    let answers = [Some(true), Some(false), None];
    let frame = |words| Frame::new(vec![Column::boolean("b", &answers, words)]).unwrap();
    let (real, synthetic) = (frame(["no", "yes"]), frame(["false", "true"]));
    let metadata = TableMetadata::derive(&real);
    assert_eq!(quality(&Pair::new(&real, &synthetic, &metadata)).unwrap().shape, Some(1.0));
}

#[test]
fn a_cancelled_evaluation_ends() {
    let table = mixed(1, 100);
    let metadata = TableMetadata::derive(&table);
    let yes = || true;
    let control = Control::unlimited().with_cancel(&yes);
    let pair = Pair::new(&table, &table, &metadata);
    let error = evaluate(&pair, &EvaluateOptions::default(), &control).unwrap_err();
    assert!(error.is_cancelled(), "{error}");
}

#[test]
fn many_columns_are_compared_in_part() {
    let columns = (0..600).map(|column| {
        Column::number(
            format!("c{column}"),
            (0..30).map(|row| f64::from(row * column % 31)).collect(),
        )
    });
    let table = Frame::new(columns.collect()).unwrap();
    let metadata = TableMetadata::derive(&table);
    let options = EvaluateOptions { targets: Targets::None, ..EvaluateOptions::default() };
    let found = run(&Pair::new(&table, &table, &metadata), &options);
    assert_eq!((found.quality.pairs.len(), found.quality.pairs_total), (20_000, 179_700));
    assert_eq!(found.quality.shape, Some(1.0));
    assert!(found.notes.iter().any(|note| note.contains("20000 of 179700")), "{:?}", found.notes);
}
