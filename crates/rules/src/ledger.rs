//! Double-entry postings.
//!
//! Invariant: a posting moves one positive amount from one side to another, so that its two
//! lines, and thus the whole ledger, sum to zero by construction.

use gantry_types::{Credits, LotId};
use serde::{Deserialize, Serialize};

/// One side of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerAccount {
    /// Credits that the organization can spend.
    Available,
    /// Credits that jobs hold.
    Held,
    /// Credits that were spent: the installation's revenue.
    Revenue,
    /// Where granted credits come from.
    Issued,
    /// Where expired credits go.
    Expired,
    /// Credits that were spent although their price was given back: what the organization owes,
    /// below zero.
    Receivable,
}

impl LedgerAccount {
    /// Every side.
    pub const ALL: &'static [Self] = &[
        Self::Available,
        Self::Held,
        Self::Revenue,
        Self::Issued,
        Self::Expired,
        Self::Receivable,
    ];

    /// The word as it stands in the store and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Held => "held",
            Self::Revenue => "revenue",
            Self::Issued => "issued",
            Self::Expired => "expired",
            Self::Receivable => "receivable",
        }
    }
}

/// Why credits moved; decides from where to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Movement {
    /// Given to the organization.
    Grant,
    /// Set aside for a job.
    Hold,
    /// Spent by a job.
    Spend,
    /// Kept of what a job held and did not use, because its owner cancelled it.
    Penalty,
    /// Given back by a job.
    Release,
    /// Lost because its lot expired.
    Expire,
    /// Credits are taken back because their price was given back.
    Refund,
    /// The same for credits that had expired, which were not spent and which nobody owes.
    RefundExpired,
    /// The same for credits that were spent.
    Owe,
    /// Credits that were taken back are given again, because their price came back.
    Restore,
    /// The same for credits that had expired before they were taken back: they stay expired.
    RestoreExpired,
    /// The same for credits that were owed.
    Forgive,
}

impl Movement {
    /// The word as it stands in the store and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Hold => "hold",
            Self::Spend => "spend",
            Self::Penalty => "penalty",
            Self::Release => "release",
            Self::Expire => "expire",
            Self::Refund => "refund",
            Self::RefundExpired => "refund_expired",
            Self::Owe => "owe",
            Self::Restore => "restore",
            Self::RestoreExpired => "restore_expired",
            Self::Forgive => "forgive",
        }
    }

    /// From where, and to where.
    #[must_use]
    pub const fn sides(self) -> (LedgerAccount, LedgerAccount) {
        match self {
            Self::Grant => (LedgerAccount::Issued, LedgerAccount::Available),
            Self::Hold => (LedgerAccount::Available, LedgerAccount::Held),
            Self::Spend | Self::Penalty => (LedgerAccount::Held, LedgerAccount::Revenue),
            Self::Release => (LedgerAccount::Held, LedgerAccount::Available),
            Self::Expire => (LedgerAccount::Available, LedgerAccount::Expired),
            Self::Refund => (LedgerAccount::Available, LedgerAccount::Issued),
            Self::RefundExpired => (LedgerAccount::Expired, LedgerAccount::Issued),
            Self::Owe => (LedgerAccount::Receivable, LedgerAccount::Issued),
            Self::Restore => (LedgerAccount::Issued, LedgerAccount::Available),
            Self::RestoreExpired => (LedgerAccount::Issued, LedgerAccount::Expired),
            Self::Forgive => (LedgerAccount::Issued, LedgerAccount::Receivable),
        }
    }
}

/// Credits of one lot on their way from one side to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Why.
    pub movement: Movement,
    /// The lot that moves.
    pub lot_id: LotId,
    /// How much: above zero.
    pub amount: Credits,
}

impl Posting {
    /// The two lines, taking first: they sum to zero.
    #[must_use]
    pub fn lines(&self) -> [(LedgerAccount, Credits); 2] {
        let (from, to) = self.movement.sides();
        [(from, Credits::new(self.amount.get().wrapping_neg())), (to, self.amount)]
    }
}
