//! What is taken off subscriptions.

use anyhow::ensure;
use gantry_ports::StoreError;
use gantry_ports::store::StoreExt;
use gantry_rules::discount::{Discount, KnownDiscount, ToldDiscount};
use gantry_rules::subscription::{Standing, Subscription, SubscriptionState, SubscriptionStatus};

use super::World;
use super::payments::subscription;
use crate::conformance::Outcome;

/// A discount is kept with its end, here and in the list of changes, until another one is told of.
pub async fn a_discount_is_kept_step_by_step(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let first = subscription(account, world.overview(account).await?.plan.id);
    let half = Discount { minor: 500, until: Some(World::at(9)) };
    let ever = Discount { minor: 300, until: None };
    let mut steps = vec![first.standing];
    for (second, told) in [(1, ToldDiscount::Off(half)), (2, ToldDiscount::Off(ever))] {
        let state = SubscriptionState { told_at: World::at(second), ..first.standing.state };
        let discount = told.learn(None);
        steps.push(Standing { discount, state, ..first.standing });
    }
    let (kept, later) = (first.clone(), steps[1..].to_vec());
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let (kept, later) = (kept.clone(), later.clone());
            Box::pin(async move {
                tx.payments().insert_subscription(&kept).await?;
                for standing in &later {
                    tx.payments().set_subscription(kept.id, standing).await?;
                }
                Ok(())
            })
        })
        .await?;
    let snapshot = world.read().await?;
    let payments = snapshot.payments();
    let found = payments.find_subscription(account).await?;
    ensure!(found == Some(Subscription { standing: steps[2], ..first }), "{found:?}");
    let changes = payments.list_subscription_changes(World::at(60)).await?;
    let told: Vec<Option<Discount>> = changes.iter().map(|change| change.discount).collect();
    ensure!(told == [None, Some(half), Some(ever)], "{told:?}");
    Ok(())
}

/// A subscription whose discount was not told of is to be asked about, unless it is over.
pub async fn a_discount_that_was_not_told_is_asked_for(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let first = subscription(account, world.overview(account).await?.plan.id);
    for (status, discount, due) in [
        (SubscriptionStatus::Active, ToldDiscount::None.learn(None), 0),
        (SubscriptionStatus::Active, ToldDiscount::Unknown.learn(None), 1),
        (SubscriptionStatus::Ended, ToldDiscount::Unknown.learn(None), 0),
    ] {
        require_due(world, &first, (status, discount), due).await?;
    }
    Ok(())
}

/// Of a subscription like `like` alone, in this state, so many are due within its period.
async fn require_due(
    world: &World,
    like: &Subscription,
    (status, discount): (SubscriptionStatus, KnownDiscount),
    due: usize,
) -> Outcome {
    let mut one = like.clone();
    one.id = gantry_types::SubscriptionId::generate();
    one.provider_ref = one.id.to_string();
    one.standing.state.status = status;
    one.standing.discount = discount;
    let kept = one.clone();
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let kept = kept.clone();
            Box::pin(async move { tx.payments().insert_subscription(&kept).await })
        })
        .await?;
    let found = world
        .read()
        .await?
        .payments()
        .list_due_subscriptions(&one.provider, World::at(1), None, 10)
        .await?;
    let found = found.iter().filter(|found| found.id == one.id).count();
    ensure!(found == due, "{status:?}, {discount:?}: {found}");
    Ok(())
}
