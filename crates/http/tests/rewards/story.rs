//! The automl edition without a payment: sign up, watch ads, run jobs by their credits, cancel, and
//! have back what cancelling leaves.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_testkit::{TestClient, TestRequest};
use serde_json::{Value, json};

use crate::desk::{Database, Desk, Seat, credits};

const HOME: Seat = Seat::at_home("203.0.113.5", "the device at home");

on_both_stores!(ads_pay_for_jobs);

async fn ads_pay_for_jobs(database: Database) -> Result<()> {
    let desk = Desk::open(database).await?;
    let mut ann = desk.app.register("ann@example.org").await?;
    let new = json!({ "operation": "test.misbehave", "params": { "millis": 120_000 } });
    let refused = ann.post("/api/v1/jobs", &new).await?;
    refused.require_status(402)?;
    assert_eq!(refused.json()?["code"], "insufficient_credits");

    for _ in 0..4 {
        desk.earn(&ann, &HOME).await?.require_status(200)?;
        desk.pass(Duration::from_secs(30));
    }
    assert_eq!(credits(&ann).await?, 20);
    let work = json!({ "operation": "test.split",
        "params": { "parts": 1, "depth": 0, "leaf_credits": 8 } });
    let done = ann.post("/api/v1/jobs", &work).await?;
    done.require_status(202)?;
    let done = wait_for(&ann, &done.json()?).await?;
    assert_eq!(done["state"], "succeeded");
    assert_eq!(credits(&ann).await?, 12);

    // Three are free; then a tenth of the five credits that were held and not used is kept, two, and
    // three of them, rounded down.
    for penalty in [0, 0, 0, 0, 1, 1] {
        let begun = ann.post("/api/v1/jobs", &new).await?;
        begun.require_status(202)?;
        let begun = begun.json()?;
        let id = begun["id"].as_str().context("an id")?;
        wait_until_running(&mut ann, id).await?;
        let cancel = format!("/api/v1/jobs/{id}/cancel");
        let cancelled = ann.send(TestRequest::new("POST", &cancel)).await?;
        ensure!(cancelled.status < 300, "{}", cancelled.text());
        let ended = wait_for(&ann, &begun).await?;
        assert_eq!(ended["state"], "cancelled");
        assert_eq!((&ended["penalty"], &ended["cost"]), (&json!(penalty), &json!(penalty)));
    }
    // What the ads gave is what can be spent, and what jobs and cancelling cost.
    let ledger = ann.get("/api/v1/account/ledger?limit=200").await?.json()?;
    let entries = ledger["items"].as_array().context("entries")?;
    assert_eq!(sum(entries, "issued"), -20);
    assert_eq!(sum(entries, "revenue"), 10);
    assert_eq!(credits(&ann).await?, 10);
    desk.require_sound_books().await
}

fn sum(entries: &[Value], side: &str) -> i64 {
    let of_side = entries.iter().filter(|entry| entry["account"] == side);
    of_side.filter_map(|entry| entry["amount"].as_i64()).sum()
}

/// Waits until a job has ended, and answers it.
async fn wait_for(client: &TestClient, job: &Value) -> Result<Value> {
    let id = job["id"].as_str().context("an id")?;
    let events = TestRequest::new("GET", &format!("/api/v1/jobs/{id}/events"));
    client.stream(events).await?.collect().await?;
    client.clone().get(&format!("/api/v1/jobs/{id}")).await?.json()
}

async fn wait_until_running(client: &mut TestClient, id: &str) -> Result<()> {
    for _ in 0..1_000 {
        let job = client.get(&format!("/api/v1/jobs/{id}")).await?.json()?;
        if job["state"] == "running" {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    anyhow::bail!("job {id} does not begin");
}
