//! A code is exchanged once, by its client, within a minute.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_ports::store::{User, UserStatus};
use gantry_testkit::{TestApp, TestSettings};
use serde_json::json;

use super::{REDIRECT, VERIFIER, call, exchange, reads, refresh, register, take_code};

#[tokio::test]
async fn a_person_grants_and_the_client_works_for_them() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut eve = app.register("eve@example.org").await?;
    for kind in ["public", "confidential"] {
        let client = register(&mut ada, kind, &["read", "run"]).await?;
        let code = take_code(&mut eve, &client, "read").await?;
        let (status, tokens) = exchange(&app, &client, &code).await?;
        assert_eq!(status, 200, "{tokens}");
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["expires_in"], 3_600);
        assert_eq!(tokens["scope"], "read");
        assert_eq!(reads(&app, &tokens, "/api/v1/jobs").await?, 200);
        // What was not granted it may not.
        let token = tokens["access_token"].as_str().context("a token")?;
        let new = json!({ "operation": "test.noop" });
        app.client().with_key(token).post("/api/v1/jobs", &new).await?.require_status(403)?;
        let me = app.client().with_key(token).get("/api/v1/auth/me").await?.json()?;
        assert_eq!(me["user"]["email"], "eve@example.org");
        app.clock.advance(Duration::from_hours(1));
        assert_eq!(reads(&app, &tokens, "/api/v1/jobs").await?, 401);
        let (status, next) = refresh(&app, &client, &tokens).await?;
        assert_eq!(status, 200, "{next}");
        assert_eq!(reads(&app, &next, "/api/v1/jobs").await?, 200);
    }
    // They are no keys that the person manages.
    assert_eq!(eve.get("/api/v1/api-keys").await?.json()?["items"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_client_makes_nothing_that_outlasts_its_grant() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let client = register(&mut ada, "confidential", &["read", "account"]).await?;
    let code = take_code(&mut ada, &client, "account").await?;
    let (_, tokens) = exchange(&app, &client, &code).await?;
    assert_eq!(reads(&app, &tokens, "/api/v1/members").await?, 200);
    let mut program = app.client().with_key(tokens["access_token"].as_str().context("a token")?);
    let key = json!({ "name": "own", "scopes": ["account"] });
    program.post("/api/v1/api-keys", &key).await?.require_status(403)?;
    let other = json!({ "name": "own", "kind": "confidential", "scopes": ["account"] });
    program.post("/api/v1/oauth/clients", &other).await?.require_status(403)?;
    let rotate = format!("/api/v1/oauth/clients/{}/secret", client.id);
    program.post(&rotate, &json!(null)).await?.require_status(403)
}

#[tokio::test]
async fn a_code_that_comes_twice_ends_what_it_gave() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let client = register(&mut ada, "public", &["read"]).await?;
    let code = take_code(&mut ada, &client, "read").await?;
    let (_, tokens) = exchange(&app, &client, &code).await?;
    assert_eq!(reads(&app, &tokens, "/api/v1/jobs").await?, 200);
    let (status, refused) = exchange(&app, &client, &code).await?;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
    assert_eq!(reads(&app, &tokens, "/api/v1/jobs").await?, 401);
    assert_eq!(refresh(&app, &client, &tokens).await?.0, 400);
    let audit = ada.get("/api/v1/audit").await?.json()?;
    assert_eq!(audit["items"][0]["action"], "client.code_reuse");
    let code = take_code(&mut ada, &client, "read").await?;
    let (one, two) = tokio::join!(exchange(&app, &client, &code), exchange(&app, &client, &code));
    let mut statuses = [one?.0, two?.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    Ok(())
}

#[tokio::test]
async fn a_code_is_its_clients_and_needs_the_verifier() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let client = register(&mut ada, "public", &["read"]).await?;
    let other = register(&mut ada, "public", &["read"]).await?;
    let code = take_code(&mut ada, &client, "read").await?;
    assert_eq!(exchange(&app, &other, &code).await?.1["error"], "invalid_grant");
    let unproven = "another-verifier-that-has-more-than-forty-three-characters";
    for (redirect, verifier, error) in [
        ("https://app.example/", VERIFIER, "invalid_grant"),
        (REDIRECT, unproven, "invalid_grant"),
        (REDIRECT, "", "invalid_request"),
    ] {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ];
        let (status, refused) = call(&app, &client, "/oauth/token", &pairs).await?;
        assert_eq!((status, &refused["error"]), (400, &json!(error)), "{redirect} {verifier}");
    }
    app.clock.advance(Duration::from_secs(60));
    let (status, refused) = exchange(&app, &client, &code).await?;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")), "it is too old");
    Ok(())
}

#[tokio::test]
async fn somebody_who_is_suspended_or_leaves_the_organization_is_nobody() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut eve = app.register("eve@example.org").await?;
    let client = register(&mut ada, "confidential", &["read"]).await?;
    let code = take_code(&mut eve, &client, "read").await?;
    let late = take_code(&mut eve, &client, "read").await?;
    let (_, tokens) = exchange(&app, &client, &code).await?;
    let user = app.store.read().await?.access().find_user_by_email("eve@example.org").await?;
    let user = user.context("eve")?;
    let user_id = user.id;
    let suspended = User { status: UserStatus::Suspended, ..user };
    app.access
        .change_identity(user_id, move |tx| {
            let suspended = suspended.clone();
            Box::pin(async move { Ok(tx.access().update_user(&suspended).await?) })
        })
        .await?;
    assert_eq!(reads(&app, &tokens, "/api/v1/jobs").await?, 401);
    for (status, refused) in
        [refresh(&app, &client, &tokens).await?, exchange(&app, &client, &late).await?]
    {
        assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
    }
    Ok(())
}
