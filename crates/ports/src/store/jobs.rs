//! Jobs as they are read: rows, events, children, queue depths.
//!
//! Invariant: jobs are written by hot commands alone.

use async_trait::async_trait;
use gantry_rules::outcome::JobError;
use gantry_rules::submission::{Accounting, IdempotencyKey, Origin};
use gantry_types::{
    Attempt, Credits, Device, JobId, JobState, OrganizationId, PriorityClass, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::StoreError;
use super::job_costs::JobCosts;
use super::page::{Page, PageRequest};

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRecord {
    /// The identifier.
    pub id: JobId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// Who asked for it.
    pub submitted_by: Option<UserId>,
    /// The root of its tree; itself for a root.
    pub root_id: JobId,
    /// Its parent, for a child.
    pub parent_id: Option<JobId>,
    /// The operation.
    pub operation: String,
    /// The version of its parameters.
    pub operation_version: u32,
    /// The parameters.
    pub params: Value,
    /// The inputs by slot.
    pub inputs: Value,
    /// The seed.
    pub seed: u64,
    /// The user's name for it.
    pub label: Option<String>,
    /// Whether it counts.
    pub accounting: Accounting,
    /// Where it stands.
    pub state: JobState,
    /// The queue.
    pub device: Device,
    /// The class.
    pub class: PriorityClass,
    /// The number of its last claim.
    pub attempt: Attempt,
    /// Whether somebody asked it to stop.
    pub cancel_requested: bool,
    /// The most that it may cost.
    pub max_credits: Credits,
    /// What it cost; zero until it is settled.
    pub cost: Credits,
    /// The part of the cost that was kept because its owner cancelled it.
    pub penalty: Credits,
    /// The stage: name, number, count.
    pub stage: Option<(String, u32, u32)>,
    /// How much is done, from 0 to 1.
    pub progress: f64,
    /// The report of a success.
    pub report: Option<Value>,
    /// The error of a failure, or why it is blocked.
    pub error: Option<JobError>,
    /// The number of its last event.
    pub cursor: u64,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// Not before this time.
    pub start_at: Option<Timestamp>,
    /// When it was first claimed.
    pub started_at: Option<Timestamp>,
    /// When it was settled.
    pub finished_at: Option<Timestamp>,
    /// What made it, if it was not a request of its own.
    pub origin: Option<Origin>,
    /// When its results were removed because the plan keeps them no longer.
    pub swept_at: Option<Timestamp>,
}

/// What an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobEventKind {
    /// A new state: `{"state", "attempt"}`, with `error` where there is one.
    State,
    /// `{"name", "current", "total"}`.
    Stage,
    /// `{"fraction"}`; only the last one is kept.
    Progress,
    /// `{"level", "message"}`.
    Log,
    /// `{"name", "step", "value"}`.
    Metric,
    /// `{"name", "value"}`; only the last one of a name is kept.
    Partial,
    /// `{"chunk"}`.
    Emit,
}

/// One event of a job, in the order of its cursor.
#[derive(Debug, Clone, PartialEq)]
pub struct JobEvent {
    /// The place in the job's stream, from 1, without gaps that a reader must wait for.
    pub cursor: u64,
    /// What it tells.
    pub kind: JobEventKind,
    /// The body by kind.
    pub body: Value,
    /// When.
    pub at: Timestamp,
}

/// One state change in an account's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountEvent {
    /// The place in the account's stream, from 1.
    pub cursor: u64,
    /// The job that changed.
    pub job_id: JobId,
    /// Its operation.
    pub operation: String,
    /// Its new state.
    pub state: JobState,
    /// When.
    pub at: Timestamp,
}

/// Which jobs are wanted. Children are listed only with their parent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobFilter {
    /// Any of these states; empty means all.
    pub states: Vec<JobState>,
    /// This operation.
    pub operation: Option<String>,
    /// A part of the label or the operation, in any case.
    pub text: Option<String>,
    /// The children of this job instead of roots.
    pub parent_id: Option<JobId>,
    /// Platform operations too.
    pub include_platform: bool,
    /// What made them.
    pub origin: Option<Origin>,
}

/// A settled child as its parent sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredChild {
    /// The child.
    pub job_id: JobId,
    /// Its place among its siblings, from 0.
    pub ordinal: u32,
    /// How it ended.
    pub state: JobState,
    /// Its report.
    pub report: Option<Value>,
    /// Its error.
    pub error: Option<JobError>,
}

/// How many jobs of a queue wait and run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueDepth {
    /// The processor.
    pub device: Device,
    /// The class.
    pub class: PriorityClass,
    /// Jobs ready to be claimed.
    pub queued: u64,
    /// Jobs that run.
    pub running: u64,
}

/// Looks up jobs.
#[async_trait]
pub trait ReadJobs: Send + Sync {
    /// A job of an organization.
    async fn find_job(
        &self,
        organization_id: OrganizationId,
        id: JobId,
    ) -> Result<Option<JobRecord>, StoreError>;
    /// The job of an earlier submission whose idempotency key still answers at `now`, whatever
    /// its body was.
    async fn find_job_of_key(
        &self,
        organization_id: OrganizationId,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<JobId>, StoreError>;
    /// The jobs of an organization.
    async fn list_jobs(
        &self,
        organization_id: OrganizationId,
        filter: &JobFilter,
        page: &PageRequest<JobId>,
    ) -> Result<Page<JobRecord, JobId>, StoreError>;
    /// The events of a job after `cursor` (0 for all), oldest first.
    async fn list_job_events(
        &self,
        organization_id: OrganizationId,
        id: JobId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<JobEvent>, StoreError>;
    /// The state changes of an account after `cursor`, oldest first.
    async fn list_account_events(
        &self,
        organization_id: OrganizationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AccountEvent>, StoreError>;
    /// The newest cursor of an account's stream.
    async fn get_account_cursor(&self, organization_id: OrganizationId) -> Result<u64, StoreError>;
    /// The settled children of a job, by ordinal.
    async fn list_children(&self, parent_id: JobId) -> Result<Vec<StoredChild>, StoreError>;
    /// Whose job it is; for administrators alone.
    async fn find_job_owner(&self, id: JobId) -> Result<Option<OrganizationId>, StoreError>;
    /// Jobs of all organizations that died running an operation, oldest first; for
    /// administrators alone.
    async fn list_dead_jobs(
        &self,
        operation: &str,
        after: Option<JobId>,
        limit: u32,
    ) -> Result<Vec<JobRecord>, StoreError>;
    /// What root jobs of all organizations cost that ended from `from` until before `to`, by
    /// operation and day; for administrators alone.
    async fn list_job_costs(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<JobCosts>, StoreError>;
    /// The queues.
    async fn list_queue_depths(&self) -> Result<Vec<QueueDepth>, StoreError>;
}
