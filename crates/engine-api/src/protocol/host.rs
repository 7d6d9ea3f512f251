//! What a host says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gantry_types::{Attempt, Credits, Device, JobId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::InputMeta;
use crate::step::{Checkpoint, ChildOutcome};

/// A line from the host to the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HostMessage {
    /// Opens the session.
    Hello {
        /// The version of the protocol.
        protocol: u32,
    },
    /// Asks what a job would need; answered by `estimate` or `refused`.
    Estimate {
        /// Names the question.
        run: String,
        /// The operation.
        operation: String,
        /// The parameters.
        params: Value,
        /// What is known of the inputs.
        inputs: Vec<InputMeta>,
    },
    /// Begins a run.
    Run(Box<RunRequest>),
    /// Loads an artifact of a service; answered by `service_loaded` or `failed`.
    ServiceLoad {
        /// Names the artifact from now on, and the answer.
        run: String,
        /// The service.
        service: String,
        /// The artifact; the file may be gone after the answer.
        artifact: RunInput,
    },
    /// Asks a loaded artifact; answered by any number of `service_chunk`, then by
    /// `service_answer` or `failed`.
    ServiceCall {
        /// Names the call.
        run: String,
        /// The name under which the artifact was loaded.
        loaded: String,
        /// The input.
        input: Value,
        /// The call is of no use after so many milliseconds.
        time_ms: u64,
    },
    /// Forgets an artifact; not answered.
    ServiceUnload {
        /// The name under which it was loaded.
        loaded: String,
    },
    /// Asks a run or a call to end soon with `failed` of kind `cancelled`.
    Cancel {
        /// The run.
        run: String,
    },
    /// Answers a message of the engine that asked for an answer.
    Answer {
        /// The run.
        run: String,
        /// The number that the engine gave its message.
        request: u64,
        /// The answer of a request that was granted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<Value>,
        /// Why it was not granted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<crate::error::EngineError>,
    },
}

/// All that a run knows from its start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRequest {
    /// Names the run in every later message.
    pub run: String,
    /// The job, also over several attempts.
    pub job: JobId,
    /// The operation.
    pub operation: String,
    /// The parameters.
    pub params: Value,
    /// The seed, as decimal digits: JSON numbers of many languages are too short for it.
    pub seed: String,
    /// The attempt, from 1.
    pub attempt: Attempt,
    /// The processor that was leased.
    pub device: Device,
    /// The threads that were leased.
    pub threads: u16,
    /// The limits.
    pub limits: RunLimits,
    /// The folder for temporary files and artifacts.
    pub scratch: PathBuf,
    /// The inputs by slot.
    pub inputs: BTreeMap<String, RunInput>,
    /// What an earlier run of the job left.
    pub checkpoint: Option<Checkpoint>,
    /// How the children that an earlier run forked have ended, in their order.
    pub children: Vec<ChildOutcome>,
}

/// The limits of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLimits {
    /// Wall time in milliseconds.
    pub time_ms: u64,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
    /// Bytes of all artifacts together.
    pub artifact_bytes: u64,
    /// The hold.
    pub max_credits: Credits,
}

/// An input as a read-only file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInput {
    /// Where the bytes lie.
    pub path: PathBuf,
    /// What is known of it.
    pub meta: InputMeta,
}
