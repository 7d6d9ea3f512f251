//! Leases of chores, and what they look up.

use std::collections::BTreeSet;

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{ChoreLease, JobSweep, ReadChores, Swept, WriteChores};
use gantry_rules::plan::PlanTerms;
use gantry_types::{DatasetId, JobId, OrganizationId, Timestamp};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::chores_sweep;
use super::convert::{decode_json, decode_time, decode_u32, decode_u64};
use crate::dialect::{JsonRows, Kind};
use crate::session::Session;

#[derive(Debug, FromQueryResult)]
struct TermsRow {
    organization_id: Uuid,
    terms: String,
    /// When the account was given a limit of its own, if it was.
    set_at: Option<i64>,
    value: Option<i64>,
    expires_at: Option<i64>,
}

impl TermsRow {
    /// For how many days results are kept; `None` for ever, and while nothing is to be removed
    /// because a limit of its own has just ended.
    fn find_days(&self, now: Timestamp) -> Result<Option<u32>, StoreError> {
        if self.set_at.is_none() {
            let terms: PlanTerms = decode_json("plan terms", &self.terms)?;
            return Ok(terms.retention_days);
        }
        match self.expires_at.map(decode_time) {
            Some(end) if end <= now => Ok(None),
            Some(_) | None => self.value.map(|days| decode_u32("limit", days)).transpose(),
        }
    }
}

#[derive(Debug, FromQueryResult)]
struct KeyRow {
    blob_key: String,
}

#[derive(Debug, FromQueryResult)]
struct AccountRow {
    id: Uuid,
}

#[async_trait]
impl ReadChores for Session {
    async fn list_retentions(
        &self,
        settled: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<(OrganizationId, u32)>, StoreError> {
        let sql = "SELECT a.organization_id, p.terms, o.set_at, o.value, o.expires_at \
                   FROM accounts a JOIN plans p ON p.id = a.plan_id \
                   LEFT JOIN limit_overrides o ON o.organization_id = a.organization_id \
                   AND o.limit_name = 'retention_days' \
                   AND (o.expires_at IS NULL OR o.expires_at > $1) \
                   WHERE a.plan_since IS NULL OR a.plan_since <= $1 \
                   ORDER BY a.organization_id";
        let values = vec![settled.as_micros().into()];
        let rows = self.sql().all::<TermsRow>("plan", sql, values).await?;
        let mut retentions = Vec::new();
        for row in rows {
            if let Some(days) = row.find_days(now)? {
                retentions.push((OrganizationId::from_uuid(row.organization_id), days));
            }
        }
        Ok(retentions)
    }

    async fn list_doomed_blobs(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT blob_key FROM doomed_blobs WHERE delete_after <= $1 \
                   ORDER BY delete_after, blob_key LIMIT $2";
        let values = vec![now.as_micros().into(), i64::from(limit).into()];
        let rows = self.sql().all::<KeyRow>("blob", sql, values).await?;
        Ok(rows.into_iter().map(|row| row.blob_key).collect())
    }

    async fn list_needed_blobs(&self, keys: &[String]) -> Result<Vec<String>, StoreError> {
        let mut needed = BTreeSet::new();
        for (sql, owners) in chores_sweep::derive_owner_queries(self.sql().dialect(), keys) {
            for row in self.sql().all::<KeyRow>("blob", sql, vec![owners]).await? {
                needed.insert(row.blob_key);
            }
        }
        Ok(needed.into_iter().collect())
    }

    async fn get_swept_cursor(&self, organization_id: OrganizationId) -> Result<u64, StoreError> {
        let sql = "SELECT events_swept_to FROM accounts WHERE organization_id = $1";
        let values = vec![organization_id.as_uuid().into()];
        decode_u64("cursor", self.sql().number("account", sql, values).await?)
    }
}

#[async_trait]
impl WriteChores for Session {
    async fn take_lease(&self, lease: &ChoreLease) -> Result<bool, StoreError> {
        let sql = "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $4) \
                   ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, \
                   until = excluded.until WHERE leases.holder = excluded.holder \
                   OR leases.until <= $3";
        let values = vec![
            lease.name.into(),
            lease.holder.as_uuid().into(),
            lease.now.as_micros().into(),
            lease.until.as_micros().into(),
        ];
        Ok(self.sql().run("lease", sql, values).await? > 0)
    }

    async fn sweep_jobs(&self, sweep: &JobSweep) -> Result<Swept<JobId>, StoreError> {
        chores_sweep::sweep_jobs(self.sql(), sweep).await
    }

    async fn sweep_datasets(
        &self,
        after: Option<DatasetId>,
        limit: u32,
        delete_after: Timestamp,
    ) -> Result<Swept<DatasetId>, StoreError> {
        chores_sweep::sweep_datasets(self.sql(), (after, limit), delete_after).await
    }

    async fn sweep_account_events(
        &self,
        organization_id: OrganizationId,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        // Cursors grow with time, so that what is too old is a beginning of the stream.
        let sql = "SELECT COALESCE(MAX(cursor), 0) FROM (SELECT cursor FROM account_events \
                   WHERE organization_id = $1 AND at < $2 ORDER BY cursor LIMIT $3) old";
        let values = vec![
            organization_id.as_uuid().into(),
            before.as_micros().into(),
            i64::from(limit).into(),
        ];
        let last = self.sql().number("account event", sql, values).await?;
        if last == 0 {
            return Ok(0);
        }
        let sql = "UPDATE accounts SET events_swept_to = $2 WHERE organization_id = $1 \
                   AND events_swept_to < $2";
        let values = vec![organization_id.as_uuid().into(), last.into()];
        self.sql().run("account", sql, values).await?;
        let sql = "DELETE FROM account_events WHERE organization_id = $1 AND cursor <= $2";
        let values = vec![organization_id.as_uuid().into(), last.into()];
        self.sql().run("account event", sql, values).await
    }

    async fn list_accounts_with_events(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<OrganizationId>, StoreError> {
        // The first event that is left tells whether there is any old one.
        let sql = "SELECT a.organization_id AS id FROM accounts a JOIN account_events e \
                   ON e.organization_id = a.organization_id AND e.cursor = (SELECT MIN(f.cursor) \
                   FROM account_events f WHERE f.organization_id = a.organization_id) \
                   WHERE e.at < $1 ORDER BY a.organization_id LIMIT $2";
        let values = vec![before.as_micros().into(), i64::from(limit).into()];
        let rows = self.sql().all::<AccountRow>("account", sql, values).await?;
        Ok(rows.into_iter().map(|row| OrganizationId::from_uuid(row.id)).collect())
    }

    async fn forget_doomed_blobs(&self, keys: &[String]) -> Result<(), StoreError> {
        let mut rows = JsonRows::new();
        for key in keys {
            rows.row().text(key);
        }
        let rows_sql = self.sql().dialect().rows(1, &[("blob_key", Kind::Text)]);
        let sql = format!(
            "DELETE FROM doomed_blobs WHERE blob_key IN (SELECT r.blob_key FROM {rows_sql} r)"
        );
        self.sql().run("blob", sql, vec![rows.finish()]).await.map(drop)
    }
}
