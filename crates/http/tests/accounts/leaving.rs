//! A person leaves, stays after all, or is erased.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_access::AuditProof;
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestRequest, TestResponse, TestSettings};
use serde_json::json;

use super::{sign_in, take_token};

const GRACE: Duration = Duration::from_hours(14 * 24);

async fn leave(client: &mut TestClient, password: &str) -> Result<TestResponse> {
    let request = TestRequest::new("DELETE", "/api/v1/account");
    client.send(request.json(&json!({ "password": password }))).await
}

/// What the chores of a server do.
async fn let_leavers_go(app: &TestApp) -> Result<()> {
    app.billing.end_with_departures(&app.access).await?;
    for (departure, organizations) in app.access.list_due_departures().await? {
        for organization in organizations {
            ensure!(app.jobs.stop_jobs(organization).await?, "a job runs");
        }
        app.access.erase_person(&departure).await?;
    }
    Ok(())
}

#[tokio::test]
async fn somebody_who_leaves_is_shut_out_and_may_stay_after_all() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let key = json!({ "name": "program", "scopes": ["read"] });
    let issued = ada.post("/api/v1/api-keys", &key).await?.json()?;
    let mut program = ada.with_key(issued["key"].as_str().context("a key")?);
    program.get("/api/v1/jobs").await?.require_status(200)?;
    leave(&mut ada, "not the password").await?.require_status(400)?;
    app.take_mails().await?;

    let left = leave(&mut ada, PASSWORD).await?;
    left.require_status(200)?;
    assert!(left.json()?["erase_at"].is_string());
    ada.get("/api/v1/auth/me").await?.require_status(401)?;
    program.get("/api/v1/jobs").await?.require_status(401)?;
    let (status, problem, _) = sign_in(&app, "ada@example.org", PASSWORD).await?;
    assert_eq!(status, 403, "{problem}");
    assert!(problem["detail"].as_str().context("words")?.contains("mail"), "{problem}");
    let (status, _, _) = sign_in(&app, "ada@example.org", "not the password").await?;
    assert_eq!(status, 401, "a stranger is told that somebody leaves");

    app.clock.advance(GRACE - Duration::from_mins(1));
    let_leavers_go(&app).await?;
    let token = json!({ "token": take_token(&app, "account_leaving").await? });
    let keep = "/api/v1/auth/keep-account";
    app.client().post(keep, &json!({ "token": "none" })).await?.require_status(410)?;
    app.client().post(keep, &token).await?.require_status(204)?;
    app.client().post(keep, &token).await?.require_status(410)?;
    let (status, ..) = sign_in(&app, "ada@example.org", PASSWORD).await?;
    assert_eq!(status, 200);
    app.clock.advance(GRACE);
    let_leavers_go(&app).await?;
    let (status, _, mut ada) = sign_in(&app, "ada@example.org", PASSWORD).await?;
    assert_eq!(status, 200, "who stayed was erased");
    program.get("/api/v1/jobs").await?.require_status(401)?;
    // Leaving can be asked for again.
    leave(&mut ada, PASSWORD).await?.require_status(200)?;
    Ok(())
}

#[tokio::test]
async fn the_page_of_the_link_keeps_the_account() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    app.take_mails().await?;
    leave(&mut ada, PASSWORD).await?.require_status(200)?;
    let token = take_token(&app, "account_leaving").await?;
    let mut browser = app.client();
    let path = format!("/keep-account?token={token}");
    let page = browser.get(&path).await?;
    page.require_status(200)?;
    let text = page.text();
    let (_, rest) = text.split_once("name=\"csrf_token\" value=\"").context("a form")?;
    let csrf: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    // Opening the link changed nothing.
    assert_eq!(sign_in(&app, "ada@example.org", PASSWORD).await?.0, 403);
    let form = format!("csrf_token={csrf}&token={token}");
    let request = TestRequest::new("POST", "/keep-account")
        .body("application/x-www-form-urlencoded", form.as_bytes());
    browser.send(request).await?.require_status(200)?;
    assert_eq!(sign_in(&app, "ada@example.org", PASSWORD).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn after_the_grace_nothing_names_the_person_and_the_seals_hold() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let me = ada.get("/api/v1/auth/me").await?.json()?;
    let (user, home) = (me["user"]["id"].clone(), me["organization"]["id"].clone());
    let new = json!({ "operation": "test.noop" });
    ada.post("/api/v1/jobs", &new).await?.require_status(202)?;
    let engines = json!({ "name": "Engines of Ada" });
    ada.post("/api/v1/organizations", &engines).await?.require_status(201)?;
    let home_network = json!({ "networks": ["127.0.0.0/9"] });
    let put = TestRequest::new("PUT", "/api/v1/organizations/networks").json(&home_network);
    ada.send(put).await?.require_status(200)?;
    let mut eve = app.register("eve@example.org").await?;
    let invitation = json!({ "email": "ada@example.org", "role": "viewer" });
    eve.post("/api/v1/invitations", &invitation).await?.require_status(201)?;
    app.clock.advance(Duration::from_mins(6));
    assert!(app.access.seal_audit().await? > 3);
    leave(&mut ada, PASSWORD).await?.require_status(200)?;
    let_leavers_go(&app).await?;
    assert!(app.access.list_due_departures().await?.is_empty());

    app.clock.advance(GRACE);
    let_leavers_go(&app).await?;
    assert!(app.access.list_due_departures().await?.is_empty());
    let_leavers_go(&app).await?;
    let (status, ..) = sign_in(&app, "ada@example.org", PASSWORD).await?;
    assert_eq!(status, 401);
    let snapshot = app.store.read().await?;
    let far = gantry_types::Timestamp::from_micros(i64::MAX);
    let entries = snapshot.audit().list_entries_in_order(None, far, 1_000).await?;
    let told = format!("{entries:?}");
    assert!(!told.contains("ada@example.org") && !told.contains("Engines of Ada"), "{told}");
    let theirs = entries.iter().filter(|entry| {
        entry.user_id.is_some_and(|id| user == json!(id))
            || entry.organization_id.is_some_and(|id| home == json!(id))
    });
    assert!(!told.contains("127.0.0.0/9"), "a network of theirs: {told}");
    assert_eq!(theirs.clone().count(), 4, "they came, founded, shut others out and left: {told}");
    assert!(theirs.clone().all(|entry| entry.ip.is_empty()), "{told}");
    assert!(entries.iter().any(|entry| entry.action == "user.erase"), "{told}");
    drop(snapshot);
    app.clock.advance(Duration::from_mins(6));
    app.access.seal_audit().await?;
    let proof = app.access.prove_audit().await?;
    assert!(matches!(proof, AuditProof::Whole { seals: 2.., .. }), "{proof:?}");
    // The address is free again, and its new owner a stranger to what was before.
    let mut new_ada = app.register("ada@example.org").await?;
    let jobs = new_ada.get("/api/v1/jobs").await?.json()?;
    assert_eq!(jobs["items"], json!([]));
    Ok(())
}

#[tokio::test]
async fn who_is_needed_cannot_leave() -> Result<()> {
    let (app, mut root) = TestApp::start(TestSettings::default()).await?;
    let alone = leave(&mut root, PASSWORD).await?;
    alone.require_status(409)?;
    assert!(alone.json()?["detail"].as_str().context("words")?.contains("administrator"));

    let mut ada = app.register("ada@example.org").await?;
    let mut eve = app.register("eve@example.org").await?;
    let me = ada.get("/api/v1/auth/me").await?.json()?;
    let home = me["organization"]["id"].as_str().context("an id")?.parse()?;
    let guest = eve.get("/api/v1/auth/me").await?.json()?["user"]["id"].clone();
    let guest_id = guest.as_str().context("an id")?;
    app.join(guest_id.parse()?, home, gantry_types::Role::Viewer).await?;
    let needed = leave(&mut ada, PASSWORD).await?;
    needed.require_status(409)?;
    assert!(needed.json()?["detail"].as_str().context("words")?.contains("owner"));
    ada.get("/api/v1/auth/me").await?.require_status(200)?;

    // Handed over, the organization stays and its first owner goes.
    let request = TestRequest::new("PATCH", &format!("/api/v1/members/{guest_id}"));
    ada.send(request.json(&json!({ "role": "owner" }))).await?.require_status(204)?;
    leave(&mut ada, PASSWORD).await?.require_status(200)?;
    app.clock.advance(GRACE);
    let_leavers_go(&app).await?;
    let (_, _, mut eve) = sign_in(&app, "eve@example.org", PASSWORD).await?;
    let switch = json!({ "organization_id": home });
    eve.post("/api/v1/organizations/switch", &switch).await?.require_status(200)?;
    let roster = eve.get("/api/v1/members").await?.json()?;
    assert_eq!(roster["members"].as_array().context("members")?.len(), 1, "{roster}");
    Ok(())
}
