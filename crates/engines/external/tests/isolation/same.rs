//! Thread and child leave the same.

use std::path::Path;
use std::sync::Arc;

use gantry_engine_api::{Checkpoint, Engine};
use gantry_engine_testkit::MemoryHost;
use gantry_engine_testkit::doors::TestEngine;
use serde_json::{Value, json};

use crate::{isolate, run};

/// All that a run leaves, as text.
async fn leave(
    engine: &dyn Engine,
    (id, params): (&str, &Value),
    host: &Arc<MemoryHost>,
) -> String {
    let step = run(engine, id, params.clone(), host).await;
    let files: Vec<(String, Vec<u8>)> = host
        .artifact_names()
        .into_iter()
        .map(|name| {
            let bytes = host.read_artifact(&name).unwrap();
            (name, bytes)
        })
        .collect();
    let drafts: Vec<String> = files
        .iter()
        .map(|(name, _)| host.find_artifact(name).unwrap())
        .map(|draft| format!("{} {} {:?}", draft.sha256, draft.media_type, draft.role))
        .collect();
    format!(
        "{step:?}\n{files:?}\n{drafts:?}\n{:?}\n{:?}\n{:?}",
        host.notes(),
        host.charged(),
        host.checkpoints()
    )
}

fn host(seed: u64, table: &Path) -> Arc<MemoryHost> {
    let builder = MemoryHost::builder().with_seed(seed).with_threads(2);
    match seed % 3 {
        0 => builder.build().unwrap(),
        1 => builder.with_input("data", table).build().unwrap(),
        _ => builder
            .with_input("data", table)
            .with_checkpoint(Checkpoint { version: 1, state: json!({ "half": true }) })
            .build()
            .unwrap(),
    }
}

pub async fn reports_files_and_notes_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t.csv");
    std::fs::write(&table, "a,b\n1,2\n3,4\n").unwrap();
    let isolated = isolate();
    for seed in [0, 1, 2, 41, u64::MAX, 1 << 53] {
        let params = json!({ "steps": seed % 50 + 3, "credits": 7 });
        let call = ("test.doors", &params);
        let in_thread = leave(&TestEngine, call, &host(seed, &table)).await;
        let in_child = leave(&isolated, call, &host(seed, &table)).await;
        assert_eq!(in_thread, in_child, "seed {seed}");
        assert!(in_thread.contains("sum.json"), "{in_thread}");
    }
}

pub async fn forks_and_errors_are_the_same() {
    let isolated = isolate();
    for (id, params) in [
        ("test.noop", json!(null)),
        ("test.noop", json!({ "unknown": 1 })),
        ("test.split", json!({ "parts": 3, "depth": 2 })),
        ("test.split", json!({ "depth": 0 })),
        ("test.misbehave", json!({ "how": "fail_input" })),
        ("test.misbehave", json!({ "how": "fail_once" })),
        ("test.misbehave", json!({ "how": "panic_computing" })),
    ] {
        let host = || MemoryHost::builder().build().unwrap();
        let in_thread = leave(&TestEngine, (id, &params), &host()).await;
        let in_child_host = host();
        let in_child = leave(&isolated, (id, &params), &in_child_host).await;
        // A panic in the child is also told by its standard error, which becomes the log.
        let strip = |text: &str| text.lines().take(2).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(strip(&in_thread), strip(&in_child), "{id} {params}");
    }
}
