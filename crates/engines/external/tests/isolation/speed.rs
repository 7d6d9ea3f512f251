//! What a run in a warm child costs.

use std::time::{Duration, Instant};

use gantry_engine_testkit::MemoryHost;
use serde_json::json;

use crate::services::{call, get_service, load};
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

pub async fn a_warm_artifact_is_quick() {
    const CALLS: usize = 500;
    let engine = isolate();
    let words = get_service(&engine, "test.words");
    let warm = load(words.as_ref(), "one two one", 0).await;
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let begun = Instant::now();
        call(warm.as_ref(), json!({ "word": "one" })).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let (half, most) = (times[CALLS / 2], times[CALLS * 95 / 100]);
    println!("a call of a warm artifact: p50 {half:?}, p95 {most:?}");
    assert!(half < Duration::from_millis(10), "{half:?}");
}
