//! Several folds for cross-validation.

use std::collections::BTreeMap;

use crate::{LearnError, Rng};

use super::{Fold, fold_where, require_folds};

/// `folds` parts of nearly equal size in random order.
///
/// # Errors
/// If there are fewer than two folds or more folds than rows.
pub fn k_fold(rows: usize, folds: usize, seed: u64) -> Result<Vec<Fold>, LearnError> {
    require_folds(folds, rows)?;
    let mut order: Vec<usize> = (0..rows).collect();
    Rng::stream(seed, 0).shuffle(&mut order);
    let mut part = vec![0; rows];
    for (place, row) in order.into_iter().enumerate() {
        part[row] = place % folds;
    }
    Ok(collect_folds(&part, folds))
}

/// As [`k_fold`], with each class spread evenly: a class's rows per fold differ by at most one.
/// Classes with fewer rows than folds are missing from some test parts.
///
/// # Errors
/// As [`k_fold`].
pub fn stratified_k_fold(codes: &[u32], folds: usize, seed: u64) -> Result<Vec<Fold>, LearnError> {
    require_folds(folds, codes.len())?;
    let mut rng = Rng::stream(seed, 1);
    let mut part = vec![0; codes.len()];
    // Dealing goes on where the last class stopped, so that fold sizes stay even too.
    let mut next = 0;
    for mut rows in rows_by(codes).into_values() {
        rng.shuffle(&mut rows);
        for row in rows {
            part[row] = next % folds;
            next += 1;
        }
    }
    Ok(collect_folds(&part, folds))
}

/// As [`k_fold`], with all rows of a group in the same part: the largest groups first, each to
/// the part with the fewest rows.
///
/// # Errors
/// If there are fewer than two folds or more folds than groups.
pub fn group_k_fold(groups: &[u32], folds: usize, seed: u64) -> Result<Vec<Fold>, LearnError> {
    let mut members: Vec<Vec<usize>> = rows_by(groups).into_values().collect();
    require_folds(folds, members.len())?;
    Rng::stream(seed, 2).shuffle(&mut members);
    members.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
    let mut part = vec![0; groups.len()];
    let mut sizes = vec![0; folds];
    for rows in members {
        let smallest = (0..folds).min_by_key(|fold| sizes[*fold]).unwrap_or(0);
        sizes[smallest] += rows.len();
        for row in rows {
            part[row] = smallest;
        }
    }
    Ok(collect_folds(&part, folds))
}

/// Rows in order of time: fold i trains on all rows before its test part, the test parts are
/// consecutive and of equal length at the end (as scikit-learn's `TimeSeriesSplit`).
///
/// # Errors
/// If there are fewer than two folds or not more rows than folds.
pub fn time_folds(rows: usize, folds: usize) -> Result<Vec<Fold>, LearnError> {
    require_folds(folds, rows.saturating_sub(1))?;
    let length = rows / (folds + 1);
    let first = rows - folds * length;
    Ok((0..folds)
        .map(|fold| {
            let start = first + fold * length;
            Fold { train: (0..start).collect(), test: (start..start + length).collect() }
        })
        .collect())
}

pub(super) fn rows_by(codes: &[u32]) -> BTreeMap<u32, Vec<usize>> {
    let mut rows: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (row, code) in codes.iter().enumerate() {
        rows.entry(*code).or_default().push(row);
    }
    rows
}

fn collect_folds(part: &[usize], folds: usize) -> Vec<Fold> {
    (0..folds).map(|fold| fold_where(part.len(), |row| part[row] == fold)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_partition(folds: &[Fold], rows: usize) {
        let mut tested: Vec<usize> = folds.iter().flat_map(|f| f.test.clone()).collect();
        tested.sort_unstable();
        assert_eq!(tested, (0..rows).collect::<Vec<_>>());
        for fold in folds {
            assert_eq!(fold.train.len() + fold.test.len(), rows);
            assert!(fold.train.iter().all(|row| !fold.test.contains(row)));
        }
    }

    #[test]
    fn folds_cover_every_row_once_and_repeat_by_seed() {
        let folds = k_fold(103, 5, 7).unwrap();
        assert_partition(&folds, 103);
        assert_eq!(folds, k_fold(103, 5, 7).unwrap());
        assert_ne!(folds, k_fold(103, 5, 8).unwrap());
        assert!(k_fold(3, 4, 0).is_err() && k_fold(3, 1, 0).is_err());
    }

    #[test]
    fn classes_are_spread_and_groups_kept_together() {
        let codes: Vec<u32> = (0..100).map(|i| u32::from(i % 10 == 0)).collect();
        let folds = stratified_k_fold(&codes, 5, 1).unwrap();
        assert_partition(&folds, 100);
        for fold in &folds {
            assert_eq!(fold.test.iter().filter(|row| codes[**row] == 1).count(), 2);
            assert_eq!(fold.test.len(), 20);
        }
        let groups: Vec<u32> = (0..100).map(|i| i * i % 17).collect();
        let folds = group_k_fold(&groups, 3, 1).unwrap();
        assert_partition(&folds, 100);
        for fold in &folds {
            assert!(fold.test.iter().all(|t| fold.train.iter().all(|r| groups[*r] != groups[*t])));
        }
    }

    #[test]
    fn time_never_runs_backwards() {
        let folds = time_folds(10, 3).unwrap();
        assert_eq!(folds[0], Fold { train: (0..4).collect(), test: vec![4, 5] });
        assert_eq!(folds[2], Fold { train: (0..8).collect(), test: vec![8, 9] });
        assert!(time_folds(2, 2).is_err());
    }
}
