//! Makes a synthetic table of a CSV file: `generate IN.csv OUT.csv '{"leaf": 30}' SEED`.

use std::time::Instant;

use gantry_engine_api::Engine;
use gantry_engine_testkit::MemoryHost;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, params, seed] = arguments.as_slice() else {
        return Err("usage: generate IN.csv OUT.csv PARAMS SEED".into());
    };
    let host = MemoryHost::builder()
        .with_input("data", input)
        .with_threads(2)
        .with_seed(seed.parse()?)
        .build()?;
    let operation = gantry_synth::engine()
        .operations()
        .into_iter()
        .find(|operation| operation.spec().id == "synth.generate")
        .ok_or("the operation is not there")?;
    let params = serde_json::from_str(params)?;
    let begun = Instant::now();
    tokio::runtime::Runtime::new()?.block_on(operation.run(params, host.context()))?;
    std::io::Write::write_all(
        &mut std::io::stdout(),
        format!("{:.3} s\n", begun.elapsed().as_secs_f64()).as_bytes(),
    )?;
    std::fs::write(output, host.read_artifact("synthetic.csv")?)?;
    Ok(())
}
