//! Many callers at once.

use anyhow::ensure;
use gantry_ports::store::{HotError, SettleCommand};
use gantry_rules::outcome::{AttemptResult, NewArtifact};
use gantry_rules::refusal::Refusal;
use gantry_types::{ArtifactId, EngineErrorKind, JobId, JobState};

use super::World;
use super::cancel;
use super::world::{START, failure, submission, success};
use crate::conformance::Outcome;

/// Exactly as many are admitted as the balance covers.
pub async fn two_hundred_submitters_never_overspend(world: &World) -> Outcome {
    let account = world.account(1000).await?;
    let wishes = (0..200).map(|_| world.try_submit(submission(account, 7)));
    let answers = futures::future::join_all(wishes).await;
    let admitted = answers.iter().filter(|answer| answer.is_ok()).count();
    ensure!(admitted == 142, "{admitted} jobs were admitted");
    let refused = answers.iter().filter_map(|answer| answer.as_ref().err());
    ensure!(refused.clone().count() == 58);
    for error in refused {
        ensure!(matches!(error, HotError::Refused(Refusal::Credits { .. })), "{error}");
    }
    world.check_balance(account, 6, 994).await
}

/// A command that the database refuses takes none of its batch with it.
pub async fn a_bad_command_fails_alone(world: &World) -> Outcome {
    let account = world.account(1000).await?;
    let id = world.submit(account, 1).await?;
    let job = world.claim_job(id).await?;
    let twice = |name: &str| NewArtifact {
        id: ArtifactId::generate(),
        name: name.into(),
        media_type: "text/plain".into(),
        role: "file".into(),
        bytes: 1,
        sha256: String::new(),
        blob_key: String::new(),
    };
    // Two artifacts of one name: only the database can refuse that.
    let artifacts = vec![twice("same"), twice("same")];
    let result = AttemptResult { ending: success(), charged: None, artifacts };
    let attempt = job.job.attempt;
    let command = SettleCommand { job_id: id, attempt, result, now: START, jitter: 0.0 };
    let (bad, good) = futures::join!(
        world.store.settle(command),
        futures::future::join_all((0..50).map(|_| world.submit(account, 1)))
    );
    ensure!(bad.is_err(), "two artifacts of one name were accepted");
    ensure!(good.iter().all(Result::is_ok), "a bad command took others with it");
    ensure!(world.state(account, id).await? == JobState::Running);
    world.end(&job, success(), None).await?;
    world.check_balance(account, 949, 50).await
}

/// Workers, submitters and cancellations in any order leave books that balance, also half-way.
pub async fn every_interleaving_keeps_the_books(world: &World) -> Outcome {
    let accounts = [
        world.account_with(400, |terms| terms.concurrent_jobs = 3).await?,
        world.account(400).await?,
    ];
    let submitting = async {
        for number in 0..120_usize {
            let account = accounts[number % 2];
            // A refusal is as good as an admission here.
            let id = submit_or_refuse(world, account).await?;
            if let (Some(id), 0) = (id, number % 5) {
                match world.store.cancel(cancel::command(account, id)).await {
                    Ok(_) | Err(HotError::WrongState { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok::<(), anyhow::Error>(())
    };
    let working = |worker: usize| async move {
        for round in 0..40_usize {
            for (place, job) in world.claim(4).await?.into_iter().enumerate() {
                let ending = match (worker + round + place) % 4 {
                    0 => failure(EngineErrorKind::Bug),
                    1 => failure(EngineErrorKind::Transient),
                    _ => success(),
                };
                world.end(&job, ending, Some(3)).await?;
            }
            if round % 8 == 0 {
                world.release_at(World::at(600)).await?;
                world.check_books().await?;
            }
        }
        Ok::<(), anyhow::Error>(())
    };
    let (submitted, first, second) = futures::join!(submitting, working(0), working(1));
    submitted?;
    first?;
    second?;
    for _ in 0..200 {
        world.release_at(World::at(3600)).await?;
        let claimed = world.claim(16).await?;
        if claimed.is_empty() {
            break;
        }
        for job in claimed {
            world.end(&job, success(), Some(1)).await?;
        }
    }
    for account in accounts {
        let overview = world.overview(account).await?;
        ensure!((overview.running_roots, overview.queued_roots) == (0, 0), "{overview:?}");
        ensure!(overview.held.get() == 0, "{} are still held", overview.held);
    }
    Ok(())
}

async fn submit_or_refuse(
    world: &World,
    account: gantry_types::OrganizationId,
) -> anyhow::Result<Option<JobId>> {
    match world.try_submit(submission(account, 5)).await {
        Ok(submitted) => Ok(Some(submitted.job_id)),
        Err(HotError::Refused(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
