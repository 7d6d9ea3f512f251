//! Several organizations of one person, from where one may be used, and the seals of the audit log.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_access::AuditProof;
use gantry_http::HttpSettings;
use gantry_ports::store::{AuditEntry, AuditSeal, StoreExt};
use gantry_ports::{Clock, StoreError};
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestRequest, TestResponse, TestSettings};
use gantry_types::{AuditEntryId, Timestamp};
use serde_json::{Value, json};

use super::take_token;

const NETWORKS: &str = "/api/v1/organizations/networks";

#[tokio::test]
async fn a_person_makes_organizations_and_moves_between_them() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let home = ada.get("/api/v1/auth/me").await?.json()?["organization"]["id"].clone();
    let made = ada.post("/api/v1/organizations", &json!({ "name": "Engines" })).await?;
    made.require_status(201)?;
    let me = made.json()?;
    assert_eq!(me["organization"]["name"], "Engines");
    assert_eq!(me["organization"]["role"], "owner");
    // The credits that welcome a person come once.
    let account = ada.get("/api/v1/account").await?.json()?;
    assert_eq!(account["credits"]["available"], 0);
    let back = json!({ "organization_id": home });
    let moved = ada.post("/api/v1/organizations/switch", &back).await?;
    moved.require_status(200)?;
    assert_eq!(moved.json()?["organization"]["id"], home);
    let account = ada.get("/api/v1/account").await?.json()?;
    assert_eq!(account["credits"]["available"], 1_000_000);

    let mut eve = app.register("eve@example.org").await?;
    eve.post("/api/v1/organizations/switch", &back).await?.require_status(404)?;
    for number in 0..4 {
        let body = json!({ "name": format!("Number {number}") });
        eve.post("/api/v1/organizations", &body).await?.require_status(201)?;
    }
    eve.post("/api/v1/organizations", &json!({ "name": "Six" })).await?.require_status(400)?;
    Ok(())
}

#[tokio::test]
async fn an_owner_gives_an_organization_another_name() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut grace = app.register("grace@example.org").await?;
    ada.post("/api/v1/organizations", &json!({ "name": "Engines" })).await?.require_status(201)?;
    app.take_mails().await?;
    let guest = json!({ "email": "grace@example.org", "role": "admin" });
    ada.post("/api/v1/invitations", &guest).await?.require_status(201)?;
    let accept = json!({ "token": take_token(&app, "invitation").await? });
    grace.post("/api/v1/invitations/accept", &accept).await?.require_status(200)?;

    let rename = |name: &str| {
        TestRequest::new("PATCH", "/api/v1/organizations").json(&json!({ "name": name }))
    };
    grace.send(rename("Mine")).await?.require_status(403)?;
    for bad in ["", "  ", "two\nlines"] {
        ada.send(rename(bad)).await?.require_status(400)?;
    }
    let renamed = ada.send(rename(" Analytical Engines ")).await?;
    renamed.require_status(200)?;
    assert_eq!(renamed.json()?["organization"]["name"], "Analytical Engines");
    // Others see it at once, and the log has what was before.
    let seen = grace.get("/api/v1/auth/me").await?.json()?;
    assert_eq!(seen["organization"]["name"], "Analytical Engines");
    let log = ada.get("/api/v1/audit").await?.json()?;
    let lines = log["items"].as_array().context("lines")?;
    let line = lines.iter().find(|line| line["action"] == "organization.rename");
    let change =
        json!({ "before": { "name": "Engines" }, "after": { "name": "Analytical Engines" } });
    assert_eq!(line.context("a line")?["details"], change);
    Ok(())
}

/// A server that believes what this machine says of where requests come from.
async fn start_behind_a_proxy() -> Result<(TestApp, TestClient)> {
    let defaults = TestSettings::default();
    let http = HttpSettings { trusted_proxies: vec!["127.0.0.1".parse()?], ..defaults.http };
    TestApp::start(TestSettings { http, ..TestSettings::default() }).await
}

/// A request that came through the proxy from an address.
async fn from(client: &mut TestClient, ip: &str, path: &str) -> Result<TestResponse> {
    client.send(TestRequest::new("GET", path).header("x-forwarded-for", ip)).await
}

async fn set(client: &mut TestClient, networks: Value) -> Result<TestResponse> {
    let body = json!({ "networks": networks });
    client.send(TestRequest::new("PUT", NETWORKS).json(&body)).await
}

#[tokio::test]
async fn an_organization_is_used_from_its_networks_only() -> Result<()> {
    let (app, _) = start_behind_a_proxy().await?;
    let mut ada = app.register("ada@example.org").await?;
    let key = json!({ "name": "program", "scopes": ["read"] });
    let issued = ada.post("/api/v1/api-keys", &key).await?.json()?;
    let mut program = ada.with_key(issued["key"].as_str().context("a key")?);
    from(&mut program, "203.0.113.5", "/api/v1/jobs").await?.require_status(200)?;

    set(&mut ada, json!(["10.0.0.0/33"])).await?.require_status(400)?;
    let shut_out = set(&mut ada, json!(["192.0.2.0/24"])).await?;
    shut_out.require_status(400)?;
    assert!(shut_out.json()?["detail"].as_str().context("words")?.contains("127.0.0.1"));
    let good = set(&mut ada, json!(["192.0.2.9/24", "127.0.0.1"])).await?;
    good.require_status(200)?;
    assert_eq!(good.json()?["networks"], json!(["192.0.2.0/24", "127.0.0.1/32"]));

    for (ip, expected) in [("192.0.2.77", 200), ("203.0.113.5", 403), ("::1", 403)] {
        assert_eq!(from(&mut program, ip, "/api/v1/jobs").await?.status, expected, "{ip}");
        assert_eq!(from(&mut ada, ip, "/api/v1/jobs").await?.status, expected, "{ip}");
    }
    set(&mut ada, json!([])).await?.require_status(200)?;
    from(&mut program, "203.0.113.5", "/api/v1/jobs").await?.require_status(200)?;
    Ok(())
}

/// Signs in as through the proxy from an address.
async fn sign_in_from(app: &TestApp, ip: &str) -> Result<(TestClient, Value)> {
    let mut client = app.client();
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    let request = TestRequest::new("POST", "/api/v1/auth/login").json(&body);
    let answer = client.send(request.header("x-forwarded-for", ip)).await?;
    answer.require_status(200)?;
    client.learn_csrf_token(&answer)?;
    Ok((client, answer.json()?))
}

#[tokio::test]
async fn the_networks_of_one_organization_shut_nobody_out_of_the_others() -> Result<()> {
    const AWAY: &str = "203.0.113.5";
    let (app, _) = start_behind_a_proxy().await?;
    let mut ada = app.register("ada@example.org").await?;
    let home = ada.get("/api/v1/auth/me").await?.json()?["organization"]["id"].clone();
    // Her personal organization from here alone; another from everywhere.
    set(&mut ada, json!(["127.0.0.1"])).await?.require_status(200)?;
    let shed = ada.post("/api/v1/organizations", &json!({ "name": "Shed" })).await?.json()?;
    let shed = shed["organization"]["id"].clone();

    let (mut away, me) = sign_in_from(&app, AWAY).await?;
    assert_eq!(me["organization"]["id"], shed);
    from(&mut away, AWAY, "/api/v1/jobs").await?.require_status(200)?;
    // Nor does the session go where it could not come back from.
    let switch = TestRequest::new("POST", "/api/v1/organizations/switch");
    let switch = switch.json(&json!({ "organization_id": home })).header("x-forwarded-for", AWAY);
    let refused = away.send(switch).await?;
    refused.require_status(403)?;
    assert!(refused.json()?["detail"].as_str().context("words")?.contains(AWAY));
    from(&mut away, AWAY, "/api/v1/jobs").await?.require_status(200)?;
    let (_, me) = sign_in_from(&app, "127.0.0.1").await?;
    assert_eq!(me["organization"]["id"], home, "the personal one comes first");
    Ok(())
}

#[tokio::test]
async fn whoever_comes_or_leaves_from_elsewhere_works_where_they_are_let_in() -> Result<()> {
    const AWAY: &str = "203.0.113.5";
    let (app, _) = start_behind_a_proxy().await?;
    let mut ada = app.register("ada@example.org").await?;
    set(&mut ada, json!(["127.0.0.1"])).await?.require_status(200)?;
    app.take_mails().await?;
    let guest = json!({ "email": "eve@example.org", "role": "viewer" });
    ada.post("/api/v1/invitations", &guest).await?.require_status(201)?;
    let body = json!({
        "email": "eve@example.org",
        "password": PASSWORD,
        "name": "Eve",
        "invitation": take_token(&app, "invitation").await?,
    });
    let mut eve = app.client();
    let register = TestRequest::new("POST", "/api/v1/auth/register").json(&body);
    let answer = eve.send(register.header("x-forwarded-for", AWAY)).await?;
    answer.require_status(201)?;
    eve.learn_csrf_token(&answer)?;
    let me = answer.json()?;
    assert_eq!(me["organization"]["role"], "owner", "her own: {me}");
    from(&mut eve, AWAY, "/api/v1/jobs").await?.require_status(200)?;
    let members = ada.get("/api/v1/members").await?.json()?;
    assert_eq!(members["members"].as_array().context("members")?.len(), 2, "{members}");

    // Her own is for this machine alone from now on; she leaves a shed for another that lets in.
    set(&mut eve, json!(["127.0.0.1"])).await?.require_status(200)?;
    for name in ["Shed", "Barn"] {
        eve.post("/api/v1/organizations", &json!({ "name": name })).await?.require_status(201)?;
    }
    let barn = eve.get("/api/v1/auth/me").await?.json()?["organization"]["id"].clone();
    let barn = barn.as_str().context("an id")?.parse()?;
    let ada_id = ada.get("/api/v1/auth/me").await?.json()?["user"]["id"].clone();
    let ada_id = ada_id.as_str().context("an id")?.parse()?;
    app.join(ada_id, barn, gantry_types::Role::Owner).await?;
    let leave = TestRequest::new("POST", "/api/v1/organizations/leave").json(&json!({}));
    eve.send(leave.header("x-forwarded-for", AWAY)).await?.require_status(204)?;
    let me = from(&mut eve, AWAY, "/api/v1/auth/me").await?.json()?;
    assert_eq!(me["organization"]["name"], "Shed");
    from(&mut eve, AWAY, "/api/v1/jobs").await?.require_status(200)?;
    Ok(())
}

#[tokio::test]
async fn an_administrator_lifts_a_list_that_shuts_everybody_out() -> Result<()> {
    const AWAY: &str = "203.0.113.5";
    let (app, mut root) = start_behind_a_proxy().await?;
    let mut ada = app.register("ada@example.org").await?;
    let home = ada.get("/api/v1/auth/me").await?.json()?["organization"]["id"].clone();
    set(&mut ada, json!(["127.0.0.1"])).await?.require_status(200)?;
    from(&mut ada, AWAY, "/api/v1/jobs").await?.require_status(403)?;

    let path = |id: &str| format!("/api/v1/admin/organizations/{id}/networks");
    let own = path(home.as_str().context("an id")?);
    ada.delete(&own).await?.require_status(403)?;
    let nobody = path("01890000-0000-7000-8000-000000000000");
    root.delete(&nobody).await?.require_status(404)?;
    root.delete(&own).await?.require_status(204)?;
    from(&mut ada, AWAY, "/api/v1/jobs").await?.require_status(200)?;
    let log = ada.get("/api/v1/audit").await?.json()?;
    assert_eq!(log["items"][0]["action"], "organization.lift_networks");
    let before = json!({ "networks": ["127.0.0.1/32"] });
    assert_eq!(log["items"][0]["details"]["before"], before);
    Ok(())
}

#[tokio::test]
async fn the_audit_log_is_sealed_and_a_forged_seal_shows() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    assert_eq!(app.access.seal_audit().await?, 0, "what is young is not sealed");
    app.clock.advance(Duration::from_mins(6));
    let sealed = app.access.seal_audit().await?;
    assert!(sealed >= 2, "{sealed}");
    ada.post("/api/v1/organizations", &json!({ "name": "Engines" })).await?.require_status(201)?;
    app.clock.advance(Duration::from_mins(6));
    let more = app.access.seal_audit().await?;
    assert!(more >= 1 && app.access.seal_audit().await? == 0);
    let whole = AuditProof::Whole { seals: 2, entries: sealed + more };
    assert_eq!(app.access.prove_audit().await?, whole);

    // A seal that somebody adds without the entries that it claims.
    let now = app.clock.now();
    let forged = app.store.write::<_, StoreError, _>(move |tx| {
        Box::pin(async move {
            let last = tx.audit().find_last_seal().await?;
            let last = last.ok_or(StoreError::NotFound { what: "seal" })?;
            let digest = "0".repeat(64);
            let number = last.number + 1;
            tx.audit().append_seal(&AuditSeal { number, digest, sealed_at: now, ..last }).await
        })
    });
    forged.await?;
    let broken = app.access.prove_audit().await?;
    assert_eq!(broken, AuditProof::Broken { seal: 3, sealed_at: now });
    Ok(())
}

/// Appends a line of a request that began at `at`.
async fn append(app: &TestApp, at: Timestamp) -> Result<()> {
    let line = AuditEntry {
        id: AuditEntryId::generate(),
        organization_id: None,
        user_id: None,
        action: "story.tell".to_owned(),
        subject: "a story".to_owned(),
        details: json!({}),
        ip: String::new(),
        at,
    };
    let appended = app.store.write::<(), StoreError, _>(move |tx| {
        let line = line.clone();
        Box::pin(async move { tx.audit().append(&line).await })
    });
    Ok(appended.await?)
}

#[tokio::test]
async fn a_line_that_is_too_young_is_sealed_before_what_was_written_after_it() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    app.clock.advance(Duration::from_mins(6));
    let before = app.access.seal_audit().await?;
    let began = app.clock.now();
    append(&app, began.plus(Duration::from_mins(1))).await?;
    // Its request began a minute earlier, and took longer.
    append(&app, began).await?;
    app.clock.advance(Duration::from_secs(5 * 60 + 30));
    assert_eq!(app.access.seal_audit().await?, 0, "the older line stands behind a younger one");
    app.clock.advance(Duration::from_mins(1));
    assert_eq!(app.access.seal_audit().await?, 2);
    let whole = AuditProof::Whole { seals: 2, entries: before + 2 };
    assert_eq!(app.access.prove_audit().await?, whole);
    Ok(())
}
