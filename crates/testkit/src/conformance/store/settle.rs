//! The end of jobs.

use anyhow::{Context, ensure};
use gantry_ports::store::{HotError, NotesCommand, SettleCommand};
use gantry_rules::outcome::{AttemptResult, Ending, NewArtifact};
use gantry_rules::period::derive_period;
use gantry_types::{ArtifactId, Credits, EngineErrorKind, JobState, MeterId};

use super::World;
use super::cancel;
use super::world::{START, failure, submission, success};
use crate::conformance::Outcome;

/// The rest of the hold returns; a charge above it is cut.
pub async fn a_success_costs_what_was_charged(world: &World) -> Outcome {
    let account = world.account(100).await?;
    for (charged, cost, available) in [(12, 12, 88), (99, 30, 58), (0, 0, 58), (-5, 0, 58)] {
        let id = world.submit(account, 30).await?;
        let job = world.claim_job(id).await?;
        let settled = world.end(&job, success(), Some(charged)).await?;
        ensure!(settled.state == JobState::Succeeded && settled.cost == Credits::new(cost));
        world.check_balance(account, available, 0).await?;
        let job = world.job(account, id).await?;
        ensure!(job.cost == Credits::new(cost) && job.report.is_some() && job.error.is_none());
        ensure!(job.finished_at.is_some());
    }
    Ok(())
}

/// An engine that charges nothing costs what was agreed.
pub async fn a_success_without_a_charge_costs_its_hold(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let id = world.submit(account, 30).await?;
    let job = world.claim_job(id).await?;
    ensure!(world.end(&job, success(), None).await?.cost == Credits::new(30));
    world.check_balance(account, 70, 0).await
}

/// A failure is free, whatever the engine charged, and is not tried again.
pub async fn a_failure_costs_nothing(world: &World) -> Outcome {
    let account = world.account(100).await?;
    for kind in [
        EngineErrorKind::Params,
        EngineErrorKind::Input,
        EngineErrorKind::Resource,
        EngineErrorKind::Bug,
    ] {
        let id = world.submit(account, 30).await?;
        let job = world.claim_job(id).await?;
        let settled = world.end(&job, failure(kind), Some(10)).await?;
        ensure!(settled.state == JobState::Failed && settled.cost == Credits::ZERO);
        let error = world.job(account, id).await?.error.context("no error was kept")?;
        ensure!(error.kind == kind && error.next_step.is_some());
    }
    world.check_balance(account, 100, 0).await
}

/// Retries come later and later and keep hold and slot; the fourth failure is the last.
pub async fn transient_errors_are_retried_three_times(world: &World) -> Outcome {
    let account = world.account_with(100, |terms| terms.concurrent_jobs = 1).await?;
    let id = world.submit(account, 30).await?;
    let waiting = world.submit(account, 1).await?;
    let mut seconds = 0;
    for delay in [5, 20, 80] {
        let mut claimed = world.claim_at(World::at(seconds), 5).await?;
        let job = claimed.pop().context("nothing was ready")?;
        ensure!(job.job.id == id && claimed.is_empty(), "the slot was given away");
        let now = World::at(seconds);
        let failed = failure(EngineErrorKind::Transient);
        let settled = world.end_at(now, &job, failed, None).await?;
        ensure!(settled.state == JobState::Scheduled);
        ensure!(world.release_at(World::at(seconds + delay - 1)).await? == 0, "too early");
        world.check_balance(account, 69, 31).await?;
        seconds += delay;
        ensure!(world.release_at(World::at(seconds)).await? == 1, "not after {delay} s");
    }
    let mut claimed = world.claim_at(World::at(seconds), 5).await?;
    let job = claimed.pop().context("nothing was ready")?;
    let settled = world.end(&job, failure(EngineErrorKind::Transient), None).await?;
    ensure!(settled.state == JobState::Failed && job.job.attempt.get() == 4);
    world.claim_job(waiting).await?;
    world.check_balance(account, 99, 1).await
}

/// A job that kills its hosts is queued again twice, and then kept as a dead letter.
pub async fn the_third_dead_host_buries_the_job(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let id = world.submit(account, 30).await?;
    for expected in [JobState::Queued, JobState::Queued, JobState::Dead] {
        let job = world.claim_job(id).await?;
        let died = Ending::HostDied { message: "signal 11".into() };
        ensure!(world.end(&job, died, Some(3)).await?.state == expected);
    }
    let job = world.job(account, id).await?;
    ensure!(job.error.is_some_and(|error| error.message == "signal 11"));
    world.check_balance(account, 100, 0).await
}

/// A worker that stops gives its jobs back, as often as it likes: they are ready at once, and
/// nothing counts against them. One that was to stop meanwhile ends.
pub async fn a_job_given_back_is_ready_at_once(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let id = world.submit(account, 30).await?;
    for _ in 0..5 {
        let job = world.claim_job(id).await?;
        let settled = world.end(&job, Ending::GivenBack, Some(3)).await?;
        ensure!(settled.state == JobState::Queued && settled.cost == Credits::ZERO);
        ensure!(world.end(&job, success(), None).await == Err(HotError::LeaseLost));
    }
    let job = world.claim_job(id).await?;
    ensure!(job.job.attempt.get() == 6, "{:?}", job.job.attempt);
    let cancel = cancel::command(account, id);
    world.store.cancel(cancel).await?;
    ensure!(world.end(&job, Ending::GivenBack, None).await?.state == JobState::Cancelled);
    world.check_books().await
}

/// A worker that lost its lease changes nothing, whatever it sends.
pub async fn a_stale_attempt_changes_nothing(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let id = world.submit(account, 30).await?;
    let stale = world.claim_job(id).await?;
    world.end(&stale, Ending::HostDied { message: "gone".into() }, None).await?;
    let refused = world.end(&stale, success(), Some(30)).await;
    ensure!(refused == Err(HotError::LeaseLost), "{refused:?}");
    let fresh = world.claim_job(id).await?;
    let before = world.job(account, id).await?;
    ensure!(world.end(&stale, success(), Some(30)).await == Err(HotError::LeaseLost));
    let attempt = stale.job.attempt;
    let notes = NotesCommand { job_id: id, attempt, notes: Vec::new(), now: START };
    ensure!(world.store.record_notes(notes).await == Err(HotError::LeaseLost));
    ensure!(world.job(account, id).await? == before, "a stale attempt changed the job");
    world.end(&fresh, success(), Some(5)).await?;
    ensure!(world.end(&fresh, success(), Some(5)).await == Err(HotError::LeaseLost));
    world.check_balance(account, 95, 0).await
}

/// Files of a success are there with it; files of a failure never.
pub async fn artifacts_appear_with_a_success_alone(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let artifact = |name: &str| NewArtifact {
        id: ArtifactId::generate(),
        name: name.into(),
        media_type: "text/html".into(),
        role: "report".into(),
        bytes: 5,
        sha256: "11".repeat(32),
        blob_key: format!("artifacts/{name}"),
    };
    for (ending, count) in [(success(), 2), (failure(EngineErrorKind::Bug), 0)] {
        let id = world.submit(account, 1).await?;
        let job = world.claim_job(id).await?;
        let artifacts = vec![artifact("b.html"), artifact("a.html")];
        let first = artifacts[0].id;
        let result = AttemptResult { ending, charged: None, artifacts };
        let attempt = job.job.attempt;
        world
            .store
            .settle(SettleCommand { job_id: id, attempt, result, now: START, jitter: 0.5 })
            .await?;
        let read = world.read().await?;
        let found = read.catalog().list_artifacts(account, id).await?;
        ensure!(found.len() == count, "{} artifacts appeared", found.len());
        ensure!(found.is_sorted_by(|one, other| one.name < other.name));
        let stranger = world.account(0).await?;
        ensure!(read.catalog().find_artifact(stranger, first).await?.is_none());
    }
    Ok(())
}

/// A job that runs over the end of a month is counted in the month of its submission.
pub async fn units_are_corrected_in_their_own_month(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let wish = submission(account, 1);
    let id = wish.job_id;
    world.try_submit(wish).await?;
    let job = world.claim_job(id).await?;
    let next_month = World::at(40 * 24 * 3600);
    world.end_at(next_month, &job, success(), None).await?;
    let jobs = MeterId::jobs();
    let meters = world.overview(account).await?.meters;
    let usage = meters.iter().find(|usage| usage.meter == jobs).context("nothing was counted")?;
    ensure!((usage.used, usage.reserved) == (1, 0), "{usage:?}");
    let read = world.read().await?;
    let later = derive_period(next_month).start;
    ensure!(read.accounts().get_account(account, later).await?.meters.is_empty());
    Ok(())
}
