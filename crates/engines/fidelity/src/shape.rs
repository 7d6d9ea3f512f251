//! How like the distribution of one column is to the real one: the complement of the
//! Kolmogorov-Smirnov distance for numbers, and of the total variation distance for labels.
//!
//! Scores lie between 0 (nothing in common) and 1 (the same).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ColumnKind;
use crate::table::{Aligned, MISSING, Values};

/// Which distance was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShapeMetric {
    /// Largest distance of the two distribution functions.
    KsComplement,
    /// Half the sum of the differences of shares.
    TvComplement,
}

/// The shape of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnShape {
    /// Name of the column.
    pub column: String,
    /// Its kind.
    pub kind: ColumnKind,
    /// What was measured.
    pub metric: ShapeMetric,
    /// From 0 to 1; none where a table has no value in the column.
    pub score: Option<f64>,
}

/// Shape of one column.
pub(crate) fn shape_of(column: &Aligned) -> ColumnShape {
    let (metric, score) = match &column.values {
        Values::Numbers(numbers) => {
            (ShapeMetric::KsComplement, ks_complement(&numbers.real, &numbers.synthetic))
        }
        Values::Labels { names, codes } => {
            (ShapeMetric::TvComplement, tv_complement(&codes.real, &codes.synthetic, names.len()))
        }
    };
    ColumnShape { column: column.name.clone(), kind: column.kind, metric, score }
}

/// One minus the largest distance between the distribution functions of the values that are not
/// NaN; `None` if a side has none.
#[must_use]
pub fn ks_complement(real: &[f64], synthetic: &[f64]) -> Option<f64> {
    let (real, synthetic) = (sorted(real), sorted(synthetic));
    if real.is_empty() || synthetic.is_empty() {
        return None;
    }
    let (mut at_real, mut at_synthetic) = (0, 0);
    let mut largest = 0.0_f64;
    let next = |values: &[f64], at: usize| values.get(at).copied().unwrap_or(f64::INFINITY);
    while at_real < real.len() || at_synthetic < synthetic.len() {
        let value = next(&real, at_real).min(next(&synthetic, at_synthetic));
        while at_real < real.len() && next(&real, at_real) <= value {
            at_real += 1;
        }
        while at_synthetic < synthetic.len() && next(&synthetic, at_synthetic) <= value {
            at_synthetic += 1;
        }
        let below_real = at_real as f64 / real.len() as f64;
        let below_synthetic = at_synthetic as f64 / synthetic.len() as f64;
        largest = largest.max((below_real - below_synthetic).abs());
    }
    Some(1.0 - largest)
}

/// The values that are not NaN, rising.
pub(crate) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut kept: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    kept.sort_unstable_by(f64::total_cmp);
    kept
}

/// One minus half the sum of the differences of the labels' shares; `None` if a side has no label.
/// A label that the real table lacks counts there as a millionth of a cell, as in SDMetrics.
pub(crate) fn tv_complement(real: &[u32], synthetic: &[u32], labels: usize) -> Option<f64> {
    const UNSEEN: f64 = 1e-6;
    let (real, synthetic) = (counts(real, labels), shares(synthetic, labels)?);
    let is_unseen = |(count, share): (&u64, &f64)| *count == 0 && *share > 0.0;
    let seen: u64 = real.iter().sum();
    let unseen = real.iter().zip(&synthetic).filter(|row| is_unseen(*row)).count();
    let total = seen as f64 + UNSEEN * unseen as f64;
    if seen == 0 {
        return None;
    }
    let share = |row: (&u64, &f64)| if is_unseen(row) { UNSEEN } else { *row.0 as f64 } / total;
    let real: Vec<f64> = real.iter().zip(&synthetic).map(share).collect();
    let sum: f64 = real.iter().zip(&synthetic).map(|(a, b)| (a - b).abs()).sum();
    Some(1.0 - sum / 2.0)
}

/// Share of each label among the cells that are not missing.
pub(crate) fn shares(codes: &[u32], labels: usize) -> Option<Vec<f64>> {
    let counts = counts(codes, labels);
    let total: u64 = counts.iter().sum();
    let share = |count: &u64| *count as f64 / total as f64;
    (total > 0).then(|| counts.iter().map(share).collect())
}

/// Cells of each label.
fn counts(codes: &[u32], labels: usize) -> Vec<u64> {
    let mut counts = vec![0; labels];
    for code in codes.iter().filter(|code| **code != MISSING) {
        if let Some(count) = counts.get_mut(*code as usize) {
            *count += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_definitions() {
        assert_eq!(ks_complement(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 3.0, 4.0]), Some(1.0));
        assert_eq!(ks_complement(&[1.0, 2.0], &[3.0, 4.0]), Some(0.0));
        assert_eq!(
            ks_complement(&[1.0, 1.0, 2.0, f64::NAN], &[1.0, 2.0, 2.0]),
            Some(1.0 - 1.0 / 3.0)
        );
        assert_eq!(ks_complement(&[f64::NAN], &[1.0]), None);
        let score = tv_complement(&[0, 0, 1, 1], &[0, 0, 0, 2], 3);
        assert!((score.unwrap() - 0.5).abs() < 1e-6);
        assert_eq!(tv_complement(&[MISSING], &[0], 1), None);
    }
}
