//! Runs operations on a host in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gantry_engine_api::{AnyOperation, Engine, EngineError, Step};
pub use gantry_engine_testkit::MemoryHost;
use serde_json::Value;

/// A table of the repository's examples.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../examples").join(name)
}

pub fn operation(id: &str) -> Arc<dyn AnyOperation> {
    let found = gantry_automl::engine().operations().into_iter().find(|op| op.spec().id == id);
    found.unwrap()
}

/// Runs an operation to its report.
pub async fn run(id: &str, params: Value, host: &Arc<MemoryHost>) -> Result<Value, EngineError> {
    match operation(id).run(params, host.context()).await? {
        Step::Done(report) => Ok(report),
        Step::Fork { .. } => panic!("no fork was expected"),
    }
}

/// Trains on a file.
pub async fn train(path: &Path, params: Value) -> (Arc<MemoryHost>, Result<Value, EngineError>) {
    let host = MemoryHost::builder().with_input("data", path).with_threads(2).build().unwrap();
    let report = run("automl.train", params, &host).await;
    (host, report)
}

/// Trains on a table given as text.
pub async fn train_text(
    text: &str,
    params: Value,
) -> (Arc<MemoryHost>, Result<Value, EngineError>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, text).unwrap();
    train(&path, params).await
}

/// All artifacts with their bytes.
pub fn artifacts(host: &MemoryHost) -> Vec<(String, Vec<u8>)> {
    let read = |name: String| {
        let bytes = host.read_artifact(&name).unwrap();
        (name, bytes)
    };
    host.artifact_names().into_iter().map(read).collect()
}
