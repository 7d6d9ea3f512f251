//! Admission.

use anyhow::{Context, ensure};
use gantry_ports::store::{HotError, JobEventKind, JobFilter, Order, PageRequest};
use gantry_rules::account::LotOrigin;
use gantry_rules::plan::{Included, MeterLimit};
use gantry_rules::refusal::Refusal;
use gantry_rules::submission::OnRefusal;
use gantry_types::{Credits, Device, JobState, MeterId};
use serde_json::json;

use super::World;
use super::accounts::grant;
use super::world::{START, submission, success};
use crate::conformance::Outcome;

/// A job comes back as it was submitted; its credits are held; both streams tell of it.
pub async fn a_job_is_held_queued_and_announced(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let wish = submission(account, 30);
    let id = wish.job_id;
    let submitted = world.try_submit(wish.clone()).await?;
    ensure!(submitted.state == JobState::Queued && !submitted.repeated);
    let job = world.job(account, id).await?;
    ensure!(job.params == wish.params && job.seed == wish.seed && job.label == wish.label);
    ensure!(job.root_id == id && job.max_credits == Credits::new(30) && job.cursor == 1);
    world.check_balance(account, 70, 30).await?;
    let overview = world.overview(account).await?;
    ensure!((overview.queued_roots, overview.running_roots) == (1, 0));
    let read = world.read().await?;
    let events = read.jobs().list_job_events(account, id, 0, 10).await?;
    ensure!(events.len() == 1 && events[0].kind == JobEventKind::State);
    ensure!(events[0].body == json!({"state": "queued", "attempt": 0}), "{}", events[0].body);
    let stream = read.jobs().list_account_events(account, 0, 10).await?;
    ensure!(stream.len() == 1 && stream[0].job_id == id && stream[0].cursor == 1);
    ensure!(read.jobs().get_account_cursor(account).await? == 1);
    let page = PageRequest { after: None, limit: 10, order: Order::NewestFirst };
    let filter = JobFilter { text: Some("a story".into()), ..JobFilter::default() };
    ensure!(read.jobs().list_jobs(account, &filter, &page).await?.items.len() == 1);
    let filter = JobFilter { states: vec![JobState::Running], ..JobFilter::default() };
    ensure!(read.jobs().list_jobs(account, &filter, &page).await?.items.is_empty());
    Ok(())
}

/// Each limit refuses with its own words, and of the submission nothing stays but a count.
pub async fn what_the_plan_refuses_leaves_no_trace(world: &World) -> Outcome {
    let account = world
        .account_with(100, |terms| {
            terms.gpu = Included::No;
            terms.job_memory_bytes = 1 << 21;
            terms.queued_jobs = 1;
            terms.meters.insert(
                "rows".parse().unwrap_or_else(|_| MeterId::jobs()),
                MeterLimit { per_job: Some(10), ..MeterLimit::default() },
            );
        })
        .await?;
    let rows: MeterId = "rows".parse()?;
    let mut poor = submission(account, 101);
    let mut graphics = submission(account, 1);
    graphics.needs.device = Device::Gpu;
    let mut large = submission(account, 1);
    large.needs.memory_bytes = (1 << 21) + 1;
    let mut long = submission(account, 1);
    long.needs.meters.insert(rows.clone(), 11);
    let refusal = |error: Result<_, HotError>| match error {
        Err(HotError::Refused(refusal)) => Some(refusal),
        Ok(_) | Err(_) => None,
    };
    let (needed, available) = (Credits::new(101), Credits::new(100));
    ensure!(
        refusal(world.try_submit(poor.clone()).await)
            == Some(Refusal::Credits { needed, available })
    );
    ensure!(refusal(world.try_submit(graphics).await) == Some(Refusal::GpuNotIncluded));
    ensure!(matches!(refusal(world.try_submit(large).await), Some(Refusal::Memory { .. })));
    let too_large = refusal(world.try_submit(long).await);
    ensure!(too_large == Some(Refusal::JobTooLarge { meter: rows, needed: 11, limit: 10 }));
    ensure!(world.read().await?.jobs().find_job(account, poor.job_id).await?.is_none());
    ensure!(world.read().await?.jobs().get_account_cursor(account).await? == 0);
    world.submit(account, 1).await?;
    poor.on_refusal = OnRefusal::KeepBlocked;
    let full = refusal(world.try_submit(poor).await);
    ensure!(full == Some(Refusal::QueueFull { limit: 1 }), "{full:?}");
    world.check_balance(account, 99, 1).await
}

/// The same job goes on once credits are there.
pub async fn a_blocked_job_runs_once_it_is_paid(world: &World) -> Outcome {
    let account = world.account(10).await?;
    let mut wish = submission(account, 50);
    wish.on_refusal = OnRefusal::KeepBlocked;
    let id = wish.job_id;
    let submitted = world.try_submit(wish).await?;
    ensure!(submitted.state == JobState::Blocked && submitted.blocked_by.is_some());
    let blocked = world.job(account, id).await?;
    ensure!(blocked.error.is_some_and(|error| error.message.contains("50 credits")));
    world.check_balance(account, 10, 0).await?;
    ensure!(world.release_at(World::at(1)).await? == 0, "an unpaid job was released");
    ensure!(world.claim(1).await?.is_empty());
    grant(world, account, (LotOrigin::Paid, None), 40).await?;
    ensure!(world.release_at(World::at(2)).await? == 1);
    world.check_balance(account, 0, 50).await?;
    let job = world.claim_job(id).await?;
    ensure!(job.job.error.is_none(), "it still tells why it was blocked");
    world.end(&job, success(), Some(50)).await?;
    ensure!(world.state(account, id).await? == JobState::Succeeded);
    Ok(())
}

/// What is reserved counts, and what a failure gives back does not.
pub async fn quotas_count_reservations(world: &World) -> Outcome {
    let rows: MeterId = "rows".parse()?;
    let meter = rows.clone();
    let account = world
        .account_with(100, move |terms| {
            let limit = MeterLimit { per_period: Some(10), ..MeterLimit::default() };
            terms.meters.insert(meter, limit);
        })
        .await?;
    let wish = |units: u64| {
        let mut wish = submission(account, 1);
        wish.needs.meters.insert(rows.clone(), units);
        wish
    };
    let first = wish(6);
    let id = first.job_id;
    world.try_submit(first).await?;
    let refused = world.try_submit(wish(5)).await;
    ensure!(
        matches!(&refused, Err(HotError::Refused(Refusal::Quota { used: 6, limit: 10, .. }))),
        "{refused:?}"
    );
    let job = world.claim_job(id).await?;
    let bug = super::world::failure(gantry_types::EngineErrorKind::Bug);
    world.end(&job, bug, None).await?;
    let second = world.try_submit(wish(10)).await?;
    let job = world.claim_job(second.job_id).await?;
    world.end(&job, success(), Some(0)).await?;
    let meters = world.overview(account).await?.meters;
    let used = meters.iter().find(|usage| usage.meter == rows).context("no rows were used")?;
    ensure!((used.used, used.reserved) == (10, 0), "{used:?}");
    ensure!(used.period_start < START);
    let jobs = meters.iter().find(|usage| usage.meter == MeterId::jobs());
    ensure!(jobs.is_some_and(|usage| usage.used == 1), "{jobs:?}");
    Ok(())
}
