//! Correlated inputs, draws that are not kept, and runs that are divided.

use std::path::Path;
use std::sync::Arc;

use gantry_engine_api::{ChildJob, ChildOutcome, EngineError, JobNote, Operation, Step};
use gantry_engine_testkit::MemoryHost;
use gantry_montecarlo::{
    DistributionSet, EngineChoice, PartParams, Simulate, SimulateParams, SimulatePart,
    SimulateReport,
};
use gantry_types::{EngineErrorKind, JobId, JobState};

use super::workbooks::project;

const ITERATIONS: u64 = 60_000;

fn params() -> SimulateParams {
    SimulateParams {
        input: vec!["Inputs!B1=triangular(80,100,150)".into(), "Inputs!B2=normal(1000,100)".into()],
        output: vec!["Summary!B1".into()],
        iterations: ITERATIONS,
        below: vec!["Summary!B1<40000".into()],
        ..SimulateParams::default()
    }
}

fn arrow(shards: u16) -> SimulateParams {
    SimulateParams { engine: EngineChoice::Arrow, shards, ..params() }
}

async fn run(host: &Arc<MemoryHost>, params: SimulateParams) -> Step<SimulateReport> {
    Simulate.run(params, host.context()).await.unwrap()
}

async fn done(path: &Path, params: SimulateParams) -> SimulateReport {
    let host = MemoryHost::builder().with_input("workbook", path).build().unwrap();
    let Step::Done(report) = run(&host, params).await else { panic!("it forked") };
    report
}

async fn refused(path: &Path, params: SimulateParams) -> EngineError {
    let host = MemoryHost::builder().with_input("workbook", path).build().unwrap();
    Simulate.run(params, host.context()).await.unwrap_err()
}

/// A child as a worker runs it, on a host and with a seed of its own.
async fn child(path: &Path, job: &ChildJob, ordinal: usize) -> ChildOutcome {
    assert_eq!(
        (job.operation.as_str(), job.inherits.as_slice()),
        ("montecarlo.simulate_part", ["workbook".to_owned()].as_slice(),)
    );
    let part: PartParams = serde_json::from_value(job.params.clone()).unwrap();
    let host = MemoryHost::builder()
        .with_input("workbook", path)
        .with_seed(ordinal as u64)
        .with_threads(1 + ordinal as u16 % 3)
        .build()
        .unwrap();
    let Step::Done(report) = SimulatePart.run(part, host.context()).await.unwrap() else {
        panic!("a shard forked")
    };
    assert!(host.charged() <= job.max_credits);
    ChildOutcome {
        job_id: JobId::generate(),
        ordinal: ordinal as u32,
        state: JobState::Succeeded,
        report: Some(serde_json::to_value(report).unwrap()),
        error: None,
        artifacts: Vec::new(),
    }
}

/// A whole run in shards; one of them is lost on its way and done again.
async fn sharded(path: &Path, shards: u16) -> SimulateReport {
    let host = MemoryHost::builder().with_input("workbook", path).build().unwrap();
    let Step::Fork { children, checkpoint } = run(&host, arrow(shards)).await else {
        panic!("it did not fork")
    };
    assert_eq!(children.len(), usize::from(shards));
    let lost = MemoryHost::builder()
        .with_input("workbook", path)
        .with_note_hook(|note, stop| {
            if matches!(note, JobNote::Partial { .. }) {
                stop.cancel();
            }
        })
        .build()
        .unwrap();
    let part: PartParams = serde_json::from_value(children[0].params.clone()).unwrap();
    let error = SimulatePart.run(part, lost.context()).await.unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Cancelled);
    let mut outcomes = Vec::new();
    for (ordinal, job) in children.iter().enumerate() {
        outcomes.push(child(path, job, ordinal).await);
    }
    let parent = MemoryHost::builder()
        .with_input("workbook", path)
        .with_checkpoint(checkpoint)
        .with_children(outcomes)
        .build()
        .unwrap();
    let Step::Done(report) = run(&parent, arrow(shards)).await else { panic!("it forked twice") };
    assert!(parent.artifact_names().iter().any(|n| n == "draws.parquet"));
    report
}

#[tokio::test]
async fn shards_come_to_the_same_as_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = project(folder.path());
    let kept = done(&path, params()).await;
    let whole = done(&path, arrow(1)).await;
    assert_eq!(kept.result_hash, whole.result_hash);
    let (exact, counted) = (&kept.outputs[0], &whole.outputs[0]);
    let (a, b) = (exact.summary.as_ref().unwrap(), counted.summary.as_ref().unwrap());
    assert!((a.mean - b.mean).abs() < 1e-6 && (a.sd - b.sd).abs() < 1e-6);
    assert!(a.cdf.iter().zip(&b.cdf).all(|(x, y)| (x - y).abs() <= 0.01 * x.abs() + 1e-9));
    assert!((exact.below[0].probability - counted.below[0].probability).abs() < 0.01);
    assert_eq!(exact.influences, counted.influences);
    for shards in [2, 8] {
        assert_eq!(sharded(&path, shards).await, whole, "{shards} shards");
    }
}

#[tokio::test]
async fn exact_percentiles_of_counted_draws_are_those_of_kept_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = project(folder.path());
    let kept = done(&path, params()).await;
    let counted = done(&path, SimulateParams { exact: true, ..arrow(1) }).await;
    assert_eq!(kept.result_hash, counted.result_hash);
    for (kept, counted) in kept.outputs.iter().zip(&counted.outputs) {
        let (kept, counted) = (kept.summary.as_ref().unwrap(), counted.summary.as_ref().unwrap());
        assert_eq!((&kept.percentiles, &kept.cdf), (&counted.percentiles, &counted.cdf));
        for (a, b) in [(kept.cvar_low, counted.cvar_low), (kept.cvar_high, counted.cvar_high)] {
            assert!((a - b).abs() <= 1e-10 * a.abs(), "{a} {b}");
        }
    }
}

#[tokio::test]
async fn a_shard_without_result_ends_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = project(folder.path());
    let host = MemoryHost::builder().with_input("workbook", &path).build().unwrap();
    let Step::Fork { children, checkpoint } = run(&host, arrow(2)).await else {
        panic!("it did not fork")
    };
    let mut outcomes = vec![child(&path, &children[0], 0).await];
    outcomes.push(ChildOutcome {
        ordinal: 1,
        state: JobState::Failed,
        report: None,
        error: Some(EngineError::resource("It took too much memory.")),
        ..outcomes[0].clone()
    });
    let parent = MemoryHost::builder()
        .with_input("workbook", &path)
        .with_checkpoint(checkpoint)
        .with_children(outcomes)
        .build()
        .unwrap();
    let error = Simulate.run(arrow(2), parent.context()).await.unwrap_err();
    assert!(error.message.contains("Shard 2") && error.message.contains("too much memory"));
}

#[tokio::test]
async fn correlated_inputs_move_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = project(folder.path());
    let params = |copula: Option<&str>, rho: &str| SimulateParams {
        output: vec!["ratio=Inputs!B1/Inputs!B2".into(), "Summary!B1".into()],
        correlate: vec![format!("Inputs!B1~Inputs!B2={rho}")],
        copula: copula.map(str::to_owned),
        iterations: 20_000,
        below: Vec::new(),
        ..params()
    };
    let spread = |report: &SimulateReport| report.outputs[1].summary.as_ref().unwrap().sd;
    let against = done(&path, params(None, "-0.9")).await;
    let alone = done(&path, params(None, "0")).await;
    let together = done(&path, params(Some("t(4)"), "0.9")).await;
    assert!(spread(&against) < 0.8 * spread(&alone), "{} {}", spread(&against), spread(&alone));
    assert!(spread(&together) > 1.2 * spread(&alone));
    for (copula, rho, words) in [
        (Some("clayton"), "0.5", "no copula"),
        (None, "2", "between -1 and 1"),
        (None, "x", "no correlation"),
    ] {
        let error = refused(&path, params(copula, rho)).await;
        assert!(error.message.contains(words), "{}", error.message);
    }
}

#[tokio::test]
async fn correlations_that_cannot_be_come_with_the_nearest_that_can() {
    let folder = tempfile::tempdir().unwrap();
    let path = project(folder.path());
    let mut params = params();
    params.input.push("Inputs!B3=normal(60000,1000)".into());
    params.correlate =
        ["Inputs!B1~Inputs!B2=0.9", "Inputs!B2~Inputs!B3=0.9", "Inputs!B1~Inputs!B3=-0.9"]
            .map(String::from)
            .to_vec();
    let error = refused(&path, params.clone()).await;
    let next = error.next_step.unwrap();
    assert!(error.message.contains("cannot hold together"), "{}", error.message);
    let (_, offered) = next.split_once(": ").unwrap();
    params.correlate = vec![offered.to_owned()];
    assert_eq!(done(&path, params).await.iterations, ITERATIONS);
}

#[tokio::test]
async fn a_basic_simulation_draws_from_basic_distributions() {
    let folder = tempfile::tempdir().unwrap();
    let path = project(folder.path());
    let set = Some(DistributionSet::Basic);
    let basic = SimulateParams { distributions: set, iterations: 500, ..params() };
    assert_eq!(done(&path, basic.clone()).await.inputs.len(), 2);
    let input = vec!["Inputs!B1=gamma(2,3)".into()];
    let error = refused(&path, SimulateParams { input, ..basic }).await;
    assert!(error.message.contains("gamma") && error.message.contains("advanced"));
}

#[tokio::test]
async fn what_engines_cannot_do_is_said_before_the_run() {
    let meta = |slot: &str| gantry_engine_api::InputMeta {
        slot: slot.into(),
        name: "model.xlsx".into(),
        media_type: String::new(),
        bytes: 9000,
        sha256: String::new(),
        rows: None,
        columns: Vec::new(),
    };
    let inputs = [meta("workbook")];
    let refused = |params: SimulateParams| Simulate.estimate(&params, &inputs).unwrap_err().pointer;
    assert_eq!(refused(SimulateParams { shards: 4, ..params() }), "/shards");
    assert_eq!(refused(arrow(0)), "/shards");
    let stop_when = Some("mean ± 1%".to_owned());
    assert_eq!(refused(SimulateParams { stop_when, ..arrow(1) }), "/stop_when");
    assert_eq!(refused(SimulateParams { iterations: 1 << 40, ..params() }), "/iterations");
    let large = SimulateParams { iterations: 1_000_000_000, ..arrow(8) };
    let estimate = Simulate.estimate(&large, &inputs).unwrap();
    assert!(estimate.memory_bytes <= 1 << 30 && estimate.max_credits.get() > 100);
    let meters: Vec<&str> = estimate.meters.keys().map(|m| m.as_str()).collect();
    assert_eq!(meters, ["iterations", "streamed_iterations"]);
}
