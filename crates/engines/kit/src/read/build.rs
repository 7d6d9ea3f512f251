//! The second pass: cells into typed columns.
//!
//! A cell that does not fit the kind of its column is missing, and counted for a warning.

use std::collections::HashMap;

use super::ReadWarning;
use super::guess::derive_example;
use crate::frame::{BitMask, Column, ColumnData, ColumnKind, ColumnSpec, TextValues};
use crate::value::{
    DateFormat, MissingMarkers, NumberFormat, is_integer, parse_boolean, parse_date, parse_number,
};

enum Cells {
    Number { values: Vec<f64>, format: NumberFormat, whole: bool },
    Category { codes: Vec<u32>, levels: Vec<String>, index: HashMap<String, u32>, known: usize },
    Boolean { codes: Vec<u32>, words: [Option<String>; 2] },
    Date { micros: Vec<i64>, format: DateFormat },
    Text { values: TextValues, trim: bool },
}

/// A column that grows row by row.
pub(crate) struct ColumnBuilder {
    spec: ColumnSpec,
    cells: Cells,
    missing: BitMask,
    unreadable: u64,
    first_unreadable: Option<(u64, String)>,
}

impl ColumnBuilder {
    /// Starts a column of about `rows` rows.
    pub(crate) fn new(spec: ColumnSpec, rows: usize) -> Self {
        let cells = match spec.kind {
            ColumnKind::Number | ColumnKind::Integer => Cells::Number {
                values: Vec::with_capacity(rows),
                format: spec.number_format,
                whole: true,
            },
            ColumnKind::Category => {
                let levels = spec.levels.clone();
                let numbered = levels.iter().cloned().zip(0..);
                Cells::Category {
                    codes: Vec::with_capacity(rows),
                    index: numbered.collect(),
                    known: levels.len(),
                    levels,
                }
            }
            ColumnKind::Boolean => {
                let mut words = spec.levels.iter().cloned();
                let words = [words.next(), words.next()];
                Cells::Boolean { codes: Vec::with_capacity(rows), words }
            }
            ColumnKind::Date => {
                Cells::Date { micros: Vec::with_capacity(rows), format: spec.date_format }
            }
            ColumnKind::Text => Cells::Text { values: TextValues::default(), trim: false },
            ColumnKind::Id => Cells::Text { values: TextValues::default(), trim: true },
        };
        Self { spec, cells, missing: BitMask::default(), unreadable: 0, first_unreadable: None }
    }

    /// Adds one cell, `None` where the row has none.
    pub(crate) fn push(&mut self, cell: Option<&str>, line: u64, markers: &MissingMarkers) {
        let present =
            cell.map(|cell| (cell, cell.trim())).filter(|(_, text)| !markers.matches(text));
        let accepted = self.cells.push(present);
        self.missing.push(!accepted);
        if let (Some((_, text)), false) = (present, accepted) {
            self.unreadable += 1;
            self.first_unreadable.get_or_insert_with(|| (line, derive_example(text)));
        }
    }

    /// The finished column and what its owner should know.
    pub(crate) fn finish(self) -> (Column, Option<ReadWarning>) {
        let Self { mut spec, cells, missing, unreadable, first_unreadable } = self;
        let column = spec.name.clone();
        let mut warning = first_unreadable.map(|(first_line, example)| {
            let (column, kind, count) = (column.clone(), spec.kind, unreadable);
            ReadWarning::UnreadableCells { column, kind, count, first_line, example }
        });
        let data = match cells {
            Cells::Number { values, whole, .. } => {
                if !whole {
                    spec.kind = ColumnKind::Number;
                }
                ColumnData::Number(values)
            }
            Cells::Category { codes, levels, known, .. } => {
                if let (Some(new), 1..) = (levels.get(known), known) {
                    let (count, example) = ((levels.len() - known) as u64, derive_example(new));
                    warning = Some(ReadWarning::NewLevels { column, count, example });
                }
                ColumnData::Category { codes, levels }
            }
            Cells::Boolean { codes, words: [no, yes] } => {
                let no = no.unwrap_or_else(|| "false".to_owned());
                let yes = yes.unwrap_or_else(|| "true".to_owned());
                ColumnData::Category { codes, levels: vec![no, yes] }
            }
            Cells::Date { micros, format } => ColumnData::Date { micros, format },
            Cells::Text { values, .. } => ColumnData::Text(values),
        };
        (Column::from_parts(spec, data, missing), warning)
    }
}

impl Cells {
    /// Adds a cell, given as it is and without surrounding blanks; false when it is missing.
    fn push(&mut self, cell: Option<(&str, &str)>) -> bool {
        match self {
            Self::Number { values, format, whole } => {
                let value = cell.and_then(|(_, text)| parse_number(text, *format));
                values.push(value.unwrap_or(f64::NAN));
                if let (Some((_, text)), Some(value)) = (cell, value) {
                    *whole = *whole && (value.fract() == 0.0 || is_integer(text));
                }
                value.is_some()
            }
            Self::Category { codes, levels, index, .. } => {
                let Some((_, text)) = cell else {
                    codes.push(0);
                    return false;
                };
                let code = index.get(text).copied().unwrap_or_else(|| {
                    let code = u32::try_from(levels.len()).unwrap_or(u32::MAX);
                    levels.push(text.to_owned());
                    index.insert(text.to_owned(), code);
                    code
                });
                codes.push(code);
                true
            }
            Self::Boolean { codes, words } => {
                let truth = cell.and_then(|(_, text)| read_truth(text, words));
                codes.push(u32::from(truth.unwrap_or(false)));
                truth.is_some()
            }
            Self::Date { micros, format } => {
                let parsed = cell.and_then(|(_, text)| parse_date(text, format.layout));
                micros.push(parsed.map_or(0, |parsed| parsed.micros));
                parsed.is_some()
            }
            Self::Text { values, trim } => {
                let text = cell.map(|(raw, text)| if *trim { text } else { raw });
                values.push(text.unwrap_or(""));
                text.is_some()
            }
        }
    }
}

/// The truth value of a cell; the first spelling of each side becomes its label.
fn read_truth(text: &str, words: &mut [Option<String>; 2]) -> Option<bool> {
    let known = words
        .iter()
        .position(|word| word.as_deref().is_some_and(|word| word.eq_ignore_ascii_case(text)));
    let truth = known.map(|side| side == 1).or_else(|| parse_boolean(text))?;
    if let Some(word) = words.get_mut(usize::from(truth)) {
        word.get_or_insert_with(|| text.to_owned());
    }
    Some(truth)
}
