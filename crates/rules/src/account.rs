//! The state of an account that admission and settlement decide on.
//!
//! Invariants: credits lie in lots; a lot's remainder is never negative; what is held has left
//! its lots and returns to them, or is spent, at settlement.

use gantry_types::{Credits, LotId, MeterId, OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};

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
    /// What the plan allows.
    pub terms: PlanTerms,
    /// Root jobs that run or wait.
    pub running_roots: u32,
    /// Root jobs that are queued.
    pub queued_roots: u32,
    /// The lots with something left, in any order.
    pub lots: Vec<Lot>,
    /// The use of meters in the present period; a missing meter was not used.
    pub meters: Vec<MeterUse>,
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
