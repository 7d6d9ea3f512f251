//! Looks up jobs, their events, their children and the queues.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    AccountEvent, JobCosts, JobEvent, JobFilter, JobRecord, Page, PageRequest, QueueDepth,
    ReadJobs, StoredChild,
};
use gantry_rules::submission::IdempotencyKey;
use gantry_types::{JobId, OrganizationId, Timestamp};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::convert::{decode_time, decode_u64, decode_word, encode_u64};
use super::job_rows::{ChildRow, EventRow, JOB_COLUMNS, JOB_TABLES, JobRow};
use super::sight::{Thing, and_of_seen_job, and_seen};
use super::{job_costs, jobs_list};
use crate::hot::KEY_LIFETIME;
use crate::session::Session;

/// The most events of one answer, whatever the caller asks for.
const MOST_EVENTS: u32 = 1000;

/// A row of `account_events`.
#[derive(Debug, FromQueryResult)]
struct AccountEventRow {
    cursor: i64,
    job_id: Uuid,
    operation: String,
    state: String,
    at: i64,
}

impl AccountEventRow {
    fn decode(self) -> Result<AccountEvent, StoreError> {
        Ok(AccountEvent {
            cursor: decode_u64("cursor", self.cursor)?,
            job_id: JobId::from_uuid(self.job_id),
            operation: self.operation,
            state: decode_word("job state", &self.state)?,
            at: decode_time(self.at),
        })
    }
}

/// Whose job it is, alone.
#[derive(Debug, FromQueryResult)]
struct OwnerRow {
    organization_id: Uuid,
}

/// The job that a key stands for.
#[derive(Debug, FromQueryResult)]
struct KeptRow {
    job_id: Uuid,
}

/// A queue with its counts.
#[derive(Debug, FromQueryResult)]
struct DepthRow {
    device: String,
    class: String,
    queued: i64,
    running: i64,
}

impl DepthRow {
    fn decode(self) -> Result<QueueDepth, StoreError> {
        Ok(QueueDepth {
            device: decode_word("device", &self.device)?,
            class: decode_word("priority class", &self.class)?,
            queued: decode_u64("queue depth", self.queued)?,
            running: decode_u64("queue depth", self.running)?,
        })
    }
}

#[async_trait]
impl ReadJobs for Session {
    async fn find_job(
        &self,
        organization_id: OrganizationId,
        id: JobId,
    ) -> Result<Option<JobRecord>, StoreError> {
        let mut values: Vec<Value> = vec![id.as_uuid().into(), organization_id.as_uuid().into()];
        let seen = and_seen(self.sight(), &[Thing::Job], &mut values);
        let sql = format!(
            "SELECT {JOB_COLUMNS} FROM {JOB_TABLES} \
             WHERE j.id = $1 AND j.organization_id = $2{seen}"
        );
        let row = self.sql().first::<JobRow>("job", sql, values).await?;
        row.map(JobRow::decode).transpose()
    }

    async fn find_job_of_key(
        &self,
        organization_id: OrganizationId,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<JobId>, StoreError> {
        let sql = "SELECT job_id FROM idempotency_keys WHERE organization_id = $1 \
                   AND route = $2 AND idempotency_key = $3 AND created_at > $4";
        let values = vec![
            organization_id.as_uuid().into(),
            key.route.as_str().into(),
            key.key.as_str().into(),
            now.minus(KEY_LIFETIME).as_micros().into(),
        ];
        let row = self.sql().first::<KeptRow>("idempotency key", sql, values).await?;
        Ok(row.map(|row| JobId::from_uuid(row.job_id)))
    }

    async fn list_jobs(
        &self,
        organization_id: OrganizationId,
        filter: &JobFilter,
        page: &PageRequest<JobId>,
    ) -> Result<Page<JobRecord, JobId>, StoreError> {
        jobs_list::list(self, organization_id, filter, page).await
    }

    async fn list_job_events(
        &self,
        organization_id: OrganizationId,
        id: JobId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<JobEvent>, StoreError> {
        let mut values: Vec<Value> = vec![
            id.as_uuid().into(),
            organization_id.as_uuid().into(),
            encode_u64("cursor", after)?.into(),
            i64::from(limit.min(MOST_EVENTS)).into(),
        ];
        let of_seen = and_of_seen_job(self.sight(), "job_events", &mut values);
        let sql = format!(
            "SELECT cursor, kind, body, at FROM job_events \
             WHERE job_id = $1 AND organization_id = $2 AND cursor > $3{of_seen} \
             ORDER BY cursor LIMIT $4"
        );
        let rows = self.sql().all::<EventRow>("job event", sql, values).await?;
        rows.into_iter().map(EventRow::decode).collect()
    }

    async fn list_account_events(
        &self,
        organization_id: OrganizationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AccountEvent>, StoreError> {
        let mut values: Vec<Value> = vec![
            organization_id.as_uuid().into(),
            encode_u64("cursor", after)?.into(),
            i64::from(limit.min(MOST_EVENTS)).into(),
        ];
        let of_seen = and_of_seen_job(self.sight(), "account_events", &mut values);
        let sql = format!(
            "SELECT cursor, job_id, operation, state, at FROM account_events \
             WHERE organization_id = $1 AND cursor > $2{of_seen} ORDER BY cursor LIMIT $3"
        );
        let rows = self.sql().all::<AccountEventRow>("account event", sql, values).await?;
        rows.into_iter().map(AccountEventRow::decode).collect()
    }

    async fn get_account_cursor(&self, organization_id: OrganizationId) -> Result<u64, StoreError> {
        let sql = "SELECT cursor FROM accounts WHERE organization_id = $1";
        let values = vec![organization_id.as_uuid().into()];
        decode_u64("cursor", self.sql().number("account", sql, values).await?)
    }

    async fn list_children(&self, parent_id: JobId) -> Result<Vec<StoredChild>, StoreError> {
        let sql = "SELECT j.id, j.parent_id, j.ordinal, j.state, r.report, r.error \
                   FROM jobs j LEFT JOIN job_results r ON r.job_id = j.id \
                   WHERE j.parent_id = $1 \
                   AND j.state IN ('succeeded', 'failed', 'cancelled', 'dead') \
                   ORDER BY j.ordinal";
        let values = vec![parent_id.as_uuid().into()];
        let rows = self.sql().all::<ChildRow>("job", sql, values).await?;
        rows.into_iter().map(ChildRow::decode).collect()
    }

    async fn find_job_owner(&self, id: JobId) -> Result<Option<OrganizationId>, StoreError> {
        let sql = "SELECT organization_id FROM jobs WHERE id = $1";
        let row = self.sql().first::<OwnerRow>("job", sql, vec![id.as_uuid().into()]).await?;
        Ok(row.map(|row| OrganizationId::from_uuid(row.organization_id)))
    }

    async fn list_dead_jobs(
        &self,
        operation: &str,
        after: Option<JobId>,
        limit: u32,
    ) -> Result<Vec<JobRecord>, StoreError> {
        jobs_list::list_dead(self.sql(), operation, after, limit).await
    }

    async fn list_job_costs(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<JobCosts>, StoreError> {
        job_costs::list(self.sql(), from, to).await
    }

    async fn list_queue_depths(&self) -> Result<Vec<QueueDepth>, StoreError> {
        let sql = "SELECT device, class, \
                   SUM(CASE WHEN state = 'queued' THEN 1 ELSE 0 END) AS queued, \
                   SUM(CASE WHEN state = 'running' THEN 1 ELSE 0 END) AS running \
                   FROM (SELECT device, class, state FROM jobs WHERE state = 'queued' \
                         UNION ALL \
                         SELECT device, class, state FROM jobs WHERE state = 'running') active \
                   GROUP BY device, class ORDER BY device, class";
        let rows = self.sql().all::<DepthRow>("queue", sql, vec![]).await?;
        rows.into_iter().map(DepthRow::decode).collect()
    }
}
