//! What a training keeps after each model, so that a second attempt does not repeat it.
//!
//! Invariant: a checkpoint is used only by a run with the same table, parameters and seed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use gantry_engine_api::{BlockingContext, Checkpoint, LogLevel};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::evaluate::FoldScores;
use super::prepare::Prepared;
use super::report::ModelStatus;
use super::search::Ask;
use crate::error::AutomlError;
use crate::model::Algorithm;

/// The version of [`State`].
const VERSION: u32 = 4;

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
    /// Nanoseconds in which the trees of all fits predict one row, about.
    pub(super) row_work: Option<u64>,
    /// Held-out predictions of the rows that choose weights, by column: those of one fold after
    /// those of the other.
    pub(super) voice: Vec<Numbers>,
}

impl TrialNote {
    /// After the first fold alone.
    pub(super) fn of_first(spent: f64, units: u64, limit: Option<u64>) -> Self {
        let (first_units, first_loss, row_work, voice) = (units, None, None, Vec::new());
        Self { spent, units, first_units, first_loss, limit, row_work, voice }
    }
}

/// Numbers whose text is the base64 of their bytes in single precision, the least first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Numbers(pub(super) Vec<f32>);

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(size_of::<f32>() * self.0.len());
        bytes.extend(self.0.iter().copied().flat_map(f32::to_le_bytes));
        serializer.serialize_str(&BASE64.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text).map_err(D::Error::custom)?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if rest.is_empty() {
            return Ok(Self(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()));
        }
        Err(D::Error::custom("bytes of numbers in single precision come in fours"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_to_the_same_bits() {
        let numbers = Numbers(vec![0.1, -0.0, f32::MIN_POSITIVE, 1.0e30]);
        let text = serde_json::to_string(&numbers).unwrap();
        assert_eq!(text.len(), 2 + (16 * 4_usize).div_ceil(3));
        let read: Numbers = serde_json::from_str(&text).unwrap();
        let bits = |numbers: &Numbers| numbers.0.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&read), bits(&numbers));
        for wrong in ["\"AAA\"", "\"AAAA!\"", "7"] {
            assert!(serde_json::from_str::<Numbers>(wrong).is_err(), "{wrong}");
        }
    }
}
