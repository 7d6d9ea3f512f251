//! The state of an account that admission and settlement decide on.
//!
//! Invariants: credits lie in lots; a lot's remainder is never negative; what is held has left
//! its lots and returns to them, or is spent, at settlement.

use gantry_types::{Credits, LotId, MeterId, OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::period::{Period, derive_month, derive_since};
use crate::plan::PlanTerms;

/// Where a lot of credits came from; the order is the order of use among equal expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LotOrigin {
    /// Given.
    Promotional,
    /// Earned by watching an ad or by a referral.
    Earned,
    /// Bought.
    Paid,
}

/// Credits of one origin and one expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// The lot.
    pub id: LotId,
    /// Where it came from.
    pub origin: LotOrigin,
    /// When what is left expires; `None` never.
    pub expires_at: Option<Timestamp>,
    /// What is left and not held.
    pub remaining: Credits,
}

/// The use of a meter in one period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterUse {
    /// The meter.
    pub meter: MeterId,
    /// The start of the period.
    pub period_start: Timestamp,
    /// Units of jobs that were settled.
    pub used: u64,
    /// Units reserved by jobs that were not.
    pub reserved: u64,
}

/// All that the admission of one submission depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountState {
    /// The account's organization.
    pub organization_id: OrganizationId,
    /// What it may: its plan's terms, with the limits that it has instead of those.
    pub terms: PlanTerms,
    /// Where its months begin, if its plan's quotas count by them.
    pub quota_anchor: Timestamp,
    /// Root jobs that run or wait.
    pub running_roots: u32,
    /// Root jobs that wait for their first run: queued, scheduled or blocked.
    pub queued_roots: u32,
    /// The lots with something left, and those that jobs hold from, in any order.
    pub lots: Vec<Lot>,
    /// The use of meters in the present period and in those of unsettled holds; a missing
    /// meter was not used.
    pub meters: Vec<MeterUse>,
}

impl AccountState {
    /// The month in which its quotas count at `now`.
    #[must_use]
    pub fn derive_month(&self, now: Timestamp) -> Period {
        derive_month(self.terms.quota_reset, self.quota_anchor, now)
    }

    /// The start of the earliest period in which its meters count at `now`.
    #[must_use]
    pub fn derive_since(&self, now: Timestamp) -> Timestamp {
        derive_since(self.terms.quota_reset, self.quota_anchor, now)
    }

    /// Takes a hold out of its lots and reserves its units.
    ///
    /// # Errors
    /// [`BooksError`] when a lot is missing or has less; nothing is changed then.
    pub fn take(&mut self, hold: &Hold) -> Result<(), BooksError> {
        for part in &hold.credits {
            let lot = self.find_lot(part.lot_id).ok_or(BooksError::LotMissing(part.lot_id))?;
            if lot.remaining < part.amount {
                return Err(BooksError::LotTooSmall(part.lot_id));
            }
        }
        for part in &hold.credits {
            self.change_lot(part.lot_id, Credits::new(-part.amount.get()))?;
        }
        for held in &hold.units {
            let usage = self.entry(&held.meter, held.period_start);
            usage.reserved = usage.reserved.saturating_add(held.units);
        }
        Ok(())
    }

    /// Puts credits back into their lot.
    ///
    /// # Errors
    /// [`BooksError::LotMissing`].
    pub fn put_back(&mut self, part: HeldCredits) -> Result<(), BooksError> {
        self.change_lot(part.lot_id, part.amount)
    }

    /// Turns a reservation into use, in the period in which it was made.
    ///
    /// # Errors
    /// [`BooksError::ReservationMissing`] when less is reserved.
    pub fn settle_units(&mut self, held: &HeldUnits, used: u64) -> Result<(), BooksError> {
        let usage = self.entry(&held.meter, held.period_start);
        let missing = || BooksError::ReservationMissing(held.meter.clone());
        usage.reserved = usage.reserved.checked_sub(held.units).ok_or_else(missing)?;
        usage.used = usage.used.saturating_add(used);
        Ok(())
    }

    fn find_lot(&self, id: LotId) -> Option<&Lot> {
        self.lots.iter().find(|lot| lot.id == id)
    }

    fn change_lot(&mut self, id: LotId, by: Credits) -> Result<(), BooksError> {
        let lot = self.lots.iter_mut().find(|lot| lot.id == id);
        let lot = lot.ok_or(BooksError::LotMissing(id))?;
        let after = lot.remaining.checked_add(by).map_err(|_| BooksError::LotTooSmall(id))?;
        if after.is_negative() {
            return Err(BooksError::LotTooSmall(id));
        }
        lot.remaining = after;
        Ok(())
    }

    fn entry(&mut self, meter: &MeterId, period_start: Timestamp) -> &mut MeterUse {
        let found = self
            .meters
            .iter()
            .position(|usage| usage.meter == *meter && usage.period_start == period_start);
        let place = found.unwrap_or_else(|| {
            self.meters.push(MeterUse { meter: meter.clone(), period_start, used: 0, reserved: 0 });
            self.meters.len() - 1
        });
        &mut self.meters[place]
    }
}

/// The books do not contain what a decision was made on: a fault of ours, never of a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BooksError {
    /// A lot that must be there is not.
    #[error("lot {0} is not in the account")]
    LotMissing(LotId),
    /// A lot has less than is taken from it.
    #[error("lot {0} has less than is taken from it")]
    LotTooSmall(LotId),
    /// Less is reserved than is given back.
    #[error("less {0} are reserved than are given back")]
    ReservationMissing(MeterId),
}

/// Credits taken from one lot for one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCredits {
    /// The lot.
    pub lot_id: LotId,
    /// The amount.
    pub amount: Credits,
}

/// Units reserved on one meter for one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldUnits {
    /// The meter.
    pub meter: MeterId,
    /// The period in which they were reserved; settlement corrects that one.
    pub period_start: Timestamp,
    /// The units.
    pub units: u64,
}

/// What one job holds, by lot and by meter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hold {
    /// Credits by lot, in the order in which they were taken.
    pub credits: Vec<HeldCredits>,
    /// Units by meter.
    pub units: Vec<HeldUnits>,
}

impl Hold {
    /// All credits that are held.
    #[must_use]
    pub fn total(&self) -> Credits {
        self.credits.iter().map(|part| part.amount).sum()
    }
}
