//! Checkouts, subscriptions, payments and the events of providers.

use anyhow::{Context, ensure};
use gantry_ports::StoreError;
use gantry_ports::payments::{DisputeState, PaymentRisk, Purchase, RiskLevel};
use gantry_ports::store::{
    Checkout, CheckoutStatus, EventOutcome, LedgerFilter, LotReturn, Order, PageRequest, Payment,
    PaymentEvent, PaymentStatus, PaymentTrail, StoreExt,
};
use gantry_rules::account::LotOrigin;
use gantry_rules::discount::KnownDiscount;
use gantry_rules::plan::Interval;
use gantry_rules::subscription::{
    AtPeriodEnd, Standing, Subscription, SubscriptionState, SubscriptionStatus,
};
use gantry_types::{
    CheckoutId, Credits, Currency, Money, OrganizationId, PaymentEventId, PaymentId, PlanId,
    SubscriptionId,
};

use super::World;
use super::accounts::grant;
use super::world::START;
use crate::conformance::Outcome;

const fn dollars(minor: i64) -> Money {
    Money { minor, currency: Currency::usd() }
}

pub(super) fn subscription(account: OrganizationId, plan_id: PlanId) -> Subscription {
    Subscription {
        id: SubscriptionId::generate(),
        organization_id: account,
        provider: "story".to_owned(),
        provider_ref: "sub_1".to_owned(),
        standing: Standing {
            plan_id,
            discount: KnownDiscount::NOTHING,
            state: SubscriptionState {
                status: SubscriptionStatus::Trialing,
                interval: Interval::Year,
                period_start: START,
                period_end: World::at(600),
                at_period_end: AtPeriodEnd::Renew,
                past_due_since: None,
                told_at: START,
            },
        },
        created_at: START,
    }
}

/// A checkout is finished once, whoever comes first.
pub async fn a_checkout_is_finished_once(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let checkout = Checkout {
        id: CheckoutId::generate(),
        organization_id: account,
        user_id: None,
        provider: "story".to_owned(),
        provider_ref: "cs_1".to_owned(),
        purchase: Purchase::Package { slug: "hundred".to_owned(), credits: Credits::new(100) },
        price: dollars(950),
        status: CheckoutStatus::Open,
        created_at: START,
    };
    let (kept, id) = (checkout.clone(), checkout.id);
    let finished = world
        .store
        .write::<Vec<bool>, StoreError, _>(move |tx| {
            let checkout = kept.clone();
            Box::pin(async move {
                tx.payments().insert_checkout(&checkout).await?;
                let mut finished = Vec::new();
                for status in [
                    CheckoutStatus::Expired,
                    CheckoutStatus::Expired,
                    CheckoutStatus::Completed,
                    CheckoutStatus::Completed,
                    CheckoutStatus::Expired,
                ] {
                    finished.push(tx.payments().finish_checkout(id, status, START).await?);
                }
                Ok(finished)
            })
        })
        .await?;
    ensure!(finished == [true, false, true, false, false], "{finished:?}: who paid late has paid");
    let found = world.read().await?.payments().find_checkout(id).await?;
    let expected = Checkout { status: CheckoutStatus::Completed, ..checkout };
    ensure!(found == Some(expected), "{found:?}");
    Ok(())
}

/// A subscription is found by its provider's name and by its organization, as it was told last.
pub async fn a_subscription_is_kept_as_it_was_told(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let plan_id = world.overview(account).await?.plan.id;
    let first = subscription(account, plan_id);
    let changed = SubscriptionState {
        status: SubscriptionStatus::PastDue,
        at_period_end: AtPeriodEnd::Cancel,
        past_due_since: Some(World::at(5)),
        told_at: World::at(6),
        ..first.standing.state
    };
    let changed = Standing { state: changed, ..first.standing };
    let kept = first.clone();
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let first = kept.clone();
            Box::pin(async move {
                tx.payments().insert_subscription(&first).await?;
                tx.payments().set_subscription(first.id, &changed).await
            })
        })
        .await?;
    let expected = Some(Subscription { standing: changed, ..first });
    let snapshot = world.read().await?;
    let payments = snapshot.payments();
    ensure!(payments.find_subscription_by_ref("story", "sub_1").await? == expected);
    ensure!(payments.find_subscription_by_ref("other", "sub_1").await?.is_none());
    ensure!(payments.find_subscription(account).await? == expected);
    let due = payments.list_due_subscriptions("story", World::at(601), None, 10).await?;
    ensure!(due.len() == 1 && Some(&due[0]) == expected.as_ref());
    Ok(())
}

/// A payment that failed and then succeeds is one payment.
pub async fn a_payment_may_succeed_later(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let payment = Payment {
        id: PaymentId::generate(),
        organization_id: account,
        provider: "story".to_owned(),
        provider_ref: "in_1".to_owned(),
        subscription_id: None,
        subscription_ref: None,
        lot_id: None,
        amount: dollars(4_900),
        refunded_minor: 0,
        status: PaymentStatus::Failed,
        description: "a month".to_owned(),
        at: START,
        trail: PaymentTrail::default(),
    };
    let (status, description) = (PaymentStatus::Received, "a month of all".to_owned());
    let later = Payment { status, description, ..payment.clone() };
    let both = [payment, later.clone()];
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let both = both.clone();
            Box::pin(async move {
                for payment in &both {
                    tx.payments().put_payment(payment).await?;
                }
                Ok(())
            })
        })
        .await?;
    let snapshot = world.read().await?;
    let page = PageRequest { after: None, limit: 10, order: Order::NewestFirst };
    let listed = snapshot.payments().list_payments(account, &page).await?;
    ensure!(listed.items == [later], "{:?}", listed.items);
    Ok(())
}

/// An event is there once; one that was unclear is listed until it is not.
pub async fn an_event_is_noted_once(world: &World) -> Outcome {
    let event = PaymentEvent {
        id: PaymentEventId::generate(),
        provider: "story".to_owned(),
        event_ref: "evt_1".to_owned(),
        kind: "invoice.paid".to_owned(),
        body: "{}".to_owned(),
        outcome: EventOutcome::Unclear,
        note: "of nobody".to_owned(),
        received_at: START,
        given_up_at: None,
    };
    let insert = |event: PaymentEvent| {
        world.store.write::<(), StoreError, _>(move |tx| {
            let event = event.clone();
            Box::pin(async move { tx.payments().insert_event(&event).await })
        })
    };
    insert(event.clone()).await?;
    let twin = PaymentEvent { id: PaymentEventId::generate(), ..event.clone() };
    let refused = insert(twin).await;
    ensure!(matches!(refused, Err(StoreError::AlreadyExists { .. })), "{refused:?}");
    ensure!(world.read().await?.payments().has_event("story", "evt_1").await?);
    let unclear = world.read().await?.payments().list_unclear_events("story", START, 10).await?;
    ensure!(unclear == std::slice::from_ref(&event), "{unclear:?}");
    let since = World::at(1);
    let later = world.read().await?.payments().list_unclear_events("story", since, 10).await?;
    ensure!(later.is_empty(), "{later:?}");
    let id = event.id;
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            Box::pin(async move {
                tx.payments().set_event_outcome(id, EventOutcome::Applied, "paid").await
            })
        })
        .await?;
    let unclear = world.read().await?.payments().list_unclear_events("story", START, 10).await?;
    ensure!(unclear.is_empty(), "{unclear:?}");
    Ok(())
}

/// Credits that were bought with money that is given back are taken back as far as they are left;
/// the rest is owed, and no balance falls below zero.
pub async fn spent_credits_are_owed(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let lot_id = grant(world, account, (LotOrigin::Paid, None), 100).await?;
    world.submit(account, 70).await?;
    let back =
        LotReturn { organization_id: account, lot_id, amount: Credits::new(100), at: World::at(1) };
    let left = world
        .store
        .write::<Credits, StoreError, _>(move |tx| {
            Box::pin(async move { tx.payments().return_lot(&back).await })
        })
        .await?;
    ensure!(left == Credits::new(30), "{left}");
    world.check_balance(account, 0, 70).await?;
    let page = PageRequest { after: None, limit: 50, order: Order::NewestFirst };
    let ledger = world
        .read()
        .await?
        .accounts()
        .list_ledger(account, &LedgerFilter::default(), &page)
        .await?;
    let owed = ledger.items.iter().find(|line| line.account.as_str() == "receivable");
    ensure!(owed.context("it is owed")?.amount == Credits::new(-70));
    Ok(())
}

/// What became of a payment is kept, and it is found by the charge behind it too.
pub async fn a_payment_keeps_its_trail(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let trail = PaymentTrail {
        charge_ref: Some("pi_9".to_owned()),
        dispute: Some(DisputeState::Open),
        disputed_minor: 900,
        risk: Some(PaymentRisk { level: RiskLevel::Elevated, score: Some(71) }),
        ..PaymentTrail::default()
    };
    let payment = Payment {
        id: PaymentId::generate(),
        organization_id: account,
        provider: "story".to_owned(),
        provider_ref: "in_9".to_owned(),
        subscription_id: None,
        subscription_ref: None,
        lot_id: None,
        amount: dollars(1_000),
        refunded_minor: 200,
        status: PaymentStatus::Received,
        description: "credits".to_owned(),
        at: START,
        trail,
    };
    let kept = payment.clone();
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let payment = kept.clone();
            Box::pin(async move { tx.payments().put_payment(&payment).await })
        })
        .await?;
    let snapshot = world.read().await?;
    for name in ["in_9", "pi_9"] {
        let found = snapshot.payments().find_payment("story", name).await?;
        ensure!(found.as_ref() == Some(&payment), "{name}: {found:?}");
    }
    ensure!(snapshot.payments().find_payment("other", "pi_9").await?.is_none());
    ensure!(payment.lost_minor() == 1_000, "no more than was paid");
    Ok(())
}

/// What was taken back is given again: debts first, and the rest into the lot.
pub async fn returned_credits_are_restored(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let lot_id = grant(world, account, (LotOrigin::Paid, None), 100).await?;
    world.submit(account, 70).await?;
    let back = |amount: i64| LotReturn {
        organization_id: account,
        lot_id,
        amount: Credits::new(amount),
        at: World::at(1),
    };
    let (all, part, rest) = (back(100), back(80), back(20));
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            Box::pin(async move {
                tx.payments().return_lot(&all).await?;
                tx.payments().restore_lot(&part).await.map(drop)
            })
        })
        .await?;
    world.check_balance(account, 10, 70).await?;
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            Box::pin(async move { tx.payments().restore_lot(&rest).await.map(drop) })
        })
        .await?;
    world.check_balance(account, 30, 70).await?;
    let page = PageRequest { after: None, limit: 50, order: Order::NewestFirst };
    let ledger = world
        .read()
        .await?
        .accounts()
        .list_ledger(account, &LedgerFilter::default(), &page)
        .await?;
    let owed = ledger.items.iter().filter(|line| line.account.as_str() == "receivable");
    ensure!(owed.map(|line| line.amount.get()).sum::<i64>() == 0, "nothing is owed any more");
    Ok(())
}

/// Purchases that nothing was heard of are listed, newest first.
pub async fn open_checkouts_are_listed(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let checkout = |name: &str, second: u64| Checkout {
        id: CheckoutId::generate(),
        organization_id: account,
        user_id: None,
        provider: "story".to_owned(),
        provider_ref: name.to_owned(),
        purchase: Purchase::Package { slug: "hundred".to_owned(), credits: Credits::new(100) },
        price: dollars(950),
        status: CheckoutStatus::Open,
        created_at: World::at(second),
    };
    let all = [checkout("cs_a", 1), checkout("cs_b", 2), checkout("cs_c", 3), checkout("cs_d", 9)];
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let all = all.clone();
            Box::pin(async move {
                for checkout in &all {
                    tx.payments().insert_checkout(checkout).await?;
                }
                let status = CheckoutStatus::Completed;
                tx.payments().finish_checkout(all[1].id, status, START).await.map(drop)
            })
        })
        .await?;
    let snapshot = world.read().await?;
    let open = snapshot.payments().list_open_checkouts("story", World::at(9), 10).await?;
    ensure!(open == ["cs_c", "cs_a"], "{open:?}");
    ensure!(snapshot.payments().list_open_checkouts("story", World::at(9), 1).await? == ["cs_c"]);
    ensure!(snapshot.payments().list_open_checkouts("other", World::at(9), 9).await?.is_empty());
    Ok(())
}
