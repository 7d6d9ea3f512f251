//! Hints between processes: two buses on one PostgreSQL database.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_ports::{Bus, Hint};
use gantry_store::NotifyBus;
use gantry_testkit::postgres;
use gantry_types::{JobId, OrganizationId};
use sea_orm::{ConnectionTrait, Database};
use tokio::sync::broadcast::Receiver;

const LIMIT: Duration = Duration::from_secs(10);

async fn hear(hints: &mut Receiver<Hint>) -> Result<Hint> {
    Ok(tokio::time::timeout(LIMIT, hints.recv()).await.context("nothing was heard")??)
}

fn job() -> Hint {
    Hint::Job { id: JobId::generate(), organization_id: OrganizationId::generate() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hints_reach_other_processes_and_come_back_to_nobody() -> Result<()> {
    let server = tokio::task::spawn_blocking(postgres::share).await??;
    let url = server.create_database()?;
    let (here, there) = (NotifyBus::connect(&url).await?, NotifyBus::connect(&url).await?);
    let (mut hints_here, mut hints_there) = (here.subscribe(), there.subscribe());
    let many: Vec<Hint> = (0..1_000).map(|_| job()).collect();
    for hint in &many {
        here.publish(*hint);
    }
    for hint in &many {
        // At once here, in order there.
        ensure!(hints_here.try_recv()? == *hint);
        ensure!(hear(&mut hints_there).await? == *hint);
    }
    let cancel = Hint::Cancel { id: JobId::generate() };
    there.publish(cancel);
    ensure!(hear(&mut hints_here).await? == cancel, "what was published here came back");
    ensure!(hear(&mut hints_there).await? == cancel);
    ensure!(hints_there.try_recv().is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_is_told_and_found_again() -> Result<()> {
    let server = tokio::task::spawn_blocking(postgres::share).await??;
    let url = server.create_database()?;
    let (here, there) = (NotifyBus::connect(&url).await?, NotifyBus::connect(&url).await?);
    let mut hints = there.subscribe();
    let database = Database::connect(&url).await?;
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.execute_unprepared(others).await?;
    ensure!(hear(&mut hints).await? == Hint::Missed);
    let last = job();
    here.publish(last);
    loop {
        match hear(&mut hints).await? {
            Hint::Missed => {}
            heard => {
                ensure!(heard == last);
                return Ok(());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_published_last_is_sent_before_a_process_ends() -> Result<()> {
    let server = tokio::task::spawn_blocking(postgres::share).await??;
    let url = server.create_database()?;
    let (here, there) = (NotifyBus::connect(&url).await?, NotifyBus::connect(&url).await?);
    let mut hints = there.subscribe();
    let last = job();
    here.publish(last);
    here.flush().await?;
    drop(here);
    ensure!(hear(&mut hints).await? == last);
    Ok(())
}
