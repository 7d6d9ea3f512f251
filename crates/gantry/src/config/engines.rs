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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnginesConfig {
    /// Where the jobs of built-in engines run.
    pub isolation: IsolationConfig,
    /// Folders of engines that are programs of their own, each with an `engine.toml`;
    /// `gantry engine new` makes one.
    pub external: Vec<PathBuf>,
    /// Processes that keep the artifacts of services, such as models that predict, for each
    /// engine of one's own and for the built-in ones together.
    pub service_hosts: u16,
    /// The most resident memory of one of them, in bytes; half of it is for artifacts.
    pub service_host_bytes: u64,
    /// The most memory of all artifacts together, in bytes; the longest unused ones leave first.
    pub service_bytes: u64,
}

impl Default for EnginesConfig {
    fn default() -> Self {
        Self {
            isolation: IsolationConfig::default(),
            external: Vec::new(),
            service_hosts: 2,
            service_host_bytes: 2 << 30,
            service_bytes: 3 << 30,
        }
    }
}
