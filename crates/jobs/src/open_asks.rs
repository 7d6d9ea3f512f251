//! What jobs have asked language models in this process and have no answer to yet.
//!
//! Invariant: to whoever has the turn, each request counts once: as open until its answer is written
//! down, and as answered from then on. So requests that are open at once pass no limit together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gantry_rules::language::AskedByJob;
use gantry_types::JobId;

/// The open requests of all jobs, by the root of their tree.
#[derive(Debug, Default)]
pub(crate) struct OpenAsks {
    turn: tokio::sync::Mutex<()>,
    by_tree: Mutex<BTreeMap<JobId, AskedByJob>>,
}

/// A request that is open until this is dropped.
#[derive(Debug)]
pub(crate) struct OpenAsk {
    all: Arc<OpenAsks>,
    root_id: JobId,
    most: AskedByJob,
}

impl OpenAsks {
    /// Waits for the turn to look at what is open and answered, or to make the one of the other.
    pub(crate) async fn take_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// What the tree of a job has open.
    pub(crate) fn find(&self, root_id: JobId) -> AskedByJob {
        self.by_tree().get(&root_id).copied().unwrap_or_default()
    }

    /// Opens a request that can use so much.
    pub(crate) fn open(self: &Arc<Self>, root_id: JobId, most: AskedByJob) -> OpenAsk {
        let mut by_tree = self.by_tree();
        let open = by_tree.entry(root_id).or_default();
        *open = open.plus(most);
        OpenAsk { all: Arc::clone(self), root_id, most }
    }

    fn by_tree(&self) -> MutexGuard<'_, BTreeMap<JobId, AskedByJob>> {
        self.by_tree.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenAsk {
    fn drop(&mut self) {
        let mut by_tree = self.all.by_tree();
        let Some(open) = by_tree.get_mut(&self.root_id) else { return };
        *open = open.minus(self.most);
        if open.requests == 0 {
            by_tree.remove(&self.root_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use gantry_types::Nanos;

    use super::*;

    fn one(tokens: u64) -> AskedByJob {
        AskedByJob { requests: 1, tokens, cost: Nanos::new(tokens) }
    }

    #[test]
    fn what_is_answered_is_open_no_more() {
        let all = Arc::new(OpenAsks::default());
        let (tree, other) = (JobId::generate(), JobId::generate());
        let first = all.open(tree, one(10));
        let second = all.open(tree, one(5));
        assert_eq!(all.find(tree), one(10).plus(one(5)));
        assert_eq!(all.find(other), AskedByJob::default());
        drop(first);
        assert_eq!(all.find(tree), one(5));
        drop(second);
        assert!(all.by_tree().is_empty(), "nothing is kept of a tree that has nothing open");
    }
}
