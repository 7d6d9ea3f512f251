//! Hot commands: everything that a job's life writes, and allowances.
//!
//! Contract: a command is queued to the writer and answered after the commit of its batch;
//! commands of a batch are decided in order by the pure functions of `rules`, each on the
//! state that the ones before it left; a refused command refuses alone; the queue is bounded
//! and answers [`StoreError::Overloaded`] when full. Every command of a running job carries its
//! attempt, and a stale one answers [`HotError::LeaseLost`] and changes nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use gantry_rules::allowance::UnitAsk;
use gantry_rules::cancellation::CancelledBy;
use gantry_rules::outcome::AttemptResult;
use gantry_rules::plan::PlanTerms;
use gantry_rules::refusal::Refusal;
use gantry_rules::submission::{ChildSubmission, Submission};
use gantry_types::{
    AllowanceId, Attempt, Credits, Device, JobId, JobState, MeterId, OrganizationId, PriorityClass,
    Timestamp, WorkerId,
};
use serde_json::Value;

use super::error::StoreError;
use super::jobs::{JobEventKind, JobRecord, StoredChild};
use super::sharing::JobRestriction;

/// A hot command did not take effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HotError {
    /// The plan or the balance does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The idempotency key was used with another body.
    #[error("this idempotency key was used with another request")]
    IdempotencyMismatch,
    /// The attempt is no longer the job's present one.
    #[error("the lease of this attempt was lost")]
    LeaseLost,
    /// The job's state does not allow it.
    #[error("the job is {state}, which does not allow this")]
    WrongState {
        /// The state.
        state: JobState,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The answer to a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The job: of an earlier submission when it was repeated.
    pub job_id: JobId,
    /// Its state after the commit of the first submission.
    pub state: JobState,
    /// The class that the account's plan gives to a new job.
    pub class: PriorityClass,
    /// Why it is blocked, if it is.
    pub blocked_by: Option<Refusal>,
    /// Whether an earlier submission with the same key answered.
    pub repeated: bool,
}

/// Asks for jobs to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimCommand {
    /// Who asks.
    pub worker_id: WorkerId,
    /// Its processors.
    pub devices: Vec<Device>,
    /// The classes that it serves, most wanted first.
    pub classes: Vec<PriorityClass>,
    /// At most so many jobs.
    pub limit: u32,
    /// Now.
    pub now: Timestamp,
    /// For how long the lease holds without a heartbeat.
    pub lease: Duration,
}

/// A job that is now leased to the worker that asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedJob {
    /// The job, already `running`, with its new attempt.
    pub job: JobRecord,
    /// What its plan allows.
    pub terms: PlanTerms,
    /// What an earlier run left: version and state.
    pub checkpoint: Option<(u32, Value)>,
    /// The children that an earlier run forked, by ordinal.
    pub children: Vec<StoredChild>,
}

/// Says that an attempt is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeartbeatCommand {
    /// The job.
    pub job_id: JobId,
    /// The attempt.
    pub attempt: Attempt,
    /// The new end of the lease.
    pub lease_until: Timestamp,
}

/// The answer to a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeartbeatReply {
    /// Go on.
    Continue,
    /// Somebody asked the job to stop.
    CancelRequested,
}

/// One note to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NoteRecord {
    /// What it tells; never `State`.
    pub kind: JobEventKind,
    /// The body by kind, see [`JobEventKind`].
    pub body: Value,
}

/// Stores what a running job said, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct NotesCommand {
    /// The job.
    pub job_id: JobId,
    /// The attempt.
    pub attempt: Attempt,
    /// The notes, coalesced by the caller.
    pub notes: Vec<NoteRecord>,
    /// Now.
    pub now: Timestamp,
}

/// Keeps a checkpoint, replacing the one before.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointCommand {
    /// The job.
    pub job_id: JobId,
    /// The attempt.
    pub attempt: Attempt,
    /// The version of the engine's format.
    pub version: u32,
    /// The state.
    pub state: Value,
}

/// Hands work to children: the job becomes `waiting` and gives up its lease.
#[derive(Debug, Clone, PartialEq)]
pub struct ForkCommand {
    /// The job.
    pub job_id: JobId,
    /// The attempt.
    pub attempt: Attempt,
    /// The children in the order of their ordinals.
    pub children: Vec<ChildSubmission>,
    /// What the next run must know: version and state.
    pub checkpoint: (u32, Value),
    /// Now.
    pub now: Timestamp,
}

/// The answer to a fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forked {
    /// The children are queued.
    Waiting,
    /// The job was to stop and is settled as cancelled.
    Cancelled,
    /// The children cost more than is left of the root's hold; nothing changed.
    HoldTooSmall {
        /// What is left.
        left: Credits,
    },
}

/// Enlarges the hold of a job's root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RaiseHoldCommand {
    /// The job.
    pub job_id: JobId,
    /// The attempt.
    pub attempt: Attempt,
    /// The new maximum of the root.
    pub to: Credits,
    /// Now.
    pub now: Timestamp,
}

/// Ends an attempt: money, meters, artifacts, state and events in one commit.
#[derive(Debug, Clone, PartialEq)]
pub struct SettleCommand {
    /// The job.
    pub job_id: JobId,
    /// The attempt.
    pub attempt: Attempt,
    /// How it ended.
    pub result: AttemptResult,
    /// Now.
    pub now: Timestamp,
    /// A number between 0 and 1 that spreads the time of a retry.
    pub jitter: f64,
}

/// The answer to a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// The state afterwards: final, or `queued`/`scheduled` for a retry.
    pub state: JobState,
    /// What the job cost.
    pub cost: Credits,
    /// The owner, for the hint.
    pub organization_id: OrganizationId,
    /// The parent that became ready by it.
    pub parent_ready: Option<JobId>,
}

/// Asks a job and its tree to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelCommand {
    /// The owner.
    pub organization_id: OrganizationId,
    /// The job.
    pub job_id: JobId,
    /// Who asks.
    pub by: CancelledBy,
    /// Now.
    pub now: Timestamp,
}

/// The answer to a cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelled {
    /// The state afterwards: `cancelled` at once for a job that did not run, else `running`.
    pub state: JobState,
    /// The jobs of the tree whose engines must be told.
    pub running: Vec<JobId>,
}

/// Ends the leases of workers that fell silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReapCommand {
    /// Leases that ended before this time.
    pub now: Timestamp,
    /// At most so many.
    pub limit: u32,
}

/// What reaping did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reaped {
    /// The job.
    pub job_id: JobId,
    /// The owner.
    pub organization_id: OrganizationId,
    /// The state afterwards: `queued` again, `cancelled`, or `dead`.
    pub state: JobState,
}

/// Queues scheduled jobs whose time has come and blocked jobs that are allowed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleaseCommand {
    /// Now.
    pub now: Timestamp,
    /// At most so many.
    pub limit: u32,
}

/// Reserves units that calls of services draw on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowCommand {
    /// The identifier, chosen by the caller.
    pub allowance_id: AllowanceId,
    /// Whose units.
    pub organization_id: OrganizationId,
    /// What is asked for by meter.
    pub asks: BTreeMap<MeterId, UnitAsk>,
    /// Now.
    pub now: Timestamp,
    /// When it ends by itself, as it was last reported.
    pub expires_at: Timestamp,
}

/// Whether an allowance goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowancePhase {
    /// More calls will draw on it.
    Open,
    /// What is not used returns.
    Ended,
}

/// Says what was used of an allowance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowanceUseCommand {
    /// The allowance.
    pub allowance_id: AllowanceId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// All that was used since it was made, by meter; more than it holds counts as all of it.
    pub used: BTreeMap<MeterId, u64>,
    /// Whether it goes on.
    pub phase: AllowancePhase,
}

/// The hot path.
#[async_trait]
pub trait HotPath: Send + Sync {
    /// Admits a root job, holds its credits and units, and queues it.
    async fn submit(&self, submission: Submission) -> Result<Submitted, HotError>;
    /// As [`HotPath::submit`], for a job that is restricted in the commit that admits it. A
    /// submission that is refused, or that an earlier one answers, restricts nothing.
    async fn submit_restricted(
        &self,
        submission: Submission,
        restriction: JobRestriction,
    ) -> Result<Submitted, HotError>;
    /// Leases ready jobs: accounts with free slots first, the longest unserved before others.
    async fn claim(&self, command: ClaimCommand) -> Result<Vec<ClaimedJob>, HotError>;
    /// Prolongs a lease.
    async fn heartbeat(&self, command: HeartbeatCommand) -> Result<HeartbeatReply, HotError>;
    /// Stores notes.
    async fn record_notes(&self, command: NotesCommand) -> Result<(), HotError>;
    /// Stores a checkpoint.
    async fn save_checkpoint(&self, command: CheckpointCommand) -> Result<(), HotError>;
    /// Forks.
    async fn fork(&self, command: ForkCommand) -> Result<Forked, HotError>;
    /// Enlarges a hold.
    async fn raise_hold(&self, command: RaiseHoldCommand) -> Result<(), HotError>;
    /// Settles an attempt.
    async fn settle(&self, command: SettleCommand) -> Result<Settled, HotError>;
    /// Cancels a tree.
    async fn cancel(&self, command: CancelCommand) -> Result<Cancelled, HotError>;
    /// Reaps lost leases.
    async fn reap(&self, command: ReapCommand) -> Result<Vec<Reaped>, HotError>;
    /// Reserves units for calls; answers how many of each meter, at least what was needed.
    async fn allow(&self, command: AllowCommand) -> Result<BTreeMap<MeterId, u64>, HotError>;
    /// Notes what was used of an allowance, and ends it if it is to end; one that has ended
    /// already stays as it is.
    async fn report_use(&self, command: AllowanceUseCommand) -> Result<(), HotError>;
    /// Releases scheduled and blocked jobs, and ends allowances whose time is over; answers how
    /// many jobs.
    async fn release(&self, command: ReleaseCommand) -> Result<u64, HotError>;
}
