//! The end of attempts and of jobs.
//!
//! Invariants: a job ends once, and its hold with it; a child's cost leaves its root's hold at
//! once and counts as spent in every job above it; what a hold has left pays what is owed on its
//! lots before it returns to them; when the last child has ended, the parent is queued again, or
//! ends if it was asked to stop meanwhile.

use gantry_ports::store::{SettleCommand, Settled};
use gantry_rules::account::Hold;
use gantry_rules::cancellation::derive_penalty;
use gantry_rules::job::CancelRequest;
use gantry_rules::ledger::Posting;
use gantry_rules::outcome::{AttemptResult, Ending, JobError};
use gantry_rules::retry::{NextStep, derive_next_step};
use gantry_rules::settlement::{self, Conclusion, derive_cost};
use gantry_rules::transition::Event;
use gantry_types::{Credits, EngineErrorKind, JobId, JobState, Timestamp};

use super::artifacts;
use super::books::{Books, PendingResult};
use super::job::Gate;
use super::stop::Stop;
use super::submit::encode;

/// How a job ends: its event, what it means for money, and what the engine charged.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) event: Event,
    pub(super) conclusion: Conclusion,
    pub(super) charged: Option<Credits>,
}

/// Settles an attempt.
pub(super) fn settle(books: &mut Books, command: &SettleCommand) -> Result<Settled, Stop> {
    let id = command.job_id;
    let SettleCommand { result, now, jitter, .. } = command;
    let job = books.running(id, command.attempt)?;
    let organization_id = job.facts.organization_id;
    let step = derive_next_step(&job.facts, &result.ending, *now, *jitter);
    let mut parent_ready = None;
    match step {
        NextStep::End(event, conclusion) => {
            keep_result(books, id, result)?;
            if conclusion == Conclusion::Succeeded {
                artifacts::insert(books, id, &result.artifacts, *now)?;
            }
            let end = End { event, conclusion, charged: result.charged };
            let error = find_error(&result.ending);
            parent_ready = end_job(books, id, end, (*now, error.as_ref()))?;
        }
        NextStep::RetryAt(due) => retry_later(books, id, due, (*now, &result.ending))?,
        NextStep::Requeue => {
            books.job_mut(id)?.facts.host_deaths += 1;
            requeue(books, id, (*now, &result.ending))?;
        }
        NextStep::GiveBack => requeue(books, id, (*now, &result.ending))?,
    }
    let job = books.job(id)?;
    Ok(Settled { state: job.facts.state, cost: job.cost, organization_id, parent_ready })
}

/// Ends a job and settles its money; answers the parent that became ready by it.
pub(super) fn end_job(
    books: &mut Books,
    id: JobId,
    end: End,
    (now, error): (Timestamp, Option<&JobError>),
) -> Result<Option<JobId>, Stop> {
    let job = books.job(id)?;
    let (root_id, parent_id) = (job.facts.root_id, job.facts.parent_id);
    match parent_id {
        None => settle_root(books, id, end, now)?,
        Some(_) => settle_child(books, id, end, now)?,
    }
    let was_active = books.job(id)?.gate == Gate::Open;
    books.advance(id, end.event, now, error)?;
    let Some(parent_id) = parent_id else { return Ok(None) };
    if was_active {
        let root = books.job_mut(root_id)?;
        root.active_children = root.active_children.saturating_sub(1);
        books.open_next_sibling(root_id)?;
    }
    child_ended(books, parent_id, now)
}

fn settle_root(books: &mut Books, id: JobId, end: End, now: Timestamp) -> Result<(), Stop> {
    let job = books.job_mut(id)?;
    let organization_id = job.facts.organization_id;
    let mut hold = std::mem::take(&mut job.facts.hold);
    let cost = derive_cost(end.conclusion, end.charged, hold.total());
    job.cost = Credits::new(cost.get().saturating_add(job.facts.spent_by_children.get()));
    let held_nothing = hold == Hold::default();
    let spent = settlement::spend(&mut hold, cost)?;
    let kept = keep_penalty(books, id, end.conclusion, &mut hold)?;
    if held_nothing {
        return Ok(());
    }
    let account = books.account_mut(organization_id)?;
    let repaid = settlement::repay(&mut hold, &mut account.owed);
    let lots = &account.state.lots;
    let settled = settlement::settle(&hold, Credits::ZERO, end.conclusion, lots, now)?;
    settled.apply(&mut account.state)?;
    books.post(organization_id, Some(id), &[spent, kept, repaid, settled.postings].concat(), now)
}

/// Keeps what its owner's cancellation of a job costs, out of what its hold has left.
fn keep_penalty(
    books: &mut Books,
    id: JobId,
    conclusion: Conclusion,
    hold: &mut Hold,
) -> Result<Vec<Posting>, Stop> {
    let organization_id = books.job(id)?.facts.organization_id;
    let was_cancelled = conclusion == Conclusion::CancelledRunning;
    let percent = books.account_mut(organization_id)?.cancellations.end(id, was_cancelled);
    let penalty = derive_penalty(percent, hold.total());
    if penalty == Credits::ZERO {
        return Ok(Vec::new());
    }
    let job = books.job_mut(id)?;
    job.penalty = penalty;
    job.cost = Credits::new(job.cost.get().saturating_add(penalty.get()));
    Ok(settlement::keep(hold, penalty)?)
}

fn settle_child(books: &mut Books, id: JobId, end: End, now: Timestamp) -> Result<(), Stop> {
    let job = books.job(id)?;
    let (root_id, organization_id) = (job.facts.root_id, job.facts.organization_id);
    let budget = job.facts.derive_budget();
    let spent_below = job.facts.spent_by_children;
    let root = books.job_mut(root_id)?;
    let cost = derive_cost(end.conclusion, end.charged, budget.min(root.facts.hold.total()));
    if cost > Credits::ZERO {
        let postings = settlement::spend(&mut root.facts.hold, cost)?;
        books.post(organization_id, Some(id), &postings, now)?;
    }
    let job = books.job_mut(id)?;
    job.cost = Credits::new(cost.get().saturating_add(spent_below.get()));
    let mut above = job.facts.parent_id;
    while let Some(ancestor_id) = above {
        let ancestor = books.job_mut(ancestor_id)?;
        let spent = ancestor.facts.spent_by_children.get().saturating_add(cost.get());
        ancestor.facts.spent_by_children = Credits::new(spent);
        above = ancestor.facts.parent_id;
    }
    Ok(())
}

/// Tells a parent that one of its children ended.
fn child_ended(books: &mut Books, parent_id: JobId, now: Timestamp) -> Result<Option<JobId>, Stop> {
    let parent = books.job_mut(parent_id)?;
    parent.facts.pending_children = parent.facts.pending_children.saturating_sub(1);
    if parent.facts.pending_children > 0 || parent.facts.state != JobState::Waiting {
        return Ok(None);
    }
    match parent.facts.cancel {
        CancelRequest::None => {
            resume(books, parent_id, now)?;
            Ok(Some(parent_id))
        }
        CancelRequest::Requested => {
            let conclusion = Conclusion::CancelledRunning;
            let end = End { event: Event::Cancel, conclusion, charged: None };
            end_job(books, parent_id, end, (now, None))
        }
    }
}

/// Queues a job whose children have ended.
pub(super) fn resume(books: &mut Books, id: JobId, now: Timestamp) -> Result<(), Stop> {
    books.advance(id, Event::Resume, now, None)?;
    let job = books.job_mut(id)?;
    job.gate = Gate::Open;
    if !job.is_root() {
        let root_id = job.facts.root_id;
        books.job_mut(root_id)?.active_children += 1;
    }
    Ok(())
}

fn retry_later(
    books: &mut Books,
    id: JobId,
    due: Timestamp,
    (now, ending): (Timestamp, &Ending),
) -> Result<(), Stop> {
    let job = books.job_mut(id)?;
    job.facts.retries += 1;
    job.due_at = Some(due);
    job.gate = Gate::Open;
    let error = find_error(ending);
    books.advance(id, Event::RetryLater, now, error.as_ref()).map(drop)
}

fn requeue(books: &mut Books, id: JobId, (now, ending): (Timestamp, &Ending)) -> Result<(), Stop> {
    books.job_mut(id)?.gate = Gate::Open;
    let error = find_error(ending);
    books.advance(id, Event::Requeue, now, error.as_ref()).map(drop)
}

fn keep_result(books: &mut Books, id: JobId, result: &AttemptResult) -> Result<(), Stop> {
    let organization_id = Some(books.job(id)?.facts.organization_id);
    let (report, error) = match &result.ending {
        Ending::Succeeded { report } => (Some(encode(report)?), None),
        Ending::Failed { .. } | Ending::HostDied { .. } | Ending::GivenBack => {
            let error = find_error(&result.ending).map(|error| encode(&error)).transpose()?;
            (None, error)
        }
    };
    books.additions.results.insert(id, PendingResult { organization_id, report, error });
    Ok(())
}

fn find_error(ending: &Ending) -> Option<JobError> {
    match ending {
        Ending::Succeeded { .. } | Ending::GivenBack => None,
        Ending::Failed { error } => Some(error.clone()),
        Ending::HostDied { message } => {
            Some(JobError { kind: EngineErrorKind::Bug, message: message.clone(), next_step: None })
        }
    }
}
