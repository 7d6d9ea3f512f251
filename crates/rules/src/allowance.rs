//! Units that an account's calls of services may use for a while without asking the books for
//! each of them.
//!
//! Invariants: an allowance is reserved like a job's hold, so what it refuses is what a submission
//! would be refused for; what was reported as used never falls and never exceeds what is held; its
//! end turns that into use and returns the rest, in the period in which it was reserved.

use std::collections::BTreeMap;

use gantry_types::{MeterId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::account::{AccountState, BooksError, HeldUnits, Hold};
use crate::admission::{Periods, check_meter, derive_free, derive_held};
use crate::refusal::Refusal;

/// Of what is free of a quota, what one allowance takes at most beyond what its first call needs:
/// one part in so many, because what it holds is hidden from jobs meanwhile.
const SHARE: u64 = 10;

/// Units of one meter that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitAsk {
    /// Without so many the answer is a refusal.
    pub needed: u64,
    /// So many would be welcome.
    pub wanted: u64,
}

/// Units of one meter that an allowance holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowancePart {
    /// What is held.
    pub held: HeldUnits,
    /// What of it is known to be used.
    pub used: u64,
}

/// Decides what an allowance holds.
///
/// # Errors
/// The [`Refusal`] that names the limit.
pub fn grant(
    account: &AccountState,
    asks: &BTreeMap<MeterId, UnitAsk>,
    now: Timestamp,
) -> Result<Vec<AllowancePart>, Refusal> {
    let periods = Periods::of(account, now);
    let mut parts = Vec::with_capacity(asks.len());
    for (meter, ask) in asks {
        check_meter(account, meter, ask.needed, periods)?;
        let share = derive_free(account, meter, periods) / SHARE;
        let units = ask.wanted.min(share).max(ask.needed);
        let held = derive_held(account, meter.clone(), units, periods);
        parts.extend(held.map(|held| AllowancePart { held, used: 0 }));
    }
    Ok(parts)
}

/// Reserves what an allowance holds.
///
/// # Errors
/// [`BooksError`], which units alone never cause.
pub fn take(account: &mut AccountState, parts: &[AllowancePart]) -> Result<(), BooksError> {
    let units = parts.iter().map(|part| part.held.clone()).collect();
    account.take(&Hold { credits: Vec::new(), units })
}

/// Notes what was used until now.
pub fn report(parts: &mut [AllowancePart], used: &BTreeMap<MeterId, u64>) {
    for part in parts {
        let daily = part.held.meter.find_counted_by_day();
        let meter = daily.as_ref().unwrap_or(&part.held.meter);
        let reported = used.get(meter).copied().unwrap_or_default();
        part.used = part.used.max(reported).min(part.held.units);
    }
}

/// Ends an allowance: what was used counts, the rest returns.
///
/// # Errors
/// [`BooksError::ReservationMissing`] when the account does not have what it holds.
pub fn end(account: &mut AccountState, parts: &[AllowancePart]) -> Result<(), BooksError> {
    for part in parts {
        account.settle_units(&part.held, part.used)?;
    }
    Ok(())
}
