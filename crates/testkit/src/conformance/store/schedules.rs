//! Schedules and their runs.

use anyhow::{Context, Result, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    Order, Overlap, PageRequest, RunOutcome, Schedule, ScheduleRun, ScheduleState, StoreExt,
};
use gantry_rules::submission::{OnRefusal, Origin};
use gantry_rules::zone::Zone;
use gantry_types::{JobId, OrganizationId, ScheduleId, ScheduleRunId, UserId};
use serde_json::{Value, json};

use super::World;
use super::world::{START, submission};
use crate::conformance::Outcome;

/// A schedule that is due a minute after the start of the story.
pub(super) fn schedule(account: OrganizationId, inputs: Value) -> Result<Schedule> {
    Ok(Schedule {
        id: ScheduleId::generate(),
        organization_id: account,
        created_by: None,
        name: "Every \"minute\"".into(),
        operation: "story.run".into(),
        operation_version: 3,
        params: json!({"text": "é"}),
        inputs,
        cron: "* * * * *".parse()?,
        overlap: Overlap::Skip,
        on_refusal: OnRefusal::KeepBlocked,
        state: ScheduleState::Active,
        next_at: Some(World::at(60)),
        last_job: None,
        created_at: START,
    })
}

/// Adds a schedule.
pub(super) async fn insert(world: &World, schedule: &Schedule) -> Outcome {
    let inserted = schedule.clone();
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let schedule = inserted.clone();
            Box::pin(async move { tx.schedules().insert_schedule(&schedule).await })
        })
        .await?;
    Ok(())
}

async fn find(world: &World, schedule: &Schedule) -> Result<Option<Schedule>> {
    let read = world.read().await?;
    Ok(read.schedules().find_schedule(schedule.organization_id, schedule.id).await?)
}

/// What is kept comes back as it was, to its own organization alone.
pub async fn a_schedule_is_kept_changed_and_deleted(world: &World) -> Outcome {
    let (account, stranger) = (world.account(0).await?, world.account(0).await?);
    let mut kept = schedule(account, json!({}))?;
    insert(world, &kept).await?;
    ensure!(find(world, &kept).await?.as_ref() == Some(&kept), "it came back changed");
    let read = world.read().await?;
    ensure!(read.schedules().find_schedule(stranger, kept.id).await?.is_none());
    let page = PageRequest { after: None, limit: 10, order: Order::NewestFirst };
    ensure!(read.schedules().list_schedules(account, &page).await?.items == [kept.clone()]);
    ensure!(read.schedules().list_schedules(stranger, &page).await?.items.is_empty());
    ensure!(read.schedules().get_zone(account).await? == Zone::utc());
    drop(read);
    kept.name = "Paused".into();
    // Whoever changed it has it from then on.
    kept.created_by = Some(UserId::generate());
    kept.state = ScheduleState::Paused;
    kept.next_at = None;
    let (changed, foreign) = (kept.clone(), Schedule { organization_id: stranger, ..kept.clone() });
    let refused = world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let foreign = foreign.clone();
            Box::pin(async move { tx.schedules().update_schedule(&foreign).await })
        })
        .await;
    ensure!(refused == Err(StoreError::NotFound { what: "schedule" }), "{refused:?}");
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let changed = changed.clone();
            Box::pin(async move {
                let oslo = "Europe/Oslo".parse().map_err(|_| StoreError::Overloaded)?;
                tx.schedules().set_zone(account, &oslo).await?;
                tx.schedules().update_schedule(&changed).await
            })
        })
        .await?;
    ensure!(find(world, &kept).await? == Some(kept.clone()));
    let read = world.read().await?;
    ensure!(read.schedules().get_zone(account).await?.as_str() == "Europe/Oslo");
    ensure!(read.schedules().list_due_schedules(World::at(9_999), 9).await?.is_empty());
    ensure!(read.schedules().find_next_due().await?.is_none());
    drop(read);
    let id = kept.id;
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            Box::pin(async move { tx.schedules().delete_schedule(account, id).await })
        })
        .await?;
    ensure!(find(world, &kept).await?.is_none());
    Ok(())
}

fn run_of(schedule: &Schedule, outcome: RunOutcome, job_id: Option<JobId>) -> ScheduleRun {
    ScheduleRun {
        id: ScheduleRunId::generate(),
        organization_id: schedule.organization_id,
        schedule_id: schedule.id,
        nominal_at: World::at(60),
        fired_at: World::at(61),
        outcome,
        job_id,
        reason: None,
    }
}

/// Two servers that run the same time keep one run and submit one job.
pub async fn a_nominal_time_has_one_run(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let kept = schedule(account, json!({}))?;
    insert(world, &kept).await?;
    let read = world.read().await?;
    ensure!(read.schedules().list_due_schedules(World::at(59), 9).await?.is_empty());
    ensure!(read.schedules().list_due_schedules(World::at(60), 9).await?.len() == 1);
    ensure!(read.schedules().find_next_due().await? == Some(World::at(60)));
    drop(read);
    let mut wish = submission(account, 10);
    wish.origin = Some(Origin::Schedule(kept.id));
    let (first, second) = (wish.clone(), wish.clone());
    let (first, second) = futures::join!(world.store.submit(first), world.store.submit(second));
    let (first, second) = (first?, second?);
    ensure!(first.job_id == second.job_id && first.repeated != second.repeated);
    world.check_balance(account, 90, 10).await?;
    ensure!(world.job(account, wish.job_id).await?.origin == wish.origin);
    ensure!(world.claim_job(wish.job_id).await?.job.origin == wish.origin);
    let skipped = run_of(&kept, RunOutcome::Skipped, None);
    let started = run_of(&kept, RunOutcome::Started, Some(wish.job_id));
    let late = run_of(&kept, RunOutcome::Skipped, None);
    let expected = started.clone();
    let (id, next) = (kept.id, Some(World::at(120)));
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let runs = [skipped.clone(), started.clone(), late.clone()];
            Box::pin(async move {
                for run in &runs {
                    tx.schedules().record_run(run).await?;
                }
                tx.schedules().advance_schedule(id, World::at(60), next).await?;
                // The other server comes late: the schedule has moved on.
                tx.schedules().advance_schedule(id, World::at(60), None).await
            })
        })
        .await?;
    let found = find(world, &kept).await?.context("it is gone")?;
    ensure!((found.next_at, found.last_job) == (next, Some(wish.job_id)), "{found:?}");
    let page = PageRequest { after: None, limit: 10, order: Order::NewestFirst };
    let read = world.read().await?;
    let runs = read.schedules().list_schedule_runs(account, kept.id, &page).await?.items;
    ensure!(runs.len() == 1, "{runs:?}");
    ensure!(
        (runs[0].outcome, runs[0].job_id) == (expected.outcome, expected.job_id),
        "a job that was started counts: {runs:?}"
    );
    Ok(())
}
