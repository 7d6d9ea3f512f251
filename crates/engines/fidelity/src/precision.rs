//! Alpha-precision, beta-recall and authenticity: whether synthetic rows lie where real ones do,
//! whether they cover them, and whether they keep their distance.
//!
//! Defined by Alaa, van Breugel, Saveliev and van der Schaar, "How Faithful is your Synthetic
//! Data?", 2022, with their naive embedding: numbers scaled to the real range, missing ones at the
//! mean, labels one-hot, Euclidean distances. Spheres around the mean stand for the shares
//! (30 of them, from 0 to 1); the scores are one minus the scaled distance of the curves from the
//! diagonal. Both tables come with equally many rows.

use gantry_learn::Control;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sample::choose_rows;
use crate::shape::sorted;
use crate::space::{Geometry, Near, Points, Space};
use crate::table::{Side, Table};
use crate::{EvaluateOptions, FidelityError, Pair};

const REAL_STREAM: u64 = 0x6162_6101;
const SYNTHETIC_STREAM: u64 = 0x6162_6102;
/// Shares at which the curves are read.
const STEPS: usize = 30;

/// How synthetic rows lie in relation to the real ones; all from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Precision {
    /// Whether as many synthetic as real rows lie in each sphere around the real centre.
    pub alpha_precision: f64,
    /// Whether synthetic rows lie near each real row, in the middle as at the rim. About ½ is what
    /// other rows of the same origin have, and more than that only rows that lean on the real ones.
    pub beta_recall: f64,
    /// Share of synthetic rows that are farther from their nearest real row than that row is from
    /// other real rows. About ½ is what other rows of the same origin have.
    pub authenticity: f64,
    /// Rows of each table.
    pub rows: usize,
}

/// Alpha-precision, beta-recall and authenticity of a pair.
///
/// # Errors
/// As [`crate::evaluate`], and [`FidelityError::NotMeasurable`] for fewer than two rows.
pub fn precision(
    pair: &Pair<'_>,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Precision, FidelityError> {
    options.require_valid()?;
    precision_of(&Table::new(pair)?, options, control)
}

pub(crate) fn precision_of(
    table: &Table,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Precision, FidelityError> {
    let rows = table.rows.real.min(table.rows.synthetic).min(options.query_rows);
    if rows < 2 {
        return Err(FidelityError::NotMeasurable {
            what: "alpha-precision",
            reason: "each table needs two rows or more".to_owned(),
        });
    }
    let space = Space::new(table, Geometry::Embedding);
    let real = choose_rows(table.rows.real, rows, (options.seed, REAL_STREAM));
    let synthetic = choose_rows(table.rows.synthetic, rows, (options.seed, SYNTHETIC_STREAM));
    let real = space.place(table, Side::Real, &real);
    let synthetic = space.place(table, Side::Synthetic, &synthetic);
    let own = nearest_of_each(&real, &real, Others::ButItself, control)?;
    let to_synthetic = nearest_of_each(&real, &synthetic, Others::All, control)?;
    let to_real = nearest_of_each(&synthetic, &real, Others::All, control)?;
    let is_authentic = |(distance, row): &&Near| own.get(*row).is_some_and(|o| o.0 < *distance);
    Ok(Precision {
        alpha_precision: derive_alpha(&real, &synthetic),
        beta_recall: derive_beta(&synthetic, &own, &to_synthetic),
        authenticity: to_real.iter().filter(is_authentic).count() as f64 / rows as f64,
        rows,
    })
}

/// Which points a point is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    All,
    ButItself,
}

fn nearest_of_each(
    points: &Points,
    among: &Points,
    others: Others,
    control: &Control<'_>,
) -> Result<Vec<Near>, FidelityError> {
    let one = |row: usize| -> Result<Near, FidelityError> {
        control.check()?;
        let skip = (others == Others::ButItself).then_some(row);
        let found = among.nearest(&points.point(row), 1, skip);
        let (square, row) = found.first().copied().unwrap_or((f64::INFINITY, 0));
        Ok((square.sqrt(), row))
    };
    (0..points.rows()).into_par_iter().map(one).collect()
}

fn derive_alpha(real: &Points, synthetic: &Points) -> f64 {
    let radii = sorted(&roots(real.squares_to_mean_of(real)));
    let distances = sorted(&roots(synthetic.squares_to_mean_of(real)));
    let curve = |share: f64| {
        let radius = quantile(&radii, share);
        distances.partition_point(|d| *d <= radius) as f64 / distances.len() as f64
    };
    derive_score(curve)
}

fn derive_beta(synthetic: &Points, own: &[Near], to_synthetic: &[Near]) -> f64 {
    let to_centre = roots(synthetic.squares_to_mean_of(synthetic));
    let at = |row: usize| to_centre.get(row).copied().unwrap_or(f64::INFINITY);
    let radii = sorted(&to_synthetic.iter().map(|(_, row)| at(*row)).collect::<Vec<_>>());
    let covered: Vec<f64> = own
        .iter()
        .zip(to_synthetic)
        .filter(|((own, _), (distance, _))| distance <= own)
        .map(|(_, (_, row))| at(*row))
        .collect();
    let covered = sorted(&covered);
    let curve = |share: f64| {
        let radius = quantile(&radii, share);
        covered.partition_point(|d| *d <= radius) as f64 / own.len() as f64
    };
    derive_score(curve)
}

/// One minus the distance of a curve from the diagonal, over the sum of the diagonal.
fn derive_score(curve: impl Fn(f64) -> f64) -> f64 {
    let shares = || (0..STEPS).map(|step| step as f64 / (STEPS - 1) as f64);
    let off: f64 = shares().map(|share| (share - curve(share)).abs()).sum();
    1.0 - off / shares().sum::<f64>()
}

fn roots(squares: Vec<f64>) -> Vec<f64> {
    squares.into_iter().map(|square| square.max(0.0).sqrt()).collect()
}

/// The value below which a share of rising values lies, interpolated between neighbours; NaN of
/// nothing.
pub(crate) fn quantile(rising: &[f64], share: f64) -> f64 {
    let place = share.clamp(0.0, 1.0) * rising.len().saturating_sub(1) as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    match (rising.get(below), rising.get(below + 1)) {
        (Some(low), Some(high)) => low + (high - low) * part,
        (Some(low), None) => *low,
        (None, _) => f64::NAN,
    }
}
