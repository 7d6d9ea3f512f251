//! What an engine says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gantry_types::{Credits, EngineErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::artifact::ArtifactRole;
use crate::estimate::Estimate;
use crate::input::InputRef;
use crate::note::LogLevel;
use crate::protocol::manifest::EngineManifest;

/// A line from the engine to the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EngineMessage {
    /// Answers `hello`.
    Ready {
        /// The version of the protocol.
        protocol: u32,
        /// What the engine can do.
        engine: EngineManifest,
    },
    /// Answers `estimate`.
    Estimate {
        /// The question's name.
        run: String,
        /// What the job would need.
        estimate: Estimate,
    },
    /// Answers `estimate` for parameters that cannot work.
    Refused {
        /// The question's name.
        run: String,
        /// JSON pointer into the parameters.
        #[serde(default)]
        pointer: String,
        /// The cause and the next step.
        message: String,
    },
    /// The job entered a stage.
    Stage {
        /// The run.
        run: String,
        /// The stage's name.
        name: String,
        /// Its number, from 1.
        current: u32,
        /// How many there are.
        total: u32,
    },
    /// How much is done, from 0 to 1.
    Progress {
        /// The run.
        run: String,
        /// The fraction.
        #[serde(deserialize_with = "nan_for_null")]
        fraction: f64,
    },
    /// A line for the log.
    Log {
        /// The run.
        run: String,
        /// How much it matters.
        level: LogLevel,
        /// The line.
        message: String,
    },
    /// A measurement.
    Metric {
        /// The run.
        run: String,
        /// What is measured.
        name: String,
        /// The engine's own step.
        step: u64,
        /// The value; JSON has no word for a number that is none, so `null` stands for it.
        #[serde(deserialize_with = "nan_for_null")]
        value: f64,
    },
    /// A result so far; the last one of a name wins.
    Partial {
        /// The run.
        run: String,
        /// The name.
        name: String,
        /// The value.
        value: Value,
    },
    /// A piece of a growing answer.
    Emit {
        /// The run.
        run: String,
        /// The piece.
        chunk: Value,
    },
    /// Adds to the cost; beyond the hold the run is cancelled with `resource`.
    Charge {
        /// The run.
        run: String,
        /// The credits.
        credits: Credits,
    },
    /// Publishes a file of the scratch folder.
    Artifact {
        /// The run.
        run: String,
        /// Asks for an `answer`; absent means none is waited for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<u64>,
        /// The artifact's name.
        name: String,
        /// Where the bytes lie, in the scratch folder.
        path: PathBuf,
        /// What it is for; absent means `file`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<ArtifactRole>,
        /// The media type; absent means what the name's ending stands for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        media_type: Option<String>,
    },
    /// Keeps a checkpoint.
    Checkpoint {
        /// The run.
        run: String,
        /// Asks for an `answer`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<u64>,
        /// The version of the engine's own format.
        version: u32,
        /// The state.
        state: Value,
    },
    /// Asks for a larger hold; always answered.
    RaiseHold {
        /// The run.
        run: String,
        /// The number of the request.
        request: u64,
        /// The new maximum.
        to: Credits,
    },
    /// Asks a language model; always answered.
    AskModel {
        /// The run.
        run: String,
        /// The number of the request.
        request: u64,
        /// The question.
        body: Value,
    },
    /// Answers `service_load`.
    ServiceLoaded {
        /// The artifact's name.
        run: String,
    },
    /// A piece of the answer to `service_call`.
    ServiceChunk {
        /// The call.
        run: String,
        /// The piece.
        chunk: Value,
    },
    /// The answer to `service_call`.
    ServiceAnswer {
        /// The call.
        run: String,
        /// The output.
        output: Value,
    },
    /// The run ended with a report.
    Done {
        /// The run.
        run: String,
        /// The report.
        report: Value,
    },
    /// The run goes on in children.
    Fork {
        /// The run.
        run: String,
        /// The children in order.
        children: Vec<ChildRequest>,
        /// The version of the engine's own checkpoint format.
        version: u32,
        /// What the next run must know.
        state: Value,
    },
    /// The run ended with an error.
    Failed {
        /// The run.
        run: String,
        /// Decides retry and refund.
        kind: EngineErrorKind,
        /// The cause, for the end user.
        message: String,
        /// What the end user can do about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_step: Option<String>,
    },
}

/// A child that an engine asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildRequest {
    /// The operation.
    pub operation: String,
    /// Its parameters.
    #[serde(default)]
    pub params: Value,
    /// Its inputs by slot.
    #[serde(default)]
    pub inputs: BTreeMap<String, InputRef>,
    /// Slots in which it reads what its parent reads there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<String>,
    /// The most that it may cost.
    #[serde(default)]
    pub max_credits: Credits,
}

impl EngineMessage {
    /// The run that a message belongs to; `None` for the handshake.
    #[must_use]
    pub fn run(&self) -> Option<&str> {
        match self {
            Self::Ready { .. } => None,
            Self::Estimate { run, .. }
            | Self::Refused { run, .. }
            | Self::Stage { run, .. }
            | Self::Progress { run, .. }
            | Self::Log { run, .. }
            | Self::Metric { run, .. }
            | Self::Partial { run, .. }
            | Self::Emit { run, .. }
            | Self::Charge { run, .. }
            | Self::Artifact { run, .. }
            | Self::Checkpoint { run, .. }
            | Self::RaiseHold { run, .. }
            | Self::AskModel { run, .. }
            | Self::ServiceLoaded { run }
            | Self::ServiceChunk { run, .. }
            | Self::ServiceAnswer { run, .. }
            | Self::Done { run, .. }
            | Self::Fork { run, .. }
            | Self::Failed { run, .. } => Some(run),
        }
    }
}

fn nan_for_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Option::<f64>::deserialize(deserializer).map(|value| value.unwrap_or(f64::NAN))
}
