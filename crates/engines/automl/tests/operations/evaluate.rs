//! `automl.evaluate`: scores, charts and drift, and tables that make trouble.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::support::{MemoryHost, example, run, train};
use gantry_engine_api::EngineError;
use gantry_types::EngineErrorKind;
use serde_json::{Value, json};

struct Trained {
    folder: tempfile::TempDir,
    report: Value,
}

impl Trained {
    async fn new(table: &str, params: Value) -> Self {
        let (host, report) = train(&example(table), params).await;
        let folder = tempfile::tempdir().unwrap();
        let bytes = host.read_artifact("model.gantry").unwrap();
        std::fs::write(folder.path().join("model.gantry"), bytes).unwrap();
        Self { folder, report: report.unwrap() }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    async fn evaluate(&self, data: &Path) -> (Arc<MemoryHost>, Result<Value, EngineError>) {
        let host = MemoryHost::builder()
            .with_input("model", self.folder.path().join("model.gantry"))
            .with_input("data", data)
            .build()
            .unwrap();
        let report = run("automl.evaluate", json!({"png": true}), &host).await;
        (host, report)
    }
}

/// Every chart is there as SVG and as PNG.
fn require_pictures(host: &MemoryHost) {
    let names = host.artifact_names();
    let charts: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".svg")).collect();
    assert!(charts.len() > 2, "{names:?}");
    for chart in charts {
        let picture = host.read_artifact(&format!("{chart}.png")).unwrap();
        assert!(picture.starts_with(b"\x89PNG\r\n") && picture.len() > 2_000, "{chart}");
    }
}

async fn titanic() -> Trained {
    let params = json!({"target": "survived", "folds": 2, "algorithms": ["logistic_regression"]});
    Trained::new("titanic.csv", params).await
}

/// The example's rows, each changed.
fn changed(change: impl Fn(&mut Vec<String>)) -> String {
    let text = std::fs::read_to_string(example("titanic.csv")).unwrap();
    let mut lines = text.lines();
    let mut out = format!("{}\n", lines.next().unwrap());
    for line in lines {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        change(&mut cells);
        out.push_str(&format!("{}\n", cells.join(",")));
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn the_training_table_scores_well_and_has_not_drifted() {
    let trained = titanic().await;
    let (host, report) = trained.evaluate(&example("titanic.csv")).await;
    let report = report.unwrap();
    assert_eq!((&report["rows"], &report["scored_rows"]), (&json!(1309), &json!(1309)));
    assert_eq!(report["training_score"], trained.report["best"]["score"]);
    assert!(report["score"].as_f64().unwrap() > report["training_score"].as_f64().unwrap());
    let drift = report["drift"].as_array().unwrap();
    assert_eq!(drift.len(), 7);
    assert!(drift.iter().all(|d| d["psi"] == 0.0 && d["level"] == "none"), "{drift:?}");
    for name in ["confusion.svg", "roc.svg", "lift.svg", "plots.json", "drift.csv", "drift.svg"] {
        assert!(host.find_artifact(name).is_some(), "{name}");
    }
    require_pictures(&host);
    let page = String::from_utf8(host.read_artifact("report.html").unwrap()).unwrap();
    assert!(page.contains("Evaluating predictions of survived") && page.contains("<svg"));
    let plots: Value = serde_json::from_slice(&host.read_artifact("plots.json").unwrap()).unwrap();
    assert_eq!(plots["plots"][0]["id"], "confusion");
    assert_eq!(plots["plots"][1]["chart"]["type"], "line");
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_moved_are_named_first() {
    let trained = titanic().await;
    let moved = trained.write(
        "moved.csv",
        &changed(|cells| {
            // Everybody is forty years older and boards at a harbour that nobody knew.
            cells[3] =
                cells[3].parse::<f64>().map_or(String::new(), |age| (age + 40.0).to_string());
            cells[7] = "X".to_owned();
        }),
    );
    let report = trained.evaluate(&moved).await.1.unwrap();
    let mut first = [0, 1].map(|i| report["drift"][i]["column"].as_str().unwrap().to_owned());
    first.sort();
    assert_eq!(first, ["age", "embarked"]);
    assert_eq!(report["drift"][0]["level"], "strong");
    assert_eq!(report["drift"][2]["level"], "none");
    let unseen = report["drift"].as_array().unwrap().iter().find(|d| d["column"] == "embarked");
    assert_eq!(unseen.unwrap()["unseen_now"], 1.0);
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("2 of 7 columns have drifted strongly"), "{warnings}");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_evaluated_too() {
    let params = json!({"target": "quality", "task": "regression", "folds": 2,
        "algorithms": ["decision_tree"]});
    let trained = Trained::new("wine_quality_white.csv", params).await;
    let (host, report) = trained.evaluate(&example("wine_quality_white.csv")).await;
    let report = report.unwrap();
    assert_eq!(report["metric"], "rmse");
    assert!(report["metrics"]["r2"].as_f64().unwrap() > 0.5);
    assert!(host.find_artifact("residuals.svg").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_cannot_be_scored_are_refused_in_words() {
    let trained = titanic().await;
    let header = "pclass,sex,age,sibsp,parch,fare,embarked";
    let cases = [
        ("no target", format!("{header}\n1,male,3,0,0,7,S\n"), "no column `survived`"),
        ("no truth", format!("{header},survived\n1,male,3,0,0,7,S,\n"), "No row of the column"),
        ("other truth", format!("{header},survived\n1,male,3,0,0,7,S,maybe\n"), "No row of"),
        ("few columns", "survived,sex\n1,male\n0,female\n".to_owned(), "lacks columns"),
    ];
    for (name, text, words) in cases {
        let path = trained.write("case.csv", &text);
        let error = trained.evaluate(&path).await.1.unwrap_err();
        assert_eq!(error.kind, EngineErrorKind::Input, "{name}: {error:?}");
        assert!(error.message.contains(words), "{name}: {}", error.message);
        assert!(error.next_step.is_some(), "{name}");
    }
    let one = trained.write("one.csv", &format!("{header},survived\n1,male,3,0,0,7,S,1\n"));
    let (host, report) = trained.evaluate(&one).await;
    let report = report.unwrap();
    assert_eq!(report["score"], Value::Null);
    assert!(report["warnings"].to_string().contains("not defined on these rows"));
    assert!(
        host.find_artifact("roc.svg").is_none() && host.find_artifact("confusion.svg").is_some()
    );
}
