//! `[worker]`: the worker that runs jobs in the server's process.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The worker that runs jobs in the server's process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WorkerConfig {
    /// Jobs that run at once.
    pub slots: u32,
    /// The most threads of one job; the machine's processors when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads_per_job: Option<u16>,
    /// Seconds that a lease holds without a heartbeat.
    pub lease_s: u64,
    /// Seconds that running jobs may go on after the server was asked to stop.
    pub drain_s: u64,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self { slots: 2, threads_per_job: None, lease_s: 30, drain_s: 10 }
    }
}
