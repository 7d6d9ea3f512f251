//! What a training keeps after each model, so that a second attempt does not repeat it.
//!
//! Invariant: a checkpoint is used only by a run with the same table, parameters and seed.

use gantry_engine_api::{BlockingContext, Checkpoint, LogLevel};
use serde::{Deserialize, Serialize};

use super::evaluate::FoldScores;
use super::prepare::Prepared;
use super::report::ModelStatus;
use crate::error::AutomlError;
use crate::model::Algorithm;

/// The version of [`State`].
const VERSION: u32 = 1;

/// How one candidate did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ModelResult {
    pub(super) algorithm: Algorithm,
    pub(super) status: ModelStatus,
    /// Why it failed or was skipped.
    pub(super) message: Option<String>,
    pub(super) scores: Vec<FoldScores>,
    pub(super) fit_seconds: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    fingerprint: String,
    results: Vec<ModelResult>,
}

/// Results of an earlier attempt at the same training; empty where there is none.
pub(super) fn find_results(job: &BlockingContext, prepared: &Prepared) -> Vec<ModelResult> {
    let Some(checkpoint) = job.checkpoint() else { return Vec::new() };
    if checkpoint.version != VERSION {
        let message = format!(
            "The checkpoint has version {}, and this program reads {VERSION}; the training starts \
             from the beginning.",
            checkpoint.version
        );
        job.log(LogLevel::Warning, message);
        return Vec::new();
    }
    match State::deserialize(&checkpoint.state) {
        Ok(state) if state.fingerprint == prepared.fingerprint => state.results,
        Ok(_) | Err(_) => {
            let message = "The checkpoint belongs to another training and was not used.";
            job.log(LogLevel::Warning, message);
            Vec::new()
        }
    }
}

pub(super) fn save(
    job: &BlockingContext,
    prepared: &Prepared,
    results: &[ModelResult],
) -> Result<(), AutomlError> {
    let state = State { fingerprint: prepared.fingerprint.clone(), results: results.to_vec() };
    let state = serde_json::to_value(state).map_err(|error| {
        AutomlError::inconsistent(format!("The checkpoint is not JSON: {error}."))
    })?;
    job.save_checkpoint(Checkpoint { version: VERSION, state })?;
    Ok(())
}
