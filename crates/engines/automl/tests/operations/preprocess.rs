//! Preprocessing: no leak of the target, options that train, and the operation of its own.

use crate::support::{MemoryHost, example, run, train_text};
use serde_json::{Value, json};

/// Labels that say nothing of the target: 300 of them on 3,000 rows.
fn noise() -> String {
    let mut text = String::from("city,shop,y\n");
    let mut state = 7_u64;
    let mut draw = |bound: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    for _ in 0..3_000 {
        let (city, shop, hit) = (draw(300), draw(300), draw(2));
        text.push_str(&format!("c{city},s{shop},{}\n", if hit == 1 { "yes" } else { "no" }));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn encoded_noise_stays_noise() {
    for algorithm in ["logistic_regression", "gradient_boosting"] {
        let params = json!({
            "target": "y", "algorithm": algorithm, "preprocessing": {"encoding": "target"}
        });
        let report = train_text(&noise(), params).await.1.unwrap();
        let found = report["best"]["score"].as_f64().unwrap();
        assert!((found - 0.5).abs() < 0.02, "{algorithm}: {found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_option_trains() {
    for options in [
        json!({"imputation": "mean", "scaling": "robust"}),
        json!({"imputation": "constant", "fill_value": -1.0, "missing_indicators": true}),
        json!({"imputation": "most_frequent", "outliers": "iqr", "scaling": "min_max"}),
        json!({"outliers": "winsorize", "scaling": "quantile", "encoding": "one_hot"}),
        json!({"outliers": "zscore", "encoding": "ordinal", "rare_share": 0.05}),
        json!({"encoding": "target", "balance": "weights"}),
        json!({"imputation": "knn", "missing_indicators": true}),
        json!({"outliers": "isolation", "outlier_share": 0.05}),
        json!({"balance": "oversample", "drop_duplicates": true, "scaling": "none"}),
    ] {
        let host =
            MemoryHost::builder().with_input("data", example("titanic.csv")).build().unwrap();
        let params = json!({
            "target": "survived", "folds": 2, "preprocessing": options,
            "algorithms": ["logistic_regression", "random_forest"]
        });
        let report = run("automl.train", params, &host).await.unwrap();
        let rows = report["leaderboard"]["rows"].as_array().unwrap();
        for row in rows {
            assert!(row["score"].as_f64().unwrap() > 0.75, "{options}: {row}");
        }
    }
}

async fn prepare(name: &str, params: Value) -> (Value, Vec<String>, Value) {
    let host = MemoryHost::builder().with_input("data", example(name)).build().unwrap();
    let report = run("automl.preprocess", params, &host).await.unwrap();
    let table = String::from_utf8(host.read_artifact("prepared.csv").unwrap()).unwrap();
    let plan = serde_json::from_slice(&host.read_artifact("plan.json").unwrap()).unwrap();
    (report, table.lines().map(str::to_owned).collect(), plan)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_prepared_and_every_column_explained() {
    let (report, table, plan) = prepare("titanic.csv", json!({"target": "survived"})).await;
    assert_eq!(report["rows"].as_u64().unwrap() as usize, table.len() - 1);
    let header: Vec<&str> = table[0].split(',').collect();
    assert_eq!(report["features"].as_u64().unwrap() as usize, header.len() - 1);
    assert!(header.contains(&"sex=female") && header.contains(&"age=missing"), "{header:?}");
    assert_eq!(header.last(), Some(&"survived"));
    // Nothing is missing in what learners see.
    assert!(table.iter().all(|line| !line.contains(",,")));
    for column in report["columns_used"].as_array().unwrap() {
        assert!(!column["treatment"].as_str().unwrap().is_empty(), "{column}");
    }
    assert_eq!(plan["version"], 1);
    let used = plan["columns"].as_array().unwrap().len();
    assert_eq!(plan["fitted"]["columns"].as_array().unwrap().len(), used);

    let params = json!({"for_trees": true, "preprocessing": {"outliers": "iqr"}});
    let (report, table, _) = prepare("german_credit.csv", params).await;
    assert_eq!((&report["features"], table.len()), (&json!(21), 1_001));
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_cannot_be_are_refused() {
    for (params, words) in [
        (json!({"preprocessing": {"rare_share": 0.9}}), "rare_share"),
        (json!({"preprocessing": {"outlier_share": 0.0}}), "outlier_share"),
        (json!({"target": "nothing"}), "`nothing`"),
        (json!({"ignore_columns": ["nothing"]}), "`nothing`"),
    ] {
        let host =
            MemoryHost::builder().with_input("data", example("titanic.csv")).build().unwrap();
        let error = run("automl.preprocess", params, &host).await.unwrap_err();
        assert!(error.message.contains(words), "{}", error.message);
        assert!(error.next_step.is_some(), "{}", error.message);
    }
}

async fn prepare_text(table: &str, params: Value) -> (Value, Vec<Vec<String>>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, table).unwrap();
    let host = MemoryHost::builder().with_input("data", &path).build().unwrap();
    let report = run("automl.preprocess", params, &host).await.unwrap();
    let prepared = String::from_utf8(host.read_artifact("prepared.csv").unwrap()).unwrap();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    (report, prepared.lines().map(cells).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_are_filled_from_similar_rows() {
    // The second number is ten times the first one, in any unit.
    let row = |i: usize| match i % 20 {
        7 => format!("{},,{}\n", i % 40, i % 3),
        _ => format!("{},{},{}\n", i % 40, i % 40 * 10, i % 3),
    };
    let table: String = (0..200).map(row).collect();
    let options = json!({"imputation": "knn", "scaling": "none"});
    let params = json!({"for_trees": true, "preprocessing": options});
    let (report, rows) = prepare_text(&format!("a,b,c\n{table}"), params).await;
    for cells in &rows[1..] {
        let [a, b] = [&cells[0], &cells[1]].map(|cell| cell.parse::<f64>().unwrap());
        assert!((b - 10.0 * a).abs() <= 15.0, "{cells:?}");
    }
    let said = report["columns_used"][1]["treatment"].as_str().unwrap();
    assert!(said.contains("similar rows"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_far_from_the_others_are_left_out() {
    let row = |i: usize| match i {
        50 => "9000,-9000\n".to_owned(),
        _ => format!("{},{}\n", i * 7 % 50, i * 13 % 50),
    };
    let table: String = (0..200).map(row).collect();
    let options = json!({"outliers": "isolation", "outlier_share": 0.005, "scaling": "none"});
    let params = json!({"preprocessing": options});
    let (report, rows) = prepare_text(&format!("a,b\n{table}"), params).await;
    assert_eq!((&report["rows"], rows.len()), (&json!(199), 200));
    assert!(report["warnings"].to_string().contains("1 rows are far"), "{report}");
    assert!(rows.iter().all(|cells| cells[0] != "9000"));
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_become_the_weights_of_their_words() {
    let row = |i: usize| {
        let mood = if i.is_multiple_of(2) { "splendid service" } else { "broken again" };
        let label = if i.is_multiple_of(2) { "good" } else { "bad" };
        format!("\"Ticket {i}: {mood}, said customer {} of the shop\",{},{label}\n", i * 3, i % 7)
    };
    let table = format!("note,z,y\n{}", (0..120).map(row).collect::<String>());
    let params = json!({"target": "y", "preprocessing": {"scaling": "none"}});
    let (report, rows) = prepare_text(&table, params).await;
    let header = &rows[0];
    assert!(header.contains(&"note:splendid".to_owned()), "{header:?}");
    assert!(!header.contains(&"note:ticket".to_owned()), "{header:?}");
    assert_eq!(report["columns_used"][0]["kind"], "text");
    let params = json!({"target": "y", "folds": 2,
        "algorithms": ["logistic_regression", "gradient_boosting"]});
    let report = train_text(&table, params).await.1.unwrap();
    for row in report["leaderboard"]["rows"].as_array().unwrap() {
        assert!(row["score"].as_f64().unwrap() > 0.99, "{row}");
    }
}
