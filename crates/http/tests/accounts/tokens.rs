//! Renewable pairs of tokens: rotation, reuse, revocation.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_ports::Clock;
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestSettings};
use serde_json::{Value, json};

const TOKENS: &str = "/api/v1/auth/tokens";
const KEYS: &str = "/api/v1/api-keys";
const CLIENTS: &str = "/api/v1/oauth/clients";

fn text<'a>(pair: &'a Value, name: &str) -> Result<&'a str> {
    pair[name].as_str().with_context(|| format!("{name} in {pair}"))
}

async fn issue(person: &mut TestClient) -> Result<Value> {
    let answer = person.post(TOKENS, &json!({ "name": "app", "scopes": ["read"] })).await?;
    answer.require_status(201)?;
    answer.json()
}

async fn refresh(app: &TestApp, pair: &Value) -> Result<(u16, Value)> {
    let body = json!({ "refresh_token": text(pair, "refresh_token")? });
    let answer = app.client().post(&format!("{TOKENS}/refresh"), &body).await?;
    Ok((answer.status, answer.json()?))
}

async fn reads(person: &TestClient, pair: &Value) -> Result<u16> {
    let mut program = person.with_key(text(pair, "access_token")?);
    Ok(program.get("/api/v1/jobs").await?.status)
}

#[tokio::test]
async fn a_pair_is_renewed_and_the_last_one_ends() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let first = issue(&mut ada).await?;
    assert_eq!(reads(&ada, &first).await?, 200);
    // It is no key that the person manages.
    assert_eq!(ada.get("/api/v1/api-keys").await?.json()?["items"], json!([]));
    let (status, second) = refresh(&app, &first).await?;
    assert_eq!(status, 200);
    assert_eq!(second["scopes"], json!(["read"]));
    assert_eq!((reads(&ada, &first).await?, reads(&ada, &second).await?), (401, 200));
    app.clock.advance(Duration::from_mins(15));
    assert_eq!(reads(&ada, &second).await?, 401);
    let (status, third) = refresh(&app, &second).await?;
    assert_eq!((status, reads(&ada, &third).await?), (200, 200));
    app.clock.advance(Duration::from_hours(30 * 24));
    assert_eq!(refresh(&app, &third).await?.0, 401);
    Ok(())
}

#[tokio::test]
async fn a_refresh_token_that_comes_twice_ends_its_family() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let first = issue(&mut ada).await?;
    let other = issue(&mut ada).await?;
    let (_, second) = refresh(&app, &first).await?;
    assert_eq!(refresh(&app, &first).await?.0, 401, "a stolen token was taken");
    assert_eq!(reads(&ada, &second).await?, 401);
    assert_eq!(refresh(&app, &second).await?.0, 401);
    assert_eq!(reads(&ada, &other).await?, 200, "another family is not concerned");
    let audit = ada.get("/api/v1/audit").await?.json()?;
    assert_eq!(audit["items"][0]["action"], "tokens.reuse");
    Ok(())
}

#[tokio::test]
async fn what_ends_makes_nothing_that_outlasts_it() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let lasting = json!({ "name": "lasting", "scopes": ["account"] });
    let kept = ada.post(KEYS, &lasting).await?.json()?;
    let rotate = format!("{KEYS}/{}/rotate", text(&kept, "id")?);
    let client = json!({ "name": "App", "kind": "confidential", "redirect_uris": [],
        "scopes": ["account"] });

    // The token of fifteen minutes makes no key, takes none over and registers no client.
    let pair = ada.post(TOKENS, &json!({ "name": "app", "scopes": ["account"] })).await?.json()?;
    let mut program = ada.with_key(text(&pair, "access_token")?);
    program.get(KEYS).await?.require_status(200)?;
    for (path, body) in [(KEYS, &lasting), (rotate.as_str(), &json!({})), (CLIENTS, &client)] {
        program.post(path, body).await?.require_status(403).context(path.to_owned())?;
    }

    // A key that ends makes one that ends with it.
    let end = app.clock.now().plus(Duration::from_hours(1));
    let ending = json!({ "name": "ending", "scopes": ["account"], "expires_at": end });
    let ending = ada.post(KEYS, &ending).await?.json()?;
    let mut program = ada.with_key(text(&ending, "key")?);
    let made = program.post(KEYS, &lasting).await?;
    made.require_status(201)?;
    assert_eq!(made.json()?["expires_at"], json!(end));
    let late = end.plus(Duration::from_secs(1));
    let late = json!({ "name": "late", "scopes": ["account"], "expires_at": late });
    let refused = program.post(KEYS, &late).await?;
    refused.require_status(400)?;
    assert_eq!(refused.json()?["errors"][0]["pointer"], "/expires_at");
    program.post(&rotate, &json!({})).await?.require_status(400)?;
    program.post(CLIENTS, &client).await?.require_status(403)?;
    let own = format!("{KEYS}/{}/rotate", text(&ending, "id")?);
    let rotated = program.post(&own, &json!({})).await?;
    rotated.require_status(201)?;
    assert_eq!(rotated.json()?["expires_at"], json!(end));

    // In a session nothing of it is refused.
    ada.post(&rotate, &json!({})).await?.require_status(201)?;
    Ok(())
}

#[tokio::test]
async fn a_person_has_so_many_good_keys() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let lasting = json!({ "name": "program", "scopes": ["read"] });
    let end = app.clock.now().plus(Duration::from_mins(5));
    let short = json!({ "name": "short", "scopes": ["read"], "expires_at": end });
    ada.post(KEYS, &short).await?.require_status(201)?;
    let mut last = Value::Null;
    for _ in 1..100 {
        let made = ada.post(KEYS, &lasting).await?;
        made.require_status(201)?;
        last = made.json()?;
    }
    let refused = ada.post(KEYS, &lasting).await?;
    refused.require_status(409)?;
    assert_eq!(refused.json()?["limit"], 100);
    // Another one for it, another person, and room that was made or came by itself.
    let path = format!("{KEYS}/{}", text(&last, "id")?);
    let rotated = ada.post(&format!("{path}/rotate"), &json!({})).await?;
    rotated.require_status(201)?;
    let mut bob = app.register("bob@example.org").await?;
    bob.post(KEYS, &lasting).await?.require_status(201)?;
    let rotated = rotated.json()?;
    ada.delete(&format!("{KEYS}/{}", text(&rotated, "id")?)).await?.require_status(204)?;
    ada.post(KEYS, &lasting).await?.require_status(201)?;
    ada.post(KEYS, &lasting).await?.require_status(409)?;
    app.clock.advance(Duration::from_mins(5));
    ada.post(KEYS, &lasting).await?.require_status(201)
}

#[tokio::test]
async fn two_exchanges_at_once_do_not_both_succeed() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let pair = issue(&mut ada).await?;
    let (one, two) = tokio::join!(refresh(&app, &pair), refresh(&app, &pair));
    let mut statuses = [one?.0, two?.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    Ok(())
}

#[tokio::test]
async fn tokens_end_by_revocation_and_with_the_password() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let first = issue(&mut ada).await?;
    let second = issue(&mut ada).await?;
    let body = json!({ "refresh_token": text(&first, "refresh_token")? });
    let path = format!("{TOKENS}/revoke");
    for _ in 0..2 {
        app.client().post(&path, &body).await?.require_status(204)?;
    }
    assert_eq!((reads(&ada, &first).await?, refresh(&app, &first).await?.0), (401, 401));
    let change = json!({ "password": PASSWORD, "new_password": "another long password" });
    ada.post("/api/v1/auth/password", &change).await?.require_status(204)?;
    assert_eq!((reads(&ada, &second).await?, refresh(&app, &second).await?.0), (401, 401));
    let mut program = ada.with_key("gk_none");
    program.post(TOKENS, &json!({ "name": "x", "scopes": ["read"] })).await?.require_status(401)?;
    Ok(())
}
