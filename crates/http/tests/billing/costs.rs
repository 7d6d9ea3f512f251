//! Administrators stop jobs of others, and see what jobs cost.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_rules::cancellation::CancellationTerms;
use gantry_testkit::{TestApp, TestClient, TestRequest, TestSettings, WithWorker, generous_terms};
use serde_json::{Value, json};

const NONE: &str = "01890000-0000-7000-8000-000000000000";

/// Cancelling a running job keeps the half of what it did not use, the first time too.
fn settings() -> TestSettings {
    let cancellation = CancellationTerms { free: 0, step_percent: 50, most_percent: 50 };
    let mut terms = generous_terms();
    terms.cancellation = cancellation;
    TestSettings { terms, worker: WithWorker::Yes, ..TestSettings::default() }
}

/// A job that runs until it is stopped.
async fn run_long(client: &mut TestClient) -> Result<String> {
    let new = json!({ "operation": "test.misbehave", "params": { "millis": 120_000 } });
    let begun = client.post("/api/v1/jobs", &new).await?;
    begun.require_status(202)?;
    let id = begun.json()?["id"].as_str().context("an id")?.to_owned();
    for _ in 0..1_000 {
        let job = client.get(&format!("/api/v1/jobs/{id}")).await?.json()?;
        if job["state"] == "running" {
            return Ok(id);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    anyhow::bail!("job {id} does not begin");
}

async fn wait_for(client: &mut TestClient, id: &str) -> Result<Value> {
    let events = TestRequest::new("GET", &format!("/api/v1/jobs/{id}/events"));
    client.stream(events).await?.collect().await?;
    client.get(&format!("/api/v1/jobs/{id}")).await?.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_a_job_of_others_counts_nothing_against_them() -> Result<()> {
    let (app, mut root) = TestApp::start(settings()).await?;
    let mut ann = app.register("ann@example.org").await?;
    let stopped = run_long(&mut ann).await?;
    let stop = format!("/api/v1/admin/jobs/{stopped}/cancel");
    ann.post(&stop, &json!({})).await?.require_status(403)?;
    let answer = root.post(&stop, &json!({ "reason": "it mines coins" })).await?;
    answer.require_status(202)?;
    assert_eq!(answer.json()?["id"], json!(stopped));
    let ended = wait_for(&mut ann, &stopped).await?;
    assert_eq!(ended["state"], "cancelled");
    assert_eq!((&ended["penalty"], &ended["cost"]), (&json!(0), &json!(0)));
    root.post(&stop, &json!({})).await?.require_status(409)?;
    let unknown = format!("/api/v1/admin/jobs/{NONE}/cancel");
    root.post(&unknown, &json!({})).await?.require_status(404)?;
    let log = root.get("/api/v1/admin/audit/export?format=jsonl").await?.text();
    assert!(log.contains("job.stop") && log.contains(&stopped), "{log}");
    for client in [&mut root, &mut ann] {
        let log = client.get("/api/v1/audit").await?.text();
        assert!(!log.contains("job.stop") && !log.contains("coins"), "{log}");
    }

    let own = run_long(&mut ann).await?;
    let held = ann.get("/api/v1/account").await?.json()?["credits"]["held"].clone();
    let held = held.as_i64().context("credits")?;
    let cancel = TestRequest::new("POST", &format!("/api/v1/jobs/{own}/cancel"));
    ann.send(cancel).await?.require_status(202)?;
    let ended = wait_for(&mut ann, &own).await?;
    assert_eq!(ended["penalty"], json!(held / 2));

    root.get("/api/v1/admin/costs?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z")
        .await?
        .require_status(400)?;
    root.get("/api/v1/admin/costs?from=2020-01-01T00:00:00Z").await?.require_status(400)?;
    // What ended is counted until before now.
    app.clock.advance(Duration::from_secs(1));
    let costs = root.get("/api/v1/admin/costs").await?;
    costs.require_status(200)?;
    let costs = costs.json()?;
    let operations = costs["operations"].as_array().context("operations")?;
    assert_eq!(operations.len(), 1, "{costs}");
    assert_eq!(operations[0]["operation"], "test.misbehave");
    assert_eq!(operations[0]["settled"], costs["total"]["settled"]);
    let total = &costs["total"];
    assert_eq!((&total["jobs"], &total["cancelled"]), (&json!(2), &json!(2)), "{costs}");
    assert_eq!(total["estimated"], json!(2 * held), "{costs}");
    assert_eq!(total["penalties"], json!(held / 2), "{costs}");
    assert_eq!(total["settled"], total["penalties"], "{costs}");
    assert_eq!(total["refunded"], json!(2 * held - held / 2), "{costs}");
    let days = costs["days"].as_array().context("days")?;
    let jobs: i64 = days.iter().filter_map(|day| day["jobs"].as_i64()).sum();
    assert_eq!(jobs, 2, "{costs}");
    Ok(())
}
