//! Workflows with their revisions, and what became of each node of a run.
//!
//! Invariants: a revision never changes; a run is a job, and its row here says only what the job
//! does not; every look-up but that of a running job's owner names the organization.

use async_trait::async_trait;
use gantry_types::{JobId, OrganizationId, Timestamp, UserId, WorkflowId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::StoreError;
use super::page::{Page, PageRequest};

/// A workflow as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Workflow {
    /// The identifier.
    pub id: WorkflowId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The name for people.
    pub name: String,
    /// The number of its newest revision, from 1.
    pub revision: u32,
    /// What the newest revision says.
    pub definition: Value,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its newest revision was made.
    pub changed_at: Timestamp,
}

/// One state of a workflow; never changed.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowRevision {
    /// From 1.
    pub revision: u32,
    /// The name for people.
    pub name: String,
    /// What it says.
    pub definition: Value,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
}

/// A run of a workflow: what its job does not say.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowRun {
    /// The job.
    pub job_id: JobId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The workflow, unless the definition came with the job.
    pub workflow_id: Option<WorkflowId>,
    /// Which revision.
    pub revision: Option<u32>,
    /// What was run.
    pub definition: Value,
    /// When it was submitted.
    pub created_at: Timestamp,
}

/// How far a node is, as its run knows; what its own job says comes on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodePhase {
    /// It waits for what it reads.
    Waiting,
    /// Its job was made.
    Started,
    /// The result of an earlier run is used.
    Reused,
    /// It could not be started, or its job did not succeed.
    Failed,
    /// Something that it reads failed.
    Skipped,
    /// It is data, and was found.
    Ready,
}

/// A node of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowNode {
    /// The node's name in its workflow.
    pub node: String,
    /// How far it is.
    pub phase: NodePhase,
    /// A digest of operation, parameters and the bytes of its inputs, once they are known.
    pub key: Option<String>,
    /// Its job's place among the children of the run.
    pub ordinal: Option<u32>,
    /// Its job: of this run, or of the earlier one whose result is used. Answered by look-ups;
    /// of what is written only that of a reused node is kept.
    pub job_id: Option<JobId>,
    /// Why it failed or was skipped.
    pub message: Option<String>,
}

/// Looks up workflows and their runs.
#[async_trait]
pub trait ReadFlows: Send + Sync {
    /// A workflow of an organization.
    async fn find_workflow(
        &self,
        organization_id: OrganizationId,
        id: WorkflowId,
    ) -> Result<Option<Workflow>, StoreError>;
    /// The workflows of an organization.
    async fn list_workflows(
        &self,
        organization_id: OrganizationId,
        page: &PageRequest<WorkflowId>,
    ) -> Result<Page<Workflow, WorkflowId>, StoreError>;
    /// One revision of a workflow.
    async fn find_revision(
        &self,
        organization_id: OrganizationId,
        id: WorkflowId,
        revision: u32,
    ) -> Result<Option<WorkflowRevision>, StoreError>;
    /// The newest revisions of a workflow, newest first, at most `limit`.
    async fn list_revisions(
        &self,
        organization_id: OrganizationId,
        id: WorkflowId,
        limit: u32,
    ) -> Result<Vec<WorkflowRevision>, StoreError>;
    /// A run by its job.
    async fn find_flow_run(
        &self,
        organization_id: OrganizationId,
        job_id: JobId,
    ) -> Result<Option<FlowRun>, StoreError>;
    /// The runs of a workflow.
    async fn list_flow_runs(
        &self,
        organization_id: OrganizationId,
        id: WorkflowId,
        page: &PageRequest<JobId>,
    ) -> Result<Page<FlowRun, JobId>, StoreError>;
    /// The nodes of a run, in the order in which they were written.
    async fn list_flow_nodes(
        &self,
        organization_id: OrganizationId,
        job_id: JobId,
    ) -> Result<Vec<FlowNode>, StoreError>;
    /// The newest job of an organization that succeeded as a node with this key, whose results
    /// are still there, and which the run `by` may use again: what is restricted for nobody; and of
    /// a run that is restricted, which the same person asked for, if `by` is restricted too.
    async fn find_reusable(
        &self,
        organization_id: OrganizationId,
        key: &str,
        by: JobId,
    ) -> Result<Option<JobId>, StoreError>;
    /// Whose a job is. For the operation that runs as this job and for nothing else: nobody hands
    /// it an identifier from outside.
    async fn find_owner(&self, job_id: JobId) -> Result<Option<OrganizationId>, StoreError>;
}

/// Changes workflows and their runs.
#[async_trait]
pub trait WriteFlows: ReadFlows {
    /// Adds a workflow with its first revision.
    async fn insert_workflow(&self, workflow: &Workflow) -> Result<(), StoreError>;
    /// Makes `workflow` the newest state, whose revision is one more than the present one;
    /// [`StoreError::NotFound`] when it is not, or there is no such workflow.
    async fn update_workflow(
        &self,
        workflow: &Workflow,
        changed_by: Option<UserId>,
    ) -> Result<(), StoreError>;
    /// Removes a workflow with its revisions; its runs stay as jobs. [`StoreError::NotFound`].
    async fn delete_workflow(
        &self,
        organization_id: OrganizationId,
        id: WorkflowId,
    ) -> Result<(), StoreError>;
    /// Keeps a run; one that is kept already stays as it is.
    async fn insert_flow_run(&self, run: &FlowRun) -> Result<(), StoreError>;
    /// Keeps how far the nodes of a run are, replacing what was said of them before.
    async fn put_flow_nodes(
        &self,
        organization_id: OrganizationId,
        job_id: JobId,
        nodes: &[FlowNode],
    ) -> Result<(), StoreError>;
}
