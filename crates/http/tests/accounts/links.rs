//! What a thief asked for while they had the password or the mailbox ends with it.

use anyhow::{Context, Result};
use gantry_ports::store::QueuedMail;
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestSettings};
use serde_json::{Value, json};

use super::factors::enrol;
use super::{sign_in, take_token, wait_for_token};

const NEW_PASSWORD: &str = "another long password";
const FORGOT: &str = "/api/v1/auth/password/forgot";
const RESET: &str = "/api/v1/auth/password/reset";
const VERIFY: &str = "/api/v1/auth/verify-email";

/// Asks for another address; answers the token that was sent there.
async fn ask_for_address(app: &TestApp, thief: &mut TestClient) -> Result<String> {
    let body = json!({ "email": "eve@example.org", "password": PASSWORD });
    thief.post("/api/v1/auth/email", &body).await?.require_status(202)?;
    take_token(app, "change_email").await
}

async fn ask_for_password(app: &TestApp, email: &str) -> Result<String> {
    app.client().post(FORGOT, &json!({ "email": email })).await?.require_status(202)?;
    wait_for_token(app).await
}

async fn reset(app: &TestApp, token: &str) -> Result<u16> {
    let body = json!({ "token": token, "password": NEW_PASSWORD });
    Ok(app.client().post(RESET, &body).await?.status)
}

async fn verify(app: &TestApp, token: &str) -> Result<u16> {
    Ok(app.client().post(VERIFY, &json!({ "token": token })).await?.status)
}

#[tokio::test]
async fn another_address_is_not_taken_after_the_password_was_reset() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut thief = app.register("ada@example.org").await?;
    let address = ask_for_address(&app, &mut thief).await?;
    let password = ask_for_password(&app, "ada@example.org").await?;
    assert_eq!(reset(&app, &password).await?, 204);
    assert_eq!(verify(&app, &address).await?, 410);
    let (status, me, _) = sign_in(&app, "ada@example.org", NEW_PASSWORD).await?;
    assert_eq!((status, &me["user"]["email"]), (200, &json!("ada@example.org")));
    Ok(())
}

#[tokio::test]
async fn a_changed_password_ends_what_was_asked_for_before() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let address = ask_for_address(&app, &mut ada).await?;
    let password = ask_for_password(&app, "ada@example.org").await?;
    let change = json!({ "password": PASSWORD, "new_password": NEW_PASSWORD });
    ada.post("/api/v1/auth/password", &change).await?.require_status(204)?;
    assert_eq!(verify(&app, &address).await?, 410);
    assert_eq!(reset(&app, &password).await?, 410);
    Ok(())
}

#[tokio::test]
async fn a_sign_in_that_waits_for_its_code_ends_with_the_password() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let (factor, _) = enrol(&app, &mut ada).await?;
    let (_, problem, _) = sign_in(&app, "ada@example.org", PASSWORD).await?;
    let change = json!({ "password": PASSWORD, "new_password": NEW_PASSWORD });
    ada.post("/api/v1/auth/password", &change).await?.require_status(204)?;
    let late = json!({ "challenge": problem["challenge"], "code": factor.next_code()? });
    app.client().post("/api/v1/auth/second-factor", &late).await?.require_status(410)
}

#[tokio::test]
async fn the_old_mailbox_sets_no_password_once_the_address_is_another() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    app.take_mails().await?;
    let stolen = ask_for_password(&app, "ada@example.org").await?;
    let body = json!({ "email": "ada@new.example", "password": PASSWORD });
    ada.post("/api/v1/auth/email", &body).await?.require_status(202)?;
    // The present address is told at once, not only when it is too late.
    let mails = app.take_mails().await?;
    let told = find(&mails, "email_change_asked")?;
    assert_eq!(told.mail.recipient, "ada@example.org");
    assert!(told.mail.text.contains("ada@new.example"), "{}", told.mail.text);
    let asked = find(&mails, "change_email")?;
    assert_eq!(asked.mail.recipient, "ada@new.example");
    let (_, rest) = asked.mail.text.split_once("token=").context("the mail has no link")?;
    let token: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    assert_eq!(verify(&app, &token).await?, 204);
    assert_eq!(reset(&app, &stolen).await?, 410);
    assert_eq!(sign_in(&app, "ada@new.example", PASSWORD).await?.0, 200);
    Ok(())
}

fn find<'m>(mails: &'m [QueuedMail], kind: &str) -> Result<&'m QueuedMail> {
    mails.iter().find(|mail| mail.kind == kind).with_context(|| format!("no mail {kind}"))
}

#[tokio::test]
async fn whoever_is_suspended_has_no_open_links() -> Result<()> {
    let (app, mut root) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let address = ask_for_address(&app, &mut ada).await?;
    let password = ask_for_password(&app, "ada@example.org").await?;
    let me: Value = ada.get("/api/v1/auth/me").await?.json()?;
    let id = me["user"]["id"].as_str().context("an id")?;
    let why = json!({ "reason": "somebody else signs in there" });
    root.post(&format!("/api/v1/admin/users/{id}/suspend"), &why).await?.require_status(200)?;
    assert_eq!(verify(&app, &address).await?, 410);
    assert_eq!(reset(&app, &password).await?, 410);
    Ok(())
}
