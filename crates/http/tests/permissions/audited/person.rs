//! What people do about themselves: sign in and out, prove who they are, leave.

use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gantry_ports::Clock;
use gantry_testkit::fakes::issuer::FakeIssuer;
use gantry_testkit::{PASSWORD, SoftAuthenticator, SoftKey, TestApp, TestClient};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::{By, Call, Walk, take_token, text_of};

pub(super) const SITE: &str = "https://gantry.example";
pub(super) const CALLBACK: &str = "/api/v1/auth/providers/test/callback";
const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";
const OTHER: &str = "another long password";
/// Longer than the pause between two mails of one kind.
const PAUSE: Duration = Duration::from_secs(61);

/// Somebody registers, and proves their address.
pub(super) async fn come_in(walk: &mut Walk<'_>) -> Result<TestClient> {
    let app = walk.app;
    let mut ada = app.client();
    let body = json!({ "email": ADA, "password": PASSWORD, "name": "Ada" });
    let register = Call::new("post", "/api/v1/auth/register").json(&body);
    let registered = walk.tell(&mut ada, register).await?;
    ada.learn_csrf_token(&registered)?;
    app.clock.advance(PAUSE);
    let resend = Call::new("post", "/api/v1/auth/verify-email/resend").json(&json!({}));
    walk.tell(&mut ada, resend).await?;
    let token = json!({ "token": take_token(app, "verify_email").await? });
    let verify = Call::new("post", "/api/v1/auth/verify-email").json(&token);
    walk.tell(&mut app.client(), verify).await?;
    Ok(ada)
}

/// Everything else that a person does about themselves.
pub(super) async fn walk(
    walk: &mut Walk<'_>,
    ada: &mut TestClient,
    issuer: &FakeIssuer,
) -> Result<()> {
    use_sessions(walk, ada).await?;
    use_a_second_factor(walk, ada).await?;
    use_a_passkey(walk, ada).await?;
    use_an_account_elsewhere(walk, ada, issuer).await?;
    use_tokens(walk, ada).await?;
    change_oneself(walk).await?;
    leave_and_stay(walk).await?;
    let export = Call::new("post", "/api/v1/account/export").json(&json!({ "password": PASSWORD }));
    walk.tell(ada, export).await?;
    Ok(())
}

async fn use_sessions(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    let mut elsewhere = walk.app.client();
    let proof = json!({ "email": ADA, "password": PASSWORD });
    walk.tell(&mut elsewhere, Call::new("post", "/api/v1/auth/login").json(&proof)).await?;
    let sessions = ada.get("/api/v1/sessions").await?.json()?;
    let sessions = sessions["items"].as_array().context("sessions")?;
    let other = sessions.iter().find(|session| session["current"] == false);
    let id = text_of(other.context("another session")?, "id")?;
    walk.tell(ada, Call::new("delete", "/api/v1/sessions/{id}").about(&id)?).await?;
    Ok(())
}

/// The code of an authenticator app.
fn code_of(app: &TestApp, secret: &str) -> Result<String> {
    let secret = Secret::try_from_base32(secret).ok().context("a secret in base 32")?;
    let totp = Builder::new().with_secret(secret).build().ok().context("a good secret")?;
    let seconds = u64::try_from(app.clock.now().as_micros() / 1_000_000)?;
    Ok(totp.generate(seconds).to_string())
}

async fn use_a_second_factor(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    let app = walk.app;
    let password = json!({ "password": PASSWORD });
    let setup = Call::new("post", "/api/v1/auth/second-factor/setup").json(&password);
    let begun = walk.tell(ada, setup).await?.json()?;
    let code = json!({ "code": code_of(app, &text_of(&begun, "secret")?)? });
    let confirm = Call::new("post", "/api/v1/auth/second-factor/confirm").json(&code);
    let codes = walk.tell(ada, confirm).await?.json()?;

    let mut browser = app.client();
    let proof = json!({ "email": ADA, "password": PASSWORD });
    let asked = browser.post("/api/v1/auth/login", &proof).await?;
    asked.require_status(401)?;
    let body = json!({ "challenge": asked.json()?["challenge"], "code": codes["codes"][0] });
    let finish = Call::new("post", "/api/v1/auth/second-factor").json(&body);
    let signed_in = walk.tell(&mut browser, finish).await?;
    browser.learn_csrf_token(&signed_in)?;
    walk.tell(&mut browser, Call::new("post", "/api/v1/auth/logout")).await?;

    let renew = Call::new("post", "/api/v1/auth/second-factor/recovery-codes").json(&password);
    walk.tell(ada, renew).await?;
    let disable = Call::new("post", "/api/v1/auth/second-factor/disable").json(&password);
    walk.tell(ada, disable).await?;
    Ok(())
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The question of an answer, as an authenticator gets it.
fn question_of(asked: &Value) -> Result<String> {
    Ok(String::from_utf8(URL_SAFE_NO_PAD.decode(text_of(asked, "challenge")?)?)?)
}

async fn use_a_passkey(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    let password = json!({ "password": PASSWORD });
    let mut key = SoftAuthenticator::new(SoftKey::Es256, "gantry.example", SITE)?;
    let begin = Call::new("post", "/api/v1/auth/passkeys/begin").json(&password);
    let begun = walk.pass(ada, begin).await?.json()?;
    let handle = URL_SAFE_NO_PAD.decode(text_of(&begun, "user_handle")?)?;
    let made = key.create(&question_of(&begun)?, &handle);
    let body = json!({
        "name": "My laptop",
        "client_data": encode(&made.client_data),
        "attestation": encode(&made.attestation),
    });
    walk.tell(ada, Call::new("post", "/api/v1/auth/passkeys").json(&body)).await?;
    sign_in_by(walk, &mut key).await?;
    let listed = ada.get("/api/v1/auth/passkeys").await?.json()?;
    let id = text_of(&listed["items"][0], "id")?;
    let rename = Call::new("patch", "/api/v1/auth/passkeys/{id}").about(&id)?;
    walk.tell(ada, rename.json(&json!({ "name": "Old laptop" }))).await?;
    let remove = Call::new("delete", "/api/v1/auth/passkeys/{id}").about(&id)?;
    walk.tell(ada, remove.json(&password)).await?;
    Ok(())
}

async fn sign_in_by(walk: &mut Walk<'_>, key: &mut SoftAuthenticator) -> Result<()> {
    let mut browser = walk.app.client();
    let ask = Call::new("post", "/api/v1/auth/passkeys/sign-in/begin").json(&json!({}));
    let asked = walk.pass(&mut browser, ask).await?.json()?;
    let answer = key.answer(&question_of(&asked)?)?;
    let body = json!({
        "credential_id": answer.credential_id,
        "client_data": encode(&answer.client_data),
        "authenticator_data": encode(&answer.authenticator_data),
        "signature": encode(&answer.signature),
        "user_handle": encode(&answer.user_handle),
    });
    let sign_in = Call::new("post", "/api/v1/auth/passkeys/sign-in").json(&body);
    walk.tell(&mut browser, sign_in).await?;
    Ok(())
}

async fn use_an_account_elsewhere(
    walk: &mut Walk<'_>,
    ada: &mut TestClient,
    issuer: &FakeIssuer,
) -> Result<()> {
    let body = json!({ "provider": "test", "password": PASSWORD });
    let begin = Call::new("post", "/api/v1/auth/identities").json(&body);
    let begun = walk.pass(ada, begin).await?.json()?;
    let person =
        json!({ "sub": "4711", "email": ADA, "email_verified": true, "name": "Ada Lovelace" });
    let query = issuer.agree(&text_of(&begun, "url")?, &person)?;
    ada.get(&format!("{CALLBACK}?{query}")).await?.require_status(303)?;
    let listed = ada.get("/api/v1/auth/identities").await?.json()?;
    let id = text_of(&listed["items"][0], "id")?;
    let remove = Call::new("delete", "/api/v1/auth/identities/{id}").about(&id)?;
    walk.tell(ada, remove.json(&json!({ "password": PASSWORD }))).await?;
    Ok(())
}

async fn use_tokens(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    let mut program = walk.app.client();
    let new = json!({ "name": "program", "scopes": ["read"] });
    let issued = walk.tell(ada, Call::new("post", "/api/v1/auth/tokens").json(&new)).await?;
    let first = json!({ "refresh_token": text_of(&issued.json()?, "refresh_token")? });
    let refresh = Call::new("post", "/api/v1/auth/tokens/refresh").json(&first);
    let renewed = walk.tell(&mut program, refresh).await?;
    let second = json!({ "refresh_token": text_of(&renewed.json()?, "refresh_token")? });
    let revoke = Call::new("post", "/api/v1/auth/tokens/revoke").json(&second);
    walk.tell(&mut program, revoke).await?;
    Ok(())
}

async fn change_oneself(walk: &mut Walk<'_>) -> Result<()> {
    let app = walk.app;
    let mut bob = app.register(BOB).await?;
    let rename = Call::new("patch", "/api/v1/auth/me").json(&json!({ "name": "Robert" }));
    walk.tell(&mut bob, rename).await?;
    let body = json!({ "password": PASSWORD, "new_password": OTHER });
    walk.tell(&mut bob, Call::new("post", "/api/v1/auth/password").json(&body)).await?;
    let body = json!({ "email": "robert@example.org", "password": OTHER });
    walk.tell(&mut bob, Call::new("post", "/api/v1/auth/email").json(&body)).await?;

    let mut anybody = app.client();
    let forgot = Call::new("post", "/api/v1/auth/password/forgot").json(&json!({ "email": BOB }));
    walk.tell_by(By::Anybody, &mut anybody, forgot).await?;
    let token = take_token(app, "reset_password").await?;
    let body = json!({ "token": token, "password": PASSWORD });
    let reset = Call::new("post", "/api/v1/auth/password/reset").json(&body);
    walk.tell(&mut anybody, reset).await?;
    Ok(())
}

async fn leave_and_stay(walk: &mut Walk<'_>) -> Result<()> {
    let app = walk.app;
    let mut leaver = app.register("leaver@example.org").await?;
    let leave = Call::new("delete", "/api/v1/account").json(&json!({ "password": PASSWORD }));
    walk.tell(&mut leaver, leave).await?;
    let token = json!({ "token": take_token(app, "account_leaving").await? });
    let keep = Call::new("post", "/api/v1/auth/keep-account").json(&token);
    walk.tell(&mut app.client(), keep).await?;
    Ok(())
}
