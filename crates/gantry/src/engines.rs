//! The engines of this binary, one line each, and those that the configuration adds.
//!
//! Invariant: an engine of one's own that cannot be started is reported and left out; the others
//! run on.

use std::path::Path;
use std::sync::Arc;

use gantry_automl::Allocator;
use gantry_billing::Edition;
use gantry_catalog::{Catalog, ExportAccount, ProfileDataset};
use gantry_engine_api::Engine;
use gantry_external::{
    EnginePool, ExternalConfig, ExternalEngine, ExternalError, IsolatedEngine, ServiceLimits,
    ServicePool,
};
use gantry_flows::{FlowEngine, KnownOperations};
use gantry_jobs::{Registry, RegistryError};
use gantry_ports::{Clock, Store};

use crate::config::{EnginesConfig, IsolationConfig};
use crate::failure::Failure;

/// What the child processes of `isolation = "process"` are started with.
pub const HOST_COMMAND: &str = "engine-host";
/// What makes them serve services.
const SERVICES_FLAG: &str = "--services";

/// Where jobs run and where services answer.
type Children = (Arc<EnginePool>, Arc<ServicePool>);

/// What learners ask of this program's allocator.
const ALLOCATOR: Allocator =
    Allocator { give_back: gantry_http::give_back_memory, let_keep: gantry_http::let_keep_memory };

/// The engines that are built in.
pub fn built_in() -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(gantry_automl::engine_giving_back(ALLOCATOR)),
        Box::new(gantry_montecarlo::engine()),
        Box::new(gantry_synth::engine()),
    ]
}

/// The engines of a program, and how it serves them when it is started as a child.
pub struct EngineSet {
    /// The engines.
    pub engines: Vec<Box<dyn Engine>>,
    /// The arguments with which this program serves them over standard input and output; with
    /// `--services` behind them it serves their services.
    pub host_arguments: Vec<String>,
}

impl EngineSet {
    /// Those of `gantry`.
    pub fn built_in() -> Self {
        Self { engines: built_in(), host_arguments: vec![HOST_COMMAND.to_owned()] }
    }

    /// Those that an edition offers.
    pub fn offered_by(mut self, edition: &Edition) -> Self {
        self.engines.retain(|engine| edition.offers(engine.id()));
        self
    }
}

/// Registers every engine.
///
/// # Errors
/// [`Failure`] when two engines claim the same id, or this program cannot be found again.
pub async fn register_engines(config: &EnginesConfig, set: EngineSet) -> Result<Registry, Failure> {
    let mut registry = Registry::default();
    let children = build_children(config, set.host_arguments)?;
    for engine in set.engines {
        let added = match &children {
            Some((pool, hosts)) => {
                let (pool, hosts) = (Arc::clone(pool), Arc::clone(hosts));
                registry.add_engine(&IsolatedEngine::wrap(engine, pool, hosts))
            }
            None => registry.add_engine(engine.as_ref()),
        };
        added.map_err(derive_failure)?;
    }
    for folder in &config.external {
        match start_external(folder, derive_limits(config)).await {
            Ok(engine) => registry.add_engine(&engine).map_err(derive_failure)?,
            Err(error) => tracing::error!(
                folder = %folder.display(), %error,
                "an engine was left out; `gantry engine check` says what is wrong with it"
            ),
        }
    }
    Ok(registry)
}

/// Registers every engine, workflows of their operations, and the platform's own operations,
/// which work on the store and the catalog.
///
/// # Errors
/// As [`register_engines`].
pub async fn register_all(
    config: &EnginesConfig,
    set: EngineSet,
    (store, clock, catalog): (Arc<dyn Store>, Arc<dyn Clock>, Catalog),
) -> Result<Registry, Failure> {
    let mut registry = register_engines(config, set).await?;
    registry
        .add_platform_operation(Arc::new(ProfileDataset::new(Arc::clone(&store))))
        .map_err(derive_failure)?;
    registry
        .add_platform_operation(Arc::new(ExportAccount::new(Arc::clone(&store), catalog.blobs())))
        .map_err(derive_failure)?;
    let known = KnownOperations::new(registry.visible_operations());
    let flows = FlowEngine::new(store, clock, catalog, known);
    flows.register(&mut registry).map_err(derive_failure)?;
    Ok(registry)
}

/// Starts the engine of a folder and asks what it can do.
async fn start_external(
    folder: &Path,
    limits: ServiceLimits,
) -> Result<ExternalEngine, ExternalError> {
    ExternalEngine::start_within(ExternalConfig::read(folder)?, limits).await
}

const fn derive_limits(config: &EnginesConfig) -> ServiceLimits {
    ServiceLimits { hosts: config.service_hosts, host_bytes: config.service_host_bytes }
}

/// Child processes of this same program for jobs and for services; none is started before the
/// first of them.
fn build_children(
    config: &EnginesConfig,
    arguments: Vec<String>,
) -> Result<Option<Children>, Failure> {
    match config.isolation {
        IsolationConfig::Thread => Ok(None),
        IsolationConfig::Process => {
            let program = std::env::current_exe().map_err(|error| {
                Failure::broken(format!("this program cannot be found again: {error}"))
                    .with_next("set `isolation = \"thread\"` under [engines]")
            })?;
            let mut command = vec![program.display().to_string()];
            command.extend(arguments);
            let pool = ExternalConfig::new(command.clone(), std::env::temp_dir());
            command.push(SERVICES_FLAG.to_owned());
            let hosts = ExternalConfig::new(command, std::env::temp_dir());
            let hosts = ServicePool::new(hosts, derive_limits(config));
            Ok(Some((EnginePool::new(pool), hosts)))
        }
    }
}

fn derive_failure(error: RegistryError) -> Failure {
    Failure::broken(format!("an engine is wrong: {error}"))
}
