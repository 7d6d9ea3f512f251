//! Redrive: a job that failed or died, run anew.
//!
//! What ended stays ended, with its cost and its place in the ledger. So a redrive is a new job
//! that names the old one as its origin: admitted, held and queued in one hot command like every
//! other, with attempts and deaths counted from zero.
//!
//! Invariant: a job is redriven once; asked again, the same new job answers, which can be redriven
//! in turn.

use gantry_access::{Actor, Permission, find_sight, require};
use gantry_ports::store::{HotError, JobFilter, JobRecord, Order, PageRequest, Sight};
use gantry_rules::submission::{IdempotencyKey, OnRefusal, Origin};
use gantry_types::{JobId, JobState, Role};
use serde_json::json;

use crate::Jobs;
use crate::error::JobsError;
use crate::inputs::inputs_from_json;
use crate::submit_job::{NewJob, SubmittedJob};

/// Under which name the keys of redrives stand.
const ROUTE: &str = "redrive";
/// The most jobs that one request redrives.
const MOST_AT_ONCE: u32 = 1_000;
const PAGE: u32 = 100;

/// A job that was not redriven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedriveRefusal {
    /// The job.
    pub job_id: JobId,
    /// Why.
    pub reason: String,
}

/// What redriving many jobs did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RedriveReport {
    /// The new jobs.
    pub redriven: Vec<JobId>,
    /// Jobs that plan, balance or parameters did not allow.
    pub refused: Vec<RedriveRefusal>,
}

impl Jobs {
    /// Runs a failed or dead job anew.
    ///
    /// # Errors
    /// [`JobsError::NotFound`], [`JobsError::Hot`] for a job that did not fail or is refused by
    /// the plan, [`JobsError::Invalid`] for a child, and as [`Jobs::submit_job`].
    #[tracing::instrument(level = "debug", name = "jobs::redrive_job", skip_all)]
    pub async fn redrive_job(&self, actor: &Actor, id: JobId) -> Result<SubmittedJob, JobsError> {
        require(actor, Permission::RunJobs)?;
        let job = self.get_job(actor, id).await?;
        self.require_change(actor, id).await?;
        self.redrive(actor, job).await
    }

    /// Runs all dead jobs of an operation anew, of every organization, each in the name of who
    /// submitted it; at most a thousand at once.
    ///
    /// # Errors
    /// [`JobsError::Access`] for anybody but administrators, [`JobsError::Store`].
    pub async fn redrive_dead_jobs(
        &self,
        actor: &Actor,
        operation: &str,
    ) -> Result<RedriveReport, JobsError> {
        require(actor, Permission::Administer)?;
        let mut report = RedriveReport::default();
        let (mut after, mut seen) = (None, 0);
        while seen < MOST_AT_ONCE {
            let snapshot = self.store.read().await?;
            let jobs = snapshot.jobs().list_dead_jobs(operation, after, PAGE).await?;
            drop(snapshot);
            let Some(last) = jobs.last().map(|job| job.id) else { break };
            after = Some(last);
            for job in jobs {
                seen += self.redrive_for_owner(actor, job, &mut report).await?;
            }
        }
        // Each organization's log tells of its own jobs; the installation's of the wish.
        let details = json!({
            "operation": operation,
            "redriven": report.redriven.len(),
            "refused": report.refused.len(),
        });
        let entry = actor.house_entry("job.redrive_dead", "jobs", details, self.clock.now());
        self.note(entry).await?;
        Ok(report)
    }

    async fn redrive_for_owner(
        &self,
        actor: &Actor,
        job: JobRecord,
        report: &mut RedriveReport,
    ) -> Result<u32, JobsError> {
        let owner = self.find_submitter(&job).await?;
        let (job_id, organization_id) = (job.id, job.organization_id);
        match self.redrive(&owner, job).await {
            Ok(submitted) if submitted.repeated => return Ok(0),
            Ok(submitted) => {
                // The new job is in its owner's name; the log of the organization tells who did it.
                let (subject, details) =
                    (format!("job {job_id}"), json!({ "as": submitted.job.id }));
                let (about, now) = (("job.redrive", subject.as_str()), self.clock.now());
                self.note(actor.entry_there(organization_id, about, details, now)).await?;
                report.redriven.push(submitted.job.id);
            }
            Err(JobsError::Store(error) | JobsError::Hot(HotError::Store(error))) => {
                return Err(error.into());
            }
            Err(error) => {
                report.refused.push(RedriveRefusal { job_id, reason: error.to_string() });
            }
        }
        Ok(1)
    }

    /// Who submitted a job, who sees what they may see today; what the administrator of the
    /// installation sees is not theirs.
    async fn find_submitter(&self, job: &JobRecord) -> Result<Actor, JobsError> {
        let snapshot = self.store.read().await?;
        let owner = job.organization_id;
        let role = match find_sight(snapshot.as_ref(), owner, job.submitted_by).await? {
            Sight::Everything => Role::Owner,
            Sight::Member(_) => Role::Member,
        };
        Ok(Actor { user_id: job.submitted_by, role, ..Actor::system(owner) })
    }

    async fn redrive(&self, actor: &Actor, job: JobRecord) -> Result<SubmittedJob, JobsError> {
        require_redrivable(&job)?;
        let origin = Origin::Redrive(job.id);
        if let Some(earlier) = self.find_descendant(actor, origin).await? {
            return Ok(SubmittedJob { job: earlier, blocked_by: None, repeated: true });
        }
        let params = self.migrate_params(&job.operation, job.operation_version, job.params)?;
        let key = IdempotencyKey {
            route: ROUTE.to_owned(),
            key: job.id.to_string(),
            body_sha256: String::new(),
        };
        let new = NewJob {
            operation: job.operation,
            params,
            inputs: inputs_from_json(&job.inputs)?,
            label: job.label,
            seed: Some(job.seed),
            start_at: None,
            on_refusal: OnRefusal::Refuse,
            idempotency: Some(key),
        };
        let submitted = self.submit_copy(actor, (job.id, Some(origin)), new).await?;
        self.describe_submitted(actor, submitted).await
    }

    async fn find_descendant(
        &self,
        actor: &Actor,
        origin: Origin,
    ) -> Result<Option<JobRecord>, JobsError> {
        let filter = JobFilter { origin: Some(origin), ..JobFilter::default() };
        let page = PageRequest { after: None, limit: 1, order: Order::NewestFirst };
        let snapshot = self.store.read_as(actor.sight()).await?;
        let found = snapshot.jobs().list_jobs(actor.organization_id, &filter, &page).await?;
        Ok(found.items.into_iter().next())
    }
}

fn require_redrivable(job: &JobRecord) -> Result<(), JobsError> {
    if job.parent_id.is_some() {
        return Err(JobsError::Invalid {
            field: "id",
            message: format!(
                "this job is a part of {}; redrive that one, which runs its parts anew",
                job.root_id
            ),
        });
    }
    match job.state {
        JobState::Failed | JobState::Dead => Ok(()),
        JobState::Scheduled
        | JobState::Blocked
        | JobState::Queued
        | JobState::Running
        | JobState::Waiting
        | JobState::Succeeded
        | JobState::Cancelled => Err(HotError::WrongState { state: job.state }.into()),
    }
}
