//! What locks a sign-in, and for how long it is remembered.

use std::time::Duration;

use anyhow::Result;
use gantry_access::{AccessSettings, LockOut};
use gantry_http::HttpSettings;
use gantry_ports::store::{Order, PageRequest};
use gantry_testkit::{PASSWORD, TestApp, TestRequest, TestSettings};
use gantry_types::Timestamp;
use serde_json::json;

use super::sign_in;

/// Tries to sign in through the proxy from an address; answers the status.
async fn guess(app: &TestApp, ip: &str, email: &str) -> Result<u16> {
    let body = json!({ "email": email, "password": "a wrong password" });
    let request = TestRequest::new("POST", "/api/v1/auth/login").header("x-forwarded-for", ip);
    Ok(app.client().send(request.json(&body)).await?.status)
}

#[tokio::test]
async fn the_addresses_of_one_household_lock_together() -> Result<()> {
    let defaults = TestSettings::default();
    let http = HttpSettings { trusted_proxies: vec!["127.0.0.1".parse()?], ..defaults.http };
    let address_lock_out = LockOut { free_attempts: 3, ..LockOut::default() };
    let access = AccessSettings { address_lock_out, ..defaults.access };
    let settings = TestSettings { http, access, ..TestSettings::default() };
    let (app, _) = TestApp::start(settings).await?;
    let mut answers = Vec::new();
    for number in 1..=4 {
        let (ip, email) = (format!("2001:db8:1:2::{number}"), format!("p{number}@example.org"));
        answers.push(guess(&app, &ip, &email).await?);
    }
    assert_eq!(answers, [401, 401, 401, 429]);
    assert_eq!(guess(&app, "2001:db8:1:3::1", "p9@example.org").await?, 401);
    // The audit log has the address itself.
    let read = app.store.read().await?;
    let page = PageRequest { after: None, limit: 50, order: Order::NewestFirst };
    let lines = read.audit().list_entries(None, &page).await?;
    let line = lines.items.iter().find(|line| line.action == "sign_in.lock");
    assert_eq!(line.map(|line| line.ip.as_str()), Some("2001:db8:1:2::3"));
    Ok(())
}

#[tokio::test]
async fn failures_that_no_lock_counts_any_more_are_forgotten() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    app.register("ada@example.org").await?;
    assert_eq!(sign_in(&app, "ada@example.org", "a wrong password").await?.0, 401);
    let is_kept = async || -> Result<bool> {
        let read = app.store.read().await?;
        let long_ago = Timestamp::from_micros(0);
        let key = "email ada@example.org";
        Ok(read.access().find_sign_in_failures(key, long_ago).await?.is_some())
    };
    let minute = Duration::from_mins(1);
    app.clock.advance(LockOut::default().memory - minute);
    app.access.purge_ended().await?;
    assert!(is_kept().await?, "a failure that counts was forgotten");
    app.clock.advance(2 * minute);
    app.access.purge_ended().await?;
    assert!(!is_kept().await?, "a failure is kept for ever");
    assert_eq!(sign_in(&app, "ada@example.org", PASSWORD).await?.0, 200);
    Ok(())
}
