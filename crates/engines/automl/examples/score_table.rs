//! Trains on one table and predicts another, for comparisons at equal units of work:
//! `score_table TRAIN.csv TEST.csv PARAMS.json FOLDER` leaves `model.gantry` and `predictions.csv` in
//! FOLDER, and prints what shares the prediction and how many MiB the process took before the
//! training and at most.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use gantry_engine_api::{Engine, Step};
use gantry_engine_testkit::MemoryHost;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [train, test, params, folder] = words.as_slice() else {
        return Err("name a table to learn from, one to predict, parameters, and a folder".into());
    };
    let (folder, params) = (Path::new(folder), serde_json::from_str(params)?);
    let before = find_memory("VmRSS");
    let host = MemoryHost::builder().with_input("data", train).with_threads(2).build()?;
    let report = run("automl.train", params, &host).await?;
    let peak = find_memory("VmHWM");
    let model = folder.join("model.gantry");
    std::fs::write(&model, host.read_artifact("model.gantry")?)?;
    let host = MemoryHost::builder().with_input("model", model).with_input("data", test).build()?;
    run("automl.predict", json!({}), &host).await?;
    std::fs::write(folder.join("predictions.csv"), host.read_artifact("predictions.csv")?)?;
    let best = &report["leaderboard"]["rows"][0];
    let models = report["leaderboard"]["rows"].as_array().map_or(0, Vec::len);
    let told = json!({"model": best["model"], "params": best["params"], "score": best["score"],
        "models": models, "before_mb": before, "peak_mb": peak});
    println!("{told}");
    Ok(())
}

async fn run(id: &str, params: Value, host: &Arc<MemoryHost>) -> Result<Value, Box<dyn Error>> {
    let operations = gantry_automl::engine().operations();
    let operation = operations.iter().find(|known| known.spec().id == id).ok_or("no operation")?;
    match operation.run(params, host.context()).await? {
        Step::Done(report) => Ok(report),
        Step::Fork { .. } => Err("the operation forked".into()),
    }
}

/// MiB of this process as the system counts them; none elsewhere than on Linux.
fn find_memory(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1_024.0)
}
