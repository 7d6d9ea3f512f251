//! Ten thousand malformed uploads and requests against the binary from its first second: each gets
//! a clear answer or a job with a clear end, the server stays up, and its memory does not grow.

mod dice;
mod files;
mod requests;
mod server;
mod uploads;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_testkit::{TestClient, TestRequest, TestResponse};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use dice::Dice;
use requests::{spoiled_bytes, spoiled_request};
use server::Server;
use uploads::{upload_badly, upload_well};

/// A failure names the seed of its case.
const SEED: u64 = 20_261_126;
const CASES: u64 = 10_000;
/// After so many cases memory is compared.
const ROUND: u64 = 1_000;
/// Clients that ask at once.
const CLIENTS: u64 = 8;
/// What the last round may need more than the first one.
const GROWTH: u64 = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(30);

/// One client's cases of a round; answers the profile jobs of uploads that were taken.
struct Shift {
    server: Arc<Server>,
    client: TestClient,
    key: String,
    memory: Arc<Mutex<Vec<u64>>>,
    cases: Vec<u64>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_malformed_uploads_and_requests() -> Result<()> {
    let server = Arc::new(Server::start().await?);
    let mut owner = server.register().await?;
    let body = json!({ "name": "storm", "scopes": ["read", "run", "data", "account"] });
    let issued = owner.post("/api/v1/api-keys", &body).await?.json()?;
    let key = issued["key"].as_str().context("a key")?.to_owned();
    let client = owner.with_key(&key);
    let mut rounds = Vec::new();
    let mut profiled = 0;
    for round in 0..CASES / ROUND {
        let memory = Arc::new(Mutex::new(Vec::new()));
        let first = round * ROUND;
        let mut shifts = tokio::task::JoinSet::new();
        for place in 0..CLIENTS {
            let cases = (first + place..first + ROUND).step_by(CLIENTS as usize).collect();
            let (server, memory) = (Arc::clone(&server), Arc::clone(&memory));
            let shift = Shift { server, client: client.clone(), key: key.clone(), memory, cases };
            shifts.spawn(shift.run());
        }
        let mut jobs = Vec::new();
        while let Some(done) = shifts.join_next().await {
            jobs.extend(done??);
        }
        profiled += jobs.len();
        for job in jobs {
            require_end(&mut client.clone(), &job).await?;
        }
        rounds.push(median(&memory));
    }
    ensure!(profiled > 0, "no upload was taken: the cases test less than they should");
    require_alive(&mut client.clone()).await?;
    println!("{rounds:?} bytes resident, per {ROUND} cases");
    let (first, last) = (rounds[0], rounds[rounds.len() - 1]);
    ensure!(last <= first + GROWTH, "resident memory grew: {rounds:?} bytes per {ROUND} cases");
    Ok(())
}

impl Shift {
    async fn run(mut self) -> Result<Vec<String>> {
        let mut jobs = Vec::new();
        for case in std::mem::take(&mut self.cases) {
            let mut dice = Dice::new(SEED + case);
            let done = tokio::time::timeout(PATIENCE, self.run_case(&mut dice)).await;
            let done = done.context("the server did not answer in time").flatten();
            jobs.extend(done.with_context(|| format!("case {case} of seed {SEED}"))?);
            let resident = self.server.read_resident_bytes()?;
            self.memory.lock().unwrap_or_else(PoisonError::into_inner).push(resident);
        }
        Ok(jobs)
    }

    async fn run_case(&mut self, dice: &mut Dice) -> Result<Option<String>> {
        match dice.roll(10) {
            0..=2 => {
                let request = spoiled_request(dice);
                let answer = self.client.send(request.clone()).await;
                let answer = answer.with_context(|| show(&request))?;
                require_clear(&answer).with_context(|| show(&request))?;
                Ok(None)
            }
            3 | 4 => {
                let bytes = spoiled_bytes(dice, &self.key);
                let answer = exchange(&self.server, &bytes).await?;
                require_no_fault(&answer).with_context(|| shorten(&bytes))?;
                Ok(None)
            }
            _ => upload_badly(&mut self.client, dice).await,
        }
    }
}

fn show(request: &TestRequest) -> String {
    let head = format!("{} {} {:?}", request.method, request.path, request.headers);
    format!("{} {}", shorten(head.as_bytes()), shorten(&request.body))
}

fn shorten(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(600)]).into_owned()
}

/// An answer is a success, or a problem that says what is wrong.
pub fn require_clear(answer: &TestResponse) -> Result<()> {
    let shown = || format!("status {}: {}", answer.status, shorten(&answer.body));
    ensure!(answer.status < 500, shown());
    if answer.status < 400 || answer.body.is_empty() && is_head(answer) {
        return Ok(());
    }
    ensure!(answer.header("content-type") == Some("application/problem+json"), shown());
    let problem = answer.json()?;
    let word = |name: &str| problem[name].as_str().is_some_and(|word| !word.is_empty());
    ensure!(word("code") && word("title") && word("detail") && word("request_id"), shown());
    ensure!(problem["status"] == answer.status, shown());
    Ok(())
}

/// Answers to `HEAD` announce a body and have none.
fn is_head(answer: &TestResponse) -> bool {
    answer.header("content-length").is_some_and(|length| length != "0")
}

/// Writes bytes, closes that side, and reads what comes until the server closes its own.
async fn exchange(server: &Server, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server.address).await?;
    // A server that refuses early may close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    Ok(answer)
}

/// What is no HTTP need not be answered, but never with a fault of the server's own.
fn require_no_fault(answer: &[u8]) -> Result<()> {
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    ensure!(answer.is_empty() || line.starts_with("HTTP/1."), "{line}");
    ensure!(line.split(' ').nth(1).is_none_or(|status| !status.starts_with('5')), "{line}");
    Ok(())
}

/// A profile is made, or its job says why not.
async fn require_end(client: &mut TestClient, id: &str) -> Result<()> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let job = client.get(&format!("/api/v1/jobs/{id}")).await?.json()?;
        match job["state"].as_str() {
            Some("succeeded") => return Ok(()),
            Some("failed") => {
                let error = &job["error"];
                let is_clear = error["message"].as_str().is_some_and(|words| !words.is_empty());
                ensure!(is_clear && error["kind"] != "bug", "{job}");
                return Ok(());
            }
            _ => ensure!(tokio::time::Instant::now() < deadline, "it does not end: {job}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An honest upload still gets its profile.
async fn require_alive(client: &mut TestClient) -> Result<()> {
    client.get("/healthz").await?.require_status(200)?;
    client.get("/readyz").await?.require_status(200)?;
    let profile = upload_well(client, b"city,age\nBergen,41\nLima,39\n").await?;
    require_end(client, &profile).await?;
    let job = client.get(&format!("/api/v1/jobs/{profile}")).await?.json()?;
    ensure!(job["state"] == "succeeded", "{job}");
    Ok(())
}

/// What the server held in the middle of a round: the highest reading is that of whichever eight
/// cases happened to meet, and differs by more than the bound from run to run.
fn median(memory: &Mutex<Vec<u64>>) -> u64 {
    let mut readings = memory.lock().unwrap_or_else(PoisonError::into_inner);
    readings.sort_unstable();
    readings[readings.len() / 2]
}
