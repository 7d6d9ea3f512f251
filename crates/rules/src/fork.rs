//! Whether a job may hand work to children, and what they may cost.
//!
//! Invariant: children draw on what is left of their parent, so that a tree never costs more
//! than its root holds.

use gantry_types::Credits;

use crate::job::JobFactsheet;
use crate::submission::{Accounting, ChildSubmission};

/// The children may cost more than is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the children need up to {needed} credits and {left} are left of the hold")]
pub struct HoldTooSmall {
    /// What the children may cost together.
    pub needed: Credits,
    /// What is left.
    pub left: Credits,
}

/// Checks that the children's maxima fit into what is left of their parent.
///
/// # Errors
/// [`HoldTooSmall`] when they do not.
pub fn check_fork(parent: &JobFactsheet, children: &[ChildSubmission]) -> Result<(), HoldTooSmall> {
    if parent.accounting == Accounting::Platform {
        return Ok(());
    }
    let left = parent.derive_budget();
    let needed = children
        .iter()
        .map(|child| child.needs.max_credits.max(Credits::ZERO))
        .try_fold(Credits::ZERO, Credits::checked_add)
        .unwrap_or(Credits::new(i64::MAX));
    if needed > left { Err(HoldTooSmall { needed, left }) } else { Ok(()) }
}
