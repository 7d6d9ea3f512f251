//! What a run in a warm child costs.

use std::time::{Duration, Instant};

use gantry_engine_testkit::MemoryHost;
use serde_json::json;

use crate::{isolate, run};

pub async fn a_warm_child_is_quick() {
    const RUNS: u32 = 500;
    let engine = isolate();
    let host = MemoryHost::builder().build().unwrap();
    run(&engine, "test.noop", json!(null), &host).await.unwrap();
    let begun = Instant::now();
    for _ in 0..RUNS {
        run(&engine, "test.noop", json!(null), &host).await.unwrap();
    }
    let each = begun.elapsed() / RUNS;
    println!("a run in a warm child: {each:?}");
    assert!(each < Duration::from_millis(20), "{each:?}");
}
