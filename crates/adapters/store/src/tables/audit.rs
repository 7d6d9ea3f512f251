//! The audit log.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{AuditEntry, Page, PageRequest, ReadAudit, WriteAudit};
use gantry_types::{AuditEntryId, OrganizationId, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::{decode_json, decode_time, encode_json};
use super::page::PageSql;
use crate::session::Session;

/// A row of `audit_entries`.
#[derive(Debug, FromQueryResult)]
struct AuditRow {
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
    fn decode(self) -> Result<AuditEntry, StoreError> {
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
        let sql = format!(
            "SELECT id, organization_id, user_id, action, subject, details, ip, at \
             FROM audit_entries WHERE {whose}{}",
            tail.tail
        );
        values.extend(tail.values.iter().cloned());
        let rows = self.sql().all::<AuditRow>("audit entry", sql, values).await?;
        let entries = rows.into_iter().map(AuditRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(entries, |entry: &AuditEntry| entry.id))
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
}
