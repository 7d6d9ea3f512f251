//! Whoever registers somebody else's address keeps no way in once its owner sets a password.

use anyhow::{Context, Result};
use gantry_ports::store::{LinkedIdentity, Order, PageRequest, StoreExt as _};
use gantry_ports::{Clock as _, StoreError};
use gantry_testkit::{SoftAuthenticator, SoftKey, TestApp, TestClient};
use gantry_types::{LinkedIdentityId, UserId};
use serde_json::json;

use super::factors::enrol;
use super::members::{invite, join};
use super::passkeys::{add, ask, authenticator, bring, start};
use super::{sign_in, take_token, wait_for_token};

const ADA: &str = "ada@example.org";
const NEW_PASSWORD: &str = "quilted harbour 71 walnuts";
const CLIENTS: &str = "/api/v1/oauth/clients";

/// Every way in that somebody with a session can make, beside the password.
struct Ways {
    passkey: SoftAuthenticator,
    program: TestClient,
}

async fn make_ways(app: &TestApp, person: &mut TestClient) -> Result<Ways> {
    let mut passkey = authenticator(SoftKey::Es256)?;
    add(person, &mut passkey).await?.require_status(201)?;
    let me = person.get("/api/v1/auth/me").await?.json()?;
    let user_id = UserId::from_uuid(me["user"]["id"].as_str().context("an id")?.parse()?);
    let elsewhere = LinkedIdentity {
        id: LinkedIdentityId::generate(),
        user_id,
        provider: "test".to_owned(),
        subject: "4711".to_owned(),
        email: ADA.to_owned(),
        linked_at: app.clock.now(),
    };
    app.store
        .write::<_, StoreError, _>(move |tx| {
            let elsewhere = elsewhere.clone();
            Box::pin(async move { tx.vouching().insert_identity(&elsewhere).await })
        })
        .await?;
    let key = json!({ "name": "program", "scopes": ["read"] });
    let issued = person.post("/api/v1/api-keys", &key).await?.json()?;
    let program = person.with_key(issued["key"].as_str().context("a key")?);
    let client = json!({ "name": "App", "kind": "confidential", "redirect_uris": [],
        "scopes": ["read"] });
    person.post(CLIENTS, &client).await?.require_status(201)?;
    enrol(app, person).await?;
    Ok(Ways { passkey, program })
}

async fn reset(app: &TestApp, email: &str) -> Result<()> {
    app.take_mails().await?;
    let mut anybody = app.client();
    let forgot = json!({ "email": email });
    anybody.post("/api/v1/auth/password/forgot", &forgot).await?.require_status(202)?;
    let body = json!({ "token": wait_for_token(app).await?, "password": NEW_PASSWORD });
    anybody.post("/api/v1/auth/password/reset", &body).await?.require_status(204)
}

async fn sign_in_by(app: &TestApp, passkey: &mut SoftAuthenticator) -> Result<u16> {
    let mut browser = app.client();
    let answer = ask(&mut browser, passkey).await?;
    Ok(bring(&mut browser, &answer).await?.status)
}

/// What the audit log of the installation says was done, newest first.
async fn list_actions(app: &TestApp) -> Result<Vec<String>> {
    let page = PageRequest { after: None, limit: 50, order: Order::NewestFirst };
    let entries = app.store.read().await?.audit().list_entries(None, &page).await?;
    Ok(entries.items.into_iter().map(|entry| entry.action).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_made_before_opens_an_account_that_was_proved_by_a_reset() -> Result<()> {
    let (app, _root) = start().await?;
    let mut thief = app.register(ADA).await?;
    let mut ways = make_ways(&app, &mut thief).await?;
    assert_eq!(sign_in_by(&app, &mut ways.passkey).await?, 200);
    ways.program.get("/api/v1/jobs").await?.require_status(200)?;
    reset(&app, ADA).await?;

    assert_eq!(sign_in_by(&app, &mut ways.passkey).await?, 401);
    ways.program.get("/api/v1/jobs").await?.require_status(401)?;
    thief.get("/api/v1/auth/me").await?.require_status(401)?;
    // No code of the thief's app is asked for.
    let (status, me, mut owner) = sign_in(&app, ADA, NEW_PASSWORD).await?;
    assert_eq!((status, &me["user"]["second_factor"]), (200, &json!(false)));
    for list in ["/api/v1/auth/passkeys", "/api/v1/auth/identities", "/api/v1/api-keys", CLIENTS] {
        assert_eq!(owner.get(list).await?.json()?["items"], json!([]), "{list}");
    }
    let actions = list_actions(&app).await?;
    let count = |action: &str| actions.iter().filter(|known| *known == action).count();
    assert_eq!(count("way_in.remove"), 2, "{actions:?}");
    for action in ["second_factor.turn_off", "api_key.revoke_all", "client.delete"] {
        assert_eq!(count(action), 1, "{action} in {actions:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_false_owner_let_in_is_out_again() -> Result<()> {
    let (app, _root) = start().await?;
    let mut thief = app.register(ADA).await?;
    let mut friend = join(&app, &mut thief, "eve@example.org", "owner").await?;
    assert_eq!(invite(&mut thief, "mallory@example.org", "admin").await?, 201);
    friend.get("/api/v1/members").await?.require_status(200)?;
    reset(&app, ADA).await?;

    let (status, _, mut owner) = sign_in(&app, ADA, NEW_PASSWORD).await?;
    assert_eq!(status, 200);
    let roster = owner.get("/api/v1/members").await?.json()?;
    assert_eq!(roster["members"].as_array().map(Vec::len), Some(1), "{roster}");
    assert_eq!(roster["invitations"], json!([]), "{roster}");
    let seen = friend.get("/api/v1/members").await?;
    assert!(seen.status == 401 || !seen.text().contains(ADA), "{}", seen.text());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_proved_their_address_keeps_what_they_made() -> Result<()> {
    let (app, _root) = start().await?;
    let mut ada = app.register(ADA).await?;
    let proof = json!({ "token": take_token(&app, "verify_email").await? });
    ada.post("/api/v1/auth/verify-email", &proof).await?.require_status(204)?;
    let mut ways = make_ways(&app, &mut ada).await?;
    reset(&app, ADA).await?;

    assert_eq!(sign_in_by(&app, &mut ways.passkey).await?, 200);
    ways.program.get("/api/v1/jobs").await?.require_status(200)?;
    let (status, problem, _) = sign_in(&app, ADA, NEW_PASSWORD).await?;
    assert_eq!((status, &problem["code"]), (401, &json!("second_factor_required")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_alone_takes_no_second_factor_from_an_administrator() -> Result<()> {
    let (app, mut root) = start().await?;
    make_ways(&app, &mut root).await?;
    reset(&app, "root@example.org").await?;
    let (status, problem, _) = sign_in(&app, "root@example.org", NEW_PASSWORD).await?;
    assert_eq!((status, &problem["code"]), (401, &json!("second_factor_required")));
    Ok(())
}
