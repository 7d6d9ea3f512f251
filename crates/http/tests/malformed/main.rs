//! Ten thousand malformed uploads and requests against the whole server: each gets a clear answer
//! or a job with a clear end, the server stays up, and memory does not grow.

mod dice;
mod files;
mod requests;
mod uploads;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_testkit::{TestApp, TestClient, TestRequest, TestResponse, TestSettings, WithWorker};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use dice::Dice;
use requests::{spoiled_bytes, spoiled_request};
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
    app: Arc<TestApp>,
    client: TestClient,
    key: String,
    peak: Arc<AtomicU64>,
    cases: Vec<u64>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_malformed_uploads_and_requests() -> Result<()> {
    let settings = TestSettings { worker: WithWorker::Yes, ..TestSettings::default() };
    let (app, _) = TestApp::start(settings).await?;
    let app = Arc::new(app);
    let mut owner = app.register("ada@example.org").await?;
    let body = json!({ "name": "storm", "scopes": ["read", "run", "data", "account"] });
    let issued = owner.post("/api/v1/api-keys", &body).await?.json()?;
    let key = issued["key"].as_str().context("a key")?.to_owned();
    let client = owner.with_key(&key);
    fill_caches(&client).await?;
    let mut peaks = Vec::new();
    let mut profiled = 0;
    for round in 0..CASES / ROUND {
        let peak = Arc::new(AtomicU64::new(0));
        let first = round * ROUND;
        let mut shifts = tokio::task::JoinSet::new();
        for place in 0..CLIENTS {
            let cases = (first + place..first + ROUND).step_by(CLIENTS as usize).collect();
            let (app, peak) = (Arc::clone(&app), Arc::clone(&peak));
            let shift = Shift { app, client: client.clone(), key: key.clone(), peak, cases };
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
        peaks.push(peak.load(Ordering::SeqCst));
    }
    ensure!(profiled > 0, "no upload was taken: the cases test less than they should");
    require_alive(&mut client.clone()).await?;
    let (first, last) = (peaks[0], peaks[peaks.len() - 1]);
    ensure!(last <= first + GROWTH, "resident memory grew: {peaks:?} bytes per {ROUND} cases");
    Ok(())
}

/// Fills what has a fixed size and is empty at first, the database's page cache above all, with
/// honest tables: what grows afterwards grows by malformed requests.
async fn fill_caches(client: &TestClient) -> Result<()> {
    let columns: Vec<String> = (0..3_000).map(|column| format!("column_{column}")).collect();
    let mut table = columns.join(",");
    for row in ["1,", "2,", "x,"] {
        table.push('\n');
        table.push_str(row.repeat(columns.len()).trim_end_matches(','));
    }
    let mut uploads = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let (mut client, table) = (client.clone(), table.clone());
        uploads.spawn(async move {
            let job = upload_well(&mut client, table.as_bytes()).await?;
            require_end(&mut client, &job).await
        });
    }
    while let Some(done) = uploads.join_next().await {
        done??;
    }
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
            self.peak.fetch_max(read_resident_bytes()?, Ordering::SeqCst);
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
                let answer = exchange(&self.app, &bytes).await?;
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
async fn exchange(app: &TestApp, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(app.address).await?;
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

/// An honest upload and an honest job still work.
async fn require_alive(client: &mut TestClient) -> Result<()> {
    client.get("/healthz").await?.require_status(200)?;
    client.get("/readyz").await?.require_status(200)?;
    let answer = client.post("/api/v1/jobs", &json!({ "operation": "test.noop" })).await?;
    answer.require_status(202)?;
    let id: Value = answer.json()?["id"].clone();
    require_end(client, id.as_str().context("an id")?).await
}

fn read_resident_bytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()).context("no VmRSS")?;
    Ok(kib.parse::<u64>()? << 10)
}
