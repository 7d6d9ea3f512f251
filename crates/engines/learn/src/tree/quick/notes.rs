//! What the first splits of a column leave of a block's trees, noted every so many splits: a row takes
//! over the last note before its own place and goes through the few splits behind that alone.
//!
//! Invariant: a note is what its splits leave when they are applied one by one.

use super::{Cut, WORDS};

/// Splits between two notes: as many as take about as long as taking over a note.
const STEP: usize = 512;

/// Notes of all columns and blocks, one after the other.
#[derive(Debug, Default)]
pub(super) struct Notes {
    words: Vec<u64>,
}

/// The notes of one column in one block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Where the first one is.
    start: usize,
    /// Words of a note.
    length: usize,
}

impl Notes {
    /// Notes the splits of a column, in order, for trees of so many words; nothing where they are few.
    pub(super) fn add(&mut self, cuts: &[Cut], length: usize) -> Option<Place> {
        let start = self.words.len();
        let (steps, _) = cuts.as_chunks::<STEP>();
        if steps.len() < 2 {
            return None;
        }
        let mut left = [u64::MAX; WORDS];
        for step in steps {
            step.iter().for_each(|cut| cut.apply(&mut left, false));
            self.words.extend_from_slice(&left[..length]);
        }
        // The last note is that of rows that miss the value.
        left.fill(u64::MAX);
        cuts.iter().for_each(|cut| cut.apply(&mut left, cut.spares_missing()));
        self.words.extend_from_slice(&left[..length]);
        Some(Place { start, length })
    }

    /// Gives back the room for more notes.
    pub(super) fn shrink(&mut self) {
        self.words.shrink_to_fit();
    }

    /// Takes away what the noted ones of the first `count` splits do, and says how many those are.
    pub(super) fn take_over(&self, place: Place, count: usize, left: &mut [u64; WORDS]) -> usize {
        let steps = count / STEP;
        if let Some(last) = steps.checked_sub(1) {
            self.and(place, last, left);
        }
        steps * STEP
    }

    /// Takes away what all of `count` splits do where the value is missing.
    pub(super) fn take_over_missing(&self, place: Place, count: usize, left: &mut [u64; WORDS]) {
        self.and(place, count / STEP, left);
    }

    fn and(&self, Place { start, length }: Place, nth: usize, left: &mut [u64; WORDS]) {
        let note = &self.words[start + nth * length..][..length];
        left.iter_mut().zip(note).for_each(|(left, noted)| *left &= noted);
    }
}
