//! The engines of this binary, one line each, and those that the configuration adds.
//!
//! Invariant: an engine of one's own that cannot be started is reported and left out; the others
//! run on.

use std::path::Path;
use std::sync::Arc;

use gantry_catalog::ProfileDataset;
use gantry_engine_api::Engine;
use gantry_external::{EnginePool, ExternalConfig, ExternalEngine, IsolatedEngine};
use gantry_jobs::{Registry, RegistryError};
use gantry_ports::Store;

use crate::config::{EnginesConfig, IsolationConfig};
use crate::failure::Failure;

/// What the child processes of `isolation = "process"` are started with.
pub const HOST_COMMAND: &str = "engine-host";

/// The engines that are built in.
pub fn built_in() -> Vec<Box<dyn Engine>> {
    vec![Box::new(gantry_automl::engine())]
}

/// The engines of a program, and how it serves them when it is started as a child.
pub struct EngineSet {
    /// The engines.
    pub engines: Vec<Box<dyn Engine>>,
    /// The arguments with which this program serves them over standard input and output.
    pub host_arguments: Vec<String>,
}

impl EngineSet {
    /// Those of `gantry`.
    pub fn built_in() -> Self {
        Self { engines: built_in(), host_arguments: vec![HOST_COMMAND.to_owned()] }
    }
}

/// Registers every engine.
///
/// # Errors
/// [`Failure`] when two engines claim the same id, or this program cannot be found again.
pub async fn register_engines(config: &EnginesConfig, set: EngineSet) -> Result<Registry, Failure> {
    let mut registry = Registry::default();
    let pool = build_pool(config.isolation, set.host_arguments)?;
    for engine in set.engines {
        let added = match &pool {
            Some(pool) => registry.add_engine(&IsolatedEngine::wrap(engine, Arc::clone(pool))),
            None => registry.add_engine(engine.as_ref()),
        };
        added.map_err(derive_failure)?;
    }
    for folder in &config.external {
        match start_external(folder).await {
            Ok(engine) => registry.add_engine(&engine).map_err(derive_failure)?,
            Err(error) => tracing::error!(
                folder = %folder.display(), %error,
                "an engine was left out; `gantry engine check` says what is wrong with it"
            ),
        }
    }
    Ok(registry)
}

/// Registers every engine and the platform's own operations, which work on `store`.
///
/// # Errors
/// As [`register_engines`].
pub async fn register_all(
    config: &EnginesConfig,
    set: EngineSet,
    store: Arc<dyn Store>,
) -> Result<Registry, Failure> {
    let mut registry = register_engines(config, set).await?;
    registry
        .add_platform_operation(Arc::new(ProfileDataset::new(store)))
        .map_err(derive_failure)?;
    Ok(registry)
}

/// Starts the engine of a folder and asks what it can do.
///
/// # Errors
/// What is wrong with its configuration or its first words.
pub async fn start_external(
    folder: &Path,
) -> Result<ExternalEngine, gantry_external::ExternalError> {
    ExternalEngine::start(ExternalConfig::read(folder)?).await
}

/// Child processes of this same program; none is started before the first job.
fn build_pool(
    isolation: IsolationConfig,
    arguments: Vec<String>,
) -> Result<Option<Arc<EnginePool>>, Failure> {
    match isolation {
        IsolationConfig::Thread => Ok(None),
        IsolationConfig::Process => {
            let program = std::env::current_exe().map_err(|error| {
                Failure::broken(format!("this program cannot be found again: {error}"))
                    .with_next("set `isolation = \"thread\"` under [engines]")
            })?;
            let mut command = vec![program.display().to_string()];
            command.extend(arguments);
            Ok(Some(EnginePool::new(ExternalConfig::new(command, std::env::temp_dir()))))
        }
    }
}

fn derive_failure(error: RegistryError) -> Failure {
    Failure::broken(format!("an engine is wrong: {error}"))
}
