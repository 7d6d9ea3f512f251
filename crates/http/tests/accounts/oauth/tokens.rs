//! Tokens are renewed, examined, ended and withdrawn.

use anyhow::{Context, Result};
use gantry_testkit::{TestApp, TestRequest, TestSettings};
use serde_json::{Value, json};

use super::{
    App, CLIENTS, REDIRECT, call, exchange, question, reads, refresh, register, take_code,
};

fn text<'a>(tokens: &'a Value, name: &str) -> Result<&'a str> {
    tokens[name].as_str().with_context(|| format!("{name} in {tokens}"))
}

async fn inspect(server: &TestApp, app: &App, token: &str) -> Result<Value> {
    let (status, facts) = call(server, app, "/oauth/introspect", &[("token", token)]).await?;
    assert_eq!(status, 200, "{facts}");
    Ok(facts)
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_for_its_client_alone() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let client = register(&mut ada, "public", &["read", "run"]).await?;
    let other = register(&mut ada, "public", &["read", "run"]).await?;
    let code = take_code(&mut ada, &client, "read run").await?;
    let (_, first) = exchange(&app, &client, &code).await?;
    assert_eq!(refresh(&app, &other, &first).await?.1["error"], "invalid_grant");
    // Nor is it one of those that need no client.
    let body = json!({ "refresh_token": first["refresh_token"] });
    let plain = app.client().post("/api/v1/auth/tokens/refresh", &body).await?;
    plain.require_status(401)?;
    let narrow = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&first, "refresh_token")?),
        ("scope", "run"),
    ];
    let (status, second) = call(&app, &client, "/oauth/token", &narrow).await?;
    assert_eq!((status, &second["scope"]), (200, &json!("run")));
    assert_eq!(reads(&app, &first, "/api/v1/jobs").await?, 401, "the pair before has ended");
    for wide in ["read run data", "account"] {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("refresh_token", text(&second, "refresh_token")?),
            ("scope", wide),
        ];
        let (status, refused) = call(&app, &client, "/oauth/token", &pairs).await?;
        assert_eq!((status, &refused["error"]), (400, &json!("invalid_scope")));
    }
    let (status, third) = refresh(&app, &client, &second).await?;
    assert_eq!((status, &third["scope"]), (200, &json!("read run")));
    assert_eq!(refresh(&app, &client, &second).await?.0, 400, "a stolen token was taken");
    assert_eq!(reads(&app, &third, "/api/v1/jobs").await?, 401);
    assert_eq!(refresh(&app, &client, &third).await?.0, 400);
    Ok(())
}

#[tokio::test]
async fn tokens_are_examined_by_clients_of_the_same_organization() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut eve = app.register("eve@example.org").await?;
    let client = register(&mut ada, "confidential", &["read"]).await?;
    let public = register(&mut ada, "public", &["read"]).await?;
    let strange = register(&mut eve, "confidential", &["read"]).await?;
    let code = take_code(&mut eve, &public, "read").await?;
    let (_, tokens) = exchange(&app, &public, &code).await?;
    let access = text(&tokens, "access_token")?;
    let facts = inspect(&app, &client, access).await?;
    assert_eq!(facts["active"], true, "{facts}");
    assert_eq!((&facts["client_id"], &facts["scope"]), (&json!(public.id), &json!("read")));
    let me = eve.get("/api/v1/auth/me").await?.json()?;
    assert_eq!(facts["sub"], me["user"]["id"]);
    assert!(facts["exp"].as_i64() > facts["iat"].as_i64());
    let renewable = inspect(&app, &client, text(&tokens, "refresh_token")?).await?;
    assert_eq!(renewable["active"], true);
    for (asker, token) in [(&strange, access), (&client, "gk_none"), (&client, "none")] {
        assert_eq!(inspect(&app, asker, token).await?, json!({ "active": false }));
    }
    let (status, refused) = call(&app, &public, "/oauth/introspect", &[("token", access)]).await?;
    assert_eq!((status, &refused["error"]), (401, &json!("invalid_client")));
    // A key of a person is nobody's business.
    let key = json!({ "name": "own", "scopes": ["read"] });
    let key = ada.post("/api/v1/api-keys", &key).await?.json()?["key"].clone();
    let key = key.as_str().context("a key")?;
    assert_eq!(inspect(&app, &client, key).await?, json!({ "active": false }));

    for other in [&strange, &client] {
        let (status, _) = call(&app, other, "/oauth/revoke", &[("token", access)]).await?;
        assert_eq!(status, 200);
        assert_eq!(reads(&app, &tokens, "/api/v1/jobs").await?, 200, "another's was ended");
    }
    for _ in 0..2 {
        let (status, _) = call(&app, &public, "/oauth/revoke", &[("token", access)]).await?;
        assert_eq!(status, 200);
    }
    assert_eq!(reads(&app, &tokens, "/api/v1/jobs").await?, 401);
    let token = text(&tokens, "refresh_token")?;
    assert_eq!(call(&app, &public, "/oauth/revoke", &[("token", token)]).await?.0, 200);
    assert_eq!(refresh(&app, &public, &tokens).await?.0, 400);
    Ok(())
}

#[tokio::test]
async fn a_person_withdraws_what_they_granted() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut eve = app.register("eve@example.org").await?;
    let client = register(&mut ada, "public", &["read", "run"]).await?;
    let mut given = Vec::new();
    for scope in ["read", "run"] {
        let code = take_code(&mut eve, &client, scope).await?;
        given.push(exchange(&app, &client, &code).await?.1);
    }
    let code = take_code(&mut ada, &client, "read").await?;
    let (_, others) = exchange(&app, &client, &code).await?;
    let unused = take_code(&mut eve, &client, "read").await?;
    let grants = eve.get("/api/v1/account/grants").await?.json()?;
    assert_eq!(grants["items"].as_array().map(Vec::len), Some(1), "{grants}");
    assert_eq!(grants["items"][0]["client_name"], "App");
    assert_eq!(grants["items"][0]["scopes"], json!(["read", "run"]));
    let path = format!("/api/v1/account/grants/{}", client.id);
    eve.delete(&path).await?.require_status(204)?;
    eve.delete(&path).await?.require_status(404)?;
    for tokens in &given {
        assert_eq!(reads(&app, tokens, "/api/v1/jobs").await?, 401);
        assert_eq!(refresh(&app, &client, tokens).await?.0, 400);
    }
    assert_eq!(exchange(&app, &client, &unused).await?.0, 400);
    assert_eq!(reads(&app, &others, "/api/v1/jobs").await?, 200, "another's grant has ended");
    Ok(())
}

#[tokio::test]
async fn a_client_that_is_removed_or_loses_a_scope_loses_its_tokens() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut eve = app.register("eve@example.org").await?;
    let client = register(&mut ada, "confidential", &["read", "run"]).await?;
    let one = format!("{CLIENTS}/{}", client.id);
    eve.delete(&one).await?.require_status(404)?;
    assert_eq!(eve.get(CLIENTS).await?.json()?["items"], json!([]));
    let code = take_code(&mut eve, &client, "read").await?;
    let (_, tokens) = exchange(&app, &client, &code).await?;
    assert_eq!(reads(&app, &tokens, "/api/v1/jobs").await?, 200);
    let less = json!({ "name": "App", "scopes": ["read"], "redirect_uris": [REDIRECT] });
    let change = TestRequest::new("PUT", &one).json(&less);
    ada.send(change).await?.require_status(200)?;
    assert_eq!(reads(&app, &tokens, "/api/v1/jobs").await?, 401, "it lost a scope");

    let code = take_code(&mut eve, &client, "read").await?;
    let (_, tokens) = exchange(&app, &client, &code).await?;
    let fresh = ada.post(&format!("{one}/secret"), &Value::Null).await?;
    fresh.require_status(200)?;
    let secret = fresh.json()?["secret"].as_str().map(str::to_owned);
    assert!(secret.is_some() && secret != client.secret);
    assert_eq!(reads(&app, &tokens, "/api/v1/jobs").await?, 401, "its secret is another");
    assert_eq!(refresh(&app, &client, &tokens).await?.0, 401, "the old secret is taken");

    let renewed = App { id: client.id.clone(), secret };
    let code = take_code(&mut eve, &renewed, "read").await?;
    let (_, tokens) = exchange(&app, &renewed, &code).await?;
    let late = take_code(&mut eve, &renewed, "read").await?;
    assert_eq!(reads(&app, &tokens, "/api/v1/jobs").await?, 200);
    ada.delete(&one).await?.require_status(204)?;
    assert_eq!(reads(&app, &tokens, "/api/v1/jobs").await?, 401, "it was removed");
    assert_eq!(exchange(&app, &renewed, &late).await?.0, 401);
    let page = eve.get(&format!("/oauth/authorize?{}", question(&renewed, &[]))).await?;
    page.require_status(400)
}
