//! Which of the ready jobs a worker gets.
//!
//! Invariants: an account gets no more new roots than it has free slots; the accounts that were
//! not served for longest come first, and each gets one job in turn, so that a long queue of
//! one account never hides another's.

use gantry_types::{JobId, OrganizationId, Timestamp};

/// An account with ready jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimant {
    /// The account.
    pub organization_id: OrganizationId,
    /// How many more roots it may run.
    pub free_slots: u32,
    /// When it last got a job.
    pub served_at: Timestamp,
}

/// Whether a ready job takes a slot of its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotNeed {
    /// A root that runs for the first time.
    Free,
    /// A child, a platform operation, or a root that has its slot already.
    None,
}

/// A job that could run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadyJob {
    /// The job.
    pub id: JobId,
    /// Its account.
    pub organization_id: OrganizationId,
    /// What it takes.
    pub slot: SlotNeed,
}

/// Chooses at most `limit` jobs: the accounts in turn, the longest unserved first, each
/// account's jobs in the order given.
#[must_use]
pub fn choose(claimants: &[Claimant], ready: &[ReadyJob], limit: usize) -> Vec<JobId> {
    let mut order: Vec<&Claimant> = claimants.iter().collect();
    order.sort_by_key(|claimant| (claimant.served_at, claimant.organization_id));
    let mut lines: Vec<Vec<JobId>> =
        order.iter().map(|claimant| derive_line(claimant, ready)).collect();
    let mut chosen = Vec::new();
    let mut turn = 0;
    while chosen.len() < limit && lines.iter().any(|line| line.len() > turn) {
        let left = limit - chosen.len();
        chosen.extend(lines.iter_mut().filter_map(|line| line.get(turn).copied()).take(left));
        turn += 1;
    }
    chosen
}

/// The jobs that an account could run now, if nothing else limited it.
fn derive_line(claimant: &Claimant, ready: &[ReadyJob]) -> Vec<JobId> {
    let mut free = claimant.free_slots;
    ready
        .iter()
        .filter(|job| job.organization_id == claimant.organization_id)
        .filter(|job| match job.slot {
            SlotNeed::None => true,
            SlotNeed::Free if free > 0 => {
                free -= 1;
                true
            }
            SlotNeed::Free => false,
        })
        .map(|job| job.id)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimant(number: u128, free_slots: u32, served_at: i64) -> Claimant {
        Claimant {
            organization_id: OrganizationId::from_uuid(uuid::Uuid::from_u128(number)),
            free_slots,
            served_at: Timestamp::from_micros(served_at),
        }
    }

    fn ready(account: u128, job: u128, slot: SlotNeed) -> ReadyJob {
        ReadyJob {
            id: JobId::from_uuid(uuid::Uuid::from_u128(job)),
            organization_id: OrganizationId::from_uuid(uuid::Uuid::from_u128(account)),
            slot,
        }
    }

    fn numbers(jobs: &[JobId]) -> Vec<u128> {
        jobs.iter().map(|job| job.as_uuid().as_u128()).collect()
    }

    #[test]
    fn accounts_take_turns_and_the_longest_unserved_is_first() {
        let claimants = [claimant(1, 9, 500), claimant(2, 9, 100)];
        let jobs: Vec<ReadyJob> = (10..14)
            .flat_map(|n| [ready(1, n, SlotNeed::Free), ready(2, n + 10, SlotNeed::Free)])
            .collect();
        assert_eq!(numbers(&choose(&claimants, &jobs, 5)), [20, 10, 21, 11, 22]);
    }

    #[test]
    fn a_full_account_gets_only_jobs_that_need_no_slot() {
        let claimants = [claimant(1, 1, 0)];
        let jobs = [
            ready(1, 10, SlotNeed::None),
            ready(1, 11, SlotNeed::Free),
            ready(1, 12, SlotNeed::Free),
        ];
        assert_eq!(numbers(&choose(&claimants, &jobs, 9)), [10, 11]);
    }
}
