//! What holds of a SQLite file: one server, upgrades, crashes, and triggers.

use std::path::Path;
use std::sync::Arc;

use gantry_ports::Store;
use gantry_store::{GantryStore, OpenError, StoreConfig};
use gantry_testkit::conformance::Outcome;
use gantry_testkit::conformance::store::World;
use gantry_types::JobState;
use sea_orm::{ConnectionTrait, Database};

async fn open(path: &Path) -> Result<GantryStore, OpenError> {
    GantryStore::open(StoreConfig::sqlite(path)).await
}

mod books;
use books::{append_audit_entry, write_invoice};

async fn connect(path: &Path) -> anyhow::Result<sea_orm::DatabaseConnection> {
    Ok(Database::connect(format!("sqlite://{}", path.display())).await?)
}

#[tokio::test]
async fn a_second_server_is_refused() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("gantry.sqlite");
    let first = open(&path).await?;
    let refused = open(&path).await.expect_err("a second server was let in");
    assert_eq!(refused, OpenError::InUse { path: path.clone() });
    assert!(refused.to_string().contains("stop it"), "{refused}");
    first.close().await;
    open(&path).await?.close().await;
    Ok(())
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_crash() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("gantry.sqlite");
    let store = open(&path).await?;
    let world = World::over(Arc::new(store)).await?;
    let account = world.account(100).await?;
    let (queued, running) = (world.submit(account, 10).await?, world.submit(account, 10).await?);
    world.claim(1).await?;
    // What a killed process leaves: the file and its log as they are, without a checkpoint.
    let crashed = folder.path().join("crashed.sqlite");
    for suffix in ["", "-wal"] {
        let name = |base: &Path| format!("{}{suffix}", base.display());
        std::fs::copy(name(&path), name(&crashed))?;
    }
    let reopened = World { store: Arc::new(open(&crashed).await?), plan: world.plan.clone() };
    assert_eq!(reopened.state(account, queued).await?, JobState::Running);
    assert_eq!(reopened.state(account, running).await?, JobState::Queued);
    reopened.check_balance(account, 80, 20).await?;
    reopened.check_books().await?;
    reopened.claim_job(running).await?;
    Ok(())
}

#[tokio::test]
async fn the_books_cannot_be_rewritten() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("gantry.sqlite");
    let store: Arc<dyn Store> = Arc::new(open(&path).await?);
    let world = World::over(Arc::clone(&store)).await?;
    let account = world.account(100).await?;
    let database = connect(&path).await?;
    append_audit_entry(&*store).await?;
    write_invoice(&*store, account).await?;
    for table in ["postings", "audit_entries", "invoices"] {
        for change in [format!("UPDATE {table} SET at = 0"), format!("DELETE FROM {table}")] {
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
async fn an_unknown_schema_is_refused() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("gantry.sqlite");
    open(&path).await?.close().await;
    let database = connect(&path).await?;
    database.execute_unprepared("INSERT INTO schema_versions (version) VALUES (999)").await?;
    database.close().await?;
    let refused = open(&path).await.expect_err("a later schema was opened");
    assert!(matches!(refused, OpenError::TooNew { found: 999, .. }), "{refused}");
    Ok(())
}

#[tokio::test]
async fn writes_are_synchronous_and_logged_ahead() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("with space & ?percent%20.sqlite");
    let store = open(&path).await?;
    assert!(path.exists(), "another file was made");
    store.ping().await?;
    assert_eq!(store.synchronous(), Some(2), "a commit may be lost after it was answered");
    assert!(path.with_extension("sqlite-wal").exists(), "there is no write-ahead log");
    store.close().await;
    Ok(())
}

#[tokio::test]
async fn a_full_queue_says_so() -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut config = StoreConfig::sqlite(folder.path().join("gantry.sqlite"));
    config.queue_length = 2;
    let world = World::over(Arc::new(GantryStore::open(config).await?)).await?;
    let account = world.account(1000).await?;
    let jobs = (0..200).map(|_| world.submit(account, 1));
    let answers = futures::future::join_all(jobs).await;
    let busy = answers.iter().filter_map(|answer| answer.as_ref().err()).collect::<Vec<_>>();
    assert!(!busy.is_empty(), "a queue of two took two hundred");
    for error in busy {
        assert!(error.to_string().contains("busy"), "{error}");
    }
    world.check_books().await
}
