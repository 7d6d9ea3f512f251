//! Workflows, their runs, and the registry of models.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE workflows (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES organizations (id),
        name TEXT NOT NULL,
        revision {int} NOT NULL,
        definition TEXT NOT NULL,
        created_by {id},
        created_at {int} NOT NULL,
        changed_at {int} NOT NULL
    ) {keyed}",
    "CREATE INDEX workflows_by_organization ON workflows (organization_id, id)",
    "CREATE TABLE workflow_revisions (
        workflow_id {id} NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
        organization_id {id} NOT NULL,
        revision {int} NOT NULL,
        name TEXT NOT NULL,
        definition TEXT NOT NULL,
        created_by {id},
        created_at {int} NOT NULL,
        PRIMARY KEY (workflow_id, revision)
    ) {keyed}",
    "CREATE TABLE flow_runs (
        job_id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL,
        workflow_id {id},
        revision {int},
        definition TEXT NOT NULL,
        created_at {int} NOT NULL
    ) {keyed}",
    "CREATE INDEX flow_runs_by_workflow ON flow_runs (workflow_id, job_id)
        WHERE workflow_id IS NOT NULL",
    "CREATE TABLE flow_nodes (
        job_id {id} NOT NULL,
        node TEXT NOT NULL,
        organization_id {id} NOT NULL,
        place {int} NOT NULL,
        phase TEXT NOT NULL,
        result_key TEXT,
        ordinal {int},
        reused_job {id},
        message TEXT,
        PRIMARY KEY (job_id, node)
    ) {keyed}",
    "CREATE INDEX flow_nodes_by_key ON flow_nodes (organization_id, result_key)
        WHERE result_key IS NOT NULL",
    "CREATE TABLE model_cards (
        artifact_id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL,
        name TEXT NOT NULL,
        version {int} NOT NULL,
        tags TEXT NOT NULL,
        note TEXT,
        changed_at {int} NOT NULL,
        UNIQUE (organization_id, name, version)
    ) {keyed}",
    "CREATE INDEX artifacts_models ON artifacts (organization_id, id) WHERE role = 'model'",
];
