//! From drawn rows back to a frame of the table's columns.

use std::ops::Range;

use gantry_kit::{Column, Frame};
use gantry_learn::Rng;

use super::{Block, ColumnPlan, Encoding, Treatment};
use crate::error::SynthError;

/// Keeps the stream of regenerated cells apart from that of modelled ones.
const REGENERATED: u64 = 0x5265_6765_6e65_7261;

impl Encoding {
    /// The rows as a frame; `rows` are their numbers, which regenerated columns are made from.
    pub(crate) fn decode(
        &self,
        block: &Block,
        rows: Range<u64>,
        seed: u64,
    ) -> Result<Frame, SynthError> {
        let mut columns = Vec::with_capacity(self.columns.len());
        let mut next = block.columns.iter();
        for (index, plan) in self.columns.iter().enumerate() {
            let column = match &plan.treatment {
                Treatment::Regenerated { with, missing } => {
                    let text = |row: u64| {
                        let stream = row.wrapping_mul(1_000_003).wrapping_add(index as u64);
                        let mut rng = Rng::stream(seed ^ REGENERATED, stream);
                        let is_missing = rng.uniform() < *missing;
                        (!is_missing).then(|| with.make(row, seed, &mut rng))
                    };
                    let texts: Vec<Option<String>> = rows.clone().map(text).collect();
                    Column::id(plan.name.clone(), texts.iter().map(Option::as_deref))
                }
                Treatment::Levels { .. }
                | Treatment::Ordinal { .. }
                | Treatment::Number { .. }
                | Treatment::Date { .. } => {
                    let values = next.next().ok_or_else(|| {
                        SynthError::inconsistent("The drawn rows lack a modelled column.")
                    })?;
                    decode_column(plan, values)?
                }
            };
            columns.push(column);
        }
        Ok(Frame::new(columns)?)
    }
}

fn decode_column(plan: &ColumnPlan, values: &[f64]) -> Result<Column, SynthError> {
    let name = plan.name.clone();
    let code = |value: &f64| (*value >= 0.0).then_some(*value as u32);
    Ok(match &plan.treatment {
        Treatment::Number { integer: true, .. } => Column::integer(name, values.to_vec()),
        Treatment::Number { integer: false, .. } => Column::number(name, values.to_vec()),
        Treatment::Levels { labels, boolean: true } if labels.len() == 2 => {
            let words = [labels[0].as_str(), labels[1].as_str()];
            let cells: Vec<Option<bool>> =
                values.iter().map(|value| code(value).map(|code| code == 1)).collect();
            Column::boolean(name, &cells, words)
        }
        Treatment::Levels { labels, .. } => {
            let codes: Vec<Option<u32>> = values.iter().map(code).collect();
            Column::category(name, &codes, labels.clone())?
        }
        Treatment::Ordinal { labels } => {
            let most = labels.len().saturating_sub(1) as f64;
            let place =
                |value: &f64| (!value.is_nan()).then(|| value.round().clamp(0.0, most) as u32);
            let codes: Vec<Option<u32>> = values.iter().map(place).collect();
            Column::category(name, &codes, labels.clone())?
        }
        Treatment::Date { format, unit } => {
            let micros = |value: &f64| {
                (!value.is_nan()).then(|| (value.round() as i64).saturating_mul(*unit))
            };
            let cells: Vec<Option<i64>> = values.iter().map(micros).collect();
            Column::date(name, &cells, *format)
        }
        Treatment::Regenerated { .. } => {
            return Err(SynthError::inconsistent("A regenerated column was decoded."));
        }
    })
}
