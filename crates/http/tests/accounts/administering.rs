//! Administrators sign in to administer: a session of its own, beside the ordinary one.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_access::{AccessSettings, AdministratorFactor, AdministratorSignIn};
use gantry_ports::store::{Order, PageRequest};
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestRequest, TestSettings};
use serde_json::{Value, json};

use super::factors::enrol;

const OVERVIEW: &str = "/api/v1/admin/overview";
const SESSION: &str = "/api/v1/admin/session";
const ROOT: &str = "root@example.org";

fn separate(administrator_factor: AdministratorFactor) -> TestSettings {
    let access = AccessSettings {
        administrator_factor,
        administrator_sign_in: AdministratorSignIn::Separate,
        ..AccessSettings::default()
    };
    TestSettings { access, ..TestSettings::default() }
}

fn proof(email: &str, password: &str, code: &str) -> Value {
    json!({ "email": email, "password": password, "code": code })
}

/// Begins a session for administering in the browser of somebody who has an ordinary one.
async fn step_up(browser: &TestClient, code: &str) -> Result<TestClient> {
    let mut browser = browser.clone();
    let begun = browser.post(SESSION, &proof(ROOT, PASSWORD, code)).await?;
    begun.require_status(201)?;
    browser.learn_csrf_token(&begun)?;
    Ok(browser)
}

#[tokio::test]
async fn an_ordinary_session_administers_nothing_where_there_is_another() -> Result<()> {
    let (app, mut root) = TestApp::start(separate(AdministratorFactor::Optional)).await?;
    let refused = root.get(OVERVIEW).await?;
    refused.require_status(403)?;
    let problem = refused.json()?;
    assert_eq!(
        (&problem["code"], &problem["sign_in"]),
        (&json!("forbidden"), &json!("/admin/sign-in"))
    );
    let me = root.get("/api/v1/auth/me").await?.json()?;
    assert_eq!(me["administrator_sign_in"], "/admin/sign-in");
    assert!(!me["scopes"].as_array().context("scopes")?.contains(&json!("admin")), "{me}");
    let key = json!({ "name": "desk", "scopes": ["admin"] });
    root.post("/api/v1/api-keys", &key).await?.require_status(403)?;

    let mut desk = step_up(&root, "").await?;
    let cookie = desk.cookie("gantry_admin_session").context("a cookie")?.to_owned();
    assert_ne!(desk.cookie("gantry_session"), Some(cookie.as_str()));
    desk.get(OVERVIEW).await?.require_status(200)?;
    // Its anti-forgery token is its own; that of the ordinary session opens nothing there.
    let flag = json!({ "key": "shop.new", "enabled": true });
    desk.post("/api/v1/admin/flags", &flag).await?.require_status(201)?;
    let mut mixed = root.clone();
    mixed.set_cookie("gantry_admin_session", &cookie);
    mixed.post("/api/v1/admin/flags", &flag).await?.require_status(403)?;
    // Elsewhere the browser is signed in as before.
    let me = root.get("/api/v1/auth/me").await?.json()?;
    assert_eq!(me["administrator_sign_in"], "/admin/sign-in");
    let made = desk.post("/api/v1/admin/api-keys", &key).await?;
    made.require_status(201)?;
    let mut program = desk.with_key(made.json()?["key"].as_str().context("a key")?);
    program.get(OVERVIEW).await?.require_status(200)?;

    desk.send(TestRequest::new("DELETE", SESSION)).await?.require_status(204)?;
    mixed.get(OVERVIEW).await?.require_status(403)?;
    root.get("/api/v1/auth/me").await?.require_status(200)?;
    let read = app.store.read().await?;
    let page = PageRequest { after: None, limit: 50, order: Order::NewestFirst };
    let lines = read.audit().list_entries(None, &page).await?;
    assert!(lines.items.iter().any(|line| line.action == "admin_session.begin"), "{lines:?}");
    Ok(())
}

#[tokio::test]
async fn signing_out_ends_administering_too() -> Result<()> {
    let (_app, mut root) = TestApp::start(separate(AdministratorFactor::Optional)).await?;
    let mut desk = step_up(&root, "").await?;
    desk.get(OVERVIEW).await?.require_status(200)?;
    root.post("/api/v1/auth/logout", &json!({})).await?.require_status(204)?;
    desk.get(OVERVIEW).await?.require_status(401)
}

#[tokio::test]
async fn the_list_of_sessions_tells_which_one_administers() -> Result<()> {
    let (_app, mut root) = TestApp::start(separate(AdministratorFactor::Optional)).await?;
    let mut desk = step_up(&root, "").await?;
    let list = root.get("/api/v1/sessions").await?.json()?;
    let sessions = list["items"].as_array().context("items")?;
    let here = sessions.iter().find(|session| session["current"] == true).context("this one")?;
    assert_eq!(here["purpose"], "person", "{list}");
    let desks: Vec<&Value> =
        sessions.iter().filter(|session| session["purpose"] == "administrator").collect();
    assert_eq!(desks.len(), 1, "{list}");
    // It is ended from there like any other one, and the ordinary session stays.
    let path = format!("/api/v1/sessions/{}", desks[0]["id"].as_str().context("an id")?);
    root.delete(&path).await?.require_status(204)?;
    desk.get(OVERVIEW).await?.require_status(403)?;
    root.get("/api/v1/auth/me").await?.require_status(200)
}

#[tokio::test]
async fn it_needs_password_and_second_factor_at_once_and_ends_soon() -> Result<()> {
    let (app, mut root) = TestApp::start(separate(AdministratorFactor::Required)).await?;
    let early = root.post(SESSION, &proof(ROOT, PASSWORD, "")).await?;
    early.require_status(403)?;
    let next_step = early.json()?["next_step"].as_str().context("a next step")?.to_owned();
    assert!(next_step.contains("two-factor"), "{next_step}");
    let (factor, codes) = enrol(&app, &mut root).await?;
    root.post(SESSION, &proof(ROOT, PASSWORD, "")).await?.require_status(400)?;
    root.post(SESSION, &proof(ROOT, PASSWORD, "000000")).await?.require_status(401)?;
    root.post(SESSION, &proof(ROOT, "a wrong password", "")).await?.require_status(401)?;
    let mut desk = step_up(&root, &factor.next_code()?).await?;
    desk.get(OVERVIEW).await?.require_status(200)?;

    // Fifteen minutes without use end it, and eight hours with.
    app.clock.advance(Duration::from_secs(15 * 60));
    desk.get(OVERVIEW).await?.require_status(403)?;
    root.get("/api/v1/auth/me").await?.require_status(200)?;
    let mut desk = step_up(&root, codes[0].as_str().context("a code")?).await?;
    for _ in 0..8 * 6 - 1 {
        app.clock.advance(Duration::from_secs(10 * 60));
        desk.get(OVERVIEW).await?.require_status(200)?;
    }
    app.clock.advance(Duration::from_secs(10 * 60));
    desk.get(OVERVIEW).await?.require_status(403)?;
    Ok(())
}

#[tokio::test]
async fn who_does_not_administer_is_answered_like_a_wrong_password() -> Result<()> {
    let (app, mut root) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut answers = Vec::new();
    for _ in 0..6 {
        let answer = ada.post(SESSION, &proof("ada@example.org", PASSWORD, "")).await?;
        answers.push(answer.status);
    }
    assert_eq!(answers, [401, 401, 401, 401, 401, 429]);
    ada.get(SESSION).await?.require_status(403)?;
    app.client().get(SESSION).await?.require_status(401)?;
    // Where both are one, the ordinary session administers, and another one may as well.
    root.get(OVERVIEW).await?.require_status(200)?;
    let me = root.get("/api/v1/auth/me").await?.json()?;
    assert_eq!(me["administrator_sign_in"], Value::Null);
    step_up(&root, "").await?.get(OVERVIEW).await?.require_status(200)?;
    // Ending what was begun for administering leaves the ordinary one alone.
    root.send(TestRequest::new("DELETE", SESSION)).await?.require_status(204)?;
    root.get(OVERVIEW).await?.require_status(200)?;
    Ok(())
}

#[tokio::test]
async fn the_page_asks_for_all_three_and_goes_to_the_administrators_pages() -> Result<()> {
    let (app, _) = TestApp::start(separate(AdministratorFactor::Optional)).await?;
    let mut browser = app.client();
    let page = browser.get("/admin/sign-in").await?;
    page.require_status(200)?;
    let text = page.text();
    for field in ["name=\"email\"", "name=\"password\"", "name=\"code\""] {
        assert!(text.contains(field), "{text}");
    }
    let (_, rest) = text.split_once("name=\"csrf_token\" value=\"").context("a token")?;
    let token: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    let fields = |password: &str| {
        let password = password.replace(' ', "%20");
        let body = format!(
            "csrf_token={token}&email=root%40example.org&password={password}&next=%2Fapp%2Fadmin"
        );
        TestRequest::new("POST", "/admin/sign-in")
            .body("application/x-www-form-urlencoded", body.as_bytes())
    };
    browser.send(fields("a wrong password")).await?.require_status(401)?;
    assert_eq!(browser.cookie("gantry_admin_session"), None);
    let done = browser.send(fields(PASSWORD)).await?;
    done.require_status(303)?;
    assert_eq!(done.header("location"), Some("/app/admin"));
    browser.get(OVERVIEW).await?.require_status(200)?;
    // It is no ordinary session.
    assert_eq!(browser.cookie("gantry_session"), None);
    browser.get("/api/v1/auth/me").await?.require_status(401)?;
    Ok(())
}
