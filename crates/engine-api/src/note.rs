//! What a running job tells about itself.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For those who look closely.
    Debug,
    /// What happens.
    Info,
    /// Something that the user should know.
    Warning,
    /// Something failed.
    Error,
}

/// One thing that a running job says. Hosts coalesce notes before they store them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum JobNote {
    /// The job entered a stage.
    Stage {
        /// The stage's name, for people.
        name: String,
        /// Its number, from 1.
        current: u32,
        /// How many stages there are.
        total: u32,
    },
    /// How much of the whole job is done, from 0 to 1.
    Progress {
        /// The fraction.
        fraction: f64,
    },
    /// A line for the log.
    Log {
        /// How much it matters.
        level: LogLevel,
        /// The line.
        message: String,
    },
    /// A measurement over steps, such as a loss per epoch.
    Metric {
        /// What is measured.
        name: String,
        /// When, in the engine's own steps.
        step: u64,
        /// The value.
        value: f64,
    },
    /// A result so far, such as a leaderboard; the last one of a name wins.
    Partial {
        /// The name.
        name: String,
        /// The value.
        value: Value,
    },
    /// A piece of a growing answer; all pieces are kept in order.
    Emit {
        /// The piece.
        chunk: Value,
    },
}
