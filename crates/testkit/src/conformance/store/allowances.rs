//! Units that calls of services draw on for a while.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use gantry_ports::store::{AllowCommand, AllowancePhase, AllowanceUseCommand, HotError};
use gantry_rules::allowance::UnitAsk;
use gantry_rules::period::derive_period;
use gantry_rules::plan::MeterLimit;
use gantry_rules::refusal::Refusal;
use gantry_types::{AllowanceId, MeterId, OrganizationId, Timestamp};

use super::World;
use super::world::submission;
use crate::conformance::Outcome;

fn meter() -> anyhow::Result<MeterId> {
    Ok("predictions".parse::<MeterId>()?)
}

/// An account whose plan limits one meter.
struct Caller<'a> {
    world: &'a World,
    account: OrganizationId,
    meter: MeterId,
}

impl<'a> Caller<'a> {
    async fn on(world: &'a World, per_period: u64) -> anyhow::Result<Self> {
        let limit = MeterLimit { per_job: Some(50), per_period: Some(per_period), per_day: None };
        let meter = meter()?;
        let limited = meter.clone();
        let account =
            world.account_with(100, |terms| terms.meters.extend([(limited, limit)])).await?;
        Ok(Self { world, account, meter })
    }

    async fn allow(
        &self,
        (needed, wanted): (u64, u64),
        now: Timestamp,
    ) -> Result<(AllowanceId, u64), HotError> {
        let (allowance_id, organization_id) = (AllowanceId::generate(), self.account);
        let asks = BTreeMap::from([(self.meter.clone(), UnitAsk { needed, wanted })]);
        let expires_at = now.plus(Duration::from_mins(1));
        let command = AllowCommand { allowance_id, organization_id, asks, now, expires_at };
        let granted = self.world.store.allow(command).await?;
        Ok((allowance_id, granted.get(&self.meter).copied().unwrap_or_default()))
    }

    async fn report(
        &self,
        (allowance_id, used): (AllowanceId, u64),
        phase: AllowancePhase,
    ) -> Result<(), HotError> {
        let (used, organization_id) = (BTreeMap::from([(self.meter.clone(), used)]), self.account);
        let command = AllowanceUseCommand { allowance_id, organization_id, used, phase };
        self.world.store.report_use(command).await
    }

    /// What is used and reserved.
    async fn usage(&self) -> anyhow::Result<(u64, u64)> {
        let meters = self.world.overview(self.account).await?.meters;
        let usage = meters.iter().find(|usage| usage.meter == self.meter);
        let usage = usage.context("nothing was counted")?;
        Ok((usage.used, usage.reserved))
    }
}

/// What was used counts, the rest returns, once.
pub async fn an_allowance_returns_what_was_not_used(world: &World) -> Outcome {
    let caller = Caller::on(world, 1_000).await?;
    let (id, granted) = caller.allow((3, 64), World::at(0)).await?;
    ensure!(granted == 64, "{granted}");
    ensure!(caller.usage().await? == (0, 64));
    caller.report((id, 10), AllowancePhase::Open).await?;
    ensure!(caller.usage().await? == (0, 64));
    world.check_books().await?;
    caller.report((id, 12), AllowancePhase::Ended).await?;
    ensure!(caller.usage().await? == (12, 0));
    // Twice is as good as once.
    caller.report((id, 60), AllowancePhase::Ended).await?;
    ensure!(caller.usage().await? == (12, 0));
    Ok(())
}

/// A quota refuses a call as it refuses a job, and leaves room for jobs beside an allowance.
pub async fn an_allowance_keeps_to_the_quota(world: &World) -> Outcome {
    let caller = Caller::on(world, 100).await?;
    let (_, granted) = caller.allow((3, 64), World::at(0)).await?;
    ensure!(granted == 10, "a tenth of what is free, not {granted}");
    let (_, granted) = caller.allow((50, 64), World::at(0)).await?;
    ensure!(granted == 50, "{granted}");
    let refused = caller.allow((41, 41), World::at(0)).await;
    let is_quota = |error: &HotError| {
        matches!(error, HotError::Refused(Refusal::Quota { used: 60, limit: 100, needed: 41, .. }))
    };
    ensure!(refused.as_ref().is_err_and(is_quota), "{refused:?}");
    let refused = caller.allow((51, 51), World::at(0)).await;
    let is_too_large = |error: &HotError| {
        matches!(error, HotError::Refused(Refusal::JobTooLarge { limit: 50, .. }))
    };
    ensure!(refused.as_ref().is_err_and(is_too_large), "{refused:?}");
    let mut wish = submission(caller.account, 1);
    wish.needs.meters.insert(caller.meter.clone(), 41);
    let refused = world.try_submit(wish).await;
    ensure!(refused.as_ref().is_err_and(is_quota), "{refused:?}");
    Ok(())
}

/// The owner of an allowance may be gone: its time ends it, as it was last reported.
pub async fn a_lost_allowance_ends_by_itself(world: &World) -> Outcome {
    let caller = Caller::on(world, 1_000).await?;
    let (id, _) = caller.allow((1, 64), World::at(0)).await?;
    let (other, _) = caller.allow((1, 64), World::at(30)).await?;
    caller.report((id, 7), AllowancePhase::Open).await?;
    world.release_at(World::at(59)).await?;
    ensure!(caller.usage().await? == (0, 128));
    world.release_at(World::at(60)).await?;
    ensure!(caller.usage().await? == (7, 64));
    // A late word of the owner changes nothing.
    caller.report((id, 20), AllowancePhase::Ended).await?;
    ensure!(caller.usage().await? == (7, 64));
    caller.report((other, 0), AllowancePhase::Ended).await?;
    ensure!(caller.usage().await? == (7, 0));
    Ok(())
}

/// What was reserved in one month counts there, also when it ends in the next one.
pub async fn an_allowance_counts_in_its_own_month(world: &World) -> Outcome {
    let caller = Caller::on(world, 1_000).await?;
    let (id, _) = caller.allow((1, 64), World::at(0)).await?;
    caller.report((id, 5), AllowancePhase::Open).await?;
    let next_month = World::at(40 * 24 * 3600);
    let (later, _) = caller.allow((1, 64), next_month).await?;
    caller.report((id, 6), AllowancePhase::Ended).await?;
    caller.report((later, 2), AllowancePhase::Ended).await?;
    ensure!(caller.usage().await? == (6, 0));
    let read = world.read().await?;
    let later =
        read.accounts().get_account(caller.account, derive_period(next_month).start).await?;
    let found = later.meters.iter().find(|usage| usage.meter == caller.meter);
    ensure!(found.is_some_and(|usage| (usage.used, usage.reserved) == (2, 0)), "{found:?}");
    Ok(())
}

/// Another organization's allowance does not exist.
pub async fn another_organization_cannot_end_an_allowance(world: &World) -> Outcome {
    let (owner, other) = (Caller::on(world, 1_000).await?, Caller::on(world, 1_000).await?);
    let (id, _) = owner.allow((1, 64), World::at(0)).await?;
    let refused = other.report((id, 64), AllowancePhase::Ended).await;
    ensure!(refused.is_err(), "{refused:?}");
    ensure!(owner.usage().await? == (0, 64));
    Ok(())
}
