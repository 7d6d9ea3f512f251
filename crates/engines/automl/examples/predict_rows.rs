//! Milliseconds of a single-row call of a trained model:
//! `cargo run --release -p gantry-automl --example predict_rows -- MODEL TABLE.csv` prints
//! `{"predict_p50_ms": …, "served_p50_ms": …}`: the call itself, and with the way to a thread of its
//! own and back, which a server takes.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use gantry_automl::ModelService;
use gantry_engine_api::{CallContext, CancellationToken, Engine, Service};
use gantry_engine_testkit::MemoryHost;
use gantry_kit::{Frame, ReadOptions, read_frame};
use serde_json::{Map, Value, json};

/// Calls that are measured, after one that warms up.
const CALLS: usize = 50;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let model = words.next().ok_or("name a model file")?;
    let table = words.next().ok_or("name a table")?;
    let host = MemoryHost::builder().with_input("model", Path::new(&model)).build()?;
    let (frame, _) = read_frame(std::fs::File::open(table)?, &ReadOptions::default())?;
    let rows = frame.rows().min(CALLS + 1);

    let loaded = ModelService.load(host.context().input("model").await?)?;
    let mut alone = Vec::with_capacity(rows);
    for row in 0..rows {
        let (input, context) = (derive_input(&frame, row), derive_context());
        let begun = Instant::now();
        loaded.call(input, &context)?;
        alone.push(begun.elapsed());
    }

    let services = gantry_automl::engine().services();
    let service = services.first().ok_or("the engine has no service")?;
    let loaded = service.load(host.context().input("model").await?).await?;
    let mut served = Vec::with_capacity(rows);
    for row in 0..rows {
        let (input, context) = (derive_input(&frame, row), derive_context());
        let begun = Instant::now();
        loaded.call(input, context).await?;
        served.push(begun.elapsed());
    }
    let told =
        json!({ "predict_p50_ms": derive_median(alone), "served_p50_ms": derive_median(served) });
    println!("{told}");
    Ok(())
}

fn derive_input(frame: &Frame, row: usize) -> Value {
    let cells: Map<String, Value> = frame
        .columns()
        .iter()
        .map(|column| {
            let cell = column.find_cell(row).map(|cell| Value::from(cell.into_owned()));
            (column.name().to_owned(), cell.unwrap_or(Value::Null))
        })
        .collect();
    json!({ "rows": [cells] })
}

fn derive_context() -> CallContext {
    let deadline = Instant::now() + Duration::from_secs(10);
    CallContext::new(deadline, CancellationToken::new(), Box::new(|_| {}))
}

/// Milliseconds, without the first call.
fn derive_median(mut times: Vec<Duration>) -> Option<f64> {
    let mut measured = times.split_off(1.min(times.len()));
    measured.sort();
    measured.get(measured.len() / 2).map(|median| median.as_secs_f64() * 1_000.0)
}
