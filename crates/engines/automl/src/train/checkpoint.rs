//! What a training keeps after each model, so that a second attempt does not repeat it.
//!
//! Invariant: a checkpoint is used only by a run with the same table, parameters and seed.

use gantry_engine_api::{BlockingContext, Checkpoint, LogLevel};
use serde::{Deserialize, Serialize};

use super::evaluate::FoldScores;
use super::prepare::Prepared;
use super::report::ModelStatus;
use super::search::Ask;
use crate::error::AutomlError;
use crate::model::Algorithm;

/// The version of [`State`].
const VERSION: u32 = 2;

/// How one candidate did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ModelResult {
    pub(super) algorithm: Algorithm,
    pub(super) status: ModelStatus,
    /// Why it failed or was skipped.
    pub(super) message: Option<String>,
    pub(super) scores: Vec<FoldScores>,
    pub(super) fit_seconds: f64,
    /// What a search must know of it besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) trial: Option<TrialNote>,
}

/// A trial of a search, without its fits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TrialNote {
    /// Seconds or units that the search had spent when it ended.
    pub(super) spent: f64,
    /// Units of its fits.
    pub(super) units: u64,
    /// Units of the first fold's fit.
    pub(super) first_units: u64,
    /// Loss of the first fold's fit by itself, where that decided whether to go on.
    pub(super) first_loss: Option<f64>,
    /// Units that each fit was allowed.
    pub(super) limit: Option<u64>,
    /// Held-out predictions of the rows that choose weights, as the hexadecimal bytes of numbers
    /// in single precision; one text a fold and column.
    pub(super) voice: Vec<Vec<String>>,
}

impl TrialNote {
    /// After the first fold alone.
    pub(super) fn of_first(spent: f64, units: u64, limit: Option<u64>) -> Self {
        let (first_units, first_loss, voice) = (units, None, Vec::new());
        Self { spent, units, first_units, first_loss, limit, voice }
    }

    /// Numbers as text.
    pub(super) fn write(values: impl Iterator<Item = f32>) -> String {
        hex::encode(values.flat_map(f32::to_le_bytes).collect::<Vec<u8>>())
    }

    /// The numbers of a text; none if it is not one.
    pub(super) fn read(text: &str) -> Option<Vec<f32>> {
        let bytes = hex::decode(text).ok()?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        rest.is_empty().then(|| numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }
}

impl ModelResult {
    /// The same without what only a search must know, which may be large.
    pub(super) fn derive_summary(&self) -> Self {
        let Self { algorithm, status, fit_seconds, .. } = *self;
        let (message, scores) = (self.message.clone(), self.scores.clone());
        Self { algorithm, status, message, scores, fit_seconds, trial: None }
    }
}

#[derive(Debug, Deserialize)]
struct State {
    fingerprint: String,
    results: Vec<ModelResult>,
    /// What children were asked, with their places.
    #[serde(default)]
    asked: Vec<(u32, Ask)>,
}

/// [`State`] as it is written.
#[derive(Serialize)]
struct WrittenState<'a> {
    fingerprint: &'a str,
    results: Vec<&'a ModelResult>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    asked: &'a [(u32, Ask)],
}

/// What an earlier run knew: results, and what it asked of children.
type Known = (Vec<ModelResult>, Vec<(u32, Ask)>);

/// Results of an earlier attempt at the same training; empty where there is none.
pub(super) fn find_results(job: &BlockingContext, prepared: &Prepared) -> Known {
    let Some(checkpoint) = job.checkpoint() else { return Known::default() };
    if checkpoint.version != VERSION {
        let message = format!(
            "The checkpoint has version {}, and this program reads {VERSION}; the training starts \
             from the beginning.",
            checkpoint.version
        );
        job.log(LogLevel::Warning, message);
        return Known::default();
    }
    match State::deserialize(&checkpoint.state) {
        Ok(state) if state.fingerprint == prepared.fingerprint => (state.results, state.asked),
        Ok(_) | Err(_) => {
            let message = "The checkpoint belongs to another training and was not used.";
            job.log(LogLevel::Warning, message);
            Known::default()
        }
    }
}

/// A checkpoint of these results.
pub(super) fn derive<'a>(
    prepared: &Prepared,
    results: impl Iterator<Item = &'a ModelResult>,
    asked: &[(u32, Ask)],
) -> Result<Checkpoint, AutomlError> {
    let fingerprint = &prepared.fingerprint;
    let state = WrittenState { fingerprint, results: results.collect(), asked };
    let state = serde_json::to_value(state).map_err(|error| {
        AutomlError::inconsistent(format!("The checkpoint is not JSON: {error}."))
    })?;
    Ok(Checkpoint { version: VERSION, state })
}
