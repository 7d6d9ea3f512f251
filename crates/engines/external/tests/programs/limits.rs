//! Memory, output and credits have limits.

use std::time::Duration;

use gantry_engine_api::JobLimits;
use gantry_engine_testkit::MemoryHost;
use gantry_external::{ExternalConfig, ExternalEngine};
use gantry_types::{Credits, EngineErrorKind};
use serde_json::json;

use crate::started::{configure, require_next_run, run, start_odd};

const LIMITS: JobLimits = JobLimits {
    time: Duration::from_secs(60),
    memory_bytes: 200 << 20,
    artifact_bytes: 1 << 20,
    max_credits: Credits::new(10),
};

#[tokio::test]
async fn whoever_takes_too_much_memory_is_killed() {
    let engine = start_odd().await;
    for how in ["hog", "child_hog"] {
        let host = MemoryHost::builder().with_limits(LIMITS).build().unwrap();
        let error = run(&engine, "odd.misbehave", json!({ "how": how }), &host).await.unwrap_err();
        assert_eq!(error.kind, EngineErrorKind::Resource, "{how}: {error}");
        assert!(error.message.contains("may use 200 MiB"), "{how}: {error}");
        require_next_run(&engine).await;
    }
}

#[tokio::test]
async fn whoever_never_stops_talking_is_killed() {
    let config = ExternalConfig { output_bytes: 3 << 20, ..configure(&["python3", "odd.py"]) };
    let engine = ExternalEngine::start(config).await.unwrap();
    for how in ["endless", "endless_stderr"] {
        let host = MemoryHost::builder().with_limits(LIMITS).build().unwrap();
        let error = run(&engine, "odd.misbehave", json!({ "how": how }), &host).await.unwrap_err();
        assert_eq!(error.kind, EngineErrorKind::Resource, "{how}: {error}");
        assert!(error.message.contains("3145728 bytes of output"), "{how}: {error}");
        let lines = host.log_lines();
        if how == "endless_stderr" {
            assert!(lines.len() < 1_000, "{}", lines.len());
            assert!(lines.iter().any(|line| line.contains("more lines on standard error")));
        }
        require_next_run(&engine).await;
    }
}

#[tokio::test]
async fn a_charge_over_the_hold_ends_the_run() {
    let engine = start_odd().await;
    let host = MemoryHost::builder().with_limits(LIMITS).build().unwrap();
    let error =
        run(&engine, "odd.misbehave", json!({ "how": "overcharge" }), &host).await.unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Resource, "{error}");
    assert_eq!(host.charged(), Credits::ZERO);
}
