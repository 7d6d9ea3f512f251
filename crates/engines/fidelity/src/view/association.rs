//! How strongly each pair of columns hangs together, in the real and in the synthetic table.
//!
//! Two numbers: Pearson's correlation, from −1 to 1. Two label columns: Cramér's V, from 0 to 1. A
//! number and labels: the correlation ratio, from 0 to 1.

use gantry_learn::Control;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sample::choose_rows;
use crate::table::{Aligned, MISSING, Side, Table, Values};
use crate::trend::{correlation, tie};
use crate::{EvaluateOptions, FidelityError};

const REAL_STREAM: u64 = 0x6173_7301;
const SYNTHETIC_STREAM: u64 = 0x6173_7302;
/// Columns beyond which no matrix can be read.
const MOST_COLUMNS: usize = 40;
/// Matrices of associations: one row and one number a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Associations {
    /// Names of rows and columns.
    pub columns: Vec<String>,
    /// In the real table; none where it is not defined, as for a constant.
    pub real: Vec<Vec<Option<f64>>>,
    /// In the synthetic table.
    pub synthetic: Vec<Vec<Option<f64>>>,
    /// Synthetic minus real.
    pub difference: Vec<Vec<Option<f64>>>,
}

pub(super) fn associations_of(
    table: &Table,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Associations, FidelityError> {
    let shown = table.columns.get(..table.columns.len().min(MOST_COLUMNS)).unwrap_or_default();
    let matrix = |side: Side, stream: u64| -> Result<Vec<Vec<Option<f64>>>, FidelityError> {
        let rows =
            choose_rows(*table.rows.get(side), options.reference_rows, (options.seed, stream));
        let line = |first: usize| -> Result<Vec<Option<f64>>, FidelityError> {
            control.check()?;
            let of = |second: usize| {
                // The lower half is filled from the upper one.
                (first <= second)
                    .then(|| shown.get(first).zip(shown.get(second)))
                    .flatten()
                    .and_then(|(a, b)| association(a, b, (side, &rows)))
            };
            Ok((0..shown.len()).map(of).collect())
        };
        let mut lines: Vec<Vec<Option<f64>>> =
            (0..shown.len()).into_par_iter().map(line).collect::<Result<_, FidelityError>>()?;
        mirror(&mut lines);
        Ok(lines)
    };
    let real = matrix(Side::Real, REAL_STREAM)?;
    let synthetic = matrix(Side::Synthetic, SYNTHETIC_STREAM)?;
    let minus = |(real, synthetic): (&Vec<Option<f64>>, &Vec<Option<f64>>)| {
        let minus = |(a, b): (&Option<f64>, &Option<f64>)| a.zip(*b).map(|(a, b)| b - a);
        real.iter().zip(synthetic).map(minus).collect()
    };
    Ok(Associations {
        columns: shown.iter().map(|column| column.name.clone()).collect(),
        difference: real.iter().zip(&synthetic).map(minus).collect(),
        real,
        synthetic,
    })
}

fn mirror(lines: &mut [Vec<Option<f64>>]) {
    for first in 0..lines.len() {
        for second in 0..first {
            let value = lines.get(second).and_then(|line| line.get(first)).copied().flatten();
            if let Some(slot) = lines.get_mut(first).and_then(|line| line.get_mut(second)) {
                *slot = value;
            }
        }
    }
}

fn association(a: &Aligned, b: &Aligned, (side, rows): (Side, &[usize])) -> Option<f64> {
    let numbers = |column: &Aligned| -> Vec<f64> {
        rows.iter().map(|row| column.number(side, *row)).collect()
    };
    let labels = |codes: &[u32]| -> Vec<u32> {
        rows.iter().map(|row| codes.get(*row).copied().unwrap_or(MISSING)).collect()
    };
    match (&a.values, &b.values) {
        (Values::Numbers(_), Values::Numbers(_)) => correlation(&numbers(a), &numbers(b)),
        (Values::Labels { codes, .. }, Values::Numbers(_)) => {
            correlation_ratio(&labels(codes.get(side)), a.labels(), &numbers(b))
        }
        (Values::Numbers(_), Values::Labels { codes, .. }) => {
            correlation_ratio(&labels(codes.get(side)), b.labels(), &numbers(a))
        }
        (Values::Labels { codes: first, .. }, Values::Labels { codes: second, .. }) => {
            let (first, second) = (labels(first.get(side)), labels(second.get(side)));
            let both = first.into_iter().zip(second);
            let present = both.filter(|(a, b)| *a != MISSING && *b != MISSING);
            let (first, second): (Vec<u32>, Vec<u32>) = present.unzip();
            tie(&first, &second)
        }
    }
}

/// Root of the share of the variance that lies between the labels.
fn correlation_ratio(codes: &[u32], labels: usize, values: &[f64]) -> Option<f64> {
    let mut groups = vec![(0.0, 0.0); labels];
    let present =
        || codes.iter().zip(values).filter(|(code, value)| **code != MISSING && !value.is_nan());
    for (code, value) in present() {
        if let Some((count, sum)) = groups.get_mut(*code as usize) {
            *count += 1.0;
            *sum += value;
        }
    }
    let (count, sum) = groups.iter().fold((0.0, 0.0), |t, g| (t.0 + g.0, t.1 + g.1));
    let mean = sum / count;
    let total: f64 = present().map(|(_, value)| (value - mean) * (value - mean)).sum();
    let filled = groups.iter().filter(|(count, _)| *count > 0.0);
    let between: f64 =
        filled.map(|(count, sum)| count * (sum / count - mean) * (sum / count - mean)).sum();
    (count >= 2.0 && total > 0.0).then(|| (between / total).clamp(0.0, 1.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_follow_from_each_other_are_tied_and_others_are_not() {
        let codes = |n: u32, step: u32| (0..60).map(|i| i / step % n).collect::<Vec<u32>>();
        let tied = tie(&codes(3, 1), &codes(3, 1)).unwrap();
        assert!((tied - 1.0).abs() < 1e-12);
        let free = tie(&codes(3, 1), &codes(2, 3)).unwrap();
        assert!(free.abs() < 1e-12);
        assert_eq!(tie(&[0, 0], &[0, 1]), None);
        let values: Vec<f64> = codes(3, 1).iter().map(|c| f64::from(*c) * 2.0).collect();
        assert!((correlation_ratio(&codes(3, 1), 3, &values).unwrap() - 1.0).abs() < 1e-12);
        assert!(correlation_ratio(&codes(2, 3), 2, &values).unwrap().abs() < 1e-12);
        assert_eq!(correlation_ratio(&[0, 1], 2, &[5.0, 5.0]), None);
    }
}
