//! Looks up and changes workflows and their runs.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    FlowNode, FlowRun, Page, PageRequest, ReadFlows, Workflow, WorkflowRevision, WriteFlows,
};
use gantry_types::{JobId, OrganizationId, UserId, WorkflowId};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::convert::{encode_json, encode_serde_word};
use super::flow_rows::{FlowNodeRow, FlowRunRow, RevisionRow, WorkflowRow};
use super::page::PageSql;
use super::sharing::forget;
use super::sight::{Thing, and_of_seen_job, and_of_seen_workflow, and_seen};
use crate::session::Session;

const WORKFLOW_COLUMNS: &str =
    "id, organization_id, name, revision, definition, created_by, created_at, changed_at";
const REVISION_COLUMNS: &str = "revision, name, definition, created_by, created_at";
const RUN_COLUMNS: &str = "job_id, organization_id, workflow_id, revision, definition, created_at";

#[derive(Debug, FromQueryResult)]
struct IdRow {
    id: Uuid,
}

#[async_trait]
impl ReadFlows for Session {
    async fn find_workflow(
        &self,
        organization_id: OrganizationId,
        id: WorkflowId,
    ) -> Result<Option<Workflow>, StoreError> {
        let mut values: Vec<Value> = vec![organization_id.as_uuid().into(), id.as_uuid().into()];
        let seen = and_seen(self.sight(), &[Thing::Workflow], &mut values);
        let sql = format!(
            "SELECT {WORKFLOW_COLUMNS} FROM workflows w \
             WHERE w.organization_id = $1 AND w.id = $2{seen}"
        );
        let row = self.sql().first::<WorkflowRow>("workflow", sql, values).await?;
        row.map(WorkflowRow::decode).transpose()
    }

    async fn list_workflows(
        &self,
        organization_id: OrganizationId,
        page: &PageRequest<WorkflowId>,
    ) -> Result<Page<Workflow, WorkflowId>, StoreError> {
        let mut values: Vec<Value> = vec![organization_id.as_uuid().into()];
        let seen = and_seen(self.sight(), &[Thing::Workflow], &mut values);
        let tail = PageSql::new(page, "w.id", values.len() + 1, WorkflowId::as_uuid);
        let sql = format!(
            "SELECT {WORKFLOW_COLUMNS} FROM workflows w WHERE w.organization_id = $1{seen}{}",
            tail.tail
        );
        values.extend(tail.values.iter().cloned());
        let rows = self.sql().all::<WorkflowRow>("workflow", sql, values).await?;
        let workflows = rows.into_iter().map(WorkflowRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(workflows, |workflow: &Workflow| workflow.id))
    }

    async fn find_revision(
        &self,
        organization_id: OrganizationId,
        id: WorkflowId,
        revision: u32,
    ) -> Result<Option<WorkflowRevision>, StoreError> {
        let mut values: Vec<Value> =
            vec![organization_id.as_uuid().into(), id.as_uuid().into(), i64::from(revision).into()];
        let seen = and_of_seen_workflow(self.sight(), &mut values);
        let sql = format!(
            "SELECT {REVISION_COLUMNS} FROM workflow_revisions \
             WHERE organization_id = $1 AND workflow_id = $2 AND revision = $3{seen}"
        );
        let row = self.sql().first::<RevisionRow>("workflow revision", sql, values).await?;
        row.map(RevisionRow::decode).transpose()
    }

    async fn list_revisions(
        &self,
        organization_id: OrganizationId,
        id: WorkflowId,
        limit: u32,
    ) -> Result<Vec<WorkflowRevision>, StoreError> {
        let mut values: Vec<Value> =
            vec![organization_id.as_uuid().into(), id.as_uuid().into(), i64::from(limit).into()];
        let seen = and_of_seen_workflow(self.sight(), &mut values);
        let sql = format!(
            "SELECT {REVISION_COLUMNS} FROM workflow_revisions WHERE organization_id = $1 \
             AND workflow_id = $2{seen} ORDER BY revision DESC LIMIT $3"
        );
        let rows = self.sql().all::<RevisionRow>("workflow revision", sql, values).await?;
        rows.into_iter().map(RevisionRow::decode).collect()
    }

    async fn find_flow_run(
        &self,
        organization_id: OrganizationId,
        job_id: JobId,
    ) -> Result<Option<FlowRun>, StoreError> {
        let mut values: Vec<Value> =
            vec![organization_id.as_uuid().into(), job_id.as_uuid().into()];
        let seen = and_of_seen_job(self.sight(), "flow_runs", &mut values);
        let sql = format!(
            "SELECT {RUN_COLUMNS} FROM flow_runs WHERE organization_id = $1 AND job_id = $2{seen}"
        );
        let row = self.sql().first::<FlowRunRow>("workflow run", sql, values).await?;
        row.map(FlowRunRow::decode).transpose()
    }

    async fn list_flow_runs(
        &self,
        organization_id: OrganizationId,
        id: WorkflowId,
        page: &PageRequest<JobId>,
    ) -> Result<Page<FlowRun, JobId>, StoreError> {
        let mut values: Vec<Value> = vec![organization_id.as_uuid().into(), id.as_uuid().into()];
        let seen = and_of_seen_job(self.sight(), "flow_runs", &mut values);
        let tail = PageSql::new(page, "job_id", values.len() + 1, JobId::as_uuid);
        let sql = format!(
            "SELECT {RUN_COLUMNS} FROM flow_runs \
             WHERE organization_id = $1 AND workflow_id = $2{seen}{}",
            tail.tail
        );
        values.extend(tail.values.iter().cloned());
        let rows = self.sql().all::<FlowRunRow>("workflow run", sql, values).await?;
        let runs = rows.into_iter().map(FlowRunRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(runs, |run: &FlowRun| run.job_id))
    }

    async fn list_flow_nodes(
        &self,
        organization_id: OrganizationId,
        job_id: JobId,
    ) -> Result<Vec<FlowNode>, StoreError> {
        let mut values: Vec<Value> =
            vec![organization_id.as_uuid().into(), job_id.as_uuid().into()];
        let seen = and_of_seen_job(self.sight(), "n", &mut values);
        let sql = format!(
            "SELECT n.node, n.phase, n.result_key, n.ordinal, n.message, \
             COALESCE(n.reused_job, c.id) AS found_job FROM flow_nodes n \
             LEFT JOIN jobs c ON c.parent_id = n.job_id AND c.ordinal = n.ordinal \
             WHERE n.organization_id = $1 AND n.job_id = $2{seen} ORDER BY n.place"
        );
        let rows = self.sql().all::<FlowNodeRow>("workflow node", sql, values).await?;
        rows.into_iter().map(FlowNodeRow::decode).collect()
    }

    async fn find_reusable(
        &self,
        organization_id: OrganizationId,
        key: &str,
        by: JobId,
    ) -> Result<Option<JobId>, StoreError> {
        let sql = "SELECT j.id FROM flow_nodes n \
                   JOIN jobs j ON j.parent_id = n.job_id AND j.ordinal = n.ordinal \
                   WHERE n.organization_id = $1 AND n.result_key = $2 \
                   AND j.organization_id = $1 AND j.state = 'succeeded' AND j.swept_at IS NULL \
                   AND (NOT EXISTS (SELECT 1 FROM object_restrictions r \
                   WHERE r.object_id = j.root_id) \
                   OR EXISTS (SELECT 1 FROM jobs o JOIN jobs b \
                   ON b.organization_id = o.organization_id AND b.submitted_by = o.submitted_by \
                   JOIN object_restrictions r ON r.object_id = b.id \
                   WHERE o.id = j.root_id AND b.id = $3)) \
                   AND NOT EXISTS (SELECT 1 FROM artifacts a JOIN object_restrictions r \
                   ON r.object_id = a.id WHERE a.job_id = j.id) \
                   ORDER BY j.id DESC LIMIT 1";
        let values = vec![organization_id.as_uuid().into(), key.into(), by.as_uuid().into()];
        let row = self.sql().first::<IdRow>("workflow node", sql, values).await?;
        Ok(row.map(|row| JobId::from_uuid(row.id)))
    }

    async fn find_owner(&self, job_id: JobId) -> Result<Option<OrganizationId>, StoreError> {
        let sql = "SELECT organization_id AS id FROM jobs WHERE id = $1";
        let row = self.sql().first::<IdRow>("job", sql, vec![job_id.as_uuid().into()]).await?;
        Ok(row.map(|row| OrganizationId::from_uuid(row.id)))
    }
}

#[async_trait]
impl WriteFlows for Session {
    async fn insert_workflow(&self, workflow: &Workflow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO workflows ({WORKFLOW_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        );
        let values = vec![
            workflow.id.as_uuid().into(),
            workflow.organization_id.as_uuid().into(),
            workflow.name.as_str().into(),
            i64::from(workflow.revision).into(),
            encode_json("definition", &workflow.definition)?.into(),
            workflow.created_by.map(UserId::as_uuid).into(),
            workflow.created_at.as_micros().into(),
            workflow.changed_at.as_micros().into(),
        ];
        self.sql().run("workflow", sql, values).await?;
        self.insert_revision(workflow, workflow.created_by).await
    }

    async fn update_workflow(
        &self,
        workflow: &Workflow,
        changed_by: Option<UserId>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE workflows SET name = $3, revision = $4, definition = $5, \
                   changed_at = $6 WHERE id = $1 AND organization_id = $2 AND revision = $4 - 1";
        let values = vec![
            workflow.id.as_uuid().into(),
            workflow.organization_id.as_uuid().into(),
            workflow.name.as_str().into(),
            i64::from(workflow.revision).into(),
            encode_json("definition", &workflow.definition)?.into(),
            workflow.changed_at.as_micros().into(),
        ];
        self.sql().run_on_row("workflow", sql, values).await?;
        self.insert_revision(workflow, changed_by).await
    }

    async fn delete_workflow(
        &self,
        organization_id: OrganizationId,
        id: WorkflowId,
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM workflows WHERE id = $1 AND organization_id = $2";
        let values: Vec<Value> = vec![id.as_uuid().into(), organization_id.as_uuid().into()];
        let gone = "SELECT id FROM workflows WHERE id = $1 AND organization_id = $2";
        forget(self.sql(), gone, &values).await?;
        self.sql().run_on_row("workflow", sql, values).await
    }

    async fn insert_flow_run(&self, run: &FlowRun) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO flow_runs ({RUN_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (job_id) DO NOTHING"
        );
        let values = vec![
            run.job_id.as_uuid().into(),
            run.organization_id.as_uuid().into(),
            run.workflow_id.map(WorkflowId::as_uuid).into(),
            run.revision.map(i64::from).into(),
            encode_json("definition", &run.definition)?.into(),
            run.created_at.as_micros().into(),
        ];
        self.sql().run("workflow run", sql, values).await.map(drop)
    }

    async fn put_flow_nodes(
        &self,
        organization_id: OrganizationId,
        job_id: JobId,
        nodes: &[FlowNode],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO flow_nodes (job_id, node, organization_id, place, phase, \
                   result_key, ordinal, reused_job, message) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                   ON CONFLICT (job_id, node) DO UPDATE SET phase = excluded.phase, \
                   result_key = excluded.result_key, ordinal = excluded.ordinal, \
                   reused_job = excluded.reused_job, message = excluded.message";
        for (place, node) in (0_i64..).zip(nodes) {
            let values = vec![
                job_id.as_uuid().into(),
                node.node.as_str().into(),
                organization_id.as_uuid().into(),
                place.into(),
                encode_serde_word("node phase", &node.phase)?.into(),
                node.key.clone().into(),
                node.ordinal.map(i64::from).into(),
                reused(node).map(JobId::as_uuid).into(),
                node.message.clone().into(),
            ];
            self.sql().run("workflow node", sql, values).await?;
        }
        Ok(())
    }
}

impl Session {
    async fn insert_revision(
        &self,
        workflow: &Workflow,
        by: Option<UserId>,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO workflow_revisions (workflow_id, organization_id, revision, name, \
                   definition, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values = vec![
            workflow.id.as_uuid().into(),
            workflow.organization_id.as_uuid().into(),
            i64::from(workflow.revision).into(),
            workflow.name.as_str().into(),
            encode_json("definition", &workflow.definition)?.into(),
            by.map(UserId::as_uuid).into(),
            workflow.changed_at.as_micros().into(),
        ];
        self.sql().run("workflow revision", sql, values).await.map(drop)
    }
}

/// The job of another run; one of this run is found by its ordinal.
const fn reused(node: &FlowNode) -> Option<JobId> {
    match node.ordinal {
        None => node.job_id,
        Some(_) => None,
    }
}
