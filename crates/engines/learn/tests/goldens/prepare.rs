//! Filled gaps and weighed words against scikit-learn's.

use gantry_learn::impute::{ImputeParams, NeighborsImputer};
use gantry_learn::text::{TfIdf, TfIdfParams};
use gantry_learn::{Column, Control, LearnError, Matrix};
use serde::Deserialize;

use crate::tables::{Table, assert_close, read_text};

#[derive(Deserialize)]
struct Goldens {
    impute: Filled,
    text: Weighed,
}

#[derive(Deserialize)]
struct Filled {
    /// Every `step`-th value is taken out, counted by row.
    step: usize,
    rows: usize,
    /// By number of neighbours, the values that fill the gaps, row by row.
    by_count: Vec<(usize, Vec<f64>)>,
}

#[derive(Deserialize)]
struct Weighed {
    texts: Vec<String>,
    words: Vec<String>,
    rows: Vec<Vec<f64>>,
    few_words: Vec<String>,
}

fn read() -> Goldens {
    serde_json::from_str(&read_text("prepare.json")).unwrap()
}

/// The first rows of the wines with gaps, and where those are.
fn with_gaps(golden: &Filled) -> (Matrix, Vec<(usize, usize)>) {
    let table = Table::read("wine");
    let width = table.x.width();
    let is_gap = |row: usize, column: usize| (row * width + column).is_multiple_of(golden.step);
    let column = |at: usize| {
        let values = table.x.column(at).iter().take(golden.rows).enumerate();
        let value = |(row, v): (usize, &f64)| if is_gap(row, at) { f64::NAN } else { *v };
        Column::numeric(values.map(value).collect())
    };
    let x = Matrix::new((0..width).map(column).collect()).unwrap();
    let places = (0..golden.rows).flat_map(|row| (0..width).map(move |column| (row, column)));
    (x, places.filter(|(row, column)| is_gap(*row, *column)).collect())
}

#[test]
fn gaps_are_filled_as_scikit_learn_fills_them() {
    let golden = read().impute;
    let (x, gaps) = with_gaps(&golden);
    let control = Control::unlimited();
    assert!(golden.by_count.len() > 1);
    for (count, expected) in &golden.by_count {
        let params = ImputeParams { count: *count, most_rows: usize::MAX };
        let filled = params.fit(&x, &control).unwrap().fill(&x, &control).unwrap();
        let found: Vec<f64> = gaps.iter().map(|(row, at)| filled.column(*at)[*row]).collect();
        assert_close(&found, expected, 1e-9, "a filled gap");
    }
}

#[test]
fn rows_without_neighbours_get_means_and_others_stay_as_they_are() {
    let columns = vec![vec![1.0, f64::NAN, 3.0, f64::NAN], vec![f64::NAN, 5.0, f64::NAN, f64::NAN]];
    let x = Matrix::new(columns.into_iter().map(Column::numeric).collect()).unwrap();
    let control = Control::unlimited();
    let imputer = ImputeParams::default().fit(&x, &control).unwrap();
    let filled = imputer.fill(&x, &control).unwrap();
    assert_eq!(filled.column(0), [1.0, 2.0, 3.0, 2.0]);
    assert_eq!(filled.column(1), [5.0; 4]);
    let text = serde_json::to_string(&imputer).unwrap();
    assert_eq!(serde_json::from_str::<NeighborsImputer>(&text).unwrap(), imputer);
    let few = ImputeParams { count: 1, most_rows: 2 }.fit(&x, &control).unwrap();
    assert_eq!(few.rows()[0], [Some(1.0), Some(3.0)]);
    let none = ImputeParams { count: 0, most_rows: 2 };
    assert!(matches!(none.fit(&x, &control), Err(LearnError::Parameter { .. })));
    let narrow = x.take_rows(&[0]).columns()[..1].to_vec();
    let narrow = Matrix::new(narrow).unwrap();
    assert!(matches!(imputer.fill(&narrow, &control), Err(LearnError::Shape { .. })));
    let cancelled = Control::unlimited().with_cancel(&|| true);
    assert_eq!(imputer.fill(&x, &cancelled).unwrap_err(), LearnError::Cancelled);
}

#[test]
fn words_are_weighed_as_scikit_learn_weighs_them() {
    let golden = read().text;
    let texts = || golden.texts.iter().map(String::as_str);
    let model = TfIdfParams::default().fit(texts()).unwrap();
    assert_eq!(model.words(), golden.words);
    let x = model.transform(texts());
    for (row, expected) in golden.rows.iter().enumerate() {
        assert_close(&x.row(row), expected, 1e-12, "a weight");
    }
    let few = TfIdfParams {
        most_words: golden.few_words.len(),
        least_texts: 2,
        ..TfIdfParams::default()
    };
    assert_eq!(few.fit(texts()).unwrap().words(), golden.few_words);
    let text = serde_json::to_string(&model).unwrap();
    assert_eq!(serde_json::from_str::<TfIdf>(&text).unwrap(), model);
    assert!(model.find_weights("unheard of").is_empty());
    let none = TfIdfParams { most_words: 0, ..TfIdfParams::default() };
    assert!(none.fit(texts()).is_err());
    let rare = TfIdfParams { most_share: 0.3, ..TfIdfParams::default() };
    assert!(!rare.fit(texts()).unwrap().words().contains(&"the".to_owned()));
    assert!(TfIdfParams::default().fit(["", "?!"]).unwrap().words().is_empty());
}
