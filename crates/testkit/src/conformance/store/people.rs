//! People and costs as administrators see them.

use anyhow::{Context, Result, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    CancelCommand, CostSums, NewUser, Order, PageRequest, PersonFilter, PersonRecord, Restriction,
    StoreExt, User, UserStatus,
};
use gantry_rules::cancellation::CancelledBy;
use gantry_rules::period::derive_day;
use gantry_types::{Credits, EngineErrorKind, JobId, OrganizationId, Role, UserId};

use super::World;
use super::world::{START, failure, success};
use crate::conformance::Outcome;
use crate::installation::new_user;

async fn insert(world: &World, new: &NewUser) -> Outcome {
    let new = new.clone();
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let new = new.clone();
            Box::pin(async move { tx.access().insert_user(&new).await })
        })
        .await?;
    Ok(())
}

async fn restrict(world: &World, user: User, restriction: Restriction) -> Outcome {
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let (user, restriction) = (user.clone(), restriction.clone());
            Box::pin(async move {
                tx.access().update_user(&user).await?;
                tx.access().set_restriction(&restriction).await
            })
        })
        .await?;
    Ok(())
}

async fn list(world: &World, filter: &PersonFilter) -> Result<Vec<PersonRecord>> {
    let page = PageRequest { after: None, limit: 10, order: Order::OldestFirst };
    Ok(world.read().await?.people().list_people(filter, &page).await?.items)
}

/// A restriction is replaced by the next one, told with the person, and forgotten.
pub async fn a_suspension_ends_by_itself_and_a_ban_does_not(world: &World) -> Outcome {
    let new = new_user("ada@example.org", world.plan.id, START);
    insert(world, &new).await?;
    let user_id = new.user.id;
    let suspended = Restriction {
        user_id,
        reason: "too loud".to_owned(),
        at: START,
        until: Some(World::at(60)),
        by: None,
    };
    let user = User { status: UserStatus::Suspended, ..new.user.clone() };
    restrict(world, user, suspended.clone()).await?;
    let read = world.read().await?;
    ensure!(read.access().find_restriction(user_id).await?.as_ref() == Some(&suspended));
    drop(read);
    let counts = async |status: UserStatus, seconds: u64| -> Result<usize> {
        let filter = PersonFilter { text: None, status: Some(status), now: World::at(seconds) };
        Ok(list(world, &filter).await?.len())
    };
    ensure!(counts(UserStatus::Suspended, 59).await? == 1);
    ensure!(counts(UserStatus::Active, 59).await? == 0);
    ensure!(counts(UserStatus::Suspended, 60).await? == 0);
    ensure!(counts(UserStatus::Active, 60).await? == 1);
    let found = world.read().await?.people().find_person(user_id).await?.context("gone")?;
    ensure!(found.restriction.as_ref() == Some(&suspended));
    ensure!(found.derive_status(World::at(59)) == UserStatus::Suspended);
    ensure!(found.derive_status(World::at(60)) == UserStatus::Active);
    let banned = Restriction {
        reason: "a farm".to_owned(),
        until: None,
        by: Some(user_id),
        ..suspended.clone()
    };
    let user = User { status: UserStatus::Banned, ..new.user.clone() };
    restrict(world, user, banned.clone()).await?;
    ensure!(counts(UserStatus::Banned, 1_000_000).await? == 1);
    let found = world.read().await?.people().find_person(user_id).await?.context("gone")?;
    ensure!(found.status == UserStatus::Banned && found.restriction == Some(banned));
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            Box::pin(async move { tx.access().delete_restriction(user_id).await })
        })
        .await?;
    ensure!(world.read().await?.access().find_restriction(user_id).await?.is_none());
    Ok(())
}

/// Wildcards of a text are plain, and a person comes with their organizations.
pub async fn people_are_found_by_parts_of_address_and_name(world: &World) -> Outcome {
    let mut ada = new_user("ada@example.org", world.plan.id, START);
    ada.user.name = "Countess of Lovelace".to_owned();
    let odd = new_user("50%_off@example.org", world.plan.id, START);
    insert(world, &ada).await?;
    insert(world, &odd).await?;
    let find = async |text: &str| -> Result<Vec<UserId>> {
        let filter = PersonFilter { text: Some(text.to_owned()), status: None, now: START };
        Ok(list(world, &filter).await?.into_iter().map(|person| person.id).collect())
    };
    ensure!(find("DA@EX").await? == [ada.user.id]);
    ensure!(find("lovelace").await? == [ada.user.id]);
    ensure!(find("%").await? == [odd.user.id]);
    ensure!(find("0%_o").await? == [odd.user.id]);
    ensure!(find("nobody").await?.is_empty());
    let all = PersonFilter { text: None, status: None, now: START };
    let first = PageRequest { after: None, limit: 1, order: Order::OldestFirst };
    let read = world.read().await?;
    let page = read.people().list_people(&all, &first).await?;
    let after = PageRequest { after: page.next, ..first };
    let next = read.people().list_people(&all, &after).await?;
    ensure!(page.items.len() == 1 && next.items.len() == 1 && next.next.is_none());
    ensure!(page.items[0].id != next.items[0].id);
    let found = read.people().find_person(ada.user.id).await?.context("ada is gone")?;
    let home = found.home.context("no home")?;
    ensure!(home.organization_id == ada.organization.id && home.plan == world.plan.slug);
    ensure!((home.role, home.derive_balance()) == (Role::Owner, Credits::ZERO));
    ensure!(found.last_seen_at.is_none());
    let homes = read.people().list_homes(ada.user.id).await?;
    ensure!(homes == [home]);
    ensure!(read.people().find_person(UserId::generate()).await?.is_none());
    Ok(())
}

/// Jobs are listed to be stopped once no owner is left who is not banned, until they are asked to.
pub async fn what_only_the_banned_own_is_halted(world: &World) -> Outcome {
    let new = new_user("ada@example.org", world.plan.id, START);
    let heir = new_user("eve@example.org", world.plan.id, START);
    insert(world, &new).await?;
    insert(world, &heir).await?;
    let (organization_id, heir_id) = (new.organization.id, heir.user.id);
    let job_id = world.submit(organization_id, 0).await?;
    let halted = async || -> Result<Vec<OrganizationId>> {
        Ok(world.read().await?.people().list_halted(10).await?)
    };
    ensure!(halted().await?.is_empty(), "nobody is banned");
    let restriction = Restriction {
        user_id: new.user.id,
        reason: "a farm".to_owned(),
        at: START,
        until: None,
        by: None,
    };
    let user = User { status: UserStatus::Banned, ..new.user.clone() };
    restrict(world, user, restriction).await?;
    ensure!(halted().await? == [organization_id]);
    let make = async |role: Role| -> Result<(), StoreError> {
        world
            .store
            .write::<(), StoreError, _>(move |tx| {
                Box::pin(
                    async move { tx.access().set_member(organization_id, heir_id, role).await },
                )
            })
            .await
    };
    make(Role::Owner).await?;
    ensure!(halted().await?.is_empty(), "another owner is not banned");
    make(Role::Admin).await?;
    ensure!(halted().await? == [organization_id]);
    let by = CancelledBy::House;
    world.store.cancel(CancelCommand { organization_id, job_id, by, now: START }).await?;
    ensure!(halted().await?.is_empty(), "the job was stopped");
    Ok(())
}

/// Jobs count on the day on which they ended, whoever owns them.
pub async fn costs_are_summed_by_operation_and_day(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let id = world.submit(account, 10).await?;
    let job = world.claim_job(id).await?;
    world.end(&job, success(), Some(4)).await?;
    let other = world.account(100).await?;
    let id = world.submit(other, 20).await?;
    let job = world.claim_job(id).await?;
    world.end(&job, failure(EngineErrorKind::Input), None).await?;
    // One that has not ended is not counted.
    world.submit(other, 30).await?;
    let day = derive_day(START);
    let read = world.read().await?;
    ensure!(read.jobs().find_job_owner(id).await? == Some(other));
    ensure!(read.jobs().find_job_owner(JobId::generate()).await?.is_none());
    let found = read.jobs().list_job_costs(day.start, day.end).await?;
    ensure!(found.len() == 1 && found[0].operation == "story.run", "{found:?}");
    ensure!(found[0].day == day.start, "{found:?}");
    let expected = CostSums {
        jobs: 2,
        succeeded: 1,
        failed: 1,
        cancelled: 0,
        estimated: Credits::new(30),
        settled: Credits::new(4),
        refunded: Credits::new(26),
        penalties: Credits::ZERO,
    };
    ensure!(found[0].sums == expected, "{found:?}");
    ensure!(read.jobs().list_job_costs(day.end, World::at(200_000)).await?.is_empty());
    Ok(())
}
