//! How an attempt of a job ended, as the worker reports it.

use gantry_types::{ArtifactId, Credits, EngineErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An error that ended an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobError {
    /// Decides retry and refund.
    pub kind: EngineErrorKind,
    /// The cause, for the end user.
    pub message: String,
    /// What the end user can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
}

/// A file that the settlement makes visible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewArtifact {
    /// The identifier.
    pub id: ArtifactId,
    /// The name, unique in the job.
    pub name: String,
    /// The media type.
    pub media_type: String,
    /// What it is for: `report`, `chart`, `model`, `table` or `file`.
    pub role: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Where the blob store has the bytes.
    pub blob_key: String,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// With a report.
    Succeeded {
        /// The report.
        report: Value,
    },
    /// With an error of the engine.
    Failed {
        /// The error.
        error: JobError,
    },
    /// The host died by a signal that was not ours; does not count against the retries.
    HostDied {
        /// What is known of it.
        message: String,
    },
    /// The worker stopped and gives the job back; counts against nothing.
    GivenBack,
}

/// What a worker hands in at the end of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptResult {
    /// How it ended.
    pub ending: Ending,
    /// What the engine charged; `None` when it charged nothing, which costs the whole hold on
    /// success and nothing otherwise.
    pub charged: Option<Credits>,
    /// The files of a success; dropped otherwise.
    pub artifacts: Vec<NewArtifact>,
}
