//! The jobs: submitted over HTTP with an idempotency key each, again until the server answers.
//!
//! Invariant: every number is one job, whatever happened between its submission and its answer.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use gantry_testkit::{PASSWORD, TestClient, TestRequest};
use serde_json::{Value, json};

use crate::chance::{Chance, mix};
use crate::engine::{SPLIT, WORK};

/// The first administrator, who submits everything.
pub const EMAIL: &str = "root@example.org";
const PAUSE: Duration = Duration::from_millis(50);
const UNFINISHED: &str = "/api/v1/jobs?state=queued,running,waiting,scheduled,blocked&limit=200";

pub struct Load {
    client: TestClient,
    seed: u64,
    deadline: Instant,
    /// The job of each number.
    pub jobs: BTreeMap<u64, String>,
    /// Requests that were sent again.
    pub repeated: u64,
}

impl Load {
    /// Signs the first administrator up.
    pub async fn begin(
        address: SocketAddr,
        setup: &str,
        seed: u64,
        deadline: Instant,
    ) -> Result<Self> {
        let mut client = TestClient::new(address);
        let body = json!({ "email": EMAIL, "password": PASSWORD, "name": "Root", "token": setup });
        let answer = client.post("/api/v1/auth/setup", &body).await?;
        answer.require_status(201)?;
        client.learn_csrf_token(&answer)?;
        Ok(Self { client, seed, deadline, jobs: BTreeMap::new(), repeated: 0 })
    }

    /// Submits the next `count` jobs; a few are cancelled at once.
    pub async fn submit(&mut self, count: u64) -> Result<()> {
        let first = self.jobs.len() as u64;
        for number in first..first + count {
            let (body, is_cancelled) = self.derive_job(number);
            let id = self.submit_one(number, &body).await?;
            if is_cancelled {
                let path = format!("/api/v1/jobs/{id}/cancel");
                // It may be too late, or the server away: a cancel is a wish.
                let _late = self.client.post(&path, &json!({})).await;
            }
            self.jobs.insert(number, id);
        }
        Ok(())
    }

    /// How many jobs have not ended, counted up to 200.
    pub async fn count_unfinished(&mut self) -> Result<usize> {
        loop {
            if let Ok(answer) = self.client.get(UNFINISHED).await
                && answer.status == 200
            {
                let items = answer.json()?;
                return Ok(items["items"].as_array().map_or(0, Vec::len));
            }
            self.pause("counting").await?;
        }
    }

    async fn submit_one(&mut self, number: u64, body: &Value) -> Result<String> {
        loop {
            let request = TestRequest::new("POST", "/api/v1/jobs")
                .header("idempotency-key", &format!("crash-{number}"))
                .json(body);
            match self.client.send(request).await {
                Ok(answer) if answer.status == 202 => {
                    let id = answer.json()?["id"].as_str().map(str::to_owned);
                    return id.context("a job has an id");
                }
                Ok(answer) if answer.status != 429 && answer.status < 500 => {
                    bail!("job {number} was refused: {} {}", answer.status, answer.text());
                }
                // The server is away, or was before it could answer.
                Ok(_) | Err(_) => self.repeated += 1,
            }
            self.pause("submitting").await?;
        }
    }

    async fn pause(&self, doing: &str) -> Result<()> {
        if Instant::now() > self.deadline {
            bail!("the server was away for too long while {doing}");
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }

    fn derive_job(&self, number: u64) -> (Value, bool) {
        let mut chance = Chance::new(mix(self.seed ^ mix(number)));
        let plain = json!({ "steps": 1, "millis": chance.below(4) });
        let long = json!({
            "steps": 2 + chance.below(4),
            "millis": 5 + chance.below(25),
            "files": 1 + chance.below(2),
            "window": 20 + chance.below(60),
        });
        let (operation, params) = match chance.below(100) {
            0..50 => (WORK, plain),
            50..85 => (WORK, long),
            85..93 => (SPLIT, json!({ "parts": 2 + chance.below(3), "each": plain })),
            _ => (SPLIT, json!({ "parts": 2 + chance.below(3), "each": long })),
        };
        let seed = chance.below(1 << 53);
        let is_cancelled = chance.below(100) < 3;
        (
            json!({ "operation": operation, "params": params, "inputs": {}, "seed": seed }),
            is_cancelled,
        )
    }
}
