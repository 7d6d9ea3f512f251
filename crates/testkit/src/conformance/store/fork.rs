//! Trees of jobs.

use anyhow::{Context, Result, ensure};
use gantry_ports::store::{ClaimedJob, ForkCommand, Forked, JobFilter, RaiseHoldCommand};
use gantry_ports::store::{Order, PageRequest};
use gantry_rules::submission::ChildSubmission;
use gantry_types::{Credits, EngineErrorKind, JobId, JobState};
use serde_json::json;

use super::World;
use super::cancel;
use super::world::{START, failure, needs, success};
use crate::conformance::Outcome;

fn children(count: u64, credits: i64) -> Vec<ChildSubmission> {
    (0..count)
        .map(|seed| ChildSubmission {
            job_id: JobId::generate(),
            operation: "story.part".into(),
            operation_version: 1,
            params: json!({"part": seed}),
            inputs: json!({}),
            seed,
            needs: needs(credits),
        })
        .collect()
}

/// Forks `count` children that may cost `credits` each.
pub(super) async fn fork(
    world: &World,
    job: &ClaimedJob,
    count: u64,
    credits: i64,
) -> Result<Forked> {
    let command = ForkCommand {
        job_id: job.job.id,
        attempt: job.job.attempt,
        children: children(count, credits),
        checkpoint: (2, json!({"stage": "forked"})),
        now: START,
    };
    Ok(world.store.fork(command).await?)
}

/// The parent waits without a worker and comes back with its checkpoint and its children.
pub async fn children_run_and_the_parent_resumes(world: &World) -> Outcome {
    let account = world.account_with(100, |terms| terms.concurrent_jobs = 1).await?;
    let id = world.submit(account, 30).await?;
    let root = world.claim_job(id).await?;
    ensure!(fork(world, &root, 3, 5).await? == Forked::Waiting);
    ensure!(world.state(account, id).await? == JobState::Waiting);
    let other = world.submit(account, 1).await?;
    let claimed = world.claim(10).await?;
    ensure!(claimed.len() == 3, "{} were ready", claimed.len());
    ensure!(claimed.iter().all(|child| child.job.parent_id == Some(id)));
    let bug = failure(EngineErrorKind::Bug);
    ensure!(world.end(&claimed[0], success(), Some(4)).await?.parent_ready.is_none());
    ensure!(world.end(&claimed[1], bug, Some(4)).await?.parent_ready.is_none());
    ensure!(world.end(&claimed[2], success(), None).await?.parent_ready == Some(id));
    world.check_balance(account, 69, 22).await?;
    let again = world.claim_job(id).await?;
    ensure!(again.checkpoint == Some((2, json!({"stage": "forked"}))));
    let states: Vec<JobState> = again.children.iter().map(|child| child.state).collect();
    ensure!(states == [JobState::Succeeded, JobState::Failed, JobState::Succeeded], "{states:?}");
    ensure!(again.children[0].report == Some(json!({"answer": 42})));
    let settled = world.end(&again, success(), Some(6)).await?;
    ensure!(settled.cost == Credits::new(15), "the tree cost {}", settled.cost);
    world.claim_job(other).await?;
    let read = world.read().await?;
    let page = PageRequest { after: None, limit: 10, order: Order::OldestFirst };
    let filter = JobFilter { parent_id: Some(id), ..JobFilter::default() };
    ensure!(read.jobs().list_jobs(account, &filter, &page).await?.items.len() == 3);
    let roots = read.jobs().list_jobs(account, &JobFilter::default(), &page).await?.items;
    ensure!(roots.len() == 2, "children are listed as roots");
    ensure!(read.jobs().list_children(id).await?.len() == 3);
    drop(read);
    world.check_balance(account, 84, 1).await
}

/// Children may not cost more than is left, and do not count as jobs.
pub async fn children_draw_on_the_roots_hold(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let id = world.submit(account, 30).await?;
    let root = world.claim_job(id).await?;
    let small = fork(world, &root, 4, 10).await?;
    ensure!(small == Forked::HoldTooSmall { left: Credits::new(30) }, "{small:?}");
    ensure!(world.state(account, id).await? == JobState::Running);
    ensure!(fork(world, &root, 2, 10).await? == Forked::Waiting);
    for child in world.claim(10).await? {
        world.end(&child, success(), Some(99)).await?;
    }
    world.check_balance(account, 70, 10).await?;
    let root = world.claim_job(id).await?;
    ensure!(fork(world, &root, 1, 11).await? == Forked::HoldTooSmall { left: Credits::new(10) });
    ensure!(fork(world, &root, 1, 10).await? == Forked::Waiting);
    let last = world.claim(10).await?.pop().context("no child was ready")?;
    world.end(&last, success(), Some(10)).await?;
    let root = world.claim_job(id).await?;
    ensure!(root.children.len() == 3, "the first children were forgotten");
    ensure!(root.children.iter().map(|child| child.ordinal).eq(0..3));
    let settled = world.end(&root, failure(EngineErrorKind::Bug), None).await?;
    ensure!(settled.cost == Credits::new(30), "what children spent came back");
    world.check_balance(account, 70, 0).await?;
    let meters = world.overview(account).await?.meters;
    ensure!(meters.iter().all(|usage| usage.used + usage.reserved <= 1), "{meters:?}");
    Ok(())
}

/// Children beyond the plan's number wait for others of their root, not for the account.
pub async fn only_so_many_children_run_at_once(world: &World) -> Outcome {
    let account = world.account_with(100, |terms| terms.parallel_children = 2).await?;
    let id = world.submit(account, 30).await?;
    let root = world.claim_job(id).await?;
    fork(world, &root, 5, 1).await?;
    let mut running = world.claim(10).await?;
    ensure!(running.len() == 2, "{} ran at once", running.len());
    let mut done = 0;
    while let Some(child) = running.pop() {
        world.end(&child, success(), None).await?;
        done += 1;
        let more = world.claim(10).await?;
        ensure!(more.iter().all(|job| job.job.id != id) || done == 5, "the root came too early");
        running.extend(more.into_iter().filter(|job| job.job.id != id));
        ensure!(running.len() <= 2);
    }
    ensure!(done == 5, "{done} children ran");
    ensure!(world.state(account, id).await? == JobState::Running);
    Ok(())
}

/// What does not run ends at once, what runs is asked, and the root ends with the last.
pub async fn cancelling_a_root_cancels_its_tree(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let id = world.submit(account, 30).await?;
    let root = world.claim_job(id).await?;
    fork(world, &root, 3, 10).await?;
    let running = world.claim(1).await?.pop().context("no child was ready")?;
    let cancelled = world.store.cancel(cancel::command(account, id)).await?;
    ensure!(cancelled.state == JobState::Waiting && cancelled.running == [running.job.id]);
    ensure!(world.claim(10).await?.is_empty(), "a cancelled child was claimed");
    world.end(&running, failure(EngineErrorKind::Cancelled), Some(4)).await?;
    ensure!(world.state(account, id).await? == JobState::Cancelled);
    world.check_balance(account, 96, 0).await?;
    let id = world.submit(account, 30).await?;
    let root = world.claim_job(id).await?;
    world.store.cancel(cancel::command(account, id)).await?;
    ensure!(fork(world, &root, 3, 10).await? == Forked::Cancelled, "it forked after a cancel");
    world.check_balance(account, 96, 0).await
}

/// The cost of a grandchild is within its parent's maximum and counts up to the root.
pub async fn grandchildren_count_to_every_job_above(world: &World) -> Outcome {
    let account = world.account_with(100, |terms| terms.parallel_children = 1).await?;
    let id = world.submit(account, 30).await?;
    let root = world.claim_job(id).await?;
    fork(world, &root, 2, 10).await?;
    let child = world.claim(10).await?.pop().context("no child was ready")?;
    ensure!(fork(world, &child, 2, 6).await? == Forked::HoldTooSmall { left: Credits::new(10) });
    ensure!(fork(world, &child, 2, 4).await? == Forked::Waiting);
    let mut ran = 0;
    loop {
        let Some(job) = world.claim(1).await?.pop() else { break };
        ran += 1;
        world.check_books().await?;
        if job.job.id == id {
            let settled = world.end(&job, success(), Some(1)).await?;
            ensure!(settled.cost == Credits::new(21), "the tree cost {}", settled.cost);
            break;
        }
        world.end(&job, success(), None).await?;
    }
    ensure!(ran == 5, "{ran} runs");
    world.check_balance(account, 79, 0).await
}

/// More is held while the balance covers it; what is held more can be used.
pub async fn a_hold_can_be_raised(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let id = world.submit(account, 30).await?;
    let root = world.claim_job(id).await?;
    let raise = |to: i64| {
        let (job_id, attempt) = (id, root.job.attempt);
        world.store.raise_hold(RaiseHoldCommand {
            job_id,
            attempt,
            to: Credits::new(to),
            now: START,
        })
    };
    raise(50).await?;
    raise(40).await?;
    world.check_balance(account, 50, 50).await?;
    ensure!(raise(101).await.is_err(), "more was held than is there");
    ensure!(fork(world, &root, 5, 10).await? == Forked::Waiting);
    for child in world.claim(10).await? {
        world.end(&child, success(), None).await?;
    }
    world.check_balance(account, 50, 0).await
}
