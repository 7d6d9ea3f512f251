//! PostgreSQL keeps the contract of a store.

use std::collections::BTreeSet;
use std::sync::Arc;

use gantry_ports::Store;
use gantry_store::{GantryStore, StoreConfig};
use gantry_testkit::conformance::store::{OpenStore, World};
use gantry_testkit::postgres;
use sea_orm::{ConnectionTrait, Database};

async fn open() -> anyhow::Result<OpenStore> {
    let server = tokio::task::spawn_blocking(postgres::share).await??;
    let url = server.create_database()?;
    let store = GantryStore::open(StoreConfig::postgres(url)).await?;
    Ok(OpenStore::new(Arc::new(store), server))
}

gantry_testkit::store_conformance!(open);

mod books;

#[tokio::test]
async fn the_books_cannot_be_rewritten() -> anyhow::Result<()> {
    let server = tokio::task::spawn_blocking(postgres::share).await??;
    let url = server.create_database()?;
    let store: Arc<dyn Store> = Arc::new(GantryStore::open(StoreConfig::postgres(&url)).await?);
    World::over(Arc::clone(&store)).await?.account(100).await?;
    books::append_audit_entry(&*store).await?;
    let database = Database::connect(url).await?;
    for table in ["ledger_entries", "audit_entries"] {
        for change in [
            format!("UPDATE {table} SET at = 0"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
        ] {
            let refused = database.execute_unprepared(&change).await.expect_err(&change);
            assert!(refused.to_string().contains("append only"), "{refused}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn two_servers_share_one_database() -> anyhow::Result<()> {
    let server = tokio::task::spawn_blocking(postgres::share).await??;
    let url = server.create_database()?;
    let open = || GantryStore::open(StoreConfig::postgres(&url));
    // Both bring the schema up to date at once.
    let (first, second) = futures::try_join!(open(), open())?;
    let world = World::over(Arc::new(first)).await?;
    let twin = World { store: Arc::new(second), plan: world.plan.clone() };
    let account = world.account(1000).await?;
    let here = (0..100).map(|_| world.submit(account, 7));
    let there = (0..100).map(|_| twin.submit(account, 7));
    let (here, there) =
        futures::join!(futures::future::join_all(here), futures::future::join_all(there));
    let admitted = here.iter().chain(&there).filter(|answer| answer.is_ok()).count();
    assert_eq!(admitted, 142);
    let mut claimed = BTreeSet::new();
    for _ in 0..20 {
        let (one, other) = futures::try_join!(world.claim(5), twin.claim(5))?;
        for job in one.iter().chain(&other) {
            assert!(claimed.insert(job.job.id), "a job was claimed twice");
        }
    }
    assert_eq!(claimed.len(), 100, "the plan allows a hundred at once");
    world.check_books().await
}
