//! Allowances: units that calls of services draw on for a while.
//!
//! Invariants: an allowance ends once, by its owner's word or by time; its end counts what was
//! last reported and returns the rest.

use std::collections::BTreeMap;

use gantry_ports::StoreError;
use gantry_ports::store::{AllowCommand, AllowancePhase, AllowanceUseCommand, HotError};
use gantry_rules::allowance::{self, AllowancePart};
use gantry_types::{AllowanceId, MeterId, OrganizationId, Timestamp};

use super::books::Books;
use super::stop::Stop;

/// What has become of an allowance since it was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AllowanceChange {
    None,
    Changed,
    Ended,
}

/// An allowance in memory.
#[derive(Debug)]
pub(super) struct HotAllowance {
    pub(super) organization_id: OrganizationId,
    pub(super) expires_at: Timestamp,
    pub(super) parts: Vec<AllowancePart>,
    pub(super) change: AllowanceChange,
}

/// Reserves an allowance.
pub(super) fn allow(
    books: &mut Books,
    command: &AllowCommand,
) -> Result<BTreeMap<MeterId, u64>, Stop> {
    if books.allowances.contains_key(&command.allowance_id) {
        return Err(HotError::Store(StoreError::AlreadyExists { what: "allowance" }).into());
    }
    let organization_id = command.organization_id;
    let state = &mut books.account_mut(organization_id)?.state;
    let parts = allowance::grant(state, &command.asks, command.now)?;
    allowance::take(state, &parts)?;
    let granted = parts.iter().map(|part| (part.held.meter.clone(), part.held.units)).collect();
    let (expires_at, change) = (command.expires_at, AllowanceChange::Changed);
    let allowance = HotAllowance { organization_id, expires_at, parts, change };
    books.allowances.insert(command.allowance_id, allowance);
    Ok(granted)
}

/// Notes what was used; one that has ended stays as it is.
pub(super) fn report_use(books: &mut Books, command: &AllowanceUseCommand) -> Result<(), Stop> {
    let Some(allowance) = find_open(books, command.allowance_id) else { return Ok(()) };
    if allowance.organization_id != command.organization_id {
        return Err(super::stop::not_found("allowance"));
    }
    allowance::report(&mut allowance.parts, &command.used);
    allowance.change = AllowanceChange::Changed;
    match command.phase {
        AllowancePhase::Open => Ok(()),
        AllowancePhase::Ended => end(books, command.allowance_id),
    }
}

/// Ends an allowance whose time is over.
pub(super) fn expire(books: &mut Books, id: AllowanceId, now: Timestamp) -> Result<(), Stop> {
    match find_open(books, id) {
        Some(allowance) if allowance.expires_at <= now => end(books, id),
        Some(_) | None => Ok(()),
    }
}

fn find_open(books: &mut Books, id: AllowanceId) -> Option<&mut HotAllowance> {
    books.allowances.get_mut(&id).filter(|known| known.change != AllowanceChange::Ended)
}

fn end(books: &mut Books, id: AllowanceId) -> Result<(), Stop> {
    let Some(allowance) = books.allowances.get_mut(&id) else { return Ok(()) };
    allowance.change = AllowanceChange::Ended;
    let (organization_id, parts) =
        (allowance.organization_id, std::mem::take(&mut allowance.parts));
    Ok(allowance::end(&mut books.account_mut(organization_id)?.state, &parts)?)
}
