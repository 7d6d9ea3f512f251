//! Drift: how far the columns of a new table are from those that a model was trained on.
//!
//! The measure is the population stability index, Σ (p − q)·ln(p / q) over ranges of a column, of
//! which an empty one counts as half a row. It is 0 for equal shares; below 0.1 nobody minds, and
//! from 0.25 a model should be looked at.

use gantry_kit::{Column, Frame};
use gantry_learn::math;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Ranges that a column of numbers is cut into, equally full ones.
const RANGES: usize = 10;
/// Labels of a column that are told apart.
const LABELS: usize = 20;
/// Columns of which a model keeps the shares.
const MAX_COLUMNS: usize = 1_000;
const MODERATE: f64 = 0.1;
const STRONG: f64 = 0.25;
/// Rows of a half below which its order says nothing.
const ENOUGH_ROWS: usize = 200;

/// How the values of one column were spread over the rows of the training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Baseline {
    column: String,
    rows: usize,
    parts: Parts,
    /// Share of each part, then of all other values, then of gaps.
    shares: Vec<f64>,
}

/// What a column is cut into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Parts {
    /// Rising upper ends of ranges; what is above the last one is the rest.
    Ranges(Vec<f64>),
    /// The most frequent labels.
    Labels(Vec<String>),
}

/// How far a column has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DriftLevel {
    /// Not more than chance would.
    None,
    /// Worth watching: an index from 0.1.
    Moderate,
    /// The model should be looked at: an index from 0.25.
    Strong,
}

/// The drift of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnDrift {
    /// The column.
    pub column: String,
    /// Population stability index, from 0.
    pub psi: f64,
    /// What that means.
    pub level: DriftLevel,
    /// Rows of the training.
    pub rows_before: u64,
    /// Rows of the new table.
    pub rows_now: u64,
    /// Share of gaps in the training.
    pub missing_before: f64,
    /// Share of gaps in the new table.
    pub missing_now: f64,
    /// Share of values outside of the ranges or labels that the training knew.
    pub unseen_now: f64,
}

/// The shares of columns that models see.
pub(crate) fn derive_baseline(columns: &[&Column]) -> Vec<Baseline> {
    columns.iter().take(MAX_COLUMNS).map(|column| Baseline::of(column)).collect()
}

impl Baseline {
    fn of(column: &Column) -> Self {
        let parts = match find_values(column) {
            Some(values) => Parts::Ranges(derive_ends(values)),
            None => Parts::Labels(derive_frequent(column)),
        };
        let mut baseline = Self {
            column: column.name().to_owned(),
            rows: column.len(),
            parts,
            shares: Vec::new(),
        };
        baseline.shares = baseline.count_shares(column);
        baseline
    }

    fn count_shares(&self, column: &Column) -> Vec<f64> {
        let known = match &self.parts {
            Parts::Ranges(ends) => ends.len(),
            Parts::Labels(labels) => labels.len(),
        };
        let mut counts = vec![0.0; known + 2];
        let values = find_values(column);
        let (codes, levels) = column.find_levels().unwrap_or_default();
        let places: Vec<usize> = match &self.parts {
            Parts::Labels(labels) => {
                let place = |level| labels.iter().position(|label| label == level);
                levels.iter().map(|level| place(level).unwrap_or(known)).collect()
            }
            Parts::Ranges(_) => Vec::new(),
        };
        for row in 0..column.len() {
            let place = match (&self.parts, &values) {
                _ if column.is_missing(row) => known + 1,
                (Parts::Ranges(ends), Some(values)) => {
                    let value = values.get(row).copied().unwrap_or(f64::NAN);
                    ends.partition_point(|end| *end < value)
                }
                (Parts::Labels(_), _) => {
                    let code = codes.get(row).map_or(usize::MAX, |code| *code as usize);
                    places.get(code).copied().unwrap_or(known)
                }
                (Parts::Ranges(_), None) => known + 1,
            };
            if let Some(count) = counts.get_mut(place) {
                *count += 1.0;
            }
        }
        let total = column.len().max(1) as f64;
        counts.iter().map(|count| count / total).collect()
    }

    fn compare(&self, column: &Column) -> ColumnDrift {
        let now = self.count_shares(column);
        let least = |rows: usize| 0.5 / rows.max(1) as f64;
        let (floor_before, floor_now) = (least(self.rows), least(column.len()));
        let term = |(before, now): (&f64, &f64)| {
            if *before == 0.0 && *now == 0.0 {
                return 0.0;
            }
            let (before, now) = (before.max(floor_before), now.max(floor_now));
            (now - before) * math::ln(now / before)
        };
        let psi: f64 = self.shares.iter().zip(&now).map(term).sum();
        let from_end = |shares: &[f64], place: usize| {
            shares.len().checked_sub(place).and_then(|at| shares.get(at)).copied().unwrap_or(0.0)
        };
        // Chance alone gives about (parts − 1)·(1/n + 1/m); small tables must not cry wolf.
        let parts = self.shares.iter().filter(|share| **share > 0.0).count().max(2) as f64;
        let chance = 2.0 * (parts - 1.0) * (2.0 * floor_before + 2.0 * floor_now);
        let level = match psi {
            psi if psi >= STRONG + chance => DriftLevel::Strong,
            psi if psi >= MODERATE + chance => DriftLevel::Moderate,
            _ => DriftLevel::None,
        };
        ColumnDrift {
            column: self.column.clone(),
            psi,
            level,
            rows_before: self.rows as u64,
            rows_now: column.len() as u64,
            missing_before: from_end(&self.shares, 1),
            missing_now: from_end(&now, 1),
            unseen_now: from_end(&now, 2),
        }
    }
}

/// The drift of every column that has a baseline, the largest first.
pub(crate) fn derive_drift(baseline: &[Baseline], frame: &Frame) -> Vec<ColumnDrift> {
    let compare = |known: &Baseline| Some(known.compare(frame.find_column(&known.column)?));
    let mut drift: Vec<ColumnDrift> = baseline.iter().filter_map(compare).collect();
    drift.sort_by(|a, b| b.psi.total_cmp(&a.psi));
    drift
}

/// What to say where the later rows of a table differ from the earlier ones: held-out rows that
/// are drawn at random then promise more than later rows will keep.
pub(crate) fn derive_order_warning(columns: &[&Column]) -> Option<String> {
    let rows = columns.first().map_or(0, |column| column.len());
    let half = rows / 2;
    if half < ENOUGH_ROWS {
        return None;
    }
    let (first, last): (Vec<usize>, Vec<usize>) = ((0..half).collect(), (half..rows).collect());
    let moved = |column: &&Column| {
        let drift = Baseline::of(&column.take(&first)).compare(&column.take(&last));
        (drift.level == DriftLevel::Strong).then(|| (drift.psi, column.name().to_owned()))
    };
    let mut found: Vec<(f64, String)> =
        columns.iter().take(MAX_COLUMNS).filter_map(moved).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let names: Vec<&String> = found.iter().map(|(_, name)| name).collect();
    let (largest, _) = found.first()?;
    Some(format!(
        "The second half of the table differs from the first in {} (index {largest:.2}). If rows \
         come in order of time, scores on rows drawn at random are too good: split by time.",
        crate::error::derive_list(&names, 5)
    ))
}

/// Numbers or instants as numbers; none for labels.
fn find_values(column: &Column) -> Option<Vec<f64>> {
    if let Some(values) = column.find_numbers() {
        return Some(values.to_vec());
    }
    let micros = column.find_dates()?;
    Some(micros.iter().map(|micros| *micros as f64).collect())
}

/// Upper ends of equally full ranges; the last is the largest value.
fn derive_ends(mut values: Vec<f64>) -> Vec<f64> {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let mut ends: Vec<f64> = (1..=RANGES)
        .filter_map(|part| values.get((values.len() * part / RANGES).checked_sub(1)?).copied())
        .collect();
    ends.dedup();
    ends
}

fn derive_frequent(column: &Column) -> Vec<String> {
    let Some((codes, levels)) = column.find_levels() else { return Vec::new() };
    let mut counts = vec![0_usize; levels.len()];
    for (row, code) in codes.iter().enumerate() {
        if let Some(count) = counts.get_mut(*code as usize).filter(|_| !column.is_missing(row)) {
            *count += 1;
        }
    }
    let mut seen: Vec<(usize, &String)> =
        counts.into_iter().zip(levels).filter(|(count, _)| *count > 0).collect();
    seen.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    seen.into_iter().take(LABELS).map(|(_, label)| label.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_learn::Rng;

    fn normal(rows: usize, seed: u64, shift: f64) -> Column {
        let mut rng = Rng::new(seed);
        Column::number("x", (0..rows).map(|_| rng.normal() + shift).collect())
    }

    fn drift(before: &Column, now: &Column) -> ColumnDrift {
        Baseline::of(before).compare(now)
    }

    #[test]
    fn shifted_numbers_drift_and_others_do_not() {
        let before = normal(2_000, 1, 0.0);
        let same = drift(&before, &normal(1_500, 2, 0.0));
        assert!(same.psi < 0.05 && same.level == DriftLevel::None, "{same:?}");
        let moved = drift(&before, &normal(1_500, 3, 1.0));
        assert!(moved.psi > 0.25 && moved.level == DriftLevel::Strong, "{moved:?}");
        let few = drift(&normal(30, 4, 0.0), &normal(20, 5, 0.0));
        assert_eq!(few.level, DriftLevel::None, "{few:?}");
    }

    #[test]
    fn the_index_of_two_labels_by_hand() {
        let labels = |a: usize, b: usize, c: usize| {
            let cells = [("a", a), ("b", b), ("c", c)];
            let cells = cells.iter().flat_map(|(l, n)| std::iter::repeat_n(Some(*l), *n));
            Column::labels("x", cells.collect::<Vec<_>>())
        };
        let found = drift(&labels(60, 40, 0), &labels(40, 60, 0));
        assert!((found.psi - 2.0 * 0.2 * 1.5_f64.ln()).abs() < 1e-12, "{}", found.psi);
        let unseen = drift(&labels(600, 400, 0), &labels(300, 200, 500));
        assert!(unseen.unseen_now == 0.5 && unseen.level == DriftLevel::Strong);
    }

    #[test]
    fn gaps_count_and_empty_columns_end() {
        let before = normal(500, 1, 0.0);
        let empty = Column::number("x", vec![f64::NAN; 100]);
        let found = drift(&before, &empty);
        assert_eq!((found.missing_before, found.missing_now), (0.0, 1.0));
        assert_eq!(found.level, DriftLevel::Strong);
        assert_eq!(drift(&empty, &empty).psi, 0.0);
    }

    #[test]
    fn tables_in_order_are_told_from_mixed_ones() {
        let rising = Column::number("t", (0..1_000).map(f64::from).collect());
        let mixed = normal(1_000, 7, 0.0);
        let warning = derive_order_warning(&[&mixed, &rising]).unwrap();
        assert!(warning.contains("`t`") && !warning.contains("`x`"), "{warning}");
        assert_eq!(derive_order_warning(&[&mixed]), None);
    }
}
