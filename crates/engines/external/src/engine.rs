//! An engine that is any program: its operations come from what it says in the handshake.
//!
//! Invariant: parameters are checked against the operation's schema and their defaults filled in
//! before anything runs.

use std::sync::Arc;

use async_trait::async_trait;
use gantry_engine_api::protocol::{EngineManifest, OperationManifest};
use gantry_engine_api::{
    AnyOperation, AnyService, Audience, Engine, EngineError, Estimate, InputMeta, JobContext,
    OperationSpec, ParamError, Step,
};
use serde_json::{Map, Value};

use crate::config::ExternalConfig;
use crate::dynamic::Estimator;
use crate::error::ExternalError;
use crate::handshake::require_sound;
use crate::pool::EnginePool;
use crate::price::derive_estimate;
use crate::remote::run_remote;
use crate::schema;
use crate::services::{ServiceLimits, ServicePool, wrap_service};

/// An engine in a program of its own.
pub struct ExternalEngine {
    manifest: EngineManifest,
    pool: Arc<EnginePool>,
    hosts: Arc<ServicePool>,
    estimator: Arc<Estimator>,
}

impl ExternalEngine {
    /// Starts the program, shakes hands and reads what it can do.
    ///
    /// # Errors
    /// [`ExternalError`] when it cannot be started, or what it says cannot be right.
    pub async fn start(config: ExternalConfig) -> Result<Self, ExternalError> {
        Self::start_within(config, ServiceLimits::default()).await
    }

    /// As [`Self::start`], with bounds for the processes that serve its services.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_within(
        config: ExternalConfig,
        limits: ServiceLimits,
    ) -> Result<Self, ExternalError> {
        let pool = EnginePool::new(config.clone());
        let manifest = pool.fetch_manifest().await?;
        require_sound(&manifest)?;
        let hosts = ServicePool::new(config.clone(), limits);
        let estimator = Estimator::new(config);
        if manifest.operations.iter().any(|operation| operation.estimate.dynamic) {
            // Where this fails, the first question says why.
            drop(estimator.warm_up());
        }
        Ok(Self { manifest, pool, hosts, estimator: Arc::new(estimator) })
    }

    /// What it said in the handshake.
    #[must_use]
    pub const fn manifest(&self) -> &EngineManifest {
        &self.manifest
    }
}

impl Engine for ExternalEngine {
    fn id(&self) -> &str {
        &self.manifest.id
    }

    fn title(&self) -> &str {
        &self.manifest.title
    }

    fn summary(&self) -> &str {
        &self.manifest.summary
    }

    fn operations(&self) -> Vec<Arc<dyn AnyOperation>> {
        let operations = self.manifest.operations.iter();
        let wrap = |manifest: &OperationManifest| -> Arc<dyn AnyOperation> {
            Arc::new(ExternalOperation {
                spec: derive_spec(manifest),
                manifest: manifest.clone(),
                pool: Arc::clone(&self.pool),
                estimator: Arc::clone(&self.estimator),
            })
        };
        operations.map(wrap).collect()
    }

    fn services(&self) -> Vec<Arc<dyn AnyService>> {
        let services = self.manifest.services.iter();
        services.map(|manifest| wrap_service(manifest, Arc::clone(&self.hosts))).collect()
    }
}

struct ExternalOperation {
    spec: OperationSpec,
    manifest: OperationManifest,
    pool: Arc<EnginePool>,
    estimator: Arc<Estimator>,
}

impl ExternalOperation {
    fn complete(&self, params: &Value) -> Result<Value, ParamError> {
        // An absent body means "all defaults".
        let given = if params.is_null() { Value::Object(Map::new()) } else { params.clone() };
        let params = schema::fill_defaults(&self.spec.params_schema, given);
        schema::check(&self.spec.params_schema, &params)?;
        Ok(params)
    }
}

#[async_trait]
impl AnyOperation for ExternalOperation {
    fn spec(&self) -> OperationSpec {
        self.spec.clone()
    }

    fn estimate(&self, params: &Value, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        let params = self.complete(params)?;
        let is_filled = |name: &str| inputs.iter().any(|input| input.slot == name);
        let missing = self.spec.inputs.iter().find(|slot| slot.required && !is_filled(&slot.name));
        if let Some(slot) = missing {
            return Err(ParamError::new(
                "",
                format!("the input `{}` is missing; give one ({})", slot.name, slot.title),
            ));
        }
        if self.manifest.estimate.dynamic {
            return self.estimator.estimate(&self.spec.id, &params, inputs);
        }
        derive_estimate(&self.manifest.estimate, &params, inputs)
    }

    fn migrate(&self, from: u32, params: Value) -> Result<Value, ParamError> {
        let (id, present) = (&self.spec.id, self.spec.version);
        let oldest = self.manifest.reads_from.unwrap_or(present);
        if from > present {
            return Err(ParamError::too_new(id, from, present));
        }
        if from < oldest { Err(ParamError::too_old(id, from, present)) } else { Ok(params) }
    }

    async fn run(&self, params: Value, context: JobContext) -> Result<Step<Value>, EngineError> {
        let params = self.complete(&params)?;
        run_remote(&self.pool, &self.spec, params, &context).await
    }
}

pub(crate) fn derive_spec(manifest: &OperationManifest) -> OperationSpec {
    let report_schema = match &manifest.report_schema {
        // No schema allows anything.
        Value::Null => Value::Object(Map::new()),
        schema => schema.clone(),
    };
    OperationSpec {
        id: manifest.id.clone(),
        version: manifest.version,
        title: manifest.title.clone(),
        summary: manifest.summary.clone(),
        audience: Audience::People,
        inputs: manifest.inputs.clone(),
        params_schema: manifest.params_schema.clone(),
        report_schema,
    }
}
