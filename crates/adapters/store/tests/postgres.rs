//! PostgreSQL keeps the contract of a store.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gantry_ports::store::StoreExt;
use gantry_ports::{Store, StoreError};
use gantry_store::{GantryStore, StoreConfig};
use gantry_testkit::conformance::store::{OpenStore, World};
use gantry_testkit::postgres;
use sea_orm::{ConnectionTrait, Database};
use tokio::sync::Barrier;

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
    let account = World::over(Arc::clone(&store)).await?.account(100).await?;
    books::append_audit_entry(&*store).await?;
    books::write_invoice(&*store, account).await?;
    let database = Database::connect(url).await?;
    for table in ["postings", "audit_entries", "invoices"] {
        for change in [
            format!("UPDATE {table} SET at = 0"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
        ] {
            let refused = database.execute_unprepared(&change).await.expect_err(&change);
            assert!(refused.to_string().contains("append only"), "{refused}");
        }
    }
    for erase in [
        "UPDATE audit_entries SET details = '{}', ip = ''",
        "UPDATE invoices SET buyer_user_id = NULL, buyer_email = NULL",
    ] {
        assert_eq!(database.execute_unprepared(erase).await?.rows_affected(), 1, "{erase}");
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

#[tokio::test]
async fn servers_that_claim_at_once_share_the_jobs() -> anyhow::Result<()> {
    let server = tokio::task::spawn_blocking(postgres::share).await??;
    let url = server.create_database()?;
    let first = GantryStore::open(StoreConfig::postgres(&url)).await?;
    let mut worlds = vec![World::over(Arc::new(first)).await?];
    for _ in 0..2 {
        let store = Arc::new(GantryStore::open(StoreConfig::postgres(&url)).await?);
        worlds.push(World { store, plan: worlds[0].plan.clone() });
    }
    let accounts = [
        worlds[0].account(1000).await?,
        worlds[0].account(1000).await?,
        worlds[0].account(1000).await?,
    ];
    let (mut submitted, mut claimed) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..200 {
        // Every server submits to every account while all of them claim.
        let wanted = if round < 10 { &accounts[..] } else { &[] };
        let submitting = worlds
            .iter()
            .flat_map(|world| wanted.iter().map(move |account| world.submit(*account, 1)));
        let (new, got) = futures::try_join!(
            futures::future::try_join_all(submitting),
            futures::future::try_join_all(worlds.iter().map(|world| world.claim(4))),
        )?;
        submitted.extend(new);
        for job in got.into_iter().flatten() {
            assert!(claimed.insert(job.job.id), "a job was claimed twice");
        }
        if round >= 10 && claimed.len() == submitted.len() {
            break;
        }
    }
    assert_eq!(submitted.len(), 90);
    assert_eq!(claimed, submitted, "every job was claimed");
    worlds[0].check_books().await
}

#[tokio::test]
async fn a_transaction_that_lost_a_deadlock_is_run_again() -> anyhow::Result<()> {
    let server = tokio::task::spawn_blocking(postgres::share).await??;
    let url = server.create_database()?;
    let store: Arc<dyn Store> = Arc::new(GantryStore::open(StoreConfig::postgres(url)).await?);
    let world = World::over(Arc::clone(&store)).await?;
    let (one, other) = (world.account(1).await?, world.account(1).await?);
    let (runs, meet) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(2)));
    let cross = |first, second| {
        let (runs, meet, plan_id) = (Arc::clone(&runs), Arc::clone(&meet), world.plan.id);
        store.write(move |tx| {
            let (runs, meet) = (Arc::clone(&runs), Arc::clone(&meet));
            Box::pin(async move {
                tx.accounts().set_plan(first, plan_id, World::at(0)).await?;
                // Both hold what the other one wants next.
                if runs.fetch_add(1, Ordering::SeqCst) < 2 {
                    meet.wait().await;
                }
                tx.accounts().set_plan(second, plan_id, World::at(0)).await?;
                Ok::<(), StoreError>(())
            })
        })
    };
    futures::try_join!(cross(one, other), cross(other, one))?;
    // Twice and more when it takes its first row again before the other one wakes up.
    assert!(runs.load(Ordering::SeqCst) >= 3, "the one that lost ran again");
    Ok(())
}
