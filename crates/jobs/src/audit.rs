//! Lines of the audit log about jobs, whose own changes are hot commands.
//!
//! Invariant: a line about a job that is to stop stands in the log before it is asked to, so that
//! nothing stops unnoticed; one about a job that runs anew follows it, as it names the new job.

use gantry_access::append_alone;
use gantry_ports::store::AuditEntry;

use crate::Jobs;
use crate::error::JobsError;

impl Jobs {
    /// Appends a line of its own.
    pub(crate) async fn note(&self, entry: AuditEntry) -> Result<(), JobsError> {
        Ok(append_alone(self.store.as_ref(), entry).await?)
    }
}
