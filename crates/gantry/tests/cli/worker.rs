//! `gantry worker`, and what a process that is asked to stop does with the jobs that it runs.

#![expect(clippy::unwrap_used, reason = "what a test stands on ends it when it fails")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use gantry_testkit::postgres::{self, Durability, Postgres};
use serde_json::{Value, json};

use super::support::{Place, Server, create_administrator, log_in, send_signal};

/// An engine that keeps a checkpoint and naps; it goes on from the checkpoint without a nap.
const NAP: &str = r#"import json, queue, sys, threading, time
messages = queue.Queue()

def read():
    for line in sys.stdin:
        messages.put(json.loads(line))
    messages.put(None)

def send(type, run, **fields):
    print(json.dumps({"type": type, "run": run, **fields}), flush=True)

def nap(message):
    run = message["run"]
    if message["checkpoint"]:
        return send("done", run, report={"greeting": "awake"})
    send("checkpoint", run, version=1, state={}, request=1)
    send("progress", run, fraction=0.5)
    end = time.time() + 60
    while time.time() < end:
        try:
            heard = messages.get(timeout=0.01)
        except queue.Empty:
            continue
        if heard is None:
            sys.exit()
        if heard["type"] == "cancel":
            return send("failed", run, kind="cancelled", message="Woken.")
    send("done", run, report={"greeting": "slept"})

threading.Thread(target=read, daemon=True).start()
while True:
    message = messages.get()
    if message is None:
        break
    if message["type"] == "hello":
        send("ready", message.get("run"), protocol=1, engine=json.load(open("manifest.json")))
    if message["type"] == "run":
        nap(message)
"#;
/// Far below the lease of 30 seconds, which nobody may wait for.
const SOON: Duration = Duration::from_secs(10);

/// An installation with an engine that naps.
struct Bedroom {
    place: Place,
    key: String,
    _database: Option<Postgres>,
}

impl Bedroom {
    fn furnish(database: Option<Postgres>, slots: u32) -> (Self, Server) {
        let place = Place::new();
        place.run(&["engine", "new", "nap"]).require(0);
        std::fs::write(place.path("nap/engine.py"), NAP).unwrap();
        let url = database.as_ref().map(|database| database.create_database().unwrap());
        let store = url.map(|url| format!("[store]\nurl = \"{url}\"\n")).unwrap_or_default();
        let settings = format!(
            "{store}[engines]\nexternal = [\"nap\"]\n[worker]\nslots = {slots}\ndrain_s = 1\n"
        );
        std::fs::write(place.path("gantry.toml"), settings).unwrap();
        create_administrator(&place).require(0);
        let server = Server::start(&place);
        log_in(&place, &server).require(0);
        let kept = std::fs::read_to_string(place.path(".config/gantry/credentials.toml")).unwrap();
        let key = kept.split('"').find(|word| word.starts_with("gk_")).unwrap().to_owned();
        (Self { place, key, _database: database }, server)
    }

    /// A worker with one slot, once it has said what it offers.
    fn start_worker(&self) -> Child {
        let words = [
            "worker",
            "--json",
            "--data-dir",
            "data",
            "--slots",
            "1",
            "--devices",
            "cpu,gpu",
            "--classes",
            "high,normal",
        ];
        let mut child = self.place.command(&words).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(said["devices"], json!(["cpu", "gpu"]));
        assert_eq!((&said["slots"], &said["classes"]), (&json!(1), &json!(["high", "normal"])));
        child
    }

    fn submit(&self, server: &Server) -> String {
        let body = json!({ "operation": "nap.greet", "params": {}, "inputs": {} });
        let job = self.post(server, "/api/v1/jobs", &body);
        job["id"].as_str().unwrap().to_owned()
    }

    fn post(&self, server: &Server, path: &str, body: &Value) -> Value {
        let mut answer = ureq::post(format!("{}{path}", server.url))
            .config()
            .proxy(None)
            .build()
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .send(body.to_string())
            .unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    }

    fn get(&self, server: &Server, path: &str) -> ureq::http::Response<ureq::Body> {
        ureq::get(format!("{}{path}", server.url))
            .config()
            .proxy(None)
            .build()
            .header("authorization", format!("Bearer {}", self.key))
            .call()
            .unwrap()
    }

    /// Waits until a job is as it should be; answers it, and how long that took.
    fn wait(&self, server: &Server, id: &str, is_so: impl Fn(&Value) -> bool) -> (Value, Duration) {
        let begun = Instant::now();
        loop {
            let mut answer = self.get(server, &format!("/api/v1/jobs/{id}"));
            let job: Value =
                serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
            if is_so(&job) {
                return (job, begun.elapsed());
            }
            assert!(begun.elapsed() < SOON, "{job}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn naps(job: &Value) -> bool {
    job["state"] == "running" && job["progress"] == 0.5
}

fn stop(mut worker: Child) -> Duration {
    let begun = Instant::now();
    send_signal(&worker, "-TERM");
    assert_eq!(worker.wait().unwrap().code(), Some(0));
    begun.elapsed()
}

#[test]
fn jobs_move_between_workers_and_are_watched_and_cancelled_from_the_server() {
    let database = postgres::start(Durability::None).unwrap();
    let (bedroom, server) = Bedroom::furnish(Some(database), 0);
    let id = bedroom.submit(&server);
    let stream = bedroom.get(&server, &format!("/api/v1/jobs/{id}/events"));
    let first = bedroom.start_worker();
    // The stream is fed by hints of another process: it says so as soon as the job does.
    let begun = Instant::now();
    let mut lines = BufReader::new(stream.into_body().into_reader()).lines();
    assert!(lines.any(|line| line.unwrap().trim() == "event: progress"), "the stream ended");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());

    let second = bedroom.start_worker();
    bedroom.wait(&server, &id, naps);
    assert!(stop(first) < Duration::from_secs(6), "the drain time is one second");
    let (job, took) = bedroom.wait(&server, &id, |job| job["state"] == "succeeded");
    assert_eq!((&job["report"]["greeting"], &job["attempt"]), (&json!("awake"), &json!(2)));
    assert!(took < Duration::from_secs(3), "the job was given back late: {took:?}");

    let id = bedroom.submit(&server);
    bedroom.wait(&server, &id, naps);
    bedroom.post(&server, &format!("/api/v1/jobs/{id}/cancel"), &json!({}));
    let (_, took) = bedroom.wait(&server, &id, |job| job["state"] == "cancelled");
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(stop(second) < Duration::from_secs(1), "nothing ran there any more");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_server_that_stops_gives_its_jobs_back_to_the_next_one() {
    let (bedroom, server) = Bedroom::furnish(None, 2);
    let id = bedroom.submit(&server);
    bedroom.wait(&server, &id, naps);
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&bedroom.place);
    let (job, took) = bedroom.wait(&server, &id, |job| job["state"] == "succeeded");
    assert_eq!((&job["report"]["greeting"], &job["attempt"]), (&json!("awake"), &json!(2)));
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn a_worker_without_a_shared_database_or_without_work_is_refused() {
    let place = Place::new();
    let refused = place.run(&["worker"]).require(2);
    assert!(refused.stderr.contains("needs PostgreSQL"), "{refused:?}");
    assert!(refused.stderr.contains("store.url"), "{refused:?}");
    let refused = place.run(&["worker", "--devices", "cpu,gpuu"]).require(2);
    assert!(refused.stderr.contains("did you mean `gpu`?"), "{refused:?}");
    let refused = place.run(&["worker", "--classes", "urgent"]).require(2);
    assert!(refused.stderr.contains("high, normal, overflow"), "{refused:?}");
    let mut place = Place::new();
    place.set("GANTRY__STORE__URL", "postgres://gantry@127.0.0.1:1/none");
    let refused = place.run(&["worker", "--slots", "0"]).require(2);
    assert!(refused.stderr.contains("--slots"), "{refused:?}");
    place.run(&["serve", "--no-worker", "--workers", "2"]).require(2);
}
