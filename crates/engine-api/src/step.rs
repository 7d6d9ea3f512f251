//! How a run of an operation ends: with a report, or by handing work to children.

use gantry_types::{Credits, JobId, JobState};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::EngineError;
use crate::input::InputRef;

/// What an engine wants to find again when its job is run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The version of the engine's own format; an engine reads one version back.
    pub version: u32,
    /// The state.
    pub state: Value,
}

/// A job that a parent wants to have run on its behalf.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildJob {
    /// The operation, of any engine.
    pub operation: String,
    /// Its parameters.
    pub params: Value,
    /// Its inputs by slot.
    pub inputs: Vec<(String, InputRef)>,
    /// Slots in which it reads what its parent reads there.
    #[serde(default)]
    pub inherits: Vec<String>,
    /// The most that it may cost, out of the root's hold.
    pub max_credits: Credits,
}

/// How a child ended. Parents see their children in the order in which they forked them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildOutcome {
    /// The child.
    pub job_id: JobId,
    /// Its place among its siblings, from 0.
    pub ordinal: u32,
    /// How it ended.
    pub state: JobState,
    /// Its report, when it succeeded.
    pub report: Option<Value>,
    /// Its error, when it did not.
    pub error: Option<EngineError>,
    /// The artifacts that it published, by name.
    pub artifacts: Vec<(String, InputRef)>,
}

/// How one run of an operation ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Step<R> {
    /// The work is done.
    Done(R),
    /// The work goes on in children; the operation is run again when all have settled, with
    /// the checkpoint and their outcomes in its context.
    Fork {
        /// The children in order.
        children: Vec<ChildJob>,
        /// What the next run must know.
        checkpoint: Checkpoint,
    },
}
