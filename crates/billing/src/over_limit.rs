//! What an account has beyond its plan, because an earlier one allowed more.
//!
//! Invariant: being over a limit takes nothing away: members stay and jobs run to their end; only
//! what would be more of it is refused.

use gantry_ports::store::AccountOverview;
use gantry_rules::plan::PlanTerms;

use crate::account::MeterView;

/// A limit that an account is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverLimit {
    /// `seats`, `concurrent_jobs`, `queued_jobs`, or `quota.` and a meter.
    pub limit: String,
    /// What it has, or used in the present period.
    pub used: u64,
    /// What it may.
    pub allowed: u64,
}

/// The limits that an account with so many members is over: seats and jobs, then meters by name.
pub(crate) fn derive_over_limits(
    (overview, terms): (&AccountOverview, &PlanTerms),
    meters: &[MeterView],
    members: u64,
) -> Vec<OverLimit> {
    let counted = [
        ("seats", members, terms.seats),
        ("concurrent_jobs", overview.running_roots.into(), Some(terms.concurrent_jobs)),
        ("queued_jobs", overview.queued_roots.into(), Some(terms.queued_jobs)),
    ];
    let counted = counted.into_iter().filter_map(|(limit, used, allowed)| {
        find_over(limit.to_owned(), used, allowed.map(u64::from))
    });
    let metered = meters.iter().filter_map(|view| {
        let used = view.used.saturating_add(view.reserved);
        find_over(format!("quota.{}", view.meter), used, view.limit)
    });
    counted.chain(metered).collect()
}

fn find_over(limit: String, used: u64, allowed: Option<u64>) -> Option<OverLimit> {
    let allowed = allowed.filter(|allowed| used > *allowed)?;
    Some(OverLimit { limit, used, allowed })
}
