//! Calls of services: warm artifacts that answer outside the queue.
//!
//! Invariants: an artifact is resolved for its owner before anything of it is used, warm or not;
//! what a call uses of the plan's meters is reserved before it begins; a call ends within
//! [`CALL_LIMIT`] after its artifact is warm, and when its caller goes away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gantry_access::{Actor, Permission, require};
use gantry_catalog::ResolvedInput;
use gantry_engine_api::{
    AnyService, CallContext, CancellationToken, EngineError, InputRef, WarmArtifact,
};
use gantry_types::ArtifactId;
use serde_json::Value;

use crate::Jobs;
use crate::error::JobsError;

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

/// Takes the pieces of an answer, in order, while the call goes on.
pub type ChunkSink = Box<dyn Fn(Value) + Send + Sync>;

impl Jobs {
    /// Calls a service on an artifact of the actor's account; pieces of the answer go to
    /// `chunks`. Dropping the future ends the call.
    ///
    /// # Errors
    /// [`JobsError::UnknownService`], [`JobsError::Catalog`] for the artifact,
    /// [`JobsError::Hot`] when the plan does not allow what it uses,
    /// [`JobsError::ServiceRestarting`] when the service's process was lost,
    /// [`JobsError::Engine`] for what the service answers.
    pub async fn call_service(
        &self,
        actor: &Actor,
        call: ServiceCall,
        chunks: ChunkSink,
    ) -> Result<Value, JobsError> {
        require(actor, Permission::RunJobs)?;
        let service = self.registry.find_service(&call.service).ok_or_else(|| {
            JobsError::UnknownService { service: call.service.chars().take(100).collect() }
        })?;
        let input = [("artifact".to_owned(), InputRef::Artifact { id: call.artifact_id })];
        let resolved = self.catalog.resolve_inputs(actor.onlooker(), &input).await?;
        let resolved = resolved.into_iter().next().ok_or(JobsError::NotFound)?;
        let key = (call.service, resolved.meta.sha256.clone());
        let units = service.meters(&call.input);
        let draw = self.allowances.draw(actor.organization_id, units).await?;
        let answered = async {
            let load = self.load_artifact(service.as_ref(), &resolved);
            let warm = self.warm.get_or_load(key, load).await?;
            answer(warm.as_ref(), call.input, chunks).await
        };
        let answer = answered.await;
        if let (Err(_), Some(draw)) = (&answer, draw) {
            draw.give_back();
        }
        answer
    }

    async fn load_artifact(
        &self,
        service: &dyn AnyService,
        resolved: &ResolvedInput,
    ) -> Result<Arc<dyn WarmArtifact>, JobsError> {
        let folder = tempfile::tempdir().map_err(|error| JobsError::Broken {
            reason: format!("no temporary folder could be made: {error}"),
        })?;
        let file = self.catalog.fetch_input(resolved, folder.path()).await?;
        service.load(file).await.map_err(derive_error)
    }
}

async fn answer(
    warm: &dyn WarmArtifact,
    input: Value,
    chunks: ChunkSink,
) -> Result<Value, JobsError> {
    let cancellation = CancellationToken::new();
    let _stop = cancellation.clone().drop_guard();
    let context = CallContext::new(Instant::now() + CALL_LIMIT, cancellation, chunks);
    match tokio::time::timeout(CALL_LIMIT, warm.call(input, context)).await {
        Ok(answer) => answer.map_err(derive_error),
        Err(_) => Err(EngineError::resource("The call took longer than 10 seconds.")
            .with_next_step("Ask for less at once, or submit it as a job.")
            .into()),
    }
}

fn derive_error(error: EngineError) -> JobsError {
    if error.is_host_death() {
        return JobsError::ServiceRestarting { message: error.message };
    }
    error.into()
}
