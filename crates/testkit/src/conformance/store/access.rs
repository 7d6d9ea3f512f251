//! Identity.

use std::time::Duration;

use anyhow::{Context, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{ApiKey, NewUser, Session, SessionPurpose, StoreExt, User, UserStatus};
use gantry_rules::period::Period;
use gantry_types::{ApiKeyId, Role, Scope, SessionId, Timestamp};

use super::World;
use super::world::START;
use crate::conformance::Outcome;
use crate::installation::new_user;

async fn insert(world: &World, new: &NewUser) -> Result<(), StoreError> {
    let new = new.clone();
    world
        .store
        .write(move |tx| {
            let new = new.clone();
            Box::pin(async move { tx.access().insert_user(&new).await })
        })
        .await
}

fn session_of(new: &NewUser, token: &str) -> Session {
    Session {
        id: SessionId::generate(),
        token_sha256: token.to_owned(),
        user_id: new.user.id,
        organization_id: new.organization.id,
        user_agent: "story".into(),
        ip: "127.0.0.1".into(),
        created_at: START,
        last_used_at: START,
        expires_at: World::at(3600),
        purpose: SessionPurpose::Everything,
    }
}

/// Sessions begin, are used, end, and expire.
pub async fn users_sign_in_and_out(world: &World) -> Outcome {
    let new = new_user("ada@example.org", world.plan.id, START);
    insert(world, &new).await?;
    let read = world.read().await?;
    ensure!(read.access().find_user_by_email("ada@example.org").await?.as_ref() == Some(&new.user));
    ensure!(read.access().count_users().await? == 1);
    for (start, end, registered) in [(-60, 0, 0), (0, 60, 1), (60, 120, 0)] {
        let at = |seconds: i64| Timestamp::from_micros(START.as_micros() + seconds * 1_000_000);
        let period = Period { start: at(start), end: at(end) };
        ensure!(read.access().count_registered(period).await? == registered, "{start} to {end}");
    }
    let memberships = read.access().list_memberships(new.user.id).await?;
    ensure!(memberships.len() == 1 && memberships[0].role == Role::Owner);
    drop(read);
    let (first, second) = (session_of(&new, "one"), session_of(&new, "two"));
    let (kept, ended) = (first.clone(), second.id);
    let user_id = new.user.id;
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let (first, second) = (first.clone(), second.clone());
            Box::pin(async move {
                tx.access().insert_session(&first).await?;
                tx.access().insert_session(&second).await?;
                tx.access().touch_session(first.id, World::at(60)).await?;
                tx.access().delete_session(user_id, ended).await
            })
        })
        .await?;
    let suspended = User { status: UserStatus::Suspended, ..new.user.clone() };
    let updated = suspended.clone();
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let user = updated.clone();
            Box::pin(async move { tx.access().update_user(&user).await })
        })
        .await?;
    let read = world.read().await?;
    ensure!(read.access().find_user(user_id).await? == Some(suspended));
    let found = read.access().find_session("one").await?.context("the session is gone")?;
    ensure!(found.id == kept.id && found.last_used_at == World::at(60));
    ensure!(read.access().find_session("two").await?.is_none());
    drop(read);
    let idle = Duration::from_secs(900);
    let purged = world
        .store
        .write::<u64, StoreError, _>(move |tx| {
            Box::pin(async move { tx.access().purge_sessions(World::at(1000), idle).await })
        })
        .await?;
    ensure!(purged == 1, "the idle session stayed");
    Ok(())
}

/// A second user with the same address is refused, and nothing of it stays.
pub async fn an_email_is_taken_once(world: &World) -> Outcome {
    let first = new_user("same@example.org", world.plan.id, START);
    let second = new_user("same@example.org", world.plan.id, START);
    insert(world, &first).await?;
    let refused = insert(world, &second).await;
    ensure!(refused == Err(StoreError::AlreadyExists { what: "user" }), "{refused:?}");
    let read = world.read().await?;
    ensure!(read.access().find_organization(second.organization.id).await?.is_none());
    Ok(())
}

/// Keys are found by their hash, listed and revoked by their own organization.
pub async fn keys_are_seen_by_their_organization_alone(world: &World) -> Outcome {
    let owner = new_user("owner@example.org", world.plan.id, START);
    let other = new_user("other@example.org", world.plan.id, START);
    insert(world, &owner).await?;
    insert(world, &other).await?;
    let key = ApiKey {
        id: ApiKeyId::generate(),
        organization_id: owner.organization.id,
        user_id: owner.user.id,
        name: "script".into(),
        prefix: "gk_abc".into(),
        key_sha256: "hash".into(),
        scopes: vec![Scope::Read, Scope::Run],
        created_at: START,
        last_used_at: None,
        expires_at: None,
        revoked_at: None,
        family: None,
        client: None,
    };
    let (inserted, stranger) = (key.clone(), other.organization.id);
    let refused = world
        .store
        .write::<Result<(), StoreError>, StoreError, _>(move |tx| {
            let key = inserted.clone();
            Box::pin(async move {
                tx.access().insert_api_key(&key).await?;
                Ok(tx.access().revoke_api_key(stranger, key.id, START).await)
            })
        })
        .await?;
    ensure!(refused == Err(StoreError::NotFound { what: "API key" }), "{refused:?}");
    let read = world.read().await?;
    ensure!(read.access().find_api_key("hash").await? == Some(key.clone()));
    ensure!(read.access().list_api_keys(stranger).await?.is_empty());
    ensure!(read.access().list_api_keys(key.organization_id).await?.len() == 1);
    Ok(())
}

/// A window without failures begins the count anew; old counts are purged.
pub async fn failed_sign_ins_are_counted_in_a_window(world: &World) -> Outcome {
    let fail = |seconds: u64| {
        let store = world.store.clone();
        async move {
            store
                .write::<u32, StoreError, _>(move |tx| {
                    let now = World::at(seconds);
                    let window = now.minus(Duration::from_secs(900));
                    Box::pin(async move {
                        let count = tx.access().record_sign_in_failure("ada", now, window).await?;
                        Ok(count.count)
                    })
                })
                .await
        }
    };
    ensure!((fail(0).await?, fail(10).await?, fail(20).await?) == (1, 2, 3));
    let read = world.read().await?;
    ensure!(read.access().find_sign_in_failures("ada", World::at(21)).await?.is_none());
    ensure!(read.access().find_sign_in_failures("ada", World::at(5)).await?.is_some());
    drop(read);
    ensure!(fail(2000).await? == 1, "the old failures still count");
    let purge = |seconds: u64| {
        let store = world.store.clone();
        async move {
            store
                .write::<u64, StoreError, _>(move |tx| {
                    let then = World::at(seconds);
                    Box::pin(async move { tx.access().purge_sign_in_failures(then).await })
                })
                .await
        }
    };
    ensure!(purge(2000).await? == 0, "a failure that counts was removed");
    ensure!(purge(2001).await? == 1, "an old failure was kept");
    Ok(())
}
