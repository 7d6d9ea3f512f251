//! What limits refused: counted day by day, so that nobody who asks again and again fills the
//! store.
//!
//! Invariant: a line is written in the commit that refused or kept what it counts.

use gantry_types::{OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};

/// What a limit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaEventKind {
    /// A job, a larger hold or a call was refused.
    Refused,
    /// A job was kept as blocked.
    Blocked,
}

/// What one limit did to one organization on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaEvent {
    /// Whose limit.
    pub organization_id: OrganizationId,
    /// The start of the day, in UTC.
    pub day: Timestamp,
    /// What it did.
    pub kind: QuotaEventKind,
    /// Which limit: [`gantry_rules::refusal::Refusal::limit_name`].
    pub limit: String,
    /// How often.
    pub times: u64,
    /// When first on that day.
    pub first_at: Timestamp,
    /// When last.
    pub last_at: Timestamp,
    /// What was told the last time: the limit, the use, and when it resets.
    pub message: String,
}

/// Which of them are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaEventFilter {
    /// The start of the first day.
    pub from: Timestamp,
    /// The end of the last day.
    pub to: Timestamp,
    /// One tenant; `None` means all.
    pub organization_id: Option<OrganizationId>,
    /// At most so many, which stores cap at 1,000.
    pub limit: u32,
}
