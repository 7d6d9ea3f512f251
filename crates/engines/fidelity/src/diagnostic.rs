//! The diagnostic report: whether the synthetic table is valid at all, as SDMetrics defines it.
//! Every score should be 1, or close to it.

use std::collections::HashSet;

use gantry_kit::{Column, Frame};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::keys::find_key;
use crate::quality::mean;
use crate::table::{Aligned, MISSING, Table, Values};
use crate::{ColumnKind, FidelityError, Pair};

/// Which validity was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValidityMetric {
    /// Share of values within the real smallest and largest value.
    BoundaryAdherence,
    /// Share of labels that occur in the real table.
    CategoryAdherence,
    /// Share of keys that are present and did not occur before.
    KeyUniqueness,
}

/// Validity of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnValidity {
    /// Name of the column.
    pub column: String,
    /// What was checked.
    pub metric: ValidityMetric,
    /// From 0 to 1; none where the real table has no value.
    pub score: Option<f64>,
}

/// Whether the synthetic table is valid; scores from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnostic {
    /// Mean over the columns.
    pub validity: Option<f64>,
    /// Shared names of columns among all names of either table.
    pub structure: f64,
    /// Mean of the two.
    pub score: Option<f64>,
    /// Every checked column.
    pub columns: Vec<ColumnValidity>,
}

/// The diagnostic report of a pair.
///
/// # Errors
/// As [`crate::evaluate`].
pub fn diagnostic(pair: &Pair<'_>) -> Result<Diagnostic, FidelityError> {
    diagnostic_of(pair, &Table::new(pair)?)
}

pub(crate) fn diagnostic_of(pair: &Pair<'_>, table: &Table) -> Result<Diagnostic, FidelityError> {
    let mut columns: Vec<ColumnValidity> = table.columns.iter().map(validity_of).collect();
    if let Some(key) = &pair.metadata.primary_key {
        columns.push(ColumnValidity {
            column: key.clone(),
            metric: ValidityMetric::KeyUniqueness,
            score: pair.synthetic.find_column(key).and_then(key_uniqueness),
        });
    }
    let validity = mean(columns.iter().filter_map(|column| column.score));
    let structure = table_structure(pair.real, pair.synthetic);
    let score = mean(validity.into_iter().chain([structure]));
    Ok(Diagnostic { validity, structure, score, columns })
}

fn validity_of(column: &Aligned) -> ColumnValidity {
    let (metric, score) = match &column.values {
        Values::Numbers(numbers) => (
            ValidityMetric::BoundaryAdherence,
            boundary_adherence(&numbers.real, &numbers.synthetic),
        ),
        Values::Labels { names, codes } => (
            ValidityMetric::CategoryAdherence,
            category_adherence(&codes.real, &codes.synthetic, names.len()),
        ),
    };
    ColumnValidity { column: column.name.clone(), metric, score }
}

/// Share of the synthetic values within the range of the real ones. Missing values are passed over
/// if the real table has some, else they are out of range. `None` if nothing is left to judge.
#[must_use]
pub fn boundary_adherence(real: &[f64], synthetic: &[f64]) -> Option<f64> {
    let present = || real.iter().copied().filter(|value| !value.is_nan());
    let low = present().fold(f64::INFINITY, f64::min);
    let high = present().fold(f64::NEG_INFINITY, f64::max);
    let may_miss = real.iter().any(|value| value.is_nan());
    let judged = || synthetic.iter().filter(|value| !(may_miss && value.is_nan()));
    let valid = judged().filter(|value| (low..=high).contains(*value)).count();
    let count = judged().count();
    (count > 0).then(|| valid as f64 / count as f64)
}

/// Share of the synthetic labels that occur in the real table; missing counts as a label.
pub(crate) fn category_adherence(real: &[u32], synthetic: &[u32], labels: usize) -> Option<f64> {
    let mut known = vec![false; labels];
    for code in real {
        if let Some(slot) = known.get_mut(*code as usize) {
            *slot = true;
        }
    }
    let may_miss = real.contains(&MISSING);
    let holds = |code: &&u32| match **code {
        MISSING => may_miss,
        code => known.get(code as usize).copied().unwrap_or(false),
    };
    let valid = synthetic.iter().filter(holds).count();
    (!synthetic.is_empty()).then(|| valid as f64 / synthetic.len() as f64)
}

/// Share of the cells that are present and differ from all cells above them; `None` without rows.
#[must_use]
pub fn key_uniqueness(column: &Column) -> Option<f64> {
    let mut seen = HashSet::new();
    let unique = (0..column.len())
        .filter(|row| find_key(column, *row).is_some_and(|key| seen.insert(key)))
        .count();
    (!column.is_empty()).then(|| unique as f64 / column.len() as f64)
}

/// Names of columns that both tables have, among all names of either.
#[must_use]
pub fn table_structure(real: &Frame, synthetic: &Frame) -> f64 {
    let known: HashSet<&str> = real.names().collect();
    let found: HashSet<&str> = synthetic.names().collect();
    let all = known.union(&found).count();
    if all == 0 { 1.0 } else { known.intersection(&found).count() as f64 / all as f64 }
}

/// How much of a real column a synthetic one covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnCoverage {
    /// Name of the column.
    pub column: String,
    /// Its kind.
    pub kind: ColumnKind,
    /// For labels, the share of the real ones that occur; for numbers, the share of the real range
    /// that is reached. From 0 to 1; none where there is nothing to cover.
    pub coverage: Option<f64>,
    /// One minus the difference of the shares of missing cells.
    pub missing_similarity: f64,
}

pub(crate) fn coverage_of(column: &Aligned, rows: (usize, usize)) -> ColumnCoverage {
    use crate::table::Side;
    let coverage = match &column.values {
        Values::Numbers(numbers) => range_coverage(&numbers.real, &numbers.synthetic),
        Values::Labels { codes, .. } => category_coverage(&codes.real, &codes.synthetic),
    };
    let share = |side: Side, rows: usize| column.missing(side) as f64 / rows.max(1) as f64;
    let difference = share(Side::Real, rows.0) - share(Side::Synthetic, rows.1);
    ColumnCoverage {
        column: column.name.clone(),
        kind: column.kind,
        coverage,
        missing_similarity: 1.0 - difference.abs(),
    }
}

/// Share of the real labels that occur in the synthetic table; `None` without real labels.
pub(crate) fn category_coverage(real: &[u32], synthetic: &[u32]) -> Option<f64> {
    let distinct = |codes: &[u32]| -> HashSet<u32> {
        codes.iter().copied().filter(|code| *code != MISSING).collect()
    };
    let (real, synthetic) = (distinct(real), distinct(synthetic));
    let covered = real.intersection(&synthetic).count();
    (!real.is_empty()).then(|| covered as f64 / real.len() as f64)
}

/// Share of the real range that the synthetic values reach; `None` if the real values do not vary
/// or a side has none.
#[must_use]
pub fn range_coverage(real: &[f64], synthetic: &[f64]) -> Option<f64> {
    let bounds = |values: &[f64]| {
        let present = || values.iter().copied().filter(|value| !value.is_nan());
        let low = present().fold(f64::INFINITY, f64::min);
        let high = present().fold(f64::NEG_INFINITY, f64::max);
        (low <= high).then_some((low, high))
    };
    let ((low, high), (from, to)) = (bounds(real)?, bounds(synthetic)?);
    let range = high - low;
    let short = |distance: f64| (distance / range).max(0.0);
    (range > 0.0).then(|| (1.0 - short(from - low) - short(high - to)).max(0.0))
}
