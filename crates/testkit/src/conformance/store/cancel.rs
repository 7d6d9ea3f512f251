//! Cancellation.

use anyhow::ensure;
use gantry_ports::StoreError;
use gantry_ports::store::{
    CancelCommand, HotError, LedgerAccount, LedgerFilter, Order, PageRequest,
};
use gantry_rules::cancellation::{CancellationTerms, CancelledBy};
use gantry_types::{Credits, EngineErrorKind, JobId, JobState, OrganizationId};

use super::World;
use super::world::{START, failure, success};
use crate::conformance::Outcome;

/// A cancellation at the start of the story.
pub(super) const fn command(organization_id: OrganizationId, job_id: JobId) -> CancelCommand {
    CancelCommand { organization_id, job_id, by: CancelledBy::Owner, now: START }
}

/// What never ran costs nothing and is never claimed.
pub async fn a_queued_job_is_cancelled_at_once(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let id = world.submit(account, 30).await?;
    let cancelled = world.store.cancel(command(account, id)).await?;
    ensure!(cancelled.state == JobState::Cancelled && cancelled.running.is_empty());
    world.check_balance(account, 100, 0).await?;
    ensure!(world.claim(1).await?.is_empty(), "a cancelled job was claimed");
    let again = world.store.cancel(command(account, id)).await;
    ensure!(again == Err(HotError::WrongState { state: JobState::Cancelled }), "{again:?}");
    let overview = world.overview(account).await?;
    ensure!((overview.queued_roots, overview.running_roots) == (0, 0));
    ensure!(overview.meters.iter().all(|usage| usage.used == 0 && usage.reserved == 0));
    Ok(())
}

/// What ran costs what the engine charged until then, and is not retried.
pub async fn a_running_job_is_asked_and_pays_what_it_used(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let id = world.submit(account, 30).await?;
    let job = world.claim_job(id).await?;
    let cancelled = world.store.cancel(command(account, id)).await?;
    ensure!(cancelled.state == JobState::Running && cancelled.running == [id]);
    ensure!(world.store.cancel(command(account, id)).await?.running == [id], "twice is fine");
    let ended = world.end(&job, failure(EngineErrorKind::Transient), Some(7)).await?;
    ensure!(ended.state == JobState::Cancelled, "it is {}", ended.state);
    world.check_balance(account, 93, 0).await
}

/// A job of another organization does not exist.
pub async fn another_organization_cannot_cancel(world: &World) -> Outcome {
    let (account, stranger) = (world.account(100).await?, world.account(100).await?);
    let id = world.submit(account, 30).await?;
    let refused = world.store.cancel(command(stranger, id)).await;
    ensure!(refused == Err(HotError::Store(StoreError::NotFound { what: "job" })), "{refused:?}");
    ensure!(world.state(account, id).await? == JobState::Queued);
    Ok(())
}

/// The second free of charge is the last one: the next ones keep a tenth, a fifth, … of the rest.
fn strict(terms: &mut gantry_rules::plan::PlanTerms) {
    terms.cancellation = CancellationTerms { free: 2, step_percent: 10, most_percent: 30 };
}

/// Every further cancellation of a running job keeps more of what it did not use, told apart from
/// what it cost.
pub async fn cancelling_often_keeps_a_part_of_the_rest(world: &World) -> Outcome {
    let account = world.account_with(1_000, strict).await?;
    let mut left = 1_000;
    for kept in [0, 0, 8, 16, 24, 24] {
        let id = world.submit(account, 100).await?;
        let job = world.claim_job(id).await?;
        world.store.cancel(command(account, id)).await?;
        world.store.cancel(command(account, id)).await?;
        let ended = world.end(&job, failure(EngineErrorKind::Cancelled), Some(20)).await?;
        ensure!(ended.state == JobState::Cancelled, "it is {}", ended.state);
        ensure!(ended.cost.get() == 20 + kept, "it cost {}", ended.cost);
        let job = world.job(account, id).await?;
        ensure!(job.penalty.get() == kept && job.cost == ended.cost, "kept {}", job.penalty);
        left -= 20 + kept;
        world.check_balance(account, left, 0).await?;
    }
    let later = START.plus(std::time::Duration::from_secs(31 * 86_400));
    let overview = world.overview(account).await?;
    let terms = overview.plan.terms.cancellation;
    ensure!(overview.cancellations.derive_percent(terms, START) == 30);
    ensure!(overview.cancellations.derive_percent(terms, later) == 0);
    let page = PageRequest { after: None, limit: 100, order: Order::OldestFirst };
    let ledger = world
        .read()
        .await?
        .accounts()
        .list_ledger(account, &LedgerFilter::default(), &page)
        .await?;
    let penalties = ledger.items.iter().filter(|entry| entry.reason == "penalty");
    let revenue = penalties.filter(|entry| entry.account == LedgerAccount::Revenue);
    let amounts: Vec<i64> = revenue.map(|entry| entry.amount.get()).collect();
    ensure!(amounts == [8, 16, 24, 24], "{amounts:?}");
    Ok(())
}

/// Neither what had not begun, nor what the house stopped, nor what succeeded anyhow counts.
pub async fn what_is_no_cancellation_of_its_owner_keeps_nothing(world: &World) -> Outcome {
    let account = world.account_with(1_000, strict).await?;
    for _ in 0..3 {
        let id = world.submit(account, 100).await?;
        world.store.cancel(command(account, id)).await?;
        let id = world.submit(account, 100).await?;
        let job = world.claim_job(id).await?;
        let house = CancelCommand { by: CancelledBy::House, ..command(account, id) };
        world.store.cancel(house).await?;
        // It is excused already.
        world.store.cancel(command(account, id)).await?;
        world.end(&job, failure(EngineErrorKind::Cancelled), None).await?;
        let id = world.submit(account, 100).await?;
        let job = world.claim_job(id).await?;
        world.store.cancel(command(account, id)).await?;
        ensure!(world.end(&job, success(), Some(0)).await?.cost == Credits::ZERO);
    }
    ensure!(world.overview(account).await?.cancellations.is_empty());
    world.check_balance(account, 1_000, 0).await
}

/// However many are cancelled at once, each is counted and keeps the share of its own place.
pub async fn cancellations_at_once_are_counted_exactly(world: &World) -> Outcome {
    let account = world.account_with(1_000, strict).await?;
    for _ in 0..6 {
        world.submit(account, 100).await?;
    }
    let jobs = world.claim(6).await?;
    ensure!(jobs.len() == 6);
    let asked = jobs.iter().map(|job| world.store.cancel(command(account, job.job.id)));
    for answer in futures::future::join_all(asked).await {
        answer?;
    }
    let ends = jobs.iter().map(|job| world.end(job, failure(EngineErrorKind::Cancelled), None));
    let mut costs = Vec::new();
    for ended in futures::future::join_all(ends).await {
        costs.push(ended?.cost.get());
    }
    costs.sort_unstable();
    ensure!(costs == [0, 0, 10, 20, 30, 30], "{costs:?}");
    world.check_balance(account, 910, 0).await
}
