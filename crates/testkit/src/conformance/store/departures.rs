//! People who leave: asked, kept after all, erased.

use anyhow::{Context, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    ApiKey, AuditEntry, Departure, ErasedRows, Invitation, LedgerFilter, LinkPurpose, NewUser,
    OneTimeLink, Order, PageRequest, QueuedMail, Session, SessionPurpose, StoreExt, Traces, Tx,
    UserStatus,
};
use gantry_ports::{BoxFuture, Mail};
use gantry_types::{
    ApiKeyId, AuditEntryId, Credits, InvitationId, MailId, OrganizationId, Role, Scope, SessionId,
    UserId,
};
use serde_json::json;

use super::World;
use super::sweep::{dataset, finished};
use super::world::START;
use crate::conformance::Outcome;
use crate::installation::{insert_account, new_user};

const EMAIL: &str = "leaver@example.org";

/// Writes with one clone of what is given.
pub(super) async fn write<I, T, F>(world: &World, input: I, closure: F) -> Result<T, StoreError>
where
    I: Clone + Send + Sync + 'static,
    T: Send + 'static,
    F: for<'t> Fn(&'t dyn Tx, I) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
{
    let closure = std::sync::Arc::new(closure);
    world.store.write(move |tx| closure(tx, input.clone())).await
}

/// Somebody's wish to leave.
pub(super) fn departure(user_id: UserId) -> Departure {
    Departure {
        user_id,
        asked_at: START,
        erase_at: World::at(100),
        billing_ended_at: None,
        erased_at: None,
    }
}

async fn ask(world: &World, user_id: UserId) -> Result<Departure, StoreError> {
    let departure = departure(user_id);
    write(world, departure, |tx, departure| {
        Box::pin(async move { tx.departures().insert_departure(&departure).await })
    })
    .await?;
    Ok(departure)
}

async fn insert(world: &World) -> Result<NewUser, StoreError> {
    let new = new_user(EMAIL, world.plan.id, START);
    insert_account(&*world.store, new.clone(), Credits::new(100), START).await?;
    Ok(new)
}

/// A departure is noted once, is due in its time, and is gone when it is taken back.
pub async fn somebody_leaves_and_stays_after_all(world: &World) -> Outcome {
    let id = insert(world).await?.user.id;
    let asked = ask(world, id).await?;
    let again = ask(world, id).await;
    ensure!(matches!(again, Err(StoreError::AlreadyExists { .. })), "{again:?}");
    let read = world.read().await?;
    ensure!(read.departures().find_departure(id).await? == Some(asked));
    ensure!(read.departures().list_due_departures(World::at(99), 9).await?.is_empty());
    ensure!(read.departures().list_due_departures(World::at(100), 9).await? == [asked]);
    ensure!(read.departures().list_paying_departures(9).await? == [asked]);
    drop(read);
    write(world, id, |tx, id| {
        Box::pin(async move { tx.departures().note_billing_ended(id, World::at(5)).await })
    })
    .await?;
    let read = world.read().await?;
    ensure!(read.departures().list_paying_departures(9).await?.is_empty());
    drop(read);
    let stay = || {
        write(world, id, |tx, id| {
            Box::pin(async move { tx.departures().delete_departure(id).await })
        })
    };
    stay().await?;
    let twice = stay().await;
    ensure!(matches!(twice, Err(StoreError::NotFound { .. })), "{twice:?}");
    Ok(())
}

/// A session, a key in another organization, a link, and a failed attempt to sign in.
async fn leave_ways_in(world: &World, new: &NewUser, other: OrganizationId) -> Outcome {
    let user_id = new.user.id;
    let session = Session {
        id: SessionId::generate(),
        token_sha256: "session".to_owned(),
        user_id,
        organization_id: new.organization.id,
        user_agent: "browser".to_owned(),
        ip: "192.0.2.1".to_owned(),
        created_at: START,
        last_used_at: START,
        expires_at: World::at(9_000),
        purpose: SessionPurpose::Everything,
    };
    let key = ApiKey {
        id: ApiKeyId::generate(),
        organization_id: other,
        user_id,
        name: "program".to_owned(),
        prefix: "gk_abcdef".to_owned(),
        key_sha256: "key".to_owned(),
        scopes: vec![Scope::Read],
        created_at: START,
        last_used_at: None,
        expires_at: None,
        revoked_at: None,
        family: None,
        client: None,
    };
    let link = OneTimeLink {
        token_sha256: "link".to_owned(),
        purpose: LinkPurpose::KeepAccount,
        user_id,
        email: EMAIL.to_owned(),
        created_at: START,
        expires_at: World::at(9_000),
    };
    write(world, (session, key, link), |tx, (session, key, link)| {
        Box::pin(async move {
            tx.access().insert_session(&session).await?;
            tx.access().insert_api_key(&key).await?;
            tx.access().record_sign_in_failure(&format!("email {EMAIL}"), START, START).await?;
            tx.identity().replace_link(&link).await
        })
    })
    .await?;
    Ok(())
}

/// An invitation by others, a mail about it, and a dataset.
async fn leave_papers(world: &World, new: &NewUser, other: OrganizationId) -> Outcome {
    let members = world.read().await?.identity().list_members(other).await?;
    let invitation = Invitation {
        id: InvitationId::generate(),
        organization_id: other,
        email: EMAIL.to_owned(),
        role: Role::Viewer,
        token_sha256: "invitation".to_owned(),
        invited_by: members.first().context("an owner")?.user_id,
        created_at: START,
        expires_at: World::at(9_000),
    };
    let mail = Mail {
        id: MailId::generate(),
        recipient: EMAIL.to_owned(),
        subject: "Hello".to_owned(),
        text: "Hello".to_owned(),
        html: "Hello".to_owned(),
    };
    let kind = "invitation".to_owned();
    let mail = QueuedMail { mail, kind, user_id: None, attempts: 0, created_at: START };
    let papers = (invitation, mail, dataset(new.organization.id));
    write(world, papers, |tx, (invitation, mail, table)| {
        Box::pin(async move {
            tx.identity().replace_invitation(&invitation).await?;
            tx.mails().insert_mail(&mail).await?;
            tx.catalog().insert_dataset(&table).await
        })
    })
    .await?;
    Ok(())
}

/// A line in nobody's log.
fn entry_of(user_id: Option<UserId>, subject: &str) -> AuditEntry {
    AuditEntry {
        id: AuditEntryId::generate(),
        organization_id: None,
        user_id,
        action: "story.tell".into(),
        subject: subject.into(),
        details: json!({ "email": EMAIL, "role": "viewer" }),
        ip: "192.0.2.1".into(),
        at: START,
    }
}

async fn append(world: &World, entry: AuditEntry) -> Result<AuditEntry, StoreError> {
    write(world, entry.clone(), |tx, entry| {
        Box::pin(async move { tx.audit().append(&entry).await })
    })
    .await?;
    Ok(entry)
}

/// Erases an organization in the smallest steps; answers how many there were.
async fn erase_rows(world: &World, organization_id: OrganizationId) -> Result<u64, StoreError> {
    let rows = ErasedRows { organization_id, limit: 1, delete_after: World::at(500) };
    // Bounded: a story leaves few rows.
    for steps in 0..1_000 {
        let erased = write(world, rows, |tx, rows| {
            Box::pin(async move { tx.departures().erase_rows(&rows).await })
        })
        .await?;
        if erased == 0 {
            return Ok(steps);
        }
    }
    Err(StoreError::Broken { reason: "an organization cannot be erased".to_owned() })
}

/// The person's row names nobody, and nothing leads to it.
async fn check_nobody_is_left(world: &World, new: &NewUser) -> Outcome {
    let read = world.read().await?;
    let user = read.access().find_user(new.user.id).await?.context("the row of the person")?;
    ensure!(user.status == UserStatus::Erased && !user.has_password(), "{user:?}");
    ensure!(!user.email.contains("leaver") && user.name != new.user.name, "{user:?}");
    ensure!(read.access().find_user_by_email(EMAIL).await?.is_none());
    ensure!(read.access().list_memberships(new.user.id).await?.is_empty());
    ensure!(read.access().find_session("session").await?.is_none());
    ensure!(read.access().find_api_key("key").await?.is_none());
    ensure!(read.identity().find_link("link").await?.is_none());
    ensure!(read.identity().find_invitation("invitation").await?.is_none());
    ensure!(read.mails().find_next_mail().await?.is_none());
    let key = format!("email {EMAIL}");
    ensure!(read.access().find_sign_in_failures(&key, START).await?.is_none());
    Ok(())
}

/// Rows, bytes, ways in and names go; money, another's things and the sealed part of the audit log
/// stay.
pub async fn who_leaves_is_erased_and_the_books_stay(world: &World) -> Outcome {
    let new = insert(world).await?;
    let (user_id, home) = (new.user.id, new.organization.id);
    let other = world.account(100).await?;
    let (job, _) = finished(world, home).await?;
    let (kept_job, kept_file) = finished(world, other).await?;
    leave_ways_in(world, &new, other).await?;
    leave_papers(world, &new, other).await?;
    let entry = append(world, entry_of(Some(user_id), "story")).await?;
    // An administrator did something to what goes with the person, and to what stays.
    let done_to = |id: OrganizationId| AuditEntry {
        details: json!({ "why": "they asked" }),
        ..entry_of(None, &format!("organization {id}"))
    };
    let done = append(world, done_to(home)).await?;
    append(world, done_to(other)).await?;
    ask(world, user_id).await?;
    let lines = || async {
        let page = PageRequest { after: None, limit: 100, order: Order::OldestFirst };
        world
            .read()
            .await?
            .accounts()
            .list_ledger(home, &LedgerFilter::default(), &page)
            .await
            .map_err(anyhow::Error::from)
    };
    let before = lines().await?.items;

    ensure!(erase_rows(world, home).await? > 3);
    ensure!(erase_rows(world, home).await? == 0);
    let traces = Traces { user_id, email: EMAIL.to_owned(), organizations: vec![home] };
    let read = world.read().await?;
    let about = read.departures().list_entries_about(&traces, None, 9).await?;
    ensure!(about == [entry.clone(), done.clone()], "{about:?}");
    ensure!(read.departures().list_entries_about(&traces, Some(done.id), 9).await?.is_empty());
    drop(read);
    write(world, (traces, entry.id), |tx, (traces, id)| {
        Box::pin(async move {
            tx.departures().erase_entry(id, &json!({ "role": "viewer" })).await?;
            tx.departures().erase_person(&traces, World::at(100)).await
        })
    })
    .await?;

    check_nobody_is_left(world, &new).await?;
    let read = world.read().await?;
    ensure!(read.jobs().find_job(home, job).await?.is_none());
    let gone = read.access().find_organization(home).await?.context("the organization's row")?;
    ensure!(gone.name != new.organization.name, "{gone:?}");
    let doomed = read.chores().list_doomed_blobs(World::at(500), 9).await?;
    ensure!(doomed.len() == 2 && doomed.contains(&format!("jobs/{job}/1/file")), "{doomed:?}");

    ensure!(read.jobs().find_job(other, kept_job).await?.is_some());
    ensure!(read.catalog().find_artifact(other, kept_file).await?.is_some());
    let far = gantry_types::Timestamp::from_micros(i64::MAX);
    let entries = read.audit().list_entries_in_order(None, far, 9).await?;
    let bare = AuditEntry { details: json!({ "role": "viewer" }), ip: String::new(), ..entry };
    ensure!(entries.contains(&bare), "{entries:?}");
    let departure = read.departures().find_departure(user_id).await?.context("the departure")?;
    ensure!(departure.erased_at == Some(World::at(100)));
    ensure!(read.departures().list_due_departures(World::at(999), 9).await?.is_empty());
    drop(read);
    ensure!(lines().await?.items == before, "the ledger is another");
    Ok(())
}
