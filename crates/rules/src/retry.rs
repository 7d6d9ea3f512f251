//! What follows the end of an attempt.
//!
//! Invariants: only errors of kind `Transient` are retried, three times at most; the death of a
//! host is no fault of the job until it happens for the third time; a worker that stops costs a
//! job nothing; a job that was asked to stop is not tried again.

use std::time::Duration;

use gantry_types::{EngineErrorKind, Timestamp};

use crate::job::{CancelRequest, JobFactsheet};
use crate::outcome::Ending;
use crate::settlement::Conclusion;
use crate::transition::Event;

/// How often an error of kind `Transient` is retried.
pub const MOST_RETRIES: u32 = 3;
/// The death of its host that ends a job for good.
pub const LAST_HOST_DEATH: u32 = 3;

const FIRST_DELAY: Duration = Duration::from_secs(5);
const GROWTH: u32 = 4;
const LONGEST_DELAY: Duration = Duration::from_mins(5);
/// The share of a delay that chance adds, so that jobs which failed together do not return
/// together.
const JITTER_SHARE: f64 = 0.25;

/// What an ended attempt leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// The job ended: the event and what it means for money.
    End(Event, Conclusion),
    /// It is tried again at this time.
    RetryAt(Timestamp),
    /// It is queued again at once, because its host died.
    Requeue,
    /// It is queued again at once, as if it had not been claimed.
    GiveBack,
}

/// Decides what follows an attempt; `jitter` is a number between 0 and 1.
#[must_use]
pub fn derive_next_step(
    job: &JobFactsheet,
    ending: &Ending,
    now: Timestamp,
    jitter: f64,
) -> NextStep {
    let cancelled = NextStep::End(Event::Cancel, Conclusion::CancelledRunning);
    let stopping = job.cancel == CancelRequest::Requested;
    match ending {
        // What was finished in time is worth keeping, even if somebody asked to stop.
        Ending::Succeeded { .. } => NextStep::End(Event::Succeed, Conclusion::Succeeded),
        Ending::Failed { error } => match error.kind {
            EngineErrorKind::Cancelled => cancelled,
            EngineErrorKind::Transient if stopping => cancelled,
            EngineErrorKind::Transient if job.retries < MOST_RETRIES => {
                NextStep::RetryAt(now.plus(derive_delay(job.retries, jitter)))
            }
            EngineErrorKind::Transient
            | EngineErrorKind::Params
            | EngineErrorKind::Input
            | EngineErrorKind::Resource
            | EngineErrorKind::Bug => NextStep::End(Event::Fail, Conclusion::Failed),
        },
        Ending::HostDied { .. } | Ending::GivenBack if stopping => cancelled,
        Ending::HostDied { .. } if job.host_deaths + 1 >= LAST_HOST_DEATH => {
            NextStep::End(Event::Bury, Conclusion::Failed)
        }
        Ending::HostDied { .. } => NextStep::Requeue,
        Ending::GivenBack => NextStep::GiveBack,
    }
}

/// 5 s, 20 s, 80 s, …, at most 5 minutes, and up to a quarter more by chance.
fn derive_delay(retries: u32, jitter: f64) -> Duration {
    let steady = GROWTH
        .checked_pow(retries)
        .and_then(|factor| FIRST_DELAY.checked_mul(factor))
        .map_or(LONGEST_DELAY, |delay| delay.min(LONGEST_DELAY));
    let share = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 0.0 };
    steady + steady.mul_f64(JITTER_SHARE * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_five_minutes() {
        let seconds: Vec<u64> = (0..6).map(|n| derive_delay(n, 0.0).as_secs()).collect();
        assert_eq!(seconds, [5, 20, 80, 300, 300, 300]);
        assert_eq!(derive_delay(1, 1.0), Duration::from_secs(25));
        assert_eq!(derive_delay(1, f64::NAN), Duration::from_secs(20));
    }
}
