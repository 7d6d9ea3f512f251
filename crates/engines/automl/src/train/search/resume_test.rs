//! A search that is killed and goes on finds the candidates of its brackets again, also those that
//! failed on a later fold.

use std::sync::Arc;

use gantry_engine_api::{Checkpoint, EngineError};
use gantry_engine_testkit::MemoryHost;
use gantry_learn::Control;
use serde_json::{Value, json};

use super::Search;
use crate::ops::train::TrainParams;
use crate::target::TargetValues;
use crate::train::bill::Bill;
use crate::train::budget::Purse;
use crate::train::read_and_prepare;

/// Everything but the time that fits took.
type Outcomes = Vec<Value>;

fn write_table(folder: &std::path::Path) -> std::path::PathBuf {
    let row = |i: u32| {
        let (a, b) = ((i * 37) % 101, (i * 53) % 89);
        format!("{a},{b},{}\n", if a + b + i % 23 > 100 { "yes" } else { "no" })
    };
    let path = folder.join("table.csv");
    std::fs::write(&path, format!("a,b,y\n{}", (0..120).map(row).collect::<String>())).unwrap();
    path
}

/// Tries brackets on three folds, of which the second one cannot be learned from.
async fn try_brackets(
    path: &std::path::Path,
    checkpoint: Option<Checkpoint>,
) -> (Arc<MemoryHost>, Outcomes) {
    let mut builder = MemoryHost::builder().with_input("data", path);
    if let Some(checkpoint) = checkpoint {
        builder = builder.with_checkpoint(checkpoint);
    }
    let host = builder.build().unwrap();
    let run = |job: &gantry_engine_api::BlockingContext| -> Result<Outcomes, EngineError> {
        let params = json!({"target": "y", "folds": 3, "budget_units": 2_000_000,
            "algorithms": ["extra_trees"]});
        let params: TrainParams = serde_json::from_value(params).unwrap();
        let mut prepared = read_and_prepare(job, &params, 1)?;
        let TargetValues::Classes { codes, .. } = prepared.target.values.clone() else {
            panic!("classes were expected")
        };
        prepared.folds[1].train.retain(|row| codes[*row] == 0);
        let purse = Purse::open(params.budget());
        let bill = Bill::open(job, &prepared, params.budget());
        let control = Control::unlimited();
        let mut search = Search::new((job, &prepared), control, (&purse, &bill), 0)?;
        assert!(search.try_brackets()?.is_continue());
        let outcome = |entry: &super::Entry| {
            let result = &entry.result;
            json!([
                entry.candidate.describe(),
                result.status,
                result.message,
                result.scores,
                result.trial
            ])
        };
        Ok(search.entries.iter().map(outcome).collect())
    };
    let outcomes = host.context().compute(run).await.unwrap();
    (host, outcomes)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_on_a_later_fold_stays_in_its_bracket() {
    let folder = tempfile::tempdir().unwrap();
    let path = write_table(folder.path());
    let (host, whole) = try_brackets(&path, None).await;
    let failed = whole.iter().filter(|outcome| outcome[1] == "failed").count();
    assert!(whole.len() > 12 && failed >= 4, "{failed} of {} failed", whole.len());
    for kept in host.checkpoints().into_iter().step_by(3) {
        let (_, resumed) = try_brackets(&path, Some(kept)).await;
        assert_eq!(resumed, whole);
    }
}
