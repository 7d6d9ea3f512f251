//! The same job in a thread, in an engine host, in a worker on PostgreSQL, and after its worker
//! was killed and another one went on from its checkpoint, or did the shard again: the same report,
//! the same bytes. Only the seconds that something took are a measurement, and differ.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use gantry_testkit::{PASSWORD, TestClient, TestRequest};
use serde_json::{Value, json};

use crate::fleet::{Fleet, Post};
use crate::journal::{self, Phase};
use crate::load::EMAIL;
use crate::roles::{SERVER, Settings, WORKER};
use crate::story::{Kind, Site};

const TABLE: &[u8] = include_bytes!("../../../../examples/iris.csv");
const WORKBOOK: &[u8] = include_bytes!("../../../../examples/project.xlsx");
/// Draws of the simulation: its shards take long enough to be killed in one.
const DRAWS: u64 = 4_000_000;
const LIMIT: Duration = Duration::from_secs(90);
/// How many jobs may escape the kill that is meant for them.
const MOST_TRIES: u32 = 10;

/// What a job left, as text.
type Left = String;

pub async fn every_way_leaves_the_same_bytes() -> Result<()> {
    let thread = run_alone(true).await.context("in a thread")?;
    let host = run_alone(false).await.context("in an engine host")?;
    ensure!(thread == host, "a thread left\n{thread}\nand an engine host\n{host}");
    let (whole, killed) = run_on_workers().await.context("on workers")?;
    ensure!(thread == whole, "a thread left\n{thread}\nand a worker\n{whole}");
    ensure!(thread == killed, "a thread left\n{thread}\nand a resumed attempt\n{killed}");
    println!("crash: same bytes from a thread, an engine host, a worker, and resumed attempts");
    Ok(())
}

/// On a server of its own, which runs jobs itself.
async fn run_alone(in_threads: bool) -> Result<Left> {
    let site = Site::open(Kind::Sqlite)?;
    let settings = Settings { in_threads, ..site.settings.clone() };
    let mut server = site.post(SERVER, "server", &settings)?;
    let mut desk = Desk::open(&mut server, &settings).await?;
    let mut jobs = Vec::new();
    for errand in Errand::ALL {
        jobs.push(desk.ask(errand).await?);
    }
    desk.wait_for_all(&jobs).await
}

/// On a server that leaves its jobs to workers; the second time they are killed on their way.
async fn run_on_workers() -> Result<(Left, Left)> {
    let site = Site::open(Kind::Postgres)?;
    let server = site.post(SERVER, "server", &site.settings)?;
    // One slot: the jobs run one after the other.
    let alone = Settings { slots: 1, ..site.worker(false) };
    let worker = site.post(WORKER, "worker", &alone)?;
    let mut fleet = Fleet { posts: vec![server, worker] };
    let mut desk = Desk::open(&mut fleet.posts[0], &site.settings).await?;
    fleet.posts[1].start()?;
    let (mut jobs, mut struck_jobs) = (Vec::new(), Vec::new());
    for errand in Errand::ALL {
        jobs.push(desk.ask(errand).await?);
    }
    let whole = desk.wait_for_all(&jobs).await?;
    for errand in Errand::ALL {
        struck_jobs.push(struck(&mut fleet, &mut desk, (errand, &site.settings)).await?);
    }
    let killed = desk.wait_for_all(&struck_jobs).await?;
    Ok((whole, killed))
}

/// What is asked of a worker.
#[derive(Clone, Copy)]
enum Errand {
    Train,
    Work,
    /// A simulation in four shards, which are jobs of their own.
    Simulate,
}

impl Errand {
    const ALL: [Self; 3] = [Self::Train, Self::Work, Self::Simulate];
}

/// A job whose worker was killed on its way and that another attempt ended. On a busy machine a
/// job may be over before the kill: then it is tried with another one.
async fn struck(
    fleet: &mut Fleet,
    desk: &mut Desk,
    (errand, settings): (Errand, &Settings),
) -> Result<String> {
    for _ in 0..MOST_TRIES {
        let id = desk.ask(errand).await?;
        match errand {
            Errand::Train => {
                let is_on_its_way = |job: &Value| job["progress"].as_f64().is_some_and(|p| p > 0.2);
                desk.wait_until(&id, is_on_its_way).await?;
            }
            Errand::Work => wait_for_a_file(desk, settings, &id).await?,
            Errand::Simulate => desk.wait_for_a_shard(&id).await?,
        }
        fleet.posts[1].kill()?;
        fleet.posts[1].start()?;
        desk.wait_until(&id, |job| job["state"] == "succeeded").await?;
        if desk.was_repeated(&id).await? {
            return Ok(id);
        }
    }
    bail!("{MOST_TRIES} jobs ran through before they were killed")
}

/// Waits until a job stored a file and has not ended; one that nobody saw there has ended.
async fn wait_for_a_file(desk: &mut Desk, settings: &Settings, id: &str) -> Result<()> {
    let is_it = |entry: &journal::Entry| entry.job == id && entry.phase == Phase::Published;
    let journal = settings.journal.clone();
    let was_seen = move |job: &Value| {
        job["state"] == "succeeded" || journal::read_all(&journal).iter().any(is_it)
    };
    desk.wait_until(id, was_seen).await.map(drop)
}

/// Somebody at an installation, with a table.
struct Desk {
    client: TestClient,
    table: String,
    workbook: String,
}

impl Desk {
    async fn open(server: &mut Post, settings: &Settings) -> Result<Self> {
        let setup = server.start()?["setup"].as_str().map(str::to_owned);
        let mut client = TestClient::new(settings.listen);
        let body = json!({
            "email": EMAIL, "password": PASSWORD, "name": "Root",
            "token": setup.context("a new installation is set up")?,
        });
        let answer = client.post("/api/v1/auth/setup", &body).await?;
        answer.require_status(201)?;
        client.learn_csrf_token(&answer)?;
        let mut desk = Self { client, table: String::new(), workbook: String::new() };
        desk.table = desk.upload("iris.csv", TABLE).await?;
        desk.workbook = desk.upload("project.xlsx", WORKBOOK).await?;
        Ok(desk)
    }

    async fn upload(&mut self, file_name: &str, bytes: &[u8]) -> Result<String> {
        let new = json!({ "name": file_name, "file_name": file_name, "bytes": bytes.len() });
        let upload = self.client.post("/api/v1/datasets/uploads", &new).await?;
        upload.require_status(201)?;
        let id = upload.json()?["id"].as_str().context("an upload has an id")?.to_owned();
        let part = TestRequest::new("PUT", &format!("/api/v1/datasets/uploads/{id}/parts/1"))
            .body("application/octet-stream", bytes);
        let part = self.client.send(part).await?;
        ensure!(part.status < 300, "{}", part.text());
        let path = format!("/api/v1/datasets/uploads/{id}/complete");
        let done = self.client.post(&path, &json!({})).await?;
        ensure!(done.status < 300, "{}", done.text());
        done.json()?["id"].as_str().map(str::to_owned).context("a dataset has an id")
    }

    /// Submits a job.
    async fn ask(&mut self, errand: Errand) -> Result<String> {
        let dataset = |id: &str| json!({ "kind": "dataset", "id": id, "version": 1 });
        let (operation, params, inputs) = match errand {
            Errand::Train => {
                let inputs = json!({ "data": dataset(&self.table) });
                ("automl.train", json!({ "target": "species" }), inputs)
            }
            Errand::Work => {
                let params = json!({ "steps": 5, "millis": 20, "files": 2, "window": 300 });
                ("crash.work", params, json!({}))
            }
            Errand::Simulate => {
                let params = json!({
                    "input": ["Inputs!B2=triangular(80,100,150)", "Inputs!B4=normal(0.02,0.01)"],
                    "output": ["Summary!B2"], "iterations": DRAWS, "engine": "arrow", "shards": 4,
                });
                ("montecarlo.simulate", params, json!({ "workbook": dataset(&self.workbook) }))
            }
        };
        let body = json!({
            "operation": operation, "seed": 7, "params": params, "inputs": inputs,
        });
        let answer = self.client.post("/api/v1/jobs", &body).await?;
        answer.require_status(202)?;
        answer.json()?["id"].as_str().map(str::to_owned).context("a job has an id")
    }

    async fn get(&mut self, path: &str) -> Result<Value> {
        let answer = self.client.get(path).await?;
        answer.require_status(200)?;
        answer.json()
    }

    async fn wait_until(&mut self, id: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
        let begun = Instant::now();
        loop {
            let job = self.get(&format!("/api/v1/jobs/{id}")).await?;
            if is_so(&job) {
                return Ok(job);
            }
            ensure!(begun.elapsed() < LIMIT, "after {LIMIT:?}: {job}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn children(&mut self, id: &str) -> Result<Vec<Value>> {
        let page = self.get(&format!("/api/v1/jobs/{id}/children")).await?;
        page["items"].as_array().cloned().context("children are a list")
    }

    /// Waits until a shard of a job runs, or the job ended before that was seen.
    async fn wait_for_a_shard(&mut self, id: &str) -> Result<()> {
        let begun = Instant::now();
        loop {
            let is_over = self.get(&format!("/api/v1/jobs/{id}")).await?["state"] == "succeeded";
            if is_over || self.children(id).await?.iter().any(|child| child["state"] == "running") {
                return Ok(());
            }
            ensure!(begun.elapsed() < LIMIT, "no shard of job {id} ran in {LIMIT:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Whether an attempt was done again: the job's, or a shard's of one that is divided (such a
    /// job has a second attempt anyway, which merges).
    async fn was_repeated(&mut self, id: &str) -> Result<bool> {
        let mut attempted = self.children(id).await?;
        if attempted.is_empty() {
            attempted.push(self.get(&format!("/api/v1/jobs/{id}")).await?);
        }
        let attempts = attempted.iter().map(|job| job["attempt"].as_u64());
        let most = attempts.max().flatten().context("a job has attempts")?;
        Ok(most >= 2)
    }

    /// Reports and files of jobs that all succeed.
    async fn wait_for_all(&mut self, ids: &[String]) -> Result<Left> {
        let mut left = Vec::new();
        for id in ids {
            let is_over = |job: &Value| {
                let state = job["state"].as_str().unwrap_or_default();
                ["succeeded", "failed", "cancelled", "dead"].contains(&state)
            };
            let job = self.wait_until(id, is_over).await?;
            ensure!(job["state"] == "succeeded", "{job}");
            let mut report = job["report"].clone();
            forget_seconds(&mut report);
            left.push(report.to_string());
            let artifacts = self.get(&format!("/api/v1/jobs/{id}/artifacts")).await?;
            let items = artifacts["items"].as_array().context("artifacts are a list")?;
            ensure!(!items.is_empty(), "the job left no file: {job}");
            for item in items {
                left.push(format!("{} {}", item["name"], item["sha256"]));
            }
        }
        Ok(left.join("\n"))
    }
}

/// Takes measured times out of a report.
fn forget_seconds(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("fit_seconds");
            fields.values_mut().for_each(forget_seconds);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_seconds),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
