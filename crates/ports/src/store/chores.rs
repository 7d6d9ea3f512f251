//! What keeps a database small, done by one server at a time.
//!
//! Invariants: nothing that an unfinished job or a schedule reads is removed; ledger and audit log
//! are never touched; bytes whose rows are removed are noted in the same transaction, to be
//! deleted later.

use async_trait::async_trait;
use gantry_types::{DatasetId, JobId, OrganizationId, Timestamp, WorkerId};

use super::error::StoreError;

/// A server's wish to do a chore alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChoreLease {
    /// The chore.
    pub name: &'static str,
    /// The server.
    pub holder: WorkerId,
    /// Now.
    pub now: Timestamp,
    /// Until when nobody else does it.
    pub until: Timestamp,
}

/// One batch of a sweep over an organization's ended jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobSweep {
    /// The tenant.
    pub organization_id: OrganizationId,
    /// Jobs that ended before this time.
    pub ended_before: Timestamp,
    /// Only jobs after this one.
    pub after: Option<JobId>,
    /// At most so many root jobs are looked at.
    pub limit: u32,
    /// Now.
    pub now: Timestamp,
    /// When the bytes may be deleted.
    pub delete_after: Timestamp,
}

/// What one batch of a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swept<K> {
    /// How many were emptied or removed.
    pub removed: u64,
    /// Where the next batch begins; `None` after the last.
    pub next: Option<K>,
}

/// Looks up what chores need.
#[async_trait]
pub trait ReadChores: Send + Sync {
    /// Organizations whose plan, or limit of their own, keeps results for a number of days, and
    /// that number; without those that came to either after `settled`, or whose own limit ended
    /// since.
    async fn list_retentions(
        &self,
        settled: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<(OrganizationId, u32)>, StoreError>;
    /// Bytes that may be deleted now, by blob key.
    async fn list_doomed_blobs(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;
    /// Those of `keys` that a row names, or that a job which has not ended may still name.
    async fn list_needed_blobs(&self, keys: &[String]) -> Result<Vec<String>, StoreError>;
    /// The cursor up to which an account's events were removed; 0 when none were.
    async fn get_swept_cursor(&self, organization_id: OrganizationId) -> Result<u64, StoreError>;
}

/// Does chores.
#[async_trait]
pub trait WriteChores: ReadChores {
    /// Takes or prolongs a lease; `false` while another server holds it.
    async fn take_lease(&self, lease: &ChoreLease) -> Result<bool, StoreError>;
    /// Removes artifacts, events, results and checkpoints of ended jobs with their children.
    async fn sweep_jobs(&self, sweep: &JobSweep) -> Result<Swept<JobId>, StoreError>;
    /// Removes datasets that were deleted; `after` and `limit` bound the batch.
    async fn sweep_datasets(
        &self,
        after: Option<DatasetId>,
        limit: u32,
        delete_after: Timestamp,
    ) -> Result<Swept<DatasetId>, StoreError>;
    /// Removes an account's events from before a time, at most `limit`; answers how many.
    async fn sweep_account_events(
        &self,
        organization_id: OrganizationId,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError>;
    /// Organizations that have account events from before a time, at most `limit`.
    async fn list_accounts_with_events(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<OrganizationId>, StoreError>;
    /// Forgets bytes that were deleted.
    async fn forget_doomed_blobs(&self, keys: &[String]) -> Result<(), StoreError>;
}
