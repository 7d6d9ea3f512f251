//! What time alone changes: lost leases, start times, limits that were reset, credits that
//! expired.

use std::collections::BTreeMap;

use gantry_ports::store::{ReapCommand, Reaped, ReleaseCommand, SettleCommand};
use gantry_rules::admission::readmit;
use gantry_rules::outcome::{AttemptResult, Ending};
use gantry_rules::submission::{Accounting, Needs};
use gantry_rules::transition::Event;
use gantry_types::{Attempt, JobId, JobState};

use super::books::Books;
use super::job::Gate;
use super::settle::settle;
use super::stop::Stop;
use super::submit::{BLOCKED_RECHECK, hold, keep_refusal};

/// Ends the leases of `silent` jobs that were not prolonged meanwhile.
pub(super) fn reap(
    books: &mut Books,
    command: &ReapCommand,
    silent: &[JobId],
) -> Result<Vec<Reaped>, Stop> {
    let mut reaped = Vec::new();
    for job_id in silent.iter().copied() {
        let facts = &books.job(job_id)?.facts;
        let lost = facts.lease_until.is_some_and(|until| until < command.now);
        if facts.state != JobState::Running || !lost {
            continue;
        }
        let message = "the worker that ran this job fell silent".to_owned();
        let ending = Ending::HostDied { message };
        let settled = settle(
            books,
            &SettleCommand {
                job_id,
                attempt: facts.attempt,
                result: AttemptResult { ending, charged: None, artifacts: Vec::new() },
                now: command.now,
                jitter: 0.0,
            },
        )?;
        let organization_id = settled.organization_id;
        reaped.push(Reaped { job_id, organization_id, state: settled.state });
    }
    Ok(reaped)
}

/// Queues the `due` jobs that may run now; `needs` are those of the blocked ones.
pub(super) fn release(
    books: &mut Books,
    command: &ReleaseCommand,
    due: &[JobId],
    needs: &BTreeMap<JobId, Needs>,
) -> Result<u64, Stop> {
    let mut released = 0;
    for id in due.iter().copied() {
        let job = books.job(id)?;
        let is_due = job.due_at.is_some_and(|due| due <= command.now);
        let ready = match job.facts.state {
            JobState::Scheduled => is_due,
            JobState::Blocked if is_due => unblock(books, id, (command, needs.get(&id)))?,
            JobState::Blocked
            | JobState::Queued
            | JobState::Running
            | JobState::Waiting
            | JobState::Succeeded
            | JobState::Failed
            | JobState::Cancelled
            | JobState::Dead => false,
        };
        if ready {
            let job = books.job_mut(id)?;
            job.due_at = None;
            let fresh = job.facts.attempt == Attempt::NONE && job.is_root();
            if job.facts.accounting == Accounting::Metered && fresh {
                job.gate = Gate::Slot;
            }
            books.advance(id, Event::Release, command.now, None)?;
            released += 1;
        }
    }
    Ok(released)
}

/// Tries to admit a blocked job; one that is still refused is looked at again later.
fn unblock(
    books: &mut Books,
    id: JobId,
    (command, needs): (&ReleaseCommand, Option<&Needs>),
) -> Result<bool, Stop> {
    let job = books.job(id)?;
    let (organization_id, accounting) = (job.facts.organization_id, job.facts.accounting);
    let start_at = job.start_at.filter(|start| *start > command.now);
    let Some(needs) = needs else { return Ok(false) };
    if start_at.is_some() {
        books.job_mut(id)?.due_at = start_at;
        return Ok(false);
    }
    books.expire_lots(organization_id, command.now)?;
    let state = &books.account(organization_id)?.state;
    let class = state.terms.class;
    match readmit(state, needs, accounting, command.now) {
        Ok(admission) => {
            hold(books, id, admission, command.now)?;
            keep_refusal(books, id, None)?;
            // The plan may have changed while the job was blocked.
            books.job_mut(id)?.class = class;
            Ok(true)
        }
        Err(refusal) => {
            keep_refusal(books, id, Some(&refusal))?;
            books.job_mut(id)?.due_at = Some(command.now.plus(BLOCKED_RECHECK));
            Ok(false)
        }
    }
}
