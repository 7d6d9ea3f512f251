//! Runs operations on a host in memory, and reads what they made.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gantry_engine_api::{AnyOperation, Engine, EngineError, Step};
pub use gantry_engine_testkit::{MemoryHost, MemoryHostBuilder};
use gantry_kit::{Frame, ReadOptions, read_frame};
use serde_json::Value;

/// A table of the repository's examples.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../examples").join(name)
}

pub fn operation(id: &str) -> Arc<dyn AnyOperation> {
    let found = gantry_synth::engine().operations().into_iter().find(|op| op.spec().id == id);
    found.unwrap()
}

/// Runs an operation to its report.
pub async fn run(id: &str, params: Value, host: &Arc<MemoryHost>) -> Result<Value, EngineError> {
    match operation(id).run(params, host.context()).await? {
        Step::Done(report) => Ok(report),
        Step::Fork { .. } => panic!("no fork was expected"),
    }
}

/// Files for one job, kept until the test ends.
pub struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// Makes a table of a file.
pub async fn generate(path: &Path, params: Value) -> Result<(Frame, Arc<MemoryHost>), EngineError> {
    let host = host(path, 2, 7);
    run("synth.generate", params, &host).await?;
    Ok((table(&host), host))
}

/// Makes a table of a text.
pub async fn generate_text(text: &str, params: Value) -> Result<Frame, EngineError> {
    let files = Files::new();
    let path = files.write("table.csv", text);
    Ok(generate(&path, params).await?.0)
}

pub fn host(path: &Path, threads: u16, seed: u64) -> Arc<MemoryHost> {
    let builder = MemoryHost::builder().with_input("data", path);
    builder.with_threads(threads).with_seed(seed).build().unwrap()
}

/// The table that a job made.
pub fn table(host: &MemoryHost) -> Frame {
    let bytes = host.read_artifact("synthetic.csv").unwrap();
    read_frame(std::io::Cursor::new(bytes), &ReadOptions::default()).unwrap().0
}

pub fn numbers(frame: &Frame, column: &str) -> Vec<f64> {
    frame.get_column(column).unwrap().find_numbers().unwrap().to_vec()
}

pub fn cells(frame: &Frame, column: &str) -> Vec<Option<String>> {
    let column = frame.get_column(column).unwrap();
    (0..frame.rows()).map(|row| column.find_cell(row).map(|cell| cell.into_owned())).collect()
}

/// The share of rows in which a column holds this.
pub fn share(frame: &Frame, column: &str, wanted: &str) -> f64 {
    let cells = cells(frame, column);
    let found = cells.iter().filter(|cell| cell.as_deref() == Some(wanted)).count();
    found as f64 / cells.len() as f64
}

/// People with what hangs together: age, group, score = 2 age + noise, city with its country.
pub fn people(rows: usize) -> String {
    let mut text = String::from("id,email,age,group,score,city,country,start,end,net,vat,gross\n");
    let mut state = 12_345_u64;
    let mut next = |bound: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    for row in 0..rows {
        let age = 18 + next(60);
        let group = if age + next(10) > 50 { "old" } else { "young" };
        let score = 2 * age + next(7);
        let place = next(4) as usize;
        let city = ["Oslo", "Bergen", "Lima", "Cusco"][place];
        let country = ["Norway", "Norway", "Peru", "Peru"][place];
        let start = 1 + next(20);
        let end = start + next(9);
        let (net, vat) = (100 + next(900), 5 + next(40));
        text.push_str(&format!(
            "{},person{row}@mail.example,{age},{group},{score},{city},{country},2024-01-{start:02},\
             2024-01-{end:02},{net},{vat},{}\n",
            row + 1,
            net + vat
        ));
    }
    text
}
