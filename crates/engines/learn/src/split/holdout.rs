//! One part held back.

use crate::{LearnError, Rng};

use super::folds::rows_by;
use super::{Fold, fold_where};

/// A random `share` of the rows, at least one and not all, as test part.
///
/// # Errors
/// If the share is not between 0 and 1 or there are fewer than two rows.
pub fn holdout(rows: usize, share: f64, seed: u64) -> Result<Fold, LearnError> {
    let size = require_size(rows, share)?;
    let mut order: Vec<usize> = (0..rows).collect();
    Rng::stream(seed, 3).shuffle(&mut order);
    Ok(chosen(rows, order.into_iter().take(size)))
}

/// As [`holdout`], taking the share of each class; classes with one row stay in training.
///
/// # Errors
/// As [`holdout`].
pub fn stratified_holdout(codes: &[u32], share: f64, seed: u64) -> Result<Fold, LearnError> {
    let size = require_size(codes.len(), share)?;
    let mut rng = Rng::stream(seed, 4);
    let mut test = Vec::new();
    let mut spare: Vec<usize> = Vec::new();
    for mut rows in rows_by(codes).into_values() {
        rng.shuffle(&mut rows);
        let own = ((rows.len() as f64 * share) as usize).min(rows.len() - 1);
        spare.extend(rows.iter().skip(own).take((rows.len() - own).saturating_sub(1)));
        test.extend(rows.into_iter().take(own));
    }
    // Shares are rounded down above; random rows make up for what is then missing.
    rng.shuffle(&mut spare);
    let missing = size.saturating_sub(test.len());
    test.extend(spare.into_iter().take(missing));
    if test.is_empty() {
        return holdout(codes.len(), share, seed);
    }
    Ok(chosen(codes.len(), test.into_iter()))
}

/// As [`holdout`], taking whole groups until the share is reached.
///
/// # Errors
/// As [`holdout`], or if there is one group only.
pub fn group_holdout(groups: &[u32], share: f64, seed: u64) -> Result<Fold, LearnError> {
    let size = require_size(groups.len(), share)?;
    let mut members: Vec<Vec<usize>> = rows_by(groups).into_values().collect();
    if members.len() < 2 {
        return Err(LearnError::Undefined {
            what: "a split by group",
            reason: "there is one group",
        });
    }
    Rng::stream(seed, 5).shuffle(&mut members);
    members.pop();
    let mut test = Vec::new();
    for rows in members {
        if test.len() < size {
            test.extend(rows);
        }
    }
    Ok(chosen(groups.len(), test.into_iter()))
}

fn require_size(rows: usize, share: f64) -> Result<usize, LearnError> {
    if !(share > 0.0 && share < 1.0) {
        return Err(LearnError::Parameter { name: "share", reason: "must be between 0 and 1" });
    }
    if rows < 2 {
        return Err(LearnError::Undefined { what: "a split", reason: "it needs two rows or more" });
    }
    Ok(((rows as f64 * share).round() as usize).clamp(1, rows - 1))
}

fn chosen(rows: usize, test: impl Iterator<Item = usize>) -> Fold {
    let mut is_test = vec![false; rows];
    for row in test {
        is_test[row] = true;
    }
    fold_where(rows, |row| is_test[row])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_hold_overall_and_by_class() {
        let fold = holdout(1_000, 0.25, 3).unwrap();
        assert_eq!((fold.train.len(), fold.test.len()), (750, 250));
        let codes: Vec<u32> = (0..1_000).map(|i| u32::from(i % 20 == 0)).collect();
        let fold = stratified_holdout(&codes, 0.2, 3).unwrap();
        assert_eq!(fold.test.len(), 200);
        assert_eq!(fold.test.iter().filter(|row| codes[**row] == 1).count(), 10);
        let groups: Vec<u32> = (0..1_000).map(|i| i / 10).collect();
        let fold = group_holdout(&groups, 0.2, 3).unwrap();
        assert_eq!(fold.test.len(), 200);
        assert!(fold.test.iter().all(|t| !fold.train.iter().any(|r| groups[*r] == groups[*t])));
    }

    #[test]
    fn tiny_tables_keep_both_parts() {
        for share in [0.01, 0.5, 0.99] {
            let fold = stratified_holdout(&[0, 1], share, 0).unwrap();
            assert_eq!((fold.train.len(), fold.test.len()), (1, 1));
        }
        assert!(holdout(1, 0.5, 0).is_err() && holdout(9, 1.0, 0).is_err());
        assert!(group_holdout(&[4, 4], 0.5, 0).is_err());
    }
}
