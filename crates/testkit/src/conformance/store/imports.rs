//! Hashes that came from elsewhere, plans that were chosen, and sessions for administering.

use anyhow::{Context, Result, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{NewUser, PlanChoice, Session, SessionPurpose, StoreExt, User};
use gantry_rules::plan::Interval;
use gantry_types::{OrganizationId, SessionId};

use super::World;
use super::world::START;
use crate::conformance::Outcome;
use crate::installation::new_user;

async fn insert(world: &World, new: &NewUser, cost: Option<u32>) -> Result<(), StoreError> {
    let new = new.clone();
    world
        .store
        .write(move |tx| {
            let new = new.clone();
            Box::pin(async move {
                tx.access().insert_user(&new).await?;
                match cost {
                    Some(cost) => tx.access().note_imported_cost(new.user.id, cost).await,
                    None => Ok(()),
                }
            })
        })
        .await
}

async fn highest(world: &World) -> Result<Option<u32>> {
    let read = world.read().await?;
    Ok(read.access().find_imported_cost().await?)
}

async fn find_choice(world: &World, whose: OrganizationId) -> Result<Option<PlanChoice>> {
    let read = world.read().await?;
    Ok(read.accounts().find_plan_choice(whose).await?)
}

/// The highest cost of hashes from elsewhere is known as long as somebody has such a hash.
pub async fn costs_of_hashes_from_elsewhere_are_known_until_they_are_renewed(
    world: &World,
) -> Outcome {
    ensure!(highest(world).await?.is_none(), "there is no such hash");
    let people = ["a@example.org", "b@example.org", "c@example.org"];
    let [a, b, c] = people.map(|email| new_user(email, world.plan.id, START));
    insert(world, &a, Some(12)).await?;
    insert(world, &b, Some(10)).await?;
    insert(world, &c, None).await?;
    ensure!(highest(world).await? == Some(12));

    // Another change of the user keeps it; another password does not.
    let renamed = User { name: "Another".to_owned(), ..a.user.clone() };
    let user_id = a.user.id;
    let (stale, old) = ("no hash of theirs".to_owned(), a.user.password_hash.clone());
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let (renamed, stale) = (renamed.clone(), stale.clone());
            Box::pin(async move {
                tx.access().update_user(&renamed).await?;
                tx.access().renew_password_hash(user_id, &stale, "never").await
            })
        })
        .await?;
    ensure!(highest(world).await? == Some(12));
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let old = old.clone();
            Box::pin(async move { tx.access().renew_password_hash(user_id, &old, "renewed").await })
        })
        .await?;
    let read = world.read().await?;
    let user = read.access().find_user(user_id).await?.context("the user is gone")?;
    ensure!(user.password_hash == "renewed" && user.name == "Another", "{user:?}");
    ensure!(read.access().find_imported_cost().await? == Some(10));
    drop(read);
    let changed = User { password_hash: "chosen anew".to_owned(), ..b.user.clone() };
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let changed = changed.clone();
            Box::pin(async move { tx.access().update_user(&changed).await })
        })
        .await?;
    ensure!(highest(world).await?.is_none());
    Ok(())
}

/// What hashes of Argon2id cost is told without the hashes, and of no others.
pub async fn costs_of_argon2id_are_told_each_once(world: &World) -> Outcome {
    let before = list_argon2_costs(world).await?;
    ensure!(before.is_empty(), "{before:?}");
    let rest = "$egolVEXy0dbxdyfunAOyRg$WymSoN0cjkns7Aq9KrRcFwdHTGSCiOy2JZdy8YyDDBM";
    let (small, large) = ("$argon2id$v=19$m=8,t=1,p=1", "$argon2id$v=19$m=1048576,t=12,p=4");
    let hashes = [
        format!("{small}{rest}"),
        format!("{small}$c2FsdHNhbHQ{rest}"),
        format!("{large}{rest}"),
        "$2b$05$H7FhKUX9cnvp.VLZuEcMu.dqM1nOA7U/OwoLM8wrzVPVPRVpwyWP6".to_owned(),
        String::new(),
    ];
    for (number, hash) in hashes.into_iter().enumerate() {
        let mut new = new_user(&format!("{number}@example.org"), world.plan.id, START);
        new.user.password_hash = hash;
        insert(world, &new, None).await?;
    }
    let told = list_argon2_costs(world).await?;
    ensure!(told == [large, small], "{told:?}");
    Ok(())
}

async fn list_argon2_costs(world: &World) -> Result<Vec<String>> {
    let read = world.read().await?;
    let mut told = read.access().list_argon2_costs().await?;
    told.sort_unstable();
    Ok(told)
}

/// A choice is replaced by a later one, forgotten with a change of plan, and let go.
pub async fn a_choice_of_plan_is_kept_until_the_plan_changes(world: &World) -> Outcome {
    let new = new_user("ada@example.org", world.plan.id, START);
    insert(world, &new, None).await?;
    let (organization_id, plan_id) = (new.organization.id, world.plan.id);
    let choice = |plan: &str, interval| PlanChoice { plan: plan.to_owned(), interval };
    let (small, large) = (choice("small", Interval::Month), choice("large", Interval::Year));
    ensure!(find_choice(world, organization_id).await?.is_none());
    let chosen = [small, large.clone()];
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let chosen = chosen.clone();
            Box::pin(async move {
                for choice in &chosen {
                    tx.accounts().set_plan_choice(organization_id, choice, START).await?;
                }
                Ok(())
            })
        })
        .await?;
    ensure!(find_choice(world, organization_id).await? == Some(large.clone()));
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            Box::pin(async move {
                tx.accounts().set_plan(organization_id, plan_id, World::at(60)).await
            })
        })
        .await?;
    ensure!(find_choice(world, organization_id).await?.is_none());
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let large = large.clone();
            Box::pin(async move {
                tx.accounts().set_plan_choice(organization_id, &large, START).await?;
                tx.accounts().delete_plan_choice(organization_id).await?;
                // Nothing is left to be forgotten.
                tx.accounts().delete_plan_choice(organization_id).await
            })
        })
        .await?;
    ensure!(find_choice(world, organization_id).await?.is_none());
    Ok(())
}

/// What a session is for is kept with it.
pub async fn sessions_know_what_they_are_for(world: &World) -> Outcome {
    let new = new_user("ada@example.org", world.plan.id, START);
    insert(world, &new, None).await?;
    for purpose in [SessionPurpose::Everything, SessionPurpose::Administer] {
        let session = Session {
            id: SessionId::generate(),
            token_sha256: format!("{purpose:?}"),
            user_id: new.user.id,
            organization_id: new.organization.id,
            user_agent: "story".into(),
            ip: "127.0.0.1".into(),
            created_at: START,
            last_used_at: START,
            expires_at: World::at(3600),
            purpose,
        };
        let begun = session.clone();
        world
            .store
            .write::<(), StoreError, _>(move |tx| {
                let begun = begun.clone();
                Box::pin(async move { tx.access().insert_session(&begun).await })
            })
            .await?;
        let found = world.read().await?.access().find_session(&session.token_sha256).await?;
        ensure!(found == Some(session), "{found:?}");
    }
    Ok(())
}
