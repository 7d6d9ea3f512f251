//! Measures a simulation on a graphics processor beside the processor for `bench/montecarlo/device`:
//! reads `{"workbook", "inputs", "outputs", "iterations": [...], "threads"}` from the file that is
//! named, prints one JSON line.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for developers")]

use std::time::Instant;

use gantry_montecarlo::statistics::summarize;
use gantry_montecarlo::{Gpu, Question, Runner, Study, emit, read_path};
use gantry_sampling::Design;
use serde_json::{Value, json};

fn main() {
    let path = std::env::args().nth(1).unwrap();
    let task: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let list = |key: &str| {
        let all = task[key].as_array().unwrap().iter();
        all.map(|v| v.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let question = Question { inputs: list("inputs"), outputs: list("outputs"), now: None };
    let book = read_path(task["workbook"].as_str().unwrap().as_ref()).unwrap();
    let study = Study::new(book, &question).unwrap();
    let threads = task["threads"].as_u64().unwrap() as u16;
    let runs: Vec<Value> = task["iterations"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|n| {
            let n = n.as_u64().unwrap();
            [Design::MonteCarlo, Design::LatinHypercube].map(|d| compared(&study, (n, d), threads))
        })
        .collect();
    println!("{}", json!({ "threads": threads, "runs": runs }));
}

/// One run on the device, again when it is warm, and one on the processor.
fn compared(study: &Study, (iterations, design): (u64, Design), threads: u16) -> Value {
    let plan = study.plan(7, iterations, design).unwrap();
    let draws = study.set(&plan, &[]);
    let program = &study.compiled.program;
    let code = emit(program, &gantry_montecarlo::Source::spell(&draws)).unwrap();
    let start = Instant::now();
    let gpu = match Gpu::prepare(program, &draws) {
        Ok(gpu) => gpu,
        Err(reason) => return json!({ "iterations": iterations, "failed": reason }),
    };
    let compile_s = start.elapsed().as_secs_f64();
    let runner = study.runner(&draws, threads);
    let on_device = Runner { gpu: Some(&gpu), ..runner };
    let timed = |runner: &Runner<'_>| {
        let start = Instant::now();
        let columns = runner.collect(iterations, &|| false).unwrap();
        (start.elapsed().as_secs_f64(), columns)
    };
    let (cold_s, _) = timed(&on_device);
    let (device_s, found) = timed(&on_device);
    let (processor_s, wanted) = timed(&runner);
    let (mut apart, mut other_bits) = (0.0_f64, 0_u64);
    for (a, b) in wanted.iter().flatten().zip(found.iter().flatten()) {
        if a.to_bits() != b.to_bits() {
            other_bits += 1;
            apart = apart.max((a - b).abs() / a.abs().max(b.abs()).max(1e-9));
        }
    }
    json!({
        "iterations": iterations,
        "design": format!("{design:?}"),
        "device": gpu.name(),
        "trouble": gpu.trouble(),
        "registers": gpu.registers().ok(),
        "given": code.given.len(),
        "code_bytes": code.text.len(),
        "compile_s": compile_s,
        "cold_s": cold_s,
        "device_s": device_s,
        "processor_s": processor_s,
        "device_per_s": iterations as f64 / device_s,
        "processor_per_s": iterations as f64 / processor_s,
        "apart": apart,
        "other_bits": other_bits,
        "means": found.iter().map(|c| summarize(c).map(|s| s.mean)).collect::<Vec<_>>(),
    })
}
