//! Jobs as use-cases: submit, cancel, run again, watch, settle; and calls of services.
//!
//! Invariants: a job, its money and its quota are one hot command; hints go to the bus after
//! the commit that they tell of; an estimate is made before anything is held.

mod allowances;
mod ask_model;
mod audit;
mod call_service;
mod cancel_job;
mod error;
mod estimate_job;
mod inputs;
mod named_things;
mod open_asks;
mod predict;
mod read_jobs;
mod redrive_job;
mod registry;
mod rerun_job;
mod run_schedule;
mod run_side;
mod schedules;
mod settle_job;
mod stop_job;
mod stop_jobs;
mod submit_copy;
mod submit_job;
mod warm_artifacts;

pub use ask_model::ModelDesk;
pub use call_service::{ChunkSink, ServiceCall};
pub use error::JobsError;
pub use estimate_job::{Admissibility, JobEstimate};
pub use named_things::{Named, NamedThings};
pub use read_jobs::DescribedInput;
pub use redrive_job::{RedriveRefusal, RedriveReport};
pub use registry::{EngineInfo, Registry, RegistryError};
pub use run_side::{ForkRequest, WorkerOffer};
pub use schedules::{NewSchedule, ScheduledInput};
pub use settle_job::AttemptReport;
pub use submit_job::{NewJob, SubmittedJob};
pub use warm_artifacts::WarmArtifacts;

use std::sync::Arc;

use gantry_access::Flags;
use gantry_catalog::Catalog;
use gantry_ports::{Bus, Clock, Store};
use gantry_types::{MeterId, OrganizationId};
use tokio::sync::Notify;

use crate::allowances::Allowances;

/// The use-cases of jobs.
#[derive(Clone)]
pub struct Jobs {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    catalog: Catalog,
    registry: Arc<Registry>,
    warm: Arc<WarmArtifacts>,
    allowances: Arc<Allowances>,
    /// Apart from those of services, because one allowance is of one set of meters.
    api_calls: Arc<Allowances>,
    schedules_changed: Arc<Notify>,
    /// What operators turn on and off.
    flags: Flags,
    /// Who answers as a language model, if anybody does.
    models: Option<ModelDesk>,
}

impl Jobs {
    /// Works on a store with the operations of `registry`, and obeys `flags`: what the process
    /// turns is obeyed at once where its identity has the same.
    #[must_use]
    pub fn new(
        (store, clock): (Arc<dyn Store>, Arc<dyn Clock>),
        bus: Arc<dyn Bus>,
        catalog: Catalog,
        registry: Arc<Registry>,
        flags: Flags,
    ) -> Self {
        let warm = Arc::new(WarmArtifacts::default());
        let allowances = Arc::new(Allowances::new(Arc::clone(&store), Arc::clone(&clock)));
        let api_calls = Arc::new(Allowances::new(Arc::clone(&store), Arc::clone(&clock)));
        let schedules_changed = Arc::new(Notify::new());
        Self {
            store,
            bus,
            clock,
            catalog,
            registry,
            warm,
            allowances,
            api_calls,
            schedules_changed,
            flags,
            models: None,
        }
    }

    /// Keeps the artifacts of services within these bounds.
    #[must_use]
    pub fn with_warm_artifacts(mut self, warm: WarmArtifacts) -> Self {
        self.warm = Arc::new(warm);
        self
    }

    /// Lets jobs ask a language model.
    #[must_use]
    pub fn with_models(mut self, desk: ModelDesk) -> Self {
        self.models = Some(desk);
        self
    }

    /// Returns what calls of services reserved and did not use; for a server that stops.
    pub async fn end_allowances(&self) {
        self.allowances.end_all().await;
        self.api_calls.end_all().await;
    }

    /// Counts a request with an API key against the account's plan.
    ///
    /// # Errors
    /// [`JobsError::Hot`] when the plan allows no more of them.
    pub async fn count_api_call(&self, organization_id: OrganizationId) -> Result<(), JobsError> {
        let units = std::collections::BTreeMap::from([(MeterId::api_calls(), 1)]);
        // What is drawn counts as used when it is dropped.
        self.api_calls.draw(organization_id, units).await?;
        Ok(())
    }

    /// What operators turn on and off.
    #[must_use]
    pub const fn flags(&self) -> &Flags {
        &self.flags
    }

    /// What can be run.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The data that jobs read and leave behind.
    #[must_use]
    pub const fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Where hints come from.
    #[must_use]
    pub fn bus(&self) -> &dyn Bus {
        self.bus.as_ref()
    }

    /// The time of the installation.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }
}
