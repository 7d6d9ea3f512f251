//! Tries candidates of a search on a table: `try_candidates TABLE.csv PARAMS.json`.
//!
//! PARAMS are those of `automl.try_candidate` without `ask`; each line of the standard input is an `ask`,
//! and each line of the output the report of its trial, or its error.

#![expect(clippy::print_stdout, reason = "reports are its output")]

use std::error::Error;
use std::io::BufRead;

use gantry_engine_api::{Engine, Step};
use gantry_engine_testkit::MemoryHost;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(table), Some(params)) = (arguments.next(), arguments.next()) else {
        return Err("give a table and parameters".into());
    };
    let params: Value = serde_json::from_str(&params)?;
    let engine = gantry_automl::engine();
    let trial =
        engine.operations().into_iter().find(|known| known.spec().id == "automl.try_candidate");
    let trial = trial.ok_or("there is no such operation")?;
    for line in std::io::stdin().lock().lines() {
        let mut params = params.clone();
        let object = params.as_object_mut().ok_or("parameters are an object")?;
        object.insert("ask".to_owned(), serde_json::from_str(&line?)?);
        let host = MemoryHost::builder().with_input("data", &table).build()?;
        let told = match trial.run(params, host.context()).await {
            Ok(Step::Done(report)) => report,
            Ok(Step::Fork { .. }) => return Err("a trial has no children".into()),
            Err(error) => json!({ "error": error.message }),
        };
        println!("{told}");
    }
    Ok(())
}
