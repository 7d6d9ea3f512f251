//! Milliseconds of a single-row call of a trained model, as a service makes it:
//! `cargo run --release -p gantry-automl --example predict_rows -- MODEL TABLE.csv` prints
//! `{"predict_p50_ms": …}`.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use gantry_engine_api::{CallContext, CancellationToken, Engine};
use gantry_engine_testkit::MemoryHost;
use gantry_kit::{ReadOptions, read_frame};
use serde_json::{Map, Value, json};

/// Calls that are measured, after one that warms up.
const CALLS: usize = 50;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let model = words.next().ok_or("name a model file")?;
    let table = words.next().ok_or("name a table")?;
    let host = MemoryHost::builder().with_input("model", Path::new(&model)).build()?;
    let file = host.context().input("model").await?;
    let services = gantry_automl::engine().services();
    let service = services.first().ok_or("the engine has no service")?;
    let loaded = service.load(file).await?;
    let (frame, _) = read_frame(std::fs::File::open(table)?, &ReadOptions::default())?;
    let mut times = Vec::with_capacity(CALLS);
    for row in 0..=CALLS.min(frame.rows().saturating_sub(1)) {
        let cells: Map<String, Value> = frame
            .columns()
            .iter()
            .map(|column| {
                let cell = column.find_cell(row).map(|cell| Value::from(cell.into_owned()));
                (column.name().to_owned(), cell.unwrap_or(Value::Null))
            })
            .collect();
        let deadline = Instant::now() + Duration::from_secs(10);
        let context = CallContext::new(deadline, CancellationToken::new(), Box::new(|_| {}));
        let begun = Instant::now();
        loaded.call(json!({ "rows": [cells] }), context).await?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    let mut measured = times.split_off(1.min(times.len()));
    measured.sort_by(f64::total_cmp);
    let p50 = measured.get(measured.len() / 2).copied().unwrap_or(f64::NAN);
    println!("{}", json!({ "predict_p50_ms": p50 }));
    Ok(())
}
