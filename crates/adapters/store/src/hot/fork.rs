//! Children.
//!
//! Invariants: children belong to their parent's account and root, hold nothing of their own,
//! and together cost no more than is left of their parent; of one root only as many are ready
//! at a time as the plan allows, the others wait behind a gate.

use gantry_ports::store::{ForkCommand, Forked};
use gantry_rules::fork::check_fork;
use gantry_rules::job::CancelRequest;
use gantry_rules::settlement::Conclusion;
use gantry_rules::submission::ChildSubmission;
use gantry_rules::transition::Event;
use gantry_types::JobId;

use super::books::{Books, PendingCheckpoint};
use super::job::{Gate, HotJob, NewJob, Shape};
use super::settle::{End, end_job, resume};
use super::stop::Stop;
use super::submit::encode;

/// Forks; `earlier` is how many children the job has from forks before.
pub(super) fn fork(books: &mut Books, command: &ForkCommand, earlier: u32) -> Result<Forked, Stop> {
    let (id, now) = (command.job_id, command.now);
    let job = books.running(id, command.attempt)?;
    if job.facts.cancel == CancelRequest::Requested {
        let conclusion = Conclusion::CancelledRunning;
        let end = End { event: Event::Cancel, conclusion, charged: None };
        end_job(books, id, end, (now, None))?;
        return Ok(Forked::Cancelled);
    }
    if let Err(too_small) = check_fork(&job.facts, &command.children) {
        return Ok(Forked::HoldTooSmall { left: too_small.left });
    }
    let (version, state) = &command.checkpoint;
    let checkpoint = PendingCheckpoint {
        organization_id: job.facts.organization_id,
        version: *version,
        state: encode(state)?,
    };
    books.additions.checkpoints.insert(id, checkpoint);
    books.advance(id, Event::Fork, now, None)?;
    give_up_place(books, id)?;
    let count = u32::try_from(command.children.len()).unwrap_or(u32::MAX);
    books.job_mut(id)?.facts.pending_children = count;
    for (ordinal, child) in (earlier..).zip(&command.children) {
        insert_child(books, command, (ordinal, child))?;
    }
    if command.children.is_empty() {
        resume(books, id, now)?;
    }
    Ok(Forked::Waiting)
}

/// A child that waits for its own children makes room for another one of its root.
fn give_up_place(books: &mut Books, id: JobId) -> Result<(), Stop> {
    let job = books.job_mut(id)?;
    if !job.is_root() {
        let root_id = job.facts.root_id;
        job.gate = Gate::Sibling;
        let root = books.job_mut(root_id)?;
        root.active_children = root.active_children.saturating_sub(1);
    }
    Ok(())
}

fn insert_child(
    books: &mut Books,
    command: &ForkCommand,
    (ordinal, child): (u32, &ChildSubmission),
) -> Result<(), Stop> {
    let parent = books.job(command.job_id)?;
    let (facts, class) = (parent.facts.child(child), parent.class);
    let gate = take_gate(books, facts.root_id)?;
    let operation = child.operation.clone();
    let shape = Shape { operation, device: child.needs.device, class, ordinal, gate };
    books.insert_child(HotJob::new(facts, shape, derive_new(child)?, command.now));
    books.announce(child.job_id, command.now, None)
}

fn take_gate(books: &mut Books, root_id: JobId) -> Result<Gate, Stop> {
    let root = books.job(root_id)?;
    let account = books.account(root.facts.organization_id)?;
    // A plan that says none would leave every fork waiting for ever.
    let most = account.state.terms.parallel_children.max(1);
    if root.active_children >= most {
        return Ok(Gate::Sibling);
    }
    books.job_mut(root_id)?.active_children += 1;
    Ok(Gate::Open)
}

fn derive_new(child: &ChildSubmission) -> Result<NewJob, Stop> {
    Ok(NewJob {
        submitted_by: None,
        operation_version: child.operation_version,
        label: None,
        origin: None,
        seed: child.seed,
        params: encode(&child.params)?,
        inputs: encode(&child.inputs)?,
        needs: encode(&child.needs)?,
    })
}
