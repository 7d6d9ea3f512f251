//! What an engine may answer instead of a report.
//!
//! Invariant: every error says its cause in words that the end user understands; the kind
//! alone decides retry and refund.

use gantry_types::EngineErrorKind;
use serde::{Deserialize, Serialize};

/// A job or a call ended without a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    /// Decides retry and refund.
    pub kind: EngineErrorKind,
    /// The cause, for the end user.
    pub message: String,
    /// What the end user can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
    /// Only the host of a process can know it, so it does not travel in messages.
    #[serde(skip)]
    host_died: bool,
}

impl EngineError {
    /// An error of a kind that is only known at run time.
    pub fn of(kind: EngineErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), next_step: None, host_died: false }
    }

    /// The process that ran the job died of a cause that was not its own doing. The job is run
    /// again without counting against its retries; too many such deaths end it.
    pub fn host_died(message: impl Into<String>) -> Self {
        Self { host_died: true, ..Self::of(EngineErrorKind::Transient, message) }
    }

    /// Whether this was made by [`Self::host_died`].
    #[must_use]
    pub const fn is_host_death(&self) -> bool {
        self.host_died
    }

    /// The parameters are wrong.
    pub fn params(message: impl Into<String>) -> Self {
        Self::of(EngineErrorKind::Params, message)
    }

    /// The input data are wrong.
    pub fn input(message: impl Into<String>) -> Self {
        Self::of(EngineErrorKind::Input, message)
    }

    /// A limit was reached.
    pub fn resource(message: impl Into<String>) -> Self {
        Self::of(EngineErrorKind::Resource, message)
    }

    /// Something outside failed and may work the next time.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::of(EngineErrorKind::Transient, message)
    }

    /// Somebody asked the job to stop.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::of(EngineErrorKind::Cancelled, "The job was cancelled.")
    }

    /// The engine is wrong.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::of(EngineErrorKind::Bug, message)
    }

    /// Adds what the end user can do about it.
    #[must_use]
    pub fn with_next_step(mut self, next_step: impl Into<String>) -> Self {
        self.next_step = Some(next_step.into());
        self
    }
}

impl From<std::io::Error> for EngineError {
    /// Reading inputs and writing artifacts fails for reasons outside of the engine.
    fn from(error: std::io::Error) -> Self {
        Self::transient(format!("Reading or writing a file failed: {error}."))
    }
}

/// Parameters that an operation refuses before anything runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct ParamError {
    /// JSON pointer (RFC 6901) into the parameters; empty for the whole.
    pub pointer: String,
    /// The cause and the next step, for the end user.
    pub message: String,
}

impl ParamError {
    /// Refuses the value at `pointer`.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into() }
    }

    /// Refuses stored parameters of a version that cannot be rewritten any more.
    #[must_use]
    pub fn too_old(operation: &str, stored: u32, present: u32) -> Self {
        Self::new(
            "",
            format!(
                "the parameters were written for version {stored} of `{operation}`, and version \
                 {present} is installed, which cannot read them; fill in the present form instead"
            ),
        )
    }

    /// Refuses stored parameters of a version that is not installed yet.
    #[must_use]
    pub fn too_new(operation: &str, stored: u32, present: u32) -> Self {
        Self::new(
            "",
            format!(
                "the parameters were written for version {stored} of `{operation}`, and only \
                 version {present} is installed; upgrade this server first"
            ),
        )
    }
}

impl From<ParamError> for EngineError {
    fn from(error: ParamError) -> Self {
        let place = if error.pointer.is_empty() { "/" } else { &error.pointer };
        Self::params(format!("Parameter {place}: {}", error.message))
    }
}
