//! Cancellation of trees.
//!
//! Invariants: what does not run ends at once; what runs is asked and ends by its own
//! settlement; what waits ends with the last of its children.

use std::collections::{BTreeMap, BTreeSet};

use gantry_ports::store::{CancelCommand, Cancelled, HotError};
use gantry_rules::cancellation::CancelledBy;
use gantry_rules::job::{CancelRequest, Slot};
use gantry_rules::settlement::Conclusion;
use gantry_rules::transition::Event;
use gantry_types::{Attempt, Credits, JobId, JobState};

use super::books::Books;
use super::settle::{End, end_job};
use super::stop::{Stop, not_found};

/// Cancels a job and everything below it.
pub(super) fn cancel(books: &mut Books, command: &CancelCommand) -> Result<Cancelled, Stop> {
    let job = books.job(command.job_id)?;
    if job.facts.organization_id != command.organization_id {
        return Err(not_found("job"));
    }
    let state = job.facts.state;
    if state.is_final() {
        return Err(HotError::WrongState { state }.into());
    }
    note_cancellation(books, command)?;
    let tree = derive_tree(books, command.job_id);
    for id in &tree {
        let job = books.job_mut(*id)?;
        if !job.facts.state.is_final() {
            job.facts.cancel = CancelRequest::Requested;
        }
    }
    let mut running = Vec::new();
    for id in tree {
        match books.job(id)?.facts.state {
            JobState::Running => running.push(id),
            JobState::Scheduled | JobState::Blocked | JobState::Queued => {
                end_unclaimed(books, id, command)?;
            }
            JobState::Waiting
            | JobState::Succeeded
            | JobState::Failed
            | JobState::Cancelled
            | JobState::Dead => {}
        }
    }
    Ok(Cancelled { state: books.job(command.job_id)?.facts.state, running })
}

/// Counts what its owner cancels while it runs; a job that was asked to stop before is counted,
/// or excused, already.
fn note_cancellation(books: &mut Books, command: &CancelCommand) -> Result<(), Stop> {
    let facts = &books.job(command.job_id)?.facts;
    let counts = command.by == CancelledBy::Owner
        && facts.cancel == CancelRequest::None
        && facts.derive_slot() == Slot::Running
        && facts.hold.total() > Credits::ZERO;
    if counts {
        let account = books.account_mut(command.organization_id)?;
        let terms = account.state.terms.cancellation;
        account.cancellations.note(terms, command.job_id, command.now);
    }
    Ok(())
}

fn end_unclaimed(books: &mut Books, id: JobId, command: &CancelCommand) -> Result<(), Stop> {
    let conclusion = if books.job(id)?.facts.attempt == Attempt::NONE {
        Conclusion::CancelledUnstarted
    } else {
        Conclusion::CancelledRunning
    };
    let end = End { event: Event::Cancel, conclusion, charged: None };
    end_job(books, id, end, (command.now, None)).map(drop)
}

/// The job and everything below it.
fn derive_tree(books: &Books, top: JobId) -> Vec<JobId> {
    let mut children: BTreeMap<JobId, Vec<JobId>> = BTreeMap::new();
    for job in books.jobs.values() {
        if let Some(parent_id) = job.facts.parent_id {
            children.entry(parent_id).or_default().push(job.id());
        }
    }
    let mut tree = vec![top];
    let mut seen = BTreeSet::from([top]);
    let mut next = 0;
    while let Some(id) = tree.get(next).copied() {
        next += 1;
        for child in children.get(&id).into_iter().flatten() {
            if seen.insert(*child) {
                tree.push(*child);
            }
        }
    }
    tree
}
