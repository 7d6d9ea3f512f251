//! What an organization had is erased, once the grace of its closing is over.
//!
//! Invariants: it goes in bounded steps that may be repeated; memberships, name and the end of the
//! closing come last, in one transaction, so that a server that stops in between goes on where it
//! was; its people stay, each with their personal organization.

use gantry_ports::store::{AuditEntry, Closing, Order, PageRequest, StoreExt, Tx};
use gantry_types::{AuditEntryId, OrganizationId, Timestamp};
use serde_json::json;

use crate::Access;
use crate::audit::{AuditDraft, Origin};
use crate::erase::without_traces;
use crate::error::AccessError;

/// Closings of one round.
const ROUND: u32 = 20;
/// Entries of the audit log of one transaction.
const BATCH: u32 = 200;

impl Access {
    /// Closings whose grace is over.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn list_due_closings(&self) -> Result<Vec<Closing>, AccessError> {
        let now = self.clock.now();
        Ok(self.store.read().await?.closings().list_due_closings(now, ROUND).await?)
    }

    /// Erases an organization whose grace is over. No job of it may run any more.
    ///
    /// # Errors
    /// [`AccessError::NotFound`] for one that does not close, [`AccessError::Store`]; what is left
    /// is erased by the next call.
    pub async fn erase_closed(&self, closing: &Closing) -> Result<(), AccessError> {
        let organization_id = closing.organization_id;
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let found = snapshot.closings().find_closing(organization_id).await?;
        drop(snapshot);
        let is_due = found.is_some_and(|found| found.erased_at.is_none() && found.erase_at <= now);
        if !is_due {
            return Err(AccessError::NotFound { what: "closing" });
        }
        self.erase_rows_of(organization_id).await?;
        self.erase_entries_of(organization_id).await?;
        // Erasing may have taken long, and a line of the audit log says when it was written.
        let ended_at = self.clock.now();
        self.store
            .write(move |tx| Box::pin(async move { end(tx, organization_id, ended_at).await }))
            .await
    }

    async fn erase_entries_of(&self, organization_id: OrganizationId) -> Result<(), AccessError> {
        let mut after: Option<AuditEntryId> = None;
        loop {
            let request = PageRequest { after, limit: BATCH, order: Order::OldestFirst };
            let snapshot = self.store.read().await?;
            let page = snapshot.audit().list_entries(Some(organization_id), &request).await?;
            drop(snapshot);
            let erased: Vec<AuditEntry> =
                page.items.into_iter().filter_map(without_traces).collect();
            self.replace_entries(erased).await?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }
}

async fn end(
    tx: &dyn Tx,
    organization_id: OrganizationId,
    now: Timestamp,
) -> Result<(), AccessError> {
    tx.access().lock_organization(organization_id).await?;
    tx.closings().erase_closed(organization_id, now).await?;
    let draft = AuditDraft {
        action: "organization.erase",
        subject: format!("organization {organization_id}"),
        details: json!({}),
    };
    let organization = Some(organization_id);
    let origin = Origin { organization_id: organization, user_id: None, ip: String::new() };
    Ok(tx.audit().append(&draft.complete(origin, now)).await?)
}
