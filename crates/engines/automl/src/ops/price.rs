//! What jobs cost, at most and in the end, and how much memory they take.
//!
//! Invariant: the estimate is never below the cost of the run, as long as the rows and columns of
//! the input are known; where they are not, they are taken from its size.

use gantry_engine_api::InputMeta;

use crate::train::Budget;

/// Cells (rows × columns) that one model may read for one credit.
const CELLS_PER_MODEL_CREDIT: u64 = 1_000_000;
/// Seconds of a search for one credit.
const SECONDS_PER_CREDIT: u64 = 10;
/// Units of work of a search for one credit.
const UNITS_PER_CREDIT: u64 = 1_000_000_000;
/// Cells that predictions may read for one credit.
const CELLS_PER_PREDICTION_CREDIT: u64 = 10_000_000;
/// Bytes of a cell with its delimiter, where rows are unknown.
const BYTES_PER_CELL: u64 = 2;
const BASE_MEMORY: u64 = 96 << 20;
/// Typed columns, a feature matrix and the bins or gradients of a fit.
const MEMORY_PER_CELL: u64 = 200;

/// The size of a table before it is read.
pub(crate) struct TableSize {
    pub(crate) rows: u64,
    pub(crate) cells: u64,
}

impl TableSize {
    /// From the profile, or from the size of the file.
    pub(crate) fn of(input: &InputMeta) -> Self {
        let columns = (input.columns.len() as u64).max(1);
        match input.rows {
            Some(rows) if !input.columns.is_empty() => {
                Self { rows, cells: rows.saturating_mul(columns) }
            }
            Some(rows) => Self { rows, cells: rows.max(input.bytes / BYTES_PER_CELL) },
            None => {
                let cells = (input.bytes / BYTES_PER_CELL).max(1);
                Self { rows: cells.div_ceil(columns), cells }
            }
        }
    }

    pub(crate) fn memory_bytes(&self) -> u64 {
        BASE_MEMORY.saturating_add(self.cells.saturating_mul(MEMORY_PER_CELL))
    }
}

/// Credits for cross-validating models: a credit for each started million of cells × models.
/// A training costs one credit more.
pub(crate) fn derive_model_credits(cells: u64, models: u64) -> i64 {
    to_credits(cells.saturating_mul(models), CELLS_PER_MODEL_CREDIT)
}

/// Credits for a whole training.
pub(crate) fn derive_training_credits(cells: u64, models: u64) -> i64 {
    derive_model_credits(cells, models).saturating_add(1)
}

/// Credits for a whole budget; none where the list of models is the limit.
pub(crate) fn find_budget_credits(budget: Budget) -> Option<i64> {
    let started = |amount: u64, per_credit: u64| to_credits(amount, per_credit).saturating_add(1);
    match budget {
        Budget::Open => None,
        Budget::Time(limit) => Some(started(limit.as_secs(), SECONDS_PER_CREDIT)),
        Budget::Units(units) => Some(started(units, UNITS_PER_CREDIT)),
    }
}

/// Credits for one candidate that is tried as a job of its own: only what is complete counts, as the
/// search that asks for it pays what is left. `units` are those of its fits, where they are counted.
pub(crate) fn derive_trial_credits(cells: u64, units: Option<u64>) -> i64 {
    let credits = match units {
        Some(units) => units / UNITS_PER_CREDIT,
        None => cells / CELLS_PER_MODEL_CREDIT,
    };
    i64::try_from(credits).unwrap_or(i64::MAX - 1)
}

/// Credits for so many finished folds, of which each model has `per_model`: only millions that
/// are complete count.
pub(crate) fn derive_fold_credits(cells: u64, folds: u64, per_model: u64) -> i64 {
    let read = u128::from(cells) * u128::from(folds) / u128::from(per_model.max(1));
    i64::try_from(read / u128::from(CELLS_PER_MODEL_CREDIT)).unwrap_or(i64::MAX - 1)
}

/// Credits for predictions: a credit for each started ten million of cells.
pub(crate) fn derive_prediction_credits(cells: u64) -> i64 {
    to_credits(cells, CELLS_PER_PREDICTION_CREDIT)
}

fn to_credits(cells: u64, per_credit: u64) -> i64 {
    i64::try_from(cells.div_ceil(per_credit).max(1)).unwrap_or(i64::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(rows: Option<u64>, columns: usize, bytes: u64) -> InputMeta {
        InputMeta {
            slot: "data".into(),
            name: "t.csv".into(),
            media_type: "text/csv".into(),
            bytes,
            sha256: String::new(),
            rows,
            columns: (0..columns).map(|i| format!("c{i}")).collect(),
        }
    }

    #[test]
    fn sizes_come_from_the_profile_or_the_bytes() {
        let known = TableSize::of(&input(Some(1_000), 20, 80_000));
        assert_eq!((known.rows, known.cells), (1_000, 20_000));
        let guessed = TableSize::of(&input(None, 0, 90_000));
        assert_eq!((guessed.rows, guessed.cells), (45_000, 45_000));
        assert_eq!(TableSize::of(&input(None, 10, 90_000)).rows, 4_500);
    }

    #[test]
    fn credits_are_rounded_up_and_never_overflow() {
        assert_eq!(derive_model_credits(20_000, 3), 1);
        assert_eq!(derive_model_credits(500_000, 3), 2);
        assert_eq!(derive_model_credits(u64::MAX, 9), 18_446_744_073_710);
        assert_eq!(derive_prediction_credits(10_000_001), 2);
        assert_eq!(derive_training_credits(u64::MAX, u64::MAX), 18_446_744_073_711);
    }

    #[test]
    fn finished_folds_never_cost_more_than_the_whole() {
        assert_eq!(derive_fold_credits(2_000_000, 2, 5), 0);
        assert_eq!(derive_fold_credits(2_000_000, 3, 5), 1);
        assert_eq!(derive_fold_credits(2_000_000, 5, 5), 2);
        assert_eq!(derive_fold_credits(u64::MAX, u64::MAX, 0), i64::MAX - 1);
        for cells in [0, 1, 20_000, 999_999, 1_000_000, 7_654_321] {
            for folds in 0..=15 {
                let spent = derive_fold_credits(cells, folds, 5);
                assert!(spent < derive_training_credits(cells, folds.div_ceil(5)), "{cells}");
            }
        }
    }
}
