//! PostgreSQL keeps the contract of a store.

use std::sync::Arc;

use gantry_store::{GantryStore, StoreConfig};
use gantry_testkit::conformance::store::OpenStore;
use gantry_testkit::postgres;

async fn open() -> anyhow::Result<OpenStore> {
    let server = tokio::task::spawn_blocking(postgres::share).await??;
    let url = server.create_database()?;
    let store = GantryStore::open(StoreConfig::postgres(url)).await?;
    Ok(OpenStore::new(Arc::new(store), server))
}

gantry_testkit::store_conformance!(open);
