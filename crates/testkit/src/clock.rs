//! Time under test.
//!
//! Invariant: it never runs backwards on its own account, as it can only be moved on.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use gantry_ports::Clock;
use gantry_types::Timestamp;

/// A clock that runs with the system's, and can be moved on.
#[derive(Debug, Default)]
pub struct TestClock {
    ahead_micros: AtomicI64,
}

impl TestClock {
    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.ahead_micros.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    #[expect(clippy::disallowed_methods, reason = "this is a clock")]
    fn now(&self) -> Timestamp {
        let since_epoch =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(micros + self.ahead_micros.load(Ordering::SeqCst))
    }
}
