//! Memory that is freed while a search learns goes back to the system at once, and what a thread has
//! kept of before goes back after each fit and between the candidates: the threads that learn take
//! turns, and one that waits would keep what its last fit took beside what the next takes.
//!
//! Invariant: nothing that is learned depends on it.

/// What a program's allocator can be asked for, where it keeps what was freed.
#[derive(Debug, Clone, Copy)]
pub struct Allocator {
    /// Makes the calling thread return to the system what it has freed.
    pub give_back: fn(),
    /// Whether threads may keep what they free for a while, in the whole process.
    pub let_keep: fn(bool),
}

/// How freed memory goes back; nothing is done where the allocator does so unasked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct GiveBack(Option<Allocator>);

/// Nothing is kept until this is dropped.
#[must_use]
pub(crate) struct KeepNothing(GiveBack);

impl Drop for KeepNothing {
    fn drop(&mut self) {
        if let Some(allocator) = self.0.0 {
            (allocator.let_keep)(true);
        }
    }
}

impl GiveBack {
    pub(crate) fn by(allocator: Allocator) -> Self {
        Self(Some(allocator))
    }

    /// From now on every thread gives back at once.
    pub(super) fn always(self) -> KeepNothing {
        if let Some(allocator) = self.0 {
            (allocator.let_keep)(false);
        }
        KeepNothing(self)
    }

    /// On the calling thread.
    pub(super) fn here(self) {
        if let Some(allocator) = self.0 {
            (allocator.give_back)();
        }
    }

    /// On every thread of the job. Waits for those that compute.
    pub(super) fn everywhere(self) {
        if let Some(allocator) = self.0 {
            rayon::broadcast(|_| (allocator.give_back)());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;

    static CALLS: AtomicUsize = AtomicUsize::new(0);
    static KEEPS: AtomicBool = AtomicBool::new(true);

    const COUNTED: Allocator = Allocator {
        give_back: || {
            CALLS.fetch_add(1, Ordering::SeqCst);
        },
        let_keep: |keeps| KEEPS.store(keeps, Ordering::SeqCst),
    };

    #[test]
    fn nothing_is_kept_while_a_search_learns() {
        let learning = GiveBack::by(COUNTED).always();
        assert!(!KEEPS.load(Ordering::SeqCst));
        drop(learning);
        assert!(KEEPS.load(Ordering::SeqCst));
        drop(GiveBack::default().always());
    }

    #[test]
    fn every_thread_gives_back_once() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        pool.install(|| GiveBack::by(COUNTED).everywhere());
        assert_eq!(CALLS.load(Ordering::SeqCst), 3);
        GiveBack::by(COUNTED).here();
        assert_eq!(CALLS.load(Ordering::SeqCst), 4);
        pool.install(|| GiveBack::default().everywhere());
        GiveBack::default().here();
        assert_eq!(CALLS.load(Ordering::SeqCst), 4);
    }
}
