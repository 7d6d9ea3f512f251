//! What plans keep no longer, what owners deleted, and bytes that belong to nothing.
//!
//! Invariants: one server at a time, by a lease; rows first, bytes two days later, so that a
//! backup that was begun before finds every byte that its rows name; nothing that an unfinished
//! job or a schedule reads, and never ledger or audit log; nothing within a month of a change
//! of plan, or of how many days an account has of its own; every transaction is bounded.

use std::time::Duration;

use futures::StreamExt;
use gantry_ports::store::{ChoreLease, JobSweep, StoreExt, Swept};
use gantry_ports::{BlobKey, StoreError};
use gantry_types::{DatasetId, JobId, OrganizationId, Timestamp, WorkerId};

use crate::Catalog;
use crate::error::CatalogError;

/// How long nothing is removed after a change of plan: who is back on a plan that keeps less can
/// take home what they have, or come back.
const PLAN_GRACE: Duration = Duration::from_hours(30 * 24);
const DAY: Duration = Duration::from_hours(24);
/// How long bytes outlive their rows.
const BLOB_DELAY: Duration = Duration::from_hours(48);
/// For how long state changes of an account can be read again.
const EVENT_LIFETIME: Duration = Duration::from_hours(7 * 24);
/// How long a lease holds without being prolonged.
const LEASE: Duration = Duration::from_mins(10);
/// Jobs, datasets or blobs of one transaction.
const BATCH: u32 = 100;
/// Events of one transaction.
const EVENT_BATCH: u32 = 5_000;

/// What a sweep removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SweepReport {
    /// Trees of jobs that were emptied.
    pub jobs: u64,
    /// Datasets.
    pub datasets: u64,
    /// State changes of accounts.
    pub events: u64,
    /// Blobs.
    pub blobs: u64,
}

impl Catalog {
    /// Removes what plans keep no longer and what owners deleted; `None` while another server
    /// does it.
    ///
    /// # Errors
    /// [`CatalogError::Store`]; what is left is removed by the next sweep.
    #[tracing::instrument(level = "debug", name = "catalog::sweep", skip_all)]
    pub async fn sweep(&self, holder: WorkerId) -> Result<Option<SweepReport>, CatalogError> {
        if !self.take_lease("sweep", holder).await? {
            return Ok(None);
        }
        let mut report = SweepReport::default();
        let now = self.clock.now();
        let settled = now.minus(PLAN_GRACE);
        let retentions = self.store.read().await?.chores().list_retentions(settled, now).await?;
        for (organization_id, days) in retentions {
            report.jobs += self.sweep_jobs_of(organization_id, days, holder).await?;
        }
        report.datasets = self.sweep_datasets().await?;
        report.events = self.sweep_events().await?;
        report.blobs = self.delete_doomed().await?;
        Ok(Some(report))
    }

    /// Removes blobs that no row ever named, a day after they were stored: a crash between bytes
    /// and row leaves them. `None` while another server does it.
    ///
    /// # Errors
    /// [`CatalogError::Store`], [`CatalogError::Blob`].
    #[tracing::instrument(level = "debug", name = "catalog::collect_orphans", skip_all)]
    pub async fn collect_orphans(&self, holder: WorkerId) -> Result<Option<u64>, CatalogError> {
        if !self.take_lease("orphans", holder).await? {
            return Ok(None);
        }
        let oldest_young = self.clock.now().minus(DAY);
        let mut removed = 0;
        let mut old = Vec::new();
        let mut entries = self.blobs.list().await;
        while let Some(entry) = entries.next().await {
            let entry = entry?;
            if entry.stored_at < oldest_young {
                old.push(entry.key.as_str().to_owned());
            }
            if old.len() >= BATCH as usize {
                removed += self.remove_orphans(std::mem::take(&mut old)).await?;
                if !self.take_lease("orphans", holder).await? {
                    return Ok(Some(removed));
                }
            }
        }
        removed += self.remove_orphans(old).await?;
        Ok(Some(removed))
    }

    async fn remove_orphans(&self, keys: Vec<String>) -> Result<u64, CatalogError> {
        if keys.is_empty() {
            return Ok(0);
        }
        let needed = self.store.read().await?.chores().list_needed_blobs(&keys).await?;
        let orphans: Vec<String> = keys.into_iter().filter(|key| !needed.contains(key)).collect();
        self.remove_blobs(&orphans).await;
        Ok(orphans.len() as u64)
    }

    async fn take_lease(&self, name: &'static str, holder: WorkerId) -> Result<bool, CatalogError> {
        let now = self.clock.now();
        let lease = ChoreLease { name, holder, now, until: now.plus(LEASE) };
        let taken = self
            .store
            .write::<bool, StoreError, _>(move |tx| {
                Box::pin(async move { tx.chores().take_lease(&lease).await })
            })
            .await?;
        Ok(taken)
    }

    async fn sweep_jobs_of(
        &self,
        organization_id: OrganizationId,
        days: u32,
        holder: WorkerId,
    ) -> Result<u64, CatalogError> {
        let now = self.clock.now();
        let mut sweep = JobSweep {
            organization_id,
            ended_before: now.minus(DAY.saturating_mul(days)),
            after: None,
            limit: BATCH,
            now,
            delete_after: now.plus(BLOB_DELAY),
        };
        let mut removed = 0;
        loop {
            let swept = self
                .store
                .write::<Swept<JobId>, StoreError, _>(move |tx| {
                    Box::pin(async move { tx.chores().sweep_jobs(&sweep).await })
                })
                .await?;
            removed += swept.removed;
            sweep.after = swept.next;
            if sweep.after.is_none() || !self.take_lease("sweep", holder).await? {
                return Ok(removed);
            }
        }
    }

    async fn sweep_datasets(&self) -> Result<u64, CatalogError> {
        let delete_after = self.clock.now().plus(BLOB_DELAY);
        let mut after: Option<DatasetId> = None;
        let mut removed = 0;
        loop {
            let swept = self
                .store
                .write::<Swept<DatasetId>, StoreError, _>(move |tx| {
                    Box::pin(
                        async move { tx.chores().sweep_datasets(after, BATCH, delete_after).await },
                    )
                })
                .await?;
            removed += swept.removed;
            after = swept.next;
            if after.is_none() {
                return Ok(removed);
            }
        }
    }

    async fn sweep_events(&self) -> Result<u64, CatalogError> {
        let before = self.clock.now().minus(EVENT_LIFETIME);
        let mut removed = 0;
        loop {
            let round = self
                .store
                .write::<u64, StoreError, _>(move |tx| {
                    Box::pin(async move { sweep_events_once(tx.chores(), before).await })
                })
                .await?;
            removed += round;
            if round == 0 {
                return Ok(removed);
            }
        }
    }

    async fn delete_doomed(&self) -> Result<u64, CatalogError> {
        let now = self.clock.now();
        let mut removed = 0;
        loop {
            let keys = self.store.read().await?.chores().list_doomed_blobs(now, BATCH).await?;
            if keys.is_empty() {
                return Ok(removed);
            }
            for key in &keys {
                self.blobs.delete(&BlobKey::parse(key)?).await?;
            }
            removed += keys.len() as u64;
            self.store
                .write::<(), StoreError, _>(move |tx| {
                    let keys = keys.clone();
                    Box::pin(async move { tx.chores().forget_doomed_blobs(&keys).await })
                })
                .await?;
        }
    }
}

async fn sweep_events_once(
    chores: &dyn gantry_ports::store::WriteChores,
    before: Timestamp,
) -> Result<u64, StoreError> {
    let mut removed = 0;
    for organization_id in chores.list_accounts_with_events(before, 10).await? {
        removed += chores.sweep_account_events(organization_id, before, EVENT_BATCH).await?;
    }
    Ok(removed)
}
