//! The host keeps what a run leaves and refuses what a real one refuses.

use super::*;
use gantry_engine_api::ArtifactRole;
use gantry_types::EngineErrorKind;

#[tokio::test]
async fn a_run_leaves_its_traces() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t.csv");
    std::fs::write(&table, "a,b\n1,2\n").unwrap();
    let host = MemoryHost::builder().with_input("data", &table).with_seed(7).build().unwrap();
    let context = host.context();
    assert_eq!((context.seed(), context.has_input("model")), (7, false));
    let input = context.input("data").await.unwrap();
    assert_eq!((input.meta.bytes, input.meta.media_type.as_str()), (8, "text/csv"));
    assert_eq!(context.input("model").await.unwrap_err().kind, EngineErrorKind::Params);

    context.log(gantry_engine_api::LogLevel::Info, "hello");
    context.publish_partial("board", serde_json::json!(1));
    context.publish_partial("board", serde_json::json!(2));
    let published = context.compute(|blocking| {
        blocking.publish_bytes("x.txt", ArtifactRole::File, b"abc")?;
        blocking.publish_bytes("x.txt", ArtifactRole::File, b"abc")
    });
    assert_eq!(published.await.unwrap_err().kind, EngineErrorKind::Bug);
    assert_eq!(host.read_artifact("x.txt").unwrap(), b"abc");
    assert_eq!(host.log_lines(), ["hello"]);
    assert_eq!(host.find_partial("board"), Some(serde_json::json!(2)));
}

#[tokio::test]
async fn charges_stop_at_the_hold_and_hooks_can_cancel() {
    let limits = JobLimits {
        time: Duration::from_secs(1),
        memory_bytes: 1,
        artifact_bytes: 2,
        max_credits: Credits::new(3),
    };
    let host = MemoryHost::builder()
        .with_limits(limits)
        .with_note_hook(|note, token| {
            if matches!(note, JobNote::Stage { current: 2, .. }) {
                token.cancel();
            }
        })
        .build()
        .unwrap();
    let context = host.context();
    context.charge(Credits::new(2)).unwrap();
    assert_eq!(context.charge(Credits::new(2)).unwrap_err().kind, EngineErrorKind::Resource);
    assert_eq!(host.charged(), Credits::new(2));
    context.stage("One", 1, 2);
    assert!(context.check_cancelled().is_ok());
    context.stage("Two", 2, 2);
    assert!(context.check_cancelled().is_err());
}
