//! Rows of schedules.

use gantry_ports::StoreError;
use gantry_ports::store::{Schedule, ScheduleRun};
use gantry_types::{JobId, OrganizationId, ScheduleId, ScheduleRunId, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::{decode_json, decode_serde_word, decode_time, decode_u32, decode_word};

/// The columns of [`ScheduleRow`].
pub(super) const SCHEDULE_COLUMNS: &str = "id, organization_id, created_by, name, operation, \
     operation_version, params, inputs, cron, overlap, on_refusal, state, next_at, last_job, \
     created_at";

/// A row of `schedules`.
#[derive(Debug, FromQueryResult)]
pub(super) struct ScheduleRow {
    id: Uuid,
    organization_id: Uuid,
    created_by: Option<Uuid>,
    name: String,
    operation: String,
    operation_version: i64,
    params: String,
    inputs: String,
    cron: String,
    overlap: String,
    on_refusal: String,
    state: String,
    next_at: Option<i64>,
    last_job: Option<Uuid>,
    created_at: i64,
}

impl ScheduleRow {
    pub(super) fn decode(self) -> Result<Schedule, StoreError> {
        Ok(Schedule {
            id: ScheduleId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            created_by: self.created_by.map(UserId::from_uuid),
            name: self.name,
            operation: self.operation,
            operation_version: decode_u32("operation version", self.operation_version)?,
            params: decode_json("parameters", &self.params)?,
            inputs: decode_json("inputs", &self.inputs)?,
            cron: decode_word("cron expression", &self.cron)?,
            overlap: decode_serde_word("overlap", &self.overlap)?,
            on_refusal: decode_serde_word("refusal", &self.on_refusal)?,
            state: decode_serde_word("schedule state", &self.state)?,
            next_at: self.next_at.map(decode_time),
            last_job: self.last_job.map(JobId::from_uuid),
            created_at: decode_time(self.created_at),
        })
    }
}

/// A row of `schedule_runs`.
#[derive(Debug, FromQueryResult)]
pub(super) struct RunRow {
    id: Uuid,
    organization_id: Uuid,
    schedule_id: Uuid,
    nominal_at: i64,
    fired_at: i64,
    outcome: String,
    job_id: Option<Uuid>,
    reason: Option<String>,
}

impl RunRow {
    pub(super) fn decode(self) -> Result<ScheduleRun, StoreError> {
        Ok(ScheduleRun {
            id: ScheduleRunId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            schedule_id: ScheduleId::from_uuid(self.schedule_id),
            nominal_at: decode_time(self.nominal_at),
            fired_at: decode_time(self.fired_at),
            outcome: decode_serde_word("run outcome", &self.outcome)?,
            job_id: self.job_id.map(JobId::from_uuid),
            reason: self.reason,
        })
    }
}
