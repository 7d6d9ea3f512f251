//! Running a job again with the same operation, parameters, inputs and seed.

use gantry_access::{Actor, Permission, require};
use gantry_rules::submission::OnRefusal;
use gantry_types::JobId;

use crate::Jobs;
use crate::error::JobsError;
use crate::inputs::inputs_from_json;
use crate::submit_job::{NewJob, SubmittedJob};

impl Jobs {
    /// Submits a copy of a job of the actor's account, for those who see that one.
    ///
    /// # Errors
    /// [`JobsError::NotFound`], and as [`Jobs::submit_job`].
    pub async fn rerun_job(&self, actor: &Actor, id: JobId) -> Result<SubmittedJob, JobsError> {
        require(actor, Permission::RunJobs)?;
        let job = self.get_job(actor, id).await?;
        let params = self.migrate_params(&job.operation, job.operation_version, job.params)?;
        let new = NewJob {
            operation: job.operation,
            params,
            inputs: inputs_from_json(&job.inputs)?,
            label: job.label,
            seed: Some(job.seed),
            start_at: None,
            on_refusal: OnRefusal::Refuse,
            idempotency: None,
        };
        let submitted = self.submit_copy(actor, (id, None), new).await?;
        self.describe_submitted(actor, submitted).await
    }
}
