//! Frauds are scored, blocked, and looked at.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_testkit::TestRequest;
use serde_json::{Value, json};

use crate::desk::{BROWSER, Database, Desk, HOSTING, Seat, VPN, credits};

const DEVICE: &str = "one device of several people";
const HOME: Seat = Seat::at_home("203.0.113.5", "the device at home");

fn signals(event: &Value) -> Vec<&str> {
    let signals = event["signals"].as_array().map(Vec::as_slice).unwrap_or_default();
    signals.iter().filter_map(|signal| signal["name"].as_str()).collect()
}

on_both_stores!(one_device_for_several_accounts_from_a_hosting_network);

async fn one_device_for_several_accounts_from_a_hosting_network(database: Database) -> Result<()> {
    let mut desk = Desk::open(database).await?;
    let farm = Seat { ip: HOSTING, agent: BROWSER, device: Some(DEVICE) };
    let ann = desk.app.register("ann@example.org").await?;
    let ben = desk.app.register("ben@example.org").await?;

    // A half for the network, a tenth for the young account.
    let flagged = desk.earn(&ann, &farm).await?;
    flagged.require_status(200)?;
    assert_eq!(flagged.json()?["under_review"], true);
    assert_eq!(credits(&ann).await?, 5);
    // A fifth more, because the device claimed for somebody else.
    let session = desk.watch(&ben, &farm, 20).await?;
    for _ in 0..2 {
        let blocked = desk.claim(&ben, &farm, &session).await?;
        blocked.require_status(403)?;
        assert!(blocked.json()?["fraud_event_id"].is_string());
    }
    assert_eq!(credits(&ben).await?, 0);

    let open = desk.fraud_events("open=true&order=oldest_first").await?;
    assert_eq!(open.len(), 2);
    assert_eq!((&open[0]["verdict"], &open[0]["score"]), (&json!("flag"), &json!(0.6)));
    assert_eq!((&open[1]["verdict"], &open[1]["score"]), (&json!("block"), &json!(0.8)));
    assert_eq!(signals(&open[1]), ["hosting", "device_shared", "fresh_account"]);
    assert_eq!((&open[1]["given"], &open[1]["address"]), (&json!(false), &json!(HOSTING)));
    assert_eq!(desk.fraud_events("verdict=block").await?.len(), 1);
    let account = open[0]["organization_id"].as_str().context("an id")?;
    assert_eq!(desk.fraud_events(&format!("account={account}")).await?.len(), 1);

    // Ben was honest after all.
    let cleared = desk.review(&open[1], &json!({ "outcome": "cleared", "note": "a lab" })).await?;
    cleared.require_status(200)?;
    assert_eq!(cleared.json()?["given"], true);
    desk.review(&open[1], &json!({ "outcome": "cleared" })).await?.require_status(409)?;
    assert_eq!(credits(&ben).await?, 5);
    desk.claim(&ben, &farm, &session).await?.require_status(200)?;
    assert_eq!(credits(&ben).await?, 5, "an ad gives once");

    // Ann was not.
    let finding = json!({ "outcome": "confirmed", "block": ["device", "network"] });
    desk.review(&open[0], &finding).await?.require_status(200)?;
    assert_eq!(credits(&ann).await?, 0);
    assert!(desk.fraud_events("open=true").await?.is_empty());
    let cai = desk.app.register("cai@example.org").await?;
    let elsewhere = Seat { ip: "203.0.113.77", ..farm };
    desk.earn(&cai, &elsewhere).await?.require_status(403)?;
    let events = desk.fraud_events("limit=1").await?;
    assert!(signals(&events[0]).contains(&"blocked_device"), "{}", events[0]);
    desk.require_sound_books().await
}

#[tokio::test]
async fn programs_without_people_and_ads_that_are_too_short_are_noticed() -> Result<()> {
    let mut desk = Desk::open(Database::Sqlite).await?;
    let cases = [
        ("plain", HOME, 20, 200, vec!["fresh_account"]),
        (
            "headless",
            Seat { agent: "Mozilla/5.0 HeadlessChrome/140.0", ip: "203.0.113.6", device: None },
            20,
            403,
            vec!["automated_agent", "no_fingerprint", "fresh_account"],
        ),
        (
            "silent",
            Seat { agent: "", ip: "203.0.113.7", device: Some("a silent device") },
            20,
            200,
            vec!["no_agent", "fresh_account"],
        ),
        (
            "hasty",
            Seat { agent: BROWSER, ip: "203.0.113.8", device: Some("a hasty device") },
            2,
            200,
            vec!["too_fast", "fresh_account"],
        ),
        (
            "hidden",
            Seat { agent: BROWSER, ip: VPN, device: Some("a hidden device") },
            20,
            200,
            vec!["vpn", "fresh_account"],
        ),
    ];
    for (name, seat, seconds, status, expected) in cases {
        let person = desk.app.register(&format!("{name}@example.org")).await?;
        let session = desk.watch(&person, &seat, seconds).await?;
        let claimed = desk.claim(&person, &seat, &session).await?;
        claimed.require_status(status)?;
        let events = desk.fraud_events("limit=1").await?;
        assert_eq!(signals(&events[0]), expected, "{name}");
        if status == 200 {
            assert_eq!(claimed.json()?["under_review"], name != "plain", "{name}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn flags_count_against_a_person_until_they_are_cleared() -> Result<()> {
    let mut desk = Desk::open(Database::Sqlite).await?;
    let ann = desk.app.register("ann@example.org").await?;
    let hidden = Seat { ip: VPN, ..HOME };
    desk.earn(&ann, &hidden).await?.require_status(200)?;
    desk.pass(Duration::from_secs(30));
    // A half, a tenth, and 0.15 for the flag.
    desk.earn(&ann, &hidden).await?.require_status(403)?;
    for event in desk.fraud_events("open=true").await? {
        desk.review(&event, &json!({ "outcome": "cleared" })).await?.require_status(200)?;
    }
    desk.pass(Duration::from_secs(30));
    desk.earn(&ann, &hidden).await?.require_status(200)?;
    assert_eq!(credits(&ann).await?, 15);
    Ok(())
}

#[tokio::test]
async fn the_list_is_kept_by_administrators() -> Result<()> {
    let mut desk = Desk::open(Database::Sqlite).await?;
    let path = "/api/v1/admin/fraud/blocks";
    for wrong in [
        json!({ "kind": "network", "value": "0.0.0.0/0", "reason": "all" }),
        json!({ "kind": "network", "value": "nonsense", "reason": "x" }),
        json!({ "kind": "device", "value": "short", "reason": "x" }),
        json!({ "kind": "network", "value": "203.0.113.0/24", "reason": "" }),
        json!({ "kind": "person", "value": "x", "reason": "x" }),
    ] {
        desk.administrator.post(path, &wrong).await?.require_status(400)?;
    }
    let new = json!({ "kind": "network", "value": "203.0.113.99/24", "reason": "a farm" });
    let added = desk.administrator.post(path, &new).await?;
    added.require_status(201)?;
    let added = added.json()?;
    assert_eq!(added["value"], "203.0.113.0/24");
    desk.administrator.post(path, &new).await?.require_status(409)?;
    let ann = desk.app.register("ann@example.org").await?;
    desk.earn(&ann, &HOME).await?.require_status(403)?;

    let one = format!("{path}/{}", added["id"].as_str().context("an id")?);
    desk.administrator.delete(&one).await?.require_status(204)?;
    desk.administrator.delete(&one).await?.require_status(404)?;
    let list = desk.administrator.get(path).await?.json()?;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(0));
    let ben = desk.app.register("ben@example.org").await?;
    let other = Seat { device: Some("the device of ben"), ..HOME };
    desk.earn(&ben, &other).await?.require_status(200)?;
    let refused = ann.clone().send(TestRequest::new("GET", path)).await?;
    refused.require_status(403)?;
    let older = desk.administrator.get("/api/admin/fraud-events").await?;
    older.require_status(200)?;
    assert_eq!(older.json()?["items"].as_array().map(Vec::len), Some(2));
    Ok(())
}
