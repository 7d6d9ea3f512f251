//! Trials: whose end is told of, and when.

use anyhow::ensure;
use gantry_ports::StoreError;
use gantry_ports::store::StoreExt;
use gantry_rules::period::Period;
use gantry_rules::subscription::{AtPeriodEnd, Standing, Subscription, SubscriptionStatus};
use gantry_types::SubscriptionId;

use super::World;
use super::payments::subscription;
use crate::conformance::Outcome;

/// The end of a trial is told of once, near it, and only where the subscription goes on.
pub async fn the_end_of_a_trial_is_told_of_once(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let plan_id = world.overview(account).await?.plan.id;
    let goes_on = subscription(account, plan_id);
    let [mut cancelled, mut paid] = [goes_on.clone(), goes_on.clone()];
    cancelled.standing.state.at_period_end = AtPeriodEnd::Cancel;
    paid.standing.state.status = SubscriptionStatus::Active;
    for (number, other) in [&mut cancelled, &mut paid].into_iter().enumerate() {
        other.id = SubscriptionId::generate();
        other.provider_ref = format!("other_{number}");
    }
    let all = [goes_on.clone(), cancelled.clone(), paid.clone()];
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let all = all.clone();
            Box::pin(async move {
                for one in &all {
                    tx.payments().insert_subscription(one).await?;
                }
                Ok(())
            })
        })
        .await?;
    for (start, end, found) in [(0, 600, 0), (0, 601, 1), (600, 601, 1), (601, 900, 0)] {
        let span = Period { start: World::at(start), end: World::at(end) };
        let ending = world.read().await?.payments().list_ending_trials(span, 10).await?;
        ensure!(ending.len() == found, "{start} to {end}: {ending:?}");
        ensure!(ending.iter().all(|one| *one == goes_on));
    }
    let note = |id: SubscriptionId| {
        world.store.write::<Option<Subscription>, StoreError, _>(move |tx| {
            Box::pin(async move { tx.payments().note_trial_told(id, World::at(500)).await })
        })
    };
    for id in [cancelled.id, paid.id, SubscriptionId::generate()] {
        ensure!(note(id).await?.is_none());
    }
    let (id, standing) = (goes_on.id, goes_on.standing);
    let (first, second) = tokio::join!(note(id), note(id));
    let told: Vec<Subscription> = [first?, second?].into_iter().flatten().collect();
    ensure!(told == [goes_on], "{told:?}");
    let span = Period { start: World::at(0), end: World::at(601) };
    ensure!(world.read().await?.payments().list_ending_trials(span, 10).await?.is_empty());
    require_told_anew(world, id, standing).await
}

/// Who was told of an end that then moved on is told of the new one.
async fn require_told_anew(world: &World, id: SubscriptionId, told: Standing) -> Outcome {
    let mut moved = told;
    moved.state.period_end = World::at(800);
    for (standing, found) in [(told, 0), (moved, 1)] {
        world
            .store
            .write::<(), StoreError, _>(move |tx| {
                Box::pin(async move { tx.payments().set_subscription(id, &standing).await })
            })
            .await?;
        let span = Period { start: World::at(0), end: World::at(801) };
        let ending = world.read().await?.payments().list_ending_trials(span, 10).await?;
        ensure!(ending.len() == found, "{ending:?}");
    }
    Ok(())
}
