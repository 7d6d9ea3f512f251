//! Trains on every table of a folder that has a `targets.json` (file name to target column), and
//! prints scores and times: `cargo run --release -p gantry-automl --example train_tables -- DIR`. More
//! parameters may follow as JSON, such as `{"budget_units": 100000000}`.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use gantry_engine_api::{Engine, Step};
use gantry_engine_testkit::MemoryHost;
use serde_json::{Map, Value};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder of tables")?);
    let more = std::env::args().nth(2).unwrap_or_else(|| "{}".to_owned());
    let more: Map<String, Value> = serde_json::from_str(&more)?;
    let targets = std::fs::read(folder.join("targets.json"))?;
    let targets: BTreeMap<String, String> = serde_json::from_slice(&targets)?;
    println!("table, seconds, task, metric, leaderboard, model bytes, credits");
    let mut failures = 0;
    for (file, target) in &targets {
        if let Err(error) = train(&folder.join(file), target, &more).await {
            println!("{file}: FAILED: {error}");
            failures += 1;
        }
    }
    if failures > 0 {
        return Err(format!("{failures} of {} tables failed", targets.len()).into());
    }
    Ok(())
}

async fn train(path: &Path, target: &str, more: &Map<String, Value>) -> Result<(), Box<dyn Error>> {
    let mut params = more.clone();
    params.insert("target".to_owned(), target.into());
    let host = MemoryHost::builder().with_input("data", path).with_threads(2).build()?;
    let operations = gantry_automl::engine().operations();
    let train = operations.iter().find(|op| op.spec().id == "automl.train").ok_or("no train")?;
    let begin = Instant::now();
    let step = train.run(Value::Object(params), host.context()).await?;
    let seconds = begin.elapsed().as_secs_f64();
    let Step::Done(report) = step else { return Err("the training forked".into()) };
    let bytes = host.find_artifact("model.gantry").map_or(0, |artifact| artifact.bytes);
    let rows = report["leaderboard"]["rows"].as_array().cloned().unwrap_or_default();
    let model = |row: &Value| {
        format!(
            "{} {:.4} ({}s)",
            row["model"],
            row["score"].as_f64().unwrap_or(f64::NAN),
            row["fit_seconds"]
        )
    };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    println!(
        "{name}, {seconds:.1}, {}, {}, {}, {bytes}, {}",
        report["task"],
        report["metric"],
        rows.iter().map(model).collect::<Vec<_>>().join("; "),
        host.charged().get()
    );
    for warning in report["warnings"].as_array().into_iter().flatten() {
        println!("    {warning}");
    }
    Ok(())
}
