//! The audit log: who changed what, from where.
//!
//! Invariant: append only; written in the transaction of the change.

use async_trait::async_trait;
use gantry_types::{AuditEntryId, OrganizationId, Timestamp, UserId};
use serde_json::Value;

use super::error::StoreError;
use super::page::{Page, PageRequest};

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// The identifier.
    pub id: AuditEntryId,
    /// The tenant that it concerns.
    pub organization_id: Option<OrganizationId>,
    /// Who did it.
    pub user_id: Option<UserId>,
    /// What was done, such as `api_key.revoke`.
    pub action: String,
    /// To what: the kind and the identifier.
    pub subject: String,
    /// Before and after, without secrets.
    pub details: Value,
    /// From which address.
    pub ip: String,
    /// When.
    pub at: Timestamp,
}

/// Reads the audit log.
#[async_trait]
pub trait ReadAudit: Send + Sync {
    /// The entries of an organization, or of the installation.
    async fn list_entries(
        &self,
        organization_id: Option<OrganizationId>,
        page: &PageRequest<AuditEntryId>,
    ) -> Result<Page<AuditEntry, AuditEntryId>, StoreError>;
}

/// Appends to the audit log.
#[async_trait]
pub trait WriteAudit: ReadAudit {
    /// Appends an entry.
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError>;
}
