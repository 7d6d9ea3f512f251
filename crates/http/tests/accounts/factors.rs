//! Two-factor sign-in: the codes are made by an app of another maker's library.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_access::{AccessError, AccessSettings, AdministratorFactor, Client};
use gantry_ports::Clock;
use gantry_ports::store::StoreExt as _;
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestSettings};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::sign_in;

/// The authenticator app of somebody.
pub struct App<'a> {
    secret: String,
    server: &'a TestApp,
}

impl App<'_> {
    pub fn code(&self) -> Result<String> {
        let secret = Secret::try_from_base32(&self.secret).ok().context("a secret in base 32")?;
        let totp = Builder::new().with_secret(secret).build().ok().context("a good secret")?;
        let seconds = u64::try_from(self.server.clock.now().as_micros() / 1_000_000)?;
        Ok(totp.generate(seconds).to_string())
    }

    /// The next code: each is good once.
    pub fn next_code(&self) -> Result<String> {
        self.server.clock.advance(Duration::from_secs(30));
        self.code()
    }
}

pub async fn enrol<'a>(
    server: &'a TestApp,
    client: &mut TestClient,
) -> Result<(App<'a>, Vec<Value>)> {
    let setup = "/api/v1/auth/second-factor/setup";
    let answer = client.post(setup, &json!({ "password": PASSWORD })).await?;
    answer.require_status(200)?;
    let enrolment = answer.json()?;
    let secret = enrolment["secret"].as_str().context("a secret")?.to_owned();
    let uri = enrolment["uri"].as_str().context("an address")?;
    assert!(uri.starts_with("otpauth://totp/") && uri.contains(&secret), "{uri}");
    assert!(enrolment["qr_code"].as_str().context("a picture")?.starts_with("<svg"));
    let app = App { secret, server };
    let confirm = "/api/v1/auth/second-factor/confirm";
    client.post(confirm, &json!({ "code": "000000" })).await?.require_status(401)?;
    let answer = client.post(confirm, &json!({ "code": app.code()? })).await?;
    answer.require_status(200)?;
    let codes = answer.json()?["codes"].as_array().context("codes")?.clone();
    assert_eq!(codes.len(), 10);
    Ok((app, codes))
}

async fn answer_challenge(
    server: &TestApp,
    challenge: &Value,
    code: &str,
) -> Result<(u16, TestClient)> {
    let mut client = server.client();
    let body = json!({ "challenge": challenge, "code": code });
    let answer = client.post("/api/v1/auth/second-factor", &body).await?;
    if answer.status == 200 {
        client.learn_csrf_token(&answer)?;
    }
    Ok((answer.status, client))
}

#[tokio::test]
async fn signing_in_needs_a_code_that_is_good_once() -> Result<()> {
    let (server, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = server.register("ada@example.org").await?;
    let wrong = json!({ "password": "a wrong password" });
    ada.post("/api/v1/auth/second-factor/setup", &wrong).await?.require_status(400)?;
    let (app, codes) = enrol(&server, &mut ada).await?;
    assert_eq!(ada.get("/api/v1/auth/me").await?.json()?["user"]["second_factor"], true);

    let (status, problem, _) = sign_in(&server, "ada@example.org", PASSWORD).await?;
    assert_eq!((status, &problem["code"]), (401, &json!("second_factor_required")));
    let challenge = problem["challenge"].clone();
    // The code that turned it on was used.
    assert_eq!(answer_challenge(&server, &challenge, &app.code()?).await?.0, 401);
    let code = app.next_code()?;
    let (status, mut signed_in) = answer_challenge(&server, &challenge, &code).await?;
    assert_eq!(status, 200);
    signed_in.get("/api/v1/auth/me").await?.require_status(200)?;
    // The challenge is used up, and so is the code.
    assert_eq!(answer_challenge(&server, &challenge, &app.next_code()?).await?.0, 410);

    // A recovery code is good once, however it is typed.
    for expected in [200, 401] {
        let (_, problem, _) = sign_in(&server, "ada@example.org", PASSWORD).await?;
        let typed = codes[3].as_str().context("a code")?.replace('-', " ");
        assert_eq!(answer_challenge(&server, &problem["challenge"], &typed).await?.0, expected);
    }
    let left = signed_in.get("/api/v1/auth/second-factor/setup").await?.json()?;
    assert_eq!(left["recovery_codes"], 9);
    let renew = "/api/v1/auth/second-factor/recovery-codes";
    let renewed = signed_in.post(renew, &json!({ "password": PASSWORD })).await?;
    renewed.require_status(200)?;
    let (_, problem, _) = sign_in(&server, "ada@example.org", PASSWORD).await?;
    let old = codes[4].as_str().context("a code")?;
    assert_eq!(answer_challenge(&server, &problem["challenge"], old).await?.0, 401);

    let off = "/api/v1/auth/second-factor/disable";
    signed_in.post(off, &wrong).await?.require_status(400)?;
    signed_in.post(off, &json!({ "password": PASSWORD })).await?.require_status(204)?;
    assert_eq!(sign_in(&server, "ada@example.org", PASSWORD).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn a_session_that_ended_renews_no_recovery_codes() -> Result<()> {
    let (server, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = server.register("ada@example.org").await?;
    enrol(&server, &mut ada).await?;
    let token = ada.cookie("gantry_session").context("a session")?.to_owned();
    let late = server.access.authenticate_session(&token, &Client::default()).await?;
    ada.post("/api/v1/auth/logout", &json!({})).await?.require_status(204)?;
    let refused = server.access.renew_recovery_codes(&late, PASSWORD.to_owned()).await.err();
    assert_eq!(refused, Some(AccessError::NotSignedIn));
    Ok(())
}

#[tokio::test]
async fn codes_cannot_be_guessed() -> Result<()> {
    let (server, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = server.register("ada@example.org").await?;
    let (app, _) = enrol(&server, &mut ada).await?;
    let (_, problem, _) = sign_in(&server, "ada@example.org", PASSWORD).await?;
    let challenge = &problem["challenge"];
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(answer_challenge(&server, challenge, "123456").await?.0);
    }
    assert_eq!(answers, [401, 401, 401, 401, 401, 429]);
    // The right code does not open the lock, and neither does the password.
    assert_eq!(answer_challenge(&server, challenge, &app.next_code()?).await?.0, 429);
    assert_eq!(sign_in(&server, "ada@example.org", PASSWORD).await?.0, 429);
    server.clock.advance(Duration::from_secs(301));
    assert_eq!(answer_challenge(&server, challenge, &app.code()?).await?.0, 410);
    Ok(())
}

#[tokio::test]
async fn administrators_administer_with_a_second_factor_only() -> Result<()> {
    let access = AccessSettings {
        administrator_factor: AdministratorFactor::Required,
        ..AccessSettings::default()
    };
    let settings = TestSettings { access, ..TestSettings::default() };
    let (server, mut root) = TestApp::start(settings).await?;
    let refused = root.get("/api/v1/admin/overview").await?;
    refused.require_status(403)?;
    let next_step = refused.json()?["next_step"].clone();
    assert!(next_step.as_str().context("a next step")?.contains("two-factor"), "{next_step}");
    let state = root.get("/api/v1/auth/second-factor/setup").await?.json()?;
    assert_eq!((&state["required"], &state["enabled"]), (&json!(true), &json!(false)));
    enrol(&server, &mut root).await?;
    root.get("/api/v1/admin/overview").await?.require_status(200)?;
    let off = json!({ "password": PASSWORD });
    root.post("/api/v1/auth/second-factor/disable", &off).await?.require_status(204)?;
    root.get("/api/v1/admin/overview").await?.require_status(403)?;
    Ok(())
}

#[tokio::test]
async fn turning_it_on_ends_the_sessions_that_showed_no_code() -> Result<()> {
    let access = AccessSettings {
        administrator_factor: AdministratorFactor::Required,
        ..AccessSettings::default()
    };
    let settings = TestSettings { access, ..TestSettings::default() };
    let (server, mut root) = TestApp::start(settings).await?;
    // Somebody who knows the password waits for what the owner's second factor opens.
    let (status, _, mut thief) = sign_in(&server, "root@example.org", PASSWORD).await?;
    assert_eq!(status, 200);
    let pair = json!({ "name": "app", "scopes": ["read"] });
    let pair = thief.post("/api/v1/auth/tokens", &pair).await?.json()?;
    let mut program = thief.with_key(pair["access_token"].as_str().context("a token")?);
    program.get("/api/v1/jobs").await?.require_status(200)?;
    enrol(&server, &mut root).await?;
    thief.get("/api/v1/auth/me").await?.require_status(401)?;
    thief.get("/api/v1/admin/overview").await?.require_status(401)?;
    program.get("/api/v1/jobs").await?.require_status(401)?;
    root.get("/api/v1/admin/overview").await?.require_status(200)?;
    Ok(())
}

#[tokio::test]
async fn shared_secrets_are_kept_sealed() -> Result<()> {
    let (server, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = server.register("ada@example.org").await?;
    let (app, _) = enrol(&server, &mut ada).await?;
    let id = ada.get("/api/v1/auth/me").await?.json()?["user"]["id"].clone();
    let id: gantry_types::UserId = id.as_str().context("an id")?.parse()?;
    let kept = async || -> Result<gantry_ports::store::SecondFactor> {
        let read = server.store.read().await?;
        read.identity().find_second_factor(id).await?.context("a factor")
    };
    assert!(kept().await?.secret.starts_with("sealed.1."));

    // One of before there was a key is read, and sealed at its next use.
    let plain = gantry_ports::store::SecondFactor { secret: app.secret.clone(), ..kept().await? };
    server
        .store
        .write::<_, gantry_ports::StoreError, _>(move |tx| {
            let plain = plain.clone();
            Box::pin(async move { tx.identity().set_second_factor(&plain).await })
        })
        .await?;
    let (_, problem, _) = sign_in(&server, "ada@example.org", PASSWORD).await?;
    let code = app.next_code()?;
    assert_eq!(answer_challenge(&server, &problem["challenge"], &code).await?.0, 200);
    assert!(kept().await?.secret.starts_with("sealed.1."));
    Ok(())
}
