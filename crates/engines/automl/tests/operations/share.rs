//! Candidates that are tried as jobs of their own: the same bytes, and a lost child costs its
//! candidate alone.

use std::path::Path;
use std::sync::Arc;

use crate::support::{MemoryHost, artifacts, example, operation, run};
use gantry_engine_api::{Checkpoint, ChildJob, ChildOutcome, EngineError, JobLimits, Step};
use gantry_types::{JobId, JobState};
use serde_json::{Value, json};

/// What a training with children left.
struct Shared {
    host: Arc<MemoryHost>,
    report: Value,
    children: Vec<ChildOutcome>,
    waves: usize,
    /// What children and parent charged.
    credits: i64,
}

/// Runs a training and its children, as the platform does; child `lost` dies.
async fn share(path: &Path, params: &Value, lost: Option<usize>) -> Shared {
    let (mut checkpoint, mut children): (Option<Checkpoint>, Vec<ChildOutcome>) = (None, vec![]);
    let mut credits = 0;
    for waves in 0..40 {
        let mut builder = MemoryHost::builder().with_input("data", path).with_threads(2);
        if let Some(checkpoint) = checkpoint.take() {
            builder = builder.with_checkpoint(checkpoint).with_children(children.clone());
        }
        let host = builder.build().unwrap();
        match operation("automl.train").run(params.clone(), host.context()).await.unwrap() {
            Step::Done(report) => {
                credits += host.charged().get();
                return Shared { host, report, children, waves, credits };
            }
            Step::Fork { children: asked, checkpoint: kept } => {
                assert!(asked.len() > 1 && host.artifact_names().is_empty());
                checkpoint = Some(kept);
                for child in asked {
                    let is_lost = lost == Some(children.len());
                    let (outcome, cost) = try_child(path, child, children.len(), is_lost).await;
                    credits += cost;
                    children.push(outcome);
                }
            }
        }
    }
    panic!("the training asks for children without end");
}

async fn try_child(
    path: &Path,
    child: ChildJob,
    ordinal: usize,
    is_lost: bool,
) -> (ChildOutcome, i64) {
    assert_eq!((child.operation.as_str(), child.inherits.len()), ("automl.try_candidate", 1));
    let mut outcome = ChildOutcome {
        job_id: JobId::generate(),
        ordinal: ordinal as u32,
        state: JobState::Failed,
        report: None,
        error: Some(EngineError::resource("It took too much memory.")),
        artifacts: Vec::new(),
    };
    if is_lost {
        return (outcome, 0);
    }
    let limits = JobLimits {
        time: std::time::Duration::from_secs(600),
        memory_bytes: 4 << 30,
        artifact_bytes: 1 << 30,
        max_credits: child.max_credits,
    };
    // A seed and threads of its own change nothing.
    let host = MemoryHost::builder().with_input("data", path).with_seed(ordinal as u64);
    let host = host.with_limits(limits).build().unwrap();
    outcome.report = Some(run("automl.try_candidate", child.params, &host).await.unwrap());
    (outcome.state, outcome.error) = (JobState::Succeeded, None);
    assert!(host.artifact_names().is_empty());
    (outcome, host.charged().get())
}

async fn train_alone(path: &Path, mut params: Value) -> (Arc<MemoryHost>, Value) {
    params.as_object_mut().unwrap().remove("parallel_jobs");
    let host = MemoryHost::builder().with_input("data", path).with_threads(2).build().unwrap();
    let report = run("automl.train", params, &host).await.unwrap();
    (host, report)
}

fn assert_same_files(alone: &MemoryHost, shared: &MemoryHost) {
    let (alone, shared) = (artifacts(alone), artifacts(shared));
    assert_eq!(alone.len(), shared.len());
    for ((name, one), (_, other)) in alone.iter().zip(&shared) {
        assert!(one == other, "{name} differs between one job and many");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_jobs_find_the_same_model_as_one() {
    let path = example("titanic.csv");
    for params in [
        json!({"target": "survived", "folds": 3, "parallel_jobs": 4}),
        json!({"target": "survived", "folds": 3, "parallel_jobs": 3, "budget_units": 150_000_000}),
    ] {
        let (alone, report) = train_alone(&path, params.clone()).await;
        let shared = share(&path, &params, None).await;
        assert_same_files(&alone, &shared.host);
        assert_eq!(report["best"], shared.report["best"]);
        let searched = params.get("budget_units").is_some();
        let (children, waves) = if searched { (15, 4) } else { (4, 1) };
        assert!(shared.children.len() >= children, "{} children", shared.children.len());
        assert!(shared.waves >= waves, "{} waves", shared.waves);
        assert_eq!(shared.credits, alone.charged().get());
    }
}

/// A table of numbers, with so many columns more that say nothing.
fn write_table(path: &Path, rows: u64, more: usize) {
    let empty: String = (0..more).map(|column| format!(",x{column}")).collect();
    let mut text = format!("a,b,c,y{empty}\n");
    for row in 0..rows {
        let [a, b, c] = [3, 7, 11].map(|k| (row * k * 2_654_435_761) % 1_009);
        let y = a * b / 100 + c + row % 17;
        text.push_str(&format!("{a},{b},{c},{y}{}\n", ",0".repeat(more)));
    }
    std::fs::write(path, text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn large_tables_share_their_first_trials() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    write_table(&path, 32_000, 0);
    let params = json!({"target": "y", "folds": 3, "budget_units": 400_000_000,
        "algorithms": ["extra_trees"], "parallel_jobs": 3});
    let (alone, _) = train_alone(&path, params.clone()).await;
    let shared = share(&path, &params, None).await;
    assert_same_files(&alone, &shared.host);
    assert!(shared.children.len() > 3, "{} children", shared.children.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn children_and_parent_cost_together_what_one_job_costs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    // A little more than a million cells, of which a model reads few.
    write_table(&path, 2_510, 396);
    let params = json!({"target": "y", "folds": 2, "parallel_jobs": 4});
    let (alone, _) = train_alone(&path, params.clone()).await;
    let shared = share(&path, &params, None).await;
    assert_same_files(&alone, &shared.host);
    let children = shared.children.iter().filter_map(|child| child.report.as_ref());
    let credits: Vec<i64> = children.filter_map(|report| report["credits"].as_i64()).collect();
    assert_eq!(credits, [1; 4]);
    assert_eq!((shared.credits, alone.charged().get()), (6, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_child_costs_its_candidate_alone() {
    let path = example("titanic.csv");
    let params = json!({"target": "survived", "folds": 3, "parallel_jobs": 4});
    let shared = share(&path, &params, Some(1)).await;
    assert_eq!((shared.children.len(), shared.waves), (4, 1));
    let board = shared.report["leaderboard"]["rows"].as_array().unwrap();
    let failed: Vec<&Value> = board.iter().filter(|row| row["status"] == "failed").collect();
    assert_eq!(failed.len(), 1, "{board:?}");
    assert_eq!(failed[0]["message"], "It took too much memory.");
    assert_eq!(board.iter().filter(|row| row["status"] == "done").count(), 4);
    assert!(shared.host.artifact_names().contains(&"model.gantry".to_owned()));
    let lines = shared.host.log_lines();
    assert!(lines.iter().any(|line| line.contains("It took too much memory")), "{lines:?}");
}

#[tokio::test]
async fn what_cannot_be_shared_is_refused_in_words() {
    let path = example("titanic.csv");
    for (more, part) in [
        (json!({"parallel_jobs": 1}), "from 2 to 32"),
        (json!({"parallel_jobs": 2, "time": "5s"}), "budget_units"),
        (json!({"parallel_jobs": 2, "algorithm": "svm"}), "for searches"),
    ] {
        let mut params = json!({"target": "survived"});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let host = MemoryHost::builder().with_input("data", &path).build().unwrap();
        let error = run("automl.train", params, &host).await.unwrap_err();
        assert!(error.message.contains(part), "{error:?}");
    }
}
