//! What keeps a database small.

use anyhow::{Context, Result, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    ChoreLease, Dataset, DatasetVersion, JobSweep, SettleCommand, StoreExt, Swept,
};
use gantry_rules::outcome::{AttemptResult, NewArtifact};
use gantry_types::{ArtifactId, Credits, DatasetId, JobId, JobState, OrganizationId, WorkerId};
use serde_json::json;

use super::World;
use super::schedules;
use super::world::{START, submission, success};
use crate::conformance::Outcome;

/// A job that ended at the start of the story and left a file under its own key.
pub(super) async fn finished(
    world: &World,
    account: OrganizationId,
) -> Result<(JobId, ArtifactId)> {
    let id = world.submit(account, 10).await?;
    let job = world.claim_job(id).await?;
    let artifact = NewArtifact {
        id: ArtifactId::generate(),
        name: "model".into(),
        media_type: "application/octet-stream".into(),
        role: "model".into(),
        bytes: 3,
        sha256: "00".into(),
        blob_key: format!("jobs/{id}/1/file"),
    };
    let artifact_id = artifact.id;
    let result = AttemptResult {
        ending: success(),
        charged: Some(Credits::new(4)),
        artifacts: vec![artifact],
    };
    let (job_id, attempt) = (job.job.id, job.job.attempt);
    let settle = SettleCommand { job_id, attempt, result, now: START, jitter: 0.0 };
    world.store.settle(settle).await?;
    Ok((id, artifact_id))
}

async fn sweep(world: &World, account: OrganizationId, seconds: u64) -> Result<Swept<JobId>> {
    let sweep = JobSweep {
        organization_id: account,
        ended_before: World::at(seconds),
        after: None,
        limit: 10,
        now: World::at(seconds),
        delete_after: World::at(seconds + 100),
    };
    let swept = world
        .store
        .write::<_, StoreError, _>(move |tx| {
            Box::pin(async move { tx.chores().sweep_jobs(&sweep).await })
        })
        .await?;
    Ok(swept)
}

/// A lease is held until it ends, and by its holder beyond.
pub async fn a_chore_is_done_by_one_server(world: &World) -> Outcome {
    let (one, other) = (WorkerId::generate(), WorkerId::generate());
    let take = |holder: WorkerId, from: u64, until: u64| {
        let lease =
            ChoreLease { name: "story", holder, now: World::at(from), until: World::at(until) };
        let store = world.store.clone();
        async move {
            store
                .write::<bool, StoreError, _>(move |tx| {
                    Box::pin(async move { tx.chores().take_lease(&lease).await })
                })
                .await
        }
    };
    ensure!(take(one, 0, 60).await?);
    ensure!(!take(other, 59, 99).await?, "two servers do the same chore");
    ensure!(take(one, 50, 70).await?, "the holder cannot prolong");
    ensure!(!take(other, 69, 99).await?);
    ensure!(take(other, 70, 99).await?, "a lease does not end");
    Ok(())
}

/// Who came to a plan lately is not among those whose results it sweeps.
pub async fn a_new_plan_sweeps_after_a_while(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let short = world.account_with(0, |terms| terms.retention_days = Some(30)).await?;
    let list = async |seconds: u64| -> Result<Vec<(OrganizationId, u32)>> {
        Ok(world
            .read()
            .await?
            .chores()
            .list_retentions(World::at(seconds), World::at(seconds))
            .await?)
    };
    ensure!(list(0).await? == [(short, 30)], "one plan keeps results for some days alone");
    let plan = world.read().await?.access().find_organization(short).await?;
    let plan_id = plan.context("an organization")?.plan_id;
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            Box::pin(async move { tx.accounts().set_plan(account, plan_id, World::at(100)).await })
        })
        .await?;
    ensure!(list(99).await? == [(short, 30)], "the plan is new");
    let mut both = [(short, 30), (account, 30)];
    both.sort_unstable();
    let mut found = list(100).await?;
    found.sort_unstable();
    ensure!(found == both, "{found:?}");
    Ok(())
}

/// Files, report and events go after their time; the job, what it cost and its meters stay.
pub async fn old_results_go_and_the_books_stay(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let (id, artifact) = finished(world, account).await?;
    ensure!(sweep(world, account, 0).await? == Swept { removed: 0, next: None });
    ensure!(sweep(world, account, 1).await?.removed == 1);
    ensure!(sweep(world, account, 1).await?.removed == 0, "a job was emptied twice");
    let job = world.job(account, id).await?;
    ensure!(job.state == JobState::Succeeded && job.report.is_none());
    ensure!((job.cost, job.swept_at) == (Credits::new(4), Some(World::at(1))));
    let read = world.read().await?;
    ensure!(read.catalog().find_artifact(account, artifact).await?.is_none());
    ensure!(read.jobs().list_job_events(account, id, 0, 10).await?.is_empty());
    let key = format!("jobs/{id}/1/file");
    ensure!(read.chores().list_doomed_blobs(World::at(100), 9).await?.is_empty());
    let keys = vec![key.clone()];
    ensure!(read.chores().list_doomed_blobs(World::at(101), 9).await? == keys);
    ensure!(read.chores().list_needed_blobs(&keys).await? == keys);
    drop(read);
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let keys = [key.clone()];
            Box::pin(async move { tx.chores().forget_doomed_blobs(&keys).await })
        })
        .await?;
    let read = world.read().await?;
    ensure!(read.chores().list_doomed_blobs(World::at(999), 9).await?.is_empty());
    drop(read);
    world.check_balance(account, 96, 0).await
}

/// A job that has not ended and a schedule keep what they read.
pub async fn what_is_still_read_stays(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let (_, read_by_job) = finished(world, account).await?;
    let (_, read_by_schedule) = finished(world, account).await?;
    let input = |id: ArtifactId| json!({"model": {"kind": "artifact", "id": id}});
    let mut wish = submission(account, 10);
    wish.inputs = input(read_by_job);
    wish.start_at = Some(World::at(1_000));
    let waiting = wish.job_id;
    ensure!(world.try_submit(wish).await?.state == JobState::Scheduled);
    schedules::insert(world, &schedules::schedule(account, input(read_by_schedule))?).await?;
    ensure!(sweep(world, account, 100).await?.removed == 0);
    let read = world.read().await?;
    for id in [read_by_job, read_by_schedule] {
        ensure!(read.catalog().find_artifact(account, id).await?.is_some(), "a file is gone");
    }
    drop(read);
    world.store.cancel(super::cancel::command(account, waiting)).await?;
    ensure!(sweep(world, account, 100).await?.removed == 2, "the cancelled job, and what it read");
    Ok(())
}

/// A dataset of one version under its own key.
pub(super) fn dataset(account: OrganizationId) -> Dataset {
    let id = DatasetId::generate();
    let latest = DatasetVersion {
        dataset_id: id,
        version: 1,
        file_name: "table.csv".into(),
        media_type: "text/csv".into(),
        bytes: 3,
        sha256: "00".into(),
        blob_key: format!("datasets/{id}/one"),
        profile_job: None,
        profile: None,
        created_at: START,
    };
    let name = "Table".into();
    Dataset { id, organization_id: account, name, created_by: None, created_at: START, latest }
}

/// A deleted dataset goes, unless a job that has not ended reads it.
pub async fn deleted_datasets_go(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let datasets = [dataset(account), dataset(account), dataset(account)];
    let [read_by_job, deleted, kept] = datasets.each_ref().map(|dataset| dataset.id);
    let mut wish = submission(account, 10);
    wish.inputs = json!({"data": {"kind": "dataset", "id": read_by_job, "version": 1}});
    world.try_submit(wish).await?;
    let swept = world
        .store
        .write::<_, StoreError, _>(move |tx| {
            let datasets = datasets.clone();
            Box::pin(async move {
                for dataset in &datasets {
                    tx.catalog().insert_dataset(dataset).await?;
                }
                for id in [read_by_job, deleted] {
                    tx.catalog().delete_dataset(account, id, START).await?;
                }
                tx.chores().sweep_datasets(None, 10, World::at(5)).await
            })
        })
        .await?;
    ensure!(swept == Swept { removed: 1, next: None }, "{swept:?}");
    let read = world.read().await?;
    for (id, is_there) in [(read_by_job, true), (deleted, false), (kept, true)] {
        let found = read.catalog().find_version(account, id, 1).await?;
        ensure!(found.is_some() == is_there, "{id}");
    }
    let doomed = read.chores().list_doomed_blobs(World::at(5), 9).await?;
    ensure!(doomed == [format!("datasets/{deleted}/one")], "{doomed:?}");
    Ok(())
}

/// Who reads an account's stream from before what was removed can tell.
pub async fn old_account_events_go(world: &World) -> Outcome {
    let account = world.account(100).await?;
    for _ in 0..3 {
        world.submit(account, 1).await?;
    }
    let sweep = |seconds: u64, limit: u32| {
        let store = world.store.clone();
        async move {
            store
                .write::<_, StoreError, _>(move |tx| {
                    Box::pin(async move {
                        let before = World::at(seconds);
                        let accounts = tx.chores().list_accounts_with_events(before, 10).await?;
                        let removed =
                            tx.chores().sweep_account_events(account, before, limit).await?;
                        Ok((accounts.contains(&account), removed))
                    })
                })
                .await
        }
    };
    ensure!(sweep(0, 10).await? == (false, 0));
    ensure!(sweep(1, 2).await? == (true, 2));
    let read = world.read().await?;
    ensure!(read.chores().get_swept_cursor(account).await? == 2);
    let left = read.jobs().list_account_events(account, 0, 10).await?;
    ensure!(left.iter().map(|event| event.cursor).collect::<Vec<_>>() == [3]);
    drop(read);
    ensure!(sweep(1, 10).await? == (true, 1));
    ensure!(sweep(1, 10).await? == (false, 0));
    let read = world.read().await?;
    ensure!(read.jobs().get_account_cursor(account).await? == 3, "the cursor went back");
    Ok(())
}

/// Bytes are needed while a row names them, or a job that runs may still come to name them.
pub async fn blobs_are_needed_by_their_rows(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let (ended, _) = finished(world, account).await?;
    let running = world.submit(account, 1).await?;
    world.claim_job(running).await?;
    let named = dataset(account);
    let inserted = named.clone();
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let dataset = inserted.clone();
            Box::pin(async move { tx.catalog().insert_dataset(&dataset).await })
        })
        .await?;
    let mut needed = [
        format!("jobs/{ended}/1/file"),
        format!("jobs/{running}/1/anything"),
        named.latest.blob_key.clone(),
    ];
    let garbage = [
        format!("jobs/{ended}/1/other"),
        format!("jobs/{}/1/file", JobId::generate()),
        format!("datasets/{}/two", named.id),
        format!("uploads/{}/1", DatasetId::generate()),
        "something/else".to_owned(),
    ];
    let keys = [&needed[..], &garbage[..]].concat();
    let read = world.read().await?;
    let found = read.chores().list_needed_blobs(&keys).await?;
    needed.sort();
    ensure!(found == needed, "{found:?}");
    Ok(())
}
