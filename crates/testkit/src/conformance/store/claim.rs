//! Who is served.

use anyhow::ensure;
use gantry_ports::store::ClaimCommand;
use gantry_rules::submission::Accounting;
use gantry_types::{Attempt, Device, JobState, OrganizationId, PriorityClass, WorkerId};
use std::time::Duration;

use super::World;
use super::world::{START, submission, success};
use crate::conformance::Outcome;

/// Classes come in the worker's order, jobs of a class in the order of their submission, and
/// only those that the worker has a processor for.
pub async fn a_claim_leases_the_oldest_job_of_the_first_class(world: &World) -> Outcome {
    let usual = world.account(100).await?;
    let high = world.account_with(100, |terms| terms.class = PriorityClass::High).await?;
    let first = world.submit(usual, 1).await?;
    let second = world.submit(usual, 1).await?;
    let urgent = world.submit(high, 1).await?;
    let mut graphics = submission(usual, 1);
    graphics.needs.device = Device::Gpu;
    world.try_submit(graphics).await?;
    let command = ClaimCommand {
        worker_id: WorkerId::generate(),
        devices: vec![Device::Cpu],
        classes: vec![PriorityClass::High, PriorityClass::Normal],
        limit: 2,
        now: START,
        lease: Duration::from_secs(60),
    };
    let claimed = world.store.claim(command.clone()).await?;
    let ids: Vec<_> = claimed.iter().map(|job| job.job.id).collect();
    ensure!(ids == [urgent, first], "{ids:?}");
    ensure!(claimed.iter().all(|job| job.job.state == JobState::Running));
    ensure!(claimed.iter().all(|job| job.job.attempt == Attempt::new(1)));
    ensure!(claimed[0].terms.class == PriorityClass::High);
    let rest = world.store.claim(command).await?;
    ensure!(rest.len() == 1 && rest[0].job.id == second, "the job for a GPU was claimed");
    Ok(())
}

/// Roots run at most as many at once as the plan allows; platform jobs run all the same.
pub async fn concurrency_is_kept_and_platform_jobs_ignore_it(world: &World) -> Outcome {
    let account = world.account_with(100, |terms| terms.concurrent_jobs = 2).await?;
    for _ in 0..4 {
        world.submit(account, 1).await?;
    }
    let first = world.claim(10).await?;
    ensure!(first.len() == 2, "{} ran at once", first.len());
    let mut profile = submission(account, 0);
    profile.accounting = Accounting::Platform;
    world.try_submit(profile.clone()).await?;
    let platform = world.claim(10).await?;
    ensure!(platform.len() == 1 && platform[0].job.id == profile.job_id);
    world.end(&first[0], success(), None).await?;
    ensure!(world.claim(10).await?.len() == 1);
    let overview = world.overview(account).await?;
    ensure!((overview.running_roots, overview.queued_roots) == (2, 1));
    world.end(&platform[0], success(), Some(5)).await?;
    world.check_balance(account, 96, 3).await
}

/// A queue of ten thousand that may not run hides nobody's job.
pub async fn a_full_account_hides_nobody(world: &World) -> Outcome {
    let full = world.account_with(100_000, |terms| terms.concurrent_jobs = 1).await?;
    for _ in 0..50 {
        let some = (0..200).map(|_| world.submit(full, 1));
        futures::future::try_join_all(some).await?;
    }
    ensure!(world.claim(10).await?.len() == 1);
    let other = world.account(100).await?;
    let id = world.submit(other, 1).await?;
    let started = std::time::Instant::now();
    world.claim_job(id).await?;
    ensure!(started.elapsed() < Duration::from_secs(2), "it took {:?}", started.elapsed());
    let depths = world.read().await?.jobs().list_queue_depths().await?;
    let queued: u64 = depths.iter().map(|depth| depth.queued).sum();
    ensure!(queued == 9_999, "{queued} are queued");
    Ok(())
}

/// Each account gets one job in turn, and who waited longest comes first.
pub async fn accounts_take_turns(world: &World) -> Outcome {
    let (first, second) = (world.account(100).await?, world.account(100).await?);
    for _ in 0..6 {
        world.submit(first, 1).await?;
    }
    for _ in 0..2 {
        world.submit(second, 1).await?;
    }
    let whose = |claimed: &[gantry_ports::store::ClaimedJob]| -> Vec<OrganizationId> {
        claimed.iter().map(|job| job.job.organization_id).collect()
    };
    let alone = world.claim_at(START, 1).await?;
    let served = whose(&alone)[0];
    let unserved = if served == first { second } else { first };
    let next = world.claim_at(World::at(1), 3).await?;
    ensure!(whose(&next) == [unserved, served, unserved], "{:?}", whose(&next));
    let rest = world.claim_at(World::at(2), 10).await?;
    ensure!(rest.len() == 4, "{} were left", rest.len());
    Ok(())
}
