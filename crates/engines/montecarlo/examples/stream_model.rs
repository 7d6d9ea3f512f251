//! Counts many draws in bounded memory for `bench/montecarlo/run`: `stream_model WORKBOOK INPUT OUTPUT
//! ITERATIONS`. Prints one JSON line.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a tool for developers"
)]

use std::time::Instant;

use gantry_engine_api::{Operation, Step};
use gantry_engine_testkit::MemoryHost;
use gantry_montecarlo::{EngineChoice, Sampling, Simulate, SimulateParams};
use serde_json::json;

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [workbook, input, output, iterations] = words.as_slice() else {
        panic!("stream_model WORKBOOK INPUT OUTPUT ITERATIONS")
    };
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u16);
    let host = MemoryHost::builder()
        .with_input("workbook", std::path::Path::new(workbook))
        .with_threads(threads)
        .build()
        .unwrap();
    let params = SimulateParams {
        input: vec![input.clone()],
        output: vec![output.clone()],
        iterations: iterations.parse().unwrap(),
        sampling: Sampling::Mc,
        draws: 1_000,
        engine: EngineChoice::Arrow,
        ..SimulateParams::default()
    };
    let start = Instant::now();
    let Step::Done(report) = Simulate.run(params, host.context()).await.unwrap() else {
        panic!("it forked")
    };
    let summary = report.outputs[0].summary.as_ref().unwrap();
    println!(
        "{}",
        json!({
            "iterations": report.iterations,
            "seconds": start.elapsed().as_secs_f64(),
            "threads": threads,
            "peak_mb": peak_mb(),
            "mean": summary.mean,
            "sd": summary.sd,
            "p5": summary.cdf[5],
            "p95": summary.cdf[95],
        })
    );
}

/// The most memory that this process has taken; none where the system does not say.
fn peak_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? >> 10)
}
