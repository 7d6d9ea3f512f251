//! Accounts elsewhere that sign people in, and ceremonies that come back once.

use anyhow::ensure;
use gantry_ports::StoreError;
use gantry_ports::store::{Ceremony, CeremonyPurpose, LinkedIdentity, StoreExt};
use gantry_types::{LinkedIdentityId, UserId};

use super::World;
use super::world::START;
use crate::conformance::Outcome;
use crate::installation::new_user;

fn ceremony_of(state: &str) -> Ceremony {
    Ceremony {
        state_sha256: state.to_owned(),
        purpose: CeremonyPurpose::SignIn,
        provider: "google".to_owned(),
        user_id: None,
        browser_sha256: "browser".to_owned(),
        next: "/app/".to_owned(),
        expires_at: World::at(600),
    }
}

/// A ceremony is used once, also when two try at once; those that ended are purged.
pub async fn ceremonies_come_back_once(world: &World) -> Outcome {
    let link = Ceremony {
        purpose: CeremonyPurpose::Link,
        user_id: Some(UserId::generate()),
        ..ceremony_of("two")
    };
    for ceremony in [ceremony_of("one"), link.clone(), ceremony_of("three")] {
        world
            .store
            .write::<_, StoreError, _>(move |tx| {
                let ceremony = ceremony.clone();
                Box::pin(async move { tx.vouching().insert_ceremony(&ceremony).await })
            })
            .await?;
    }
    let read = world.read().await?;
    ensure!(read.vouching().find_ceremony("one").await? == Some(ceremony_of("one")));
    ensure!(read.vouching().find_ceremony("two").await? == Some(link));
    drop(read);
    let use_up = || {
        world.store.write::<_, StoreError, _>(|tx| {
            Box::pin(async move { tx.vouching().use_ceremony("one").await })
        })
    };
    let (first, second) = tokio::join!(use_up(), use_up());
    ensure!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let purge = |at| {
        world.store.write::<_, StoreError, _>(move |tx| {
            Box::pin(async move { tx.identity().purge_links(at).await })
        })
    };
    ensure!(purge(World::at(599)).await? == 0);
    ensure!(purge(World::at(600)).await? == 2);
    Ok(())
}

/// An account elsewhere signs one person in, and is removed by nobody else.
pub async fn an_identity_is_one_persons(world: &World) -> Outcome {
    let mut users = Vec::new();
    for email in ["ada@example.org", "grace@example.org"] {
        let new = new_user(email, world.plan.id, START);
        users.push(new.user.id);
        world
            .store
            .write::<_, StoreError, _>(move |tx| {
                let new = new.clone();
                Box::pin(async move { tx.access().insert_user(&new).await })
            })
            .await?;
    }
    let identity_of = |user_id: UserId, provider: &str| LinkedIdentity {
        id: LinkedIdentityId::generate(),
        user_id,
        provider: provider.to_owned(),
        subject: "4711".to_owned(),
        email: "ada@example.org".to_owned(),
        linked_at: START,
    };
    let insert = |identity: LinkedIdentity| {
        world.store.write::<_, StoreError, _>(move |tx| {
            let identity = identity.clone();
            Box::pin(async move {
                tx.vouching().lock_ways_in(identity.user_id).await?;
                tx.vouching().insert_identity(&identity).await
            })
        })
    };
    let (ada, grace) = (users[0], users[1]);
    let google = identity_of(ada, "google");
    let github = identity_of(ada, "github");
    insert(google.clone()).await?;
    insert(github.clone()).await?;
    for user in [ada, grace] {
        let again = insert(identity_of(user, "google")).await;
        ensure!(matches!(again, Err(StoreError::AlreadyExists { .. })), "{again:?}");
    }
    let read = world.read().await?;
    ensure!(read.vouching().list_identities(ada).await? == [google.clone(), github.clone()]);
    ensure!(read.vouching().list_identities(grace).await?.is_empty());
    ensure!(read.vouching().find_identity("github", "4711").await? == Some(github));
    ensure!(read.vouching().find_identity("github", "4712").await?.is_none());
    drop(read);
    let delete = |user: UserId| {
        world.store.write::<_, StoreError, _>(move |tx| {
            Box::pin(async move { tx.vouching().delete_identity(user, google.id).await })
        })
    };
    let foreign = delete(grace).await;
    ensure!(matches!(foreign, Err(StoreError::NotFound { .. })), "{foreign:?}");
    delete(ada).await?;
    ensure!(world.read().await?.vouching().list_identities(ada).await?.len() == 1);
    Ok(())
}
