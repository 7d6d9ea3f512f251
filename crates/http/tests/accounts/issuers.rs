//! Tokens of another issuer, which programs show instead of a key.

use std::sync::Arc;

use anyhow::{Context, Result};
use gantry_access::{Issuer, Provision};
use gantry_oidc::{AddressTrust, Bearer, BearerSettings};
use gantry_ports::Clock;
use gantry_testkit::fakes::issuer::{CLIENT_ID, FakeIssuer, Fault};
use gantry_testkit::{PASSWORD, TestApp, TestClock, TestSettings};
use serde_json::{Value, json};

async fn start(provision: Provision) -> Result<(TestApp, FakeIssuer)> {
    let (issuer, settings) = prepare(provision).await?;
    let (app, _root) = TestApp::start(settings).await?;
    Ok((app, issuer))
}

async fn prepare(provision: Provision) -> Result<(FakeIssuer, TestSettings)> {
    let clock = Arc::new(TestClock::default());
    let issuer = FakeIssuer::start(clock.clone()).await?;
    let settings = BearerSettings {
        issuer: issuer.url(),
        audience: CLIENT_ID.to_owned(),
        jwks_url: None,
        email_claim: "email".to_owned(),
        trust: AddressTrust::AsTold,
    };
    let port = Arc::new(Bearer::new(settings, clock)?);
    let issuers = vec![Issuer { id: "test".parse()?, port, provision }];
    Ok((issuer, TestSettings { issuers, ..TestSettings::default() }))
}

fn ada() -> Value {
    json!({ "sub": "4711", "email": "ada@example.org", "email_verified": true, "name": "Ada" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_token_makes_an_account_and_the_next_opens_it() -> Result<()> {
    let (app, issuer) = start(Provision::Yes).await?;
    let mut ids = Vec::new();
    let (first, second) = (issuer.token(&ada())?, issuer.token(&ada())?);
    let (mut one, mut two) = (app.client().with_key(&first), app.client().with_key(&second));
    let (a, b) = tokio::join!(one.get("/api/v1/auth/me"), two.get("/api/v1/auth/me"));
    for answer in [a?, b?, one.get("/api/v1/auth/me").await?] {
        answer.require_status(200)?;
        let me = answer.json()?;
        assert_eq!(me["user"]["email"], "ada@example.org");
        assert_eq!(me["scopes"], json!(["read", "run", "data"]));
        assert_eq!(me["csrf_token"], Value::Null);
        ids.push(me["user"]["id"].clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    // It works, needs no anti-forgery token, and does not manage the account.
    let job = one.post("/api/v1/jobs", &json!({ "operation": "test.noop" })).await?;
    job.require_status(202)?;
    one.get("/api/v1/sessions").await?.require_status(403)?;
    one.post("/api/v1/auth/email", &json!({ "email": "a@b.c", "password": "" }))
        .await?
        .require_status(403)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_token_does_not_take_the_administrators_place() -> Result<()> {
    let (issuer, settings) = prepare(Provision::Yes).await?;
    let app = TestApp::first_run(settings).await?;
    let mut program = app.client().with_key(&issuer.token(&ada())?);
    let early = program.get("/api/v1/auth/me").await?;
    early.require_status(409)?;
    assert_eq!(early.json()?["code"], "conflict");
    let root = json!({ "email": "root@example.org", "password": PASSWORD, "name": "Root",
        "token": app.setup_token.expose() });
    let set_up = app.client().post("/api/v1/auth/setup", &root).await?;
    set_up.require_status(201)?;
    assert_eq!(set_up.json()?["user"]["administrator"], true);
    let late = program.get("/api/v1/auth/me").await?;
    late.require_status(200)?;
    assert_eq!(late.json()?["user"]["administrator"], false);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lies_and_strangers_are_refused_with_what_to_do() -> Result<()> {
    let (app, issuer) = start(Provision::Yes).await?;
    for fault in [
        Fault::Audience,
        Fault::Expired,
        Fault::Issuer,
        Fault::Key,
        Fault::Unsigned,
        Fault::SharedSecret,
    ] {
        issuer.spoil(fault);
        let token = issuer.token(&ada())?;
        let refused = app.client().with_key(&token).get("/api/v1/auth/me").await?;
        refused.require_status(401).with_context(|| format!("{fault:?}"))?;
    }
    // An address that has an account is not taken over, and one that is not proven makes none.
    app.register("grace@example.org").await?;
    for person in [
        json!({ "sub": "1", "email": "grace@example.org", "email_verified": true }),
        json!({ "sub": "2", "email": "eve@example.org" }),
        json!({ "sub": "3" }),
    ] {
        let token = issuer.token(&person)?;
        let refused = app.client().with_key(&token).get("/api/v1/auth/me").await?;
        refused.require_status(401)?;
        let next_step = refused.json()?["next_step"].clone();
        assert!(next_step.as_str().context("a next step")?.contains("provision"), "{next_step}");
    }
    let (app, issuer) = start(Provision::No).await?;
    let token = issuer.token(&ada())?;
    let mut client = app.client().with_key(&token);
    client.get("/api/v1/auth/me").await?.require_status(401)?;
    // One that ended is nobody, though it was good a moment ago.
    let (app, issuer) = start(Provision::Yes).await?;
    let token = issuer.token(&ada())?;
    let mut client = app.client().with_key(&token);
    client.get("/api/v1/auth/me").await?.require_status(200)?;
    let now = app.clock.now();
    app.clock.advance(std::time::Duration::from_secs(661));
    assert!(app.clock.now() > now);
    client.get("/api/v1/auth/me").await?.require_status(401)?;
    Ok(())
}
