//! Attempts on a real store: how each ends, what it costs, what it leaves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use gantry_engine_api::CancellationToken;
use gantry_jobs::{ChunkSink, ServiceCall};
use gantry_ports::store::{JobEventKind, JobRecord};
use gantry_rules::plan::PlanTerms;
use gantry_testkit::doors::TestEngine;
use gantry_testkit::{Installation, generous_terms, new_job};
use gantry_types::{Credits, Device, EngineErrorKind, JobState, PriorityClass};
use gantry_worker::{Worker, WorkerSettings};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(20);

struct Running {
    installation: Installation,
    stop: CancellationToken,
    work: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn start(slots: u32, terms: PlanTerms) -> Result<Self> {
        let installation = Installation::open(&[&TestEngine], terms).await?;
        let settings = WorkerSettings {
            slots,
            devices: vec![Device::Cpu],
            classes: PriorityClass::ALL.to_vec(),
            lease: Duration::from_secs(30),
            threads_per_job: 2,
            scratch: installation.scratch(),
            drain: Duration::from_secs(5),
        };
        let worker = Worker::new(installation.jobs.clone(), settings);
        let stop = CancellationToken::new();
        let work = tokio::spawn(worker.run(stop.clone()));
        Ok(Self { installation, stop, work })
    }

    async fn run(&self, operation: &str, params: Value) -> Result<JobRecord> {
        let job = self.installation.submit(operation, params).await?;
        self.installation.wait_for(job.id, LIMIT).await
    }

    async fn available(&self) -> Result<(Credits, Credits)> {
        let account = self.installation.billing.account(&self.installation.actor()).await?;
        Ok((account.overview.available, account.overview.held))
    }

    async fn end(self) -> Result<()> {
        assert_eq!(self.installation.ledger_breaches().await?, Vec::<String>::new());
        self.stop.cancel();
        self.work.await?;
        let left = std::fs::read_dir(self.installation.scratch()).map_or(0, Iterator::count);
        assert_eq!(left, 0, "scratch folders are left");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_goes_through_every_door() -> Result<()> {
    let running = Running::start(2, generous_terms()).await?;
    let dataset = running.installation.upload("t.csv", b"a,b\n1,2\n3,4\n").await?;
    let mut new = new_job("test.doors", json!({ "steps": 4, "credits": 3 }));
    let input = gantry_engine_api::InputRef::Dataset { id: dataset.id, version: 1 };
    new.inputs = vec![("data".to_owned(), input)];
    let actor = running.installation.actor();
    let job = running.installation.jobs.submit_job(&actor, new).await?.job;
    assert_eq!(job.max_credits, Credits::new(6));
    let job = running.installation.wait_for(job.id, LIMIT).await?;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    assert_eq!(job.report, Some(json!({ "seed": 7, "input_bytes": 12, "resumed": false })));
    assert_eq!(job.cost, Credits::new(3));
    assert_eq!(job.progress, 1.0);
    assert_eq!(running.available().await?, (Credits::new(999_997), Credits::ZERO));

    let events = running.installation.jobs.list_job_events(&actor, job.id, 0, 1_000).await?;
    let count = |kind| events.iter().filter(|event| event.kind == kind).count();
    assert_eq!(count(JobEventKind::Metric), 4);
    assert_eq!(count(JobEventKind::Emit), 2);
    assert_eq!(count(JobEventKind::Stage), 2);
    assert_eq!(count(JobEventKind::Log), 1);
    assert_eq!(count(JobEventKind::Partial), 1);
    assert!(count(JobEventKind::State) >= 3, "queued, running, succeeded");
    assert!(events.windows(2).all(|pair| pair[0].cursor < pair[1].cursor));

    let catalog = running.installation.jobs.catalog();
    let artifacts = catalog.list_artifacts(&actor, job.id).await?;
    let names: Vec<_> = artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
    assert_eq!(names, ["page.html", "sum.json"]);
    assert_eq!(artifacts[0].role, "report");
    let call = |word: &str| ServiceCall {
        service: "test.words".to_owned(),
        artifact_id: artifacts[1].id,
        input: json!({ "word": word }),
    };
    let pieces = || -> ChunkSink { Box::new(|_| ()) };
    let jobs = &running.installation.jobs;
    assert_eq!(jobs.call_service(&actor, call("sum"), pieces()).await?, json!({ "count": 1 }));
    assert_eq!(jobs.call_service(&actor, call("seed"), pieces()).await?, json!({ "count": 1 }));
    assert!(jobs.call_service(&actor, call(""), pieces()).await.is_err());
    running.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_end_one_job_and_cost_nothing() -> Result<()> {
    let running = Running::start(2, generous_terms()).await?;
    for (how, kind) in [
        ("fail_input", EngineErrorKind::Input),
        ("panic", EngineErrorKind::Bug),
        ("panic_computing", EngineErrorKind::Bug),
        ("overcharge", EngineErrorKind::Resource),
    ] {
        let job = running.run("test.misbehave", json!({ "how": how })).await?;
        assert_eq!(job.state, JobState::Failed, "{how}");
        assert_eq!(job.error.as_ref().map(|error| error.kind), Some(kind), "{how}");
        assert_eq!(job.cost, Credits::ZERO, "{how}");
    }
    let job = running.run("test.misbehave", json!({})).await?;
    assert_eq!(job.state, JobState::Succeeded, "the worker goes on");
    assert_eq!(running.available().await?.1, Credits::ZERO);
    running.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_raised_hold_can_be_charged() -> Result<()> {
    let running = Running::start(1, generous_terms()).await?;
    let job = running.run("test.misbehave", json!({ "how": "raise" })).await?;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    assert_eq!(job.cost, Credits::new(10), "twice the hold that it was submitted with");
    assert_eq!(running.available().await?, (Credits::new(999_990), Credits::ZERO));
    running.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transient_error_is_tried_again() -> Result<()> {
    let running = Running::start(1, generous_terms()).await?;
    let job = running.installation.submit("test.misbehave", json!({ "how": "fail_once" })).await?;
    let deadline = Instant::now() + LIMIT;
    let actor = running.installation.actor();
    loop {
        let now = running.installation.jobs.get_job(&actor, job.id).await?;
        if now.state == JobState::Scheduled {
            break;
        }
        assert!(Instant::now() < deadline, "it is {}", now.state);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.installation.clock.advance(Duration::from_secs(600));
    running.installation.jobs.sweep().await?;
    let job = running.installation.wait_for(job.id, LIMIT).await?;
    assert_eq!(job.state, JobState::Succeeded);
    assert_eq!(job.report, Some(json!({ "attempt": 2 })));
    running.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_stops_running_and_queued_jobs() -> Result<()> {
    let running = Running::start(1, generous_terms()).await?;
    let actor = running.installation.actor();
    let long = json!({ "how": "sleep", "millis": 60_000 });
    let first = running.installation.submit("test.misbehave", long.clone()).await?;
    let second = running.installation.submit("test.misbehave", long).await?;
    let deadline = Instant::now() + LIMIT;
    while running.installation.jobs.get_job(&actor, first.id).await?.state != JobState::Running {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let queued = running.installation.jobs.cancel_job(&actor, second.id).await?;
    assert_eq!(queued.state, JobState::Cancelled, "a queued job ends at once");
    let asked = Instant::now();
    running.installation.jobs.cancel_job(&actor, first.id).await?;
    let ended = running.installation.wait_for(first.id, LIMIT).await?;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(ended.state, JobState::Cancelled);
    assert_eq!(running.available().await?.1, Credits::ZERO);
    running.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_ends_when_its_time_is_up() -> Result<()> {
    let running = Running::start(1, PlanTerms { job_seconds: 1, ..generous_terms() }).await?;
    for how in ["sleep", "deaf"] {
        let job = running.run("test.misbehave", json!({ "how": how, "millis": 60_000 })).await?;
        assert_eq!(job.state, JobState::Failed, "{how}");
        let error = job.error.unwrap();
        assert_eq!(error.kind, EngineErrorKind::Resource, "{how}: {}", error.message);
    }
    running.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forks_come_together_even_with_one_slot() -> Result<()> {
    let terms = PlanTerms { concurrent_jobs: 1, ..generous_terms() };
    let running = Running::start(1, terms).await?;
    let params = json!({ "parts": 3, "depth": 2, "leaf_credits": 2 });
    let job = running.run("test.split", params).await?;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    assert_eq!(job.report, Some(json!({ "leaves": 9, "failed": 0 })));
    assert_eq!(job.cost, Credits::new(18), "nine leaves at two credits");
    assert_eq!(running.available().await?, (Credits::new(999_982), Credits::ZERO));
    running.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_jobs_settle_once_each() -> Result<()> {
    let running = Running::start(8, generous_terms()).await?;
    let installation = Arc::new(running);
    let mut submissions = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let running = Arc::clone(&installation);
        submissions.spawn(async move { running.run("test.noop", json!({ "credits": 1 })).await });
    }
    while let Some(job) = submissions.join_next().await {
        let job = job??;
        assert_eq!((job.state, job.cost), (JobState::Succeeded, Credits::new(1)));
    }
    assert_eq!(installation.available().await?, (Credits::new(999_800), Credits::ZERO));
    let running = Arc::into_inner(installation);
    assert!(running.is_some(), "nobody else holds the installation");
    match running {
        Some(running) => running.end().await,
        None => Ok(()),
    }
}
