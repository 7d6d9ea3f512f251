//! The engine `flow`: the one operation that runs workflows.

use std::sync::Arc;

use gantry_catalog::Catalog;
use gantry_engine_api::{AnyOperation, AnyService, Engine};
use gantry_jobs::{Registry, RegistryError};
use gantry_ports::{Clock, Store};

use crate::check::KnownOperations;
use crate::named::FlowThings;
use crate::run_flow::{RUN_OPERATION, RunFlow};

/// Runs workflows of the operations that were registered before it. It works on the store, so it
/// stays in the process that has it.
pub struct FlowEngine {
    operation: Arc<RunFlow>,
}

impl FlowEngine {
    /// An engine whose nodes may be any operation of `known`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        catalog: Catalog,
        known: KnownOperations,
    ) -> Self {
        Self { operation: Arc::new(RunFlow::new(store, clock, catalog, known)) }
    }

    /// Registers the engine, and who reads what its runs name. The one way to register it: without
    /// the second, schedules would not look at what they run.
    ///
    /// # Errors
    /// [`RegistryError`] for ids that are taken.
    pub fn register(&self, registry: &mut Registry) -> Result<(), RegistryError> {
        registry.add_engine(self)?;
        registry.add_named_things(RUN_OPERATION, Arc::new(FlowThings));
        Ok(())
    }
}

impl Engine for FlowEngine {
    fn id(&self) -> &'static str {
        "flow"
    }

    fn title(&self) -> &'static str {
        "Workflows"
    }

    fn summary(&self) -> &'static str {
        "Runs operations one after the other, each with what the ones before it made."
    }

    fn operations(&self) -> Vec<Arc<dyn AnyOperation>> {
        vec![Arc::clone(&self.operation) as Arc<dyn AnyOperation>]
    }

    fn services(&self) -> Vec<Arc<dyn AnyService>> {
        Vec::new()
    }
}
