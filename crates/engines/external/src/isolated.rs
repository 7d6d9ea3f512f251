//! A built-in engine whose jobs run, and whose services answer, in child processes of the same
//! binary.
//!
//! Invariant: what operations and services say about themselves, estimates and the counting of
//! meters stay in this process; only runs, loads and calls cross the pipe.

use std::sync::Arc;

use async_trait::async_trait;
use gantry_engine_api::{
    AnyOperation, AnyService, Engine, EngineError, Estimate, InputMeta, JobContext, OperationSpec,
    ParamError, Step,
};
use serde_json::Value;

use crate::pool::EnginePool;
use crate::remote::run_remote;
use crate::services::{RemoteService, ServicePool};

/// A built-in engine in child processes, which must serve it with [`crate::serve_engine`].
pub struct IsolatedEngine<E> {
    inner: E,
    pool: Arc<EnginePool>,
    hosts: Arc<ServicePool>,
}

impl<E: Engine> IsolatedEngine<E> {
    /// Lets the jobs of `inner` run in the processes of `pool`, and its services answer in those
    /// of `hosts`; several engines may share both.
    pub const fn wrap(inner: E, pool: Arc<EnginePool>, hosts: Arc<ServicePool>) -> Self {
        Self { inner, pool, hosts }
    }
}

impl<E: Engine> Engine for IsolatedEngine<E> {
    fn id(&self) -> &str {
        self.inner.id()
    }

    fn title(&self) -> &str {
        self.inner.title()
    }

    fn summary(&self) -> &str {
        self.inner.summary()
    }

    fn operations(&self) -> Vec<Arc<dyn AnyOperation>> {
        let wrap = |inner: Arc<dyn AnyOperation>| -> Arc<dyn AnyOperation> {
            Arc::new(IsolatedOperation { spec: inner.spec(), inner, pool: Arc::clone(&self.pool) })
        };
        self.inner.operations().into_iter().map(wrap).collect()
    }

    fn services(&self) -> Vec<Arc<dyn AnyService>> {
        let wrap = |inner: Arc<dyn AnyService>| -> Arc<dyn AnyService> {
            Arc::new(RemoteService {
                spec: inner.spec(),
                count: Box::new(move |input| inner.meters(input)),
                pool: Arc::clone(&self.hosts),
            })
        };
        self.inner.services().into_iter().map(wrap).collect()
    }
}

struct IsolatedOperation {
    inner: Arc<dyn AnyOperation>,
    spec: OperationSpec,
    pool: Arc<EnginePool>,
}

#[async_trait]
impl AnyOperation for IsolatedOperation {
    fn spec(&self) -> OperationSpec {
        self.spec.clone()
    }

    fn estimate(&self, params: &Value, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        self.inner.estimate(params, inputs)
    }

    fn migrate(&self, from: u32, params: Value) -> Result<Value, ParamError> {
        self.inner.migrate(from, params)
    }

    async fn run(&self, params: Value, context: JobContext) -> Result<Step<Value>, EngineError> {
        run_remote(&self.pool, &self.spec, params, &context).await
    }
}
