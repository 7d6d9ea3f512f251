//! The steps of jobs.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use gantry_ports::Clock;
use gantry_ports::store::{
    CancelCommand, ClaimCommand, HotError, ReapCommand, ReleaseCommand, SettleCommand,
};
use gantry_rules::cancellation::CancelledBy;
use gantry_rules::outcome::{AttemptResult, Ending, JobError};
use gantry_rules::submission::{Accounting, Needs, OnRefusal, Submission};
use gantry_types::{Credits, Device, EngineErrorKind, JobId, PriorityClass, WorkerId};
use serde_json::json;

use crate::steps::End;
use crate::world::{World, choose};

/// For how long a worker has a job without a word.
const LEASE: Duration = Duration::from_secs(60);

impl World {
    pub async fn submit(&mut self, credits: i64) -> Result<()> {
        let job_id = JobId::generate();
        let submission = Submission {
            job_id,
            organization_id: self.account,
            submitted_by: None,
            operation: "story.run".to_owned(),
            operation_version: 1,
            params: json!({}),
            inputs: json!({}),
            seed: 7,
            label: None,
            needs: Needs {
                meters: BTreeMap::new(),
                max_credits: Credits::new(credits),
                memory_bytes: 1 << 20,
                threads: 1,
                device: Device::Cpu,
            },
            submitted_at: self.clock.now(),
            accounting: Accounting::Metered,
            start_at: None,
            on_refusal: OnRefusal::Refuse,
            idempotency: None,
            origin: None,
        };
        // Whether it is there after a crash is looked up.
        self.jobs.push(job_id);
        match self.server.port.submit(submission).await {
            Ok(submitted) => ensure!(submitted.job_id == job_id, "{submitted:?}"),
            Err(HotError::Refused(_)) => {
                self.jobs.pop();
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// A submission that a crash was faster than left nothing.
    pub async fn forget_lost_jobs(&mut self) -> Result<()> {
        let snapshot = self.server.port.read().await?;
        let mut found = Vec::new();
        for id in &self.jobs {
            if snapshot.jobs().find_job(self.account, *id).await?.is_some() {
                found.push(*id);
            }
        }
        drop(snapshot);
        self.jobs = found;
        Ok(())
    }

    pub async fn claim(&mut self) -> Result<()> {
        let command = ClaimCommand {
            worker_id: WorkerId::generate(),
            devices: vec![Device::Cpu],
            classes: PriorityClass::ALL.to_vec(),
            limit: 2,
            now: self.clock.now(),
            lease: LEASE,
        };
        self.server.claims.extend(self.server.port.claim(command).await?);
        Ok(())
    }

    pub async fn settle(&mut self, claim: usize, end: End) -> Result<()> {
        if self.server.claims.is_empty() {
            return Ok(());
        }
        let job = self.server.claims.remove(claim % self.server.claims.len()).job;
        let failed = |kind: EngineErrorKind| {
            let error = JobError { kind, message: "it went wrong".to_owned(), next_step: None };
            Ending::Failed { error }
        };
        let (ending, charged) = match end {
            End::Succeeds { charged } => {
                (Ending::Succeeded { report: json!({}) }, Some(Credits::new(charged)))
            }
            End::Fails => (failed(EngineErrorKind::Bug), None),
            End::FailsForNow => (failed(EngineErrorKind::Transient), None),
        };
        let result = AttemptResult { ending, charged, artifacts: Vec::new() };
        let (job_id, attempt, now) = (job.id, job.attempt, self.clock.now());
        let command = SettleCommand { job_id, attempt, result, now, jitter: 0.0 };
        match self.server.port.settle(command).await {
            // A lease that ended was reaped, and its job is another attempt's.
            Ok(_) | Err(HotError::LeaseLost | HotError::WrongState { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn cancel_job(&mut self, job: usize) -> Result<()> {
        let Some(job_id) = choose(&self.jobs, job).copied() else { return Ok(()) };
        let (organization_id, now) = (self.account, self.clock.now());
        let command = CancelCommand { organization_id, job_id, by: CancelledBy::Owner, now };
        match self.server.port.cancel(command).await {
            Ok(_) | Err(HotError::WrongState { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn reap(&mut self) -> Result<()> {
        let command = ReapCommand { now: self.clock.now(), limit: 100 };
        self.server.port.reap(command).await?;
        Ok(())
    }

    pub async fn release(&mut self) -> Result<()> {
        let command = ReleaseCommand { now: self.clock.now(), limit: 100 };
        self.server.port.release(command).await?;
        Ok(())
    }
}
