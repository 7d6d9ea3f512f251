//! What a job will need at most, said before it runs.

use std::collections::BTreeMap;

use gantry_types::{Credits, Device, MeterId};
use serde::{Deserialize, Serialize};

/// Why a job that prefers a graphics processor has none, and what gives it one.
pub const NO_GPU_LEASED: &str = "no graphics processor was leased for this job: the plan needs \
                                 `gpu = true`, and a worker `devices = [\"cpu\", \"gpu\"]`";

/// What kind of processor a job needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceNeed {
    /// A processor is all it uses.
    Cpu,
    /// Faster on a graphics processor, and right without.
    PrefersGpu,
    /// Cannot run without a graphics processor.
    NeedsGpu,
}

impl DeviceNeed {
    /// The queue that a job with this need goes to, given whether the plan allows the GPU.
    #[must_use]
    pub const fn queue(self, gpu_allowed: GpuAllowed) -> Device {
        match (self, gpu_allowed) {
            (Self::Cpu, _) | (Self::PrefersGpu, GpuAllowed::No) => Device::Cpu,
            (Self::PrefersGpu, GpuAllowed::Yes) | (Self::NeedsGpu, _) => Device::Gpu,
        }
    }
}

/// Whether graphics processors are in the plan and in the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GpuAllowed {
    /// They are.
    Yes,
    /// They are not.
    No,
}

/// An upper bound of what one job uses. Admission checks it, the hold is made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Units per meter (for instance `rows` = 1,000); plans limit them by name.
    pub meters: BTreeMap<MeterId, u64>,
    /// The most credits that the job may cost.
    pub max_credits: Credits,
    /// Resident memory at its peak, in bytes.
    pub memory_bytes: u64,
    /// Threads that it can use well.
    pub threads: u16,
    /// The kind of processor.
    pub device: DeviceNeed,
}

impl Estimate {
    /// A job that counts nothing, costs nothing, and needs one thread and 64 MiB.
    #[must_use]
    pub const fn free() -> Self {
        Self {
            meters: BTreeMap::new(),
            max_credits: Credits::ZERO,
            memory_bytes: 64 << 20,
            threads: 1,
            device: DeviceNeed::Cpu,
        }
    }
}
