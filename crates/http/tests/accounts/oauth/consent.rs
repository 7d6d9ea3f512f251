//! A person is asked, and answers.

use anyhow::{Context, Result};
use gantry_testkit::{TestApp, TestRequest, TestSettings};
use serde_json::json;

use super::{REDIRECT, decide, hidden_in, post_form, question, register, sent_back};

#[tokio::test]
async fn the_page_says_who_asks_for_what_in_the_persons_language() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut eve = app.register("eve@example.org").await?;
    let client = register(&mut ada, "public", &["read", "run"]).await?;
    let path = format!("/oauth/authorize?{}", question(&client, &[("scope", "read run")]));
    let page = eve.get(&path).await?;
    page.require_status(200)?;
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let policy = page.header("content-security-policy").context("a policy")?;
    assert!(policy.contains("form-action 'self' https://app.example;"), "{policy}");
    let text = page.text();
    for words in
        ["<html lang=\"en\">", "May App act for you?", "eve@example.org", "start and cancel"]
    {
        assert!(text.contains(words), "{words} in {text}");
    }
    let german = TestRequest::new("PATCH", "/api/v1/auth/me").json(&json!({ "locale": "de" }));
    eve.send(german).await?.require_status(200)?;
    let text = eve.get(&path).await?.text();
    for words in ["<html lang=\"de\">", "Darf App für Sie handeln?", "Erlauben"] {
        assert!(text.contains(words), "{words} in {text}");
    }
    // Who is not signed in does that first, and comes back.
    let away = app.client().get(&path).await?;
    away.require_status(303)?;
    let location = away.header("location").context("a location")?;
    assert!(location.starts_with("/sign-in?next=%2Foauth%2Fauthorize%3F"), "{location}");
    Ok(())
}

#[tokio::test]
async fn nobody_is_sent_where_the_client_did_not_register() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let client = register(&mut ada, "public", &["read"]).await?;
    for wrong in [
        ("redirect_uri", "https://evil.example/cb"),
        ("redirect_uri", "https://app.example/cb/"),
        ("redirect_uri", "https://app.example/cb?x"),
        ("redirect_uri", ""),
        ("client_id", "01890000-0000-7000-8000-000000000000"),
        ("client_id", "none"),
    ] {
        let asked = question(&client, &[wrong]);
        let page = ada.get(&format!("/oauth/authorize?{asked}")).await?;
        page.require_status(400)?;
        assert_eq!(page.header("location"), None, "{wrong:?}");
        let answer = format!("{asked}&decision=allow");
        post_form(&mut ada, "/oauth/authorize", &answer).await?.require_status(400)?;
    }
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_otherwise_goes_back_to_the_client() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let client = register(&mut ada, "public", &["read", "run"]).await?;
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("scope", "read data", "invalid_scope"),
        ("scope", "everything", "invalid_scope"),
    ] {
        let asked = question(&client, &[(name, value)]);
        let answer = ada.get(&format!("/oauth/authorize?{asked}")).await?;
        assert_eq!(sent_back(&answer, "error")?.as_deref(), Some(error), "{name}");
        assert_eq!(sent_back(&answer, "state")?.as_deref(), Some("a%20state%20%26%20more"));
        assert!(sent_back(&answer, "iss")?.is_some());
    }
    let denied = decide(&mut ada, &question(&client, &[]), "deny").await?;
    assert_eq!(sent_back(&denied, "error")?.as_deref(), Some("access_denied"));
    assert_eq!(sent_back(&denied, "code")?, None);
    Ok(())
}

#[tokio::test]
async fn another_site_cannot_answer_for_the_person() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let client = register(&mut ada, "public", &["read"]).await?;
    let asked = question(&client, &[]);
    let hidden = hidden_in(&ada.get(&format!("/oauth/authorize?{asked}")).await?)?;
    for token in ["", "0123"] {
        let forged = format!("{asked}&decision=allow&csrf_token={token}");
        post_form(&mut ada, "/oauth/authorize", &forged).await?.require_status(403)?;
    }
    let answer = format!("{asked}&decision=allow&{hidden}");
    let foreign = TestRequest::new("POST", "/oauth/authorize")
        .header("origin", "https://evil.example")
        .body("application/x-www-form-urlencoded", answer.as_bytes());
    ada.send(foreign).await?.require_status(403)?;
    let good = post_form(&mut ada, "/oauth/authorize", &answer).await?;
    assert!(sent_back(&good, "code")?.is_some());
    assert!(good.header("location").is_some_and(|location| location.starts_with(REDIRECT)));
    Ok(())
}

#[tokio::test]
async fn who_moves_to_another_organization_is_asked_again() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let client = register(&mut ada, "public", &["read"]).await?;
    let asked = question(&client, &[]);
    let hidden = hidden_in(&ada.get(&format!("/oauth/authorize?{asked}")).await?)?;
    let new = json!({ "name": "Engines of Ada" });
    ada.post("/api/v1/organizations", &new).await?.require_status(201)?;
    let answer = format!("{asked}&decision=allow&{hidden}");
    let again = post_form(&mut ada, "/oauth/authorize", &answer).await?;
    again.require_status(200)?;
    assert!(again.text().contains("Engines of Ada"), "{}", again.text());
    Ok(())
}
