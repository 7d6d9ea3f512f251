//! What limits refused, counted day by day.

use anyhow::{Result, ensure};
use gantry_ports::store::{
    AllowCommand, QuotaEvent, QuotaEventFilter, QuotaEventKind, RaiseHoldCommand,
};
use gantry_rules::allowance::UnitAsk;
use gantry_rules::period::derive_day;
use gantry_rules::plan::MeterLimit;
use gantry_rules::submission::OnRefusal;
use gantry_types::{AllowanceId, Credits, MeterId, OrganizationId};

use super::World;
use super::world::submission;
use crate::conformance::Outcome;

const DAY: u64 = 24 * 60 * 60;

async fn list(world: &World, account: Option<OrganizationId>) -> Result<Vec<QuotaEvent>> {
    let filter = QuotaEventFilter {
        from: derive_day(World::at(0)).start,
        to: derive_day(World::at(2 * DAY)).end,
        organization_id: account,
        limit: 100,
    };
    Ok(world.read().await?.usage().list_quota_events(&filter).await?)
}

/// What a line says: the kind, the limit and how often.
fn told(event: &QuotaEvent) -> (QuotaEventKind, &str, u64) {
    (event.kind, event.limit.as_str(), event.times)
}

/// One line a day for each limit, whatever is asked how often; what was admitted leaves none.
pub async fn refusals_are_counted_by_day_and_limit(world: &World) -> Outcome {
    let account = world
        .account_with(10, |terms| {
            let limit = MeterLimit { per_period: Some(1), ..MeterLimit::default() };
            terms.meters.insert(MeterId::jobs(), limit);
        })
        .await?;
    let poor = |seconds: u64| {
        let mut wish = submission(account, 11);
        wish.submitted_at = World::at(seconds);
        wish
    };
    let twins = (0..20).map(|_| world.try_submit(poor(5)));
    for answer in futures::future::join_all(twins).await {
        ensure!(answer.is_err(), "{answer:?}");
    }
    ensure!(world.try_submit(poor(7)).await.is_err());
    let mut kept = poor(8);
    kept.on_refusal = OnRefusal::KeepBlocked;
    let first = world.try_submit(kept.clone()).await?;
    ensure!(first.blocked_by.is_some() && world.try_submit(kept).await?.repeated);
    let found = list(world, Some(account)).await?;
    let (blocked, refused) = (QuotaEventKind::Blocked, QuotaEventKind::Refused);
    let expected = [(blocked, "credits", 1), (refused, "credits", 21)];
    ensure!(found.iter().map(told).eq(expected), "{found:?}");
    let line = &found[1];
    ensure!((line.first_at, line.last_at) == (World::at(5), World::at(7)), "{line:?}");
    ensure!(line.message.contains("11") && line.message.contains("10"), "{}", line.message);
    world.submit(account, 1).await?;
    let mut second = submission(account, 1);
    second.submitted_at = World::at(DAY);
    ensure!(world.try_submit(second).await.is_err());
    let found = list(world, Some(account)).await?;
    ensure!(found.len() == 3 && told(&found[0]) == (refused, "quota.jobs", 1), "{found:?}");
    ensure!(found[0].day == derive_day(World::at(DAY)).start);
    let stranger = world.account(1).await?;
    ensure!(list(world, Some(stranger)).await?.is_empty(), "another tenant's lines");
    ensure!(list(world, None).await?.len() >= 3);
    Ok(())
}

/// Calls of services and larger holds are counted like jobs.
pub async fn refused_calls_and_holds_are_counted(world: &World) -> Outcome {
    let account = world
        .account_with(10, |terms| {
            let limit = MeterLimit { per_period: Some(1), ..MeterLimit::default() };
            terms.meters.insert(MeterId::api_calls(), limit);
        })
        .await?;
    let asks = [(MeterId::api_calls(), UnitAsk { needed: 2, wanted: 2 })];
    let command = AllowCommand {
        allowance_id: AllowanceId::generate(),
        organization_id: account,
        asks: asks.into(),
        now: World::at(1),
        expires_at: World::at(60),
    };
    ensure!(world.store.allow(command).await.is_err());
    let id = world.submit(account, 10).await?;
    let claimed = world.claim_job(id).await?;
    let (job_id, attempt) = (id, claimed.job.attempt);
    let raise = RaiseHoldCommand { job_id, attempt, to: Credits::new(11), now: World::at(2) };
    ensure!(world.store.raise_hold(raise).await.is_err());
    let found = list(world, Some(account)).await?;
    let refused = QuotaEventKind::Refused;
    let expected = [(refused, "credits", 1), (refused, "quota.api_calls", 1)];
    ensure!(found.iter().map(told).eq(expected), "{found:?}");
    Ok(())
}
