//! A service that a program offers in its handshake.
//!
//! Invariant: an input that does not fit the declared schema never reaches the program.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use gantry_engine_api::protocol::{CallMeterRule, ServiceManifest};
use gantry_engine_api::{
    AnyService, CallContext, EngineError, InputFile, ServiceSpec, WarmArtifact,
};
use gantry_types::MeterId;
use serde_json::{Map, Value};

use crate::schema;
use crate::services::{RemoteService, ServicePool};

/// The service of a manifest, in the processes of a pool.
pub(crate) fn wrap_service(
    manifest: &ServiceManifest,
    pool: Arc<ServicePool>,
) -> Arc<dyn AnyService> {
    let output_schema = match &manifest.output_schema {
        // No schema allows anything.
        Value::Null => Value::Object(Map::new()),
        schema => schema.clone(),
    };
    let spec = ServiceSpec {
        id: manifest.id.clone(),
        version: manifest.version,
        title: manifest.title.clone(),
        input_schema: manifest.input_schema.clone(),
        output_schema,
    };
    let meters = manifest.meters.clone();
    let count = Box::new(move |input: &Value| derive_units(&meters, input));
    let input_schema = Arc::new(spec.input_schema.clone());
    Arc::new(OfferedService { inner: RemoteService { spec, count, pool }, input_schema })
}

fn derive_units(rules: &BTreeMap<MeterId, CallMeterRule>, input: &Value) -> BTreeMap<MeterId, u64> {
    let count = |rule: &CallMeterRule| match rule {
        CallMeterRule::Fixed(units) => *units,
        CallMeterRule::ItemsOf(pointer) => {
            let list = input.pointer(pointer).and_then(Value::as_array);
            list.map_or(0, |items| items.len() as u64)
        }
    };
    rules.iter().map(|(meter, rule)| (meter.clone(), count(rule))).collect()
}

struct OfferedService {
    inner: RemoteService,
    input_schema: Arc<Value>,
}

#[async_trait]
impl AnyService for OfferedService {
    fn spec(&self) -> ServiceSpec {
        self.inner.spec()
    }

    fn meters(&self, input: &Value) -> BTreeMap<MeterId, u64> {
        self.inner.meters(input)
    }

    async fn load(&self, artifact: InputFile) -> Result<Arc<dyn WarmArtifact>, EngineError> {
        let inner = self.inner.load(artifact).await?;
        Ok(Arc::new(OfferedArtifact { inner, input_schema: Arc::clone(&self.input_schema) }))
    }
}

struct OfferedArtifact {
    inner: Arc<dyn WarmArtifact>,
    input_schema: Arc<Value>,
}

#[async_trait]
impl WarmArtifact for OfferedArtifact {
    async fn call(&self, input: Value, context: CallContext) -> Result<Value, EngineError> {
        let input = schema::fill_defaults(&self.input_schema, input);
        schema::check(&self.input_schema, &input)?;
        self.inner.call(input, context).await
    }

    fn resident_bytes(&self) -> u64 {
        self.inner.resident_bytes()
    }

    fn is_warm(&self) -> bool {
        self.inner.is_warm()
    }
}
