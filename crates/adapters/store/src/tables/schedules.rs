//! Looks up and changes schedules.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    Page, PageRequest, ReadSchedules, Schedule, ScheduleRun, WriteSchedules,
};
use gantry_rules::zone::Zone;
use gantry_types::{JobId, OrganizationId, ScheduleId, ScheduleRunId, Timestamp, UserId};
use sea_orm::{FromQueryResult, Value};

use super::convert::{decode_word, encode_json, encode_serde_word};
use super::page::PageSql;
use super::schedule_rows::{RunRow, SCHEDULE_COLUMNS, ScheduleRow};
use crate::session::Session;

#[derive(Debug, FromQueryResult)]
struct ZoneRow {
    time_zone: String,
}

#[derive(Debug, FromQueryResult)]
struct TimeRow {
    at: Option<i64>,
}

#[async_trait]
impl ReadSchedules for Session {
    async fn find_schedule(
        &self,
        organization_id: OrganizationId,
        id: ScheduleId,
    ) -> Result<Option<Schedule>, StoreError> {
        let sql = format!(
            "SELECT {SCHEDULE_COLUMNS} FROM schedules WHERE organization_id = $1 AND id = $2"
        );
        let values = vec![organization_id.as_uuid().into(), id.as_uuid().into()];
        let row = self.sql().first::<ScheduleRow>("schedule", sql, values).await?;
        row.map(ScheduleRow::decode).transpose()
    }

    async fn list_schedules(
        &self,
        organization_id: OrganizationId,
        page: &PageRequest<ScheduleId>,
    ) -> Result<Page<Schedule, ScheduleId>, StoreError> {
        let tail = PageSql::new(page, "id", 2, ScheduleId::as_uuid);
        let sql = format!(
            "SELECT {SCHEDULE_COLUMNS} FROM schedules WHERE organization_id = $1{}",
            tail.tail
        );
        let mut values: Vec<Value> = vec![organization_id.as_uuid().into()];
        values.extend(tail.values.iter().cloned());
        let rows = self.sql().all::<ScheduleRow>("schedule", sql, values).await?;
        let schedules = rows.into_iter().map(ScheduleRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(schedules, |schedule: &Schedule| schedule.id))
    }

    async fn list_schedule_runs(
        &self,
        organization_id: OrganizationId,
        id: ScheduleId,
        page: &PageRequest<ScheduleRunId>,
    ) -> Result<Page<ScheduleRun, ScheduleRunId>, StoreError> {
        let tail = PageSql::new(page, "id", 3, ScheduleRunId::as_uuid);
        let sql = format!(
            "SELECT id, organization_id, schedule_id, nominal_at, fired_at, outcome, job_id, \
             reason FROM schedule_runs WHERE organization_id = $1 AND schedule_id = $2{}",
            tail.tail
        );
        let mut values: Vec<Value> = vec![organization_id.as_uuid().into(), id.as_uuid().into()];
        values.extend(tail.values.iter().cloned());
        let rows = self.sql().all::<RunRow>("schedule run", sql, values).await?;
        let runs = rows.into_iter().map(RunRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(runs, |run: &ScheduleRun| run.id))
    }

    async fn list_due_schedules(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Schedule>, StoreError> {
        let sql = format!(
            "SELECT {SCHEDULE_COLUMNS} FROM schedules WHERE next_at IS NOT NULL \
             AND next_at <= $1 ORDER BY next_at, id LIMIT $2"
        );
        let values = vec![now.as_micros().into(), i64::from(limit).into()];
        let rows = self.sql().all::<ScheduleRow>("schedule", sql, values).await?;
        rows.into_iter().map(ScheduleRow::decode).collect()
    }

    async fn find_next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT MIN(next_at) AS at FROM schedules WHERE next_at IS NOT NULL";
        let row = self.sql().first::<TimeRow>("schedule", sql, Vec::new()).await?;
        Ok(row.and_then(|row| row.at).map(Timestamp::from_micros))
    }

    async fn get_zone(&self, organization_id: OrganizationId) -> Result<Zone, StoreError> {
        let sql = "SELECT time_zone FROM organizations WHERE id = $1";
        let values = vec![organization_id.as_uuid().into()];
        let row = self.sql().first::<ZoneRow>("organization", sql, values).await?;
        let row = row.ok_or(StoreError::NotFound { what: "organization" })?;
        decode_word("time zone", &row.time_zone)
    }
}

#[async_trait]
impl WriteSchedules for Session {
    async fn insert_schedule(&self, schedule: &Schedule) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO schedules ({SCHEDULE_COLUMNS}) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        );
        let mut values: Vec<Value> = vec![
            schedule.id.as_uuid().into(),
            schedule.organization_id.as_uuid().into(),
            schedule.created_by.map(UserId::as_uuid).into(),
        ];
        values.extend(derive_settings(schedule)?);
        values.push(schedule.last_job.map(JobId::as_uuid).into());
        values.push(schedule.created_at.as_micros().into());
        self.sql().run("schedule", sql, values).await.map(drop)
    }

    async fn update_schedule(&self, schedule: &Schedule) -> Result<(), StoreError> {
        let sql = "UPDATE schedules SET name = $3, operation = $4, operation_version = $5, \
                   params = $6, inputs = $7, cron = $8, overlap = $9, on_refusal = $10, \
                   state = $11, next_at = $12, created_by = $13 \
                   WHERE id = $1 AND organization_id = $2";
        let mut values: Vec<Value> =
            vec![schedule.id.as_uuid().into(), schedule.organization_id.as_uuid().into()];
        values.extend(derive_settings(schedule)?);
        values.push(schedule.created_by.map(UserId::as_uuid).into());
        self.sql().run_on_row("schedule", sql, values).await
    }

    async fn delete_schedule(
        &self,
        organization_id: OrganizationId,
        id: ScheduleId,
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM schedules WHERE id = $1 AND organization_id = $2";
        let values = vec![id.as_uuid().into(), organization_id.as_uuid().into()];
        self.sql().run_on_row("schedule", sql, values).await
    }

    async fn record_run(&self, run: &ScheduleRun) -> Result<(), StoreError> {
        // A schedule that was deleted meanwhile has no runs any more. Of two servers that look at
        // the same time, the one that started its job is right.
        let sql = "INSERT INTO schedule_runs (id, organization_id, schedule_id, nominal_at, \
                   fired_at, outcome, job_id, reason) SELECT $1, organization_id, id, $3, $4, $5, \
                   $6, $7 FROM schedules WHERE id = $2 \
                   ON CONFLICT (schedule_id, nominal_at) DO UPDATE SET outcome = excluded.outcome, \
                   job_id = excluded.job_id, reason = excluded.reason \
                   WHERE excluded.outcome = 'started'";
        let values = vec![
            run.id.as_uuid().into(),
            run.schedule_id.as_uuid().into(),
            run.nominal_at.as_micros().into(),
            run.fired_at.as_micros().into(),
            encode_serde_word("run outcome", &run.outcome)?.into(),
            run.job_id.map(JobId::as_uuid).into(),
            run.reason.clone().into(),
        ];
        self.sql().run("schedule run", sql, values).await?;
        let Some(job_id) = run.job_id else { return Ok(()) };
        let sql = "UPDATE schedules SET last_job = $2 WHERE id = $1";
        let values = vec![run.schedule_id.as_uuid().into(), job_id.as_uuid().into()];
        self.sql().run("schedule", sql, values).await.map(drop)
    }

    async fn advance_schedule(
        &self,
        id: ScheduleId,
        from: Timestamp,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE schedules SET next_at = $3 WHERE id = $1 AND next_at = $2";
        let values = vec![
            id.as_uuid().into(),
            from.as_micros().into(),
            next.map(Timestamp::as_micros).into(),
        ];
        self.sql().run("schedule", sql, values).await.map(drop)
    }

    async fn set_zone(
        &self,
        organization_id: OrganizationId,
        zone: &Zone,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE organizations SET time_zone = $2 WHERE id = $1";
        let values = vec![organization_id.as_uuid().into(), zone.as_str().into()];
        self.sql().run_on_row("organization", sql, values).await
    }
}

/// The columns from `name` to `next_at`.
fn derive_settings(schedule: &Schedule) -> Result<Vec<Value>, StoreError> {
    Ok(vec![
        schedule.name.as_str().into(),
        schedule.operation.as_str().into(),
        i64::from(schedule.operation_version).into(),
        encode_json("parameters", &schedule.params)?.into(),
        encode_json("inputs", &schedule.inputs)?.into(),
        schedule.cron.to_string().into(),
        encode_serde_word("overlap", &schedule.overlap)?.into(),
        encode_serde_word("refusal", &schedule.on_refusal)?.into(),
        encode_serde_word("schedule state", &schedule.state)?.into(),
        schedule.next_at.map(Timestamp::as_micros).into(),
    ])
}
