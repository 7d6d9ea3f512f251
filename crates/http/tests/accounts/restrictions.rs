//! Administrators suspend, ban and reinstate people.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_access::{AccessError, Actor, NewRestriction};
use gantry_ports::Clock;
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestResponse, TestSettings};
use gantry_types::{OrganizationId, UserId};
use serde_json::{Value, json};

use super::sign_in;

const ADA: &str = "ada@example.org";

async fn id_of(client: &mut TestClient) -> Result<String> {
    let me = client.get("/api/v1/auth/me").await?.json()?;
    Ok(me["user"]["id"].as_str().context("an id")?.to_owned())
}

async fn act(
    administrator: &mut TestClient,
    (id, what): (&str, &str),
    body: &Value,
) -> Result<TestResponse> {
    administrator.post(&format!("/api/v1/admin/users/{id}/{what}"), body).await
}

async fn issue_key(owner: &mut TestClient) -> Result<TestClient> {
    let wanted = json!({ "name": "program", "scopes": ["read", "run"] });
    let issued = owner.post("/api/v1/api-keys", &wanted).await?.json()?;
    Ok(owner.with_key(issued["key"].as_str().context("a key")?))
}

/// The kinds of mails that were written to somebody since the last look.
async fn take_kinds(app: &TestApp, email: &str) -> Result<Vec<String>> {
    let mails = app.take_mails().await?;
    let theirs = mails.into_iter().filter(|mail| mail.mail.recipient == email);
    Ok(theirs.map(|mail| mail.kind).collect())
}

#[tokio::test]
async fn who_is_suspended_is_shut_out_until_the_time_has_passed() -> Result<()> {
    let (app, mut root) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register(ADA).await?;
    let mut program = issue_key(&mut ada).await?;
    let pair = json!({ "name": "app", "scopes": ["read"] });
    let pair = ada.post("/api/v1/auth/tokens", &pair).await?.json()?;
    let mut token = ada.with_key(pair["access_token"].as_str().context("a token")?);
    for client in [&mut ada, &mut program, &mut token] {
        client.get("/api/v1/jobs").await?.require_status(200)?;
    }
    let id = id_of(&mut ada).await?;
    app.take_mails().await?;
    let until = app.clock.now().plus(Duration::from_mins(5));

    let wrong = json!({ "reason": " " });
    act(&mut root, (&id, "suspend"), &wrong).await?.require_status(400)?;
    let past = json!({ "reason": "loud", "until": app.clock.now().minus(Duration::from_mins(1)) });
    act(&mut root, (&id, "suspend"), &past).await?.require_status(400)?;
    ada.get("/api/v1/jobs").await?.require_status(200)?;

    let loud = json!({ "reason": "far too loud", "until": until });
    let suspended = act(&mut root, (&id, "suspend"), &loud).await?;
    suspended.require_status(200)?;
    let body = suspended.json()?;
    assert_eq!(body["status"], "suspended");
    assert_eq!(body["restriction"]["reason"], "far too loud");
    assert_eq!(body["restriction"]["until"], json!(until));
    for client in [&mut ada, &mut program, &mut token] {
        client.get("/api/v1/jobs").await?.require_status(401)?;
    }
    let renew = json!({ "refresh_token": pair["refresh_token"] });
    let renewed = app.client().post("/api/v1/auth/tokens/refresh", &renew).await?;
    renewed.require_status(401)?;
    let (status, problem, _) = sign_in(&app, ADA, PASSWORD).await?;
    assert_eq!(status, 403, "{problem}");
    let told = problem["detail"].as_str().context("words")?;
    assert!(told.contains("support") && !told.contains("loud"), "{told}");
    assert_eq!(sign_in(&app, ADA, "not the password").await?.0, 401, "a stranger is told");
    assert_eq!(take_kinds(&app, ADA).await?, ["restricted"]);

    // Again, with another reason: nothing new for the person.
    let louder = json!({ "reason": "louder", "until": until });
    let again = act(&mut root, (&id, "suspend"), &louder).await?;
    again.require_status(200)?;
    assert_eq!(again.json()?["restriction"]["reason"], "louder");
    assert!(take_kinds(&app, ADA).await?.is_empty());

    app.clock.advance(Duration::from_mins(5));
    program.get("/api/v1/jobs").await?.require_status(200)?;
    token.get("/api/v1/jobs").await?.require_status(401)?;
    ada.get("/api/v1/jobs").await?.require_status(401)?;
    assert_eq!(sign_in(&app, ADA, PASSWORD).await?.0, 200);
    let person = root.get(&format!("/api/v1/admin/users/{id}")).await?.json()?;
    assert_eq!((&person["status"], &person["restriction"]), (&json!("active"), &Value::Null));
    assert_eq!(person["organizations"][0]["role"], "owner");
    Ok(())
}

#[tokio::test]
async fn who_is_banned_loses_what_only_they_own_and_may_be_reinstated() -> Result<()> {
    let (app, mut root) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register(ADA).await?;
    let mut program = issue_key(&mut ada).await?;
    let id = id_of(&mut ada).await?;
    let before = ada.get("/api/v1/account").await?.json()?["credits"]["available"].clone();
    let work = json!({ "operation": "test.noop" });
    let job = ada.post("/api/v1/jobs", &work).await?;
    job.require_status(202)?;
    let yearly = json!({ "name": "yearly", "operation": "test.noop", "cron": "0 0 29 2 *" });
    ada.post("/api/v1/schedules", &yearly).await?.require_status(201)?;
    app.take_mails().await?;

    let farm = json!({ "reason": "a farm of accounts" });
    let banned = act(&mut root, (&id, "ban"), &farm).await?;
    banned.require_status(200)?;
    assert_eq!(banned.json()?["status"], "banned");
    program.get("/api/v1/jobs").await?.require_status(401)?;
    let (status, problem, _) = sign_in(&app, ADA, PASSWORD).await?;
    assert_eq!(status, 403);
    assert!(!problem.to_string().contains("farm"), "{problem}");
    assert_eq!(take_kinds(&app, ADA).await?, ["restricted"]);
    let newcomer = json!({ "email": ADA, "password": PASSWORD, "name": "Ada again" });
    app.client().post("/api/v1/auth/register", &newcomer).await?.require_status(409)?;
    act(&mut root, (&id, "suspend"), &farm).await?.require_status(409)?;
    app.clock.advance(Duration::from_mins(10));
    assert_eq!(sign_in(&app, ADA, PASSWORD).await?.0, 403, "a ban has no end");

    let back = act(&mut root, (&id, "reinstate"), &json!({ "note": "a mistake" })).await?;
    back.require_status(200)?;
    let body = back.json()?;
    assert_eq!((&body["status"], &body["restriction"]), (&json!("active"), &Value::Null));
    act(&mut root, (&id, "reinstate"), &json!({})).await?.require_status(200)?;
    assert_eq!(take_kinds(&app, ADA).await?, ["reinstated"]);
    let (status, _, mut ada) = sign_in(&app, ADA, PASSWORD).await?;
    assert_eq!(status, 200);
    let id = job.json()?["id"].as_str().context("an id")?.to_owned();
    let job = ada.get(&format!("/api/v1/jobs/{id}")).await?.json()?;
    assert_eq!((&job["state"], &job["cost"]), (&json!("cancelled"), &json!(0)));
    assert_eq!(ada.get("/api/v1/account").await?.json()?["credits"]["available"], before);
    let schedules = ada.get("/api/v1/schedules").await?.json()?;
    assert_eq!(schedules["items"][0]["paused"], true);
    let log = root.get("/api/v1/admin/audit/export?format=jsonl").await?.text();
    assert!(log.contains("user.ban") && log.contains("user.reinstate"), "{log}");
    for client in [&mut root, &mut ada] {
        let log = client.get("/api/v1/audit").await?.text();
        assert!(!log.contains("user.ban") && !log.contains("farm"), "{log}");
    }
    Ok(())
}

#[tokio::test]
async fn administrators_keep_themselves_and_the_last_of_them() -> Result<()> {
    let (app, mut root) = TestApp::start(TestSettings::default()).await?;
    let id = id_of(&mut root).await?;
    for what in ["suspend", "ban"] {
        let refused = act(&mut root, (&id, what), &json!({ "reason": "tired" })).await?;
        refused.require_status(409)?;
    }
    let user = UserId::from_uuid(id.parse()?);
    let house = Actor::system(OrganizationId::generate());
    let refused = app.access.restrict(&house, user, (NewRestriction::Ban, "tired")).await;
    assert!(matches!(refused, Err(AccessError::NotRestrictable { .. })), "{refused:?}");
    root.get("/api/v1/admin/users").await?.require_status(200)?;
    let mut ada = app.register(ADA).await?;
    let forbidden = act(&mut ada, (&id, "ban"), &json!({ "reason": "revenge" })).await?;
    forbidden.require_status(403)?;
    let nobody = UserId::generate().to_string();
    act(&mut root, (&nobody, "ban"), &json!({ "reason": "x" })).await?.require_status(404)?;
    Ok(())
}

#[tokio::test]
async fn people_are_found_by_plain_parts_of_their_address() -> Result<()> {
    let (app, mut root) = TestApp::start(TestSettings::default()).await?;
    app.register(ADA).await?;
    app.register("ada_b@example.org").await?;
    let mut find = async |query: &str| -> Result<Vec<Value>> {
        let answer = root.get(&format!("/api/v1/admin/users?{query}")).await?;
        answer.require_status(200)?;
        answer.json()?["items"].as_array().cloned().context("a list")
    };
    assert_eq!(find("").await?.len(), 3);
    assert_eq!(find("search=ADA").await?.len(), 2);
    let found = find("search=a_b").await?;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["email"], "ada_b@example.org");
    assert_eq!(found[0]["organization"]["plan"], "test");
    assert_eq!(found[0]["organization"]["credits"]["available"], 1_000_000);
    assert!(found[0]["last_seen_at"].is_string(), "{found:?}");
    assert!(find("search=%25").await?.is_empty(), "a wildcard was taken for one");
    assert!(find("status=banned").await?.is_empty());
    assert_eq!(find("status=active&limit=2").await?.len(), 2);
    root.get("/api/v1/admin/users?status=bored").await?.require_status(400)?;
    Ok(())
}
