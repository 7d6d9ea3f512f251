//! An account's row in memory.
//!
//! Invariant: no balance falls below zero.

use std::collections::BTreeMap;

use gantry_rules::account::{AccountState, Lot, MeterUse};
use gantry_rules::cancellation::Cancellations;
use gantry_rules::ledger::LedgerAccount;
use gantry_types::{Credits, LotId, Timestamp};

use super::stop::Stop;
use crate::error::broken;

/// An account in memory, beside what the database has of it.
#[derive(Debug)]
pub(super) struct HotAccount {
    pub(super) state: AccountState,
    /// What is owed on lots whose price was given back; most accounts owe nothing.
    pub(super) owed: BTreeMap<LotId, Credits>,
    pub(super) stored: Stored,
    pub(super) available: i64,
    pub(super) held: i64,
    pub(super) cursor: u64,
    pub(super) served_at: Timestamp,
    pub(super) cancellations: Cancellations,
    pub(super) changed: bool,
}

/// What the database has of an account.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) running_roots: u32,
    pub(super) lots: Vec<Lot>,
    pub(super) owed: BTreeMap<LotId, Credits>,
    pub(super) meters: Vec<MeterUse>,
}

impl HotAccount {
    /// Notes that the database has the account as it is.
    pub(super) fn note_stored(&mut self) {
        self.stored.running_roots = self.state.running_roots;
        self.stored.lots.clone_from(&self.state.lots);
        self.stored.owed.clone_from(&self.owed);
        self.stored.meters.clone_from(&self.state.meters);
    }

    /// Whether jobs of it that the database has as queued could not run before this batch, and
    /// can now.
    pub(super) const fn has_freed_slots(&self) -> bool {
        self.state.running_roots < self.stored.running_roots && self.state.queued_roots > 0
    }

    /// Books one line of a posting on its balance.
    ///
    /// # Errors
    /// A fault when the balance would fall below zero.
    pub(super) fn book(&mut self, side: LedgerAccount, amount: Credits) -> Result<(), Stop> {
        let balance = match side {
            LedgerAccount::Available => &mut self.available,
            LedgerAccount::Held => &mut self.held,
            LedgerAccount::Revenue
            | LedgerAccount::Issued
            | LedgerAccount::Expired
            | LedgerAccount::Receivable => return Ok(()),
        };
        let after = balance.checked_add(amount.get()).filter(|after| *after >= 0);
        *balance = after.ok_or_else(|| broken("balance", "it would fall below zero"))?;
        Ok(())
    }
}
