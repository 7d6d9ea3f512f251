//! Why an engine in another process cannot be used.
//!
//! Invariant: every text names the cause and what the engine's author can do about it.

use std::io;
use std::path::PathBuf;

use gantry_engine_api::EngineError;

/// An engine in another process cannot be started, or does not keep to the protocol.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    /// The configuration cannot be read.
    #[error("{}: {cause}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The program cannot be started.
    #[error(
        "`{program}` cannot be started: {source}; check that it is installed and that `command` names it"
    )]
    Spawn {
        /// The first word of the command.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The handshake was not answered in time.
    #[error(
        "the engine did not answer `hello` within {seconds} seconds; it must write a `ready` line and flush its output"
    )]
    Silent {
        /// The time that it had.
        seconds: u64,
    },
    /// It wrote something that is not a message.
    #[error("the engine did not keep to the protocol: {0}")]
    Protocol(String),
    /// The process ended or closed its output.
    #[error("the engine ended before it answered: {0}")]
    Ended(String),
    /// The process was ended by a signal before it answered.
    #[error("the engine's process died before it answered: {0}")]
    Killed(String),
    /// It speaks another version of the protocol.
    #[error(
        "the engine speaks protocol {theirs} and this host speaks {ours}; answer `hello` with \"protocol\": {ours}"
    )]
    Version {
        /// The engine's.
        theirs: u32,
        /// Ours.
        ours: u32,
    },
    /// What it says about itself cannot be right.
    #[error("the engine describes itself wrongly: {}", .0.join("; "))]
    Manifest(Vec<String>),
    /// A process says something else than the first one of the same command.
    #[error(
        "the engine described itself differently than at its registration; restart the server after changing an engine"
    )]
    Changed,
    /// Reading or writing failed.
    #[error("{what} failed: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl From<ExternalError> for EngineError {
    fn from(error: ExternalError) -> Self {
        let message = format!("The engine of this job cannot be used: {error}.");
        match error {
            // As if it had died a moment later, with the job in its hands.
            ExternalError::Killed(_) => Self::host_died(message),
            ExternalError::Spawn { .. }
            | ExternalError::Silent { .. }
            | ExternalError::Io { .. } => Self::transient(message),
            ExternalError::Config { .. }
            | ExternalError::Protocol(_)
            | ExternalError::Ended(_)
            | ExternalError::Version { .. }
            | ExternalError::Manifest(_)
            | ExternalError::Changed => Self::bug(message),
        }
        .with_next_step("Ask the administrator to run `gantry engine check` on it.")
    }
}
