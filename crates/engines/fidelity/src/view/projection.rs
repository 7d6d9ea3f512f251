//! Both tables as clouds of points in the two directions in which the real rows vary most.
//!
//! Numbers are centred and scaled by the real rows, missing ones put at the real mean; of labels
//! the most frequent real ones become columns of 0 and 1.

use gantry_learn::pca::Pca;
use gantry_learn::{Column, Control, Matrix};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sample::choose_rows;
use crate::shape::shares;
use crate::table::{Aligned, Side, Table, Values};
use crate::{EvaluateOptions, FidelityError};

const REAL_STREAM: u64 = 0x7063_6101;
const SYNTHETIC_STREAM: u64 = 0x7063_6102;
/// Points of each table that are drawn.
const POINTS: usize = 1_000;
/// Labels of a column that become columns.
const MOST_LABELS: usize = 12;
/// Columns that are laid out.
const MOST_FEATURES: usize = 300;

/// Both tables in two dimensions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Projection {
    /// Real rows, at most 1,000.
    pub real: Vec<(f64, f64)>,
    /// Synthetic rows, at most 1,000.
    pub synthetic: Vec<(f64, f64)>,
    /// Share of the real variance along each direction.
    pub shares: (f64, f64),
}

/// How one laid-out column follows from a column of the table.
enum Feature {
    Number { column: usize, mean: f64, deviation: f64 },
    Label { column: usize, code: f64 },
}

pub(super) fn projection_of(
    table: &Table,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Option<Projection>, FidelityError> {
    let mut features: Vec<Feature> =
        table.columns.iter().enumerate().flat_map(|(index, c)| features_of(index, c)).collect();
    features.truncate(MOST_FEATURES);
    if features.is_empty() || table.rows.real < 2 {
        return Ok(None);
    }
    let real = choose_rows(table.rows.real, POINTS, (options.seed, REAL_STREAM));
    let synthetic = choose_rows(table.rows.synthetic, POINTS, (options.seed, SYNTHETIC_STREAM));
    let real = lay_out(table, &features, Side::Real, &real)?;
    let synthetic = lay_out(table, &features, Side::Synthetic, &synthetic)?;
    let directions = features.len().min(2);
    let fitted = Pca::fit(&real, directions, control)?;
    let points = |matrix: &Matrix| -> Result<Vec<(f64, f64)>, FidelityError> {
        let placed = fitted.transform(matrix)?;
        let at = |column: usize, row: usize| placed.column(column).get(row).copied().unwrap_or(0.0);
        Ok((0..placed.rows()).map(|row| (at(0, row), at(1, row))).collect())
    };
    let share = |direction: usize| fitted.shares().get(direction).copied().unwrap_or(0.0);
    Ok(Some(Projection {
        real: points(&real)?,
        synthetic: points(&synthetic)?,
        shares: (share(0), share(1)),
    }))
}

fn features_of(index: usize, column: &Aligned) -> Vec<Feature> {
    match &column.values {
        Values::Numbers(numbers) => {
            let present: Vec<f64> = numbers.real.iter().copied().filter(|v| !v.is_nan()).collect();
            let count = present.len().max(1) as f64;
            let mean = present.iter().sum::<f64>() / count;
            let square = present.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count;
            let deviation = if square > 0.0 { square.sqrt() } else { 1.0 };
            vec![Feature::Number { column: index, mean, deviation }]
        }
        Values::Labels { names, codes } => {
            let shares = shares(&codes.real, names.len()).unwrap_or_default();
            let mut order: Vec<(f64, usize)> = shares.into_iter().zip(0..).collect();
            order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let feature =
                |(_, code): (f64, usize)| Feature::Label { column: index, code: code as f64 };
            order.into_iter().filter(|(s, _)| *s > 0.0).take(MOST_LABELS).map(feature).collect()
        }
    }
}

fn lay_out(
    table: &Table,
    features: &[Feature],
    side: Side,
    rows: &[usize],
) -> Result<Matrix, FidelityError> {
    let value = |column: usize, row: usize| {
        table.columns.get(column).map_or(f64::NAN, |column| column.number(side, row))
    };
    let lay = |feature: &Feature| {
        let values = rows.iter().map(|row| match feature {
            Feature::Number { column, mean, deviation } => {
                let value = value(*column, *row);
                if value.is_nan() { 0.0 } else { (value - mean) / deviation }
            }
            Feature::Label { column, code } => f64::from(u8::from(value(*column, *row) == *code)),
        });
        Column::numeric(values.collect())
    };
    Ok(Matrix::new(features.iter().map(lay).collect())?)
}
