//! Restricted things, and who sees them.

use anyhow::{Context, Result, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    AuditEntry, HotError, JobFilter, JobRestriction, ObjectAccess, ObjectGrant, ObjectRef,
    ObjectRestrainer, Order, PageRequest, Sight, StoreExt, Workflow,
};
use gantry_rules::sharing::{GrantLevel, Visibility};
use gantry_rules::submission::Submission;
use gantry_types::{AuditEntryId, JobId, OrganizationId, Role, UserId, WorkflowId};
use serde_json::json;

use super::World;
use super::world::{START, submission};
use crate::conformance::Outcome;
use crate::installation::new_user;

/// Submits a job of somebody.
pub(super) async fn submit(world: &World, account: OrganizationId, by: UserId) -> Result<JobId> {
    let new = Submission { submitted_by: Some(by), ..submission(account, 0) };
    Ok(world.try_submit(new).await?.job_id)
}

/// Says who sees a thing.
pub(super) async fn set(
    world: &World,
    account: OrganizationId,
    access: &ObjectAccess,
) -> Result<(), StoreError> {
    let access = access.clone();
    let restrainer = ObjectRestrainer { organization_id: account, by: access.made_by, at: START };
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let access = access.clone();
            Box::pin(async move { tx.sharing().set_object_access(restrainer, &access).await })
        })
        .await
}

/// Somebody with a role in an account.
async fn join(world: &World, account: OrganizationId, role: Role) -> Result<UserId> {
    let email = format!("{}@example.org", UserId::generate());
    let new = new_user(&email, world.plan.id, START);
    let user = new.user.id;
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let new = new.clone();
            Box::pin(async move {
                tx.access().insert_user(&new).await?;
                tx.access().set_member(account, user, role).await
            })
        })
        .await?;
    Ok(user)
}

/// What a snapshot with these eyes shows of a job: itself, its events, its account's events.
async fn look(
    world: &World,
    (account, id): (OrganizationId, JobId),
    sight: Sight,
) -> Result<[bool; 4]> {
    let read = world.store.read_as(sight).await?;
    let jobs = read.jobs();
    let events = jobs.list_account_events(account, 0, 100).await?;
    let access = read.sharing().find_object_access(account, ObjectRef::Job(id)).await?;
    Ok([
        jobs.find_job(account, id).await?.is_some(),
        !jobs.list_job_events(account, id, 0, 100).await?.is_empty(),
        events.iter().any(|event| event.job_id == id),
        access.is_some(),
    ])
}

/// Who made a restricted job and to whom it was granted see it, others do not, and pages of lists
/// are as long as they say.
pub async fn a_restricted_job_is_seen_by_who_may(world: &World) -> Outcome {
    let (account, stranger) = (world.account(0).await?, world.account(0).await?);
    let (maker, other) = (UserId::generate(), UserId::generate());
    let guest = join(world, account, Role::Member).await?;
    let hidden = submit(world, account, maker).await?;
    let open = submit(world, account, maker).await?;
    let everybody = Sight::Member(other);
    ensure!(look(world, (account, hidden), everybody).await? == [true; 4]);
    let object = ObjectRef::Job(hidden);
    let access = ObjectAccess {
        object,
        made_by: Some(maker),
        visibility: Visibility::Restricted,
        grants: vec![ObjectGrant { user_id: guest, level: GrantLevel::Viewer }],
    };
    set(world, account, &access).await?;
    let read = world.read().await?;
    ensure!(read.sharing().find_object_access(account, object).await?.as_ref() == Some(&access));
    ensure!(read.sharing().find_object_access(stranger, object).await?.is_none());
    drop(read);
    for (sight, sees) in [
        (Sight::Everything, true),
        (Sight::Member(maker), true),
        (Sight::Member(guest), true),
        (everybody, false),
    ] {
        let shown = look(world, (account, hidden), sight).await?;
        ensure!(shown == [sees; 4], "{sight:?}: {shown:?}");
        let page = PageRequest { after: None, limit: 1, order: Order::OldestFirst };
        let read = world.store.read_as(sight).await?;
        let found = read.jobs().list_jobs(account, &JobFilter::default(), &page).await?;
        let first = found.items.first().context("the list is empty")?.id;
        let expected = if sees { hidden } else { open };
        ensure!(first == expected, "{sight:?}: {first} is first");
        ensure!(found.next.is_some() == sees, "{sight:?}: the list ends elsewhere");
    }

    let editor = ObjectGrant { user_id: guest, level: GrantLevel::Editor };
    let changed = ObjectAccess { grants: vec![editor], ..access.clone() };
    set(world, account, &changed).await?;
    let read = world.read().await?;
    ensure!(read.sharing().find_object_access(account, object).await? == Some(changed));
    drop(read);
    // Whoever leaves has nothing left, also when they come back.
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            Box::pin(async move {
                tx.identity().delete_member(account, guest, World::at(5)).await?;
                tx.access().set_member(account, guest, Role::Member).await
            })
        })
        .await?;
    ensure!(look(world, (account, hidden), Sight::Member(guest)).await? == [false; 4]);
    let open = ObjectAccess { visibility: Visibility::Organization, grants: Vec::new(), ..access };
    set(world, account, &open).await?;
    ensure!(look(world, (account, hidden), everybody).await? == [true; 4]);
    Ok(())
}

/// A job reads what the person may who asked for it, by their role of today.
pub async fn a_job_sees_what_its_asker_sees(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let member = join(world, account, Role::Member).await?;
    let admin = join(world, account, Role::Admin).await?;
    let house = world.submit(account, 0).await?;
    for (id, sight) in [
        (submit(world, account, member).await?, Sight::Member(member)),
        (submit(world, account, admin).await?, Sight::Everything),
        (house, Sight::Everything),
    ] {
        let read = world.read().await?;
        ensure!(read.sharing().find_sight_of_job(account, id).await? == Some(sight));
    }
    let unknown = JobId::generate();
    let read = world.read().await?;
    ensure!(read.sharing().find_sight_of_job(account, unknown).await?.is_none());
    Ok(())
}

/// A workflow that is kept from somebody has no revision for them, whoever wrote it; each revision
/// tells who did.
pub async fn a_restricted_workflow_hides_its_revisions(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let (maker, editor) = (UserId::generate(), UserId::generate());
    let guest = join(world, account, Role::Member).await?;
    let first = Workflow {
        id: WorkflowId::generate(),
        organization_id: account,
        name: "Secret".into(),
        revision: 1,
        definition: json!({"nodes": []}),
        created_by: Some(maker),
        created_at: START,
        changed_at: START,
    };
    let id = first.id;
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let second = Workflow { revision: 2, ..first.clone() };
            let first = first.clone();
            Box::pin(async move {
                tx.flows().insert_workflow(&first).await?;
                tx.flows().update_workflow(&second, Some(editor)).await
            })
        })
        .await?;
    let access = ObjectAccess {
        object: ObjectRef::Workflow(id),
        made_by: Some(maker),
        visibility: Visibility::Restricted,
        grants: vec![ObjectGrant { user_id: guest, level: GrantLevel::Viewer }],
    };
    set(world, account, &access).await?;
    for (sight, sees) in [
        (Sight::Everything, true),
        (Sight::Member(maker), true),
        (Sight::Member(guest), true),
        (Sight::Member(editor), false),
    ] {
        let read = world.store.read_as(sight).await?;
        let flows = read.flows();
        ensure!(flows.find_workflow(account, id).await?.is_some() == sees, "{sight:?}");
        for (number, author) in [(1, maker), (2, editor)] {
            let found = flows.find_revision(account, id, number).await?;
            let expected = sees.then_some(Some(author));
            ensure!(found.map(|revision| revision.created_by) == expected, "{sight:?}: {number}");
        }
    }
    Ok(())
}

/// A submission's job is restricted in the commit that admits it, with one line of the audit log; a
/// refused one leaves nothing behind, and one that an earlier one answers changes nothing.
pub async fn a_job_is_restricted_as_it_is_admitted(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let (maker, everybody) = (UserId::generate(), Sight::Member(UserId::generate()));
    let guest = join(world, account, Role::Member).await?;
    let outsider = UserId::generate();
    let new = Submission { submitted_by: Some(maker), ..submission(account, 0) };
    let id = new.job_id;

    // Other servers send it too, and one of them found it open.
    let first = world.store.submit_restricted(new.clone(), restrict(&new, &[guest, outsider]));
    ensure!(!first.await?.repeated);
    for granted in [None, Some(outsider)] {
        let other = restrict(&new, granted.as_slice());
        let again = world.store.submit_restricted(new.clone(), other);
        ensure!(again.await?.repeated);
    }
    ensure!(world.try_submit(new.clone()).await?.repeated);
    for (sight, sees) in [
        (Sight::Member(maker), true),
        (Sight::Member(guest), true),
        (Sight::Member(outsider), false),
        (everybody, false),
    ] {
        ensure!(look(world, (account, id), sight).await? == [sees; 4], "{sight:?}");
    }
    let read = world.read().await?;
    let access = read.sharing().find_object_access(account, ObjectRef::Job(id)).await?;
    let expected = ObjectAccess {
        object: ObjectRef::Job(id),
        made_by: Some(maker),
        visibility: Visibility::Restricted,
        grants: vec![ObjectGrant { user_id: guest, level: GrantLevel::Viewer }],
    };
    ensure!(access.as_ref() == Some(&expected), "{access:?}");
    drop(read);
    ensure!(list_copies(world, account).await? == [format!("job {id}")]);

    // Nothing stands in the way of whoever sends the same one later.
    let dear = Submission { submitted_by: Some(maker), ..submission(account, 10) };
    let refused = world.store.submit_restricted(dear.clone(), restrict(&dear, &[guest])).await;
    ensure!(matches!(refused, Err(HotError::Refused(_))), "{refused:?}");
    ensure!(list_copies(world, account).await?.len() == 1, "a job is told of that is not there");
    let free = Submission { job_id: dear.job_id, ..new };
    world.try_submit(free).await?;
    ensure!(look(world, (account, dear.job_id), everybody).await? == [true; 4]);
    Ok(())
}

/// A restriction that grants sight to people.
fn restrict(of: &Submission, granted: &[UserId]) -> JobRestriction {
    let grant = |user_id: &UserId| ObjectGrant { user_id: *user_id, level: GrantLevel::Viewer };
    JobRestriction {
        grants: granted.iter().map(grant).collect(),
        entry: AuditEntry {
            id: AuditEntryId::generate(),
            organization_id: Some(of.organization_id),
            user_id: of.submitted_by,
            action: "access.copy".into(),
            subject: format!("job {}", of.job_id),
            details: json!({ "as": "a \"story\"" }),
            ip: String::new(),
            at: START,
        },
    }
}

/// The jobs that the audit log tells of.
async fn list_copies(world: &World, account: OrganizationId) -> Result<Vec<String>> {
    let page = PageRequest { after: None, limit: 100, order: Order::OldestFirst };
    let found = world.read().await?.audit().list_entries(Some(account), &page).await?;
    let copies = found.items.into_iter().filter(|entry| entry.action == "access.copy");
    Ok(copies.map(|entry| entry.subject).collect())
}
