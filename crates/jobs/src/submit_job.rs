//! Submission: from a request to a queued job, its hold and its quota in one commit.

use gantry_access::{Actor, Asker, Permission, require};
use gantry_engine_api::{DeviceNeed, Estimate, GpuAllowed, InputRef};
use gantry_ports::Hint;
use gantry_ports::store::{JobRecord, JobRestriction, Submitted};
use gantry_rules::refusal::Refusal;
use gantry_rules::submission::{Accounting, IdempotencyKey, Needs, OnRefusal, Origin, Submission};
use gantry_types::{Attempt, Credits, JobId, JobState, Timestamp};
use serde_json::Value;

use crate::Jobs;
use crate::error::JobsError;
use crate::estimate_job::{derive_gpu_allowed, derive_needs};
use crate::inputs::inputs_to_json;

const LONGEST_LABEL: usize = 200;
/// What the names of flags begin with that operations obey.
const OPERATION_FLAGS: &str = "operation.";

/// A job to be submitted.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// The operation.
    pub operation: String,
    /// Its parameters.
    pub params: Value,
    /// Its inputs by slot.
    pub inputs: Vec<(String, InputRef)>,
    /// A name for it.
    pub label: Option<String>,
    /// The seed; `None` derives one from the job's identifier.
    pub seed: Option<u64>,
    /// Not before this time.
    pub start_at: Option<Timestamp>,
    /// What a refusal of the plan does.
    pub on_refusal: OnRefusal,
    /// The key under which the request may be repeated.
    pub idempotency: Option<IdempotencyKey>,
}

/// A job that was admitted, or kept as blocked.
#[derive(Debug, Clone, PartialEq)]
pub struct SubmittedJob {
    /// The job.
    pub job: JobRecord,
    /// Why it is blocked, if it is.
    pub blocked_by: Option<Refusal>,
    /// Whether an earlier request with the same key answered.
    pub repeated: bool,
}

/// Who a job is and what made it, where that is known beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Descent {
    /// The identifier; the same one again is the same job.
    pub job_id: JobId,
    /// What made it, unless that was a request.
    pub origin: Option<Origin>,
}

impl Jobs {
    /// Submits a job for the actor's account and answers with the job as it stands.
    ///
    /// # Errors
    /// As [`Jobs::submit`].
    #[tracing::instrument(level = "debug", name = "jobs::submit", skip_all, fields(operation = %new.operation))]
    pub async fn submit_job(&self, actor: &Actor, new: NewJob) -> Result<SubmittedJob, JobsError> {
        let submission = self.derive_submission(actor, new, None).await?;
        let submitted = self.send_restricted(actor, submission.clone(), None).await?;
        match derive_record(submission, &submitted) {
            Some(job) => Ok(SubmittedJob { job, blocked_by: None, repeated: false }),
            None => self.describe_submitted(actor, submitted).await,
        }
    }

    /// The job of a submission as it stands.
    pub(crate) async fn describe_submitted(
        &self,
        actor: &Actor,
        submitted: Submitted,
    ) -> Result<SubmittedJob, JobsError> {
        let snapshot = self.store.read_as(actor.sight()).await?;
        let job = snapshot.jobs().find_job(actor.organization_id, submitted.job_id).await?;
        Ok(SubmittedJob {
            job: job.ok_or(JobsError::NotFound)?,
            blocked_by: submitted.blocked_by,
            repeated: submitted.repeated,
        })
    }

    /// Submits a job for the actor's account: one hot command.
    ///
    /// # Errors
    /// [`JobsError::UnknownOperation`], [`JobsError::OperationPaused`], [`JobsError::Params`],
    /// [`JobsError::Catalog`] for inputs, [`JobsError::Hot`] when plan or balance refuse it.
    #[tracing::instrument(level = "debug", name = "jobs::submit", skip_all, fields(operation = %new.operation))]
    pub async fn submit(&self, actor: &Actor, new: NewJob) -> Result<Submitted, JobsError> {
        self.submit_descended(actor, new, None).await
    }

    /// As [`Jobs::submit`], for a job that something else than a request made.
    pub(crate) async fn submit_descended(
        &self,
        actor: &Actor,
        new: NewJob,
        descent: Option<Descent>,
    ) -> Result<Submitted, JobsError> {
        let submission = self.derive_submission(actor, new, descent).await?;
        self.send_restricted(actor, submission, None).await
    }

    pub(crate) async fn derive_submission(
        &self,
        actor: &Actor,
        new: NewJob,
        descent: Option<Descent>,
    ) -> Result<Submission, JobsError> {
        require(actor, Permission::RunJobs)?;
        let version = self.require_visible(&new.operation)?;
        self.require_running(actor, &new.operation, new.idempotency.as_ref()).await?;
        require_label(new.label.as_deref())?;
        let metas = self.describe_inputs(actor, &new.operation, &new.inputs).await?;
        let estimate = self.estimate_operation(&new.operation, &new.params, &metas)?;
        let job_id = descent.map_or_else(JobId::generate, |descent| descent.job_id);
        Ok(Submission {
            job_id,
            organization_id: actor.organization_id,
            submitted_by: actor.user_id,
            operation: new.operation,
            operation_version: version,
            params: new.params,
            inputs: inputs_to_json(&new.inputs)?,
            seed: new.seed.unwrap_or_else(|| derive_seed(job_id)),
            label: new.label,
            needs: self.derive_needs_of(actor, &estimate).await?,
            submitted_at: self.clock.now(),
            accounting: Accounting::Metered,
            start_at: new.start_at,
            on_refusal: new.on_refusal,
            idempotency: new.idempotency,
            origin: descent.and_then(|descent| descent.origin),
        })
    }

    /// Stops what an operator has turned off for the actor, but for a request that was answered
    /// before under its key: the store answers it once more.
    ///
    /// # Errors
    /// [`JobsError::OperationPaused`], [`JobsError::Store`].
    pub async fn require_running(
        &self,
        actor: &Actor,
        operation: &str,
        repeated: Option<&IdempotencyKey>,
    ) -> Result<(), JobsError> {
        let flag = format!("{OPERATION_FLAGS}{operation}");
        if !self.flags.is_off(&flag, Asker::from(actor)).await? {
            return Ok(());
        }
        if let Some(key) = repeated {
            let (owner, now) = (actor.organization_id, self.clock.now());
            let snapshot = self.store.read().await?;
            if snapshot.jobs().find_job_of_key(owner, key, now).await?.is_some() {
                return Ok(());
            }
        }
        Err(JobsError::OperationPaused { operation: operation.to_owned() })
    }

    /// Sends a submission as it is; [`Jobs::send_restricted`] asks first who may see the job.
    pub(crate) async fn send(
        &self,
        submission: Submission,
        restriction: Option<JobRestriction>,
    ) -> Result<Submitted, JobsError> {
        let organization_id = submission.organization_id;
        let submitted = match restriction {
            Some(restriction) => self.store.submit_restricted(submission, restriction).await?,
            None => self.store.submit(submission).await?,
        };
        if submitted.state == JobState::Queued && !submitted.repeated {
            self.bus.publish(Hint::JobsReady);
        }
        self.bus.publish(Hint::Account { organization_id });
        Ok(submitted)
    }

    /// Only a job that can use a graphics processor needs a look at the plan beforehand; all
    /// else is decided in the writer, on the account as it is then.
    async fn derive_needs_of(
        &self,
        actor: &Actor,
        estimate: &Estimate,
    ) -> Result<Needs, JobsError> {
        if estimate.device == DeviceNeed::Cpu {
            return Ok(derive_needs(estimate, GpuAllowed::No));
        }
        let snapshot = self.store.read().await?;
        let now = self.clock.now();
        let account = snapshot.accounts().get_account(actor.organization_id, now).await?;
        Ok(derive_needs(estimate, derive_gpu_allowed(&account.derive_terms(now))))
    }
}

/// The job that a submission became, as it was when it was committed. Only the store knows what
/// became of a repeated submission, and how a blocked one is explained.
fn derive_record(submission: Submission, submitted: &Submitted) -> Option<JobRecord> {
    if submitted.repeated || submitted.blocked_by.is_some() {
        return None;
    }
    Some(JobRecord {
        id: submission.job_id,
        organization_id: submission.organization_id,
        submitted_by: submission.submitted_by,
        root_id: submission.job_id,
        parent_id: None,
        operation: submission.operation,
        operation_version: submission.operation_version,
        params: submission.params,
        inputs: submission.inputs,
        seed: submission.seed,
        label: submission.label,
        accounting: submission.accounting,
        state: submitted.state,
        device: submission.needs.device,
        class: submitted.class,
        attempt: Attempt::NONE,
        cancel_requested: false,
        max_credits: submission.needs.max_credits,
        cost: Credits::ZERO,
        penalty: Credits::ZERO,
        stage: None,
        progress: 0.0,
        report: None,
        error: None,
        // Its first event tells its state.
        cursor: 1,
        created_at: submission.submitted_at,
        start_at: submission.start_at,
        started_at: None,
        finished_at: None,
        origin: submission.origin,
        swept_at: None,
    })
}

fn require_label(label: Option<&str>) -> Result<(), JobsError> {
    match label {
        Some(label)
            if label.chars().count() > LONGEST_LABEL || label.chars().any(char::is_control) =>
        {
            Err(JobsError::Invalid {
                field: "label",
                message: format!(
                    "`label` may have at most {LONGEST_LABEL} characters and no control characters"
                ),
            })
        }
        Some(_) | None => Ok(()),
    }
}

/// A seed that a job keeps for ever: 53 bits of its identifier, so that every JSON reader can
/// carry it without loss.
fn derive_seed(job_id: JobId) -> u64 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(job_id.as_uuid().as_bytes());
    let word = digest.iter().take(8).fold(0_u64, |word, byte| (word << 8) | u64::from(*byte));
    word >> 11
}
