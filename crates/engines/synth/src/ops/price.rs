//! What jobs cost and count, at most and in the end, and how much memory they take.
//!
//! Invariant: the estimate is never below the cost of the run, as long as the rows and columns of
//! the input are known; where they are not, they are taken from its size.

use gantry_deep::Epochs;
use gantry_engine_api::{BlockingContext, InputMeta};
use gantry_types::Credits;

use crate::error::SynthError;
use crate::tier::Tier;

/// Cells (rows × columns) that are learned or drawn for one credit.
const CELLS_PER_CREDIT: u64 = 5_000_000;
/// Bytes of a cell with its delimiter, where rows are unknown.
const BYTES_PER_CELL: u64 = 2;
const BASE_MEMORY: u64 = 128 << 20;
/// Readings that learning with networks is priced as.
const DEEP_READINGS: u64 = 50;
const NETWORK_MEMORY: u64 = 256 << 20;
/// Typed columns, bins, donors and the rows that are compared.
const MEMORY_PER_CELL: u64 = 96;
/// Of so many rows one at most is not learned from: a tenth is withheld for the evaluation, and of
/// the others a tenth for judging the diffusion.
const ROWS_PER_WITHHELD: u64 = 5;

/// The size of a table before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TableSize {
    pub(crate) rows: u64,
    pub(crate) columns: u64,
    /// Rows that are there at least.
    fewest_rows: u64,
}

impl TableSize {
    /// From the profile, or from the size of the file; a built-in dataset where there is no file.
    pub(crate) fn of(input: Option<&InputMeta>) -> Self {
        let Some(input) = input else {
            return Self { rows: 2_139, columns: 27, fewest_rows: 2_139 };
        };
        let columns = (input.columns.len() as u64).max(1);
        let guessed = (input.bytes / BYTES_PER_CELL).div_ceil(columns).max(1);
        let rows = input.rows.unwrap_or(guessed);
        Self { rows, columns, fewest_rows: input.rows.unwrap_or(0) }
    }

    /// Epochs of all networks together, at most: fewer rows are learned in more epochs.
    pub(crate) fn count_epochs(self, tier: Tier, epochs: Epochs) -> u64 {
        match tier {
            Tier::Instant | Tier::Mixture | Tier::Private => 0,
            Tier::Deep => {
                epochs.count_all(self.fewest_rows - self.fewest_rows.div_ceil(ROWS_PER_WITHHELD))
            }
        }
    }

    pub(crate) const fn cells(self) -> u64 {
        self.rows.saturating_mul(self.columns)
    }

    pub(crate) const fn memory_bytes(self) -> u64 {
        BASE_MEMORY.saturating_add(self.cells().saturating_mul(MEMORY_PER_CELL))
    }
}

/// Cells that learning costs: networks read a table many times.
pub(crate) const fn learned_cells(cells: u64, tier: Tier) -> u64 {
    match tier {
        Tier::Instant | Tier::Mixture | Tier::Private => cells,
        Tier::Deep => cells.saturating_mul(DEEP_READINGS),
    }
}

/// Memory for networks, their moments and the rows of a step.
pub(crate) const fn network_bytes(tier: Tier) -> u64 {
    match tier {
        Tier::Instant | Tier::Mixture | Tier::Private => 0,
        Tier::Deep => NETWORK_MEMORY,
    }
}

/// Credits for learning these cells and drawing those.
pub(crate) fn derive_credits(learned: u64, drawn: u64) -> i64 {
    let credits = learned.saturating_add(drawn).div_ceil(CELLS_PER_CREDIT).max(1);
    i64::try_from(credits).unwrap_or(i64::MAX - 1)
}

/// Charges a job for what it did, never more than what was held for it.
pub(crate) fn charge(job: &BlockingContext, learned: u64, drawn: u64) -> Result<(), SynthError> {
    let due = derive_credits(learned, drawn).min(job.limits().max_credits.get());
    job.charge(Credits::new(due))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_started_credit_counts_and_nothing_overflows() {
        assert_eq!(derive_credits(0, 0), 1);
        assert_eq!(derive_credits(4_000_000, 1_000_001), 2);
        assert!(derive_credits(u64::MAX, u64::MAX) > 0);
        let size = TableSize { rows: u64::MAX, columns: 9, fewest_rows: 0 };
        assert_eq!(size.memory_bytes(), u64::MAX);
    }

    #[test]
    fn epochs_are_those_that_are_asked_for_or_the_most_that_a_free_choice_comes_to() {
        let of = |fewest_rows: u64| TableSize { rows: fewest_rows, columns: 9, fewest_rows };
        let asked = Epochs { autoencoder: Some(20), graph: Some(0), diffusion: Some(u32::MAX) };
        assert_eq!(of(1_000).count_epochs(Tier::Deep, asked), 20 + u64::from(u32::MAX));
        assert_eq!(of(1_000).count_epochs(Tier::Instant, asked), 0);
        let free = Epochs::default();
        // Of 10,000 rows 8,000 at least are learned from; 400,000 visits of these are 50 epochs.
        assert_eq!(of(10_000).count_epochs(Tier::Deep, free), 50 + 60 + 300);
        assert_eq!(of(0).count_epochs(Tier::Deep, free), 300 + 60 + 300);
        assert_eq!(of(u64::MAX).count_epochs(Tier::Deep, free), 4 + 60 + 4);
    }
}
