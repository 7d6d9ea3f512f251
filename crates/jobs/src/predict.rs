//! Predictions of a model: the service of the engine that made it.

use gantry_access::{Actor, Permission, require};
use gantry_engine_api::EngineError;
use gantry_types::ArtifactId;
use serde_json::Value;

use crate::Jobs;
use crate::call_service::ServiceCall;
use crate::error::JobsError;

impl Jobs {
    /// Calls the service `engine.model` of the engine whose operation made a model.
    ///
    /// # Errors
    /// [`JobsError::Catalog`] for a model that is not there, [`JobsError::Engine`] when its engine
    /// answers no calls, and as [`Jobs::call_service`].
    pub async fn predict(
        &self,
        actor: &Actor,
        id: ArtifactId,
        input: Value,
    ) -> Result<Value, JobsError> {
        require(actor, Permission::RunJobs)?;
        let missing = gantry_catalog::CatalogError::NotFound { what: "model" };
        let snapshot = self.store.read_as(actor.sight()).await?;
        let found = snapshot.models().find_model(actor.organization_id, id).await?;
        drop(snapshot);
        let operation = found.ok_or(missing)?.operation;
        let engine = operation.split('.').next().unwrap_or(&operation);
        let service = format!("{engine}.model");
        if self.registry.find_service(&service).is_none() {
            let cause = format!("The engine `{engine}` answers no calls for its models.");
            return Err(EngineError::params(cause)
                .with_next_step("Run an operation that takes the model as input.")
                .into());
        }
        let call = ServiceCall { service, artifact_id: id, input };
        self.call_service(actor, call, Box::new(|_| ())).await
    }
}
