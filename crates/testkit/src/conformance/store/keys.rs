//! Idempotency.

use anyhow::{Context, Result, ensure};
use gantry_ports::store::HotError;
use gantry_rules::submission::{IdempotencyKey, Submission};
use gantry_types::{JobId, OrganizationId};

use super::World;
use super::world::submission;
use crate::conformance::Outcome;

fn keyed(account: OrganizationId, key: &str, body: &str) -> Submission {
    let mut wish = submission(account, 10);
    wish.idempotency = Some(IdempotencyKey {
        route: "POST /api/v1/jobs".into(),
        key: key.into(),
        body_sha256: body.into(),
    });
    wish
}

/// The same body gets the same job, another body an error; refusals are forgotten; a day later
/// the key is free.
pub async fn a_repeated_key_answers_the_first_submission(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let first = world.try_submit(keyed(account, "k", "same")).await?;
    let again = world.try_submit(keyed(account, "k", "same")).await?;
    ensure!(again.repeated && again.job_id == first.job_id);
    let other = world.try_submit(keyed(account, "k", "other")).await;
    ensure!(other == Err(HotError::IdempotencyMismatch), "{other:?}");
    let stranger = world.account(100).await?;
    ensure!(!world.try_submit(keyed(stranger, "k", "same")).await?.repeated);
    let mut poor = keyed(account, "poor", "same");
    poor.needs.max_credits = gantry_types::Credits::new(1000);
    ensure!(world.try_submit(poor).await.is_err());
    ensure!(!world.try_submit(keyed(account, "poor", "same")).await?.repeated);
    let mut late = keyed(account, "k", "other");
    late.submitted_at = World::at(24 * 3600);
    ensure!(!world.try_submit(late).await?.repeated, "the key was kept too long");
    world.check_balance(account, 70, 30).await
}

/// Who asks for a key's job beforehand is told as long as a repeated submission would be.
pub async fn a_kept_key_tells_its_job(world: &World) -> Outcome {
    let (account, stranger) = (world.account(100).await?, world.account(100).await?);
    let wish = keyed(account, "k", "same");
    let key = wish.idempotency.clone().context("a key")?;
    let find = async |owner: OrganizationId, seconds: u64| -> Result<Option<JobId>> {
        let snapshot = world.store.read().await?;
        Ok(snapshot.jobs().find_job_of_key(owner, &key, World::at(seconds)).await?)
    };
    ensure!(find(account, 0).await?.is_none(), "nothing was submitted");
    let submitted = world.try_submit(wish).await?;
    ensure!(find(account, 24 * 3600 - 1).await? == Some(submitted.job_id));
    ensure!(find(account, 24 * 3600).await?.is_none(), "the key was kept too long");
    ensure!(find(stranger, 0).await?.is_none(), "another tenant's key was found");
    let mut other = key.clone();
    other.route = "elsewhere".into();
    let snapshot = world.store.read().await?;
    let found = snapshot.jobs().find_job_of_key(account, &other, World::at(0)).await?;
    ensure!(found.is_none(), "keys of another route are other keys");
    Ok(())
}

/// Of twins that arrive together one makes the job and the others see it.
pub async fn twins_in_one_batch_make_one_job(world: &World) -> Outcome {
    let account = world.account(1000).await?;
    let twins = (0..50).map(|_| world.try_submit(keyed(account, "twin", "same")));
    let answers = futures::future::try_join_all(twins).await?;
    let jobs: std::collections::BTreeSet<JobId> =
        answers.iter().map(|answer| answer.job_id).collect();
    ensure!(jobs.len() == 1, "{} jobs were made", jobs.len());
    ensure!(answers.iter().filter(|answer| !answer.repeated).count() == 1);
    world.check_balance(account, 990, 10).await
}

/// A submission whose answer was lost is recognised by its job.
pub async fn a_lost_answer_is_found_by_the_job(world: &World) -> Outcome {
    let (account, stranger) = (world.account(100).await?, world.account(100).await?);
    let wish = submission(account, 10);
    ensure!(!world.try_submit(wish.clone()).await?.repeated);
    ensure!(world.try_submit(wish.clone()).await?.repeated);
    let mut stolen = submission(stranger, 10);
    stolen.job_id = wish.job_id;
    ensure!(world.try_submit(stolen).await.is_err());
    world.check_balance(account, 90, 10).await
}
