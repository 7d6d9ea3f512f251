//! Memory that was freed goes back to the system after each fit and between the candidates of a search:
//! the threads that learn take turns, and one that waits would keep what its last fit took beside what
//! the next takes.
//!
//! Invariant: nothing that is learned depends on it.

/// What makes the calling thread give back what it has freed; nothing where the allocator does so
/// unasked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct GiveBack(Option<fn()>);

impl GiveBack {
    pub(crate) fn by(give_back: fn()) -> Self {
        Self(Some(give_back))
    }

    /// On the calling thread.
    pub(super) fn here(self) {
        if let Some(give_back) = self.0 {
            give_back();
        }
    }

    /// On every thread of the job. Waits for those that compute.
    pub(super) fn everywhere(self) {
        if let Some(give_back) = self.0 {
            rayon::broadcast(|_| give_back());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static CALLS: AtomicUsize = AtomicUsize::new(0);

    #[test]
    fn every_thread_gives_back_once() {
        let count = || {
            CALLS.fetch_add(1, Ordering::SeqCst);
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        pool.install(|| GiveBack::by(count).everywhere());
        assert_eq!(CALLS.load(Ordering::SeqCst), 3);
        GiveBack::by(count).here();
        assert_eq!(CALLS.load(Ordering::SeqCst), 4);
        pool.install(|| GiveBack::default().everywhere());
        GiveBack::default().here();
        assert_eq!(CALLS.load(Ordering::SeqCst), 4);
    }
}
