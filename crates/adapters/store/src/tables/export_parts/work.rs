//! Data, jobs' files, workflows, schedules and what was granted, column by column.

use super::Cell::{Id, Int, Json, Text, Time};
use super::{BY_ID, OF_OWN, OF_OWN_OR_MADE, OF_PERSON, Source};

pub(super) const DATASETS: Source = Source {
    from: "datasets",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("name", Text),
        ("latest_version", Int),
        ("created_at", Time),
        ("deleted_at", Time),
    ],
    whose: OF_OWN_OR_MADE,
    order: BY_ID,
};

pub(super) const DATASET_VERSIONS: Source = Source {
    from: "dataset_versions v JOIN datasets d ON d.id = v.dataset_id",
    columns: &[
        ("v.dataset_id", Id),
        ("v.version", Int),
        ("v.file_name", Text),
        ("v.media_type", Text),
        ("v.bytes", Int),
        ("v.sha256", Text),
        ("v.profile", Json),
        ("v.created_at", Time),
    ],
    whose: "(v.organization_id IN {own} OR d.created_by = {user})",
    order: "v.dataset_id, v.version",
};

pub(super) const UPLOADS: Source = Source {
    from: "uploads",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("name", Text),
        ("file_name", Text),
        ("bytes", Int),
        ("created_at", Time),
        ("expires_at", Time),
    ],
    whose: OF_OWN_OR_MADE,
    order: BY_ID,
};

pub(super) const ARTIFACTS: Source = Source {
    from: "artifacts a JOIN jobs j ON j.id = a.job_id",
    columns: &[
        ("a.id", Id),
        ("a.organization_id", Id),
        ("a.job_id", Id),
        ("a.name", Text),
        ("a.media_type", Text),
        ("a.role", Text),
        ("a.bytes", Int),
        ("a.sha256", Text),
        ("a.created_at", Time),
    ],
    whose: "(a.organization_id IN {own} OR j.submitted_by = {user})",
    order: "a.id",
};

pub(super) const MODEL_CARDS: Source = Source {
    from: "model_cards",
    columns: &[
        ("artifact_id", Id),
        ("organization_id", Id),
        ("name", Text),
        ("version", Int),
        ("tags", Json),
        ("note", Text),
        ("changed_at", Time),
    ],
    whose: OF_OWN,
    order: "artifact_id",
};

pub(super) const WORKFLOWS: Source = Source {
    from: "workflows",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("name", Text),
        ("revision", Int),
        ("definition", Json),
        ("created_at", Time),
        ("changed_at", Time),
    ],
    whose: OF_OWN_OR_MADE,
    order: BY_ID,
};

pub(super) const WORKFLOW_REVISIONS: Source = Source {
    from: "workflow_revisions",
    columns: &[
        ("workflow_id", Id),
        ("revision", Int),
        ("name", Text),
        ("definition", Json),
        ("created_at", Time),
    ],
    whose: OF_OWN_OR_MADE,
    order: "workflow_id, revision",
};

pub(super) const WORKFLOW_RUNS: Source = Source {
    from: "flow_runs",
    columns: &[
        ("job_id", Id),
        ("workflow_id", Id),
        ("revision", Int),
        ("definition", Json),
        ("created_at", Time),
    ],
    whose: OF_OWN,
    order: "job_id",
};

pub(super) const SCHEDULES: Source = Source {
    from: "schedules",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("name", Text),
        ("operation", Text),
        ("params", Json),
        ("inputs", Json),
        ("cron", Text),
        ("state", Text),
        ("next_at", Time),
        ("created_at", Time),
    ],
    whose: OF_OWN_OR_MADE,
    order: BY_ID,
};

pub(super) const SCHEDULE_RUNS: Source = Source {
    from: "schedule_runs",
    columns: &[
        ("id", Id),
        ("schedule_id", Id),
        ("nominal_at", Time),
        ("fired_at", Time),
        ("outcome", Text),
        ("job_id", Id),
        ("reason", Text),
    ],
    whose: OF_OWN,
    order: BY_ID,
};

pub(super) const OBJECT_GRANTS: Source = Source {
    from: "object_grants",
    columns: &[
        ("object_id", Id),
        ("organization_id", Id),
        ("kind", Text),
        ("level", Text),
        ("granted_at", Time),
    ],
    whose: OF_PERSON,
    order: "object_id",
};
