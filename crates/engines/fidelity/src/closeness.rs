//! Distance to the closest record, as SDMetrics defines it: known to miss leaks that membership
//! inference finds, and reported because it is asked for.
//!
//! A distance is the mean over the columns of the difference as a share of the real range, or of 0
//! and 1 for equal and different labels.

use gantry_learn::{Control, Rng};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::precision::quantile;
use crate::sample::choose_rows;
use crate::shape::sorted;
use crate::space::{Geometry, Points, Space};
use crate::table::{MISSING, Side, Sides, Table, Values};
use crate::{EvaluateOptions, FidelityError, Pair};

const SYNTHETIC_STREAM: u64 = 0x6463_7201;
const REAL_STREAM: u64 = 0x6463_7202;
const HOLDOUT_STREAM: u64 = 0x6463_7203;
const RANDOM_STREAM: u64 = 0x6463_7204;

/// Distances to the closest record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Closeness {
    /// Median distance of a synthetic row to its closest real row.
    pub synthetic_median: f64,
    /// The same for rows of random values.
    pub random_median: f64,
    /// DCRBaselineProtection: the first median over the second, at most 1. None if random rows are
    /// as close as can be.
    pub baseline_protection: Option<f64>,
    /// Share of synthetic rows that are closer to a real than to every hold-out row; none without
    /// a hold-out. Half is what a generator without memory has, for tables of the same size.
    pub closer_to_real: Option<f64>,
    /// DCROverfittingProtection: 1 if at most half are closer to real rows, 0 if all are.
    pub overfitting_protection: Option<f64>,
    /// Synthetic rows that were looked up.
    pub rows: usize,
}

/// Distances to the closest record in a pair.
///
/// # Errors
/// As [`crate::evaluate`].
pub fn closeness(
    pair: &Pair<'_>,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Closeness, FidelityError> {
    options.require_valid()?;
    closeness_of(&Table::new(pair)?, options, control)
}

pub(crate) fn closeness_of(
    table: &Table,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Closeness, FidelityError> {
    let space = Space::new(table, Geometry::Range);
    let choose = |side: Side, most: usize, stream: u64| {
        choose_rows(*table.rows.get(side), most, (options.seed, stream))
    };
    let place = |side: Side, rows: &[usize]| space.place(table, side, rows);
    let looked_up = choose(Side::Synthetic, options.query_rows, SYNTHETIC_STREAM);
    let synthetic = place(Side::Synthetic, &looked_up);
    // Both references are cut to the same size where a limit holds, and left alone where none does.
    let real = place(Side::Real, &choose(Side::Real, options.reference_rows, REAL_STREAM));
    let to_real = distances(&synthetic, &real, control)?;
    let random = random_table(table, synthetic.rows(), options.seed);
    let rows: Vec<usize> = (0..synthetic.rows()).collect();
    let random = space.place(&random, Side::Synthetic, &rows);
    let synthetic_median = quantile(&sorted(&to_real), 0.5);
    let random_median = quantile(&sorted(&distances(&random, &real, control)?), 0.5);
    let closer_to_real = if table.has_holdout() {
        // Each distance is a share of the range of the rows that are looked through.
        let space = Space::scaled_by(table, Geometry::Range, Side::Holdout);
        let chosen = choose(Side::Holdout, options.reference_rows, HOLDOUT_STREAM);
        let holdout = space.place(table, Side::Holdout, &chosen);
        let synthetic = space.place(table, Side::Synthetic, &looked_up);
        let to_holdout = distances(&synthetic, &holdout, control)?;
        let closer = to_real.iter().zip(&to_holdout).filter(|(real, holdout)| real < holdout);
        Some(closer.count() as f64 / to_real.len().max(1) as f64)
    } else {
        None
    };
    Ok(Closeness {
        synthetic_median,
        random_median,
        baseline_protection: (random_median > 0.0)
            .then(|| (synthetic_median / random_median).min(1.0)),
        closer_to_real,
        overfitting_protection: closer_to_real.map(|share| (2.0 * (1.0 - share)).min(1.0)),
        rows: synthetic.rows(),
    })
}

fn distances(
    points: &Points,
    among: &Points,
    control: &Control<'_>,
) -> Result<Vec<f64>, FidelityError> {
    let one = |row: usize| -> Result<f64, FidelityError> {
        control.check()?;
        let found = among.nearest(&points.point(row), 1, None);
        Ok(found.first().map_or(1.0, |(distance, _)| *distance))
    };
    (0..points.rows()).into_par_iter().map(one).collect()
}

/// As many rows as wanted, on the synthetic side, each value drawn evenly from the real range or
/// the real labels.
fn random_table(table: &Table, rows: usize, seed: u64) -> Table {
    let mut random = table.clone();
    random.rows.synthetic = rows;
    for (index, column) in random.columns.iter_mut().enumerate() {
        let mut rng = Rng::stream(seed, RANDOM_STREAM + index as u64);
        match &mut column.values {
            Values::Numbers(Sides { real, synthetic, .. }) => {
                let present = || real.iter().copied().filter(|value| !value.is_nan());
                let low = present().fold(f64::INFINITY, f64::min);
                let high = present().fold(f64::NEG_INFINITY, f64::max);
                let draw = |rng: &mut Rng| {
                    if low > high { f64::NAN } else { low + (high - low) * rng.uniform() }
                };
                *synthetic = (0..rows).map(|_| draw(&mut rng)).collect();
            }
            Values::Labels { codes, .. } => {
                let mut known = codes.real.clone();
                known.sort_unstable();
                known.dedup();
                let draw = |rng: &mut Rng| known.get(rng.below(known.len())).copied();
                codes.synthetic = (0..rows).map(|_| draw(&mut rng).unwrap_or(MISSING)).collect();
            }
        }
    }
    random
}
