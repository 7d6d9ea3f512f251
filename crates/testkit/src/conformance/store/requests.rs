//! Requests that may be repeated: kept once, held by one, answered, forgotten.

use anyhow::{Context, Result, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::KeptRequest;
use gantry_rules::submission::IdempotencyKey;
use gantry_types::{OrganizationId, Timestamp};
use serde_json::{Value, json};

use super::World;
use super::departures::write;
use super::world::START;
use crate::conformance::Outcome;

const DAY: u64 = 24 * 3600;

fn request(account: OrganizationId, key: &str) -> KeptRequest {
    KeptRequest {
        organization_id: account,
        key: IdempotencyKey {
            route: "POST /api/v1/story".to_owned(),
            key: key.to_owned(),
            body_sha256: "same".to_owned(),
        },
        began: json!({ "minor": 500, "before": 0 }),
        answer: None,
        created_at: START,
        held_until: World::at(120),
    }
}

async fn keep(world: &World, request: &KeptRequest) -> Result<bool, StoreError> {
    write(world, request.clone(), |tx, request| {
        Box::pin(async move { tx.requests().keep_request(&request).await })
    })
    .await
}

/// The same, held from `now` on for a minute.
fn held_from(request: &KeptRequest, now: u64) -> KeptRequest {
    KeptRequest { held_until: World::at(now + 60), ..request.clone() }
}

async fn hold(world: &World, request: &KeptRequest, now: u64) -> Result<bool, StoreError> {
    write(world, held_from(request, now), move |tx, held| {
        Box::pin(async move { tx.requests().hold_request(&held, World::at(now)).await })
    })
    .await
}

async fn answer(world: &World, held: &KeptRequest, answer: Value) -> Result<bool, StoreError> {
    write(world, (held.derive_hold(), answer), |tx, (hold, answer)| {
        Box::pin(async move { tx.requests().answer_request(&hold, &answer).await })
    })
    .await
}

async fn forget(world: &World, held: &KeptRequest) -> Result<(), StoreError> {
    write(world, held.derive_hold(), |tx, hold| {
        Box::pin(async move { tx.requests().forget_request(&hold).await })
    })
    .await
}

async fn free(world: &World, held: &KeptRequest) -> Result<(), StoreError> {
    write(world, held.derive_hold(), |tx, hold| {
        Box::pin(async move { tx.requests().free_request(&hold).await })
    })
    .await
}

async fn find(world: &World, like: &KeptRequest, now: Timestamp) -> Result<Option<KeptRequest>> {
    let read = world.read().await?;
    Ok(read.requests().find_request(like.organization_id, &like.key, now).await?)
}

/// Of many at once one is kept, and is answered as it was for a day; another tenant, route or key
/// is another request.
pub async fn a_request_is_kept_once_and_answered_for_a_day(world: &World) -> Outcome {
    let (account, stranger) = (world.account(0).await?, world.account(0).await?);
    let first = request(account, "k");
    let other_body = KeptRequest {
        key: IdempotencyKey { body_sha256: "other".to_owned(), ..first.key.clone() },
        ..first.clone()
    };
    ensure!(find(world, &first, START).await?.is_none(), "nothing was kept");
    let twins = (0..50).map(|_| keep(world, &first));
    let kept = futures::future::try_join_all(twins).await?;
    ensure!(kept.iter().filter(|kept| **kept).count() == 1, "{kept:?}");
    ensure!(!keep(world, &other_body).await?, "its key is another request's");
    ensure!(find(world, &other_body, START).await?.as_ref() == Some(&first), "what came first");
    ensure!(keep(world, &request(stranger, "k")).await?, "another tenant's key is free");
    ensure!(keep(world, &request(account, "l")).await?, "another key is free");
    ensure!(answer(world, &first, json!({ "url": "é" })).await?, "it is the first one's turn");
    let answered = KeptRequest { answer: Some(json!({ "url": "é" })), ..first.clone() };
    ensure!(find(world, &first, World::at(DAY - 1)).await?.as_ref() == Some(&answered));
    ensure!(find(world, &first, World::at(DAY)).await?.is_none(), "it was kept too long");
    let late = KeptRequest { created_at: World::at(DAY), ..other_body };
    ensure!(keep(world, &late).await?, "a day later the key is free");
    let found = find(world, &late, World::at(DAY)).await?.context("the late one")?;
    ensure!(found == late, "{found:?}");
    Ok(())
}

/// Who holds a request does it alone; who gives it up, or is silent for too long, is followed by
/// one other; what is answered is held by nobody.
pub async fn a_request_is_held_by_one(world: &World) -> Outcome {
    let first = request(world.account(0).await?, "k");
    ensure!(keep(world, &first).await?);
    ensure!(!hold(world, &first, 119).await?, "it is held");
    let followers = (0..20).map(|_| hold(world, &first, 120));
    let held = futures::future::try_join_all(followers).await?;
    ensure!(held.iter().filter(|held| **held).count() == 1, "{held:?}");
    free(world, &held_from(&first, 120)).await?;
    ensure!(hold(world, &first, 121).await?, "it was given up");
    let last = held_from(&first, 121);
    ensure!(answer(world, &last, Value::Bool(true)).await?, "it is their turn");
    free(world, &last).await?;
    forget(world, &last).await?;
    ensure!(!hold(world, &first, 1_000).await?, "it is answered");
    ensure!(find(world, &first, World::at(1_000)).await?.is_some(), "an answer is not forgotten");
    Ok(())
}

/// Who held a request for too long and was followed by another neither answers it, nor gives it up,
/// nor forgets it, whether the other one is done or not.
pub async fn who_is_overtaken_ends_nothing(world: &World) -> Outcome {
    let first = request(world.account(0).await?, "k");
    ensure!(keep(world, &first).await? && hold(world, &first, 120).await?);
    let second = held_from(&first, 120);
    ensure!(!answer(world, &first, json!("late")).await?, "it is another's turn");
    free(world, &first).await?;
    ensure!(!hold(world, &first, 150).await?, "the other's turn goes on");
    forget(world, &first).await?;
    ensure!(find(world, &first, START).await?.as_ref() == Some(&second), "nothing has changed");
    ensure!(answer(world, &second, json!("in time")).await?, "it is theirs");
    ensure!(!answer(world, &first, json!("late")).await?, "it was another's turn");
    let answered = KeptRequest { answer: Some(json!("in time")), ..second.clone() };
    ensure!(find(world, &first, START).await?.as_ref() == Some(&answered));
    world.release_at(World::at(DAY)).await?;
    ensure!(answer(world, &second, json!("a day later")).await?, "what nobody keeps is answered");
    ensure!(find(world, &first, START).await?.is_none(), "and not kept again");
    Ok(())
}

/// What was refused leaves its key free, and what is a day old goes by itself.
pub async fn a_request_is_forgotten(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let (refused, old) = (request(account, "refused"), request(account, "old"));
    ensure!(keep(world, &refused).await? && keep(world, &old).await?);
    forget(world, &refused).await?;
    ensure!(keep(world, &refused).await?, "a refusal is not kept");
    world.release_at(World::at(DAY - 1)).await?;
    ensure!(find(world, &old, START).await?.is_some(), "it went too early");
    world.release_at(World::at(DAY)).await?;
    ensure!(find(world, &old, START).await?.is_none(), "it is there for ever");
    Ok(())
}
