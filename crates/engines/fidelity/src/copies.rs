//! Synthetic rows that are copies of real ones.
//!
//! Some copies arise by chance, as people are alike. How many is seen at the hold-out: its rows
//! were never shown to the generator, so that each of them reappears by chance alone.

use std::collections::{HashMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sample::choose_rows;
use crate::table::{Side, Table, Values};
use crate::{EvaluateOptions, FidelityError, Pair};

const SYNTHETIC_STREAM: u64 = 0x6e65_7701;

/// Rows that reappear, compared over all compared columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Copies {
    /// Synthetic rows that equal a real row.
    pub synthetic_rows: usize,
    /// The share of synthetic rows that do.
    pub synthetic_share: f64,
    /// Share of real rows that reappear in the synthetic table.
    pub real_share: f64,
    /// Share of hold-out rows that reappear: what chance does. None without a hold-out.
    pub holdout_share: Option<f64>,
}

/// Exact copies in a pair.
///
/// # Errors
/// As [`crate::evaluate`].
pub fn copies(pair: &Pair<'_>) -> Result<Copies, FidelityError> {
    Ok(copies_of(&Table::new(pair)?))
}

/// A row as one number a column; equal rows have equal numbers.
fn key(table: &Table, side: Side, row: usize) -> Vec<u64> {
    let cell = |column: &crate::table::Aligned| column.number(side, row).to_bits();
    table.columns.iter().map(cell).collect()
}

pub(crate) fn copies_of(table: &Table) -> Copies {
    let keys = |side: Side| (0..*table.rows.get(side)).map(move |row| key(table, side, row));
    let real: HashSet<Vec<u64>> = keys(Side::Real).collect();
    let mut synthetic_rows = 0;
    let mut synthetic: HashSet<Vec<u64>> = HashSet::new();
    for key in keys(Side::Synthetic) {
        synthetic_rows += usize::from(real.contains(&key));
        synthetic.insert(key);
    }
    let share = |side: Side| {
        let found = keys(side).filter(|key| synthetic.contains(key)).count();
        found as f64 / (*table.rows.get(side)).max(1) as f64
    };
    Copies {
        synthetic_rows,
        synthetic_share: synthetic_rows as f64 / table.rows.synthetic.max(1) as f64,
        real_share: share(Side::Real),
        holdout_share: table.has_holdout().then(|| share(Side::Holdout)),
    }
}

/// Share of synthetic rows that match no real row, where numbers match within 1 % of the synthetic
/// value: NewRowSynthesis of SDMetrics, on a fixed choice of synthetic rows.
pub(crate) fn new_row_share(table: &Table, options: &EvaluateOptions) -> f64 {
    const TOLERANCE: f64 = 0.01;
    let chosen =
        choose_rows(table.rows.synthetic, options.query_rows, (options.seed, SYNTHETIC_STREAM));
    let split = |side: Side, row: usize| {
        let mut labels = Vec::new();
        let mut numbers = Vec::new();
        for column in &table.columns {
            match &column.values {
                Values::Numbers(_) => numbers.push(column.number(side, row)),
                Values::Labels { .. } => labels.push(column.number(side, row).to_bits()),
            }
        }
        (labels, numbers)
    };
    let mut real: HashMap<Vec<u64>, Vec<Vec<f64>>> = HashMap::new();
    for row in 0..table.rows.real {
        let (labels, numbers) = split(Side::Real, row);
        real.entry(labels).or_default().push(numbers);
    }
    let matches = |found: &f64, wanted: &f64| {
        if wanted.is_nan() {
            return found.is_nan();
        }
        (found - wanted).abs() <= (wanted * TOLERANCE).abs()
    };
    let is_new = |row: &&usize| {
        let (labels, numbers) = split(Side::Synthetic, **row);
        let candidates = real.get(&labels).map(Vec::as_slice).unwrap_or_default();
        !candidates
            .iter()
            .any(|c| c.iter().zip(&numbers).all(|(found, wanted)| matches(found, wanted)))
    };
    chosen.iter().filter(is_new).count() as f64 / chosen.len().max(1) as f64
}
