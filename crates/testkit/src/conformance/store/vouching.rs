//! Accounts elsewhere that sign people in, and ceremonies that come back once.

use anyhow::ensure;
use gantry_ports::StoreError;
use gantry_ports::store::{
    Ceremony, CeremonyPurpose, LinkedIdentity, Newcomer, Passkey, PlanChoice, StoreExt,
};
use gantry_rules::plan::Interval;
use gantry_types::{LinkedIdentityId, PasskeyId, UserId};

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
        newcomer: Newcomer {
            invitation_sha256: Some("invitation".to_owned()),
            referral_code: Some("ADA".to_owned()),
            plan: Some(PlanChoice { plan: "pro".to_owned(), interval: Interval::Year }),
        },
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
                tx.access().lock_user(identity.user_id).await?;
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

/// A passkey's counter grows, or stays at zero for ever; nobody else renames or removes it.
pub async fn a_passkey_counts_on(world: &World) -> Outcome {
    let new = new_user("ada@example.org", world.plan.id, START);
    let ada = new.user.id;
    let passkey_of = |credential: &str| Passkey {
        id: PasskeyId::generate(),
        user_id: ada,
        credential_id: credential.to_owned(),
        public_key: "key".to_owned(),
        counter: 0,
        name: "Laptop".to_owned(),
        created_at: START,
        last_used_at: None,
    };
    let (counting, silent) = (passkey_of("one"), passkey_of("two"));
    let (first, second) = (counting.clone(), silent.clone());
    world
        .store
        .write::<_, StoreError, _>(move |tx| {
            let (new, first, second) = (new.clone(), first.clone(), second.clone());
            Box::pin(async move {
                tx.access().insert_user(&new).await?;
                tx.vouching().insert_passkey(&first).await?;
                tx.vouching().insert_passkey(&second).await
            })
        })
        .await?;
    let used = |id: PasskeyId, counter: u32| {
        world.store.write::<_, StoreError, _>(move |tx| {
            Box::pin(async move { tx.vouching().use_passkey(id, counter, World::at(60)).await })
        })
    };
    for (counter, is_taken) in [(0, true), (5, true), (5, false), (4, false), (0, false), (6, true)]
    {
        ensure!(used(counting.id, counter).await.is_ok() == is_taken, "{counter}");
    }
    used(silent.id, 0).await?;
    used(silent.id, 0).await?;
    let read = world.read().await?;
    let found = read.vouching().find_passkey("one").await?;
    let expected = Passkey { counter: 6, last_used_at: Some(World::at(60)), ..counting.clone() };
    ensure!(found.as_ref() == Some(&expected), "{found:?}");
    ensure!(read.vouching().list_passkeys(ada).await?.len() == 2);
    ensure!(read.vouching().list_passkeys(UserId::generate()).await?.is_empty());
    drop(read);
    let (id, stranger) = (counting.id, UserId::generate());
    let change = |whose: UserId| {
        world.store.write::<_, StoreError, _>(move |tx| {
            Box::pin(async move {
                tx.vouching().rename_passkey(whose, id, "Phone").await?;
                tx.vouching().delete_passkey(whose, id).await
            })
        })
    };
    let foreign = change(stranger).await;
    ensure!(matches!(foreign, Err(StoreError::NotFound { .. })), "{foreign:?}");
    change(ada).await?;
    ensure!(world.read().await?.vouching().find_passkey("one").await?.is_none());
    Ok(())
}
