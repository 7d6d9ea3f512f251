//! Lines of the audit log about jobs, whose own changes are hot commands.
//!
//! Invariant: a line about what a person or an administrator asks of a job stands in the log before
//! it is done, so that nothing happens unnoticed.

use gantry_ports::store::{AuditEntry, StoreExt};

use crate::Jobs;
use crate::error::JobsError;

impl Jobs {
    /// Appends lines, all or none.
    pub(crate) async fn note(&self, entries: Vec<AuditEntry>) -> Result<(), JobsError> {
        self.store
            .write::<(), JobsError, _>(move |tx| {
                let entries = entries.clone();
                Box::pin(async move {
                    for entry in &entries {
                        tx.audit().append(entry).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}
