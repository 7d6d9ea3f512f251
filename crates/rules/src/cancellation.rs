//! What is kept of a job's unused hold when its owner cancels it while it runs.
//!
//! The policy: cancelling is free for the first `free` times within 30 days. The next one keeps
//! `step_percent` of what the job held and did not use, the one after it twice as much, and so on
//! up to `most_percent`. A cancellation is counted when it is asked for, and its share is settled
//! then, whatever is asked for later. Nothing is kept, and nothing is counted, of a job that had
//! not begun, that held no credits, that was not cancelled in the end, or that the house stopped.
//! Invariants: shares are from 0 to 100; amounts are rounded down; the list of an account is
//! never longer than what its plan and its running jobs need.

use std::time::Duration;

use gantry_types::{Credits, JobId, Timestamp};
use serde::{Deserialize, Serialize};

/// For how long a cancellation counts.
const WINDOW: Duration = Duration::from_secs(30 * 86_400);

/// What cancelling costs under a plan; nothing by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancellationTerms {
    /// Cancellations within 30 days for which nothing is kept.
    pub free: u32,
    /// The share, in percent, by which each further one keeps more.
    pub step_percent: u8,
    /// The largest share in percent.
    pub most_percent: u8,
}

impl CancellationTerms {
    /// Whether nothing is ever kept.
    #[must_use]
    pub const fn is_free(&self) -> bool {
        self.step_percent == 0 || self.most_percent == 0
    }

    /// The share in percent that the next cancellation keeps after `earlier` ones.
    #[must_use]
    pub fn derive_percent(self, earlier: usize) -> u8 {
        let earlier = u64::try_from(earlier).unwrap_or(u64::MAX);
        let above = earlier.saturating_add(1).saturating_sub(u64::from(self.free));
        let share = above.saturating_mul(u64::from(self.step_percent));
        let most = self.most_percent.min(100);
        u8::try_from(share).map_or(most, |share| share.min(most))
    }

    /// After how many cancellations the share grows no further.
    fn derive_reach(self) -> usize {
        let steps = u32::from(self.most_percent).div_ceil(u32::from(self.step_percent.max(1)));
        usize::try_from(self.free.saturating_add(steps)).unwrap_or(usize::MAX)
    }
}

/// Who asks a job to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelledBy {
    /// Somebody of the organization that owns it.
    Owner,
    /// An administrator or the installation itself.
    House,
}

/// One cancellation that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Cancellation {
    job_id: JobId,
    at: Timestamp,
    /// What it keeps.
    percent: u8,
    /// Whether the job has ended.
    ended: bool,
}

/// The cancellations of an account, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cancellations(Vec<Cancellation>);

impl Cancellations {
    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The share in percent that a cancellation would keep now.
    #[must_use]
    pub fn derive_percent(&self, terms: CancellationTerms, now: Timestamp) -> u8 {
        if terms.is_free() {
            return 0;
        }
        let oldest = now.minus(WINDOW);
        terms.derive_percent(self.0.iter().filter(|one| one.at > oldest).count())
    }

    /// Counts the cancellation of a job that runs and holds credits; a job counts once.
    pub fn note(&mut self, terms: CancellationTerms, job_id: JobId, now: Timestamp) {
        if terms.is_free() || self.0.iter().any(|one| one.job_id == job_id) {
            return;
        }
        let percent = self.derive_percent(terms, now);
        self.0.push(Cancellation { job_id, at: now, percent, ended: false });
        self.forget(terms, now);
    }

    /// The job has ended. Answers the share in percent that is kept; one that was not cancelled in
    /// the end counts no longer.
    pub fn end(&mut self, job_id: JobId, was_cancelled: bool) -> u8 {
        let Some(place) = self.0.iter().position(|one| one.job_id == job_id) else { return 0 };
        if !was_cancelled {
            self.0.remove(place);
            return 0;
        }
        self.0[place].ended = true;
        self.0[place].percent
    }

    /// Forgets what counts no longer: what is too old, and more than the terms look back to.
    fn forget(&mut self, terms: CancellationTerms, now: Timestamp) {
        let oldest = now.minus(WINDOW);
        self.0.retain(|one| !one.ended || one.at > oldest);
        // So many make the next one cost the most. Open ones may turn out not to count, and push
        // none of them out.
        let needed = terms.derive_reach().saturating_sub(1);
        let mut surplus = self.0.iter().filter(|one| one.ended).count().saturating_sub(needed);
        self.0.retain(|one| {
            let goes = one.ended && surplus > 0;
            surplus -= usize::from(goes);
            !goes
        });
    }
}

/// What is kept of `unused` credits; rounded down.
#[must_use]
pub fn derive_penalty(percent: u8, unused: Credits) -> Credits {
    let unused = u64::try_from(unused.get()).unwrap_or_default();
    let kept = u128::from(unused) * u128::from(percent.min(100)) / 100;
    Credits::new(i64::try_from(kept).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TERMS: CancellationTerms =
        CancellationTerms { free: 3, step_percent: 10, most_percent: 25 };

    fn at(days: u64) -> Timestamp {
        Timestamp::from_micros(0).plus(Duration::from_secs(days * 86_400))
    }

    fn cancel(list: &mut Cancellations, now: Timestamp) -> u8 {
        let id = JobId::generate();
        list.note(TERMS, id, now);
        list.end(id, true)
    }

    #[test]
    fn the_share_grows_from_the_first_that_is_not_free() {
        let mut list = Cancellations::default();
        let shares: Vec<u8> = (0..8).map(|_| cancel(&mut list, at(100))).collect();
        assert_eq!(shares, [0, 0, 0, 10, 20, 25, 25, 25]);
    }

    #[test]
    fn after_thirty_days_a_cancellation_counts_no_longer() {
        let mut list = Cancellations::default();
        for _ in 0..4 {
            cancel(&mut list, at(100));
        }
        assert_eq!(list.derive_percent(TERMS, at(129)), 20);
        assert_eq!(list.derive_percent(TERMS, at(130)), 0);
        assert_eq!(cancel(&mut list, at(130)), 0);
    }

    #[test]
    fn what_was_asked_for_first_is_settled_by_its_own_share() {
        let mut list = Cancellations::default();
        for _ in 0..3 {
            cancel(&mut list, at(1));
        }
        let (first, second) = (JobId::generate(), JobId::generate());
        list.note(TERMS, first, at(1));
        list.note(TERMS, second, at(1));
        list.note(TERMS, second, at(1));
        assert_eq!((list.end(second, true), list.end(first, true)), (20, 10));
    }

    #[test]
    fn a_job_that_ended_otherwise_does_not_count() {
        let mut list = Cancellations::default();
        let id = JobId::generate();
        list.note(TERMS, id, at(1));
        assert_eq!(list.end(id, false), 0);
        assert!(list.is_empty());
        assert_eq!(list.end(JobId::generate(), true), 0, "nobody cancelled it");
    }

    #[test]
    fn requests_that_come_to_nothing_push_no_cancellation_out() {
        let mut list = Cancellations::default();
        for _ in 0..8 {
            cancel(&mut list, at(1));
        }
        let open: Vec<JobId> = (0..6).map(|_| JobId::generate()).collect();
        for id in &open {
            list.note(TERMS, *id, at(2));
        }
        for id in open {
            list.end(id, false);
        }
        assert_eq!(list.derive_percent(TERMS, at(2)), TERMS.most_percent);
    }

    #[test]
    fn terms_that_keep_nothing_count_nothing() {
        let mut list = Cancellations::default();
        list.note(CancellationTerms::default(), JobId::generate(), at(1));
        assert!(list.is_empty());
    }

    proptest! {
        #[test]
        fn a_penalty_is_a_part_of_what_was_not_used(percent in 0..=255_u8, unused in any::<i64>()) {
            let kept = derive_penalty(percent, Credits::new(unused));
            prop_assert!(kept >= Credits::ZERO && kept.get() <= unused.max(0));
        }

        #[test]
        fn shares_never_fall_and_the_list_stays_short(
            free in 0..6_u32,
            step in 1..=100_u8,
            most in 1..=100_u8,
            times in 1..40_usize,
        ) {
            let terms = CancellationTerms { free, step_percent: step, most_percent: most };
            let mut list = Cancellations::default();
            let mut last = 0;
            for time in 0..times {
                let id = JobId::generate();
                list.note(terms, id, at(1));
                let share = list.end(id, true);
                prop_assert_eq!(share, terms.derive_percent(time));
                prop_assert!(share >= last && share <= most);
                last = share;
                prop_assert!(list.0.len() <= terms.derive_reach().max(1));
            }
        }
    }
}
