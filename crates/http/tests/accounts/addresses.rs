//! Proving an address, a forgotten password, a new address, a new password.

use std::time::Duration;

use anyhow::Result;
use gantry_access::{AccessSettings, Unverified};
use gantry_testkit::{PASSWORD, TestApp, TestSettings};
use serde_json::json;

use super::{sign_in, take_token, wait_for_token};

const NEW_PASSWORD: &str = "another long password";

#[tokio::test]
async fn a_new_address_is_proved_by_the_link_of_a_mail() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    assert_eq!(ada.get("/api/v1/auth/me").await?.json()?["user"]["email_verified"], false);
    let first = take_token(&app, "verify_email").await?;

    // Within a minute there is no second mail; later there is, and it replaces the first.
    ada.post("/api/v1/auth/verify-email/resend", &json!({})).await?.require_status(202)?;
    assert!(app.take_mails().await?.is_empty());
    app.clock.advance(Duration::from_secs(61));
    ada.post("/api/v1/auth/verify-email/resend", &json!({})).await?.require_status(202)?;
    let second = take_token(&app, "verify_email").await?;

    let mut anybody = app.client();
    for bad in [first.as_str(), "nonsense", ""] {
        let refused = anybody.post("/api/v1/auth/verify-email", &json!({ "token": bad })).await?;
        refused.require_status(410)?;
        assert_eq!(refused.json()?["code"], "link_not_good");
    }
    let proof = json!({ "token": second });
    anybody.post("/api/v1/auth/verify-email", &proof).await?.require_status(204)?;
    anybody.post("/api/v1/auth/verify-email", &proof).await?.require_status(410)?;
    assert_eq!(ada.get("/api/v1/auth/me").await?.json()?["user"]["email_verified"], true);
    ada.post("/api/v1/auth/verify-email/resend", &json!({})).await?.require_status(202)?;
    assert!(app.take_mails().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn links_end() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    app.register("ada@example.org").await?;
    let token = take_token(&app, "verify_email").await?;
    app.clock.advance(Duration::from_hours(48));
    let late = app.client().post("/api/v1/auth/verify-email", &json!({ "token": token })).await?;
    late.require_status(410)?;
    assert!(app.access.purge_ended().await? >= 1);
    Ok(())
}

#[tokio::test]
async fn strangers_to_their_address_may_only_look_where_the_operator_says_so() -> Result<()> {
    let access =
        AccessSettings { unverified: Unverified::ReadOnly, ..TestSettings::default().access };
    let (app, _) = TestApp::start(TestSettings { access, ..TestSettings::default() }).await?;
    let mut ada = app.register("ada@example.org").await?;
    let job = json!({ "operation": "test.doors", "params": {} });
    ada.post("/api/v1/jobs", &job).await?.require_status(403)?;
    ada.get("/api/v1/jobs").await?.require_status(200)?;
    let token = take_token(&app, "verify_email").await?;
    let proof = json!({ "token": token });
    ada.post("/api/v1/auth/verify-email", &proof).await?.require_status(204)?;
    let admitted = ada.post("/api/v1/jobs", &job).await?;
    assert_ne!(admitted.status, 403, "{}", admitted.json()?);
    Ok(())
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_and_every_session_ends() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    app.take_mails().await?;
    let mut anybody = app.client();
    // The same answer for an address without an account, and no mail.
    for email in ["nobody@example.org", "ADA@example.org"] {
        let asked = json!({ "email": email });
        anybody.post("/api/v1/auth/password/forgot", &asked).await?.require_status(202)?;
    }
    let token = wait_for_token(&app).await?;

    let weak = json!({ "token": token, "password": "short" });
    let refused = anybody.post("/api/v1/auth/password/reset", &weak).await?;
    refused.require_status(400)?;
    assert_eq!(refused.json()?["errors"][0]["pointer"], "/password");
    let good = json!({ "token": token, "password": NEW_PASSWORD });
    anybody.post("/api/v1/auth/password/reset", &good).await?.require_status(204)?;
    anybody.post("/api/v1/auth/password/reset", &good).await?.require_status(410)?;

    ada.get("/api/v1/auth/me").await?.require_status(401)?;
    assert_eq!(sign_in(&app, "ada@example.org", PASSWORD).await?.0, 401);
    let (status, me, _) = sign_in(&app, "ada@example.org", NEW_PASSWORD).await?;
    assert_eq!(status, 200);
    assert_eq!(me["user"]["email_verified"], true, "the link came by mail");
    let told = app.take_mails().await?;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].kind, "password_changed");
    Ok(())
}

#[tokio::test]
async fn a_reset_ends_after_an_hour_and_opens_a_lock() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    app.register("ada@example.org").await?;
    app.take_mails().await?;
    let asked = json!({ "email": "ada@example.org" });
    app.client().post("/api/v1/auth/password/forgot", &asked).await?.require_status(202)?;
    let late = wait_for_token(&app).await?;
    app.clock.advance(Duration::from_hours(1));
    let body = json!({ "token": late, "password": NEW_PASSWORD });
    app.client().post("/api/v1/auth/password/reset", &body).await?.require_status(410)?;

    for _ in 0..6 {
        sign_in(&app, "ada@example.org", "a wrong password").await?;
    }
    assert_eq!(sign_in(&app, "ada@example.org", PASSWORD).await?.0, 429);
    app.client().post("/api/v1/auth/password/forgot", &asked).await?.require_status(202)?;
    let body = json!({ "token": wait_for_token(&app).await?, "password": NEW_PASSWORD });
    app.client().post("/api/v1/auth/password/reset", &body).await?.require_status(204)?;
    assert_eq!(sign_in(&app, "ada@example.org", NEW_PASSWORD).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn a_changed_address_is_proved_first_and_the_old_one_is_told() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut grace = app.register("grace@example.org").await?;
    app.take_mails().await?;
    let path = "/api/v1/auth/email";
    let wrong = json!({ "email": "ada@new.example", "password": "a wrong password" });
    ada.post(path, &wrong).await?.require_status(400)?;
    let taken = json!({ "email": "grace@example.org", "password": PASSWORD });
    ada.post(path, &taken).await?.require_status(409)?;
    let good = json!({ "email": "Ada@New.example", "password": PASSWORD });
    ada.post(path, &good).await?.require_status(202)?;
    // The address gets no second one at once, whoever asks.
    for client in [&mut ada, &mut grace] {
        let refused = client.post(path, &good).await?;
        refused.require_status(429)?;
        assert_eq!(refused.header("retry-after"), Some("60"));
    }
    let before = ada.get("/api/v1/auth/me").await?.json()?;
    assert_eq!(before["user"]["email"], "ada@example.org");
    let token = take_token(&app, "change_email").await?;
    let proof = json!({ "token": token });
    app.client().post("/api/v1/auth/verify-email", &proof).await?.require_status(204)?;
    let after = ada.get("/api/v1/auth/me").await?.json()?;
    assert_eq!(after["user"]["email"], "ada@new.example");
    assert_eq!(after["user"]["email_verified"], true);
    let told = app.take_mails().await?;
    assert_eq!(told[0].kind, "email_changed");
    assert_eq!(told[0].mail.recipient, "ada@example.org");
    // A link for a new password would not come to this address any more.
    let words = &told[0].mail.text;
    assert!(words.contains("support") && !words.contains("/forgot-password"), "{words}");
    assert_eq!(sign_in(&app, "ada@new.example", PASSWORD).await?.0, 200);
    assert_eq!(sign_in(&app, "ada@example.org", PASSWORD).await?.0, 401);
    Ok(())
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_keeps_this_one() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut here = app.register("ada@example.org").await?;
    let (_, _, mut there) = sign_in(&app, "ada@example.org", PASSWORD).await?;
    let path = "/api/v1/auth/password";
    let wrong = json!({ "password": "a wrong password", "new_password": NEW_PASSWORD });
    let refused = here.post(path, &wrong).await?;
    refused.require_status(400)?;
    assert_eq!(refused.json()?["errors"][0]["pointer"], "/password");
    let weak = json!({ "password": PASSWORD, "new_password": "short" });
    let refused = here.post(path, &weak).await?;
    assert_eq!(refused.json()?["errors"][0]["pointer"], "/new_password");
    let good = json!({ "password": PASSWORD, "new_password": NEW_PASSWORD });
    here.post(path, &good).await?.require_status(204)?;
    here.get("/api/v1/auth/me").await?.require_status(200)?;
    there.get("/api/v1/auth/me").await?.require_status(401)?;
    assert_eq!(sign_in(&app, "ada@example.org", NEW_PASSWORD).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn mails_are_in_the_language_of_the_reader() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut client = app.client();
    let body = json!({ "email": "ada@example.org", "password": PASSWORD, "name": "Ada" });
    let request = gantry_testkit::TestRequest::new("POST", "/api/v1/auth/register")
        .header("accept-language", "de-AT,de;q=0.9,en;q=0.5")
        .json(&body);
    let answer = client.send(request).await?;
    answer.require_status(201)?;
    client.learn_csrf_token(&answer)?;
    assert_eq!(answer.json()?["user"]["locale"], "de");
    assert!(app.take_mails().await?[0].mail.subject.contains("bestätigen"));
    let change = gantry_testkit::TestRequest::new("PATCH", "/api/v1/auth/me")
        .json(&json!({ "locale": "en", "name": "Ada L" }));
    let changed = client.send(change).await?;
    changed.require_status(200)?;
    assert_eq!(changed.json()?["user"]["locale"], "en");
    assert_eq!(changed.json()?["user"]["name"], "Ada L");
    app.clock.advance(Duration::from_secs(61));
    client.post("/api/v1/auth/verify-email/resend", &json!({})).await?.require_status(202)?;
    assert!(app.take_mails().await?[0].mail.subject.contains("Confirm"));
    Ok(())
}
