//! Admission of root jobs.
//!
//! Invariants: a repeated idempotency key answers what the first submission was told, for 24
//! hours, also within one batch; a refused submission leaves no trace but a count of refusals; a
//! job that is not for everybody is restricted in the commit that admits it; a job's identifier
//! is the caller's, so that a submission whose answer was lost is recognised by it.

use std::time::Duration;

use gantry_ports::StoreError;
use gantry_ports::store::{HotError, JobRestriction, QuotaEventKind, Submitted};
use gantry_rules::admission::{Admission, Verdict, derive_verdict};
use gantry_rules::job::{JobFactsheet, Slot};
use gantry_rules::outcome::JobError;
use gantry_rules::refusal::Refusal;
use gantry_rules::submission::{Accounting, Submission};
use gantry_types::{EngineErrorKind, JobId, JobState, OrganizationId, Timestamp};
use serde::Serialize;

use super::books::{Books, PendingResult};
use super::job::{Gate, HotJob, NewJob, Shape};
use super::stop::Stop;
use crate::error::broken;

/// For how long a key answers.
pub(crate) const KEY_LIFETIME: Duration = Duration::from_hours(24);
/// How often a blocked job is looked at when nothing suggests that it may run.
pub(super) const BLOCKED_RECHECK: Duration = Duration::from_mins(1);

/// Whose key, for which route, and the key.
pub(super) type KeyOf = (OrganizationId, String, String);

/// What is kept of a submission under its key.
#[derive(Debug, Clone)]
pub(super) struct IdempotencyRow {
    pub(super) body_sha256: String,
    pub(super) job_id: JobId,
    pub(super) state: JobState,
    pub(super) blocked_by: Option<Refusal>,
    pub(super) created_at: Timestamp,
}

/// The key of a submission, if it has one.
pub(super) fn derive_key(submission: &Submission) -> Option<KeyOf> {
    let key = submission.idempotency.as_ref()?;
    Some((submission.organization_id, key.route.clone(), key.key.clone()))
}

/// Decides on a submission, whose job `restriction` keeps from those to whom it is not granted.
pub(super) fn submit(
    books: &mut Books,
    submission: &Submission,
    restriction: Option<&JobRestriction>,
) -> Result<Submitted, Stop> {
    if let Some(answer) = find_earlier(books, submission)? {
        return Ok(answer);
    }
    let (organization_id, now) = (submission.organization_id, submission.submitted_at);
    books.expire_lots(organization_id, now)?;
    let verdict = derive_verdict(&books.account(organization_id)?.state, submission)?;
    let (state, blocked_by) = match &verdict {
        Verdict::Admitted(admission) => (admission.state, None),
        Verdict::Blocked(refusal) => (JobState::Blocked, Some(refusal.clone())),
    };
    insert_job(books, submission, state)?;
    match verdict {
        Verdict::Admitted(admission) => hold(books, submission.job_id, admission, now)?,
        Verdict::Blocked(refusal) => {
            keep_refusal(books, submission.job_id, Some(&refusal))?;
            let kind = QuotaEventKind::Blocked;
            books.additions.quota_events.count(organization_id, kind, &refusal, now);
        }
    }
    remember(books, submission, state, blocked_by.as_ref());
    if let Some(restriction) = restriction {
        books.additions.restrictions.add(submission, restriction);
    }
    let class = books.account(organization_id)?.state.terms.class;
    Ok(Submitted { job_id: submission.job_id, state, class, blocked_by, repeated: false })
}

/// Takes an admitted job's hold out of its account.
pub(super) fn hold(
    books: &mut Books,
    job_id: JobId,
    admission: Admission,
    now: Timestamp,
) -> Result<(), Stop> {
    let organization_id = books.job(job_id)?.facts.organization_id;
    books.account_mut(organization_id)?.state.take(&admission.hold)?;
    books.post(organization_id, Some(job_id), &admission.postings, now)?;
    books.job_mut(job_id)?.facts.hold = admission.hold;
    Ok(())
}

/// Keeps why a job is blocked, or forgets it.
pub(super) fn keep_refusal(
    books: &mut Books,
    job_id: JobId,
    refusal: Option<&Refusal>,
) -> Result<(), Stop> {
    let organization_id = books.job(job_id)?.facts.organization_id;
    let error = refusal.map(|refusal| encode(&explain(refusal))).transpose()?;
    let organization_id = Some(organization_id);
    let result = PendingResult { organization_id, report: None, error };
    books.additions.results.insert(job_id, result);
    Ok(())
}

/// A refusal in a blocked job's words.
pub(super) fn explain(refusal: &Refusal) -> JobError {
    JobError {
        kind: EngineErrorKind::Resource,
        message: refusal.to_string(),
        next_step: Some(
            "It starts by itself once the plan and the balance allow it; or cancel it.".into(),
        ),
    }
}

fn find_earlier(books: &Books, submission: &Submission) -> Result<Option<Submitted>, Stop> {
    if let Some(row) = derive_key(submission).and_then(|key| books.keys.get(&key))
        && submission.submitted_at.since(row.created_at) < KEY_LIFETIME
    {
        let body = submission.idempotency.as_ref().map(|key| key.body_sha256.as_str());
        if body != Some(row.body_sha256.as_str()) {
            return Err(Stop::Refused(HotError::IdempotencyMismatch));
        }
        let blocked_by = row.blocked_by.clone();
        let (job_id, state) = (row.job_id, row.state);
        let class = books.account(submission.organization_id)?.state.terms.class;
        return Ok(Some(Submitted { job_id, state, class, blocked_by, repeated: true }));
    }
    let Some(job) = books.jobs.get(&submission.job_id) else { return Ok(None) };
    if job.facts.organization_id != submission.organization_id {
        return Err(HotError::Store(StoreError::AlreadyExists { what: "job" }).into());
    }
    let (job_id, state, class) = (job.id(), job.facts.state, job.class);
    Ok(Some(Submitted { job_id, state, class, blocked_by: None, repeated: true }))
}

fn insert_job(books: &mut Books, submission: &Submission, state: JobState) -> Result<(), Stop> {
    let class = books.account(submission.organization_id)?.state.terms.class;
    let now = submission.submitted_at;
    let shape = Shape {
        operation: submission.operation.clone(),
        device: submission.needs.device,
        class,
        ordinal: 0,
        gate: match submission.accounting {
            Accounting::Metered => Gate::Slot,
            Accounting::Platform => Gate::Open,
        },
    };
    let new = NewJob {
        submitted_by: submission.submitted_by,
        operation_version: submission.operation_version,
        label: submission.label.clone(),
        origin: submission.origin,
        seed: submission.seed,
        params: encode(&submission.params)?,
        inputs: encode(&submission.inputs)?,
        needs: encode(&submission.needs)?,
    };
    let mut job = HotJob::new(JobFactsheet::root(submission, state), shape, new, now);
    job.start_at = submission.start_at;
    job.due_at = match state {
        JobState::Scheduled => submission.start_at,
        JobState::Blocked => Some(now.plus(BLOCKED_RECHECK)),
        JobState::Queued
        | JobState::Running
        | JobState::Waiting
        | JobState::Succeeded
        | JobState::Failed
        | JobState::Cancelled
        | JobState::Dead => None,
    };
    books.jobs.insert(submission.job_id, job);
    books.count(submission.job_id, Slot::None)?;
    books.announce(submission.job_id, now, None)
}

fn remember(
    books: &mut Books,
    submission: &Submission,
    state: JobState,
    blocked_by: Option<&Refusal>,
) {
    let (Some(key), Some(given)) = (derive_key(submission), submission.idempotency.as_ref()) else {
        return;
    };
    let row = IdempotencyRow {
        body_sha256: given.body_sha256.clone(),
        job_id: submission.job_id,
        state,
        blocked_by: blocked_by.cloned(),
        created_at: submission.submitted_at,
    };
    books.keys.insert(key.clone(), row.clone());
    books.additions.keys.insert(key, row);
}

/// JSON for a text column.
pub(super) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<String, Stop> {
    serde_json::to_string(value).map_err(|error| Stop::Fault(broken("JSON", error)))
}
