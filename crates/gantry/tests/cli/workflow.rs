//! Workflows of files, without a server.

#![expect(clippy::unwrap_used, reason = "what a test stands on ends it when it fails")]

use serde_json::{Value, json};

use super::support::{Place, example};

/// Trains on a table, predicts the same table, and scores a second copy of it.
fn definition() -> Value {
    json!({
        "nodes": [
            { "id": "flowers", "file": "iris.csv" },
            { "id": "train", "operation": "automl.train",
              "params": { "target": "species", "algorithms": ["decision_tree"], "folds": 2 } },
            { "id": "score", "operation": "automl.predict",
              "inputs": { "data": { "file": "iris.csv" } } },
        ],
        "edges": [
            { "from": "flowers", "to": "train" },
            { "from": "train.model", "to": "score.model" },
        ],
    })
}

fn write(place: &Place, name: &str, definition: &Value) -> String {
    std::fs::copy(example("iris.csv"), place.path("iris.csv")).unwrap();
    let path = place.path(name);
    std::fs::write(&path, definition.to_string()).unwrap();
    path.display().to_string()
}

#[test]
fn a_workflow_of_a_file_runs_and_leaves_the_files_of_each_node() {
    let place = Place::new();
    let file = write(&place, "flow.json", &definition());
    let said = place.run(&["workflow", "check", &file]).require(0).stdout;
    assert!(said.contains("can run: 3 nodes"), "{said}");
    let words = ["workflow", "run", &file, "--out", "made", "--json", "--quiet"];
    let ran = place.run(&words).require(0).json();
    let states: Vec<&str> = ran["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["ready", "succeeded", "succeeded"], "{ran}");
    let predictions = std::fs::read_to_string(place.path("made/score/predictions.csv")).unwrap();
    assert_eq!(predictions.lines().count(), 151);
    assert!(place.path("made/train/model.gantry").exists());
}

#[test]
fn what_cannot_run_is_told_by_node_and_edge() {
    let place = Place::new();
    let mut wrong = definition();
    wrong["nodes"][1]["params"] = json!({});
    wrong["edges"][1]["from"] = json!("train.table");
    let file = write(&place, "flow.json", &wrong);
    for verb in ["check", "run"] {
        let refused = place.run(&["workflow", verb, &file]).require(2);
        let told = &refused.stderr;
        assert!(told.contains("node `train`: the parameter `target` is missing"), "{told}");
        assert!(told.contains("edge `train.table` to `score.model`"), "{told}");
    }
    place.run(&["workflow", "check", "nothing.json"]).require(4);
}
