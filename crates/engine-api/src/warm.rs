//! A service as the platform sees it, wherever its artifacts are loaded: in this process, or in
//! a host process.
//!
//! Invariants: an artifact that is no longer warm answers [`EngineError::host_died`] and nothing
//! else, so that its owner loads it again; what is dropped is unloaded.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use gantry_types::MeterId;
use serde_json::Value;

use crate::error::EngineError;
use crate::input::InputFile;
use crate::service::{CallContext, Loaded, Service, ServiceSpec};

/// A service, wherever its artifacts are loaded.
#[async_trait]
pub trait AnyService: Send + Sync {
    /// What it says about itself.
    fn spec(&self) -> ServiceSpec;

    /// Units per meter that a call with this input uses.
    fn meters(&self, input: &Value) -> BTreeMap<MeterId, u64>;

    /// Loads an artifact; its file may be removed afterwards.
    ///
    /// # Errors
    /// `Input` when the artifact is not of this service's kind, a host death when the process
    /// that was to load it is gone.
    async fn load(&self, artifact: InputFile) -> Result<Arc<dyn WarmArtifact>, EngineError>;
}

/// An artifact that was loaded.
#[async_trait]
pub trait WarmArtifact: Send + Sync {
    /// Answers one call, and ends it when the future is dropped.
    ///
    /// # Errors
    /// What the service answers; a host death when the artifact is no longer warm.
    async fn call(&self, input: Value, context: CallContext) -> Result<Value, EngineError>;

    /// About how many bytes of memory it takes.
    fn resident_bytes(&self) -> u64;

    /// Whether it still answers.
    fn is_warm(&self) -> bool;
}

/// A service whose artifacts are loaded in this process, and answer in its threads.
pub struct InThread<S>(pub S);

struct LoadedHere {
    loaded: Arc<dyn Loaded>,
    bytes: u64,
}

#[async_trait]
impl<S: Service + Clone + 'static> AnyService for InThread<S> {
    fn spec(&self) -> ServiceSpec {
        self.0.spec()
    }

    fn meters(&self, input: &Value) -> BTreeMap<MeterId, u64> {
        self.0.meters(input)
    }

    async fn load(&self, artifact: InputFile) -> Result<Arc<dyn WarmArtifact>, EngineError> {
        let service = self.0.clone();
        // What it takes in memory is not known here; its file is the nearest guess.
        let bytes = artifact.meta.bytes;
        let load = tokio::task::spawn_blocking(move || service.load(artifact));
        let loaded = load
            .await
            .map_err(|panic| EngineError::bug(format!("Loading panicked: {panic}.")))??;
        Ok(Arc::new(LoadedHere { loaded: Arc::from(loaded), bytes }))
    }
}

#[async_trait]
impl WarmArtifact for LoadedHere {
    async fn call(&self, input: Value, context: CallContext) -> Result<Value, EngineError> {
        let loaded = Arc::clone(&self.loaded);
        // A caller that goes away drops this future; its computation is told to stop.
        let _stop = context.cancellation().clone().drop_guard();
        let answer = tokio::task::spawn_blocking(move || loaded.call(input, &context));
        answer.await.map_err(|panic| EngineError::bug(format!("The service panicked: {panic}.")))?
    }

    fn resident_bytes(&self) -> u64 {
        self.bytes
    }

    fn is_warm(&self) -> bool {
        true
    }
}
