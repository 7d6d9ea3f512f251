//! Measures a simulation for `bench/montecarlo/run`: reads `{"workbook", "inputs", "outputs",
//! "seconds"}` from the file that is named, prints one JSON line.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for developers")]

use std::time::Instant;

use gantry_montecarlo::statistics::summarize;
use gantry_montecarlo::{
    Column, Gpu, Isa, Machine, Question, Runner, Study, WIDTH, count_functions, read_path,
};
use gantry_sampling::Design;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn main() {
    let path = std::env::args().nth(1).unwrap();
    let task: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let list = |key: &str| {
        let all = task[key].as_array().unwrap().iter();
        all.map(|v| v.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let question = Question { inputs: list("inputs"), outputs: list("outputs"), now: None };
    let seconds = task["seconds"].as_f64().unwrap();
    let start = Instant::now();
    let book = read_path(task["workbook"].as_str().unwrap().as_ref()).unwrap();
    let study = Study::new(book, &question).unwrap();
    let load = start.elapsed().as_secs_f64();
    let program = &study.compiled.program;
    let sets = [Isa::Baseline, Isa::Avx2, Isa::Avx512].into_iter().filter(|isa| isa.is_here());
    let evaluation: Vec<Value> = sets
        .flat_map(|isa| [(isa, "loops"), (isa, "code")])
        .filter(|way| *way != (Isa::Baseline, "code"))
        .map(|(isa, way)| {
            let speed = evaluate(&study, (isa, way == "loops"), seconds / 2.0);
            json!([format!("{} {way}", isa.as_str()), speed])
        })
        .collect();
    let (edited, edit_ms) = edit(&study);
    let million = Instant::now();
    let one = columns(&study, Design::MonteCarlo, 1_000_000, 2);
    let million_ms = million.elapsed().as_secs_f64() * 1e3;
    let hashes: Vec<String> =
        [1, 2, 8].map(|t| hash(&columns(&study, Design::LatinHypercube, 100_000, t))).to_vec();
    let (scalar, vectorised, called) = count_functions();
    let with_sampling = sample_and_evaluate(&study, seconds);
    let on_device = enhanced(&study, seconds);
    println!(
        "{}",
        json!({
            "load_s": load,
            "formulas": study.compiled.formulas,
            "scalar": study.compiled.scalar.len(),
            "functions": {"scalar": scalar, "vectorised": vectorised, "called": called},
            "called": study.compiled.called,
            "instructions": program.instruction_count(),
            "registers": program.register_count(),
            "evaluation": evaluation,
            "drawing": sample(&study, seconds / 4.0),
            "with_sampling": with_sampling,
            "edit_1000_ms": edit_ms,
            "edit_mean": edited,
            "million_ms": million_ms,
            // As the engine does: without a device it computes on the processor.
            "enhanced_per_s": on_device.unwrap_or(with_sampling),
            "enhanced_by": if on_device.is_some() { "gpu" } else { "cpu" },
            "means": one.iter().map(|c| summarize(c).map(|s| s.mean)).collect::<Vec<_>>(),
            "hashes": hashes,
            "lhs_variance_ratio": variance_ratio(&study),
            "check": check(&study),
        })
    );
}

/// Processor seconds of this process so far.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// Iterations per second without drawing, as a processor with these instructions has them.
fn evaluate(study: &Study, (isa, loops_alone): (Isa, bool), seconds: f64) -> f64 {
    let plan = study.plan(1, 1 << 20, Design::MonteCarlo).unwrap();
    let program = &study.compiled.program;
    let mut machine = Machine::new(program, &study.book, None);
    machine.set_isa(isa);
    if loops_alone {
        machine.set_loops_alone();
    }
    plan.fill_chunk(0, machine.inputs_mut()).unwrap();
    let (start, mut done) = (cpu(), 0.0);
    while cpu() - start < seconds {
        for _ in 0..50 {
            machine.compute(WIDTH);
            done += WIDTH as f64;
        }
    }
    done / (cpu() - start)
}

fn sample_and_evaluate(study: &Study, seconds: f64) -> f64 {
    let plan = study.plan(1, 1 << 40, Design::MonteCarlo).unwrap();
    let program = &study.compiled.program;
    let mut machine = Machine::new(program, &study.book, None);
    let (start, mut chunk) = (cpu(), 0);
    while cpu() - start < seconds {
        for _ in 0..50 {
            plan.fill_chunk(chunk, machine.inputs_mut()).unwrap();
            machine.compute(WIDTH);
            chunk += 1;
        }
    }
    chunk as f64 * WIDTH as f64 / (cpu() - start)
}

/// Iterations per second of drawing alone.
fn sample(study: &Study, seconds: f64) -> f64 {
    let plan = study.plan(1, 1 << 40, Design::MonteCarlo).unwrap();
    let mut inputs = vec![Column::default(); study.inputs.len()];
    let (start, mut chunk) = (cpu(), 0);
    while cpu() - start < seconds {
        for _ in 0..50 {
            plan.fill_chunk(chunk, &mut inputs).unwrap();
            chunk += 1;
        }
    }
    chunk as f64 * WIDTH as f64 / (cpu() - start)
}

/// Iterations per second on a graphics processor, with two threads beside it; none where there is
/// none.
fn enhanced(study: &Study, seconds: f64) -> Option<f64> {
    const DRAWS: u64 = 4_000_000;
    let plan = study.plan(7, DRAWS, Design::MonteCarlo).unwrap();
    let draws = study.set(&plan, &[]);
    let gpu = Gpu::prepare(&study.compiled.program, &draws).ok()?;
    let runner = Runner { gpu: Some(&gpu), ..study.runner(&draws, 2) };
    let run = || runner.collect(DRAWS, &|| false).unwrap();
    run();
    let (start, mut done) = (Instant::now(), 0);
    while start.elapsed().as_secs_f64() < seconds {
        run();
        done += DRAWS;
    }
    (gpu.trouble().is_none()).then(|| done as f64 / start.elapsed().as_secs_f64())
}

/// 1,000 iterations with one input moved, program and workbook at hand.
fn edit(study: &Study) -> (Option<f64>, f64) {
    let start = Instant::now();
    let column = &columns(study, Design::LatinHypercube, 1_000, 1)[0];
    let mean = summarize(column).map(|s| s.mean);
    (mean, start.elapsed().as_secs_f64() * 1e3)
}

fn columns(study: &Study, design: Design, iterations: u64, threads: usize) -> Vec<Vec<f64>> {
    seeded(study, (design, 7), iterations, threads)
}

fn seeded(
    study: &Study,
    (design, seed): (Design, u64),
    iterations: u64,
    threads: usize,
) -> Vec<Vec<f64>> {
    let plan = study.plan(seed, iterations, design).unwrap();
    let program = &study.compiled.program;
    let runner = Runner { book: &study.book, program, plan: &plan, now: None, threads, gpu: None };
    let room = || Vec::with_capacity(iterations as usize);
    let mut all: Vec<Vec<f64>> = (0..program.output_count()).map(|_| room()).collect();
    let mut take = |block: Vec<Vec<f64>>| {
        for (all, part) in all.iter_mut().zip(block) {
            all.extend(part);
        }
        Ok(())
    };
    runner.run((0, iterations), &|| false, &mut take).unwrap();
    all
}

fn hash(columns: &[Vec<f64>]) -> String {
    let mut hash = Sha256::new();
    for x in columns.iter().flatten() {
        hash.update(x.to_bits().to_le_bytes());
    }
    hex::encode(hash.finalize())
}

/// How much less the mean of the first output varies from seed to seed with a Latin hypercube.
fn variance_ratio(study: &Study) -> f64 {
    let variance = |design: Design| {
        let means: Vec<f64> = (0..40)
            .map(|seed| {
                let column = &seeded(study, (design, seed), 1_000, 1)[0];
                column.iter().sum::<f64>() / column.len() as f64
            })
            .collect();
        let mean = means.iter().sum::<f64>() / means.len() as f64;
        means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>()
    };
    variance(Design::LatinHypercube) / variance(Design::MonteCarlo)
}

/// Inputs and outputs of the first draws, so that peers can be held to them.
fn check(study: &Study) -> Value {
    let plan = study.plan(7, 1_000, Design::MonteCarlo).unwrap();
    let mut inputs = vec![[0.0; WIDTH]; study.inputs.len()];
    plan.fill_chunk(0, &mut inputs).unwrap();
    let outputs = columns(study, Design::MonteCarlo, 1_000, 1);
    let first = |columns: Vec<&[f64]>| {
        (0..3).map(|i| columns.iter().map(|c| c[i]).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    json!({
        "inputs": first(inputs.iter().map(|c| &c[..]).collect()),
        "outputs": first(outputs.iter().map(|c| &c[..]).collect()),
    })
}
