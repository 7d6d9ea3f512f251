//! Rows of jobs with their bodies.

use gantry_ports::StoreError;
use gantry_ports::store::{JobEvent, JobEventKind, JobRecord, StoredChild};
use gantry_types::{Attempt, Credits, JobId, OrganizationId, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::{
    decode_json, decode_opt_json, decode_serde_word, decode_time, decode_u32, decode_u64,
    decode_word,
};
use crate::row::read_in_order;

/// The columns of [`JobRow`], from `jobs j`, `job_bodies b` and `job_results r`.
pub(super) const JOB_COLUMNS: &str = "j.id, j.organization_id, j.root_id, j.parent_id, \
     j.submitted_by, j.operation, j.operation_version, j.label, j.seed, j.accounting, j.state, \
     j.device, j.class, j.attempt, j.cancel_requested, j.max_credits, j.cost, j.penalty, j.stage, \
     j.progress, j.cursor, j.created_at, j.start_at, j.started_at, j.finished_at, \
     j.origin, j.swept_at, \
     b.params, b.inputs, r.report, r.error";

/// The tables of [`JOB_COLUMNS`].
pub(super) const JOB_TABLES: &str = "jobs j JOIN job_bodies b ON b.job_id = j.id \
     LEFT JOIN job_results r ON r.job_id = j.id";

/// A job with its bodies.
#[derive(Debug, FromQueryResult)]
pub(super) struct JobRow {
    id: Uuid,
    organization_id: Uuid,
    root_id: Uuid,
    parent_id: Option<Uuid>,
    submitted_by: Option<Uuid>,
    operation: String,
    operation_version: i64,
    label: Option<String>,
    seed: i64,
    accounting: String,
    state: String,
    device: String,
    class: String,
    attempt: i64,
    cancel_requested: bool,
    max_credits: i64,
    cost: i64,
    penalty: i64,
    stage: Option<String>,
    progress: f64,
    cursor: i64,
    created_at: i64,
    start_at: Option<i64>,
    started_at: Option<i64>,
    finished_at: Option<i64>,
    origin: Option<String>,
    swept_at: Option<i64>,
    params: String,
    inputs: String,
    report: Option<String>,
    error: Option<String>,
}

impl JobRow {
    /// The job as the port tells it.
    ///
    /// # Errors
    /// [`StoreError::Broken`] for a column that cannot be read.
    pub(super) fn decode(self) -> Result<JobRecord, StoreError> {
        Ok(JobRecord {
            id: JobId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            submitted_by: self.submitted_by.map(UserId::from_uuid),
            root_id: JobId::from_uuid(self.root_id),
            parent_id: self.parent_id.map(JobId::from_uuid),
            operation: self.operation,
            operation_version: decode_u32("operation version", self.operation_version)?,
            params: decode_json("parameters", &self.params)?,
            inputs: decode_json("inputs", &self.inputs)?,
            seed: decode_seed(self.seed),
            label: self.label,
            accounting: decode_serde_word("accounting", &self.accounting)?,
            state: decode_word("job state", &self.state)?,
            device: decode_word("device", &self.device)?,
            class: decode_word("priority class", &self.class)?,
            attempt: Attempt::new(decode_u32("attempt", self.attempt)?),
            cancel_requested: self.cancel_requested,
            max_credits: Credits::new(self.max_credits),
            cost: Credits::new(self.cost),
            penalty: Credits::new(self.penalty),
            stage: decode_opt_json("stage", self.stage.as_deref())?,
            progress: self.progress,
            report: decode_opt_json("report", self.report.as_deref())?,
            error: decode_opt_json("error", self.error.as_deref())?,
            cursor: decode_u64("cursor", self.cursor)?,
            created_at: decode_time(self.created_at),
            start_at: self.start_at.map(decode_time),
            started_at: self.started_at.map(decode_time),
            finished_at: self.finished_at.map(decode_time),
            origin: self.origin.map(|text| decode_word("origin", &text)).transpose()?,
            swept_at: self.swept_at.map(decode_time),
        })
    }
}

/// A seed uses all 64 bits; the column's sign is one of them.
pub(crate) const fn encode_seed(seed: u64) -> i64 {
    seed.cast_signed()
}

/// Reads what [`encode_seed`] wrote.
pub(crate) const fn decode_seed(column: i64) -> u64 {
    column.cast_unsigned()
}

/// A row of `job_events`.
#[derive(Debug, FromQueryResult)]
pub(super) struct EventRow {
    cursor: i64,
    kind: String,
    body: String,
    at: i64,
}

impl EventRow {
    pub(super) fn decode(self) -> Result<JobEvent, StoreError> {
        Ok(JobEvent {
            cursor: decode_u64("cursor", self.cursor)?,
            kind: decode_serde_word::<JobEventKind>("event kind", &self.kind)?,
            body: decode_json("event body", &self.body)?,
            at: decode_time(self.at),
        })
    }
}

/// A child as its parent sees it.
#[derive(Debug, FromQueryResult)]
pub(crate) struct ChildRow {
    id: Uuid,
    parent_id: Uuid,
    ordinal: i64,
    state: String,
    report: Option<String>,
    error: Option<String>,
}

read_in_order!(ChildRow: id, parent_id, ordinal, state, report, error);

impl ChildRow {
    /// Whose child it is.
    pub(crate) const fn parent(&self) -> JobId {
        JobId::from_uuid(self.parent_id)
    }

    /// The child as the port tells it.
    ///
    /// # Errors
    /// [`StoreError::Broken`] for a column that cannot be read.
    pub(crate) fn decode(self) -> Result<StoredChild, StoreError> {
        Ok(StoredChild {
            job_id: JobId::from_uuid(self.id),
            ordinal: decode_u32("ordinal", self.ordinal)?,
            state: decode_word("job state", &self.state)?,
            report: decode_opt_json("report", self.report.as_deref())?,
            error: decode_opt_json("error", self.error.as_deref())?,
        })
    }
}
