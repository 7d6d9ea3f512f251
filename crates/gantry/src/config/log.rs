//! `[log]`: what is logged, and how.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// The level (`error`, `warn`, `info`, `debug`, `trace`), or directives such as
    /// `info,gantry_worker=debug`; when absent, `info` for the server and `warn` elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The form of log lines.
    pub format: LogFormat,
    /// Whether the end of every span is logged with its duration.
    pub spans: bool,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: None, format: LogFormat::Auto, spans: false }
    }
}
