//! What the tests of both databases write before they try to rewrite it.

use gantry_ports::Store;
use gantry_ports::store::{AuditEntry, StoreExt};
use gantry_types::{AuditEntryId, Timestamp};

/// Appends a line to the audit log.
pub async fn append_audit_entry(store: &dyn Store) -> Result<(), gantry_ports::StoreError> {
    let entry = AuditEntry {
        id: AuditEntryId::generate(),
        organization_id: None,
        user_id: None,
        action: "test.append".into(),
        subject: "test".into(),
        details: serde_json::json!({}),
        ip: "127.0.0.1".into(),
        at: Timestamp::from_micros(1),
    };
    store
        .write(move |tx| {
            let entry = entry.clone();
            Box::pin(async move { tx.audit().append(&entry).await })
        })
        .await
}
