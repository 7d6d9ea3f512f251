//! When failed attempts to sign in lock an e-mail address or a network address.
//!
//! Invariant: pure; the same failures give the same answer.

use std::time::Duration;

use gantry_ports::store::SignInFailures;
use gantry_types::Timestamp;

/// How many failures are free and what the others cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockOut {
    /// The failure with this number locks, and so does every later one.
    pub free_attempts: u32,
    /// How long the first lock lasts; each further failure doubles it.
    pub first: Duration,
    /// How long a lock lasts at most.
    pub longest: Duration,
    /// Failures are forgotten when none happened for so long.
    pub memory: Duration,
}

impl Default for LockOut {
    fn default() -> Self {
        Self {
            free_attempts: 5,
            first: Duration::from_secs(60),
            longest: Duration::from_secs(3_600),
            memory: Duration::from_secs(4 * 3_600),
        }
    }
}

impl LockOut {
    /// Until when these failures lock, if they do at `now`.
    #[must_use]
    pub fn derive_lock(&self, failures: SignInFailures, now: Timestamp) -> Option<Timestamp> {
        let beyond = failures.count.checked_sub(self.free_attempts)?;
        // 2^20 times any sensible first lock is longer than the longest.
        let factor = 1_u32 << beyond.min(20);
        let lock = self.first.saturating_mul(factor).min(self.longest);
        let until = failures.last_at.plus(lock);
        (now < until).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifth_failure_locks_for_a_minute_and_the_lock_doubles_up_to_an_hour() {
        let last_at: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let rule = LockOut::default();
        let lock = |count| {
            let failures = SignInFailures { count, last_at };
            rule.derive_lock(failures, last_at).map(|until| until.since(last_at).as_secs())
        };
        assert_eq!(lock(0), None);
        assert_eq!(lock(4), None);
        assert_eq!(lock(5), Some(60));
        assert_eq!(lock(6), Some(120));
        assert_eq!(lock(10), Some(1_920));
        assert_eq!(lock(11), Some(3_600));
        assert_eq!(lock(u32::MAX), Some(3_600));
    }

    #[test]
    fn a_lock_ends() {
        let last_at: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let failures = SignInFailures { count: 5, last_at };
        let rule = LockOut::default();
        assert!(rule.derive_lock(failures, last_at.plus(Duration::from_secs(59))).is_some());
        assert!(rule.derive_lock(failures, last_at.plus(Duration::from_secs(60))).is_none());
    }
}
