//! An organization is closed by its owner, kept after all, or erased.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestRequest, TestResponse, TestSettings};
use gantry_types::OrganizationId;
use serde_json::{Value, json};

use super::{sign_in, take_token};

const GRACE: Duration = Duration::from_hours(14 * 24);
const CLOSING: &str = "/api/v1/organizations/closing";
const SWITCH: &str = "/api/v1/organizations/switch";

async fn close(client: &mut TestClient, password: &str) -> Result<TestResponse> {
    client.post(CLOSING, &json!({ "password": password })).await
}

async fn keep(client: &mut TestClient, id: &Value) -> Result<TestResponse> {
    let id = id.as_str().context("an id")?;
    client.send(TestRequest::new("DELETE", &format!("{CLOSING}/{id}"))).await
}

async fn place_of(client: &mut TestClient) -> Result<Value> {
    Ok(client.get("/api/v1/auth/me").await?.json()?["organization"]["id"].clone())
}

/// What the chores of a server do.
async fn erase_closed(app: &TestApp) -> Result<()> {
    app.billing.end_with_closings(&app.access).await?;
    for closing in app.access.list_due_closings().await? {
        ensure!(app.jobs.stop_jobs(closing.organization_id).await?, "a job runs");
        app.access.erase_closed(&closing).await?;
    }
    Ok(())
}

/// Ada owns `Engines`, where Grace is an admin and both work; with its identifier.
async fn found(app: &TestApp) -> Result<(TestClient, TestClient, Value)> {
    let mut ada = app.register("ada@example.org").await?;
    let mut grace = app.register("grace@example.org").await?;
    ada.post("/api/v1/organizations", &json!({ "name": "Engines" })).await?.require_status(201)?;
    app.take_mails().await?;
    let guest = json!({ "email": "grace@example.org", "role": "admin" });
    ada.post("/api/v1/invitations", &guest).await?.require_status(201)?;
    let accept = json!({ "token": take_token(app, "invitation").await? });
    grace.post("/api/v1/invitations/accept", &accept).await?.require_status(200)?;
    let id = place_of(&mut ada).await?;
    ensure!(place_of(&mut grace).await? == id, "they work elsewhere");
    Ok((ada, grace, id))
}

#[tokio::test]
async fn a_closed_organization_lets_nobody_in_and_is_kept_by_an_owner() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let (mut ada, mut grace, id) = found(&app).await?;
    let key = json!({ "name": "program", "scopes": ["read"] });
    let issued = ada.post("/api/v1/api-keys", &key).await?.json()?;
    let mut program = ada.with_key(issued["key"].as_str().context("a key")?);
    program.get("/api/v1/jobs").await?.require_status(200)?;
    app.take_mails().await?;

    close(&mut grace, PASSWORD).await?.require_status(403)?;
    close(&mut ada, "not the password").await?.require_status(400)?;
    let closed = close(&mut ada, PASSWORD).await?;
    closed.require_status(200)?;
    let closed = closed.json()?;
    assert_eq!((&closed["organization_id"], &closed["name"]), (&id, &json!("Engines")));

    // Everybody falls back to what is theirs alone, and nothing lets them in again.
    program.get("/api/v1/jobs").await?.require_status(401)?;
    let switch = json!({ "organization_id": id });
    for client in [&mut ada, &mut grace] {
        assert_ne!(place_of(client).await?, id);
        let refused = client.post(SWITCH, &switch).await?;
        refused.require_status(403)?;
        let detail = refused.json()?["detail"].clone();
        assert!(detail.as_str().context("words")?.contains("closed"), "{detail}");
    }
    let mails = app.take_mails().await?;
    let told: Vec<&str> = mails
        .iter()
        .filter(|mail| mail.kind == "organization_closing")
        .map(|mail| mail.mail.recipient.as_str())
        .collect();
    assert_eq!(told.len(), 2, "{mails:?}");
    assert!(told.contains(&"ada@example.org") && told.contains(&"grace@example.org"), "{told:?}");

    app.clock.advance(GRACE - Duration::from_mins(1));
    erase_closed(&app).await?;
    let (_, _, mut ada) = sign_in(&app, "ada@example.org", PASSWORD).await?;
    let (_, _, mut grace) = sign_in(&app, "grace@example.org", PASSWORD).await?;
    let listed = ada.get(CLOSING).await?.json()?;
    assert_eq!(listed["items"][0]["organization_id"], id, "{listed}");
    assert_eq!(grace.get(CLOSING).await?.json()?["items"], json!([]));
    keep(&mut grace, &id).await?.require_status(404)?;
    keep(&mut ada, &id).await?.require_status(204)?;
    keep(&mut ada, &id).await?.require_status(404)?;
    ada.post(SWITCH, &switch).await?.require_status(200)?;
    grace.post(SWITCH, &switch).await?.require_status(200)?;
    let log = ada.get("/api/v1/audit").await?.json()?;
    let actions: Vec<&Value> =
        log["items"].as_array().context("lines")?.iter().map(|line| &line["action"]).collect();
    for action in ["organization.close", "organization.end_billing", "organization.keep"] {
        assert!(actions.contains(&&json!(action)), "{actions:?}");
    }
    app.clock.advance(GRACE);
    erase_closed(&app).await?;
    let (_, _, mut ada) = sign_in(&app, "ada@example.org", PASSWORD).await?;
    ada.post(SWITCH, &switch).await?.require_status(200)?;
    Ok(())
}

#[tokio::test]
async fn after_the_grace_what_it_had_is_gone_and_its_people_stay() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let (mut ada, _, id) = found(&app).await?;
    let organization: OrganizationId = id.as_str().context("an id")?.parse()?;
    ada.post("/api/v1/jobs", &json!({ "operation": "test.noop" })).await?.require_status(202)?;
    close(&mut ada, PASSWORD).await?.require_status(200)?;
    app.clock.advance(GRACE);
    let (_, _, mut ada) = sign_in(&app, "ada@example.org", PASSWORD).await?;
    // Too late to keep it, whether or not the chore was there.
    keep(&mut ada, &id).await?.require_status(404)?;
    erase_closed(&app).await?;
    assert!(app.access.list_due_closings().await?.is_empty());

    let me = ada.get("/api/v1/auth/me").await?.json()?;
    let places = me["organizations"].as_array().context("places")?;
    assert!(places.iter().all(|place| place["id"] != id), "{me}");
    let switch = json!({ "organization_id": id });
    ada.post(SWITCH, &switch).await?.require_status(404)?;
    assert_eq!(sign_in(&app, "grace@example.org", PASSWORD).await?.0, 200);

    let snapshot = app.store.read().await?;
    assert!(snapshot.identity().list_members(organization).await?.is_empty());
    let row = snapshot.access().find_organization(organization).await?.context("the row")?;
    assert_ne!(row.name, "Engines");
    let far = gantry_types::Timestamp::from_micros(i64::MAX);
    let entries = snapshot.audit().list_entries_in_order(None, far, 1_000).await?;
    let mut theirs = entries.iter().filter(|entry| entry.organization_id == Some(organization));
    assert!(theirs.clone().any(|entry| entry.action == "organization.erase"), "{entries:?}");
    assert!(theirs.all(|entry| entry.ip.is_empty()), "{entries:?}");
    Ok(())
}

#[tokio::test]
async fn a_personal_organization_goes_with_its_person_alone() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let refused = close(&mut ada, PASSWORD).await?;
    refused.require_status(409)?;
    let detail = refused.json()?["detail"].clone();
    assert!(detail.as_str().context("words")?.contains("personal"), "{detail}");
    ada.get("/api/v1/auth/me").await?.require_status(200)?;
    Ok(())
}
