//! Processes stay warm between runs, are replaced after a while, and end when idle.

use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use gantry_engine_api::Step;
use gantry_engine_testkit::MemoryHost;
use gantry_external::{ExternalConfig, ExternalEngine};
use serde_json::json;

use crate::started::{configure, run, run_done, start_odd};

#[tokio::test]
async fn a_warm_process_serves_many_runs_quickly() {
    let engine = start_odd().await;
    let first = run_done(&engine, "odd.count", json!({})).await;
    let host = MemoryHost::builder().build().unwrap();
    let begun = Instant::now();
    for count in 2..=200_u64 {
        let step = run(&engine, "odd.count", json!({}), &host).await.unwrap();
        let Step::Done(report) = step else { panic!("forked") };
        assert_eq!((&report["pid"], report["count"].as_u64()), (&first["pid"], Some(count)));
    }
    let each = begun.elapsed() / 199;
    println!("a run in a warm Python process: {each:?}");
    assert!(each < Duration::from_millis(50), "{each:?}");
}

#[tokio::test]
async fn processes_are_replaced_and_work_side_by_side() {
    let config = ExternalConfig { runs_per_process: 2, ..configure(&["python3", "odd.py"]) };
    let engine = ExternalEngine::start(config).await.unwrap();
    let mut pids = Vec::new();
    for _ in 0..4 {
        pids.push(run_done(&engine, "odd.count", json!({})).await["pid"].clone());
    }
    assert!(pids[0] == pids[1] && pids[1] != pids[2] && pids[2] == pids[3], "{pids:?}");
    let (one, other) = tokio::join!(
        run_done(&engine, "odd.count", json!({})),
        run_done(&engine, "odd.count", json!({})),
    );
    assert_ne!(one["pid"], other["pid"]);
}

#[tokio::test]
async fn an_engine_may_want_one_job_at_a_time() {
    let config = ExternalConfig { slots: NonZeroU16::new(1), ..configure(&["python3", "odd.py"]) };
    let engine = ExternalEngine::start(config).await.unwrap();
    let (one, other) = tokio::join!(
        run_done(&engine, "odd.count", json!({})),
        run_done(&engine, "odd.count", json!({})),
    );
    assert_eq!(one["pid"], other["pid"]);
}

#[tokio::test]
async fn idle_processes_end() {
    let config = ExternalConfig { idle_seconds: 1, ..configure(&["python3", "odd.py"]) };
    let engine = ExternalEngine::start(config).await.unwrap();
    let pid = run_done(&engine, "odd.count", json!({})).await["pid"].clone();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    assert_ne!(run_done(&engine, "odd.count", json!({})).await["pid"], pid);
}
