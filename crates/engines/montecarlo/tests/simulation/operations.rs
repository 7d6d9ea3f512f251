//! The operations on a host in memory.

use std::path::Path;
use std::sync::Arc;

use gantry_engine_api::{EngineError, JobNote, Operation, Step};
use gantry_engine_testkit::{MemoryHost, MemoryHostBuilder};
use gantry_montecarlo::{
    DrawsFile, EngineChoice, Inspect, InspectParams, Recalculate, RecalculateParams, Simulate,
    SimulateParams, SimulateReport,
};
use gantry_types::EngineErrorKind;
use gantry_workbook::{Limits, SheetId, Value, load};

use super::workbooks::{project, write};

fn params() -> SimulateParams {
    SimulateParams {
        // As a command line cuts them.
        input: ["Inputs!B1=triangular(80", "100", "150)", "Inputs!B2=normal(1000,100)"]
            .map(String::from)
            .to_vec(),
        output: vec!["Summary!B1".into(), "share=Summary!B1/Inputs!B3".into()],
        iterations: 20_000,
        below: vec!["Summary!B1<0".into()],
        ..SimulateParams::default()
    }
}

fn host(path: &Path) -> MemoryHostBuilder {
    MemoryHost::builder().with_input("workbook", path)
}

async fn simulated(
    host: &Arc<MemoryHost>,
    params: SimulateParams,
) -> Result<SimulateReport, EngineError> {
    match Simulate.run(params, host.context()).await? {
        Step::Done(report) => Ok(report),
        Step::Fork { .. } => Err(EngineError::bug("it forked")),
    }
}

#[tokio::test]
async fn a_simulation_finds_what_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(&project(folder.path())).with_threads(2).build().unwrap();
    let report = simulated(&host, params()).await.unwrap();
    let profit = &report.outputs[0];
    let summary = profit.summary.as_ref().unwrap();
    // The mean of a product of independent factors is the product of the means.
    let want = 110.0 * 1000.0 - 60_000.0;
    assert!((summary.mean - want).abs() < 50.0, "{}", summary.mean);
    assert_eq!((profit.base, summary.errors), (Some(40_000.0), 0));
    assert_eq!(profit.influences[0].input, "Inputs!B1");
    assert!(profit.influences[0].rank_correlation > 0.7);
    assert!(profit.below[0].probability < 0.01);
    let share = report.outputs[1].summary.as_ref().unwrap();
    assert!((share.mean - summary.mean / 60_000.0).abs() < 1e-9);
    assert_eq!((report.import.formulas, report.import.vectorised), (1, 1));
    let names = host.artifact_names();
    for name in
        ["report.html", "report.json", "report.xlsx", "draws.csv", "draws.parquet", "cdf-1.svg"]
    {
        assert!(names.iter().any(|n| n == name), "{name} is missing of {names:?}");
    }
    let partial = host.find_partial("simulation").unwrap();
    assert!(partial["outputs"][0]["summary"]["mean"].is_number());
}

#[tokio::test]
async fn draws_come_as_the_files_that_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = project(folder.path());
    for engine in [EngineChoice::Power, EngineChoice::Arrow] {
        let host = host(&path).with_threads(2).build().unwrap();
        let params =
            SimulateParams { draws: 700, draws_as: vec![DrawsFile::Xlsx], engine, ..params() };
        simulated(&host, params).await.unwrap();
        let names = host.artifact_names();
        assert!(!names.iter().any(|n| n == "draws.csv" || n == "draws.parquet"), "{names:?}");
        let sheet = host.read_artifact("draws.xlsx").unwrap();
        let book = load(std::io::Cursor::new(sheet), &Limits::default()).unwrap();
        let draws = book.sheet(SheetId(0));
        assert_eq!(draws.cells().len(), 701 * 4);
        let price = draws.find_cell(700, 0).map(|cell| cell.value.clone());
        assert!(matches!(price, Some(Value::Number(x)) if (80.0..150.0).contains(&x)));
    }
    let many = SimulateParams {
        iterations: 2_000_000,
        draws: 1_048_576,
        draws_as: vec![DrawsFile::Xlsx],
        ..params()
    };
    let error = Simulate.estimate(&many, &[]).unwrap_err().to_string();
    assert!(error.contains("1048575") && error.contains("parquet"), "{error}");
}

#[tokio::test]
async fn the_number_of_threads_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = project(folder.path());
    let mut hashes = Vec::new();
    for threads in [1, 2, 8] {
        let host = host(&path).with_threads(threads).with_seed(5).build().unwrap();
        let report = simulated(&host, params()).await.unwrap();
        let page = host.read_artifact("report.html").unwrap();
        let sheets = host.read_artifact("report.xlsx").unwrap();
        let draws = host.read_artifact("draws.parquet").unwrap();
        hashes.push((report.result_hash, page, sheets, draws));
    }
    assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]));
    let other = host(&path).with_seed(6).build().unwrap();
    assert_ne!(simulated(&other, params()).await.unwrap().result_hash, hashes[0].0);
}

#[tokio::test]
async fn a_narrow_interval_ends_the_run_at_a_fixed_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = project(folder.path());
    let mut stops = Vec::new();
    for threads in [1, 3] {
        let host = host(&path).with_threads(threads).build().unwrap();
        let params = SimulateParams {
            iterations: 1_000_000,
            stop_when: Some("mean +- 1%".into()),
            ..params()
        };
        let report = simulated(&host, params).await.unwrap();
        assert!(report.stopped_early);
        stops.push(report.iterations);
    }
    assert!(stops[0] == stops[1] && stops[0] % 256 == 0 && stops[0] < 20_000, "{stops:?}");
}

#[tokio::test]
async fn a_simulation_may_lie_beside_its_workbook() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("simulation.toml");
    let text = "input = ['Inputs!B1=uniform(90,110)']\noutput = ['Summary!B3']\niterations = 500\n";
    std::fs::write(&file, text).unwrap();
    let host = host(&project(folder.path())).with_input("simulation", file).build().unwrap();
    let report = simulated(&host, SimulateParams::default()).await.unwrap();
    assert_eq!((report.iterations, report.outputs[0].name.as_str()), (500, "Summary!B3"));
}

#[tokio::test]
async fn formulas_may_name_their_distributions() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(
        folder.path(),
        &[(
            "Model",
            &[
                ("A1", "=RiskNormal(100,10)"),
                ("A2", "=RAND()"),
                ("A3", "=A1*2+A2+RiskUniform(0,2)"),
            ],
        )],
    );
    let host = host(&path).build().unwrap();
    let params = SimulateParams { output: vec!["Model!A3".into()], ..SimulateParams::default() };
    let report = simulated(&host, params).await.unwrap();
    assert_eq!(report.inputs.len(), 3);
    let summary = report.outputs[0].summary.as_ref().unwrap();
    assert!((summary.mean - 201.5).abs() < 0.1, "{}", summary.mean);
}

#[tokio::test]
async fn a_cancel_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(&project(folder.path()))
        .with_note_hook(|note, stop| {
            if matches!(note, JobNote::Partial { .. }) {
                stop.cancel();
            }
        })
        .build()
        .unwrap();
    let params = SimulateParams { iterations: 50_000_000, ..params() };
    let error = simulated(&host, params).await.unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Cancelled);
}

#[tokio::test]
async fn wrong_questions_are_answered_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = project(folder.path());
    for (input, output, words) in [
        ("Inputs!B1=wavy(1,2,3)", "Summary!B1", "wavy"),
        ("Nowhere!B1=normal(1,2)", "Summary!B1", "no sheet `Nowhere`"),
        ("Inputs!B9=normal(1,2)", "Summary!B1", "without content"),
        ("Inputs!B1", "Summary!B1", "no distribution"),
        ("Inputs!B1=normal(1,2)", "", "No output"),
        ("", "Summary!B1", "No input"),
        ("Inputs!B1=normal(1,2)", "x=SUM(", "no formula"),
    ] {
        let host = host(&path).build().unwrap();
        let params = SimulateParams {
            input: vec![input.into()],
            output: vec![output.into()],
            ..SimulateParams::default()
        };
        let error = simulated(&host, params).await.unwrap_err();
        assert!(error.message.contains(words), "{input} {output}: {}", error.message);
        assert_ne!(error.kind, EngineErrorKind::Bug);
    }
}

#[tokio::test]
async fn a_workbook_is_mapped() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(&project(folder.path())).build().unwrap();
    let Step::Done(report) = Inspect.run(InspectParams {}, host.context()).await.unwrap() else {
        panic!("it forked");
    };
    let inputs: Vec<&str> = report.likely_inputs.iter().map(|c| c.cell.as_str()).collect();
    assert_eq!(inputs, ["Inputs!B1", "Inputs!B2", "Inputs!B3"]);
    assert_eq!(report.likely_inputs[0].label.as_deref(), Some("Price"));
    assert_eq!(report.sheets[1].reads, ["Inputs"]);
    assert!(host.artifact_names().iter().any(|n| n == "graph.json"));
}

#[tokio::test]
async fn a_workbook_is_recalculated_with_other_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(&project(folder.path())).build().unwrap();
    let params = RecalculateParams {
        set: vec!["Inputs!B1=50".into()],
        output: vec!["Summary!B1".into(), "Summary!B2".into()],
        now: None,
    };
    let Step::Done(report) = Recalculate.run(params, host.context()).await.unwrap() else {
        panic!("it forked");
    };
    let values: Vec<_> = report.outputs.iter().map(|o| o.value.clone()).collect();
    assert_eq!(values, [serde_json::json!(-10_000.0), serde_json::json!("loss")]);
}
