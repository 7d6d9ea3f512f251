//! Whoever lost a session, a key, a role or their standing is told so by the very next request,
//! however busy they were.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use anyhow::{Context, Result};
use gantry_access::{
    Access, AccessError, AccessSettings, Actor, Client, Credentials, Flags, NewApiKey,
};
use gantry_bus::LocalBus;
use gantry_ports::store::UserStatus;
use gantry_ports::{Bus, Clock};
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestRequest, TestSettings};
use gantry_types::{Role, Scope, UserId};
use serde_json::json;

async fn user_id(client: &mut TestClient) -> Result<UserId> {
    let me = client.get("/api/v1/auth/me").await?.json()?;
    Ok(UserId::from_uuid(me["user"]["id"].as_str().context("an id")?.parse()?))
}

/// A key of `owner`, and its identifier.
async fn issue_key(owner: &mut TestClient) -> Result<(TestClient, String)> {
    let body = json!({ "name": "busy", "scopes": ["read", "run", "account"] });
    let issued = owner.post("/api/v1/api-keys", &body).await?.json()?;
    let program = owner.with_key(issued["key"].as_str().context("a key")?);
    Ok((program, issued["id"].as_str().context("an id")?.to_owned()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_key_is_nobody_at_once_under_load() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut owner = app.register("ada@example.org").await?;
    for _ in 0..5 {
        let (program, id) = issue_key(&mut owner).await?;
        let mut busy = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let mut program = program.clone();
            busy.spawn(async move {
                for round in 0..50_000 {
                    if program.get("/api/v1/account").await?.status == 401 {
                        return Ok::<_, anyhow::Error>(round);
                    }
                }
                anyhow::bail!("the key still opens the door")
            });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        owner.delete(&format!("/api/v1/api-keys/{id}")).await?.require_status(204)?;
        for _ in 0..3 {
            program.clone().get("/api/v1/account").await?.require_status(401)?;
        }
        while let Some(ended) = busy.join_next().await {
            ended??;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_suspended_user_is_nobody_at_once() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut owner = app.register("ada@example.org").await?;
    let (mut program, _) = issue_key(&mut owner).await?;
    program.get("/api/v1/account").await?.require_status(200)?;
    let id = user_id(&mut owner).await?;
    set_status(&app.access, id, UserStatus::Suspended).await?;
    owner.get("/api/v1/account").await?.require_status(401)?;
    program.get("/api/v1/account").await?.require_status(401)?;
    set_status(&app.access, id, UserStatus::Active).await?;
    owner.get("/api/v1/account").await?.require_status(200)?;
    program.get("/api/v1/account").await?.require_status(200)?;
    Ok(())
}

async fn set_status(access: &Access, id: UserId, status: UserStatus) -> Result<()> {
    access
        .change_identity(id, move |tx| {
            Box::pin(async move {
                let user = tx.access().find_user(id).await?;
                let mut user = user.ok_or(AccessError::NotFound { what: "user" })?;
                user.status = status;
                Ok(tx.access().update_user(&user).await?)
            })
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_new_role_holds_at_once() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut owner = app.register("ada@example.org").await?;
    let (mut program, _) = issue_key(&mut owner).await?;
    let run = json!({ "operation": "test.noop" });
    program.post("/api/v1/jobs", &run).await?.require_status(202)?;
    let me = owner.get("/api/v1/auth/me").await?.json()?;
    let id = user_id(&mut owner).await?;
    let organization = me["organization"]["id"].as_str().context("an id")?.parse()?;
    let organization_id = gantry_types::OrganizationId::from_uuid(organization);
    app.access
        .change_identity(id, move |tx| {
            Box::pin(
                async move { Ok(tx.access().set_member(organization_id, id, Role::Viewer).await?) },
            )
        })
        .await?;
    program.post("/api/v1/jobs", &run).await?.require_status(403)?;
    owner.post("/api/v1/jobs", &run).await?.require_status(403)?;
    Ok(())
}

#[tokio::test]
async fn a_session_that_ended_is_nobody_at_once() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut owner = app.register("ada@example.org").await?;
    let other_tab = owner.clone();
    other_tab.clone().get("/api/v1/account").await?.require_status(200)?;
    owner.send(TestRequest::new("POST", "/api/v1/auth/logout")).await?.require_status(204)?;
    other_tab.clone().get("/api/v1/account").await?.require_status(401)?;
    Ok(())
}

/// The identity of another process on the same store.
fn another_process(app: &TestApp, bus: &Arc<dyn Bus>) -> Result<Access> {
    let settings = AccessSettings { default_plan: "test".to_owned(), ..AccessSettings::default() };
    let clock: Arc<dyn Clock> = app.clock.clone();
    let flags = Flags::new(app.store.clone(), Arc::clone(&clock));
    Ok(Access::new((app.store.clone(), clock), Arc::clone(bus), settings, flags)?)
}

async fn sign_in(access: &Access) -> Result<Actor> {
    let credentials =
        Credentials { email: "ada@example.org".to_owned(), password: PASSWORD.to_owned() };
    Ok(access.sign_in(credentials, &Client::default()).await?.actor)
}

#[tokio::test]
async fn other_processes_forget_by_the_hint_and_without_it_within_seconds() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    app.register("ada@example.org").await?;
    let shared: Arc<dyn Bus> = Arc::new(LocalBus::new());
    let lonely: Arc<dyn Bus> = Arc::new(LocalBus::new());
    let here = another_process(&app, &shared)?;
    let there = another_process(&app, &shared)?;
    let cut_off = another_process(&app, &lonely)?;
    let actor = sign_in(&here).await?;
    let wanted = NewApiKey { name: "busy".into(), scopes: vec![Scope::Read], expires_at: None };
    let issued = here.issue_api_key(&actor, wanted).await?;
    let client = Client::default();
    for access in [&here, &there, &cut_off] {
        access.authenticate_key(&issued.secret, &client).await?;
    }
    here.revoke_api_key(&actor, issued.key.id).await?;
    let nobody = |answer: Result<Actor, AccessError>| answer == Err(AccessError::NotSignedIn);
    assert!(nobody(here.authenticate_key(&issued.secret, &client).await));
    assert!(nobody(there.authenticate_key(&issued.secret, &client).await));
    app.clock.advance(Duration::from_secs(5));
    assert!(nobody(cut_off.authenticate_key(&issued.secret, &client).await));
    Ok(())
}

#[tokio::test]
async fn a_change_is_heard_although_nobody_waits_for_it() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    app.register("ada@example.org").await?;
    let bus: Arc<dyn Bus> = Arc::new(LocalBus::new());
    let access = another_process(&app, &bus)?;
    let actor = sign_in(&access).await?;
    let wanted = NewApiKey { name: "busy".into(), scopes: vec![Scope::Read], expires_at: None };
    let issued = access.issue_api_key(&actor, wanted).await?;
    access.authenticate_key(&issued.secret, &Client::default()).await?;
    let mut hints = bus.subscribe();
    let user_id = issued.key.user_id;
    let (organization_id, id) = (issued.key.organization_id, issued.key.id);
    let now = app.clock.now();
    let change = access.change_identity(user_id, move |tx| {
        Box::pin(async move { Ok(tx.access().revoke_api_key(organization_id, id, now).await?) })
    });
    // The client hangs up as soon as the change is under way: one look at it, and it is dropped.
    let mut change = Box::pin(change);
    let waiting = poll_fn(|context| Poll::Ready(change.as_mut().poll(context).is_pending())).await;
    assert!(waiting);
    drop(change);
    let heard = tokio::time::timeout(Duration::from_secs(20), hints.recv()).await??;
    assert_eq!(heard, gantry_ports::Hint::Identity { user_id });
    let after = access.authenticate_key(&issued.secret, &Client::default()).await;
    assert_eq!(after, Err(AccessError::NotSignedIn));
    Ok(())
}
