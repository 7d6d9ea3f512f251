//! The engines of this binary: one line each.

use std::sync::Arc;

use gantry_catalog::ProfileDataset;
use gantry_jobs::{Registry, RegistryError};
use gantry_ports::Store;

/// Registers every engine.
///
/// # Errors
/// [`RegistryError`] when two engines claim the same id: a defect that the first start shows.
pub fn register_engines() -> Result<Registry, RegistryError> {
    let mut registry = Registry::default();
    registry.add_engine(&gantry_automl::engine())?;
    Ok(registry)
}

/// Registers every engine and the platform's own operations, which work on `store`.
///
/// # Errors
/// As [`register_engines`].
pub fn register_all(store: Arc<dyn Store>) -> Result<Registry, RegistryError> {
    let mut registry = register_engines()?;
    registry.add_platform_operation(Arc::new(ProfileDataset::new(store)))?;
    Ok(registry)
}
