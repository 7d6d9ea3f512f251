//! Lines of the audit log about jobs, whose own changes are hot commands.
//!
//! Invariant: a line about a job that is to stop stands in the log before it is asked to, so that
//! nothing stops unnoticed; one about a job that runs anew follows it, as it names the new job.

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
