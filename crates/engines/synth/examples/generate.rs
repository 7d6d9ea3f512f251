//! Makes a synthetic table of a CSV file: `generate IN.csv OUT.csv '{"leaf": 30}' SEED`. Several files,
//! separated by commas, are tables whose rows name each other; then OUT is a folder for all files.

use std::path::Path;
use std::time::Instant;

use gantry_engine_api::{Engine, Step};
use gantry_engine_testkit::MemoryHost;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, params, seed] = arguments.as_slice() else {
        return Err("usage: generate IN.csv OUT.csv PARAMS SEED".into());
    };
    let mut builder = MemoryHost::builder().with_threads(2).with_seed(seed.parse()?);
    let files: Vec<&str> = input.split(',').collect();
    for (place, file) in files.iter().enumerate() {
        let slot = if files.len() == 1 { "data".into() } else { format!("table_{}", place + 1) };
        builder = builder.with_input(&slot, *file);
    }
    let host = builder.build()?;
    let wanted = if files.len() == 1 { "synth.generate" } else { "synth.generate_tables" };
    let operation = gantry_synth::engine()
        .operations()
        .into_iter()
        .find(|operation| operation.spec().id == wanted)
        .ok_or("the operation is not there")?;
    let params = serde_json::from_str(params)?;
    let begun = Instant::now();
    let step = tokio::runtime::Runtime::new()?.block_on(operation.run(params, host.context()))?;
    std::io::Write::write_all(
        &mut std::io::stdout(),
        format!("{:.3} s\n", begun.elapsed().as_secs_f64()).as_bytes(),
    )?;
    let made = match step {
        Step::Done(_) if files.len() == 1 => host.read_artifact("synthetic.csv")?,
        Step::Done(report) => {
            std::fs::create_dir_all(output)?;
            for name in host.artifact_names() {
                std::fs::write(Path::new(output).join(&name), host.read_artifact(&name)?)?;
            }
            let report = serde_json::to_vec_pretty(&report)?;
            return Ok(std::fs::write(Path::new(output).join("report.json"), report)?);
        }
        Step::Fork { .. } => return Err("no child was expected".into()),
    };
    std::fs::write(output, made)?;
    Ok(())
}
