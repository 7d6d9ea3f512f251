//! `automl.cluster` and `automl.reduce`: what they find, that they find it again, and tables that
//! make trouble.

use std::path::Path;
use std::sync::Arc;

use crate::support::{MemoryHost, artifacts, example, operation, run};
use gantry_engine_api::EngineError;
use gantry_types::EngineErrorKind;
use serde_json::{Value, json};

async fn on_file(
    id: &str,
    path: &Path,
    params: Value,
) -> (Arc<MemoryHost>, Result<Value, EngineError>) {
    let host = MemoryHost::builder().with_input("data", path).with_threads(2).build().unwrap();
    let report = run(id, params, &host).await;
    (host, report)
}

async fn on_text(
    id: &str,
    text: &str,
    params: Value,
) -> (Arc<MemoryHost>, Result<Value, EngineError>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, text).unwrap();
    on_file(id, &path, params).await
}

/// Three round heaps of 40 rows, and one row far away.
fn heaps() -> String {
    let mut text = String::from("x,y,group\n");
    for i in 0..120_u32 {
        let (angle, far) = (f64::from(i) * 2.4, f64::from(i % 7) / 7.0);
        let (x, y) = [(0.0, 0.0), (10.0, 0.0), (0.0, 10.0)][(i / 40) as usize];
        text.push_str(&format!(
            "{},{},g{}\n",
            x + far * angle.cos(),
            y + far * angle.sin(),
            i / 40
        ));
    }
    text + "40,40,g9\n"
}

fn column(host: &MemoryHost, file: &str, index: usize) -> Vec<String> {
    let text = String::from_utf8(host.read_artifact(file).unwrap()).unwrap();
    text.lines().skip(1).map(|line| line.split(',').nth(index).unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn k_means_finds_the_heaps_and_how_many_there_are() {
    let params = json!({"ignore_columns": ["group"]});
    let text = heaps().lines().take(121).collect::<Vec<_>>().join("\n");
    for choose_by in ["silhouette", "elbow"] {
        let mut params = params.clone();
        params["choose_by"] = choose_by.into();
        let (host, report) = on_text("automl.cluster", &text, params).await;
        let report = report.unwrap();
        let sizes: Vec<u64> = report["clusters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["rows"].as_u64().unwrap())
            .collect();
        assert_eq!(sizes, [40, 40, 40], "{choose_by}: {report}");
        assert!(report["silhouette"].as_f64().unwrap() > 0.8);
        let found = column(&host, "clusters.csv", 1);
        for heap in found.chunks(40) {
            assert!(heap.iter().all(|cluster| *cluster == heap[0]));
        }
        for name in ["map.svg", "silhouette.svg", "elbow.svg", "sizes.svg", "plots.json"] {
            assert!(host.find_artifact(name).is_some(), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn density_leaves_the_far_row_out() {
    let params = json!({"method": "dbscan", "ignore_columns": ["group"]});
    let (host, report) = on_text("automl.cluster", &heaps(), params).await;
    let report = report.unwrap();
    assert_eq!(report["clusters"].as_array().unwrap().len(), 3, "{report}");
    assert_eq!(report["noise_rows"], 1);
    let found = column(&host, "clusters.csv", 1);
    assert_eq!((found.len(), found[120].as_str()), (121, ""));
    let page = String::from_utf8(host.read_artifact("report.html").unwrap()).unwrap();
    assert!(page.contains("no cluster"));
}

#[tokio::test(flavor = "multi_thread")]
async fn flowers_fall_into_groups_again_and_again() {
    let params = json!({"clusters": 3, "ignore_columns": ["species"], "include_inputs": true});
    let mut runs = Vec::new();
    for threads in [1, 2] {
        let host = MemoryHost::builder()
            .with_input("data", example("iris.csv"))
            .with_threads(threads)
            .build()
            .unwrap();
        let report = run("automl.cluster", params.clone(), &host).await.unwrap();
        runs.push((report, artifacts(&host)));
    }
    assert!(runs[0] == runs[1]);
    let table = &runs[0].1.iter().find(|(name, _)| name == "clusters.csv").unwrap().1;
    let table = String::from_utf8(table.clone()).unwrap();
    assert!(table.lines().next().unwrap().ends_with("species,cluster"));
    let of_setosa: Vec<&str> =
        table.lines().skip(1).take(50).map(|l| l.rsplit(',').next().unwrap()).collect();
    assert!(of_setosa.iter().all(|cluster| *cluster == of_setosa[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn components_keep_the_variance_that_was_asked_for() {
    let params = json!({"ignore_columns": ["species"]});
    let (host, report) = on_file("automl.reduce", &example("iris.csv"), params).await;
    let report = report.unwrap();
    // scikit-learn's PCA of the standardised table: 0.7296, 0.2285, 0.0367, 0.0052.
    let shares = [0.7296, 0.2285];
    assert_eq!(report["components"].as_array().unwrap().len(), 2);
    for (component, share) in report["components"].as_array().unwrap().iter().zip(shares) {
        assert!((component["share"].as_f64().unwrap() - share).abs() < 5e-4, "{component}");
    }
    assert_eq!(column(&host, "components.csv", 2).len(), 150);
    assert_eq!(column(&host, "loadings.csv", 0).len(), 4);
    for name in ["variance.svg", "map.svg", "report.html"] {
        assert!(host.find_artifact(name).is_some(), "{name}");
    }
    let params = json!({"components": 3, "include_inputs": true});
    let (host, report) = on_file("automl.reduce", &example("titanic.csv"), params).await;
    let report = report.unwrap();
    assert_eq!(report["components"].as_array().unwrap().len(), 3);
    let features = column(&host, "loadings.csv", 0);
    assert!(features.contains(&"sex = male".to_owned()), "{features:?}");
    assert_eq!(features.len() as u64, report["features"].as_u64().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_is_told_in_words() {
    let rows = "1,a\n2,b\n3,c\n4,d\n9,e\n";
    let same = "7,7\n".repeat(30);
    let cases = [
        ("automl.cluster", "x\n1\n2\n".to_owned(), json!({}), "2 rows"),
        ("automl.reduce", "x\n1\n2\n".to_owned(), json!({}), "2 rows"),
        ("automl.cluster", format!("x,y\n{same}"), json!({}), "No column of the table"),
        ("automl.reduce", format!("x,y\n{same}"), json!({}), "No column of the table"),
        ("automl.cluster", format!("x,y\n{rows}"), json!({"clusters": 9}), "9 clusters"),
        ("automl.reduce", format!("x,y\n{rows}"), json!({"components": 900}), "900 components"),
        ("automl.cluster", format!("x,y\n{rows}"), json!({"ignore_columns": ["z"]}), "`z`"),
        ("automl.reduce", String::new(), json!({}), "could not be read"),
    ];
    for (id, text, params, words) in cases {
        let error = on_text(id, &text, params).await.1.unwrap_err();
        let expected = [EngineErrorKind::Input, EngineErrorKind::Params];
        assert!(expected.contains(&error.kind), "{id}: {error:?}");
        assert!(error.message.contains(words), "{id}: {}", error.message);
    }
    for (id, params) in [
        ("automl.cluster", json!({"clusters": 1})),
        ("automl.cluster", json!({"max_clusters": 1_000})),
        ("automl.cluster", json!({"radius": -1.0})),
        ("automl.cluster", json!({"min_neighbors": 1})),
        ("automl.reduce", json!({"components": 0})),
        ("automl.reduce", json!({"variance": 1.5})),
    ] {
        assert!(operation(id).estimate(&params, &[]).is_err(), "{id} {params}");
        let error = on_text(id, rows, params.clone()).await.1.unwrap_err();
        assert_eq!(error.kind, EngineErrorKind::Params, "{id} {params}: {error:?}");
    }
}
