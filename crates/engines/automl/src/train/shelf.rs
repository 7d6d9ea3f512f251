//! Where fits lie that nobody asks for a while: files in the job's folder, so that a search takes
//! little more memory than the fits that are being made.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::give_back::GiveBack;
use super::trial::HeldOutPredictions;
use crate::error::AutomlError;
use crate::model::StoredLearner;

/// Bytes of a learner that is put away as soon as it is made.
const LARGE: usize = 256 << 10;

/// A folder of learners.
pub(super) struct Shelf {
    folder: PathBuf,
    /// The number of the next file.
    next: AtomicU64,
    give_back: GiveBack,
}

impl Shelf {
    pub(super) fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), next: AtomicU64::new(1), give_back: GiveBack::default() }
    }

    /// The same shelf, which lets go what was freed beside it.
    pub(super) fn giving_back(mut self, give_back: GiveBack) -> Self {
        self.give_back = give_back;
        self
    }

    /// Lets go what a fit of the calling thread has freed.
    pub(super) fn give_back(&self) {
        self.give_back.here();
    }

    /// Lets go what the threads of the job have freed. Waits for those that compute.
    pub(super) fn give_back_everywhere(&self) {
        self.give_back.everywhere();
    }

    /// Puts a learner away; `rows` are those of its fit.
    pub(super) fn put(&self, learner: &mut StoredLearner, rows: usize) -> Result<(), AutomlError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        learner.put_away(self.folder.join(format!("fit_{number}")), rows)
    }

    /// Puts away what a trial says of rows that its fits have not seen.
    pub(super) fn put_held_out(&self, told: &mut HeldOutPredictions) -> Result<(), AutomlError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        told.put_away(self.folder.join(format!("held_out_{number}")))
    }

    /// As [`Self::put`] for a large learner. One that cannot be written stays in memory: whoever
    /// keeps it tries again, and says why not.
    pub(super) fn put_large(&self, learner: &mut StoredLearner, rows: usize) {
        if learner.resident_bytes(rows) >= LARGE {
            let _ = self.put(learner, rows);
        }
    }
}
