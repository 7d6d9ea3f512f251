//! Rows of workflows and their runs.

use gantry_ports::StoreError;
use gantry_ports::store::{FlowNode, FlowRun, Workflow, WorkflowRevision};
use gantry_types::{JobId, OrganizationId, UserId, WorkflowId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::{decode_json, decode_serde_word, decode_time, decode_u32};

/// A row of `workflows`.
#[derive(Debug, FromQueryResult)]
pub(super) struct WorkflowRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    revision: i64,
    definition: String,
    created_by: Option<Uuid>,
    created_at: i64,
    changed_at: i64,
}

impl WorkflowRow {
    pub(super) fn decode(self) -> Result<Workflow, StoreError> {
        Ok(Workflow {
            id: WorkflowId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            name: self.name,
            revision: decode_u32("revision", self.revision)?,
            definition: decode_json("definition", &self.definition)?,
            created_by: self.created_by.map(UserId::from_uuid),
            created_at: decode_time(self.created_at),
            changed_at: decode_time(self.changed_at),
        })
    }
}

/// A row of `workflow_revisions`.
#[derive(Debug, FromQueryResult)]
pub(super) struct RevisionRow {
    revision: i64,
    name: String,
    definition: String,
    created_by: Option<Uuid>,
    created_at: i64,
}

impl RevisionRow {
    pub(super) fn decode(self) -> Result<WorkflowRevision, StoreError> {
        Ok(WorkflowRevision {
            revision: decode_u32("revision", self.revision)?,
            name: self.name,
            definition: decode_json("definition", &self.definition)?,
            created_by: self.created_by.map(UserId::from_uuid),
            created_at: decode_time(self.created_at),
        })
    }
}

/// A row of `flow_runs`.
#[derive(Debug, FromQueryResult)]
pub(super) struct FlowRunRow {
    job_id: Uuid,
    organization_id: Uuid,
    workflow_id: Option<Uuid>,
    revision: Option<i64>,
    definition: String,
    created_at: i64,
}

impl FlowRunRow {
    pub(super) fn decode(self) -> Result<FlowRun, StoreError> {
        let revision = self.revision.map(|number| decode_u32("revision", number));
        Ok(FlowRun {
            job_id: JobId::from_uuid(self.job_id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            workflow_id: self.workflow_id.map(WorkflowId::from_uuid),
            revision: revision.transpose()?,
            definition: decode_json("definition", &self.definition)?,
            created_at: decode_time(self.created_at),
        })
    }
}

/// A row of `flow_nodes` with the job that belongs to it.
#[derive(Debug, FromQueryResult)]
pub(super) struct FlowNodeRow {
    node: String,
    phase: String,
    result_key: Option<String>,
    ordinal: Option<i64>,
    found_job: Option<Uuid>,
    message: Option<String>,
}

impl FlowNodeRow {
    pub(super) fn decode(self) -> Result<FlowNode, StoreError> {
        let ordinal = self.ordinal.map(|number| decode_u32("ordinal", number));
        Ok(FlowNode {
            node: self.node,
            phase: decode_serde_word("node phase", &self.phase)?,
            key: self.result_key,
            ordinal: ordinal.transpose()?,
            job_id: self.found_job.map(JobId::from_uuid),
            message: self.message,
        })
    }
}
