//! The distribution of one column in both tables, over the same ranges or labels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ColumnKind;
use crate::shape::shares;
use crate::table::{Aligned, Side, Values};

/// Ranges of numbers that are drawn.
const RANGES: usize = 30;
/// Labels that are drawn; the others are added up.
const MOST_LABELS: usize = 15;

/// The distribution of one column in both tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Distribution {
    /// Name of the column.
    pub column: String,
    /// Its kind.
    pub kind: ColumnKind,
    /// Share of missing cells in the real table.
    pub real_missing: f64,
    /// Share of missing cells in the synthetic table.
    pub synthetic_missing: f64,
    /// The values that are present.
    pub values: ShownValues,
}

/// Values, by kind of column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ShownValues {
    /// Numbers or dates (microseconds since 1970).
    Ranges(Ranges),
    /// Labels.
    Labels(LabelShares),
}

/// Shares of the values of each table by range. The last range holds its upper edge too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ranges {
    /// Borders of the ranges, rising; one more than shares. Empty without values.
    pub edges: Vec<f64>,
    /// Real shares.
    pub real: Vec<f64>,
    /// Synthetic shares.
    pub synthetic: Vec<f64>,
}

/// Shares of the labels of each table, the most frequent real label first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LabelShares {
    /// The labels.
    pub labels: Vec<String>,
    /// Real shares.
    pub real: Vec<f64>,
    /// Synthetic shares.
    pub synthetic: Vec<f64>,
    /// Real and synthetic share of all other labels together.
    pub others: (f64, f64),
    /// Number of the other labels.
    pub others_count: usize,
}

pub(super) fn distribution_of(column: &Aligned) -> Distribution {
    let (rows, values) = match &column.values {
        Values::Numbers(numbers) => (
            (numbers.real.len(), numbers.synthetic.len()),
            ShownValues::Ranges(ranges_of(&numbers.real, &numbers.synthetic)),
        ),
        Values::Labels { names, codes } => (
            (codes.real.len(), codes.synthetic.len()),
            ShownValues::Labels(labels_of(names, &codes.real, &codes.synthetic)),
        ),
    };
    let share = |side: Side, rows: usize| column.missing(side) as f64 / rows.max(1) as f64;
    Distribution {
        column: column.name.clone(),
        kind: column.kind,
        real_missing: share(Side::Real, rows.0),
        synthetic_missing: share(Side::Synthetic, rows.1),
        values,
    }
}

/// Both distributions over the same ranges, from the smallest value to the largest.
pub(crate) fn ranges_of(real: &[f64], synthetic: &[f64]) -> Ranges {
    let present = || real.iter().chain(synthetic).copied().filter(|value| !value.is_nan());
    let low = present().fold(f64::INFINITY, f64::min);
    let high = present().fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return Ranges { edges: Vec::new(), real: Vec::new(), synthetic: Vec::new() };
    }
    let (low, high) = if low == high { (low - 0.5, high + 0.5) } else { (low, high) };
    let width = (high / RANGES as f64) - (low / RANGES as f64);
    let edge = |index: usize| if index == RANGES { high } else { low + width * index as f64 };
    let share = |values: &[f64]| {
        let mut counts = vec![0_u64; RANGES];
        for value in values.iter().filter(|value| !value.is_nan()) {
            let range = (((value - low) / width) as usize).min(RANGES - 1);
            if let Some(count) = counts.get_mut(range) {
                *count += 1;
            }
        }
        let total = counts.iter().sum::<u64>().max(1);
        counts.into_iter().map(|count| count as f64 / total as f64).collect()
    };
    Ranges {
        edges: (0..=RANGES).map(edge).collect(),
        real: share(real),
        synthetic: share(synthetic),
    }
}

fn labels_of(names: &[String], real: &[u32], synthetic: &[u32]) -> LabelShares {
    let none = || vec![0.0; names.len()];
    let real = shares(real, names.len()).unwrap_or_else(none);
    let synthetic = shares(synthetic, names.len()).unwrap_or_else(none);
    let mut rows: Vec<(&String, f64, f64)> =
        names.iter().zip(&real).zip(&synthetic).map(|((name, a), b)| (name, *a, *b)).collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.2.total_cmp(&a.2)).then(a.0.cmp(b.0)));
    let shown = rows.len().min(MOST_LABELS);
    let (first, rest) = rows.split_at(shown);
    LabelShares {
        labels: first.iter().map(|(name, ..)| (*name).clone()).collect(),
        real: first.iter().map(|(_, real, _)| *real).collect(),
        synthetic: first.iter().map(|(.., synthetic)| *synthetic).collect(),
        others: rest.iter().fold((0.0, 0.0), |sum, (_, a, b)| (sum.0 + a, sum.1 + b)),
        others_count: rest.len(),
    }
}
