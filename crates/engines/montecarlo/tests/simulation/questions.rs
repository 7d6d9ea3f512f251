//! The operations that ask more of an uncertain workbook than what its outputs come to.

use std::path::Path;
use std::sync::Arc;

use gantry_engine_api::{EngineError, Operation, Step};
use gantry_engine_testkit::MemoryHost;
use gantry_montecarlo::{
    Batch, BatchParams, GoalSeek, GoalSeekParams, Optimise, OptimiseParams, Scenarios,
    ScenariosParams, Sensitivity, SensitivityParams, Stress, StressParams,
};

use super::workbooks::{project, write};

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn inputs() -> Vec<String> {
    texts(&["Inputs!B1=triangular(80,100,150)", "Inputs!B2=normal(1000,100)"])
}

fn host(path: &Path) -> Arc<MemoryHost> {
    MemoryHost::builder().with_input("workbook", path).with_threads(2).build().unwrap()
}

async fn done<O: Operation>(
    operation: O,
    host: &Arc<MemoryHost>,
    params: O::Params,
) -> Result<O::Report, EngineError> {
    match operation.run(params, host.context()).await? {
        Step::Done(report) => {
            let names = host.artifact_names();
            for file in ["report.html", "report.json", "report.xlsx"] {
                assert!(names.iter().any(|name| name == file), "{file} is missing of {names:?}");
            }
            let charts = names.iter().filter(|name| name.ends_with(".svg")).count();
            let sheets = host.read_artifact("report.xlsx").unwrap();
            let drawing = format!("xl/charts/chart{charts}.xml");
            let has_all = sheets.windows(drawing.len()).any(|part| part == drawing.as_bytes());
            assert!(charts > 0 && has_all, "{drawing} is missing");
            Ok(report)
        }
        Step::Fork { .. } => Err(EngineError::bug("it forked")),
    }
}

fn goal(change: &str, goal: &str) -> GoalSeekParams {
    GoalSeekParams {
        change: change.into(),
        goal: goal.into(),
        input: inputs(),
        output: Vec::new(),
        correlate: Vec::new(),
        copula: None,
        iterations: 4_000,
        sampling: Default::default(),
        now: None,
        distributions: None,
    }
}

#[tokio::test]
async fn scenarios_stand_beside_the_base() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(&project(folder.path()));
    let params = ScenariosParams {
        scenario: texts(&["cheap: Inputs!B1=80; Inputs!B3=50000", "full: Inputs!B2=1000"]),
        input: inputs(),
        output: texts(&["Summary!B1"]),
        iterations: 8_000,
        ..ScenariosParams::default()
    };
    let report = done(Scenarios, &host, params).await.unwrap();
    let means: Vec<f64> = report.comparison.iter().map(|c| c.mean.unwrap()).collect();
    // Means of products of what is independent: 110 · 1000 - 60000, 80 · 1000 - 50000.
    for (mean, want) in means.iter().zip([50_000.0, 30_000.0, 50_000.0]) {
        assert!((mean - want).abs() < 100.0, "{means:?}");
    }
    let spread: Vec<f64> = report.comparison.iter().map(|c| c.sd.unwrap()).collect();
    // 80 times the spread of the volume; 1000 times that of the price.
    assert!((spread[1] - 8_000.0).abs() < 100.0, "{spread:?}");
    assert!((spread[2] - 14_719.6).abs() < 100.0, "{spread:?}");
    assert_eq!(report.comparison[0].change, Some(0.0));
}

#[tokio::test]
async fn a_stressed_input_stays_within_its_part() {
    let folder = tempfile::tempdir().unwrap();
    let path = project(folder.path());
    let params = StressParams {
        stress: texts(&["Inputs!B2=90:100", "Inputs!B1=0:10"]),
        input: inputs(),
        output: texts(&["volume=Inputs!B2*1", "price=Inputs!B1*1"]),
        iterations: 8_000,
        ..StressParams::default()
    };
    let report = done(Stress, &host(&path), params.clone()).await.unwrap();
    let runs: Vec<&str> = report.scenarios.iter().map(|s| s.scenario.as_str()).collect();
    assert_eq!(runs.len(), 4, "{runs:?}");
    let least =
        |run: usize, output: usize| report.scenarios[run].summaries[output].as_ref().unwrap().min;
    let most =
        |run: usize, output: usize| report.scenarios[run].summaries[output].as_ref().unwrap().max;
    // The highest tenth of normal(1000, 100) begins at 1128.2; the lowest tenth of the price ends
    // where (x - 80)² = 0.1 · 70 · 20.
    assert!((least(1, 0) - 1128.155).abs() < 0.2 && least(1, 1) < 82.0);
    assert!((most(2, 1) - 91.832).abs() < 0.1 && least(2, 0) < 800.0);
    assert!(least(3, 0) > 1128.0 && most(3, 1) < 91.9);
    for (wrong, words) in
        [("Inputs!B3=90:100", "not uncertain"), ("Inputs!B1=90", "part of its range")]
    {
        let params = StressParams { stress: texts(&[wrong]), ..params.clone() };
        let error = done(Stress, &host(&path), params).await.unwrap_err();
        assert!(error.message.contains(words), "{}", error.message);
    }
}

#[tokio::test]
async fn sensitivity_finds_what_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(
        folder.path(),
        &[("M", &[("A1", "0"), ("A2", "0"), ("A3", "0"), ("B1", "=4*A1+2*A2+A3*A1*0")])],
    );
    let host = host(&path);
    let params = SensitivityParams {
        input: texts(&["A1=normal(0,1)", "A2=normal(0,1)", "A3=normal(0,1)"]),
        output: texts(&["B1"]),
        iterations: 20_000,
        ..SensitivityParams::default()
    };
    let report = done(Sensitivity, &host, params).await.unwrap();
    let output = &report.outputs[0];
    let names: Vec<&str> = output.influences.iter().map(|i| i.input.as_str()).collect();
    assert_eq!(names, ["M!A1", "M!A2", "M!A3"]);
    // Shares of the variance of a sum are 16 and 4 of 20.
    for (sobol, want) in output.sobol.iter().zip([0.8, 0.2, 0.0]) {
        assert!((sobol.first - want).abs() < 0.03, "{sobol:?}");
        assert!((sobol.total - want).abs() < 0.03, "{sobol:?}");
    }
    assert!((output.influences[0].regression - 0.8_f64.sqrt()).abs() < 0.02);
    assert!(output.r_squared > 0.999 && report.strongest[0].input == "M!A1");
    assert!(output.conditional[0].outputs.windows(2).all(|pair| pair[0] < pair[1]));
}

#[tokio::test]
async fn a_goal_is_reached() {
    let folder = tempfile::tempdir().unwrap();
    let path = project(folder.path());
    let search = goal("Inputs!B3=0:200000", "mean(Summary!B1)=20000");
    let report = done(GoalSeek, &host(&path), search).await.unwrap();
    assert!((report.reached - 20_000.0).abs() < 1e-3, "{}", report.reached);
    // 110 · 1000 - 20000.
    assert!((report.value - 90_000.0).abs() < 100.0, "{}", report.value);
    assert!(report.tried.len() < 30, "{}", report.tried.len());
    let search = goal("Inputs!B1=50:150", "chance(Summary!B1<0)=0.1");
    let report = done(GoalSeek, &host(&path), search).await.unwrap();
    // The lowest tenth of the volume ends at 871.84.
    assert!((report.value - 60_000.0 / 871.845).abs() < 0.1, "{}", report.value);
    for (change, aim, words) in [
        ("Inputs!B3=0:10", "mean(Summary!B1)=20000", "lies between"),
        ("Inputs!B3=10:0", "mean(Summary!B1)=20000", "no range"),
        ("Inputs!A1=0:10", "mean(Summary!B1)=20000", "holds no number"),
        ("Inputs!B3=0:10", "mode(Summary!B1)=1", "no figure"),
    ] {
        let error = done(GoalSeek, &host(&path), goal(change, aim)).await.unwrap_err();
        assert!(error.message.contains(words), "{}", error.message);
    }
}

fn optimisation() -> OptimiseParams {
    OptimiseParams {
        decision: texts(&["A1=0:10", "A2=0:10:1"]),
        maximise: Some("mean(B1)".into()),
        constraint: texts(&["mean(B2)<=12.5"]),
        input: texts(&["A3=normal(0,1)"]),
        iterations: 256,
        ..OptimiseParams::default()
    }
}

/// The best of B1 is at 6 and 7; the limit on their sum with A2 whole leaves 5.5 and 7.
fn hill(folder: &Path) -> std::path::PathBuf {
    let cells = &[
        ("A1", "1"),
        ("A2", "2"),
        ("A3", "0"),
        ("B1", "=100-(A1-6)^2-2*(A2-7)^2+A3"),
        ("B2", "=A1+A2"),
    ];
    write(folder, &[("M", cells)])
}

#[tokio::test]
async fn an_optimum_is_found_within_limits_and_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let path = hill(folder.path());
    let whole = host(&path);
    let report = done(Optimise, &whole, optimisation()).await.unwrap();
    let values: Vec<f64> = report.decisions.iter().map(|d| d.best).collect();
    assert!((values[0] - 5.5).abs() < 0.01 && values[1] == 7.0, "{values:?}");
    assert!(report.constraints[0].kept && report.best > report.base.unwrap());
    let middle = whole.checkpoints().into_iter().nth(5).unwrap();
    let resumed = MemoryHost::builder()
        .with_input("workbook", &path)
        .with_checkpoint(middle)
        .build()
        .unwrap();
    assert_eq!(done(Optimise, &resumed, optimisation()).await.unwrap(), report);
    let both = OptimiseParams { minimise: Some("sd(B1)".into()), ..optimisation() };
    let error = done(Optimise, &host(&path), both).await.unwrap_err();
    assert!(error.message.contains("either"), "{}", error.message);
}

#[tokio::test]
async fn a_batch_runs_every_row_in_every_workbook() {
    let folder = tempfile::tempdir().unwrap();
    let values = folder.path().join("values.csv");
    std::fs::write(&values, "name,Inputs!B3,Inputs!B1\nbase,,\ncheap,50000,80\n").unwrap();
    let other = folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let host = MemoryHost::builder()
        .with_input("workbook", project(folder.path()))
        .with_input("workbook_2", project(&other))
        .with_input("values", &values)
        .build()
        .unwrap();
    let params = BatchParams {
        input: inputs(),
        output: texts(&["Summary!B1"]),
        iterations: 4_000,
        ..BatchParams::default()
    };
    let report = done(Batch, &host, params.clone()).await.unwrap();
    assert_eq!((report.runs, report.results.len()), (4, 4));
    let runs: Vec<&str> = report.results.iter().map(|r| r.run.as_str()).collect();
    assert_eq!(runs, ["base", "cheap", "base", "cheap"]);
    for (row, want) in report.results.iter().zip([50_000.0, 30_000.0, 50_000.0, 30_000.0]) {
        assert!((row.mean.unwrap() - want).abs() < 150.0, "{row:?}");
    }
    let csv = String::from_utf8(host.read_artifact("results.csv").unwrap()).unwrap();
    assert_eq!(csv.lines().count(), 5, "{csv}");
    let wrong = folder.path().join("wrong.csv");
    std::fs::write(&wrong, "name,Inputs!B3\na,much\nb,little\n").unwrap();
    let host = MemoryHost::builder()
        .with_input("workbook", project(folder.path()))
        .with_input("values", &wrong)
        .build()
        .unwrap();
    let error = done(Batch, &host, params).await.unwrap_err();
    assert!(error.message.contains("no numbers"), "{}", error.message);
}
