//! How a job moves from state to state; closed, so that no other path exists.

use gantry_types::JobState;

/// Something that happens to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// Its time came, or the plan allows it now.
    Release,
    /// A worker took it.
    Claim,
    /// It handed work to children.
    Fork,
    /// Its last child ended.
    Resume,
    /// It ended with a report.
    Succeed,
    /// It ended with an error.
    Fail,
    /// It is to be tried again later.
    RetryLater,
    /// Its host died and it is to be tried again.
    Requeue,
    /// Its host died once too often.
    Bury,
    /// It ended because somebody asked for it.
    Cancel,
}

impl Event {
    /// Every event.
    pub const ALL: &'static [Self] = &[
        Self::Release,
        Self::Claim,
        Self::Fork,
        Self::Resume,
        Self::Succeed,
        Self::Fail,
        Self::RetryLater,
        Self::Requeue,
        Self::Bury,
        Self::Cancel,
    ];
}

/// The state does not allow the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a job that is {state} does not take {event:?}")]
pub struct IllegalMove {
    /// The state.
    pub state: JobState,
    /// The event.
    pub event: Event,
}

/// The state after an event.
///
/// # Errors
/// [`IllegalMove`] when the state does not allow it.
pub const fn transition(state: JobState, event: Event) -> Result<JobState, IllegalMove> {
    use JobState::{
        Blocked, Cancelled, Dead, Failed, Queued, Running, Scheduled, Succeeded, Waiting,
    };
    let after = match (event, state) {
        (Event::Release, Scheduled | Blocked)
        | (Event::Resume, Waiting)
        | (Event::Requeue, Running) => Queued,
        (Event::Claim, Queued) => Running,
        (Event::Fork, Running) => Waiting,
        (Event::Succeed, Running) => Succeeded,
        (Event::Fail, Running) => Failed,
        (Event::RetryLater, Running) => Scheduled,
        (Event::Bury, Running) => Dead,
        (Event::Cancel, Scheduled | Blocked | Queued | Running | Waiting) => Cancelled,
        (
            Event::Release
            | Event::Claim
            | Event::Fork
            | Event::Resume
            | Event::Succeed
            | Event::Fail
            | Event::RetryLater
            | Event::Requeue
            | Event::Bury
            | Event::Cancel,
            _,
        ) => return Err(IllegalMove { state, event }),
    };
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_stays_ended() {
        for state in JobState::ALL.iter().filter(|state| state.is_final()) {
            for event in Event::ALL {
                let refused = IllegalMove { state: *state, event: *event };
                assert_eq!(transition(*state, *event), Err(refused));
            }
        }
    }

    #[test]
    fn only_a_running_job_ends_with_a_result() {
        for state in JobState::ALL {
            let running = *state == JobState::Running;
            for event in [Event::Succeed, Event::Fail, Event::Bury, Event::Fork, Event::Requeue] {
                assert_eq!(transition(*state, event).is_ok(), running, "{state} {event:?}");
            }
        }
    }

    #[test]
    fn every_state_but_blocked_and_scheduled_can_be_reached_from_queued() {
        let mut reached = vec![JobState::Queued];
        let mut next = 0;
        while next < reached.len() {
            for event in Event::ALL {
                match transition(reached[next], *event) {
                    Ok(state) if !reached.contains(&state) => reached.push(state),
                    Ok(_) | Err(_) => {}
                }
            }
            next += 1;
        }
        assert_eq!(reached.len(), JobState::ALL.len() - 1, "{reached:?}");
        assert!(!reached.contains(&JobState::Blocked));
    }
}
