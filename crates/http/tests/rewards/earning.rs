//! Earning credits within the limits.

use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::join_all;
use gantry_testkit::{TestApp, TestRequest, TestSettings};
use serde_json::{Value, json};

use crate::desk::{Database, Desk, Seat, credits, settings};

const HOME: Seat = Seat::at_home("203.0.113.5", "the device at home");

on_both_stores!(ten_a_day_half_a_minute_apart, an_ad_gives_once);

async fn ten_a_day_half_a_minute_apart(database: Database) -> Result<()> {
    let desk = Desk::open(database).await?;
    let ann = desk.app.register("ann@example.org").await?;
    let before = desk.status(&ann, &HOME).await?;
    assert_eq!((&before["remaining"], &before["credits"]), (&json!(10), &json!(5)));
    assert_eq!((&before["wait_s"], &before["provider"]), (&json!(0), &json!("admob")));

    let earned = desk.earn(&ann, &HOME).await?;
    earned.require_status(200)?;
    let earned = earned.json()?;
    assert_eq!((&earned["status"], &earned["credits"]), (&json!("given"), &json!(5)));
    assert_eq!(earned["under_review"], false);
    assert_eq!(earned["rewards"]["remaining"], 9);

    let refused = desk.begin(&ann, &HOME).await?;
    refused.require_status(429)?;
    let wait: u64 = refused.header("retry-after").context("a timer")?.parse()?;
    assert!((1..=30).contains(&wait), "{wait}");
    let refused = refused.json()?;
    assert_eq!((&refused["limit"], &refused["remaining"]), (&json!("cooldown"), &json!(9)));
    assert_eq!(refused["retry_after_s"], wait);

    for _ in 1..10 {
        desk.pass(Duration::from_secs(30));
        desk.earn(&ann, &HOME).await?.require_status(200)?;
    }
    desk.pass(Duration::from_secs(30));
    assert_eq!(credits(&ann).await?, 50);
    let refused = desk.begin(&ann, &HOME).await?;
    refused.require_status(429)?;
    let refused = refused.json()?;
    assert_eq!((&refused["limit"], &refused["remaining"]), (&json!("person_per_day"), &json!(0)));
    assert_eq!(desk.status(&ann, &HOME).await?["limit"], "person_per_day");

    desk.pass(Duration::from_hours(24));
    desk.earn(&ann, &HOME).await?.require_status(200)?;
    assert_eq!(credits(&ann).await?, 55);
    desk.require_sound_books().await
}

/// However many claims come at once: of one ad, and of several within the cooldown.
async fn an_ad_gives_once(database: Database) -> Result<()> {
    let desk = Desk::open(database).await?;
    let ann = desk.app.register("ann@example.org").await?;
    let session = desk.watch(&ann, &HOME, 20).await?;
    let claims = join_all((0..8).map(|_| desk.claim(&ann, &HOME, &session))).await;
    for claimed in claims {
        let claimed = claimed?;
        claimed.require_status(200)?;
        assert_eq!(claimed.json()?["credits"], 5);
    }
    assert_eq!(credits(&ann).await?, 5);

    desk.pass(Duration::from_secs(30));
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(desk.watch(&ann, &HOME, 20).await?);
    }
    let claims = sessions.iter().map(|session| desk.claim(&ann, &HOME, session));
    let mut statuses = Vec::new();
    for claimed in join_all(claims).await {
        statuses.push(claimed?.status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 429, 429]);
    assert_eq!(credits(&ann).await?, 10);
    desk.require_sound_books().await
}

#[tokio::test]
async fn nobody_claims_anothers_ad() -> Result<()> {
    let desk = Desk::open(Database::Sqlite).await?;
    let ann = desk.app.register("ann@example.org").await?;
    let ben = desk.app.register("ben@example.org").await?;
    let session = desk.watch(&ann, &HOME, 20).await?;
    desk.claim(&ben, &HOME, &session).await?.require_status(404)?;
    let path = format!("/api/v1/rewards/sessions/{session}/events");
    let told = json!({ "event": "watched" });
    desk.ask(&ben, &HOME, &path, &told).await?.require_status(404)?;
    desk.ask(&ann, &HOME, &path, &told).await?.require_status(204)?;
    let wrong = json!({ "event": "rewarded" });
    desk.ask(&ann, &HOME, &path, &wrong).await?.require_status(400)?;
    desk.claim(&ann, &HOME, &session).await?.require_status(200)?;
    desk.ask(&ann, &HOME, &path, &told).await?.require_status(409)?;
    assert_eq!((credits(&ann).await?, credits(&ben).await?), (5, 0));
    Ok(())
}

#[tokio::test]
async fn a_claim_before_the_provider_tells_is_pending() -> Result<()> {
    let desk = Desk::open(Database::Sqlite).await?;
    let ann = desk.app.register("ann@example.org").await?;
    let begun = desk.begin(&ann, &HOME).await?.json()?;
    let session = begun["custom_data"].as_str().context("a session")?;
    let pending = desk.claim(&ann, &HOME, session).await?;
    pending.require_status(202)?;
    assert_eq!(pending.json()?["status"], "pending");
    assert!(pending.header("retry-after").is_some());
    assert_eq!(credits(&ann).await?, 0);
    desk.pass(Duration::from_hours(1));
    desk.claim(&ann, &HOME, session).await?.require_status(409)?;
    let short = Seat { device: Some("short"), ..HOME };
    desk.claim(&ann, &short, session).await?.require_status(400)?;
    Ok(())
}

#[tokio::test]
async fn ads_that_are_not_watched_do_not_pile_up() -> Result<()> {
    let desk = Desk::open(Database::Sqlite).await?;
    let ann = desk.app.register("ann@example.org").await?;
    let mut last = Value::Null;
    for _ in 0..10 {
        let begun = desk.begin(&ann, &HOME).await?;
        begun.require_status(201)?;
        last = begun.json()?;
    }
    let refused = desk.begin(&ann, &HOME).await?;
    refused.require_status(429)?;
    assert_eq!(refused.json()?["limit"], "open_sessions");
    let path = format!("/api/v1/rewards/sessions/{}/events", last["id"].as_str().context("an id")?);
    desk.ask(&ann, &HOME, &path, &json!({ "event": "failed" })).await?.require_status(204)?;
    desk.begin(&ann, &HOME).await?.require_status(201)?;
    Ok(())
}

#[tokio::test]
async fn the_sandbox_shows_ads_by_the_same_path() -> Result<()> {
    let (app, _) = TestApp::start(settings()).await?;
    let mut ann = app.register("ann@example.org").await?;
    let home = |method: &str, path: &str| {
        TestRequest::new(method, path)
            .header("user-agent", HOME.agent)
            .header("x-forwarded-for", HOME.ip)
    };
    let begun = ann.send(home("POST", "/api/v1/rewards/sessions")).await?;
    begun.require_status(201)?;
    let session = begun.json()?["id"].as_str().context("an id")?.to_owned();
    app.clock.advance(Duration::from_secs(6));
    let watched = home("POST", &format!("/api/v1/rewards/sessions/{session}/sandbox"));
    ann.send(watched).await?.require_status(204)?;
    let claim = json!({ "session_id": session, "fingerprint": HOME.device });
    let claimed = ann.send(home("POST", "/api/credits/claim-ad-reward").json(&claim)).await?;
    claimed.require_status(200)?;
    assert_eq!(claimed.json()?["status"], "given");
    assert_eq!(credits(&ann).await?, 5);
    Ok(())
}

#[tokio::test]
async fn an_edition_without_ads_says_so() -> Result<()> {
    let (_app, mut root) = TestApp::start(TestSettings::default()).await?;
    root.get("/api/v1/rewards").await?.require_status(404)?;
    root.post("/api/v1/rewards/sessions", &json!({})).await?.require_status(404)?;
    Ok(())
}
