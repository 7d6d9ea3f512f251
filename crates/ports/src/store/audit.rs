//! The audit log: who changed what, from where.
//!
//! Invariants: append only; written in the transaction of the change; seals over batches of entries
//! make a chain, so that a change behind the store's back shows.

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

/// A digest over a batch of entries and the seal before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSeal {
    /// 1, 2, 3 and so on.
    pub number: u64,
    /// The last entry that it covers; the first follows the last of the seal before.
    pub last_id: AuditEntryId,
    /// How many entries it covers.
    pub entries: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub digest: String,
    /// When it was made.
    pub sealed_at: Timestamp,
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
    /// The newest seal.
    async fn find_last_seal(&self) -> Result<Option<AuditSeal>, StoreError>;
    /// The first seal whose number is above `number`.
    async fn find_next_seal(&self, number: u64) -> Result<Option<AuditSeal>, StoreError>;
    /// The newest seal that was made at `at` or before.
    async fn find_seal_before(&self, at: Timestamp) -> Result<Option<AuditSeal>, StoreError>;
    /// Every seal, oldest first.
    async fn list_seals(&self) -> Result<Vec<AuditSeal>, StoreError>;
    /// Entries of all organizations in the order of their identifiers: after `after` (from the
    /// beginning if not given) and written before `before`, at most `limit`.
    async fn list_entries_in_order(
        &self,
        after: Option<AuditEntryId>,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError>;
}

/// Appends to the audit log.
#[async_trait]
pub trait WriteAudit: ReadAudit {
    /// Appends an entry.
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError>;
    /// Appends a seal; [`StoreError::AlreadyExists`] when another server made this one.
    async fn append_seal(&self, seal: &AuditSeal) -> Result<(), StoreError>;
}
