//! `[engines]`: where jobs run, and engines of one's own.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the jobs of built-in engines run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IsolationConfig {
    /// In child processes: whatever a job does to its process, it ends that job alone.
    #[default]
    Process,
    /// In threads of this process.
    Thread,
}

/// Where jobs run, and engines of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnginesConfig {
    /// Where the jobs of built-in engines run.
    pub isolation: IsolationConfig,
    /// Folders of engines that are programs of their own, each with an `engine.toml`;
    /// `gantry engine new` makes one.
    pub external: Vec<PathBuf>,
}
