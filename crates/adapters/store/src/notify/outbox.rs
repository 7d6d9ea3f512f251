//! Hints on their way to other processes.
//!
//! Invariants: equal hints that wait are one; their order is kept; a database that is away fills
//! no memory: too many hints become one [`Hint::Missed`].

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gantry_ports::Hint;
use tokio::sync::Notify;

/// The most hints that wait.
const MOST: usize = 8_192;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    order: Vec<Hint>,
    known: HashSet<Hint>,
}

impl Waiting {
    fn push(&mut self, hint: Hint) {
        if self.known.len() >= MOST {
            self.order.clear();
            self.known.clear();
            self.known.insert(Hint::Missed);
            self.order.push(Hint::Missed);
        }
        if self.known.insert(hint) {
            self.order.push(hint);
        }
    }
}

impl Outbox {
    /// Adds a hint without waiting.
    pub(super) fn push(&self, hint: Hint) {
        self.lock().push(hint);
        self.filled.notify_one();
    }

    /// Takes all that waits.
    pub(super) fn take(&self) -> Vec<Hint> {
        std::mem::take(&mut *self.lock()).order
    }

    /// Puts hints that could not be sent before those that came since.
    pub(super) fn put_back(&self, hints: Vec<Hint>) {
        let mut waiting = self.lock();
        let since = std::mem::take(&mut *waiting);
        for hint in hints.into_iter().chain(since.order) {
            waiting.push(hint);
        }
        drop(waiting);
        self.filled.notify_one();
    }

    /// Waits until something was added since the last wait.
    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use gantry_types::{JobId, OrganizationId};

    use super::*;

    fn job() -> Hint {
        Hint::Job { id: JobId::generate(), organization_id: OrganizationId::generate() }
    }

    #[test]
    fn equal_hints_are_one_and_order_is_kept() {
        let (outbox, first, second) = (Outbox::default(), job(), job());
        for hint in [first, Hint::JobsReady, first, second, Hint::JobsReady] {
            outbox.push(hint);
        }
        let taken = outbox.take();
        assert_eq!(taken, [first, Hint::JobsReady, second]);
        outbox.push(second);
        outbox.push(Hint::Missed);
        outbox.put_back(taken);
        assert_eq!(outbox.take(), [first, Hint::JobsReady, second, Hint::Missed]);
        assert!(outbox.take().is_empty());
    }

    #[test]
    fn too_many_hints_become_one() {
        let outbox = Outbox::default();
        for _ in 0..MOST {
            outbox.push(job());
        }
        let last = job();
        outbox.push(last);
        assert_eq!(outbox.take(), [Hint::Missed, last]);
    }
}
