//! An administrator stops a job of any organization.
//!
//! Invariant: it is the installation that stops it, so that nothing is kept of what the job held
//! and did not use, and its organization's cancellations stay as they are.

use gantry_access::{Actor, Permission, require};
use gantry_ports::store::{HotError, JobRecord};
use gantry_types::JobId;
use serde_json::json;

use crate::Jobs;
use crate::error::JobsError;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

impl Jobs {
    /// Asks a job of any organization, and its children, to stop.
    ///
    /// # Errors
    /// [`JobsError::Access`] for anybody but administrators, [`JobsError::Invalid`] for the
    /// reason, [`JobsError::NotFound`], [`JobsError::Hot`] for a job that has ended.
    pub async fn stop_job(
        &self,
        actor: &Actor,
        id: JobId,
        reason: &str,
    ) -> Result<JobRecord, JobsError> {
        require(actor, Permission::Administer)?;
        let reason = reason.trim();
        if reason.chars().count() > LONGEST_REASON {
            let message = format!("write at most {LONGEST_REASON} characters");
            return Err(JobsError::Invalid { field: "reason", message });
        }
        let snapshot = self.store.read().await?;
        let owner = snapshot.jobs().find_job_owner(id).await?;
        drop(snapshot);
        let house = Actor::system(owner.ok_or(JobsError::NotFound)?);
        let before = self.get_job(&house, id).await?.state;
        if before.is_final() {
            return Err(HotError::WrongState { state: before }.into());
        }
        let details = json!({ "organization": house.organization_id, "why": reason });
        // The organization's own log has the cancellation that follows.
        let entry = actor.house_entry("job.stop", &format!("job {id}"), details, self.clock.now());
        self.note(entry).await?;
        self.cancel_job(&house, id).await
    }
}
