//! What workers ask of jobs: claim, keep alive, notes, checkpoints, forks, reaping.

use std::time::Duration;

use gantry_catalog::ResolvedInput;
use gantry_engine_api::{Checkpoint, ChildJob, ChildOutcome, InputMeta, InputRef};
use gantry_ports::Hint;
use gantry_ports::store::{
    CheckpointCommand, ClaimCommand, ClaimedJob, ForkCommand, Forked, HeartbeatCommand,
    HeartbeatReply, HotError, JobRecord, NoteRecord, NotesCommand, Onlooker, RaiseHoldCommand,
    ReapCommand, ReleaseCommand, StoredChild,
};
use gantry_rules::submission::ChildSubmission;
use gantry_types::{Credits, Device, JobId, OrganizationId, PriorityClass, WorkerId};

use crate::Jobs;
use crate::error::JobsError;
use crate::estimate_job::{derive_gpu_allowed, derive_needs};
use crate::inputs::{inherit_inputs, inputs_from_json, inputs_to_json};

/// What a worker offers to jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerOffer {
    /// Who offers.
    pub worker_id: WorkerId,
    /// Its processors.
    pub devices: Vec<Device>,
    /// The classes that it serves, most wanted first.
    pub classes: Vec<PriorityClass>,
    /// How long a lease holds without a heartbeat.
    pub lease: Duration,
}

/// Work that a parent hands to children.
#[derive(Debug, Clone, PartialEq)]
pub struct ForkRequest {
    /// The children in order.
    pub children: Vec<ChildJob>,
    /// What the parent's next run must know.
    pub checkpoint: Checkpoint,
}

const REAP_BATCH: u32 = 256;

impl Jobs {
    /// Leases at most `limit` ready jobs to a worker.
    ///
    /// # Errors
    /// [`JobsError::Hot`].
    #[tracing::instrument(level = "debug", name = "jobs::claim_jobs", skip_all)]
    pub async fn claim_jobs(
        &self,
        offer: &WorkerOffer,
        limit: u32,
    ) -> Result<Vec<ClaimedJob>, JobsError> {
        let command = ClaimCommand {
            worker_id: offer.worker_id,
            devices: offer.devices.clone(),
            classes: offer.classes.clone(),
            limit,
            now: self.clock.now(),
            lease: offer.lease,
        };
        let claimed = self.store.claim(command).await?;
        for claim in &claimed {
            self.hint_job(claim.job.id, claim.job.organization_id);
        }
        Ok(claimed)
    }

    /// Prolongs a lease.
    ///
    /// # Errors
    /// [`JobsError::Hot`] with `LeaseLost` when another attempt has begun.
    pub async fn keep_alive(
        &self,
        claim: &ClaimedJob,
        lease: Duration,
    ) -> Result<HeartbeatReply, JobsError> {
        let command = HeartbeatCommand {
            job_id: claim.job.id,
            attempt: claim.job.attempt,
            lease_until: self.clock.now().plus(lease),
        };
        Ok(self.store.heartbeat(command).await?)
    }

    /// Stores what a running job said.
    ///
    /// # Errors
    /// [`JobsError::Hot`] with `LeaseLost` when another attempt has begun.
    pub async fn record_notes(
        &self,
        claim: &ClaimedJob,
        notes: Vec<NoteRecord>,
    ) -> Result<(), JobsError> {
        let command = NotesCommand {
            job_id: claim.job.id,
            attempt: claim.job.attempt,
            notes,
            now: self.clock.now(),
        };
        self.store.record_notes(command).await?;
        let organization_id = claim.job.organization_id;
        self.bus.publish(Hint::Job { id: claim.job.id, organization_id });
        Ok(())
    }

    /// Keeps a checkpoint.
    ///
    /// # Errors
    /// [`JobsError::Hot`] with `LeaseLost` when another attempt has begun.
    pub async fn save_checkpoint(
        &self,
        claim: &ClaimedJob,
        checkpoint: Checkpoint,
    ) -> Result<(), JobsError> {
        let command = CheckpointCommand {
            job_id: claim.job.id,
            attempt: claim.job.attempt,
            version: checkpoint.version,
            state: checkpoint.state,
        };
        Ok(self.store.save_checkpoint(command).await?)
    }

    /// Enlarges the hold of a job's root.
    ///
    /// # Errors
    /// [`JobsError::Hot`] when the account cannot pay.
    pub async fn raise_hold(&self, claim: &ClaimedJob, to: Credits) -> Result<(), JobsError> {
        let command = RaiseHoldCommand {
            job_id: claim.job.id,
            attempt: claim.job.attempt,
            to,
            now: self.clock.now(),
        };
        Ok(self.store.raise_hold(command).await?)
    }

    /// Hands a parent's work to children; the parent waits without a slot.
    ///
    /// # Errors
    /// [`JobsError::UnknownOperation`], [`JobsError::Params`], [`JobsError::Catalog`] for what
    /// a child asks; [`JobsError::Hot`].
    #[tracing::instrument(level = "debug", name = "jobs::fork_job", skip_all)]
    pub async fn fork_job(
        &self,
        claim: &ClaimedJob,
        request: ForkRequest,
    ) -> Result<Forked, JobsError> {
        let mut children = Vec::with_capacity(request.children.len());
        for (ordinal, child) in request.children.into_iter().enumerate() {
            children.push(self.derive_child(claim, ordinal as u64, child).await?);
        }
        let command = ForkCommand {
            job_id: claim.job.id,
            attempt: claim.job.attempt,
            children,
            checkpoint: (request.checkpoint.version, request.checkpoint.state),
            now: self.clock.now(),
        };
        let forked = self.store.fork(command).await?;
        self.hint_job(claim.job.id, claim.job.organization_id);
        self.bus.publish(Hint::JobsReady);
        Ok(forked)
    }

    async fn derive_child(
        &self,
        claim: &ClaimedJob,
        ordinal: u64,
        child: ChildJob,
    ) -> Result<ChildSubmission, JobsError> {
        let spec = self.registry.find_child_spec(&child.operation);
        let spec = spec.ok_or_else(|| self.unknown_operation(&child.operation))?;
        let version = spec.version;
        let inputs = inherit_inputs(inputs_from_json(&claim.job.inputs)?, &child)?;
        let resolved = self
            .catalog
            .resolve_inputs(Onlooker::house(claim.job.organization_id), &inputs)
            .await?;
        let metas: Vec<InputMeta> = resolved.into_iter().map(|input| input.meta).collect();
        let mut estimate = self.estimate_operation(&child.operation, &child.params, &metas)?;
        estimate.max_credits = child.max_credits;
        Ok(ChildSubmission {
            job_id: JobId::generate(),
            operation: child.operation,
            operation_version: version,
            params: child.params,
            inputs: inputs_to_json(&inputs)?,
            seed: derive_child_seed(claim.job.seed, ordinal),
            needs: derive_needs(&estimate, derive_gpu_allowed(&claim.terms)),
        })
    }

    /// The inputs of a job, looked up.
    ///
    /// # Errors
    /// [`JobsError::Catalog`] for one that is gone.
    pub async fn resolve_job_inputs(
        &self,
        job: &JobRecord,
    ) -> Result<Vec<ResolvedInput>, JobsError> {
        let inputs = inputs_from_json(&job.inputs)?;
        Ok(self.catalog.resolve_inputs(Onlooker::house(job.organization_id), &inputs).await?)
    }

    /// The outcomes of a parent's children, with the artifacts that they published.
    ///
    /// # Errors
    /// [`JobsError::Store`].
    pub async fn describe_children(
        &self,
        claim: &ClaimedJob,
    ) -> Result<Vec<ChildOutcome>, JobsError> {
        if claim.children.is_empty() {
            return Ok(Vec::new());
        }
        let snapshot = self.store.read().await?;
        let mut outcomes = Vec::with_capacity(claim.children.len());
        for child in &claim.children {
            let artifacts = snapshot
                .catalog()
                .list_artifacts(claim.job.organization_id, child.job_id)
                .await?
                .into_iter()
                .map(|artifact| (artifact.name, InputRef::Artifact { id: artifact.id }))
                .collect();
            outcomes.push(derive_outcome(child, artifacts));
        }
        Ok(outcomes)
    }

    /// Ends the leases of workers that fell silent, and queues what is due.
    ///
    /// # Errors
    /// [`JobsError::Hot`].
    pub async fn sweep(&self) -> Result<(), JobsError> {
        let now = self.clock.now();
        let reaped = self.store.reap(ReapCommand { now, limit: REAP_BATCH }).await?;
        for reaped in &reaped {
            tracing::warn!(job = %reaped.job_id, state = %reaped.state, "a lease ended without its worker");
            self.hint_job(reaped.job_id, reaped.organization_id);
        }
        let released = self.store.release(ReleaseCommand { now, limit: REAP_BATCH }).await?;
        if !reaped.is_empty() || released > 0 {
            self.bus.publish(Hint::JobsReady);
        }
        Ok(())
    }

    pub(crate) fn hint_job(&self, id: JobId, organization_id: OrganizationId) {
        self.bus.publish(Hint::Job { id, organization_id });
        self.bus.publish(Hint::Account { organization_id });
    }
}

impl JobsError {
    /// Whether another attempt of the job has begun.
    #[must_use]
    pub const fn is_lease_lost(&self) -> bool {
        matches!(self, Self::Hot(HotError::LeaseLost))
    }
}

/// The seed of a child: its parent's mixed with its place by the finaliser of SplitMix64
/// (Steele, Lea, Flood 2014), cut to 53 bits like every seed.
fn derive_child_seed(parent: u64, ordinal: u64) -> u64 {
    let mut word = parent.wrapping_add((ordinal + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (word ^ (word >> 31)) >> 11
}

fn derive_outcome(child: &StoredChild, artifacts: Vec<(String, InputRef)>) -> ChildOutcome {
    ChildOutcome {
        job_id: child.job_id,
        ordinal: child.ordinal,
        state: child.state,
        report: child.report.clone(),
        error: child.error.as_ref().map(|error| {
            let mut told = gantry_engine_api::EngineError::of(error.kind, error.message.as_str());
            told.next_step.clone_from(&error.next_step);
            told
        }),
        artifacts,
    }
}
