//! Ads watched for credits, decisions about claims, and the list of what fraud came from.

use std::time::Duration;

use anyhow::{Result, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    AdCallback, AdProgress, AdSession, CallbackOutcome, ClaimSource, FraudBlock, FraudEvent,
    FraudEventFilter, FraudReview, Order, PageRequest, ReviewOutcome, StoreExt,
};
use gantry_rules::fraud::{BlockKind, FraudScore, Signal, Verdict};
use gantry_types::{
    AdCallbackId, AdSessionId, Credits, FraudBlockId, FraudEventId, LotId, OrganizationId,
    Timestamp, UserId,
};

use super::World;
use super::world::START;
use crate::conformance::Outcome;
use crate::installation::new_user;

async fn person(world: &World, email: &str) -> Result<(OrganizationId, UserId)> {
    let new = new_user(email, world.plan.id, START);
    let ids = (new.organization.id, new.user.id);
    world
        .store
        .write::<_, StoreError, _>(move |tx| {
            let new = new.clone();
            Box::pin(async move { tx.access().insert_user(&new).await })
        })
        .await?;
    Ok(ids)
}

fn session_of((organization_id, user_id): (OrganizationId, UserId)) -> AdSession {
    AdSession {
        id: AdSessionId::generate(),
        organization_id,
        user_id,
        provider: "admob".to_owned(),
        progress: AdProgress::Asked,
        created_at: START,
        expires_at: World::at(3_600),
        watched_at: None,
        decided_at: None,
    }
}

async fn insert_session(world: &World, session: &AdSession) -> Result<(), StoreError> {
    let session = session.clone();
    world
        .store
        .write::<_, StoreError, _>(move |tx| {
            let session = session.clone();
            Box::pin(async move { tx.rewards().insert_ad_session(&session).await })
        })
        .await
}

/// A session is watched once and decided once, and is nobody else's.
pub async fn a_session_is_watched_and_decided_once(world: &World) -> Outcome {
    let ann = person(world, "ann@example.org").await?;
    let ben = person(world, "ben@example.org").await?;
    let session = session_of(ann);
    insert_session(world, &session).await?;
    let id = session.id;
    let read = world.read().await?;
    ensure!(read.rewards().find_ad_session(ann.0, ann.1, id).await? == Some(session.clone()));
    ensure!(read.rewards().find_ad_session(ben.0, ben.1, id).await?.is_none());
    ensure!(read.rewards().find_ad_session(ann.0, ben.1, id).await?.is_none());
    let open = read.rewards().count_open_ad_sessions(ann.1, START).await?;
    ensure!(open == (1, Some(World::at(3_600))), "{open:?}");
    ensure!(read.rewards().count_open_ad_sessions(ann.1, World::at(3_600)).await?.0 == 0);
    drop(read);
    let progress = |(organization_id, user_id): (OrganizationId, UserId)| {
        world.store.write::<_, StoreError, _>(move |tx| {
            Box::pin(async move {
                let whose = (organization_id, user_id, id);
                tx.rewards().set_ad_progress(whose, AdProgress::Loaded).await
            })
        })
    };
    progress(ann).await?;
    let foreign = progress(ben).await;
    ensure!(matches!(foreign, Err(StoreError::NotFound { .. })), "{foreign:?}");
    let watch = |at: Timestamp| {
        world.store.write::<_, StoreError, _>(move |tx| {
            Box::pin(async move { tx.rewards().note_watched(id, at).await })
        })
    };
    let (first, second) = tokio::join!(watch(World::at(20)), watch(World::at(20)));
    ensure!(first? != second?);
    let decide = || {
        world.store.write::<_, StoreError, _>(move |tx| {
            Box::pin(async move {
                tx.rewards().lock_claims(&ClaimSource::Person(ann.1)).await?;
                tx.rewards().note_decided(id, World::at(30)).await
            })
        })
    };
    let (first, second) = tokio::join!(decide(), decide());
    ensure!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let read = world.read().await?;
    let found = read.rewards().find_ad_session(ann.0, ann.1, id).await?;
    let expected = AdSession {
        progress: AdProgress::Loaded,
        watched_at: Some(World::at(20)),
        decided_at: Some(World::at(30)),
        ..session
    };
    ensure!(found == Some(expected), "{found:?}");
    Ok(())
}

fn callback_of(query: &str, transaction_ref: Option<&str>) -> AdCallback {
    AdCallback {
        id: AdCallbackId::generate(),
        provider: "admob".to_owned(),
        query_sha256: format!("digest of {query}"),
        query: query.to_owned(),
        transaction_ref: transaction_ref.map(str::to_owned),
        outcome: match transaction_ref {
            Some(_) => CallbackOutcome::Applied,
            None => CallbackOutcome::Pending,
        },
        note: "why".to_owned(),
        received_at: START,
    }
}

/// Bytes and transactions of callbacks are known once; what waits is settled once.
pub async fn a_callback_is_noted_once(world: &World) -> Outcome {
    let insert = |callback: AdCallback| {
        world.store.write::<_, StoreError, _>(move |tx| {
            let callback = callback.clone();
            Box::pin(async move { tx.rewards().insert_callback(&callback).await })
        })
    };
    insert(callback_of("one", Some("t1"))).await?;
    for known in [callback_of("one", Some("t2")), callback_of("two", Some("t1"))] {
        let again = insert(known).await;
        ensure!(matches!(again, Err(StoreError::AlreadyExists { .. })), "{again:?}");
    }
    let (first, second) = (callback_of("three", None), callback_of("four", None));
    insert(first.clone()).await?;
    insert(second.clone()).await?;
    let read = world.read().await?;
    ensure!(read.rewards().list_pending_callbacks(9).await? == [first.clone(), second.clone()]);
    ensure!(read.rewards().list_pending_callbacks(1).await?.len() == 1);
    ensure!(read.rewards().count_pending_callbacks().await? == 2);
    drop(read);
    let settle = |id: AdCallbackId, transaction: Option<&'static str>| {
        world.store.write::<_, StoreError, _>(move |tx| {
            Box::pin(async move {
                let outcome = match transaction {
                    Some(_) => (CallbackOutcome::Applied, ""),
                    None => (CallbackOutcome::Refused, "a forgery"),
                };
                tx.rewards().settle_callback(id, transaction, outcome).await
            })
        })
    };
    let known = settle(first.id, Some("t1")).await;
    ensure!(matches!(known, Err(StoreError::AlreadyExists { .. })), "{known:?}");
    settle(first.id, Some("t3")).await?;
    settle(second.id, None).await?;
    let again = settle(second.id, None).await;
    ensure!(matches!(again, Err(StoreError::NotFound { .. })), "{again:?}");
    ensure!(world.read().await?.rewards().count_pending_callbacks().await? == 0);
    Ok(())
}

fn event_of((organization_id, user_id): (OrganizationId, UserId), at: Timestamp) -> FraudEvent {
    FraudEvent {
        id: FraudEventId::generate(),
        session_id: AdSessionId::generate(),
        organization_id,
        user_id,
        verdict: Verdict::Allow,
        score: FraudScore::from_thousandths(100),
        signals: vec![Signal::FreshAccount, Signal::EarlierFlags(2)],
        credits: Credits::new(5),
        lot_id: None,
        address: "192.0.2.7".to_owned(),
        device: Some("device".to_owned()),
        user_agent: "Browser".to_owned(),
        note: String::new(),
        at,
        review: None,
    }
}

/// Decisions are counted by person, address and device, listed, and looked at once.
pub async fn decisions_are_counted_and_reviewed_once(world: &World) -> Outcome {
    let ann = person(world, "ann@example.org").await?;
    let ben = person(world, "ben@example.org").await?;
    let (first, second) = (event_of(ann, World::at(0)), event_of(ann, World::at(10)));
    let blocked = FraudEvent {
        verdict: Verdict::Block,
        score: FraudScore::from_thousandths(800),
        device: None,
        ..event_of(ben, World::at(20))
    };
    for event in [first, second.clone(), blocked.clone()] {
        world
            .store
            .write::<_, StoreError, _>(move |tx| {
                let event = event.clone();
                Box::pin(async move { tx.rewards().insert_fraud_event(&event).await })
            })
            .await?;
    }
    let read = world.read().await?;
    let rewards = read.rewards();
    let address = ClaimSource::Address("192.0.2.7".to_owned());
    let device = ClaimSource::Device("device".to_owned());
    ensure!(rewards.count_claims(&ClaimSource::Person(ann.1), START).await? == 2);
    ensure!(rewards.count_claims(&ClaimSource::Person(ann.1), World::at(5)).await? == 1);
    ensure!(rewards.count_claims(&address, START).await? == 3);
    ensure!(rewards.count_claims(&device, START).await? == 2);
    ensure!(rewards.count_other_persons(&address, ann.1, START).await? == 1);
    ensure!(rewards.count_other_persons(&device, ann.1, START).await? == 0);
    ensure!(rewards.count_other_persons(&device, ben.1, START).await? == 1);
    ensure!(rewards.find_last_claim(ann.1).await? == Some(World::at(10)));
    ensure!(rewards.find_last_claim(UserId::generate()).await?.is_none());
    ensure!(rewards.count_fraud_flags(ben.1).await? == 1);
    ensure!(rewards.find_decision(blocked.session_id).await? == Some(blocked.clone()));
    let page = PageRequest { after: None, limit: 2, order: Order::NewestFirst };
    let all = rewards.list_fraud_events(&FraudEventFilter::default(), &page).await?;
    ensure!(all.items == [blocked.clone(), second] && all.next.is_some());
    let open = FraudEventFilter { open_only: true, ..FraudEventFilter::default() };
    ensure!(rewards.list_fraud_events(&open, &page).await?.items == std::slice::from_ref(&blocked));
    let anns = FraudEventFilter {
        verdict: Some(Verdict::Allow),
        organization_id: Some(ann.0),
        open_only: false,
    };
    ensure!(rewards.list_fraud_events(&anns, &page).await?.items.len() == 2);
    drop(read);
    review_once(world, &blocked).await?;
    let purge = world.store.write::<_, StoreError, _>(|tx| {
        Box::pin(async move { tx.rewards().purge_rewards(START, World::at(15)).await })
    });
    ensure!(purge.await? == 2, "what nobody has to look at goes");
    Ok(())
}

async fn review_once(world: &World, event: &FraudEvent) -> Outcome {
    let review = FraudReview {
        outcome: ReviewOutcome::Cleared,
        reviewer_id: Some(event.user_id),
        note: "a lab".to_owned(),
        at: World::at(60),
    };
    let (id, lot_id) = (event.id, LotId::generate());
    let look = || {
        let review = review.clone();
        world.store.write::<_, StoreError, _>(move |tx| {
            let review = review.clone();
            Box::pin(async move { tx.rewards().set_fraud_review(id, &review, Some(lot_id)).await })
        })
    };
    look().await?;
    let again = look().await;
    ensure!(matches!(again, Err(StoreError::NotFound { .. })), "{again:?}");
    let read = world.read().await?;
    let found = read.rewards().find_fraud_event(id).await?;
    let expected =
        FraudEvent { review: Some(review.clone()), lot_id: Some(lot_id), ..event.clone() };
    ensure!(found == Some(expected), "{found:?}");
    ensure!(read.rewards().count_fraud_flags(event.user_id).await? == 0);
    Ok(())
}

/// The list holds a device or a network once, and finds them by any of several names.
pub async fn what_fraud_came_from_is_listed_once(world: &World) -> Outcome {
    let block_of = |kind: BlockKind, value: &str| FraudBlock {
        id: FraudBlockId::generate(),
        kind,
        value: value.to_owned(),
        reason: "a farm".to_owned(),
        created_by: None,
        created_at: START.plus(Duration::from_secs(1)),
    };
    let insert = |block: FraudBlock| {
        world.store.write::<_, StoreError, _>(move |tx| {
            let block = block.clone();
            Box::pin(async move { tx.rewards().insert_fraud_block(&block).await })
        })
    };
    let device = block_of(BlockKind::Device, "digest");
    let network = block_of(BlockKind::Network, "192.0.2.0/24");
    insert(device.clone()).await?;
    insert(network.clone()).await?;
    let again = insert(block_of(BlockKind::Device, "digest")).await;
    ensure!(matches!(again, Err(StoreError::AlreadyExists { .. })), "{again:?}");
    let read = world.read().await?;
    let rewards = read.rewards();
    let around = ["192.0.2.7/32".to_owned(), "192.0.2.0/24".to_owned()];
    ensure!(rewards.find_blocked(Some("digest"), &[]).await? == [BlockKind::Device]);
    ensure!(rewards.find_blocked(None, &around).await? == [BlockKind::Network]);
    ensure!(rewards.find_blocked(Some("digest"), &around).await?.len() == 2);
    ensure!(rewards.find_blocked(Some("192.0.2.0/24"), &[]).await?.is_empty());
    ensure!(rewards.find_blocked(None, &[]).await?.is_empty());
    let page = PageRequest { after: None, limit: 9, order: Order::OldestFirst };
    ensure!(rewards.list_fraud_blocks(&page).await?.items == [device.clone(), network]);
    drop(read);
    let remove = || {
        world.store.write::<_, StoreError, _>(move |tx| {
            Box::pin(async move { tx.rewards().delete_fraud_block(device.id).await })
        })
    };
    ensure!(remove().await?.value == "digest");
    let again = remove().await;
    ensure!(matches!(again, Err(StoreError::NotFound { .. })), "{again:?}");
    Ok(())
}
