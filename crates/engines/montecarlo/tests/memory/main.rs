//! The engine `arrow` takes no more memory for more draws; a process of its own, so that nothing
//! else counts.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

use std::path::Path;

use gantry_engine_api::{Operation, Step};
use gantry_engine_testkit::MemoryHost;
use gantry_montecarlo::{EngineChoice, Sampling, Simulate, SimulateParams};
use rust_xlsxwriter::{Formula, Workbook};

/// Outputs of the model.
const OUTPUTS: u64 = 4;
/// What the system may need beside the draws: buffers of threads, and what it has not given back.
const SLACK: u64 = 24 << 20;

fn model(folder: &Path) -> std::path::PathBuf {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("M").unwrap();
    sheet.write_number(0, 0, 1.0).unwrap();
    for row in 1..=OUTPUTS as u32 {
        sheet.write_formula(row, 0, Formula::new(format!("=A1*{row}+1"))).unwrap();
    }
    let path = folder.join("model.xlsx");
    book.save(&path).unwrap();
    path
}

/// The most memory that this process has taken, in bytes.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024
}

async fn simulate(path: &Path, iterations: u64, draws: u64) {
    let host = MemoryHost::builder().with_input("workbook", path).with_threads(2).build().unwrap();
    let params = SimulateParams {
        input: vec!["M!A1=normal(10,1)".into()],
        output: (2..2 + OUTPUTS).map(|row| format!("M!A{row}")).collect(),
        iterations,
        sampling: Sampling::Mc,
        draws,
        engine: EngineChoice::Arrow,
        ..SimulateParams::default()
    };
    let Step::Done(report) = Simulate.run(params, host.context()).await.unwrap() else {
        panic!("it forked")
    };
    assert_eq!(report.iterations, iterations);
    let summary = report.outputs[0].summary.as_ref().unwrap();
    assert!((summary.mean - 11.0).abs() < 0.01 && (summary.cdf[50] - 11.0).abs() < 0.11);
    let bytes = host.read_artifact("draws.parquet").unwrap().len() as u64;
    assert!(bytes > draws * OUTPUTS * 8);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_does_not_grow_with_iterations() {
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path());
    simulate(&path, 600_000, 600_000).await;
    let before = peak();
    // Kept, these would be 192 MB.
    simulate(&path, 6_000_000, 600_000).await;
    let grown = peak().saturating_sub(before);
    assert!(grown < SLACK, "{grown} bytes more");
    assert!(peak() < 1 << 30);
}
