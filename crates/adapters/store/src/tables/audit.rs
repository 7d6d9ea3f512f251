//! The audit log.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{AuditEntry, AuditSeal, Page, PageRequest, ReadAudit, WriteAudit};
use gantry_types::{AuditEntryId, OrganizationId, Timestamp, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::{decode_json, decode_time, decode_u64, encode_json, encode_u64};
use super::page::PageSql;
use crate::session::Session;

/// Every column of an entry.
pub(super) const SELECT_ENTRY: &str =
    "SELECT id, organization_id, user_id, action, subject, details, ip, at FROM audit_entries";
const SELECT_SEAL: &str = "SELECT number, last_id, entries, digest, sealed_at FROM audit_seals";

/// A row of `audit_seals`.
#[derive(Debug, FromQueryResult)]
struct SealRow {
    number: i64,
    last_id: Uuid,
    entries: i64,
    digest: String,
    sealed_at: i64,
}

impl SealRow {
    fn decode(self) -> Result<AuditSeal, StoreError> {
        Ok(AuditSeal {
            number: decode_u64("seal", self.number)?,
            last_id: AuditEntryId::from_uuid(self.last_id),
            entries: decode_u64("entries", self.entries)?,
            digest: self.digest,
            sealed_at: decode_time(self.sealed_at),
        })
    }
}

/// A row of `audit_entries`.
#[derive(Debug, FromQueryResult)]
pub(super) struct AuditRow {
    id: Uuid,
    organization_id: Option<Uuid>,
    user_id: Option<Uuid>,
    action: String,
    subject: String,
    details: String,
    ip: String,
    at: i64,
}

impl AuditRow {
    pub(super) fn decode(self) -> Result<AuditEntry, StoreError> {
        Ok(AuditEntry {
            id: AuditEntryId::from_uuid(self.id),
            organization_id: self.organization_id.map(OrganizationId::from_uuid),
            user_id: self.user_id.map(UserId::from_uuid),
            action: self.action,
            subject: self.subject,
            details: decode_json("audit details", &self.details)?,
            ip: self.ip,
            at: decode_time(self.at),
        })
    }
}

#[async_trait]
impl ReadAudit for Session {
    async fn list_entries(
        &self,
        organization_id: Option<OrganizationId>,
        page: &PageRequest<AuditEntryId>,
    ) -> Result<Page<AuditEntry, AuditEntryId>, StoreError> {
        let mut values = Vec::new();
        let whose = match organization_id {
            Some(id) => {
                values.push(id.as_uuid().into());
                "organization_id = $1"
            }
            // The installation's administrators see everything.
            None => "TRUE",
        };
        let tail = PageSql::new(page, "id", values.len() + 1, AuditEntryId::as_uuid);
        let sql = format!("{SELECT_ENTRY} WHERE {whose}{}", tail.tail);
        values.extend(tail.values.iter().cloned());
        let rows = self.sql().all::<AuditRow>("audit entry", sql, values).await?;
        let entries = rows.into_iter().map(AuditRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(entries, |entry: &AuditEntry| entry.id))
    }

    async fn find_last_seal(&self) -> Result<Option<AuditSeal>, StoreError> {
        let sql = format!("{SELECT_SEAL} ORDER BY number DESC LIMIT 1");
        let row = self.sql().first::<SealRow>("seal", sql, vec![]).await?;
        row.map(SealRow::decode).transpose()
    }

    async fn find_next_seal(&self, number: u64) -> Result<Option<AuditSeal>, StoreError> {
        let sql = format!("{SELECT_SEAL} WHERE number > $1 ORDER BY number LIMIT 1");
        let values = vec![encode_u64("seal", number)?.into()];
        let row = self.sql().first::<SealRow>("seal", sql, values).await?;
        row.map(SealRow::decode).transpose()
    }

    async fn find_seal_before(&self, at: Timestamp) -> Result<Option<AuditSeal>, StoreError> {
        let sql = format!("{SELECT_SEAL} WHERE sealed_at <= $1 ORDER BY number DESC LIMIT 1");
        let values = vec![at.as_micros().into()];
        let row = self.sql().first::<SealRow>("seal", sql, values).await?;
        row.map(SealRow::decode).transpose()
    }

    async fn list_seals(&self) -> Result<Vec<AuditSeal>, StoreError> {
        let sql = format!("{SELECT_SEAL} ORDER BY number");
        let rows = self.sql().all::<SealRow>("seal", sql, vec![]).await?;
        rows.into_iter().map(SealRow::decode).collect()
    }

    async fn list_entries_in_order(
        &self,
        after: Option<AuditEntryId>,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut values = vec![before.as_micros().into(), i64::from(limit).into()];
        let from = match after {
            Some(id) => {
                values.push(id.as_uuid().into());
                " AND id > $3"
            }
            None => "",
        };
        let sql = format!("{SELECT_ENTRY} WHERE at < $1{from} ORDER BY id LIMIT $2");
        let rows = self.sql().all::<AuditRow>("audit entry", sql, values).await?;
        rows.into_iter().map(AuditRow::decode).collect()
    }
}

#[async_trait]
impl WriteAudit for Session {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let sql = "INSERT INTO audit_entries (id, organization_id, user_id, action, subject, \
                   details, ip, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = vec![
            entry.id.as_uuid().into(),
            entry.organization_id.map(OrganizationId::as_uuid).into(),
            entry.user_id.map(UserId::as_uuid).into(),
            entry.action.as_str().into(),
            entry.subject.as_str().into(),
            encode_json("audit details", &entry.details)?.into(),
            entry.ip.as_str().into(),
            entry.at.as_micros().into(),
        ];
        self.sql().run("audit entry", sql, values).await.map(drop)
    }

    async fn append_seal(&self, seal: &AuditSeal) -> Result<(), StoreError> {
        let sql = "INSERT INTO audit_seals (number, last_id, entries, digest, sealed_at) \
                   VALUES ($1, $2, $3, $4, $5)";
        let values = vec![
            encode_u64("seal", seal.number)?.into(),
            seal.last_id.as_uuid().into(),
            encode_u64("entries", seal.entries)?.into(),
            seal.digest.as_str().into(),
            seal.sealed_at.as_micros().into(),
        ];
        self.sql().run("seal", sql, values).await.map(drop)
    }
}
