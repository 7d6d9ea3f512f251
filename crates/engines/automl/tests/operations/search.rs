//! The search of `automl.train`: budgets, repeatability, resumption, ensembles.

use std::path::PathBuf;
use std::sync::Arc;

use crate::support::{MemoryHost, artifacts, example, run, train, train_text};
use gantry_engine_api::{Checkpoint, JobNote};
use serde_json::{Value, json};

fn rows(report: &Value) -> &[Value] {
    report["leaderboard"]["rows"].as_array().unwrap()
}

fn score(row: &Value) -> f64 {
    row["score"].as_f64().unwrap()
}

async fn search(
    path: PathBuf,
    params: Value,
    threads: u16,
    checkpoint: Option<Checkpoint>,
) -> Arc<MemoryHost> {
    let mut builder = MemoryHost::builder().with_input("data", path).with_threads(threads);
    if let Some(checkpoint) = checkpoint {
        builder = builder.with_checkpoint(checkpoint);
    }
    let host = builder.build().unwrap();
    run("automl.train", params, &host).await.unwrap();
    host
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_budget_four_learners_share_the_prediction() {
    let (host, report) = train(&example("titanic.csv"), json!({"target": "survived"})).await;
    let report = report.unwrap();
    let board = rows(&report);
    assert_eq!((board.len(), &board[0]["model"]), (5, &json!("ensemble")));
    assert_eq!(report["best"]["model"], "ensemble");
    assert!(board[1..].iter().all(|row| score(&board[0]) > score(row) - 0.002), "{board:?}");
    let members = board[0]["params"]["members"].as_array().unwrap();
    assert!(members.len() > 1, "{members:?}");
    let names: Vec<String> = host
        .notes()
        .iter()
        .filter_map(|note| match note {
            JobNote::Stage { name, total, .. } => Some(format!("{name} of {total}")),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["Read of 5", "Prepare of 5", "Search of 5", "Ensemble of 5", "Report of 5"]);
    let best =
        |note: &&JobNote| matches!(note, JobNote::Metric { name, .. } if name == "best_score");
    assert_eq!(host.notes().iter().filter(best).count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_units_give_the_same_bytes_whatever_the_threads_and_after_a_kill() {
    let params = json!({"target": "survived", "folds": 3, "budget_units": 150_000_000});
    let one = search(example("titanic.csv"), params.clone(), 1, None).await;
    let two = search(example("titanic.csv"), params.clone(), 2, None).await;
    for ((name, one), (_, two)) in artifacts(&one).iter().zip(&artifacts(&two)) {
        assert!(one == two, "{name} differs between 1 and 2 threads");
    }
    let kept = two.checkpoints();
    assert!(kept.len() > 12, "only {} models were tried", kept.len());
    // Killed early, inside of a bracket, and after the last model.
    for place in [1, kept.len() / 2, kept.len() - 2, kept.len() - 1] {
        let resumed =
            search(example("titanic.csv"), params.clone(), 2, Some(kept[place].clone())).await;
        for ((name, whole), (_, resumed)) in artifacts(&two).iter().zip(&artifacts(&resumed)) {
            assert!(whole == resumed, "{name} differs when resumed after {place}");
        }
    }
    let other = json!({"target": "survived", "folds": 3, "budget_units": 40_000_000});
    let fewer = search(example("titanic.csv"), other, 2, None).await;
    assert!(fewer.checkpoints().len() < kept.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn named_learners_are_searched_alone() {
    let params = json!({"target": "species", "algorithm": "svm", "budget_units": 20_000_000});
    let (_, report) = train(&example("iris.csv"), params).await;
    let report = report.unwrap();
    let named = |row: &&Value| row["model"] == "svm" || row["model"] == "ensemble";
    assert_eq!(rows(&report).iter().filter(named).count(), rows(&report).len());
    for algorithm in ["knn", "naive_bayes", "neural_network", "mlp", "svm", "xgboost"] {
        let params = json!({"target": "species", "algorithm": algorithm});
        let (_, report) = train(&example("iris.csv"), params).await;
        let report = report.unwrap();
        assert_eq!(rows(&report).len(), 1, "{algorithm}");
        assert!(score(&rows(&report)[0]) > 0.9, "{algorithm}: {report}");
    }
    for algorithm in ["elastic_net", "svm", "knn", "neural_network"] {
        let params = json!({"target": "quality", "folds": 2, "algorithm": algorithm});
        let (_, report) = train(&example("wine_quality_white.csv"), params).await;
        let found = score(&rows(&report.unwrap())[0]);
        assert!((0.6..0.8).contains(&found), "{algorithm}: {found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn classes_are_weighed_for_metrics_of_chosen_classes() {
    let params = |tuned: bool| json!({"target": "risk", "metric": "balanced_accuracy", "tune_threshold": tuned});
    let (tuned, plain) = (
        train(&example("german_credit.csv"), params(true)).await.1.unwrap(),
        train(&example("german_credit.csv"), params(false)).await.1.unwrap(),
    );
    let (with, without) = (score(&rows(&tuned)[0]), score(&rows(&plain)[0]));
    assert!(with > without + 0.02, "{with} and {without}");
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_that_are_held_out_may_be_of_one_class() {
    let row = |i: u32| {
        let (who, x) = (i % 12, (i * 37) % 101);
        format!("p{who},{x},{}\n", if who < 3 || x > 50 { "high" } else { "low" })
    };
    let text = format!("who,x,y\n{}", (0..240).map(row).collect::<String>());
    let params = json!({"target": "y", "folds": 12, "split": "group", "split_column": "who",
        "algorithm": "gradient_boosting", "budget_units": 3_000_000});
    let (_, report) = train_text(&text, params).await;
    let report = report.unwrap();
    assert!(score(&rows(&report)[0]) > 0.9, "{report}");
    assert!(rows(&report).iter().all(|row| row["status"] != "failed"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_cut_by_groups_and_by_time() {
    let mut text = String::from("who,day,x,y\n");
    for i in 0..240_u32 {
        text.push_str(&format!(
            "p{},2024-{:02}-{:02},{},{}\n",
            i % 12,
            i / 28 % 12 + 1,
            i % 28 + 1,
            (i * 37) % 101,
            (i * 37) % 101 * 3 + i % 5
        ));
    }
    let base = json!({"target": "y", "task": "regression", "folds": 4});
    let with = |more: Value| {
        let mut params = base.clone();
        for (key, value) in more.as_object().unwrap() {
            params[key] = value.clone();
        }
        params
    };
    let groups = with(json!({"split": "group", "split_column": "who"}));
    let (host, report) = train_text(&text, groups).await;
    let report = report.unwrap();
    let who = &report["columns_used"][0];
    assert_eq!((&who["name"], &who["used"]), (&json!("who"), &json!(false)));
    let table = String::from_utf8(host.read_artifact("predictions.csv").unwrap()).unwrap();
    let mut fold_of = std::collections::BTreeMap::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let group = (cells[0].parse::<u32>().unwrap() - 1) % 12;
        assert_eq!(*fold_of.entry(group).or_insert(cells[1].to_owned()), cells[1], "{line}");
    }
    assert_eq!(fold_of.len(), 12);

    for algorithms in [json!([]), json!(["linear_regression"])] {
        let time = with(json!({
            "split": "time", "split_column": "day", "algorithms": algorithms
        }));
        let (host, report) = train_text(&text, time).await;
        assert_eq!(report.unwrap()["rows"], 240);
        // The first part of the rows is never held out.
        let table = String::from_utf8(host.read_artifact("predictions.csv").unwrap()).unwrap();
        assert_eq!(table.lines().count() - 1, 4 * 48);
    }
    for (params, words) in [
        (json!({"split": "group", "split_column": "nobody"}), "`nobody`"),
        (json!({"split": "time", "split_column": "who"}), "neither dates nor numbers"),
        (json!({"split": "time"}), "is missing"),
    ] {
        let error = train_text(&text, with(params)).await.1.unwrap_err();
        assert!(error.message.contains(words), "{}", error.message);
    }
}

/// Rows of which the class follows two columns, and a third one is noise.
fn many_rows(rows: usize) -> String {
    let mut state = 9_u64;
    let mut draw = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / 16_777_216.0
    };
    let mut text = String::from("a,b,c,y\n");
    for _ in 0..rows {
        let (a, b, c, d) = (draw(), draw(), draw(), draw());
        let class = if a + b * b + 0.4 * d > 1.0 { "yes" } else { "no" };
        text.push_str(&format!("{a:.4},{b:.4},{c:.4},{class}\n"));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_of_large_tables_begin_with_fewer_rows_and_repeat_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.csv");
    std::fs::write(&path, many_rows(31_000)).unwrap();
    let params = json!({"target": "y", "folds": 3, "budget_units": 600_000_000,
        "algorithms": ["logistic_regression", "gradient_boosting"]});
    let whole = search(path.clone(), params.clone(), 2, None).await;
    let kept = whole.checkpoints();
    assert!(kept.len() > 12, "only {} models were tried", kept.len());
    let state = &kept.last().unwrap().state["results"];
    let promoted: Vec<&Value> = state
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result["status"] == "done" && !result["trial"]["first_loss"].is_null())
        .collect();
    assert!(!promoted.is_empty());
    for result in promoted {
        // A fit of half of the rows that each of the three others had.
        let units = |name: &str| result["trial"][name].as_f64().unwrap();
        assert!(units("first_units") < 0.25 * units("units"), "{}", result["trial"]["units"]);
    }
    for place in [kept.len() / 2, kept.len() - 2] {
        let resumed = search(path.clone(), params.clone(), 1, Some(kept[place].clone())).await;
        for ((name, whole), (_, resumed)) in artifacts(&whole).iter().zip(&artifacts(&resumed)) {
            assert!(whole == resumed, "{name} differs when resumed after {place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_layer_is_kept_where_it_is_better() {
    for (table, target) in [("german_credit.csv", "risk"), ("wine_quality_white.csv", "quality")] {
        let params = |stacking: bool| {
            json!({"target": target, "folds": 3, "metric": "auto",
            "budget_units": 60_000_000, "stacking": stacking})
        };
        let stacked = search(example(table), params(true), 2, None).await;
        let again = search(example(table), params(true), 1, None).await;
        assert_eq!(artifacts(&stacked), artifacts(&again));
        let plain = search(example(table), params(false), 2, None).await;
        let said = stacked.log_lines().join("\n");
        assert!(said.contains("stacked,"), "{said}");
        assert!(!plain.log_lines().join("\n").contains("stacked,"));
        let model = |host: &MemoryHost| host.read_artifact("model.gantry").unwrap();
        let is_layered = model(&stacked).windows(7).any(|bytes| bytes == b"\"stack\"");
        let line = said.lines().find(|line| line.contains("stacked,")).unwrap().to_owned();
        let numbers: Vec<f64> =
            line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [after, before] = [numbers[0], numbers[1]];
        let is_better = if target == "risk" { after > before } else { after < before };
        assert_eq!(is_layered, is_better, "{line}");
        // What predicts a file predicts a row, with or without the layer.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.gantry");
        std::fs::write(&path, model(&stacked)).unwrap();
        let host = MemoryHost::builder()
            .with_input("model", &path)
            .with_input("data", example(table))
            .build()
            .unwrap();
        let report = run("automl.predict", json!({}), &host).await.unwrap();
        assert_eq!(report["scored_rows"], report["rows"]);
        let host = MemoryHost::builder().with_input("model", &path).build().unwrap();
        run("automl.export", json!({}), &host).await.unwrap();
    }
}
