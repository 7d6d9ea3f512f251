//! What jobs asked of language models is told by job, by organization and to administrators.

use anyhow::{Context, Result};
use gantry_ports::store::{ModelAsk, StoreExt};
use gantry_ports::{Clock, StoreError};
use gantry_testkit::{TestApp, TestClient, TestRequest, TestSettings, WithWorker};
use gantry_types::{AskId, Currency, JobId, Nanos, OrganizationId, TokenUse};
use serde_json::{Value, json};

/// Runs a job to its end; answers its identifier and its organization's.
async fn run(client: &mut TestClient) -> Result<(JobId, OrganizationId)> {
    let new = json!({ "operation": "test.noop", "params": { "credits": 1 } });
    let begun = client.post("/api/v1/jobs", &new).await?;
    begun.require_status(202)?;
    let begun = begun.json()?;
    assert!(begun["ai_cost"].is_null(), "{begun}");
    let id: JobId = begun["id"].as_str().context("an id")?.parse()?;
    let events = TestRequest::new("GET", &format!("/api/v1/jobs/{id}/events"));
    client.stream(events).await?.collect().await?;
    let me = client.get("/api/v1/auth/me").await?.json()?;
    let organization_id = me["organization"]["id"].as_str().context("an id")?.parse()?;
    Ok((id, organization_id))
}

/// Writes down that a job asked a model: 1,200 tokens in, 30 out.
async fn ask(
    app: &TestApp,
    (job_id, organization_id): (JobId, OrganizationId),
    (model, cost): (&str, Option<u64>),
) -> Result<()> {
    let ask = ModelAsk {
        id: AskId::generate(),
        organization_id,
        job_id,
        root_id: job_id,
        operation: "test.noop".to_owned(),
        model: model.to_owned(),
        tokens: TokenUse { input_tokens: 1_200, output_tokens: 30 },
        currency: Currency::usd(),
        cost: cost.map(Nanos::new),
        at: app.clock.now(),
    };
    app.store
        .write::<(), StoreError, _>(move |tx| {
            let ask = ask.clone();
            Box::pin(async move { tx.asks().insert_ask(&ask).await })
        })
        .await?;
    Ok(())
}

async fn read(client: &mut TestClient, path: &str) -> Result<Value> {
    let answer = client.get(path).await?;
    answer.require_status(200)?;
    answer.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_is_told_with_its_cost() -> Result<()> {
    let settings = TestSettings { worker: WithWorker::Yes, ..TestSettings::default() };
    let (app, mut root) = TestApp::start(settings).await?;
    let mut ann = app.register("ann@example.org").await?;
    let mut bob = app.register("bob@example.org").await?;
    let (of_ann, of_bob) = (run(&mut ann).await?, run(&mut bob).await?);
    let quiet = run(&mut ann).await?.0;
    ask(&app, of_ann, ("small", Some(4_050_000))).await?;
    ask(&app, of_ann, ("small", Some(4_050_000))).await?;
    ask(&app, of_ann, ("homemade", None)).await?;
    ask(&app, of_bob, ("small", Some(1))).await?;

    let job = read(&mut ann, &format!("/api/v1/jobs/{}", of_ann.0)).await?;
    let cost = json!({
        "requests": 3, "unpriced_requests": 1, "input_tokens": 3_600, "output_tokens": 90,
        "cost": { "minor": 1, "currency": "USD", "text": "0.01 USD" }, "exact_cost": "0.0081",
    });
    assert_eq!(job["ai_cost"], cost);
    let job = read(&mut ann, &format!("/api/v1/jobs/{quiet}")).await?;
    assert!(job["ai_cost"].is_null(), "{job}");
    let list = read(&mut ann, "/api/v1/jobs").await?;
    let listed = list["items"].as_array().context("items")?;
    assert_eq!(listed.iter().filter(|job| job["ai_cost"] == cost).count(), 1, "{list}");

    let usage = read(&mut ann, "/api/v1/account/usage").await?;
    let models = usage["models"].as_array().context("models")?;
    let told: Vec<_> = models.iter().map(|one| (&one["model"], &one["requests"])).collect();
    assert_eq!(told, [(&json!("homemade"), &json!(1)), (&json!("small"), &json!(2))]);
    assert_eq!(
        (&models[0]["exact_cost"], &models[1]["exact_cost"]),
        (&json!("0.00"), &json!("0.0081"))
    );

    // What was asked is counted until before now.
    app.clock.advance(std::time::Duration::from_secs(1));
    let costs = read(&mut root, "/api/v1/admin/costs").await?;
    assert_eq!(costs["models"][1]["requests"], json!(3), "{costs}");
    assert_eq!(costs["models"][1]["exact_cost"], "0.008100001", "{costs}");
    Ok(())
}
