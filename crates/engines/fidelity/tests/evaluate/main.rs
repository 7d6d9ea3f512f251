//! The whole evaluation: what it finds, that it says the same on any number of threads, and what it
//! does with tables that are hard to compare.

#![expect(clippy::unwrap_used, reason = "a test ends where one of these fails")]

mod bad_input;
mod learners;
mod rules;

use gantry_fidelity::{
    EvaluateOptions, Evaluation, Pair, Part, TableMetadata, Targets, evaluate_watched, html,
};
use gantry_kit::{Column, DateFormat, Frame};
use gantry_learn::{Control, Rng};

/// A table of every kind of column, in which `y` follows from the others.
pub(crate) fn mixed(seed: u64, rows: usize) -> Frame {
    let mut rng = Rng::new(seed);
    let x: Vec<f64> = (0..rows).map(|_| rng.normal()).collect();
    let city: Vec<usize> = (0..rows).map(|_| rng.below(3)).collect();
    let is_high = |(x, city): (&f64, &usize)| *x + *city as f64 > 1.0;
    let y: Vec<Option<bool>> = x.iter().zip(&city).map(|row| Some(is_high(row))).collect();
    let z = x.iter().map(|x| if rng.uniform() < 0.1 { f64::NAN } else { 2.0 * x + rng.normal() });
    let z: Vec<f64> = z.collect();
    let day: Vec<Option<i64>> =
        (0..rows).map(|_| Some(86_400_000_000 * (17_000 + rng.below(900) as i64))).collect();
    let words = ["Oslo", "Lima", "Rome"];
    let note: Vec<String> = (0..rows).map(|row| format!("note {row}")).collect();
    Frame::new(vec![
        Column::number("x", x),
        Column::number("z", z),
        Column::labels("city", city.iter().map(|city| Some(words[*city]))),
        Column::boolean("y", &y, ["no", "yes"]),
        Column::date("day", &day, DateFormat::default()),
        Column::text("note", note.iter().map(|note| Some(note.as_str()))),
    ])
    .unwrap()
}

pub(crate) fn run(pair: &Pair<'_>, options: &EvaluateOptions) -> Evaluation {
    let mut parts = Vec::new();
    let control = Control::unlimited();
    let found = evaluate_watched(pair, options, &control, &mut |part| parts.push(part)).unwrap();
    assert_eq!(parts, Part::ALL);
    found
}

#[test]
fn an_evaluation_is_the_same_on_one_thread_and_two_and_as_json() {
    let (real, synthetic, holdout) = (mixed(1, 400), mixed(2, 350), mixed(3, 300));
    let metadata = TableMetadata::derive(&real);
    let pair = Pair::new(&real, &synthetic, &metadata).with_holdout(&holdout);
    // Small limits, so that every sample is drawn.
    let options = EvaluateOptions {
        learner_rows: 200,
        query_rows: 150,
        reference_rows: 200,
        max_pairs: 8,
        seed: 5,
        ..EvaluateOptions::default()
    };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| serde_json::to_string(&run(&pair, &options)).unwrap())
    };
    let text = on(1);
    assert_eq!(text, on(2));
    let read: Evaluation = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    assert_eq!((read.quality.pairs.len(), read.quality.pairs_total), (8, 10));
    let notes = read.notes.join(" ");
    for part in ["200 rows", "150 rows", "8 of 10", "note"] {
        assert!(notes.contains(part), "{part} in {notes}");
    }
    let other = EvaluateOptions { seed: 6, ..options.clone() };
    assert_ne!(serde_json::to_string(&run(&pair, &other)).unwrap(), text);
}

#[test]
fn rows_of_the_same_origin_score_high_everywhere() {
    let (real, synthetic, holdout) = (mixed(1, 1_500), mixed(2, 1_500), mixed(3, 1_000));
    let metadata = TableMetadata::derive(&real);
    let pair = Pair::new(&real, &synthetic, &metadata).with_holdout(&holdout);
    let found = run(&pair, &EvaluateOptions::default());
    assert!(found.quality.score.unwrap() > 0.95, "{:?}", found.quality.score);
    assert!(found.detection.unwrap().score > 0.9);
    let precision = found.precision.unwrap();
    // Of two tables of the same origin each has the nearest row half of the time.
    assert!(precision.alpha_precision > 0.95, "{precision:?}");
    assert!((0.4..0.6).contains(&precision.beta_recall), "{precision:?}");
    let membership = found.privacy.membership.unwrap();
    assert!((membership.auc - 0.5).abs() < 0.04, "{}", membership.auc);
    assert!(found.privacy.disclosure.iter().all(|column| column.surplus.abs() < 0.1));
    let closer = found.privacy.closeness.unwrap().closer_to_real.unwrap();
    assert!((0.5..0.68).contains(&closer), "{closer}");
    assert_eq!(found.privacy.copies.synthetic_rows, 0);
    let y = found.usefulness.iter().find(|one| one.target == "y").unwrap();
    assert!(y.synthetic.unwrap() > 0.98 && y.loss.unwrap().abs() < 0.02, "{y:?}");
}

#[test]
fn the_page_is_closed_and_names_every_column() {
    let (real, synthetic, holdout) = (mixed(1, 200), mixed(2, 200), mixed(3, 200));
    let metadata = TableMetadata::derive(&real);
    let pair = Pair::new(&real, &synthetic, &metadata).with_holdout(&holdout);
    let found = run(&pair, &EvaluateOptions::default());
    let page = html(&found, "Wines & more");
    assert_eq!(page, html(&found, "Wines & more"));
    for foreign in ["<script", "http://", "https://", "src=", "<link", "<iframe"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for part in
        ["Wines &amp; more", "Membership attack", "Associations", "Vulnerable", "day", "city"]
    {
        assert!(page.contains(part), "{part}");
    }
    // One chart a compared column, three of associations, points, telltales, curves.
    assert_eq!(page.matches("<svg").count(), 5 + 3 + 1 + 1 + 1);
    let alone = run(
        &Pair::new(&real, &synthetic, &metadata),
        &EvaluateOptions { targets: Targets::None, ..EvaluateOptions::default() },
    );
    assert!(alone.usefulness.is_empty() && alone.privacy.membership.is_none());
    assert!(html(&alone, "t").contains("Without hold-out rows"));
}
