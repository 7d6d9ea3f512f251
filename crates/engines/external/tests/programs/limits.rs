//! Memory, output and credits have limits.

use std::time::{Duration, Instant};

use gantry_engine_api::{JobLimits, Step};
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
async fn memory_that_is_only_reserved_does_not_count() {
    let engine = start_odd().await;
    let host = MemoryHost::builder().with_limits(LIMITS).build().unwrap();
    let params = json!({ "how": "untouched_memory" });
    let step = run(&engine, "odd.misbehave", params, &host).await.unwrap();
    assert_eq!(step, Step::Done(json!({ "reserved": 8_u64 << 30 })));
}

#[tokio::test]
async fn files_that_are_too_large_are_refused_unread() {
    let engine = start_odd().await;
    for (how, ends) in [
        ("huge_artifact", "in a report"),
        ("huge_artifact_unasked", "in an error"),
        ("endless_artifacts", "in an error"),
    ] {
        let host = MemoryHost::builder().with_limits(LIMITS).build().unwrap();
        let begun = Instant::now();
        let outcome = run(&engine, "odd.misbehave", json!({ "how": how }), &host).await;
        let error = match outcome {
            Ok(Step::Done(report)) if ends == "in a report" => report,
            Err(error) if ends == "in an error" => serde_json::to_value(error).unwrap(),
            other => panic!("{how}: {other:?}"),
        };
        assert_eq!(error["kind"], "resource", "{how}: {error}");
        // The unasked one is told to stop, and given two seconds.
        assert!(begun.elapsed() < Duration::from_secs(8), "{how}: {:?}", begun.elapsed());
        let kept: u64 =
            host.artifact_names().iter().map(|name| host.find_artifact(name).unwrap().bytes).sum();
        assert!(kept <= LIMITS.artifact_bytes, "{how}: {kept}");
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
