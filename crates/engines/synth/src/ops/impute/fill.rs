//! The filled cells of each row, and a frame that has them.

use gantry_kit::{Column, ColumnData, ColumnKind, Frame};
use gantry_learn::Rng;
use rayon::prelude::*;

use super::{FilledColumn, Filling};
use crate::encode::{Block, EncodedTable, Encoding, Treatment};
use crate::error::SynthError;
use crate::mixture::Mixture;
use crate::model_file::SynthModel;

/// Draws for a row until it keeps the constraints.
const ATTEMPTS: u64 = 40;
const STREAM: u64 = 0x496d_7075_7465_2121;

/// What rows are filled from.
pub(super) struct Filler<'a> {
    pub(super) model: &'a SynthModel,
    pub(super) mixture: &'a Mixture,
    /// The table as the mixture sees it.
    pub(super) encoded: EncodedTable,
}

impl Filler<'_> {
    /// All rows with nothing missing but what the mixture has no value for, and how many of them
    /// break a constraint.
    pub(super) fn fill(&self, how: Filling, seed: u64) -> (Block, usize) {
        let filled: Vec<(Vec<f64>, bool)> = (0..self.encoded.rows)
            .into_par_iter()
            .map(|row| self.fill_row(row, how, seed))
            .collect();
        let broken = filled.iter().filter(|(_, kept)| !kept).count();
        let mut block = Block { columns: vec![Vec::new(); self.encoded.columns.len()] };
        for (values, _) in filled {
            block.columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        }
        (block, broken)
    }

    fn fill_row(&self, row: usize, how: Filling, seed: u64) -> (Vec<f64>, bool) {
        let known = self.encoded.row(row);
        if !known.iter().any(|value| value.is_nan()) {
            return (known, true);
        }
        let mut rng = Rng::stream(seed ^ STREAM, row as u64);
        let mut values = match how {
            Filling::Likely => self.restore(self.mixture.fill_likely(&known)),
            Filling::Draw => self.restore(self.mixture.fill(&known, &mut rng)),
        };
        // What is likeliest may break a constraint; a draw may keep it.
        for _ in 0..ATTEMPTS {
            if self.is_kept(&values) {
                return (values, true);
            }
            values = self.restore(self.mixture.fill(&known, &mut rng));
        }
        let kept = self.is_kept(&values);
        (values, kept)
    }

    /// The row in the table's own columns.
    fn restore(&self, values: Vec<f64>) -> Vec<f64> {
        let mut block = Block { columns: values.into_iter().map(|value| vec![value]).collect() };
        let header = &self.model.header;
        header.constraints.restore(&mut block, &header.encoding);
        block.columns.into_iter().filter_map(|column| column.first().copied()).collect()
    }

    fn is_kept(&self, values: &[f64]) -> bool {
        let header = &self.model.header;
        let cell = |column: usize| values[column];
        header.constraints.list.iter().all(|known| known.rule.is_kept(&cell, &header.encoding))
    }
}

/// The table with its missing cells filled; everything else stays as it is.
pub(super) fn replace_missing(
    frame: &Frame,
    encoding: &Encoding,
    block: &Block,
) -> Result<(Frame, Vec<FilledColumn>), SynthError> {
    let mut columns = Vec::with_capacity(frame.columns().len());
    let mut report = Vec::new();
    for column in frame.columns() {
        let missing = column.missing().count();
        let plan = encoding.modelled.iter().zip(&block.columns).find_map(|(index, values)| {
            let plan = &encoding.columns[*index];
            (plan.name == column.name()).then_some((&plan.treatment, values))
        });
        let filled = match plan {
            Some((treatment, values)) if missing > 0 => fill_column(column, treatment, values)?,
            Some(_) | None => column.clone(),
        };
        if missing > 0 {
            report.push(FilledColumn {
                name: column.name().to_owned(),
                missing: missing as u64,
                filled: (missing - filled.missing().count()) as u64,
            });
        }
        columns.push(filled);
    }
    Ok((Frame::new(columns)?, report))
}

fn fill_column(
    column: &Column,
    treatment: &Treatment,
    values: &[f64],
) -> Result<Column, SynthError> {
    let name = column.name().to_owned();
    Ok(match (column.data(), treatment) {
        (ColumnData::Number(cells), Treatment::Number { .. }) => {
            let cells = cells.iter().zip(values);
            let filled = cells.map(|(cell, value)| if cell.is_nan() { *value } else { *cell });
            if column.kind() == ColumnKind::Integer {
                Column::integer(name, filled.map(f64::round).collect())
            } else {
                Column::number(name, filled.collect())
            }
        }
        (ColumnData::Date { micros, format }, Treatment::Date { unit, .. }) => {
            let cells: Vec<Option<i64>> = micros
                .iter()
                .zip(values)
                .enumerate()
                .map(|(row, (micros, value))| match column.is_missing(row) {
                    false => Some(*micros),
                    true if value.is_nan() => None,
                    true => Some((value.round() as i64).saturating_mul(*unit)),
                })
                .collect();
            Column::date(name, &cells, *format)
        }
        (
            ColumnData::Number(_)
            | ColumnData::Date { .. }
            | ColumnData::Category { .. }
            | ColumnData::Text(_),
            _,
        ) => fill_labels(column, treatment, values),
    })
}

fn fill_labels(column: &Column, treatment: &Treatment, values: &[f64]) -> Column {
    let labels: &[String] = match treatment {
        Treatment::Levels { labels, .. } | Treatment::Ordinal { labels } => labels,
        Treatment::Number { .. } | Treatment::Date { .. } | Treatment::Regenerated { .. } => &[],
    };
    let cells: Vec<Option<String>> = values
        .iter()
        .enumerate()
        .map(|(row, value)| match column.find_cell(row) {
            Some(cell) => Some(cell.into_owned()),
            None if *value >= 0.0 => labels.get(value.round() as usize).cloned(),
            None => None,
        })
        .collect();
    let name = column.name().to_owned();
    if let (ColumnKind::Boolean, Some((_, [no, yes]))) = (column.kind(), column.find_levels()) {
        let truths: Vec<Option<bool>> =
            cells.iter().map(|cell| cell.as_ref().map(|cell| cell == yes)).collect();
        return Column::boolean(name, &truths, [no, yes]);
    }
    Column::labels(name, cells.iter().map(Option::as_deref))
}
