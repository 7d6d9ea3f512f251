//! Refunds and disputes one by one, and the log of what providers told.

use anyhow::{Context, ensure};
use gantry_ports::StoreError;
use gantry_ports::payments::{DisputeState, PaymentFeatures, RefundState};
use gantry_ports::store::{
    EventOutcome, Order, PageRequest, Payment, PaymentDispute, PaymentEvent, PaymentEventFilter,
    PaymentFilter, PaymentRefund, PaymentStatus, PaymentTrail, StoreExt, UnclearEvents,
};
use gantry_types::{Currency, Money, PaymentEventId, PaymentId};

use super::World;
use super::world::START;
use crate::conformance::Outcome;

async fn pay(world: &World) -> anyhow::Result<PaymentId> {
    let payment = Payment {
        id: PaymentId::generate(),
        organization_id: world.account(0).await?,
        provider: "story".to_owned(),
        provider_ref: "pi_1".to_owned(),
        subscription_id: None,
        subscription_ref: None,
        lot_id: None,
        amount: Money { minor: 1_000, currency: Currency::usd() },
        refunded_minor: 0,
        status: PaymentStatus::Received,
        description: "credits".to_owned(),
        at: START,
        trail: PaymentTrail {
            refunds_told_minor: 300,
            features: PaymentFeatures { method: Some("upi".to_owned()), ..Default::default() },
            ..PaymentTrail::default()
        },
    };
    let (id, expected) = (payment.id, payment.clone());
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let payment = payment.clone();
            Box::pin(async move { tx.payments().put_payment(&payment).await })
        })
        .await?;
    let page = PageRequest { after: None, limit: 10, order: Order::NewestFirst };
    let snapshot = world.read().await?;
    let listed = snapshot.payments().list_all_payments(&PaymentFilter::default(), &page).await?;
    ensure!(listed.items == [expected], "{listed:?}");
    let later = PaymentFilter { since: Some(World::at(1)), ..PaymentFilter::default() };
    let listed = snapshot.payments().list_all_payments(&later, &page).await?;
    ensure!(listed.items.is_empty(), "{listed:?}");
    Ok(id)
}

/// A refund that failed stays failed, whatever is told of it afterwards.
pub async fn a_refund_that_failed_stays_so(world: &World) -> Outcome {
    let payment_id = pay(world).await?;
    let refund = |name: &str, state: RefundState| PaymentRefund {
        payment_id,
        provider: "story".to_owned(),
        refund_ref: name.to_owned(),
        minor: 250,
        state,
    };
    let told = [
        (refund("re_1", RefundState::Given), true),
        (refund("re_1", RefundState::Given), false),
        (refund("re_1", RefundState::Failed), true),
        (refund("re_1", RefundState::Given), false),
        (refund("re_2", RefundState::Failed), true),
        (refund("re_2", RefundState::Given), false),
        (refund("re_3", RefundState::Given), true),
    ];
    for (refund, is_news) in told {
        let kept = refund.clone();
        let changed = world
            .store
            .write::<bool, StoreError, _>(move |tx| {
                let refund = kept.clone();
                Box::pin(async move { tx.payments().put_refund(&refund).await })
            })
            .await?;
        ensure!(changed == is_news, "{refund:?}");
    }
    let kept = world.read().await?.payments().list_refunds(payment_id).await?;
    let expected = [
        refund("re_1", RefundState::Failed),
        refund("re_2", RefundState::Failed),
        refund("re_3", RefundState::Given),
    ];
    ensure!(kept == expected, "{kept:?}");
    Ok(())
}

/// A dispute that has ended stays as it ended, and another one is another one.
pub async fn disputes_are_kept_one_by_one(world: &World) -> Outcome {
    let payment_id = pay(world).await?;
    let dispute = |name: &str, state: DisputeState| PaymentDispute {
        payment_id,
        provider: "story".to_owned(),
        dispute_ref: name.to_owned(),
        minor: 600,
        state,
    };
    let told = [
        (dispute("dp_1", DisputeState::Open), true),
        (dispute("dp_1", DisputeState::Open), false),
        (dispute("dp_1", DisputeState::Won), true),
        (dispute("dp_1", DisputeState::Open), false),
        (dispute("dp_2", DisputeState::Lost), true),
        (dispute("dp_2", DisputeState::Open), false),
    ];
    for (dispute, is_news) in told {
        let kept = dispute.clone();
        let changed = world
            .store
            .write::<bool, StoreError, _>(move |tx| {
                let dispute = kept.clone();
                Box::pin(async move { tx.payments().put_dispute(&dispute).await })
            })
            .await?;
        ensure!(changed == is_news, "{dispute:?}");
    }
    let kept = world.read().await?.payments().list_disputes(payment_id).await?;
    let expected = [dispute("dp_1", DisputeState::Won), dispute("dp_2", DisputeState::Lost)];
    ensure!(kept == expected, "{kept:?}");
    Ok(())
}

/// What is given up is tried no more, and stays in the list, where nothing has a text.
pub async fn events_that_are_given_up_stay_unclear(world: &World) -> Outcome {
    let event = |name: &str, second: u64, outcome: EventOutcome| PaymentEvent {
        id: PaymentEventId::generate(),
        provider: "story".to_owned(),
        event_ref: name.to_owned(),
        kind: format!("kind.{name}"),
        body: "{}".to_owned(),
        outcome,
        note: "why".to_owned(),
        received_at: World::at(second),
        given_up_at: None,
    };
    let all = [
        event("a", 1, EventOutcome::Unclear),
        event("b", 2, EventOutcome::Unclear),
        event("c", 3, EventOutcome::Applied),
    ];
    let (kept, first) = (all.clone(), all[0].id);
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let all = kept.clone();
            Box::pin(async move {
                for event in &all {
                    tx.payments().insert_event(event).await?;
                }
                tx.payments().give_up_event(first, World::at(9), "given up").await
            })
        })
        .await?;
    let snapshot = world.read().await?;
    let payments = snapshot.payments();
    let counted = payments.count_unclear_events().await?;
    ensure!(counted == UnclearEvents { waiting: 1, given_up: 1 }, "{counted:?}");
    let waiting = payments.list_unclear_events("story", START, 10).await?;
    ensure!(waiting == [all[1].clone()], "{waiting:?}");
    let found = payments.find_event(first).await?.context("it is there")?;
    ensure!(found.given_up_at == Some(World::at(9)) && found.note == "given up", "{found:?}");
    ensure!(found.outcome == EventOutcome::Unclear && found.body == "{}", "{found:?}");

    let page = PageRequest { after: None, limit: 10, order: Order::NewestFirst };
    let of = PaymentEventFilter::default;
    for (filter, names) in [
        (of(), vec!["c", "b", "a"]),
        (PaymentEventFilter { outcome: Some(EventOutcome::Unclear), ..of() }, vec!["b", "a"]),
        (PaymentEventFilter { kind: Some("kind.b".to_owned()), ..of() }, vec!["b"]),
        (PaymentEventFilter { since: Some(World::at(2)), ..of() }, vec!["c", "b"]),
        (PaymentEventFilter { provider: Some("other".to_owned()), ..of() }, vec![]),
    ] {
        let listed = payments.list_events(&filter, &page).await?;
        let found: Vec<&str> = listed.items.iter().map(|event| event.event_ref.as_str()).collect();
        ensure!(found == names, "{filter:?}: {found:?}");
        ensure!(listed.items.iter().all(|event| event.body.is_empty()), "{listed:?}");
    }
    Ok(())
}
