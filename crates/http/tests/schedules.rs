//! Schedules, blocked and scheduled jobs, redrives and retention over HTTP.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_ports::StoreError;
use gantry_ports::store::{ClaimCommand, LotGrant, SettleCommand, StoreExt};
use gantry_rules::account::{Lot, LotOrigin};
use gantry_rules::outcome::{AttemptResult, Ending};
use gantry_testkit::{TestApp, TestClient, TestRequest, TestSettings, WithWorker, generous_terms};
use gantry_types::{Credits, Device, LotId, PriorityClass, WorkerId};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(20);

async fn start(worker: WithWorker) -> Result<(TestApp, TestClient)> {
    let (app, _) = TestApp::start(TestSettings { worker, ..TestSettings::default() }).await?;
    let owner = app.register("ada@example.org").await?;
    Ok((app, owner))
}

async fn post(client: &mut TestClient, path: &str, body: &Value, status: u16) -> Result<Value> {
    let answer = client.post(path, body).await?;
    answer.require_status(status)?;
    answer.json()
}

async fn put(client: &mut TestClient, path: &str, body: &Value, status: u16) -> Result<Value> {
    let answer = client.send(TestRequest::new("PUT", path).json(body)).await?;
    answer.require_status(status)?;
    answer.json()
}

async fn get(client: &mut TestClient, path: &str) -> Result<Value> {
    let answer = client.get(path).await?;
    answer.require_status(200)?;
    answer.json()
}

async fn wait_for(client: &mut TestClient, id: &Value, state: &str) -> Result<Value> {
    let path = format!("/api/v1/jobs/{}", id.as_str().context("an id")?);
    let deadline = tokio::time::Instant::now() + LIMIT;
    loop {
        let job = get(client, &path).await?;
        if job["state"] == state {
            return Ok(job);
        }
        anyhow::ensure!(tokio::time::Instant::now() < deadline, "it is still {}", job["state"]);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The runs of a schedule, newest first: outcome and reason.
async fn runs(client: &mut TestClient, schedule: &Value) -> Result<Vec<Value>> {
    let id = schedule["id"].as_str().context("an id")?;
    let found = get(client, &format!("/api/v1/schedules/{id}/runs")).await?;
    Ok(found["items"].as_array().context("items")?.clone())
}

fn every_minute(params: Value) -> Value {
    json!({ "name": "often", "operation": "test.noop", "params": params, "cron": "* * * * *" })
}

#[tokio::test]
async fn a_schedule_runs_and_skips_and_makes_up_once() -> Result<()> {
    let (app, mut client) = start(WithWorker::No).await?;
    let schedule = post(&mut client, "/api/v1/schedules", &every_minute(json!({})), 201).await?;
    app.jobs.run_due_schedules().await?;
    assert!(runs(&mut client, &schedule).await?.is_empty(), "it ran before its time");
    app.clock.advance(Duration::from_secs(61));
    app.jobs.run_due_schedules().await?;
    app.jobs.run_due_schedules().await?;
    let first = runs(&mut client, &schedule).await?;
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!(first[0]["outcome"], "started");
    let job = first[0]["job_id"].as_str().context("a job")?.to_owned();
    let job = get(&mut client, &format!("/api/v1/jobs/{job}")).await?;
    assert_eq!((&job["state"], &job["schedule_id"]), (&json!("queued"), &schedule["id"]));
    assert!(!job["submitted_by"].is_null(), "it runs in the name of who made it");
    // It has not ended: the next one is left out. Of an hour's runs one is made up for.
    app.clock.advance(Duration::from_secs(3_600));
    app.jobs.run_due_schedules().await?;
    let second = runs(&mut client, &schedule).await?;
    assert_eq!(second.len(), 2, "{second:?}");
    assert_eq!(second[0]["outcome"], "skipped");
    let cancel = format!("/api/v1/jobs/{}/cancel", job["id"].as_str().context("an id")?);
    post(&mut client, &cancel, &json!({}), 202).await?;
    app.clock.advance(Duration::from_secs(3_600));
    app.jobs.run_due_schedules().await?;
    let third = runs(&mut client, &schedule).await?;
    assert_eq!((third.len(), &third[0]["outcome"]), (3, &json!("started")));
    Ok(())
}

#[tokio::test]
async fn a_refused_run_is_recorded_or_kept() -> Result<()> {
    let (app, mut client) = start(WithWorker::No).await?;
    let dear = json!({ "credits": 2_000_000 });
    let refused = post(&mut client, "/api/v1/schedules", &every_minute(dear.clone()), 201).await?;
    let mut body = every_minute(dear);
    body["keep_if_refused"] = json!(true);
    let kept = post(&mut client, "/api/v1/schedules", &body, 201).await?;
    app.clock.advance(Duration::from_secs(61));
    app.jobs.run_due_schedules().await?;
    let run = runs(&mut client, &refused).await?.remove(0);
    assert_eq!(run["outcome"], "refused");
    let reason = run["reason"].as_str().context("a reason")?;
    assert!(reason.contains("2000000 credits"), "{reason}");
    let run = runs(&mut client, &kept).await?.remove(0);
    assert_eq!(run["outcome"], "started");
    wait_for(&mut client, &run["job_id"], "blocked").await?;
    Ok(())
}

#[tokio::test]
async fn a_schedule_is_changed_paused_run_and_deleted() -> Result<()> {
    let (app, mut client) = start(WithWorker::Yes).await?;
    let mut body = every_minute(json!({}));
    body["cron"] = json!("0 9 * * *");
    let made = post(&mut client, "/api/v1/schedules", &body, 201).await?;
    let path = format!("/api/v1/schedules/{}", made["id"].as_str().context("an id")?);
    put(&mut client, "/api/v1/account/time-zone", &json!({ "time_zone": "Asia/Tokyo" }), 200)
        .await?;
    let moved = get(&mut client, &path).await?;
    let hour = |schedule: &Value| schedule["next_at"].as_str().map(|at| at[11..13].to_owned());
    assert_eq!((hour(&made).as_deref(), hour(&moved).as_deref()), (Some("09"), Some("00")));
    assert_eq!(get(&mut client, "/api/v1/account/time-zone").await?["time_zone"], "Asia/Tokyo");
    let job = post(&mut client, &format!("{path}/run"), &json!({}), 202).await?;
    wait_for(&mut client, &job["id"], "succeeded").await?;
    assert_eq!(get(&mut client, &path).await?["last_job"], job["id"]);
    body["paused"] = json!(true);
    let paused = put(&mut client, &path, &body, 200).await?;
    assert!(paused["next_at"].is_null());
    app.clock.advance(Duration::from_secs(60));
    app.jobs.run_due_schedules().await?;
    assert_eq!(runs(&mut client, &made).await?.len(), 1, "only the run by hand");
    for (field, wrong) in [
        ("cron", json!("* * * * * *")),
        ("cron", json!("0 0 30 2 *")),
        ("name", json!("")),
        ("overlap", json!("maybe")),
    ] {
        let mut body = every_minute(json!({}));
        body[field] = wrong;
        post(&mut client, "/api/v1/schedules", &body, 400).await?;
    }
    let mut unknown = every_minute(json!({ "nonsense": 1 }));
    post(&mut client, "/api/v1/schedules", &unknown, 422).await?;
    unknown["operation"] = json!("test.nothing");
    post(&mut client, "/api/v1/schedules", &unknown, 404).await?;
    let nowhere = json!({ "time_zone": "Mars/Base" });
    put(&mut client, "/api/v1/account/time-zone", &nowhere, 400).await?;
    client.delete(&path).await?.require_status(204)?;
    client.get(&path).await?.require_status(404)
}

#[tokio::test]
async fn a_blocked_job_runs_once_it_is_paid() -> Result<()> {
    let (app, mut client) = start(WithWorker::Yes).await?;
    let body = json!({
        "operation": "test.noop", "params": { "credits": 2_000_000 }, "keep_if_refused": true,
    });
    let paid = post(&mut client, "/api/v1/jobs", &body, 202).await?;
    let unpaid = post(&mut client, "/api/v1/jobs", &body, 202).await?;
    assert_eq!(paid["state"], "blocked");
    let start_at = "2999-01-01T00:00:00Z";
    let later = json!({ "operation": "test.noop", "start_at": start_at });
    let later = post(&mut client, "/api/v1/jobs", &later, 202).await?;
    assert_eq!((&later["state"], &later["start_at"]), (&json!("scheduled"), &json!(start_at)));
    for waiting in [&unpaid, &later] {
        let id = waiting["id"].as_str().context("an id")?;
        let gone = post(&mut client, &format!("/api/v1/jobs/{id}/cancel"), &json!({}), 202).await?;
        assert_eq!(gone["state"], "cancelled", "what does not run ends at once");
    }
    let me = get(&mut client, "/api/v1/auth/me").await?;
    let grant = LotGrant {
        organization_id: me["organization"]["id"].as_str().context("an id")?.parse()?,
        lot: Lot {
            id: LotId::generate(),
            origin: LotOrigin::Paid,
            expires_at: None,
            remaining: Credits::new(1_500_000),
        },
        reason: "purchase".to_owned(),
        at: app.jobs.clock().now(),
    };
    let paid_at = tokio::time::Instant::now();
    app.store
        .write::<(), StoreError, _>(move |tx| {
            let grant = grant.clone();
            Box::pin(async move { tx.accounts().insert_lot(&grant).await })
        })
        .await?;
    wait_for(&mut client, &paid["id"], "succeeded").await?;
    let waited = paid_at.elapsed();
    assert!(waited < Duration::from_secs(15), "it ran {waited:?} after it was paid");
    Ok(())
}

#[tokio::test]
async fn a_failed_job_is_redriven_once() -> Result<()> {
    let (_app, mut client) = start(WithWorker::Yes).await?;
    let body = json!({ "operation": "test.misbehave", "params": { "how": "fail_input" } });
    let failed = post(&mut client, "/api/v1/jobs", &body, 202).await?;
    wait_for(&mut client, &failed["id"], "failed").await?;
    let path = format!("/api/v1/jobs/{}/redrive", failed["id"].as_str().context("an id")?);
    let first = post(&mut client, &path, &json!({}), 202).await?;
    assert_eq!(first["redrive_of"], failed["id"]);
    assert_ne!(first["id"], failed["id"]);
    assert_eq!(first["seed"], failed["seed"]);
    let second = post(&mut client, &path, &json!({}), 202).await?;
    assert_eq!(second["id"], first["id"], "a job is redriven once");
    let fine = json!({ "operation": "test.noop" });
    let fine = post(&mut client, "/api/v1/jobs", &fine, 202).await?;
    wait_for(&mut client, &fine["id"], "succeeded").await?;
    let path = format!("/api/v1/jobs/{}/redrive", fine["id"].as_str().context("an id")?);
    post(&mut client, &path, &json!({}), 409).await?;
    Ok(())
}

/// Lets the host of every queued job die until the jobs are dead.
async fn bury(app: &TestApp) -> Result<()> {
    for _ in 0..3 {
        let claim = ClaimCommand {
            worker_id: WorkerId::generate(),
            devices: vec![Device::Cpu],
            classes: PriorityClass::ALL.to_vec(),
            limit: 10,
            now: app.jobs.clock().now(),
            lease: Duration::from_secs(60),
        };
        for job in app.store.claim(claim).await? {
            let ending = Ending::HostDied { message: "killed".to_owned() };
            let settle = SettleCommand {
                job_id: job.job.id,
                attempt: job.job.attempt,
                result: AttemptResult { ending, charged: None, artifacts: Vec::new() },
                now: app.jobs.clock().now(),
                jitter: 0.0,
            };
            app.store.settle(settle).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_administrator_redrives_all_dead_jobs_of_an_operation() -> Result<()> {
    let (app, mut root) = TestApp::start(TestSettings::default()).await?;
    let mut owner = app.register("ada@example.org").await?;
    let body = json!({ "operation": "test.noop", "params": { "credits": 5 } });
    let dead = post(&mut owner, "/api/v1/jobs", &body, 202).await?;
    bury(&app).await?;
    wait_for(&mut owner, &dead["id"], "dead").await?;
    let listed = get(&mut owner, "/api/v1/jobs?state=dead").await?;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    let wish = json!({ "operation": "test.noop" });
    let report = post(&mut root, "/api/v1/admin/jobs/redrive", &wish, 200).await?;
    assert_eq!(report["redriven"].as_array().map(Vec::len), Some(1), "{report}");
    let again = wait_for(&mut owner, &report["redriven"][0], "queued").await?;
    assert_eq!((&again["redrive_of"], &again["attempt"]), (&dead["id"], &json!(0)));
    assert_eq!(get(&mut owner, "/api/v1/account").await?["credits"]["held"], 5);
    let report = post(&mut root, "/api/v1/admin/jobs/redrive", &wish, 200).await?;
    assert_eq!(report, json!({ "redriven": [], "refused": [] }));
    Ok(())
}

#[tokio::test]
async fn results_are_kept_as_long_as_the_plan_says() -> Result<()> {
    let mut terms = generous_terms();
    terms.retention_days = Some(30);
    let settings = TestSettings { terms, worker: WithWorker::Yes, ..TestSettings::default() };
    let (app, _) = TestApp::start(settings).await?;
    let mut owner = app.register("ada@example.org").await?;
    let key = json!({ "name": "key", "scopes": ["read", "run"] });
    let key = post(&mut owner, "/api/v1/api-keys", &key, 201).await?;
    let mut client = owner.with_key(key["key"].as_str().context("a key")?);
    let job = post(&mut client, "/api/v1/jobs", &json!({ "operation": "test.doors" }), 202).await?;
    wait_for(&mut client, &job["id"], "succeeded").await?;
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().context("an id")?);
    let catalog = app.jobs.catalog();
    let orphan = gantry_ports::BlobKey::from_words(&["jobs", "nobody", "1", "x"])?;
    catalog.blobs().put_bytes(&orphan, "x".into()).await?;
    let count = || async {
        let listed = catalog.blobs().list().await;
        anyhow::Ok(futures::TryStreamExt::try_collect::<Vec<_>>(listed).await?.len())
    };
    let server = WorkerId::generate();
    let young = catalog.sweep(server).await?.context("the lease is free")?;
    assert_eq!((young.jobs, catalog.collect_orphans(server).await?), (0, Some(0)));
    let stored = count().await?;
    app.clock.advance(Duration::from_hours(31 * 24));
    assert_eq!(catalog.collect_orphans(server).await?, Some(1), "the orphan alone");
    let swept = catalog.sweep(server).await?.context("the lease is ours")?;
    assert_eq!((swept.jobs, swept.blobs), (1, 0));
    assert!(swept.events > 0, "{swept:?}");
    assert!(catalog.sweep(WorkerId::generate()).await?.is_none(), "two servers sweep");
    let listed = get(&mut client, &format!("{path}/artifacts")).await?;
    assert_eq!(listed["items"], json!([]));
    let emptied = get(&mut client, &path).await?;
    assert!(emptied["report"].is_null() && !emptied["results_removed_at"].is_null());
    assert_eq!(count().await?, stored - 1, "bytes outlive their rows for two days");
    let mut events = client.stream(TestRequest::new("GET", "/api/v1/events?after=1")).await?;
    let first = events.next().await?.context("an event")?;
    assert_eq!(first.name, "reset", "the client must read its jobs again");
    app.clock.advance(Duration::from_hours(3 * 24));
    assert!(catalog.sweep(server).await?.context("the lease is ours")?.blobs > 0);
    assert_eq!(count().await?, 0);
    Ok(())
}
