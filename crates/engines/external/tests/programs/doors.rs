//! Every door of the context, from Python.

use gantry_engine_api::{ArtifactRole, Checkpoint, JobNote, Step};
use gantry_engine_testkit::MemoryHost;
use gantry_types::{Credits, EngineErrorKind};
use serde_json::{Value, json};

use crate::started::{misbehave, require_next_run, run, start_odd};

#[tokio::test]
async fn every_door_works_from_another_process() {
    let engine = start_odd().await;
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t.csv");
    std::fs::write(&table, "a,b\n1,2\n").unwrap();
    let host = MemoryHost::builder()
        .with_seed(u64::MAX)
        .with_input("data", &table)
        .with_checkpoint(Checkpoint { version: 1, state: json!(1) })
        .with_model(|question| Ok(json!({ "heard": question["q"] })))
        .build()
        .unwrap();
    let step = run(&engine, "odd.doors", json!({}), &host).await.unwrap();
    let Step::Done(report) = step else { panic!("forked") };
    assert_eq!(report["seed"], u64::MAX.to_string());
    assert_eq!((report["bytes"].as_u64(), &report["resumed"]), (Some(8), &json!(true)));
    assert_eq!(report["job"], host.context().job_id().to_string());
    let answers = json!([null, "bug", null, null, { "heard": 1 }]);
    assert_eq!(report["answers"], answers);

    assert_eq!(host.charged(), Credits::new(2), "the default of the schema");
    assert_eq!(host.raised_hold(), Some(Credits::new(50)));
    assert_eq!(host.checkpoints(), [Checkpoint { version: 1, state: json!({ "half": true }) }]);
    assert_eq!(host.find_partial("board"), Some(json!({ "rows": 3 })));
    assert_eq!(host.log_lines(), [format!("seed {}", u64::MAX)]);
    let draft = host.find_artifact("own.txt").unwrap();
    assert_eq!((draft.bytes, draft.role), (3, ArtifactRole::Report));
    assert_eq!(draft.media_type, "text/plain");
    assert_eq!(host.read_artifact("own.txt").unwrap(), b"abc");
    let notes = host.notes();
    assert!(notes.contains(&JobNote::Stage { name: "Talk".into(), current: 1, total: 2 }));
    assert!(notes.contains(&JobNote::Progress { fraction: 0.5 }));
    assert!(notes.contains(&JobNote::Emit { chunk: json!("one") }));
    assert!(notes.contains(&JobNote::Metric { name: "loss".into(), step: 1, value: 0.1 }));
    assert!(notes.iter().any(|n| matches!(n, JobNote::Metric { value, .. } if value.is_nan())));
    let Value::Array(env) = &report["env"] else { panic!("no list") };
    let env: Vec<&str> = env.iter().filter_map(Value::as_str).collect();
    for name in ["HOME", "LANG", "PATH", "TMPDIR", "TZ"] {
        assert!(env.contains(&name), "{name}: {env:?}");
    }
    assert!(!env.iter().any(|name| name.starts_with("CARGO")), "{env:?}");
    let own = i64::from(read_niceness());
    assert_eq!(report["nice"].as_i64().unwrap(), (own + 5).min(19), "the server comes first");
    assert_eq!(report["oom"], "500\n", "and is the last to be ended for want of memory");
}

#[tokio::test]
async fn answers_other_than_a_report_arrive() {
    let engine = start_odd().await;
    let host = MemoryHost::builder().build().unwrap();
    let step = run(&engine, "odd.misbehave", json!({ "how": "fork" }), &host).await.unwrap();
    let Step::Fork { children, checkpoint } = step else { panic!("not forked") };
    assert_eq!(children[0].operation, "odd.count");
    assert_eq!(children[0].max_credits, Credits::new(2));
    assert_eq!(checkpoint, Checkpoint { version: 3, state: json!([1]) });

    let error = misbehave(&engine, "input").await;
    assert_eq!((error.kind, error.message.as_str()), (EngineErrorKind::Input, "No rows."));
    assert_eq!(error.next_step.as_deref(), Some("Add rows."));

    let error = run(&engine, "odd.doors", json!({ "credits": "x" }), &host).await.unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Params);
    assert!(error.message.contains("/credits"), "{error}");
    require_next_run(&engine).await;
}

#[tokio::test]
async fn links_out_of_the_scratch_folder_are_refused() {
    let engine = start_odd().await;
    let host = MemoryHost::builder().build().unwrap();
    let step = run(&engine, "odd.misbehave", json!({ "how": "escape" }), &host).await.unwrap();
    let Step::Done(error) = step else { panic!("forked") };
    assert_eq!(error["kind"], "bug");
    assert!(error["message"].as_str().unwrap().contains("outside"), "{error}");
    assert!(host.artifact_names().is_empty());
}

/// The niceness of this process.
fn read_niceness() -> i32 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    // The 19th field of the line, of which the first two are cut off.
    fields.split_whitespace().nth(16).unwrap().parse().unwrap()
}
