//! SQLite keeps the contract of a store.

use std::sync::Arc;

use gantry_store::{GantryStore, StoreConfig};
use gantry_testkit::conformance::store::OpenStore;

async fn open() -> anyhow::Result<OpenStore> {
    let folder = tempfile::tempdir()?;
    let config = StoreConfig::sqlite(folder.path().join("data").join("gantry.sqlite"));
    let store = GantryStore::open(config).await?;
    Ok(OpenStore::new(Arc::new(store), folder))
}

gantry_testkit::store_conformance!(open);
