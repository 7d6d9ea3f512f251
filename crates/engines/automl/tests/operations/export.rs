//! `automl.export`: files that equal the goldens, and models and names that make trouble.
//!
//! The models in `tests/onnx`, and what onnxruntime predicted from their exported files, were made
//! by `bench/automl/onnx --goldens`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::support::{MemoryHost, run, train_text};
use gantry_engine_api::EngineError;
use gantry_types::EngineErrorKind;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Golden {
    model: String,
    /// Of the exported file that onnxruntime read.
    sha256: String,
    predictions: Vec<Vec<f64>>,
    #[serde(default)]
    labels: Vec<String>,
}

fn golden_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx").join(name)
}

async fn export(model: &Path) -> (Arc<MemoryHost>, Result<Value, EngineError>) {
    let host = MemoryHost::builder().with_input("model", model).build().unwrap();
    let report = run("automl.export", json!({}), &host).await;
    (host, report)
}

/// Rows of (predicted, columns of numbers) of `automl.predict`.
async fn predict(model: &Path) -> Vec<(String, Vec<f64>)> {
    let data = golden_file("later.csv");
    let host =
        MemoryHost::builder().with_input("model", model).with_input("data", data).build().unwrap();
    run("automl.predict", json!({}), &host).await.unwrap();
    let bytes = host.read_artifact("predictions.csv").unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').skip(1).collect();
        let numbers = if cells.len() == 1 { &cells[..] } else { &cells[1..] };
        (cells[0].to_owned(), numbers.iter().map(|cell| cell.parse().unwrap()).collect())
    };
    text.lines().skip(1).map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_onnxruntime_predicted_from_these_files_is_what_we_predict() {
    let goldens = std::fs::read_to_string(golden_file("goldens.json")).unwrap();
    let goldens: Vec<Golden> = serde_json::from_str(&goldens).unwrap();
    assert_eq!(goldens.len(), 21);
    for golden in goldens {
        let model = golden_file(&golden.model);
        let (host, report) = export(&model).await;
        let report = report.unwrap();
        let bytes = host.read_artifact("model.onnx").unwrap();
        assert_eq!(report["bytes"], json!(bytes.len()));
        assert_eq!(hex::encode(Sha256::digest(&bytes)), golden.sha256, "{}", golden.model);
        let ours = predict(&model).await;
        assert_eq!(ours.len(), golden.predictions.len());
        for (row, ((label, ours), theirs)) in ours.iter().zip(&golden.predictions).enumerate() {
            for (a, b) in ours.iter().zip(theirs) {
                let difference = (a - b).abs() / a.abs().max(1.0);
                assert!(difference < 1e-5, "{}, row {row}: {a} and {b}", golden.model);
            }
            if let Some(theirs) = golden.labels.get(row) {
                assert_eq!(label, theirs, "{}, row {row}", golden.model);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_says_what_the_file_takes_and_gives() {
    let (host, report) = export(&golden_file("buys_logistic_regression.gantry")).await;
    let report = report.unwrap();
    assert_eq!(report["classes"], json!(["buy", "keep"]));
    let inputs = report["inputs"].as_array().unwrap();
    let kind = |name: &str| inputs.iter().find(|i| i["name"] == name).unwrap();
    assert_eq!(kind("since")["type"], "tensor(int64)");
    assert_eq!(kind("city")["missing"], "an empty text");
    assert_eq!(kind("age")["missing"], "NaN");
    assert_eq!(
        report["outputs"][1],
        json!({
        "name": "probabilities", "type": "tensor(double)", "width": 2})
    );
    assert_eq!(report["opsets"], json!({"ai.onnx": 15, "ai.onnx.ml": 3}));
    assert!(host.charged().get() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_may_be_called_like_outputs() {
    let rows: String = (0..60)
        .map(|i| format!("{},{},{}\n", i % 7, i % 5, if i % 7 > 3 { "a" } else { "b" }))
        .collect();
    let params = json!({"target": "y", "folds": 2, "algorithms": ["decision_tree"]});
    let (host, report) = train_text(&format!("label,t1,y\n{rows}"), params).await;
    report.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gantry");
    std::fs::write(&path, host.read_artifact("model.gantry").unwrap()).unwrap();
    let report = export(&path).await.1.unwrap();
    assert_eq!(report["inputs"][0]["name"], "label");
    assert_eq!(report["outputs"][0]["name"], "label_2");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_model_is_refused() {
    let (_, report) = export(&golden_file("table.csv")).await;
    let error = report.unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Input);
    assert!(error.message.contains("not a Gantry model"), "{error:?}");
    let whole = std::fs::read(golden_file("buys_decision_tree.gantry")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.gantry");
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let error = export(&path).await.1.unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Input);
    assert!(error.message.contains("cut off"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_training_leaves_the_file_when_asked() {
    let rows: String = (0..60)
        .map(|i| format!("{},{},{}\n", i % 7, i % 5, if i % 7 > 3 { "a" } else { "b" }))
        .collect();
    let table = format!("x,z,y\n{rows}");
    let params = |algorithm: &str| json!({"target": "y", "folds": 2, "algorithms": [algorithm], "onnx": true});
    let (host, report) = train_text(&table, params("naive_bayes")).await;
    report.unwrap();
    assert!(host.read_artifact("model.onnx").unwrap().len() > 500);
    // Texts cannot be written: the training ends well all the same.
    let texts: String = (0..60)
        .map(|i| {
            let word = if i % 3 == 0 { "late" } else { "early" };
            format!("The parcel number {i} came {word} this time,{},{}\n", i % 5, i % 2)
        })
        .collect();
    let params = params("decision_tree");
    let (host, report) = train_text(&format!("note,z,y\n{texts}"), params).await;
    let report = report.unwrap();
    assert_eq!(report["columns_used"][0]["kind"], "text");
    assert!(host.find_artifact("model.onnx").is_none());
    assert!(host.log_lines().iter().any(|line| line.contains("texts of column `note`")));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gantry");
    std::fs::write(&path, host.read_artifact("model.gantry").unwrap()).unwrap();
    let error = export(&path).await.1.unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Input);
    assert!(error.message.contains("`note`") && error.next_step.is_some(), "{error:?}");
}
