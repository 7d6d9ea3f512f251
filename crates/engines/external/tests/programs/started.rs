//! Starts the engines of these tests and runs their operations.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gantry_engine_api::{AnyOperation, Engine, EngineError, Step};
use gantry_engine_testkit::MemoryHost;
use gantry_external::{ExternalConfig, ExternalEngine};
use serde_json::{Value, json};

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

pub fn configure(command: &[&str]) -> ExternalConfig {
    let words = command.iter().map(|word| (*word).to_owned()).collect();
    ExternalConfig::new(words, fixtures())
}

pub async fn start_odd() -> ExternalEngine {
    ExternalEngine::start(configure(&["python3", "odd.py"])).await.unwrap()
}

pub fn get_operation(engine: &dyn Engine, id: &str) -> Arc<dyn AnyOperation> {
    engine.operations().into_iter().find(|operation| operation.spec().id == id).unwrap()
}

pub async fn run(
    engine: &dyn Engine,
    id: &str,
    params: Value,
    host: &Arc<MemoryHost>,
) -> Result<Step<Value>, EngineError> {
    get_operation(engine, id).run(params, host.context()).await
}

/// Runs to a report.
pub async fn run_done(engine: &dyn Engine, id: &str, params: Value) -> Value {
    let host = MemoryHost::builder().build().unwrap();
    let Step::Done(report) = run(engine, id, params, &host).await.unwrap() else {
        panic!("the run forked");
    };
    report
}

/// Misbehaves in a certain way.
pub async fn misbehave(engine: &dyn Engine, how: &str) -> EngineError {
    let host = MemoryHost::builder().build().unwrap();
    run(engine, "odd.misbehave", json!({ "how": how }), &host).await.unwrap_err()
}

/// After whatever happened, the next job of the same engine succeeds.
pub async fn require_next_run(engine: &dyn Engine) {
    let report = run_done(engine, "odd.count", json!({})).await;
    assert!(report["count"].as_u64().unwrap() >= 1);
}
