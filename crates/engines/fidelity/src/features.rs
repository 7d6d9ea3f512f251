//! The compared columns as a table that learners read: numbers as they are, labels as codes.

use gantry_learn::{Column, Matrix};

use crate::FidelityError;
use crate::table::{MISSING, Side, Table, Values};

/// Rows of a table.
pub(crate) type Rows<'a> = (Side, &'a [usize]);

/// Codes from here on are read as one label more, as learners hold no more of them.
const MOST_CODES: u32 = 1 << 20;

/// These columns of these rows, one part after the other. Missing is NaN.
pub(crate) fn features(
    table: &Table,
    columns: &[usize],
    parts: &[Rows<'_>],
) -> Result<Matrix, FidelityError> {
    let chosen = columns.iter().filter_map(|column| table.columns.get(*column));
    let built = chosen.map(|column| match &column.values {
        Values::Numbers(numbers) => {
            let of = |(side, rows): &Rows<'_>| {
                let values = numbers.get(*side);
                rows.iter().filter_map(|row| values.get(*row).copied()).collect::<Vec<f64>>()
            };
            Column::numeric(parts.iter().flat_map(of).collect())
        }
        Values::Labels { codes, .. } => {
            let of = |(side, rows): &Rows<'_>| {
                let values = codes.get(*side);
                let code = |code: u32| match code {
                    MISSING => f64::NAN,
                    code => f64::from(code.min(MOST_CODES)),
                };
                rows.iter()
                    .filter_map(|row| values.get(*row).map(|c| code(*c)))
                    .collect::<Vec<f64>>()
            };
            Column::category(parts.iter().flat_map(of).collect())
        }
    });
    Ok(Matrix::new(built.collect())?)
}
