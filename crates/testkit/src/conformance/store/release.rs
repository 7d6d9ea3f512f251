//! What time alone changes.

use anyhow::ensure;
use gantry_ports::store::{HeartbeatCommand, ReapCommand};
use gantry_types::JobState;

use super::World;
use super::cancel;
use super::world::{submission, success};
use crate::conformance::Outcome;

/// A job that is to start later holds its credits now and runs then.
pub async fn scheduled_jobs_start_when_their_time_comes(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let mut wish = submission(account, 30);
    wish.start_at = Some(World::at(100));
    let id = wish.job_id;
    ensure!(world.try_submit(wish).await?.state == JobState::Scheduled);
    world.check_balance(account, 70, 30).await?;
    ensure!(world.release_at(World::at(99)).await? == 0);
    ensure!(world.claim(1).await?.is_empty());
    ensure!(world.release_at(World::at(100)).await? == 1);
    let job = world.claim_job(id).await?;
    world.end(&job, success(), None).await?;
    world.check_balance(account, 70, 0).await
}

/// Silence ends a lease, not a heartbeat; a job that was to stop is not queued again.
pub async fn lost_leases_are_reaped(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let (silent, alive, stopping) = (
        world.submit(account, 1).await?,
        world.submit(account, 1).await?,
        world.submit(account, 1).await?,
    );
    let claimed = world.claim(10).await?;
    ensure!(claimed.len() == 3);
    for job in claimed.iter().filter(|job| job.job.id == alive) {
        let lease_until = World::at(1000);
        let (job_id, attempt) = (job.job.id, job.job.attempt);
        world.store.heartbeat(HeartbeatCommand { job_id, attempt, lease_until }).await?;
    }
    world.store.cancel(cancel::command(account, stopping)).await?;
    let reap = |seconds: u64| {
        let now = World::at(seconds);
        world.store.reap(ReapCommand { now, limit: 100 })
    };
    ensure!(reap(60).await?.is_empty(), "a lease ended too early");
    let mut reaped = reap(61).await?;
    reaped.sort_by_key(|job| job.job_id);
    let states: Vec<_> = reaped.iter().map(|job| (job.job_id, job.state)).collect();
    ensure!(states == [(silent, JobState::Queued), (stopping, JobState::Cancelled)], "{states:?}");
    let again = world.claim_job(silent).await?;
    ensure!(again.job.attempt.get() == 2);
    world.check_balance(account, 98, 2).await
}
