//! What goes wrong in a child.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gantry_engine_api::protocol::{HostMessage, PROTOCOL};
use gantry_engine_api::{Engine, Step};
use gantry_engine_testkit::MemoryHost;
use gantry_types::EngineErrorKind;
use serde_json::json;

use crate::{isolate, run};

pub async fn a_panic_ends_its_run_alone() {
    let engine = isolate();
    for how in ["panic", "panic_computing"] {
        let host = MemoryHost::builder().build().unwrap();
        let params = json!({ "how": how });
        let error = run(&engine, "test.misbehave", params, &host).await.unwrap_err();
        assert_eq!((error.kind, error.is_host_death()), (EngineErrorKind::Bug, false));
        assert_eq!(error.message, "The engine panicked: asked to panic.");
        require_next_run(&engine).await;
    }
}

pub async fn a_killed_child_is_a_dead_host() {
    let engine = isolate();
    let host = MemoryHost::builder().build().unwrap();
    let params = json!({ "how": "sleep", "millis": 20_000 });
    let kill = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        for pid in find_children() {
            let nice = |pid: &str| -> i64 { read_stat(pid).nth(16).unwrap().parse().unwrap() };
            assert_eq!(nice(&pid), (nice("self") + 5).min(19), "the server comes first");
            assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
        }
    };
    let (outcome, ()) = tokio::join!(run(&engine, "test.misbehave", params, &host), kill);
    let error = outcome.unwrap_err();
    assert!(error.is_host_death() && error.message.contains("signal 9"), "{error}");
    require_next_run(&engine).await;
}

pub async fn deaf_jobs_end_within_three_seconds() {
    let engine = isolate();
    for (how, limit) in [("sleep", 1_000), ("deaf", 3_000)] {
        let host = MemoryHost::builder().build().unwrap();
        let canceller = Arc::clone(&host);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            canceller.cancel();
        });
        let begun = Instant::now();
        let params = json!({ "how": how, "millis": 20_000 });
        let error = run(&engine, "test.misbehave", params, &host).await.unwrap_err();
        assert_eq!(error.kind, EngineErrorKind::Cancelled, "{how}");
        assert!(
            begun.elapsed() < Duration::from_millis(limit + 300),
            "{how} {:?}",
            begun.elapsed()
        );
    }
    require_next_run(&engine).await;
}

/// A server that was killed leaves no work behind.
pub async fn the_end_of_the_input_ends_the_child() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg("engine-host")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let hello = serde_json::to_string(&HostMessage::Hello { protocol: PROTOCOL }).unwrap();
    let run = json!({
        "type": "run", "run": "r1", "job": "0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f",
        "operation": "test.misbehave", "params": { "how": "deaf", "millis": 60_000 },
        "seed": "1", "attempt": 1, "device": "cpu", "threads": 1,
        "limits": { "time_ms": 1, "memory_bytes": 1, "artifact_bytes": 1, "max_credits": 1 },
        "scratch": folder.path(), "inputs": {}, "checkpoint": null, "children": [],
    });
    writeln!(input, "{hello}\n{run}").unwrap();
    let mut ready = String::new();
    output.read_line(&mut ready).unwrap();
    assert!(ready.contains("test.misbehave"), "{ready}");
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none());
    drop(input);
    let begun = Instant::now();
    assert!(child.wait().unwrap().success());
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

async fn require_next_run(engine: &dyn Engine) {
    let host = MemoryHost::builder().build().unwrap();
    let step = run(engine, "test.noop", json!(null), &host).await.unwrap();
    assert_eq!(step, Step::Done(json!({})));
}

/// The fields of a process's line after its name.
fn read_stat(pid: &str) -> impl Iterator<Item = String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// The processes that this one started and that serve engines.
fn find_children() -> Vec<String> {
    let own = format!(" {} ", std::process::id());
    let is_child = |pid: &String| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let words = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let parent = stat.rsplit_once(')').map(|(_, rest)| rest.get(2..).unwrap_or_default());
        parent.is_some_and(|rest| rest.starts_with(&own)) && words.contains("engine-host")
    };
    let names = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let children: Vec<String> = pids.filter(is_child).collect();
    assert!(!children.is_empty());
    children
}
