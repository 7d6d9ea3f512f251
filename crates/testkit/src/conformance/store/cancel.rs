//! Cancellation.

use anyhow::ensure;
use gantry_ports::StoreError;
use gantry_ports::store::{CancelCommand, HotError};
use gantry_types::{EngineErrorKind, JobId, JobState, OrganizationId};

use super::World;
use super::world::{START, failure};
use crate::conformance::Outcome;

/// A cancellation at the start of the story.
pub(super) const fn command(organization_id: OrganizationId, job_id: JobId) -> CancelCommand {
    CancelCommand { organization_id, job_id, now: START }
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
