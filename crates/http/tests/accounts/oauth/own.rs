//! A client registers, proves who it is, and acts as its organization.

use anyhow::{Context, Result};
use gantry_rules::plan::Feature;
use gantry_testkit::{TestApp, TestRequest, TestSettings, generous_terms};
use serde_json::json;

use super::{App, CLIENTS, call, form, post_form, reads, register};

const ITSELF: (&str, &str) = ("grant_type", "client_credentials");

#[tokio::test]
async fn a_client_acts_as_its_organization() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let client = register(&mut ada, "confidential", &["read", "run", "account"]).await?;
    let (status, tokens) = call(&app, &client, "/oauth/token", &[ITSELF]).await?;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(tokens["scope"], "read run", "the account is a matter of persons");
    assert!(tokens["refresh_token"].is_null());
    let token = tokens["access_token"].as_str().context("a token")?;
    let mut program = app.client().with_key(token);
    let new = json!({ "operation": "test.noop" });
    program.post("/api/v1/jobs", &new).await?.require_status(202)?;
    let jobs = ada.get("/api/v1/jobs").await?.json()?;
    assert_eq!(jobs["items"].as_array().map(Vec::len), Some(1), "{jobs}");
    let schedule = json!({ "name": "Nightly", "operation": "test.noop", "cron": "0 3 * * *" });
    let refused = program.post("/api/v1/schedules", &schedule).await?;
    refused.require_status(403)?;
    assert!(refused.json()?["detail"].as_str().context("words")?.contains("in whose name"));
    let kept = ada.post("/api/v1/schedules", &schedule).await?;
    kept.require_status(201)?;
    let id = kept.json()?["id"].as_str().context("an id")?.to_owned();
    let change = TestRequest::new("PUT", &format!("/api/v1/schedules/{id}")).json(&schedule);
    program.send(change).await?.require_status(403)?;
    program.get("/api/v1/members").await?.require_status(403)?;
    program.get("/api/v1/account/grants").await?.require_status(403)?;
    let (status, narrow) =
        call(&app, &client, "/oauth/token", &[ITSELF, ("scope", "read")]).await?;
    assert_eq!((status, &narrow["scope"]), (200, &json!("read")));
    for wide in ["data", "account", "admin", "nothing"] {
        let (status, refused) =
            call(&app, &client, "/oauth/token", &[ITSELF, ("scope", wide)]).await?;
        assert_eq!((status, &refused["error"]), (400, &json!("invalid_scope")), "{wide}");
    }
    let facts = call(&app, &client, "/oauth/introspect", &[("token", token)]).await?.1;
    assert_eq!((&facts["active"], &facts["sub"]), (&json!(true), &json!(client.id)));
    assert!(ada.get(CLIENTS).await?.json()?["items"][0]["last_used_at"].is_string());

    let public = register(&mut ada, "public", &["read"]).await?;
    let (status, refused) = call(&app, &public, "/oauth/token", &[ITSELF]).await?;
    assert_eq!((status, &refused["error"]), (400, &json!("unauthorized_client")));
    ada.delete(&format!("{CLIENTS}/{}", client.id)).await?.require_status(204)?;
    assert_eq!(reads(&app, &tokens, "/api/v1/jobs").await?, 401);
    Ok(())
}

#[tokio::test]
async fn a_client_that_is_nobody_saves_no_schedule() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let client = register(&mut ada, "confidential", &["read", "run"]).await?;
    let (_, tokens) = call(&app, &client, "/oauth/token", &[ITSELF]).await?;
    let token = tokens["access_token"].as_str().context("a token")?;
    let mut program = app.client().with_key(token);
    let often = json!({ "name": "often", "operation": "test.noop", "params": {},
        "cron": "* * * * *" });
    let refused = program.post("/api/v1/schedules", &often).await?;
    refused.require_status(403)?;
    let refused = refused.json()?;
    let next_step = refused["next_step"].as_str().context("a next step")?;
    assert!(next_step.contains("member"), "{refused}");
    let made = ada.post("/api/v1/schedules", &often).await?;
    made.require_status(201)?;
    let made = made.json()?;
    let path = format!("/api/v1/schedules/{}", made["id"].as_str().context("an id")?);
    let change = TestRequest::new("PUT", &path).json(&often);
    program.send(change).await?.require_status(403)?;
    assert_eq!(ada.get(&path).await?.json()?["created_by"], made["created_by"]);
    // What it may do runs in nobody's name later.
    program.post(&format!("{path}/run"), &json!({})).await?.require_status(202)?;
    program.delete(&path).await?.require_status(204)?;
    Ok(())
}

#[tokio::test]
async fn a_client_proves_who_it_is_in_one_way() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let client = register(&mut ada, "confidential", &["read"]).await?;
    let secret = client.secret.as_deref().context("a secret")?;
    let in_body = form(&[ITSELF, ("client_id", &client.id), ("client_secret", secret)]);
    post_form(&mut app.client(), "/oauth/token", &in_body).await?.require_status(200)?;
    let nobody = "01890000-0000-7000-8000-000000000000".to_owned();
    for wrong in [
        App { id: client.id.clone(), secret: Some("gs_none".to_owned()) },
        App { id: client.id.clone(), secret: None },
        App { id: nobody, secret: Some(secret.to_owned()) },
        App { id: "none".to_owned(), secret: Some(secret.to_owned()) },
    ] {
        for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
            let (status, refused) = call(&app, &wrong, path, &[ITSELF, ("token", "x")]).await?;
            assert_eq!((status, &refused["error"]), (401, &json!("invalid_client")), "{path}");
            let words = "the client is unknown, or did not prove who it is";
            assert_eq!(refused["error_description"], words, "{path}");
        }
    }
    let twice = call(&app, &client, "/oauth/token", &[ITSELF, ("client_secret", secret)]).await?;
    assert_eq!((twice.0, &twice.1["error"]), (400, &json!("invalid_request")));
    for (grant, error) in [("password", "unsupported_grant_type"), ("", "invalid_request")] {
        let (status, refused) =
            call(&app, &client, "/oauth/token", &[("grant_type", grant)]).await?;
        assert_eq!((status, &refused["error"]), (400, &json!(error)), "{grant}");
    }
    let json = TestRequest::new("POST", "/oauth/token").json(&json!({}));
    let refused = app.client().send(json).await?;
    refused.require_status(400)?;
    assert_eq!(refused.json()?["error"], "invalid_request");
    assert!(app.client().get("/oauth/token").await?.status == 405);
    Ok(())
}

#[tokio::test]
async fn only_good_clients_are_registered_and_by_those_who_may() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    for (field, value) in [
        ("name", json!("")),
        ("scopes", json!([])),
        ("scopes", json!(["everything"])),
        ("kind", json!("secret")),
        ("redirect_uris", json!([])),
        ("redirect_uris", json!(["http://app.example/cb"])),
        ("redirect_uris", json!(["https://app.example/cb#fragment"])),
        ("redirect_uris", json!(["javascript:alert(1)"])),
    ] {
        let mut new = json!({ "name": "App", "kind": "public", "scopes": ["read"],
            "redirect_uris": ["https://app.example/cb"] });
        new[field] = value.clone();
        let refused = ada.post(CLIENTS, &new).await?;
        assert_eq!(refused.status, 400, "{field} {value}");
    }
    let admin = json!({ "name": "App", "kind": "confidential", "scopes": ["admin"] });
    ada.post(CLIENTS, &admin).await?.require_status(403)?;
    let secret = register(&mut ada, "confidential", &["read"]).await?.secret.context("a secret")?;
    let listed = ada.get(CLIENTS).await?.text();
    assert!(!listed.contains(&secret) && !listed.contains("sha256"), "{listed}");
    let audit = ada.get("/api/v1/audit").await?.text();
    assert!(audit.contains("client.register") && !audit.contains(&secret), "{audit}");
    let public = register(&mut ada, "public", &["read"]).await?;
    let rotate = format!("{CLIENTS}/{}/secret", public.id);
    ada.post(&rotate, &json!(null)).await?.require_status(404)
}

#[tokio::test]
async fn tokens_are_of_use_where_the_plan_has_the_api() -> Result<()> {
    let mut terms = generous_terms();
    terms.features.remove(&Feature::Api);
    let settings = TestSettings { terms, ..TestSettings::default() };
    let (app, _) = TestApp::start(settings).await?;
    let mut ada = app.register("ada@example.org").await?;
    let client = register(&mut ada, "confidential", &["read"]).await?;
    let (_, tokens) = call(&app, &client, "/oauth/token", &[ITSELF]).await?;
    assert_eq!(reads(&app, &tokens, "/api/v1/jobs").await?, 402);
    Ok(())
}

#[tokio::test]
async fn the_server_says_where_everything_is() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let answer = app.client().get("/.well-known/oauth-authorization-server").await?;
    answer.require_status(200)?;
    let metadata = answer.json()?;
    let issuer = format!("http://{}", app.address);
    assert_eq!(metadata["issuer"], json!(issuer));
    assert_eq!(metadata["token_endpoint"], json!(format!("{issuer}/oauth/token")));
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    Ok(())
}
