//! `automl.train` from the outside: report, notes, files, determinism, resumption, cancellation.

use std::time::{Duration, Instant};

use crate::support::{MemoryHost, artifacts, example, operation, run, train, train_text};
use gantry_engine_api::JobNote;
use gantry_types::EngineErrorKind;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_training_leaves_a_report_and_files() {
    let (host, report) = train(&example("german_credit.csv"), json!({"target": "risk"})).await;
    let report = report.unwrap();
    assert_eq!(report["task"], "binary");
    assert_eq!(report["metric"], "roc_auc");
    assert_eq!(report["classes"], json!(["bad", "good"]));
    assert_eq!((&report["rows"], &report["columns"]), (&json!(1000), &json!(21)));
    assert!(report["best"]["score"].as_f64().unwrap() > 0.77);
    let rows = report["leaderboard"]["rows"].as_array().unwrap();
    assert!(rows.len() == 4 || (rows.len() == 5 && rows[0]["model"] == "ensemble"));
    for (row, rank) in rows.iter().zip(1..) {
        assert_eq!((&row["rank"], &row["status"]), (&json!(rank), &json!("done")));
        assert_eq!(row["metrics"].as_object().unwrap().len(), 7);
    }
    let counts: u64 = report["confusion"]["counts"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap().iter().map(|c| c.as_u64().unwrap()))
        .sum();
    assert_eq!(counts, 1000);
    assert_eq!(report["importance"].as_array().unwrap().len(), 20);
    assert_eq!(report["importance"][0]["column"], "checking_status");
    assert_eq!(report["contributions"].as_array().unwrap().len(), 20);
    assert_eq!(report["contributions"][0]["column"], "checking_status");
    let card = String::from_utf8(host.read_artifact("model_card.md").unwrap()).unwrap();
    assert!(card.starts_with("# Model card: predicting risk"), "{card}");
    assert!(card.contains("| ROC AUC |") && card.contains("checking\\_status"), "{card}");
    assert_eq!(
        host.artifact_names(),
        [
            "calibration.svg",
            "confusion.svg",
            "contributions.svg",
            "importance.svg",
            "leaderboard.csv",
            "learning_curve.svg",
            "lift.svg",
            "model.gantry",
            "model_card.md",
            "partial_dependence_1.svg",
            "partial_dependence_2.svg",
            "partial_dependence_3.svg",
            "partial_dependence_4.svg",
            "plots.json",
            "precision_recall.svg",
            "predictions.csv",
            "report.html",
            "roc.svg"
        ]
    );
    let page = String::from_utf8(host.read_artifact("report.html").unwrap()).unwrap();
    assert!(page.contains("checking_status") && !page.contains("<script"));
    let predictions = String::from_utf8(host.read_artifact("predictions.csv").unwrap()).unwrap();
    assert_eq!(predictions.lines().count(), 1001);
    assert!(predictions.starts_with("row,fold,actual,predicted,probability_bad,probability_good"));
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_are_pictures_too_where_that_is_wanted() {
    let params = json!({"target": "species", "folds": 2, "algorithms": ["decision_tree"]});
    let (plain, report) = train(&example("iris.csv"), params.clone()).await;
    report.unwrap();
    let (host, report) = train(&example("iris.csv"), with(params, json!({"png": true}))).await;
    report.unwrap();
    let pictures = |host: &MemoryHost| {
        let names = host.artifact_names();
        let of = |end: &str| names.iter().filter(|name| name.ends_with(end)).count();
        (of(".svg"), of(".png"))
    };
    let (charts, none) = pictures(&plain);
    assert!(charts > 4 && none == 0);
    assert_eq!(pictures(&host), (charts, charts));
    assert!(host.read_artifact("confusion.png").unwrap().starts_with(b"\x89PNG\r\n"));
}

fn with(mut params: Value, more: Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        params[key] = value.clone();
    }
    params
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_tells_how_it_is_going() {
    let algorithms = ["logistic_regression", "gradient_boosting", "random_forest", "extra_trees"];
    let params = json!({"target": "species", "algorithms": algorithms});
    let (host, report) = train(&example("iris.csv"), params).await;
    report.unwrap();
    let notes = host.notes();
    let stages: Vec<(String, u32, u32)> = notes
        .iter()
        .filter_map(|note| match note {
            JobNote::Stage { name, current, total } => Some((name.clone(), *current, *total)),
            _ => None,
        })
        .collect();
    let names: Vec<&str> = stages.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Read",
            "Prepare",
            "Logistic regression",
            "Gradient boosting",
            "Random forest",
            "Extra trees",
            "Refit",
            "Report"
        ]
    );
    assert!(stages.iter().zip(1..).all(|((_, current, total), i)| *current == i && *total == 8));
    let fractions: Vec<f64> = notes
        .iter()
        .filter_map(|note| match note {
            JobNote::Progress { fraction } => Some(*fraction),
            _ => None,
        })
        .collect();
    assert!(fractions.windows(2).all(|pair| pair[0] <= pair[1]), "{fractions:?}");
    assert_eq!(fractions.last(), Some(&1.0));
    let boards: Vec<&Value> = notes
        .iter()
        .filter_map(|note| match note {
            JobNote::Partial { name, value } if name == "leaderboard" => Some(value),
            _ => None,
        })
        .collect();
    assert_eq!(boards.len(), 4 * 6);
    assert!(boards.iter().all(|board| board["rows"].as_array().unwrap().len() == 4));
    assert_eq!(boards[0]["rows"][0]["status"], "running");
    let metric = |note: &&JobNote| matches!(note, JobNote::Metric { name, .. } if name == "random_forest.accuracy");
    assert_eq!(notes.iter().filter(metric).count(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn regression_has_its_own_charts_and_metrics() {
    let params = json!({"target": "quality", "folds": 3, "algorithms": ["linear_regression"]});
    let (host, report) = train(&example("wine_quality_white.csv"), params).await;
    let report = report.unwrap();
    assert_eq!((&report["task"], &report["metric"]), (&json!("regression"), &json!("rmse")));
    assert!(report.get("classes").is_none() && report.get("confusion").is_none());
    let score = report["best"]["score"].as_f64().unwrap();
    assert!((0.74..0.77).contains(&score), "{score}");
    let names = host.artifact_names();
    assert!(names.contains(&"residuals.svg".to_owned()) && !names.contains(&"roc.svg".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_change_no_byte_and_seeds_do() {
    let mut runs = Vec::new();
    for (threads, seed) in [(1, 42), (2, 42), (2, 43)] {
        let host = MemoryHost::builder()
            .with_input("data", example("titanic.csv"))
            .with_threads(threads)
            .with_seed(seed)
            .build()
            .unwrap();
        run("automl.train", json!({"target": "survived", "folds": 3}), &host).await.unwrap();
        runs.push(artifacts(&host));
    }
    for ((name, one), (_, two)) in runs[0].iter().zip(&runs[1]) {
        assert!(one == two, "{name} differs between 1 and 2 threads");
    }
    assert_ne!(runs[1], runs[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_training_equals_an_uninterrupted_one() {
    let params = json!({"target": "survived", "folds": 3});
    let builder = || MemoryHost::builder().with_input("data", example("titanic.csv"));
    let whole = builder().build().unwrap();
    run("automl.train", params.clone(), &whole).await.unwrap();
    assert_eq!(whole.checkpoints().len(), 4);
    for kept in whole.checkpoints() {
        let second = builder().with_checkpoint(kept).build().unwrap();
        run("automl.train", params.clone(), &second).await.unwrap();
        assert!(artifacts(&whole) == artifacts(&second));
    }
    // Another training's checkpoint is not used, and nothing breaks.
    let foreign = whole.checkpoints().pop().unwrap();
    let other = builder().with_checkpoint(foreign).with_seed(7).build().unwrap();
    let report = run("automl.train", params.clone(), &other).await.unwrap();
    assert_eq!(report["leaderboard"]["rows"].as_array().unwrap().len(), 5);
    assert!(other.log_lines().iter().any(|line| line.contains("another training")));
    // Neither is one of a later version.
    let mut newer = whole.checkpoints().pop().unwrap();
    newer.version += 1;
    let told = format!("has version {}", newer.version);
    let later = builder().with_checkpoint(newer).build().unwrap();
    run("automl.train", params, &later).await.unwrap();
    assert!(artifacts(&whole) == artifacts(&later));
    assert!(later.log_lines().iter().any(|line| line.contains(&told)));
}

/// 60,000 rows of noise: every fit takes seconds.
fn large_table() -> String {
    let mut text = String::from("a,b,c,d,e,f,g,h,y\n");
    let mut state = 1_u64;
    for _ in 0..60_000 {
        for _ in 0..8 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(&format!("{},", (state >> 40) as f64 / 1_000.0));
        }
        text.push_str(if state >> 63 == 1 { "x\n" } else { "z\n" });
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_inside_a_fit_ends_the_job_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.csv");
    std::fs::write(&path, large_table()).unwrap();
    let host = MemoryHost::builder().with_input("data", &path).with_threads(2).build().unwrap();
    let params = json!({"target": "y", "algorithms": ["random_forest"]});
    let job = {
        let host = host.clone();
        tokio::spawn(async move { run("automl.train", params, &host).await })
    };
    let begin = Instant::now();
    let is_fitting = |host: &MemoryHost| {
        host.notes().iter().any(|note| matches!(note, JobNote::Stage { current: 3, .. }))
    };
    while !is_fitting(&host) && begin.elapsed() < Duration::from_secs(60) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(!job.is_finished());
    let asked = Instant::now();
    host.cancel();
    let error = job.await.unwrap().unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Cancelled);
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert!(host.artifact_names().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cost_stays_below_the_estimate() {
    let path = example("iris.csv");
    let (host, report) = train(&path, json!({"target": "species"})).await;
    report.unwrap();
    let mut meta = host.context().input("data").await.unwrap().meta;
    let guessed =
        operation("automl.train").estimate(&json!({"target": "species"}), &[meta.clone()]);
    assert!(guessed.unwrap().max_credits >= host.charged());
    meta.rows = Some(150);
    meta.columns = ["sepal_length_cm", "species", "c", "d", "e"].map(str::to_owned).to_vec();
    let train = operation("automl.train");
    let known = train.estimate(&json!({"target": "species"}), &[meta.clone()]).unwrap();
    assert_eq!((known.max_credits, host.charged().get()), (host.charged(), 2));
    assert_eq!(known.meters[&"rows".parse().unwrap()], 150);
    let refused = train.estimate(&json!({"target": "nope"}), &[meta.clone()]).unwrap_err();
    assert_eq!(refused.pointer, "/target");
    assert!(refused.message.contains("`species`"));
    for (params, pointer) in [
        (json!({"target": "species", "folds": 1}), "/folds"),
        (json!({"target": "species", "time_seconds": 0}), "/time"),
        (json!({"target": "species", "time": "soon"}), "/time"),
        (json!({"target": "species", "budget_units": 3}), "/budget_units"),
        (json!({"target": "species", "budget_units": 9_000, "time": "5s"}), "/budget_units"),
        (json!({"target": "species", "algorithm": "svm", "algorithms": ["knn"]}), "/algorithm"),
        (json!({"target": "species", "algorithms": ["magic"]}), "/algorithms/0"),
        (json!({"target": "species", "colour": 1}), "/colour"),
    ] {
        let error = train.estimate(&params, &[meta.clone()]).unwrap_err();
        assert_eq!(error.pointer, pointer, "{}", error.message);
    }
    let spec = train.spec();
    assert_eq!(spec.params_schema["properties"]["target"]["x-gantry"]["column_of"], "data");
}

/// 60,000 rows: a model reads about half of the million cells that cost a credit.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_training_costs_what_was_finished() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.csv");
    std::fs::write(&path, large_table()).unwrap();
    let params = json!({
        "target": "y", "folds": 2,
        "algorithms": ["logistic_regression", "decision_tree", "extra_trees"]
    });
    // No model is done; one is; two are.
    for (stage, cost) in [(3, 0), (4, 0), (5, 1)] {
        let host = MemoryHost::builder()
            .with_input("data", &path)
            .with_threads(2)
            .with_note_hook(move |note, token| {
                if matches!(note, JobNote::Stage { current, .. } if *current == stage) {
                    token.cancel();
                }
            })
            .build()
            .unwrap();
        let error = run("automl.train", params.clone(), &host).await.unwrap_err();
        assert_eq!(error.kind, EngineErrorKind::Cancelled);
        assert_eq!(host.charged().get(), cost, "stage {stage}");
    }
    let (host, report) = train(&path, params).await;
    report.unwrap();
    assert_eq!(host.charged().get(), 3, "one for the training and two started millions");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quantile_is_learned_and_scored() {
    // Numbers between 0 and x: nine tenths of them lie below 0.9 x.
    let row = |i: usize| {
        let x = i * 7919 % 97 + 3;
        format!("{x},{}\n", (i * 104_729 % 1_000) as f64 / 1_000.0 * x as f64)
    };
    let table = format!("x,y\n{}", (0..2_000).map(row).collect::<String>());
    let params = |quantile: f64| {
        json!({"target": "y", "folds": 2, "quantile": quantile,
        "algorithms": ["gradient_boosting"]})
    };
    let mut share_below = Vec::new();
    for quantile in [0.9, 0.1] {
        let (host, report) = train_text(&table, params(quantile)).await;
        let report = report.unwrap();
        assert_eq!(report["metric"], format!("pinball@{quantile}"));
        let best = &report["leaderboard"]["rows"][0];
        assert_eq!(best["score"], best["metrics"]["pinball"]["mean"], "{best}");
        let text = String::from_utf8(host.read_artifact("predictions.csv").unwrap()).unwrap();
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap().split(',').collect();
        let place = |name: &str| header.iter().position(|cell| *cell == name).unwrap();
        let (truth, predicted) = (place("actual"), place("predicted"));
        let is_below = |line: &&str| {
            let cells: Vec<f64> = line.split(',').map(|c| c.parse().unwrap_or(f64::NAN)).collect();
            cells[truth] <= cells[predicted]
        };
        share_below.push(lines.filter(is_below).count() as f64 / 2_000.0);
    }
    assert!((share_below[0] - 0.9).abs() < 0.03, "{share_below:?}");
    assert!((share_below[1] - 0.1).abs() < 0.03, "{share_below:?}");
    for (params, words) in [
        (json!({"target": "y", "quantile": 1.5}), "`quantile`"),
        (json!({"target": "y", "quantile": 0.5, "metric": "rmse"}), "pinball"),
        (json!({"target": "x", "task": "multiclass", "metric": "pinball"}), "pinball"),
    ] {
        let error = train_text(&table, params).await.1.unwrap_err();
        assert_eq!(error.kind, EngineErrorKind::Params, "{error:?}");
        assert!(error.message.contains(words), "{error:?}");
    }
}
