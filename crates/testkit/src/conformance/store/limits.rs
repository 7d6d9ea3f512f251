//! Months that begin at an account's anchor, and limits that it has instead of its plan's.

use anyhow::{Context, Result, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{HotError, OverrideRecord, StoreExt};
use gantry_rules::overrides::{LimitName, LimitOverride};
use gantry_rules::period::QuotaReset;
use gantry_rules::plan::MeterLimit;
use gantry_rules::refusal::Refusal;
use gantry_rules::submission::OnRefusal;
use gantry_types::{JobState, MeterId, OrganizationId, Timestamp, UserId};

use super::World;
use super::world::{START, submission, success};
use crate::conformance::Outcome;

const DAY: u64 = 24 * 60 * 60;

async fn set_anchor(world: &World, account: OrganizationId, anchor: Timestamp) -> Result<()> {
    let write = world.store.write::<(), StoreError, _>(move |tx| {
        Box::pin(async move { tx.accounts().set_quota_anchor(account, anchor).await })
    });
    Ok(write.await?)
}

async fn put(world: &World, record: &OverrideRecord) -> Result<(), StoreError> {
    let record = record.clone();
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let record = record.clone();
            Box::pin(async move { tx.accounts().put_override(&record).await })
        })
        .await
}

async fn take_back(
    world: &World,
    account: OrganizationId,
    limit: &LimitName,
    now: Timestamp,
) -> Result<bool> {
    let limit = limit.clone();
    let write = world.store.write::<bool, StoreError, _>(move |tx| {
        let limit = limit.clone();
        Box::pin(async move { tx.accounts().delete_override(account, &limit, now).await })
    });
    Ok(write.await?)
}

fn record(account: OrganizationId, word: &str, value: Option<u64>) -> Result<OverrideRecord> {
    Ok(OverrideRecord {
        organization_id: account,
        own: LimitOverride { limit: word.parse()?, value, expires_at: None },
        reason: "agreed by telephone".into(),
        set_by: Some(UserId::generate()),
        set_at: START,
    })
}

/// Submits a job at a time; the use and the reset of a refusal.
async fn submit_at(
    world: &World,
    account: OrganizationId,
    now: Timestamp,
) -> Result<Option<(u64, Timestamp)>> {
    let mut wish = submission(account, 0);
    wish.submitted_at = now;
    match world.try_submit(wish).await {
        Ok(_) => Ok(None),
        Err(HotError::Refused(Refusal::Quota { used, resets_at, .. })) => {
            Ok(Some((used, resets_at)))
        }
        Err(error) => Err(error.into()),
    }
}

/// What the account has used or reserved of its jobs in the month that contains `now`.
async fn jobs_of_month(world: &World, account: OrganizationId, now: Timestamp) -> Result<u64> {
    let account = world.read().await?.accounts().get_account(account, now).await?;
    let (month, jobs) = (account.derive_month(now).start, MeterId::jobs());
    let of_month = |usage: &&gantry_rules::account::MeterUse| {
        usage.meter == jobs && usage.period_start == month
    };
    let found = account.meters.iter().find(of_month);
    Ok(found.map_or(0, |usage| usage.used + usage.reserved))
}

/// Two jobs a month and three a day, in months that begin when the account did.
async fn anchored(world: &World) -> Result<OrganizationId> {
    let jobs = MeterLimit { per_period: Some(2), per_day: Some(3), per_job: None };
    world
        .account_with(0, |terms| {
            terms.quota_reset = QuotaReset::Billing;
            terms.meters.insert(MeterId::jobs(), jobs);
        })
        .await
}

/// Months begin at the anchor, also over the first of a month and on the anchor's own day.
pub async fn months_begin_at_the_anchor(world: &World) -> Outcome {
    let account = anchored(world).await?;
    let overview = world.read().await?.accounts().get_account(account, START).await?;
    ensure!(overview.quota_anchor == START, "without a subscription, when it was registered");
    ensure!(submit_at(world, account, World::at(1)).await?.is_none());
    // The calendar's month is over here, the account's is not.
    let late = World::at(20 * DAY);
    ensure!(submit_at(world, account, late).await?.is_none());
    let month = overview.derive_month(late);
    ensure!(submit_at(world, account, late).await? == Some((2, month.end)));
    ensure!(jobs_of_month(world, account, late).await? == 2);
    ensure!(submit_at(world, account, month.end).await?.is_none(), "the next month has begun");
    ensure!(jobs_of_month(world, account, month.end).await? == 1);
    Ok(())
}

/// Another anchor begins a month of its own: what was used before counts in its month alone, and
/// what was reserved there is settled there.
pub async fn another_anchor_begins_another_month(world: &World) -> Outcome {
    let account = anchored(world).await?;
    let wish = submission(account, 0);
    let id = wish.job_id;
    world.try_submit(wish).await?;
    let job = world.claim_job(id).await?;
    ensure!(submit_at(world, account, World::at(1)).await?.is_none());
    ensure!(submit_at(world, account, World::at(2)).await?.is_some());
    let anchor = World::at(5 * DAY);
    set_anchor(world, account, anchor).await?;
    ensure!(jobs_of_month(world, account, anchor).await? == 0);
    ensure!(submit_at(world, account, anchor).await?.is_none());
    world.end_at(World::at(6 * DAY), &job, success(), None).await?;
    ensure!(jobs_of_month(world, account, World::at(6 * DAY)).await? == 1, "counted twice");
    ensure!(submit_at(world, account, World::at(6 * DAY)).await?.is_none());
    // Where the old month would have ended, nothing begins.
    let resets_at = submit_at(world, account, World::at(32 * DAY)).await?;
    let month = world.read().await?.accounts().get_account(account, anchor).await?;
    let month = month.derive_month(anchor);
    ensure!(resets_at == Some((2, month.end)), "{resets_at:?}");
    ensure!(month.start == anchor);
    let read = world.read().await?;
    let all = read.accounts().get_account(account, START).await?.meters;
    let jobs = all.iter().filter(|usage| usage.meter == MeterId::jobs());
    let total: u64 = jobs.map(|usage| usage.used + usage.reserved).sum();
    ensure!(total == 4, "everything counts once: {all:?}");
    Ok(())
}

/// A day counts as a whole on the day on which a month begins.
pub async fn a_day_is_whole_where_a_month_begins(world: &World) -> Outcome {
    let account = anchored(world).await?;
    ensure!(submit_at(world, account, World::at(1)).await?.is_none());
    ensure!(submit_at(world, account, World::at(2)).await?.is_none());
    set_anchor(world, account, World::at(60)).await?;
    ensure!(submit_at(world, account, World::at(61)).await?.is_none());
    let refused = submit_at(world, account, World::at(62)).await?;
    ensure!(refused.is_some_and(|(used, _)| used == 3), "the day forgot: {refused:?}");
    Ok(())
}

/// A limit of its own is kept as it was set, changed, and taken back.
pub async fn a_limit_of_ones_own_is_kept_changed_and_taken_back(world: &World) -> Outcome {
    let (account, other) = (world.account(0).await?, world.account(0).await?);
    let mut seats = record(account, "seats", Some(7))?;
    let rows = record(account, "per_month.rows", None)?;
    put(world, &seats).await?;
    put(world, &rows).await?;
    let list = async |whose: OrganizationId| -> Result<Vec<OverrideRecord>> {
        Ok(world.read().await?.accounts().list_overrides(whose).await?)
    };
    ensure!(list(account).await? == [rows.clone(), seats.clone()]);
    ensure!(list(other).await?.is_empty(), "another tenant's limits");
    seats.own.expires_at = Some(World::at(100));
    put(world, &seats).await?;
    let overview = world.overview(account).await?;
    ensure!(overview.overrides == [rows.own.clone(), seats.own.clone()]);
    ensure!(overview.derive_terms(World::at(99)).seats == Some(7));
    ensure!(overview.derive_terms(World::at(100)).seats.is_none());
    ensure!(take_back(world, account, &rows.own.limit, START).await?);
    ensure!(!take_back(world, account, &rows.own.limit, START).await?, "it was taken back twice");
    ensure!(list(account).await? == [seats]);
    let nobody = record(OrganizationId::generate(), "seats", None)?;
    let refused = put(world, &nobody).await;
    ensure!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
    Ok(())
}

/// Admission goes by it at once, and by the plan when its time is over; what was kept as blocked
/// runs.
pub async fn admission_goes_by_limits_of_ones_own(world: &World) -> Outcome {
    let account = world
        .account_with(0, |terms| {
            let one = MeterLimit { per_period: Some(1), ..MeterLimit::default() };
            terms.meters.insert(MeterId::jobs(), one);
        })
        .await?;
    ensure!(submit_at(world, account, START).await?.is_none());
    let mut kept = submission(account, 0);
    kept.on_refusal = OnRefusal::KeepBlocked;
    let id = kept.job_id;
    ensure!(world.try_submit(kept).await?.state == JobState::Blocked);
    let mut three = record(account, "per_month.jobs", Some(3))?;
    three.own.expires_at = Some(World::at(100));
    put(world, &three).await?;
    ensure!(world.release_at(World::at(1)).await? == 1, "what was blocked waits on");
    ensure!(world.state(account, id).await? == JobState::Queued);
    ensure!(submit_at(world, account, World::at(99)).await?.is_none());
    let refused = submit_at(world, account, World::at(99)).await?;
    ensure!(refused.is_some_and(|(used, _)| used == 3), "{refused:?}");
    // The plan's limit holds again.
    three.own.value = Some(9);
    put(world, &three).await?;
    ensure!(submit_at(world, account, World::at(100)).await?.is_some(), "its time is over");
    ensure!(submit_at(world, account, World::at(99)).await?.is_none());
    ensure!(take_back(world, account, &three.own.limit, World::at(99)).await?);
    ensure!(submit_at(world, account, World::at(99)).await?.is_some());
    Ok(())
}

/// Claims go by it, above the plan's limit and below it.
pub async fn claims_go_by_limits_of_ones_own(world: &World) -> Outcome {
    let account = world.account_with(100, |terms| terms.concurrent_jobs = 2).await?;
    for _ in 0..6 {
        world.submit(account, 1).await?;
    }
    let mut slots = record(account, "concurrent_jobs", Some(1))?;
    put(world, &slots).await?;
    ensure!(world.claim(10).await?.len() == 1, "fewer than the plan's");
    slots.own.value = Some(4);
    slots.own.expires_at = Some(World::at(100));
    put(world, &slots).await?;
    let claimed = world.claim_at(World::at(99), 10).await?;
    ensure!(claimed.len() == 3, "{} more ran", claimed.len());
    let terms = &claimed.first().context("a job")?.terms;
    ensure!(terms.concurrent_jobs == 4, "the worker is told what holds");
    world.end(&claimed[0], success(), None).await?;
    ensure!(world.claim_at(World::at(100), 10).await?.is_empty(), "its time is over");
    ensure!(world.claim_at(World::at(99), 10).await?.len() == 1);
    Ok(())
}

/// Results are kept by it, and nothing is removed for a while after it was set or ended.
pub async fn results_are_kept_by_limits_of_ones_own(world: &World) -> Outcome {
    let account = world.account_with(0, |terms| terms.retention_days = Some(30)).await?;
    let list = async |settled: u64, now: u64| -> Result<Vec<(OrganizationId, u32)>> {
        let read = world.read().await?;
        Ok(read.chores().list_retentions(World::at(settled), World::at(now)).await?)
    };
    let mut days = record(account, "retention_days", Some(365))?;
    days.set_at = World::at(10);
    days.own.expires_at = Some(World::at(50));
    put(world, &days).await?;
    ensure!(list(9, 19).await?.is_empty(), "it was just set");
    ensure!(list(10, 20).await? == [(account, 365)]);
    ensure!(list(49, 59).await?.is_empty(), "it has just ended");
    ensure!(list(50, 60).await? == [(account, 30)], "the plan's");
    ensure!(take_back(world, account, &days.own.limit, World::at(70)).await?);
    ensure!(list(69, 79).await?.is_empty(), "it was just taken back");
    ensure!(list(70, 80).await? == [(account, 30)]);
    Ok(())
}
