//! The worker: claims jobs, runs them behind a host, keeps their leases, settles them.
//!
//! Invariants: a job runs only under a lease; whatever an engine does, its attempt ends with
//! one settlement or with a lost lease; a worker that lost a lease changes nothing; a worker that
//! stops gives back what it does not finish.

mod claim_loop;
mod keep_lease;
mod notes;
mod run_claimed;
mod running;
mod scratch;
mod sweep;
mod thread_host;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gantry_engine_api::CancellationToken;
use gantry_jobs::{Jobs, WorkerOffer};
use gantry_types::{Device, PriorityClass, WorkerId};

pub use crate::sweep::sweep_until;

use crate::running::RunningJobs;

/// How a worker works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerSettings {
    /// How many jobs run at once.
    pub slots: u32,
    /// The processors that it offers.
    pub devices: Vec<Device>,
    /// The classes that it serves, most wanted first.
    pub classes: Vec<PriorityClass>,
    /// How long a lease holds without a heartbeat.
    pub lease: Duration,
    /// The most threads of one job.
    pub threads_per_job: u16,
    /// Where jobs get their scratch folders.
    pub scratch: PathBuf,
    /// How long running jobs may go on after the worker was asked to stop; then they are given
    /// back.
    pub drain: Duration,
}

/// Claims and runs jobs.
pub struct Worker {
    offer: WorkerOffer,
    jobs: Jobs,
    settings: WorkerSettings,
    running: RunningJobs,
    /// Cancelled when the worker may wait no longer for its jobs.
    recall: CancellationToken,
}

impl Worker {
    /// A worker that claims nothing until [`Worker::run`].
    #[must_use]
    pub fn new(jobs: Jobs, settings: WorkerSettings) -> Arc<Self> {
        let offer = WorkerOffer {
            worker_id: WorkerId::generate(),
            devices: settings.devices.clone(),
            classes: settings.classes.clone(),
            lease: settings.lease,
        };
        let recall = CancellationToken::new();
        let running = RunningJobs::new(recall.clone());
        Arc::new(Self { offer, jobs, settings, running, recall })
    }

    /// Who it is to the store.
    #[must_use]
    pub fn id(&self) -> WorkerId {
        self.offer.worker_id
    }

    /// The folder of this worker alone under the scratch folder of all.
    fn scratch(&self) -> PathBuf {
        self.settings.scratch.join(self.id().to_string())
    }
}
