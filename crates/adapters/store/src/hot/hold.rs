//! Larger holds.
//!
//! Invariant: what the root holds more, every job between it and the one that asks may cost
//! more.

use gantry_ports::store::RaiseHoldCommand;
use gantry_rules::account::Hold;
use gantry_rules::admission::derive_credits;
use gantry_rules::submission::Accounting;
use gantry_types::{Credits, JobId};

use super::books::Books;
use super::stop::Stop;

/// Raises the hold of a job's root; a maximum that is not larger changes nothing.
pub(super) fn raise(books: &mut Books, command: &RaiseHoldCommand) -> Result<(), Stop> {
    let job = books.running(command.job_id, command.attempt)?;
    let (root_id, organization_id) = (job.facts.root_id, job.facts.organization_id);
    let root = books.job(root_id)?;
    let more = Credits::new(command.to.get().saturating_sub(root.facts.max_credits.get()));
    if more <= Credits::ZERO || root.facts.accounting == Accounting::Platform {
        return Ok(());
    }
    books.expire_lots(organization_id, command.now)?;
    let account = &books.account(organization_id)?.state;
    let (credits, postings) = derive_credits(account, more, command.now)?;
    let extra = Hold { credits, units: Vec::new() };
    books.account_mut(organization_id)?.state.take(&extra)?;
    books.post(organization_id, Some(root_id), &postings, command.now)?;
    let root = books.job_mut(root_id)?;
    root.facts.hold.credits.extend(extra.credits);
    raise_maxima(books, command.job_id, more)
}

fn raise_maxima(books: &mut Books, from: JobId, more: Credits) -> Result<(), Stop> {
    let mut next = Some(from);
    while let Some(id) = next {
        let job = books.job_mut(id)?;
        let raised = job.facts.max_credits.get().saturating_add(more.get());
        job.facts.max_credits = Credits::new(raised);
        next = job.facts.parent_id;
    }
    Ok(())
}
