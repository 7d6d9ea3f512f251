//! The worker: claims jobs, runs them behind a host, keeps their leases, settles them.
//!
//! Invariants: a job runs only under a lease; whatever an engine does, its attempt ends with
//! one settlement or with a lost lease; a worker that lost a lease changes nothing.

mod claim_loop;
mod keep_lease;
mod notes;
mod run_claimed;
mod running;
mod scratch;
mod thread_host;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gantry_jobs::Jobs;
use gantry_types::{Device, WorkerId};

use crate::running::RunningJobs;

/// How a worker works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerSettings {
    /// How many jobs run at once.
    pub slots: u32,
    /// The processors that it offers.
    pub devices: Vec<Device>,
    /// How long a lease holds without a heartbeat.
    pub lease: Duration,
    /// The most threads of one job.
    pub threads_per_job: u16,
    /// Where jobs get their scratch folders.
    pub scratch: PathBuf,
    /// How long running jobs may go on after the worker was asked to stop.
    pub drain: Duration,
}

/// Claims and runs jobs.
pub struct Worker {
    id: WorkerId,
    jobs: Jobs,
    settings: WorkerSettings,
    running: RunningJobs,
}

impl Worker {
    /// A worker that claims nothing until [`Worker::run`].
    #[must_use]
    pub fn new(jobs: Jobs, settings: WorkerSettings) -> Arc<Self> {
        Arc::new(Self { id: WorkerId::generate(), jobs, settings, running: RunningJobs::default() })
    }
}
