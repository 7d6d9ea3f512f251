//! A further table in the terms of one that was learned.

use std::collections::HashMap;

use gantry_kit::{Column, ColumnData, Frame};

use super::{ColumnPlan, EncodedColumn, EncodedKind, EncodedTable, Encoding, Treatment};
use crate::error::SynthError;

impl Encoding {
    /// Encodes a table of the same columns. Labels that were not learned are masked.
    pub(crate) fn encode(&self, frame: &Frame) -> Result<EncodedTable, SynthError> {
        let mut table = EncodedTable { rows: frame.rows(), ..EncodedTable::default() };
        for (place, index) in self.modelled.iter().enumerate() {
            let plan = &self.columns[*index];
            let column =
                frame.find_column(&plan.name).ok_or_else(|| SynthError::ColumnNotFound {
                    column: plan.name.clone(),
                    available: crate::error::derive_list(&frame.names().collect::<Vec<_>>(), 12),
                })?;
            let (kind, values) = encode_as(plan, column)?;
            table.columns.push(EncodedColumn { name: plan.name.clone(), kind, values });
            table.decimals.push(self.decimals(place));
        }
        Ok(table)
    }
}

fn encode_as(plan: &ColumnPlan, column: &Column) -> Result<(EncodedKind, Vec<f64>), SynthError> {
    let wrong_kind =
        || SynthError::RoleUnfit { column: plan.name.clone(), role: plan.role.as_str() };
    Ok(match &plan.treatment {
        Treatment::Number { .. } => {
            let values = column.find_numbers().ok_or_else(wrong_kind)?;
            (EncodedKind::Number, values.to_vec())
        }
        Treatment::Date { unit, .. } => {
            let ColumnData::Date { micros, .. } = column.data() else { return Err(wrong_kind()) };
            let cell = |(row, micros): (usize, &i64)| match column.is_missing(row) {
                true => f64::NAN,
                false => micros.div_euclid(*unit) as f64,
            };
            (EncodedKind::Number, micros.iter().enumerate().map(cell).collect())
        }
        Treatment::Levels { labels, .. } => {
            (EncodedKind::Levels(labels.len() as u32), find_codes(labels, column, -1.0))
        }
        // A label without a place in the order is as good as missing.
        Treatment::Ordinal { labels } => {
            (EncodedKind::Number, find_codes(labels, column, f64::NAN))
        }
        Treatment::Regenerated { .. } => return Err(wrong_kind()),
    })
}

fn find_codes(labels: &[String], column: &Column, unknown: f64) -> Vec<f64> {
    let codes: HashMap<&str, usize> =
        labels.iter().enumerate().map(|(code, label)| (label.as_str(), code)).collect();
    let code = |row: usize| match column.find_cell(row) {
        None => f64::NAN,
        Some(cell) => codes.get(cell.as_ref()).map_or(unknown, |code| *code as f64),
    };
    (0..column.len()).map(code).collect()
}
