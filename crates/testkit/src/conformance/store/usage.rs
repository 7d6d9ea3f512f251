//! What was used, day by day: summed from the jobs, rolled up, and taken from who was erased.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    AllowCommand, AllowancePhase, AllowanceUseCommand, CancelCommand, ErasedRows, NewUser,
    StoreExt, Traces, UsageBy, UsageFilter, UsageKey, UsageSums,
};
use gantry_rules::allowance::UnitAsk;
use gantry_rules::outcome::Ending;
use gantry_rules::period::derive_day;
use gantry_rules::plan::MeterLimit;
use gantry_types::{
    AllowanceId, Credits, EngineErrorKind, JobId, MeterId, OrganizationId, Timestamp, UserId,
};

use super::World;
use super::world::{START, failure, submission, success};
use crate::conformance::Outcome;
use crate::installation::{insert_account, new_user};

const DAY: u64 = 24 * 60 * 60;

/// Everything of a tenant in the week of the story.
fn week(account: OrganizationId) -> UsageFilter {
    let (from, to) = (derive_day(World::at(0)).start, derive_day(World::at(6 * DAY)).end);
    UsageFilter { from, to, organization_id: Some(account), user_id: None }
}

async fn sum(
    world: &World,
    filter: UsageFilter,
    by: UsageBy,
) -> Result<BTreeMap<UsageKey, UsageSums>> {
    Ok(world.read().await?.usage().sum_usage(&filter, by).await?)
}

/// The one sum of a tenant's week.
async fn total(world: &World, account: OrganizationId) -> Result<UsageSums> {
    let mut found = sum(world, week(account), UsageBy::Organization).await?;
    let total = found.remove(&UsageKey::Organization(account)).context("no sum")?;
    ensure!(found.is_empty(), "sums of others: {found:?}");
    Ok(total)
}

async fn roll_up(world: &World, day: Timestamp) -> Result<u64, StoreError> {
    world.store.write(move |tx| Box::pin(async move { tx.usage().roll_up_day(day).await })).await
}

/// Somebody with an account and credits.
async fn insert(world: &World, email: &str) -> Result<NewUser> {
    let new = new_user(email, world.plan.id, START);
    insert_account(&*world.store, new.clone(), Credits::new(1_000), START).await?;
    Ok(new)
}

/// A job of somebody: its tenant, who submitted it, and the rows that it wants to use.
type Wish = (OrganizationId, Option<UserId>, u64);

async fn submit(world: &World, (account, user_id, rows): Wish) -> Result<JobId> {
    let mut wish = submission(account, 10);
    wish.submitted_by = user_id;
    let meter: MeterId = "rows".parse()?;
    wish.needs.meters = BTreeMap::from([(meter, rows)]);
    Ok(world.try_submit(wish).await?.job_id)
}

/// Runs a job from a time on for ten seconds; it charges 4 credits.
async fn run(world: &World, wish: Wish, begin: u64, ending: Ending) -> Outcome {
    let id = submit(world, wish).await?;
    let mut claimed = world.claim_at(World::at(begin), 1).await?;
    let job = claimed.pop().context("no job was ready")?;
    ensure!(job.job.id == id, "another job was claimed");
    world.end_at(World::at(begin + 10), &job, ending, Some(4)).await?;
    Ok(())
}

fn rows_of(sums: &UsageSums) -> Result<Option<u64>> {
    let meter: MeterId = "rows".parse()?;
    Ok(sums.units.get(&meter).copied())
}

/// What ended is counted at once, by day, operation and person; what has not ended is not.
pub async fn use_is_summed_from_the_jobs(world: &World) -> Outcome {
    let ada = insert(world, "ada@example.org").await?;
    let (account, user_id) = (ada.organization.id, ada.user.id);
    let other = world.account(100).await?;
    run(world, (account, Some(user_id), 5), 0, success()).await?;
    run(world, (account, None, 7), DAY, failure(EngineErrorKind::Input)).await?;
    run(world, (other, None, 9), DAY, success()).await?;
    let cancelled = submit(world, (account, Some(user_id), 3)).await?;
    let command =
        CancelCommand { now: World::at(DAY), ..super::cancel::command(account, cancelled) };
    world.store.cancel(command).await?;
    submit(world, (account, None, 11)).await?;

    let found = total(world, account).await?;
    let counts = (found.jobs, found.succeeded, found.failed, found.cancelled);
    ensure!(counts == (3, 1, 1, 1), "{found:?}");
    ensure!(found.credits == Credits::new(4) && found.busy == Duration::from_secs(20), "{found:?}");
    // What failed and what never began used nothing.
    ensure!(rows_of(&found)? == Some(5), "{found:?}");

    let days = sum(world, week(account), UsageBy::Day).await?;
    let first = UsageKey::Day(derive_day(START).start);
    let second = UsageKey::Day(derive_day(World::at(DAY)).start);
    ensure!(days.keys().collect::<Vec<_>>() == [&first, &second], "{days:?}");
    ensure!(days[&first].jobs == 1 && days[&second].jobs == 2, "{days:?}");
    let members = sum(world, week(account), UsageBy::Member).await?;
    let one = UsageKey::Member(Some(user_id));
    ensure!(members[&one].jobs == 2 && members[&UsageKey::Member(None)].jobs == 1, "{members:?}");
    let own = UsageFilter { user_id: Some(user_id), ..week(account) };
    let own = sum(world, own, UsageBy::Member).await?;
    ensure!(own.len() == 1 && own[&one] == members[&one], "{own:?}");
    let operations = sum(world, week(account), UsageBy::Operation).await?;
    let operation = UsageKey::Operation(Some("story.run".to_owned()));
    ensure!(operations.len() == 1 && operations[&operation] == found, "{operations:?}");
    let all = UsageFilter { organization_id: None, ..week(account) };
    let all = sum(world, all, UsageBy::Organization).await?;
    ensure!(all.len() == 2 && all[&UsageKey::Organization(other)].jobs == 1, "{all:?}");
    let empty = UsageFilter { to: week(account).from, ..week(account) };
    ensure!(sum(world, empty, UsageBy::Day).await?.is_empty());
    Ok(())
}

/// A day that is rolled up twice is there once; answers are the same before, between and after.
pub async fn a_day_is_rolled_up_as_a_whole(world: &World) -> Outcome {
    let ada = insert(world, "ada@example.org").await?;
    let (account, user_id) = (ada.organization.id, ada.user.id);
    let read = world.read().await?;
    ensure!(read.usage().find_first_usage().await?.is_none());
    ensure!(read.usage().find_rolled_up_to().await?.is_none());
    drop(read);
    run(world, (account, Some(user_id), 5), 0, success()).await?;
    run(world, (account, None, 7), 0, success()).await?;
    run(world, (account, Some(user_id), 3), DAY, success()).await?;
    run(world, (account, Some(user_id), 2), 2 * DAY, success()).await?;
    ensure!(world.read().await?.usage().find_first_usage().await? == Some(World::at(10)));
    let mut before = Vec::new();
    let every = [UsageBy::Day, UsageBy::Operation, UsageBy::Member, UsageBy::Organization];
    for by in every {
        before.push(sum(world, week(account), by).await?);
    }
    ensure!(before[0].len() == 3 && before[2].len() == 2, "{before:?}");

    let (first, second) = (derive_day(START), derive_day(World::at(DAY)));
    for (day, rows) in [(first, 2), (first, 2), (second, 1), (first, 2)] {
        ensure!(roll_up(world, day.start).await? == rows);
        for (by, expected) in every.into_iter().zip(&before) {
            let found = sum(world, week(account), by).await?;
            ensure!(found == *expected, "{by:?}: {found:?}, expected {expected:?}");
        }
    }
    // It does not go back.
    let rolled_up_to = world.read().await?.usage().find_rolled_up_to().await?;
    ensure!(rolled_up_to == Some(second.end), "{rolled_up_to:?}");
    let other = world.account(100).await?;
    ensure!(sum(world, week(other), UsageBy::Day).await?.is_empty());
    Ok(())
}

/// What somebody used who is erased is nobody's, in days that were rolled up and in others; with
/// their own organization it goes.
pub async fn who_was_erased_used_nothing(world: &World) -> Outcome {
    let ada = insert(world, "ada@example.org").await?;
    let (user_id, home) = (ada.user.id, ada.organization.id);
    let shared = world.account(100).await?;
    run(world, (home, Some(user_id), 1), 0, success()).await?;
    run(world, (shared, Some(user_id), 5), 0, success()).await?;
    run(world, (shared, None, 7), 0, success()).await?;
    run(world, (shared, Some(user_id), 3), DAY, success()).await?;
    run(world, (shared, Some(user_id), 2), 2 * DAY, success()).await?;
    roll_up(world, derive_day(START).start).await?;
    roll_up(world, derive_day(World::at(DAY)).start).await?;
    let before = total(world, shared).await?;
    ensure!(sum(world, week(shared), UsageBy::Member).await?.len() == 2);

    let rows = ErasedRows { organization_id: home, limit: 100, delete_after: World::at(500) };
    let email = ada.user.email.clone();
    let traces = Traces { user_id, email, organizations: vec![home] };
    super::departures::write(world, (rows, traces), |tx, (rows, traces)| {
        Box::pin(async move {
            tx.departures().erase_rows(&rows).await?;
            let departure = super::departures::departure(traces.user_id);
            tx.departures().insert_departure(&departure).await?;
            tx.departures().erase_person(&traces, World::at(100)).await
        })
    })
    .await?;
    ensure!(sum(world, week(home), UsageBy::Day).await?.is_empty(), "it outlives its organization");
    let members = sum(world, week(shared), UsageBy::Member).await?;
    ensure!(members.keys().collect::<Vec<_>>() == [&UsageKey::Member(None)], "{members:?}");
    ensure!(members[&UsageKey::Member(None)] == before, "{members:?}, expected {before:?}");
    ensure!(rows_of(&before)? == Some(17), "{before:?}");
    // Also when it is rolled up afterwards.
    roll_up(world, derive_day(World::at(2 * DAY)).start).await?;
    ensure!(total(world, shared).await? == before);
    Ok(())
}

/// Requests with keys of a day count where the plan limits them by the day, and are nobody's.
pub async fn requests_are_counted_by_the_day(world: &World) -> Outcome {
    let calls = MeterId::api_calls();
    let limit = MeterLimit { per_job: None, per_period: None, per_day: Some(1_000) };
    let limited = calls.clone();
    let account = world.account_with(100, |terms| terms.meters.extend([(limited, limit)])).await?;
    run(world, (account, None, 5), 0, success()).await?;
    let (allowance_id, organization_id) = (AllowanceId::generate(), account);
    let asks = BTreeMap::from([(calls.clone(), UnitAsk { needed: 4, wanted: 4 })]);
    let (now, expires_at) = (START, World::at(60));
    let allow = AllowCommand { allowance_id, organization_id, asks, now, expires_at };
    world.store.allow(allow).await?;
    let (used, phase) = (BTreeMap::from([(calls.clone(), 4)]), AllowancePhase::Ended);
    let report = AllowanceUseCommand { allowance_id, organization_id, used, phase };
    world.store.report_use(report).await?;
    for _ in ["before it is rolled up", "afterwards"] {
        let found = sum(world, week(account), UsageBy::Operation).await?;
        ensure!(found.len() == 2, "{found:?}");
        let of_none = &found[&UsageKey::Operation(None)];
        ensure!(of_none.jobs == 0 && of_none.units.get(&calls) == Some(&4), "{found:?}");
        let members = sum(world, week(account), UsageBy::Member).await?;
        ensure!(members[&UsageKey::Member(None)].units.get(&calls) == Some(&4), "{members:?}");
        let days = sum(world, week(account), UsageBy::Day).await?;
        ensure!(days.len() == 1 && days.values().all(|sums| sums.jobs == 1), "{days:?}");
        roll_up(world, derive_day(START).start).await?;
    }
    Ok(())
}
