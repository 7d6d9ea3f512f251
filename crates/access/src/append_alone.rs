//! A line of the audit log in a transaction of its own.
//!
//! Invariant: this is for what changes no row here, or is changed by a hot command; what a
//! transaction changes is told in that transaction.

use gantry_ports::store::{AuditEntry, StoreExt};
use gantry_ports::{Store, StoreError};

/// Appends a line to the audit log, and nothing else.
///
/// # Errors
/// [`StoreError`].
pub async fn append_alone(store: &dyn Store, entry: AuditEntry) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            let entry = entry.clone();
            Box::pin(async move { tx.audit().append(&entry).await })
        })
        .await
}
