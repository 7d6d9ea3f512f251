//! A service and its artifacts as the platform sees them, with the work done in a host process.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use gantry_engine_api::{
    AnyService, CallContext, EngineError, InputFile, ServiceSpec, WarmArtifact,
};
use gantry_types::MeterId;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::services::ServicePool;
use crate::services::host::{Ask, HostHandle};
use crate::services::open_calls::{LoadedThere, Presence, derive_restarting};

/// Counts what a call uses.
pub(crate) type Counter = Box<dyn Fn(&Value) -> BTreeMap<MeterId, u64> + Send + Sync>;
/// A service in the processes of a pool.
pub(crate) struct RemoteService {
    pub(crate) spec: ServiceSpec,
    pub(crate) count: Counter,
    pub(crate) pool: Arc<ServicePool>,
}

#[async_trait]
impl AnyService for RemoteService {
    fn spec(&self) -> ServiceSpec {
        self.spec.clone()
    }

    fn meters(&self, input: &Value) -> BTreeMap<MeterId, u64> {
        (self.count)(input)
    }

    async fn load(&self, artifact: InputFile) -> Result<Arc<dyn WarmArtifact>, EngineError> {
        Ok(Arc::new(self.pool.load(&self.spec.id, artifact).await?))
    }
}

/// An artifact in a host; dropped, it leaves it.
pub(crate) struct RemoteArtifact {
    host: HostHandle,
    name: String,
    presence: Arc<Presence>,
    bytes: u64,
}

impl RemoteArtifact {
    pub(super) fn new(host: HostHandle, name: String, loaded: LoadedThere) -> Self {
        Self { host, name, presence: loaded.presence, bytes: loaded.bytes }
    }
}

impl Drop for RemoteArtifact {
    fn drop(&mut self) {
        if self.presence.is_there() {
            self.host.ask(Ask::Unload { loaded: self.name.clone() });
        }
    }
}

/// Tells the host of a caller that went away.
struct Withdrawal<'a> {
    host: &'a HostHandle,
    run: Option<String>,
}

impl Drop for Withdrawal<'_> {
    fn drop(&mut self) {
        if let Some(run) = self.run.take() {
            self.host.ask(Ask::Cancel { run });
        }
    }
}

#[async_trait]
impl WarmArtifact for RemoteArtifact {
    async fn call(&self, input: Value, context: CallContext) -> Result<Value, EngineError> {
        if !self.is_warm() {
            return Err(derive_restarting("the artifact is no longer in it"));
        }
        let run = self.host.make_name();
        let (deadline, token) = (context.deadline(), context.cancellation().clone());
        let (reply, answer) = oneshot::channel();
        let loaded = self.name.clone();
        self.host.ask(Ask::Call { run: run.clone(), loaded, input, context, reply });
        let mut withdrawal = Withdrawal { host: &self.host, run: Some(run) };
        tokio::select! {
            answer = answer => {
                withdrawal.run = None;
                answer.unwrap_or_else(|_| Err(derive_restarting("it was lost")))
            }
            () = token.cancelled() => Err(EngineError::cancelled()),
            () = tokio::time::sleep_until(deadline.into()) => {
                Err(EngineError::resource("The call took longer than it may.")
                    .with_next_step("Ask for less at once, or submit it as a job."))
            }
        }
    }

    fn resident_bytes(&self) -> u64 {
        self.bytes
    }

    fn is_warm(&self) -> bool {
        self.presence.is_there()
    }
}
