//! The bus of one process: a broadcast channel.
//!
//! Invariants: publishing never waits and never fails; a listener that lags loses hints, is
//! told so, and reads the store instead.

use gantry_ports::{Bus, Hint};
use tokio::sync::broadcast;

/// How many hints a listener may be behind before it loses the oldest.
const CAPACITY: usize = 4096;

/// Carries hints between the tasks of one process.
#[derive(Debug, Clone)]
pub struct LocalBus {
    sender: broadcast::Sender<Hint>,
}

impl LocalBus {
    /// A bus without listeners.
    #[must_use]
    pub fn new() -> Self {
        Self { sender: broadcast::channel(CAPACITY).0 }
    }
}

impl Default for LocalBus {
    fn default() -> Self {
        Self::new()
    }
}

impl Bus for LocalBus {
    fn publish(&self, hint: Hint) {
        // An error means that nobody listens, which is fine for a hint.
        let _listeners = self.sender.send(hint);
    }

    fn subscribe(&self) -> broadcast::Receiver<Hint> {
        self.sender.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::broadcast::error::TryRecvError;

    #[test]
    fn every_listener_hears_what_is_published_after_it_came() {
        let bus = LocalBus::new();
        bus.publish(Hint::JobsReady);
        let mut first = bus.subscribe();
        let mut second = bus.clone().subscribe();
        bus.publish(Hint::JobsReady);
        assert_eq!(first.try_recv(), Ok(Hint::JobsReady));
        assert_eq!(second.try_recv(), Ok(Hint::JobsReady));
        assert_eq!(first.try_recv(), Err(TryRecvError::Empty));
    }

    #[test]
    fn a_listener_that_lags_is_told() {
        let bus = LocalBus::new();
        let mut listener = bus.subscribe();
        for _ in 0..=CAPACITY {
            bus.publish(Hint::JobsReady);
        }
        assert_eq!(listener.try_recv(), Err(TryRecvError::Lagged(1)));
        assert_eq!(listener.try_recv(), Ok(Hint::JobsReady));
    }
}
