//! Cuts rows into training and test parts; the same seed gives the same parts.
//!
//! Invariant: the parts of a fold are disjoint, rising and not empty; the test parts of the
//! k-fold splits cover every row once.

mod folds;
mod holdout;

pub use folds::{group_k_fold, k_fold, stratified_k_fold, time_folds};
pub use holdout::{group_holdout, holdout, stratified_holdout};

use serde::{Deserialize, Serialize};

use crate::LearnError;

/// Row numbers of one split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// Rows to fit on.
    pub train: Vec<usize>,
    /// Rows to score on.
    pub test: Vec<usize>,
}

/// The values at these rows; rows outside are left out.
pub fn take<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().filter_map(|row| values.get(*row).copied()).collect()
}

fn fold_where(rows: usize, is_test: impl Fn(usize) -> bool) -> Fold {
    let (test, train) = (0..rows).partition(|row| is_test(*row));
    Fold { train, test }
}

fn require_folds(folds: usize, rows: usize) -> Result<(), LearnError> {
    if folds < 2 {
        return Err(LearnError::Parameter { name: "folds", reason: "must be 2 or more" });
    }
    if folds > rows {
        return Err(LearnError::Parameter {
            name: "folds",
            reason: "must not exceed the number of rows or groups",
        });
    }
    Ok(())
}
