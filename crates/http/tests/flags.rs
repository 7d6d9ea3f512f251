//! Flags over HTTP: kept, changed by revisions, audited, told, and obeyed.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestRequest, TestResponse, TestSettings};
use serde_json::{Value, json};

const FLAGS: &str = "/api/v1/admin/flags";

async fn start() -> Result<(TestApp, TestClient, TestClient)> {
    let (app, root) = TestApp::start(TestSettings::default()).await?;
    let ada = app.register("ada@example.org").await?;
    Ok((app, root, ada))
}

async fn create(root: &mut TestClient, flag: &Value) -> Result<Value> {
    let made = root.post(FLAGS, flag).await?;
    made.require_status(201)?;
    made.json()
}

async fn put(root: &mut TestClient, key: &str, flag: &Value) -> Result<TestResponse> {
    root.send(TestRequest::new("PUT", &format!("{FLAGS}/{key}")).json(flag)).await
}

async fn id_of(client: &mut TestClient, what: &str) -> Result<String> {
    let me = client.get("/api/v1/auth/me").await?.json()?;
    Ok(me[what]["id"].as_str().context("an id")?.to_owned())
}

async fn submit(client: &mut TestClient) -> Result<TestResponse> {
    client.post("/api/v1/jobs", &json!({ "operation": "test.noop" })).await
}

async fn submit_as(client: &mut TestClient, key: &str, body: &Value) -> Result<TestResponse> {
    let request = TestRequest::new("POST", "/api/v1/jobs").json(body);
    client.send(request.header("idempotency-key", key)).await
}

async fn register(app: &TestApp, email: &str) -> Result<TestResponse> {
    let body = json!({ "email": email, "password": PASSWORD, "name": "Somebody" });
    app.client().post("/api/v1/auth/register", &body).await
}

async fn is_registration_open(app: &TestApp) -> Result<bool> {
    let meta = app.client().get("/api/v1/meta").await?.json()?;
    meta["registration_open"].as_bool().context("an answer")
}

/// The secret in the mail that invites somebody.
async fn take_invitation(app: &TestApp) -> Result<String> {
    let mails = app.take_mails().await?;
    let mail = mails.iter().find(|mail| mail.kind == "invitation").context("an invitation")?;
    let (_, rest) = mail.mail.text.split_once("token=").context("the mail has no link")?;
    Ok(rest.chars().take_while(char::is_ascii_alphanumeric).collect())
}

#[tokio::test]
async fn a_flag_is_kept_changed_tried_and_removed() -> Result<()> {
    let (_app, mut root, mut ada) = start().await?;
    let organization = id_of(&mut ada, "organization").await?;
    let new = json!({
        "key": "shop.new", "description": "The new shop", "enabled": true,
        "rules": [
            { "organizations": [organization], "on": true },
            { "percentage": 0.01, "on": false },
        ],
        "variants": [{ "name": "blue", "weight": 1 }],
    });
    let made = create(&mut root, &new).await?;
    assert_eq!(made["revision"], 1);
    assert_eq!(made["rules"][1]["percentage"], 0.01);
    root.post(FLAGS, &new).await?.require_status(409)?;
    ada.post(FLAGS, &new).await?.require_status(403)?;

    let tried = root
        .post(&format!("{FLAGS}/shop.new/try"), &json!({ "organization_id": organization }))
        .await?
        .json()?;
    assert_eq!(tried, json!({ "on": true, "variant": "blue", "reason": "rule", "rule": 1 }));
    let stranger = root.post(&format!("{FLAGS}/shop.new/try"), &json!({})).await?.json()?;
    let expected = json!({ "on": false, "variant": null, "reason": "no_rule_fits", "rule": null });
    assert_eq!(stranger, expected);

    let off = json!({ "enabled": false, "base_revision": 1 });
    let changed = put(&mut root, "shop.new", &off).await?.json()?;
    assert_eq!((&changed["revision"], &changed["rules"]), (&json!(2), &json!([])));
    let stale = put(&mut root, "shop.new", &off).await?;
    stale.require_status(409)?;
    assert_eq!(stale.json()?["revision"], 2);
    let same = put(&mut root, "shop.new", &json!({ "enabled": false })).await?.json()?;
    assert_eq!(same["revision"], 2, "the same again is no change");
    put(&mut root, "Shop", &off).await?.require_status(404)?;

    let listed = root.get(FLAGS).await?.json()?;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    root.delete(&format!("{FLAGS}/shop.new")).await?.require_status(204)?;
    root.get(&format!("{FLAGS}/shop.new")).await?.require_status(404)?;
    let audit = root.get("/api/v1/admin/audit/export?format=jsonl").await?.text();
    let lines = audit.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    let of = |action: &str| lines.iter().find(|line| line["action"] == action);
    let change = of("flag.change").context("the change")?;
    assert_eq!(change["subject"], "flag shop.new");
    assert_eq!(change["details"]["before"]["flag"]["enabled"], true);
    assert_eq!(change["details"]["after"]["flag"]["enabled"], false);
    assert!(of("flag.create").is_some() && of("flag.delete").is_some());
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_by_its_place() -> Result<()> {
    let (_app, mut root, _) = start().await?;
    for (wrong, pointer) in [
        (json!({ "key": "New shop", "enabled": true }), "/key"),
        (
            json!({ "key": "a", "enabled": true, "rules": [{ "percentage": 1.005, "on": true }] }),
            "/rules/0/percentage",
        ),
        (
            json!({ "key": "a", "enabled": true, "variants": [{ "name": "b", "weight": 0 }] }),
            "/variants",
        ),
    ] {
        let refused = root.post(FLAGS, &wrong).await?;
        refused.require_status(400)?;
        assert_eq!(refused.json()?["errors"][0]["pointer"], pointer);
    }
    root.post(FLAGS, &json!({ "key": "a", "enabled": true, "rules": [{ "users": ["x"] }] }))
        .await?
        .require_status(400)
}

#[tokio::test]
async fn people_are_told_what_they_have_of_visible_flags() -> Result<()> {
    let (app, mut root, mut ada) = start().await?;
    let mut bob = app.register("bob@example.org").await?;
    let user = id_of(&mut ada, "user").await?;
    let rules = json!([{ "plans": ["test"], "users": [user], "on": true }]);
    create(&mut root, &json!({ "key": "beta", "enabled": true, "visible": true, "rules": rules }))
        .await?;
    create(&mut root, &json!({ "key": "hidden", "enabled": true })).await?;
    let told = ada.get("/api/v1/flags").await?.json()?;
    assert_eq!(told, json!({ "flags": { "beta": { "on": true, "variant": null } } }));
    assert_eq!(bob.get("/api/v1/flags").await?.json()?["flags"]["beta"]["on"], false);
    app.client().get("/api/v1/flags").await?.require_status(401)
}

#[tokio::test]
async fn an_operation_that_is_off_takes_no_new_jobs() -> Result<()> {
    let (_app, mut root, mut ada) = start().await?;
    let before = submit(&mut ada).await?;
    before.require_status(202)?;
    let key = "operation.test.noop";
    create(&mut root, &json!({ "key": key, "enabled": false })).await?;
    let paused = submit(&mut ada).await?;
    paused.require_status(409)?;
    let problem = paused.json()?;
    assert_eq!(problem["code"], "operation_paused");
    assert_eq!(problem["operation"], "test.noop");
    let job = before.json()?["id"].as_str().context("an id")?.to_owned();
    assert_eq!(ada.get(&format!("/api/v1/jobs/{job}")).await?.json()?["state"], "queued");
    // Off for others alone.
    let organization = id_of(&mut ada, "organization").await?;
    let rules = json!([{ "organizations": [organization], "on": true }]);
    let some = put(&mut root, key, &json!({ "enabled": true, "rules": rules })).await?;
    some.require_status(200)?;
    submit(&mut ada).await?.require_status(202)?;
    submit(&mut root).await?.require_status(409)?;
    root.delete(&format!("{FLAGS}/{key}")).await?.require_status(204)?;
    submit(&mut root).await?.require_status(202)
}

#[tokio::test]
async fn a_repeated_submission_is_answered_while_its_operation_is_off() -> Result<()> {
    let (_app, mut root, mut ada) = start().await?;
    let body = json!({ "operation": "test.noop" });
    let first = submit_as(&mut ada, "one", &body).await?;
    first.require_status(202)?;
    let key = "operation.test.noop";
    create(&mut root, &json!({ "key": key, "enabled": false })).await?;
    let again = submit_as(&mut ada, "one", &body).await?;
    again.require_status(202)?;
    assert_eq!(again.json()?["id"], first.json()?["id"]);
    let other = submit_as(&mut ada, "one", &json!({ "operation": "test.noop", "seed": 1 })).await?;
    assert_eq!(other.json()?["code"], "idempotency_mismatch");
    for (client, name) in [(&mut ada, "two"), (&mut root, "one")] {
        let paused = submit_as(client, name, &body).await?;
        paused.require_status(409)?;
        assert_eq!(paused.json()?["code"], "operation_paused", "{name} was never answered");
    }
    Ok(())
}

#[tokio::test]
async fn a_repeated_run_is_answered_while_an_operation_of_it_is_off() -> Result<()> {
    let (_app, mut root, mut ada) = start().await?;
    let definition = json!({ "nodes": [{ "id": "a", "operation": "test.noop" }] });
    let kept = json!({ "name": "one", "definition": definition });
    let kept = ada.post("/api/v1/workflows", &kept).await?.json()?;
    let runs = format!("/api/v1/workflows/{}/runs", kept["id"].as_str().context("an id")?);
    let run =
        |key: &str| TestRequest::new("POST", &runs).json(&json!({})).header("idempotency-key", key);
    let first = ada.send(run("one")).await?;
    first.require_status(202)?;
    create(&mut root, &json!({ "key": "operation.test.noop", "enabled": false })).await?;
    let again = ada.send(run("one")).await?;
    again.require_status(202)?;
    assert_eq!(again.json()?["id"], first.json()?["id"]);
    ada.send(run("two")).await?.require_status(409)
}

#[tokio::test]
async fn a_schedule_tells_that_its_operation_is_off_and_runs_again_afterwards() -> Result<()> {
    let (app, mut root, mut ada) = start().await?;
    let new = json!({ "name": "often", "operation": "test.noop", "cron": "* * * * *" });
    let made = ada.post("/api/v1/schedules", &new).await?;
    made.require_status(201)?;
    let runs = format!("/api/v1/schedules/{}/runs", made.json()?["id"].as_str().context("an id")?);
    let key = "operation.test.noop";
    create(&mut root, &json!({ "key": key, "enabled": false })).await?;
    app.clock.advance(Duration::from_secs(61));
    app.jobs.run_due_schedules().await?;
    let refused = ada.get(&runs).await?.json()?;
    assert_eq!(refused["items"][0]["outcome"], "refused", "{refused}");
    assert!(refused["items"][0]["reason"].as_str().context("words")?.contains("paused"));
    root.delete(&format!("{FLAGS}/{key}")).await?.require_status(204)?;
    app.clock.advance(Duration::from_secs(60));
    app.jobs.run_due_schedules().await?;
    let started = ada.get(&runs).await?.json()?;
    assert_eq!(started["items"][0]["outcome"], "started", "{started}");
    Ok(())
}

#[tokio::test]
async fn a_workflow_with_an_operation_that_is_off_does_not_begin() -> Result<()> {
    let (_app, mut root, mut ada) = start().await?;
    let definition = json!({ "nodes": [{ "id": "a", "operation": "test.noop" }] });
    let kept = json!({ "name": "one", "definition": definition });
    let kept = ada.post("/api/v1/workflows", &kept).await?.json()?;
    let runs = format!("/api/v1/workflows/{}/runs", kept["id"].as_str().context("an id")?);
    create(&mut root, &json!({ "key": "operation.test.noop", "enabled": false })).await?;
    let refused = ada.post(&runs, &json!({})).await?;
    refused.require_status(409)?;
    assert_eq!(refused.json()?["code"], "operation_paused");
    Ok(())
}

#[tokio::test]
async fn signups_are_off_for_strangers_alone() -> Result<()> {
    let (app, mut root, mut ada) = start().await?;
    assert!(is_registration_open(&app).await?);
    create(&mut root, &json!({ "key": "signups", "enabled": false })).await?;
    assert!(!is_registration_open(&app).await?, "who asks is told before they fill in a form");
    let refused = register(&app, "eve@example.org").await?;
    refused.require_status(403)?;
    assert!(refused.json()?["detail"].as_str().context("words")?.contains("paused"));
    let login = json!({ "email": "ada@example.org", "password": PASSWORD });
    app.client().post("/api/v1/auth/login", &login).await?.require_status(200)?;
    ada.get("/api/v1/account").await?.require_status(200)?;
    // Whom a member invited comes in.
    app.take_mails().await?;
    let guest = json!({ "email": "grace@example.org", "role": "member" });
    ada.post("/api/v1/invitations", &guest).await?.require_status(201)?;
    let invitation = take_invitation(&app).await?;
    let body = json!({
        "email": "grace@example.org", "password": PASSWORD, "name": "Grace",
        "invitation": invitation,
    });
    app.client().post("/api/v1/auth/register", &body).await?.require_status(201)?;
    put(&mut root, "signups", &json!({ "enabled": true })).await?.require_status(200)?;
    assert!(is_registration_open(&app).await?);
    register(&app, "eve@example.org").await?.require_status(201)
}

#[tokio::test]
async fn what_another_process_turned_is_obeyed_within_seconds() -> Result<()> {
    use gantry_access::{Asker, Flags};

    let (app, mut root, _) = start().await?;
    let other = Flags::new(app.store.clone(), app.clock.clone());
    let is_off = async || other.is_off("shop.new", Asker::default()).await;
    assert!(!is_off().await?, "there is no such flag");
    create(&mut root, &json!({ "key": "shop.new", "enabled": false })).await?;
    assert!(!is_off().await?, "it is believed for a while");
    assert!(app.access.flags().is_off("shop.new", Asker::default()).await?, "here at once");
    app.clock.advance(Flags::STALENESS);
    assert!(is_off().await?);
    Ok(())
}
