//! `[worker]`: the worker that runs jobs, in the server's process or in its own.

use gantry_types::{Device, PriorityClass};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plan::ClassConfig;
use crate::failure::Failure;

/// A kind of processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceConfig {
    /// The machine's own processors.
    Cpu,
    /// A graphics processor.
    Gpu,
}

/// The worker that runs jobs: in the server's process, or in its own (`gantry worker`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WorkerConfig {
    /// Jobs that run at once; 0 for a server that leaves them to other processes.
    pub slots: u32,
    /// The processors whose jobs it runs.
    pub devices: Vec<DeviceConfig>,
    /// The classes of jobs that it runs, most wanted first.
    pub classes: Vec<ClassConfig>,
    /// The most threads of one job; the machine's processors when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads_per_job: Option<u16>,
    /// Seconds that a lease holds without a heartbeat.
    pub lease_s: u64,
    /// Seconds that running jobs may go on after the process was asked to stop; then they are
    /// given back.
    pub drain_s: u64,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            slots: 2,
            devices: vec![DeviceConfig::Cpu],
            classes: vec![ClassConfig::High, ClassConfig::Normal, ClassConfig::Overflow],
            threads_per_job: None,
            lease_s: 30,
            drain_s: 10,
        }
    }
}

impl WorkerConfig {
    /// The processors, each once.
    pub fn devices(&self) -> Vec<Device> {
        let devices = self.devices.iter().map(|device| match device {
            DeviceConfig::Cpu => Device::Cpu,
            DeviceConfig::Gpu => Device::Gpu,
        });
        each_once(devices)
    }

    /// The classes, each once.
    pub fn classes(&self) -> Vec<PriorityClass> {
        each_once(self.classes.iter().map(|class| class.derive_class()))
    }

    /// Refuses a worker that could never run a job.
    ///
    /// # Errors
    /// A usage failure for an empty list.
    pub fn require_work(&self) -> Result<(), Failure> {
        for (key, is_empty, next) in [
            ("worker.devices", self.devices.is_empty(), "name at least one of: cpu, gpu"),
            (
                "worker.classes",
                self.classes.is_empty(),
                "name at least one of: high, normal, overflow",
            ),
        ] {
            if is_empty {
                let cause = format!("`{key}` is empty, so that no job could ever run");
                return Err(Failure::usage(cause).with_next(next));
            }
        }
        Ok(())
    }
}

fn each_once<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut all = Vec::new();
    for value in values {
        if !all.contains(&value) {
            all.push(value);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_their_order_and_lose_what_is_doubled() {
        let config = WorkerConfig {
            devices: vec![DeviceConfig::Gpu, DeviceConfig::Cpu, DeviceConfig::Gpu],
            classes: vec![ClassConfig::Overflow, ClassConfig::High],
            ..WorkerConfig::default()
        };
        assert_eq!(config.devices(), [Device::Gpu, Device::Cpu]);
        assert_eq!(config.classes(), [PriorityClass::Overflow, PriorityClass::High]);
        assert_eq!(config.require_work(), Ok(()));
        let none = WorkerConfig { devices: Vec::new(), ..WorkerConfig::default() };
        assert!(none.require_work().unwrap_err().cause.contains("worker.devices"));
        assert_eq!(WorkerConfig::default().classes(), PriorityClass::ALL);
    }
}
