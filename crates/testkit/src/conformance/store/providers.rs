//! What is with several payment providers is listed for each of them alone.

use anyhow::ensure;
use gantry_ports::StoreError;
use gantry_ports::store::{EventOutcome, PaymentEvent, StoreExt};
use gantry_rules::subscription::{Subscription, SubscriptionStatus};
use gantry_types::{PaymentEventId, SubscriptionId};

use super::World;
use super::payments::subscription;
use super::world::START;
use crate::conformance::Outcome;

async fn insert(world: &World, all: Vec<Subscription>) -> Result<(), StoreError> {
    world
        .store
        .write(move |tx| {
            let all = all.clone();
            Box::pin(async move {
                for one in &all {
                    tx.payments().insert_subscription(one).await?;
                }
                Ok::<(), StoreError>(())
            })
        })
        .await
}

/// Subscriptions that are due, second ones, and those of providers that are not in use any more are
/// listed by the provider that they are with.
pub async fn subscriptions_are_listed_by_their_provider(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let plan_id = world.overview(account).await?.plan.id;
    let first = subscription(account, plan_id);
    let mut second = first.clone();
    second.id = SubscriptionId::generate();
    second.provider = "other".to_owned();
    let mut over = first.clone();
    over.id = SubscriptionId::generate();
    over.provider_ref = "sub_over".to_owned();
    over.standing.state.status = SubscriptionStatus::Ended;
    insert(world, vec![first.clone(), second.clone(), over]).await?;
    let snapshot = world.read().await?;
    let payments = snapshot.payments();
    let late = World::at(601);
    for (provider, expected) in [("story", &first), ("other", &second)] {
        let due = payments.list_due_subscriptions(provider, late, None, 10).await?;
        ensure!(due == std::slice::from_ref(expected), "{provider}: {due:?}");
    }
    ensure!(payments.list_due_subscriptions("third", late, None, 10).await?.is_empty());
    ensure!(payments.list_duplicate_subscriptions("story", 10).await?.is_empty());
    let later = payments.list_duplicate_subscriptions("other", 10).await?;
    ensure!(later == std::slice::from_ref(&second), "{later:?}");
    for (in_use, before, found) in [
        (&["story"][..], late, 1),
        (&["story", "other"][..], late, 0),
        (&["third", "fourth"][..], late, 2),
        (&["story"][..], World::at(600), 0),
    ] {
        let abandoned = payments.list_abandoned_subscriptions(in_use, before, 10).await?;
        ensure!(abandoned.len() == found, "{in_use:?}: {abandoned:?}");
        ensure!(abandoned.iter().all(|one| !in_use.contains(&one.provider.as_str())));
    }
    Ok(())
}

/// A round goes on where the one before ended, also among those that end at one time, so that nobody
/// is left out for those who stay due.
pub async fn due_subscriptions_are_listed_to_the_end(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let plan_id = world.overview(account).await?.plan.id;
    let first = subscription(account, plan_id);
    let mut twin = first.clone();
    twin.id = SubscriptionId::generate();
    twin.provider_ref = "sub_twin".to_owned();
    let mut earlier = twin.clone();
    earlier.id = SubscriptionId::generate();
    earlier.provider_ref = "sub_earlier".to_owned();
    earlier.standing.state.period_end = World::at(500);
    insert(world, vec![twin.clone(), earlier.clone(), first.clone()]).await?;
    let snapshot = world.read().await?;
    let (payments, late) = (snapshot.payments(), World::at(601));
    let mut after: Option<Subscription> = None;
    for expected in [Some(&earlier), Some(&first), Some(&twin), None] {
        let due = payments.list_due_subscriptions("story", late, after.as_ref(), 1).await?;
        ensure!(due.first() == expected, "{due:?}");
        after = due.into_iter().next().or(after);
    }
    Ok(())
}

/// What one provider told and nobody understands does not take the place of what another one told.
pub async fn unclear_events_are_listed_by_their_provider(world: &World) -> Outcome {
    let event = |provider: &str| PaymentEvent {
        id: PaymentEventId::generate(),
        provider: provider.to_owned(),
        event_ref: "evt_1".to_owned(),
        kind: "invoice.paid".to_owned(),
        body: "{}".to_owned(),
        outcome: EventOutcome::Unclear,
        note: "of nobody".to_owned(),
        received_at: START,
        given_up_at: None,
    };
    let both = [event("story"), event("other")];
    let kept = both.clone();
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let kept = kept.clone();
            Box::pin(async move {
                for event in &kept {
                    tx.payments().insert_event(event).await?;
                }
                Ok(())
            })
        })
        .await?;
    let snapshot = world.read().await?;
    for event in both {
        let listed = snapshot.payments().list_unclear_events(&event.provider, START, 1).await?;
        ensure!(listed == std::slice::from_ref(&event), "{listed:?}");
    }
    Ok(())
}
