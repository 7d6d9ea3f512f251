//! Calls of services: warm artifacts that answer outside the queue.
//!
//! Invariants: an artifact is loaded once and shared by its callers; at most
//! [`MOST_LOADED`] are kept, the longest unused one leaves first; a call ends within
//! [`CALL_LIMIT`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gantry_access::{Actor, Permission, require};
use gantry_engine_api::{CallContext, CancellationToken, EngineError, InputRef, Loaded};
use gantry_types::ArtifactId;
use serde_json::Value;

use crate::Jobs;
use crate::error::JobsError;

const MOST_LOADED: usize = 8;
const CALL_LIMIT: Duration = Duration::from_secs(10);

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceCall {
    /// The service, such as `automl.model`.
    pub service: String,
    /// The artifact that it answers from.
    pub artifact_id: ArtifactId,
    /// The input.
    pub input: Value,
}

struct Warm {
    key: (String, String),
    loaded: Arc<dyn Loaded>,
    used_at: Instant,
}

/// The artifacts that are in memory.
#[derive(Default)]
pub struct ServiceHosts {
    warm: Mutex<Vec<Warm>>,
}

impl ServiceHosts {
    fn find(&self, key: &(String, String)) -> Option<Arc<dyn Loaded>> {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = warm.iter_mut().find(|entry| &entry.key == key)?;
        entry.used_at = Instant::now();
        Some(Arc::clone(&entry.loaded))
    }

    fn insert(&self, key: (String, String), loaded: Arc<dyn Loaded>) {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        warm.retain(|entry| entry.key != key);
        if warm.len() >= MOST_LOADED {
            let oldest = warm.iter().enumerate().min_by_key(|(_, entry)| entry.used_at);
            if let Some((at, _)) = oldest {
                warm.remove(at);
            }
        }
        warm.push(Warm { key, loaded, used_at: Instant::now() });
    }
}

impl Jobs {
    /// Calls a service on an artifact of the actor's account.
    ///
    /// # Errors
    /// [`JobsError::UnknownService`], [`JobsError::Catalog`] for the artifact,
    /// [`JobsError::Engine`] for what the service answers.
    pub async fn call_service(&self, actor: &Actor, call: ServiceCall) -> Result<Value, JobsError> {
        require(actor, Permission::RunJobs)?;
        let loaded = self.load_service(actor, &call).await?;
        let cancellation = CancellationToken::new();
        // A caller that goes away drops this future; its computation is told to stop.
        let _stop = cancellation.clone().drop_guard();
        let deadline = Instant::now() + CALL_LIMIT;
        let context = CallContext::new(deadline, cancellation, Box::new(|_| ()));
        let input = call.input;
        let answer = tokio::task::spawn_blocking(move || loaded.call(input, &context));
        match tokio::time::timeout(CALL_LIMIT, answer).await {
            Ok(Ok(answer)) => Ok(answer?),
            Ok(Err(panic)) => {
                Err(EngineError::bug(format!("The service panicked: {panic}.")).into())
            }
            Err(_) => Err(EngineError::resource("The call took longer than 10 seconds.")
                .with_next_step("Ask for less at once, or submit it as a job.")
                .into()),
        }
    }

    async fn load_service(
        &self,
        actor: &Actor,
        call: &ServiceCall,
    ) -> Result<Arc<dyn Loaded>, JobsError> {
        let service = self.registry.find_service(&call.service).ok_or_else(|| {
            JobsError::UnknownService { service: call.service.chars().take(100).collect() }
        })?;
        let input = [("artifact".to_owned(), InputRef::Artifact { id: call.artifact_id })];
        let resolved = self.catalog.resolve_inputs(actor.organization_id, &input).await?;
        let resolved = resolved.into_iter().next().ok_or(JobsError::NotFound)?;
        let key = (call.service.clone(), resolved.meta.sha256.clone());
        if let Some(loaded) = self.services.find(&key) {
            return Ok(loaded);
        }
        let folder = tempfile::tempdir().map_err(|error| JobsError::Broken {
            reason: format!("no temporary folder could be made: {error}"),
        })?;
        let file = self.catalog.fetch_input(&resolved, folder.path()).await?;
        let load = tokio::task::spawn_blocking(move || service.load(file));
        let loaded = match load.await {
            Ok(loaded) => Arc::from(loaded?),
            Err(panic) => {
                return Err(EngineError::bug(format!("Loading panicked: {panic}.")).into());
            }
        };
        self.services.insert(key, Arc::clone(&loaded));
        Ok(loaded)
    }
}
