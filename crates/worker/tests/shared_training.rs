//! A training whose candidates are jobs of their own, on two workers: the same model as in one job.

#![expect(clippy::unwrap_used, reason = "a test's own helpers fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use gantry_engine_api::{CancellationToken, InputRef};
use gantry_ports::store::JobRecord;
use gantry_rules::plan::PlanTerms;
use gantry_testkit::{Installation, generous_terms, new_job};
use gantry_types::{Credits, Device, JobState, PriorityClass};
use gantry_worker::{Worker, WorkerSettings};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(120);
const TABLE: &[u8] = include_bytes!("../../../examples/titanic.csv");

fn new_worker(installation: &Installation, name: &str) -> Arc<Worker> {
    let settings = WorkerSettings {
        slots: 1,
        devices: vec![Device::Cpu],
        classes: PriorityClass::ALL.to_vec(),
        lease: Duration::from_secs(30),
        threads_per_job: 1,
        scratch: installation.scratch().join(name),
        drain: Duration::from_secs(5),
    };
    Worker::new(installation.jobs.clone(), settings)
}

async fn train(installation: &Installation, table: InputRef, params: Value) -> Result<JobRecord> {
    let mut new = new_job("automl.train", params);
    new.inputs = vec![("data".to_owned(), table)];
    new.seed = Some(7);
    let job = installation.jobs.submit_job(&installation.actor(), new).await?.job;
    installation.wait_for(job.id, LIMIT).await
}

/// SHA-256 of the model that a job left.
async fn find_model(installation: &Installation, job: &JobRecord) -> Result<String> {
    let snapshot = installation.store.read().await?;
    let files = snapshot.catalog().list_artifacts(job.organization_id, job.id).await?;
    let model = files.into_iter().find(|file| file.name == "model.gantry");
    Ok(model.unwrap().sha256.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_find_the_model_that_one_job_finds() -> Result<()> {
    let engine = gantry_automl::engine();
    let terms = PlanTerms { parallel_children: 4, ..generous_terms() };
    let installation = Installation::open(&[&engine], terms).await?;
    let stop = CancellationToken::new();
    let workers: Vec<_> = ["one", "two"]
        .map(|name| tokio::spawn(new_worker(&installation, name).run(stop.clone())))
        .into();
    let dataset = installation.upload("titanic.csv", TABLE).await?;
    let table = InputRef::Dataset { id: dataset.id, version: 1 };

    let alone = json!({ "target": "survived", "folds": 3, "budget_units": 60_000_000 });
    let mut shared = alone.clone();
    shared.as_object_mut().unwrap().insert("parallel_jobs".to_owned(), json!(4));
    let alone = train(&installation, table, alone).await?;
    let shared = train(&installation, table, shared).await?;
    assert_eq!(alone.state, JobState::Succeeded, "{:?}", alone.error);
    assert_eq!(shared.state, JobState::Succeeded, "{:?}", shared.error);
    let models =
        (find_model(&installation, &alone).await?, find_model(&installation, &shared).await?);
    assert_eq!(models.0, models.1, "the models differ");
    assert_eq!((alone.cost, shared.cost), (Credits::new(2), Credits::new(2)));

    let children = installation.store.read().await?.jobs().list_children(shared.id).await?;
    assert!(children.len() >= 4, "{} children", children.len());
    assert!(children.iter().all(|child| child.state == JobState::Succeeded));
    assert_eq!(installation.ledger_breaches().await?, Vec::<String>::new());
    stop.cancel();
    for worker in workers {
        worker.await?;
    }
    Ok(())
}
