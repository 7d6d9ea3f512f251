//! Which of its subscriptions an organization has.

use anyhow::{Context, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::StoreExt;
use gantry_rules::subscription::SubscriptionStatus;
use gantry_types::SubscriptionId;

use super::World;
use super::payments::subscription;
use crate::conformance::Outcome;

/// A later subscription that is not paid for yet does not hide one that is; one that ended hides
/// neither.
pub async fn what_is_not_paid_for_yet_hides_nothing(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let plan_id = world.overview(account).await?.plan.id;
    let paid = subscription(account, plan_id);
    let later = |name: &str, status: SubscriptionStatus| {
        let mut one = paid.clone();
        one.id = SubscriptionId::generate();
        one.provider_ref = name.to_owned();
        one.standing.state.status = status;
        one
    };
    let open = later("sub_open", SubscriptionStatus::Incomplete);
    let over = later("sub_over", SubscriptionStatus::Ended);
    for (one, expected) in [(&over, &over), (&open, &open), (&paid, &paid)] {
        let kept = one.clone();
        world
            .store
            .write::<(), StoreError, _>(move |tx| {
                let kept = kept.clone();
                Box::pin(async move { tx.payments().insert_subscription(&kept).await })
            })
            .await?;
        let found = world.read().await?.payments().find_subscription(account).await?;
        let found = found.context("a subscription")?;
        ensure!(found.id == expected.id, "{found:?}");
    }
    Ok(())
}
