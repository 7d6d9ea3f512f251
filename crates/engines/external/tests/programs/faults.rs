//! Engines that talk nonsense, die or never end: their own job fails with a clear error.

use std::time::{Duration, Instant};

use gantry_engine_testkit::MemoryHost;
use gantry_external::ExternalEngine;
use gantry_types::EngineErrorKind;
use serde_json::json;

use crate::started::{configure, misbehave, require_next_run, run, start_odd};

#[tokio::test]
async fn nonsense_on_standard_output_fails_its_run_alone() {
    let engine = start_odd().await;
    for (how, words) in [
        ("garbage", "not a message"),
        ("garbage", "Loading model\\u{1b}"),
        ("not_utf8", "not UTF-8"),
        ("unknown_type", "dance"),
        ("foreign_run", "`r99`"),
        ("long_line", "longer than 4 MiB"),
    ] {
        let error = misbehave(&engine, how).await;
        assert_eq!(error.kind, EngineErrorKind::Bug, "{how}: {error}");
        assert!(error.message.contains(words), "{how}: {error}");
        assert!(error.message.len() < 1_500 && error.next_step.is_some(), "{how}: {error}");
        require_next_run(&engine).await;
    }
}

/// Garbage at such a rate that a reader which keeps it would grow.
#[tokio::test]
async fn a_flood_of_nonsense_ends_at_its_first_line() {
    let engine = start_odd().await;
    let begun = Instant::now();
    let error = misbehave(&engine, "flood").await;
    assert_eq!(error.kind, EngineErrorKind::Bug, "{error}");
    assert!(error.message.contains("not a message"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    require_next_run(&engine).await;
}

/// The handshake promised more than the program can do.
#[tokio::test]
async fn an_operation_that_was_promised_and_is_refused_fails_its_own_job() {
    let engine = ExternalEngine::start(configure(&["python3", "liar.py"])).await.unwrap();
    for (id, kind, words) in [
        ("liar.refuse", EngineErrorKind::Params, "There is no operation `liar.refuse`."),
        ("liar.die", EngineErrorKind::Bug, "KeyError"),
        ("liar.estimate", EngineErrorKind::Bug, "answered an estimate"),
        ("liar.shake_again", EngineErrorKind::Bug, "in the middle of a run"),
    ] {
        let host = MemoryHost::builder().build().unwrap();
        let error = run(&engine, id, json!({}), &host).await.unwrap_err();
        assert_eq!((error.kind, error.is_host_death()), (kind, false), "{id}: {error}");
        assert!(error.message.contains(words), "{id}: {error}");
        let step = run(&engine, "liar.work", json!({}), &host).await.unwrap();
        assert_eq!(step, gantry_engine_api::Step::Done(json!({ "worked": true })), "{id}");
    }
}

#[tokio::test]
async fn how_the_process_ended_decides() {
    let engine = start_odd().await;
    let error = misbehave(&engine, "exit_1").await;
    assert_eq!((error.kind, error.is_host_death()), (EngineErrorKind::Bug, false));
    assert!(error.message.contains("exit code 1"), "{error}");
    assert!(error.message.contains("ValueError: no such column"), "{error}");
    let error = misbehave(&engine, "exit_0").await;
    assert_eq!(error.kind, EngineErrorKind::Bug);
    assert!(error.message.contains("exit code 0"), "{error}");
    for (how, words) in [("segfault", "signal 11"), ("killed", "signal 9")] {
        let error = misbehave(&engine, how).await;
        assert!(error.is_host_death() && error.kind == EngineErrorKind::Transient, "{error}");
        assert!(error.message.contains(words), "{error}");
        require_next_run(&engine).await;
    }
}

#[tokio::test]
async fn cancellation_ends_even_those_who_do_not_listen() {
    let engine = start_odd().await;
    for how in ["hang", "loop", "polite"] {
        let host = MemoryHost::builder().build().unwrap();
        let canceller = std::sync::Arc::clone(&host);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            canceller.cancel();
        });
        let begun = Instant::now();
        let error = run(&engine, "odd.misbehave", json!({ "how": how }), &host).await.unwrap_err();
        assert_eq!(error.kind, EngineErrorKind::Cancelled, "{how}");
        let limit = if how == "polite" { 1_300 } else { 3_300 };
        assert!(begun.elapsed() < Duration::from_millis(limit), "{how}: {:?}", begun.elapsed());
    }
    require_next_run(&engine).await;
}

#[tokio::test]
async fn grandchildren_die_with_the_run() {
    let engine = start_odd().await;
    let host = MemoryHost::builder()
        .with_note_hook(|note, token| {
            if matches!(note, gantry_engine_api::JobNote::Partial { .. }) {
                token.cancel();
            }
        })
        .build()
        .unwrap();
    let params = json!({ "how": "grandchildren" });
    run(&engine, "odd.misbehave", params, &host).await.unwrap_err();
    let pids: Vec<u64> = serde_json::from_value(host.find_partial("pids").unwrap()).unwrap();
    assert_eq!(pids.len(), 2);
    tokio::time::sleep(Duration::from_millis(300)).await;
    for pid in pids {
        assert!(!is_running(pid), "{pid} still runs");
    }
}

#[tokio::test]
async fn a_run_that_is_given_up_takes_its_process_along() {
    let engine = start_odd().await;
    let host = MemoryHost::builder().build().unwrap();
    let params = json!({ "how": "grandchildren" });
    let running = run(&engine, "odd.misbehave", params, &host);
    assert!(tokio::time::timeout(Duration::from_secs(2), running).await.is_err());
    let pids: Vec<u64> = serde_json::from_value(host.find_partial("pids").unwrap()).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(pids.into_iter().all(|pid| !is_running(pid)));
    require_next_run(&engine).await;
}

#[tokio::test]
async fn late_words_of_an_ended_run_blame_nobody_else() {
    let engine = start_odd().await;
    let host = MemoryHost::builder().build().unwrap();
    run(&engine, "odd.misbehave", json!({ "how": "late" }), &host).await.unwrap();
    let error = run(&engine, "odd.count", json!({}), &host).await.unwrap_err();
    assert!(error.is_host_death(), "{error}");
    // Heard before the next run begins, they cost the process alone.
    run(&engine, "odd.misbehave", json!({ "how": "late" }), &host).await.unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    require_next_run(&engine).await;
}

/// A killed process may wait as a zombie for its parent.
fn is_running(pid: u64) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" Z")))
}
