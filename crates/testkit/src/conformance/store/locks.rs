//! Closures that read something, and write by what they read, at the same moment.
//!
//! Invariant: each story does it in several rounds, as a race that is lost once in a while is lost.

use anyhow::{Context, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    AdProgress, AdSession, ClaimSource, Member, NewUser, Tx, User, UserStatus,
};
use gantry_types::{AdSessionId, OrganizationId, Role, UserId};

use super::World;
use super::departures::write;
use super::world::START;
use crate::conformance::Outcome;
use crate::installation::new_user;

const ROUNDS: u32 = 12;

async fn insert(world: &World, new: &NewUser) -> Result<(), StoreError> {
    write(world, new.clone(), |tx, new| {
        Box::pin(async move { tx.access().insert_user(&new).await })
    })
    .await
}

/// Makes an owner a viewer, unless nobody else owns the organization; answers whether it did.
async fn demote(tx: &dyn Tx, home: OrganizationId, user: UserId) -> Result<bool, StoreError> {
    tx.access().lock_organization(home).await?;
    let members = tx.identity().list_members(home).await?;
    let is_other_owner = |member: &Member| member.user_id != user && member.role == Role::Owner;
    if !members.iter().any(is_other_owner) {
        return Ok(false);
    }
    tx.access().set_member(home, user, Role::Viewer).await?;
    Ok(true)
}

/// Two owners who demote each other leave one of them.
pub async fn owners_who_demote_each_other_at_once_leave_one(world: &World) -> Outcome {
    let ada = new_user("ada@example.org", world.plan.id, START);
    let grace = new_user("grace@example.org", world.plan.id, START);
    insert(world, &ada).await?;
    insert(world, &grace).await?;
    let home = ada.organization.id;
    let owners = [ada.user.id, grace.user.id];
    for round in 0..ROUNDS {
        write(world, owners, move |tx, owners| {
            Box::pin(async move {
                for owner in owners {
                    tx.access().set_member(home, owner, Role::Owner).await?;
                }
                Ok(())
            })
        })
        .await?;
        let demoting = |user: UserId| {
            write(world, user, move |tx, user| {
                Box::pin(async move { demote(tx, home, user).await })
            })
        };
        let (first, second) = tokio::join!(demoting(owners[0]), demoting(owners[1]));
        let (first, second) = (first?, second?);
        ensure!(first != second, "round {round}: {first} and {second}");
        let members = world.read().await?.identity().list_members(home).await?;
        let left = members.iter().filter(|member| member.role == Role::Owner).count();
        ensure!(left == 1, "round {round} left {left} owners");
    }
    Ok(())
}

/// Bans an administrator, unless nobody else is an active one; answers whether it did.
async fn ban_administrator(tx: &dyn Tx, id: UserId) -> Result<bool, StoreError> {
    tx.access().lock_administrators().await?;
    if tx.departures().count_other_administrators(id).await? == 0 {
        return Ok(false);
    }
    set_status(tx, id, UserStatus::Banned).await?;
    Ok(true)
}

async fn set_status(tx: &dyn Tx, id: UserId, status: UserStatus) -> Result<(), StoreError> {
    let user = tx.access().lock_user(id).await?.ok_or(StoreError::NotFound { what: "user" })?;
    tx.access().update_user(&User { status, ..user }).await
}

/// Two administrators who ban each other leave one of them.
pub async fn administrators_who_ban_each_other_at_once_leave_one(world: &World) -> Outcome {
    let mut administrators = Vec::new();
    for email in ["ada@example.org", "grace@example.org"] {
        let mut new = new_user(email, world.plan.id, START);
        new.user.administrator = true;
        insert(world, &new).await?;
        administrators.push(new.user.id);
    }
    let (ada, grace) = (administrators[0], administrators[1]);
    for round in 0..ROUNDS {
        write(world, administrators.clone(), |tx, administrators| {
            Box::pin(async move {
                for id in administrators {
                    set_status(tx, id, UserStatus::Active).await?;
                }
                Ok(())
            })
        })
        .await?;
        let banning = |id: UserId| {
            write(world, id, |tx, id| Box::pin(async move { ban_administrator(tx, id).await }))
        };
        let (first, second) = tokio::join!(banning(ada), banning(grace));
        let (first, second) = (first?, second?);
        ensure!(first != second, "round {round}: {first} and {second}");
    }
    Ok(())
}

/// A change of a user's name does not write back the status that they had before a ban, nor the
/// ban the name.
pub async fn a_ban_outlasts_a_change_of_profile_at_the_same_moment(world: &World) -> Outcome {
    let new = new_user("ada@example.org", world.plan.id, START);
    insert(world, &new).await?;
    let id = new.user.id;
    for round in 0..ROUNDS {
        let become_status = |status: UserStatus| {
            write(world, status, move |tx, status| {
                Box::pin(async move { set_status(tx, id, status).await })
            })
        };
        become_status(UserStatus::Active).await?;
        let name = format!("Ada {round}");
        let renaming = write(world, name.clone(), move |tx, name| {
            Box::pin(async move {
                let user = tx.access().lock_user(id).await?;
                let user = user.ok_or(StoreError::NotFound { what: "user" })?;
                tx.access().update_user(&User { name, ..user }).await
            })
        });
        let (renamed, banned) = tokio::join!(renaming, become_status(UserStatus::Banned));
        renamed?;
        banned?;
        let user = world.read().await?.access().find_user(id).await?.context("gone")?;
        ensure!(user.status == UserStatus::Banned, "round {round} undid the ban");
        ensure!(user.name == name, "round {round} undid the name");
    }
    Ok(())
}

/// Counts a wrong guess, unless as many as may be were made; answers whether it was one of them.
async fn guess(tx: &dyn Tx, key: &str, limit: u32) -> Result<bool, StoreError> {
    tx.access().lock_sign_in_failures(key).await?;
    let failures = tx.access().find_sign_in_failures(key, START).await?;
    if failures.is_some_and(|failures| failures.count >= limit) {
        return Ok(false);
    }
    tx.access().record_sign_in_failure(key, START, START).await?;
    Ok(true)
}

/// Of many guesses at once only as many count as would one after another.
pub async fn guesses_at_once_count_no_more_than_the_limit(world: &World) -> Outcome {
    const LIMIT: u32 = 5;
    for round in 0..ROUNDS {
        let key = format!("email round {round}");
        let guesses = (0..3 * LIMIT).map(|_| {
            write(world, key.clone(), |tx, key| {
                Box::pin(async move { guess(tx, &key, LIMIT).await })
            })
        });
        let mut taken = 0;
        for answer in futures::future::join_all(guesses).await {
            taken += u32::from(answer?);
        }
        ensure!(taken == LIMIT, "round {round} took {taken} guesses");
        let failures = world.read().await?.access().find_sign_in_failures(&key, START).await?;
        let counted = failures.map(|failures| failures.count);
        ensure!(counted == Some(LIMIT), "round {round} counted {counted:?}");
    }
    Ok(())
}

/// Makes somebody a member while there is a seat; answers whether there was.
async fn join(tx: &dyn Tx, home: OrganizationId, user: UserId) -> Result<bool, StoreError> {
    const SEATS: usize = 3;
    tx.access().lock_organization(home).await?;
    if tx.identity().list_members(home).await?.len() >= SEATS {
        return Ok(false);
    }
    tx.access().set_member(home, user, Role::Viewer).await?;
    Ok(true)
}

/// Many who join at once do not share a seat.
pub async fn joining_at_once_takes_no_more_than_the_seats(world: &World) -> Outcome {
    let owner = new_user("ada@example.org", world.plan.id, START);
    insert(world, &owner).await?;
    let home = owner.organization.id;
    let mut others = Vec::new();
    for number in 0..ROUNDS {
        let new = new_user(&format!("other{number}@example.org"), world.plan.id, START);
        insert(world, &new).await?;
        others.push(new.user.id);
    }
    let joining = others.into_iter().map(|user| {
        write(world, user, move |tx, user| Box::pin(async move { join(tx, home, user).await }))
    });
    let mut joined = 0;
    for answer in futures::future::join_all(joining).await {
        joined += u32::from(answer?);
    }
    ensure!(joined == 2, "{joined} joined an owner who has three seats");
    ensure!(world.read().await?.identity().list_members(home).await?.len() == 3);
    Ok(())
}

/// Begins an ad, unless as many as may be are open; answers whether it did.
async fn begin_ad(tx: &dyn Tx, session: &AdSession, limit: u32) -> Result<bool, StoreError> {
    let address = ClaimSource::Address("192.0.2.7".to_owned());
    tx.rewards().lock_claims(&address).await?;
    let (open, _) = tx.rewards().count_open_ad_sessions(session.user_id, START).await?;
    if open >= limit {
        return Ok(false);
    }
    tx.rewards().insert_ad_session(session).await?;
    Ok(true)
}

/// Ads that are begun at once behind one address wait for each other, and none is one too many.
pub async fn ads_begun_at_once_are_counted_exactly(world: &World) -> Outcome {
    const LIMIT: u32 = 5;
    let new = new_user("ada@example.org", world.plan.id, START);
    insert(world, &new).await?;
    let beginning = (0..3 * LIMIT).map(|_| {
        let session = AdSession {
            id: AdSessionId::generate(),
            organization_id: new.organization.id,
            user_id: new.user.id,
            provider: "admob".to_owned(),
            progress: AdProgress::Asked,
            created_at: START,
            expires_at: World::at(600),
            watched_at: None,
            decided_at: None,
        };
        write(world, session, |tx, session| {
            Box::pin(async move { begin_ad(tx, &session, LIMIT).await })
        })
    });
    let mut begun = 0;
    for answer in futures::future::join_all(beginning).await {
        begun += u32::from(answer?);
    }
    ensure!(begun == LIMIT, "{begun} ads were begun at once");
    Ok(())
}
