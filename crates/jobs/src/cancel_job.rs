//! Cancellation: at once for what does not run, at the engine's next check for what does.

use gantry_access::{Actor, Permission, Via, require, require_change};
use gantry_ports::Hint;
use gantry_ports::store::{CancelCommand, JobRecord, ObjectRef};
use gantry_rules::cancellation::CancelledBy;
use gantry_types::JobId;
use serde_json::json;

use crate::Jobs;
use crate::error::JobsError;

impl Jobs {
    /// Asks a job and its children to stop. A job that has ended stays as it is. What the plan
    /// keeps of its unused credits, [`gantry_rules::cancellation`] says; nothing when the
    /// installation itself asks.
    ///
    /// # Errors
    /// [`JobsError::NotFound`], [`JobsError::Access`] for a job that was granted to be seen,
    /// [`JobsError::Hot`].
    #[tracing::instrument(level = "debug", name = "jobs::cancel_job", skip_all)]
    pub async fn cancel_job(&self, actor: &Actor, id: JobId) -> Result<JobRecord, JobsError> {
        require(actor, Permission::RunJobs)?;
        let job = self.get_job(actor, id).await?;
        if job.state.is_final() {
            return Ok(job);
        }
        self.require_change(actor, id).await?;
        let organization_id = actor.organization_id;
        let by = match actor.via {
            Via::System => CancelledBy::House,
            Via::Session { .. } | Via::ApiKey { .. } | Via::Token => CancelledBy::Owner,
        };
        let now = self.clock.now();
        match by {
            // Whoever has the installation stop a job says so there.
            CancelledBy::House => {}
            CancelledBy::Owner => {
                let details = json!({ "before": job.state.as_str() });
                let entry = actor.audit_entry("job.cancel", &format!("job {id}"), details, now);
                self.note(entry).await?;
            }
        }
        let command = CancelCommand { organization_id, job_id: id, by, now };
        let cancelled = self.store.cancel(command).await?;
        for running in cancelled.running {
            self.bus.publish(Hint::Cancel { id: running });
        }
        self.bus.publish(Hint::Job { id, organization_id });
        self.bus.publish(Hint::Account { organization_id });
        self.get_job(actor, id).await
    }

    /// Stops somebody to whom a job is only shown.
    pub(crate) async fn require_change(&self, actor: &Actor, id: JobId) -> Result<(), JobsError> {
        let snapshot = self.store.read().await?;
        Ok(require_change(snapshot.as_ref(), actor, ObjectRef::Job(id)).await?)
    }
}
