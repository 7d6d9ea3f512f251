//! One table: columns, pairs, reports, distances.

use gantry_fidelity::{
    EvaluateOptions, Evaluation, Pair, Targets, diagnostic, evaluate, precision, quality,
};
use gantry_kit::Frame;
use gantry_learn::Control;
use serde_json::Value;

use super::assert_score;
use super::tables::{Case, frame, metadata, read};

fn tables(case: &Case) -> (Frame, Frame, Option<Frame>) {
    let frame = |columns| frame(columns, &case.kinds);
    (frame(&case.real), frame(&case.synthetic), case.holdout.as_ref().map(frame))
}

fn whole(case: &Case) -> Evaluation {
    let (real, synthetic, holdout) = tables(case);
    let metadata = metadata(&case.kinds, case.primary_key.as_deref());
    let mut pair = Pair::new(&real, &synthetic, &metadata);
    pair.holdout = holdout.as_ref();
    let options = EvaluateOptions { targets: Targets::None, ..EvaluateOptions::default() };
    evaluate(&pair, &options, &Control::unlimited()).unwrap()
}

#[test]
fn columns_and_pairs_of_the_quality_report() {
    for case in read().cases {
        let (real, synthetic, _) = tables(&case);
        let metadata = metadata(&case.kinds, case.primary_key.as_deref());
        let found = quality(&Pair::new(&real, &synthetic, &metadata)).unwrap();
        let report = &case.expected["report"];
        let what = |part: &str| format!("{}: {part}", case.name);
        for shape in &found.columns {
            let expected = report["columns"][&shape.column].as_f64();
            assert_score(&what(&shape.column), shape.score, expected);
            let alone = case.expected["columns"][&shape.column]["shape"].as_f64();
            assert_score(&what(&shape.column), shape.score, alone);
        }
        let pairs = report["pairs"].as_array().unwrap();
        assert_eq!(found.pairs.len(), pairs.len());
        for pair in &found.pairs {
            let expected = pairs.iter().find(|expected| {
                let name = |part: &str| expected[part].as_str().unwrap();
                [name("first"), name("second")] == [&pair.first, &pair.second]
                    || [name("second"), name("first")] == [&pair.first, &pair.second]
            });
            let expected = expected.unwrap_or_else(|| panic!("{}: no such pair", pair.first));
            let name = what(&format!("{} and {}", pair.first, pair.second));
            assert_score(&name, pair.report_score, expected["score"].as_f64());
            assert_score(&name, pair.association, expected["association"].as_f64());
            assert_score(&name, pair.real, expected["real"].as_f64());
            if let Some(correlation) = expected["synthetic"].as_f64() {
                assert_score(&name, pair.synthetic, Some(correlation));
            }
        }
        assert_score(&what("shape"), found.shape, report["shape"].as_f64());
        assert_score(&what("trend"), found.related_trend, report["trend"].as_f64());
        assert_score(&what("quality"), found.related_score, report["quality"].as_f64());
    }
}

#[test]
fn pairs_that_hardly_hang_together_have_a_score_too() {
    for case in read().cases {
        let (real, synthetic, _) = tables(&case);
        let metadata = metadata(&case.kinds, case.primary_key.as_deref());
        let found = quality(&Pair::new(&real, &synthetic, &metadata)).unwrap();
        let expected = case.expected["pairs"].as_array().unwrap();
        assert_eq!(found.pairs.len(), expected.len());
        for pair in &found.pairs {
            let is_it = |e: &&Value| {
                let name = |part: &str| e[part].as_str().unwrap();
                [name("first"), name("second")] == [&pair.first, &pair.second]
                    || [name("second"), name("first")] == [&pair.first, &pair.second]
            };
            let name = format!("{}: {} and {}", case.name, pair.first, pair.second);
            let score = expected.iter().find(is_it).unwrap()["score"].as_f64();
            assert_score(&name, pair.score, score);
        }
    }
}

#[test]
fn the_diagnostic_report() {
    for case in read().cases {
        let (real, synthetic, _) = tables(&case);
        let metadata = metadata(&case.kinds, case.primary_key.as_deref());
        let found = diagnostic(&Pair::new(&real, &synthetic, &metadata)).unwrap();
        let report = &case.expected["report"];
        for column in &found.columns {
            let name = format!("{}: {}", case.name, column.column);
            let of = |place: &Value| place[&column.column].as_f64();
            assert_score(&name, column.score, of(&report["validity"]));
        }
        assert_score(&case.name, found.validity, report["data_validity"].as_f64());
        assert_score(&case.name, Some(found.structure), report["data_structure"].as_f64());
        assert_score(&case.name, found.score, report["diagnostic"].as_f64());
    }
}

#[test]
fn coverage_and_missing_values() {
    for case in read().cases {
        for column in whole(&case).coverage {
            let expected = &case.expected["columns"][&column.column];
            let name = format!("{}: {}", case.name, column.column);
            assert_score(&name, column.coverage, expected["coverage"].as_f64());
            let similarity = expected["missing_similarity"].as_f64();
            assert_score(&name, Some(column.missing_similarity), similarity);
        }
    }
}

#[test]
fn new_rows_and_distances_to_the_closest_record() {
    for case in read().cases {
        let found = whole(&case).privacy;
        let expected = &case.expected["closeness"];
        let name = |part: &str| format!("{}: {part}", case.name);
        assert_score(&name("new"), Some(found.new_row_share), expected["new_rows"].as_f64());
        let closeness = found.closeness.unwrap();
        let of = |part: &str| expected[part].as_f64();
        // sdmetrics fails where no random value can be drawn.
        if expected.get("synthetic_median").is_some() {
            assert_score(&name("median"), Some(closeness.synthetic_median), of("synthetic_median"));
        }
        assert_score(
            &name("overfitting"),
            closeness.overfitting_protection,
            of("overfitting_protection"),
        );
        assert_score(&name("closer"), closeness.closer_to_real, of("closer_to_training"));
        // The random rows of the baseline are others than those of sdmetrics.
        if let (Some(found), Some(expected)) =
            (closeness.baseline_protection, of("baseline_protection"))
        {
            assert!((found - expected).abs() < 0.1, "{}: {found} {expected}", case.name);
        }
    }
}

#[test]
fn alpha_precision_and_its_companions() {
    let mut compared = 0;
    for case in read().cases {
        let expected = &case.expected["precision"];
        if expected.is_null() {
            continue;
        }
        let (real, synthetic, _) = tables(&case);
        let rows = real.rows().min(synthetic.rows());
        let (real, synthetic) = (real.head(rows), synthetic.head(rows));
        let metadata = metadata(&case.kinds, case.primary_key.as_deref());
        let pair = Pair::new(&real, &synthetic, &metadata);
        let found = precision(&pair, &EvaluateOptions::default(), &Control::unlimited()).unwrap();
        let of = |part: &str| expected[part].as_f64();
        assert_score("alpha", Some(found.alpha_precision), of("alpha_precision"));
        assert_score("beta", Some(found.beta_recall), of("beta_recall"));
        assert_score("authenticity", Some(found.authenticity), of("authenticity"));
        compared += 1;
    }
    assert_eq!(compared, 3);
}
