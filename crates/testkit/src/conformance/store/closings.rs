//! Organizations that close: asked, kept after all, erased.

use anyhow::{Context, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{Closing, Session, SessionPurpose};
use gantry_types::{Credits, OrganizationId, Role, SessionId, UserId};

use super::World;
use super::departures::write;
use super::world::START;
use crate::conformance::Outcome;
use crate::installation::{insert_account, new_user};

/// A person whose session works in another's organization.
async fn let_in(world: &World, place: OrganizationId) -> anyhow::Result<(UserId, OrganizationId)> {
    let new = new_user("guest@example.org", world.plan.id, START);
    insert_account(&*world.store, new.clone(), Credits::new(100), START).await?;
    let user_id = new.user.id;
    let session = Session {
        id: SessionId::generate(),
        token_sha256: "session".to_owned(),
        user_id,
        organization_id: place,
        user_agent: "browser".to_owned(),
        ip: "192.0.2.1".to_owned(),
        created_at: START,
        last_used_at: START,
        expires_at: World::at(9_000),
        purpose: SessionPurpose::Everything,
    };
    write(world, session, move |tx, session| {
        Box::pin(async move {
            tx.access().set_member(place, user_id, Role::Member).await?;
            tx.access().insert_session(&session).await
        })
    })
    .await?;
    Ok((user_id, new.organization.id))
}

async fn close(world: &World, place: OrganizationId) -> anyhow::Result<Closing> {
    let members = world.read().await?.identity().list_members(place).await?;
    let closing = Closing {
        organization_id: place,
        asked_by: members.first().context("an owner")?.user_id,
        asked_at: START,
        erase_at: World::at(100),
        billing_ended_at: None,
        erased_at: None,
    };
    write(world, closing, |tx, closing| {
        Box::pin(async move {
            tx.closings().insert_closing(&closing).await?;
            tx.closings().shut_organization(closing.organization_id, START).await
        })
    })
    .await?;
    Ok(closing)
}

/// A closing is noted once and due in its time; sessions go home, and it is gone when taken back.
pub async fn an_organization_closes_and_is_kept_after_all(world: &World) -> Outcome {
    let place = world.account(100).await?;
    let (_, home) = let_in(world, place).await?;
    let asked = close(world, place).await?;
    let again = write(world, asked, |tx, asked| {
        Box::pin(async move { tx.closings().insert_closing(&asked).await })
    })
    .await;
    ensure!(matches!(again, Err(StoreError::AlreadyExists { .. })), "{again:?}");
    let read = world.read().await?;
    ensure!(read.closings().find_closing(place).await? == Some(asked));
    ensure!(read.closings().list_due_closings(World::at(99), 9).await?.is_empty());
    ensure!(read.closings().list_due_closings(World::at(100), 9).await? == [asked]);
    ensure!(read.closings().list_paying_closings(9).await? == [asked]);
    let session = read.access().find_session("session").await?.context("the session")?;
    ensure!(session.organization_id == home, "{session:?}");
    drop(read);
    write(world, place, |tx, place| {
        Box::pin(async move { tx.closings().note_closing_unpaid(place, World::at(5)).await })
    })
    .await?;
    ensure!(world.read().await?.closings().list_paying_closings(9).await?.is_empty());
    let keep = || {
        write(world, place, |tx, place| {
            Box::pin(async move { tx.closings().delete_closing(place).await })
        })
    };
    keep().await?;
    let twice = keep().await;
    ensure!(matches!(twice, Err(StoreError::NotFound { .. })), "{twice:?}");
    Ok(())
}

/// Places in it end, its name goes, and its people keep what is theirs.
pub async fn a_closed_organization_is_erased_once(world: &World) -> Outcome {
    let place = world.account(100).await?;
    let (user_id, home) = let_in(world, place).await?;
    close(world, place).await?;
    let name = world.read().await?.access().find_organization(place).await?.context("it")?.name;
    let erase = || {
        write(world, place, |tx, place| {
            Box::pin(async move { tx.closings().erase_closed(place, World::at(100)).await })
        })
    };
    erase().await?;
    let twice = erase().await;
    ensure!(matches!(twice, Err(StoreError::NotFound { .. })), "{twice:?}");
    let read = world.read().await?;
    let places = read.access().list_memberships(user_id).await?;
    ensure!(places.len() == 1 && places[0].organization_id == home, "{places:?}");
    ensure!(read.identity().list_members(place).await?.is_empty());
    let gone = read.access().find_organization(place).await?.context("the row")?;
    ensure!(gone.name != name, "{gone:?}");
    let closing = read.closings().find_closing(place).await?.context("the closing")?;
    ensure!(closing.erased_at == Some(World::at(100)), "{closing:?}");
    ensure!(read.closings().list_due_closings(World::at(999), 9).await?.is_empty());
    Ok(())
}
