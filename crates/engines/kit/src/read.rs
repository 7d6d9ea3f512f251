//! Tables in: CSV, TSV and their relatives, JSON Lines, and Parquet.
//!
//! A table is read twice: the first pass finds how each column is spelled over all its rows, the
//! second builds typed columns. So memory holds the result and no raw text, and the type of a
//! column never depends on its first rows only.

mod build;
mod decode;
mod delimited;
mod guess;
mod infer;
mod json_lines;
mod magic;
mod parquet;
mod record;
mod sniff;
mod source;
mod warning;

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

pub use decode::Encoding;
pub use sniff::{Format, Sniff, sniff};
pub use warning::ReadWarning;

pub(crate) use guess::{HashedSet, Range, stable_hash};
pub(crate) use infer::{ColumnPlan, Scan, scan, scan_rows};
pub(crate) use record::Record;
pub(crate) use sniff::require_delimiter;
pub(crate) use source::Source;

use crate::error::TableError;
use crate::frame::{Column, ColumnKind, ColumnSpec, Frame, Schema};
use crate::value::MissingMarkers;
use build::ColumnBuilder;

/// How a file is to be read; the default finds everything out by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// Force the format.
    pub format: Option<Format>,
    /// Force the encoding.
    pub encoding: Option<Encoding>,
    /// Force the delimiter (an ASCII character that is no letter, digit, quote or line end).
    pub delimiter: Option<char>,
    /// Whether the first row holds the names.
    pub header: Header,
    /// Texts that count as missing.
    pub missing: MissingMarkers,
    /// How to read dates in which day and month cannot be told apart.
    pub ambiguous_dates: DateOrder,
    /// What to do with rows that have too few cells.
    pub short_rows: ShortRows,
    /// Force the kind of single columns, by name.
    pub kinds: BTreeMap<String, ColumnKind>,
    /// Read columns as another table was read, by name. `kinds` goes before it.
    pub schema: Option<Schema>,
    /// Sizes beyond which a file is refused.
    pub limits: ReadLimits,
}

/// Whether the first row of a delimited file holds column names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Header {
    /// Find out from the cells.
    #[default]
    Detect,
    /// It does.
    Present,
    /// It does not; columns are named `column_1`, `column_2` and so on.
    Absent,
}

/// The order of day and month where the values leave it open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// `03/04/2024` is the 3rd of April.
    #[default]
    DayFirst,
    /// `03/04/2024` is the 4th of March.
    MonthFirst,
}

/// What happens to rows with fewer cells than there are columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShortRows {
    /// The cells at the end are missing, and a warning says so.
    #[default]
    Pad,
    /// The file is refused, naming the line.
    Refuse,
}

/// Sizes beyond which a file is refused instead of read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadLimits {
    /// Columns.
    pub max_columns: usize,
    /// Rows without the header.
    pub max_rows: u64,
    /// Bytes of one cell, decoded.
    pub max_cell_bytes: usize,
    /// Bytes of one row, decoded.
    pub max_row_bytes: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            max_columns: 10_000,
            max_rows: 50_000_000,
            max_cell_bytes: 1 << 20,
            max_row_bytes: 16 << 20,
        }
    }
}

/// How far reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read, counted over both passes.
    pub bytes_read: u64,
    /// Bytes to read in both passes together.
    pub bytes_total: u64,
    /// Rows read in the present pass.
    pub rows: u64,
}

/// Called every few thousand rows; `Break` ends reading with [`TableError::Stopped`].
pub type Watch<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// Reads a whole file into typed columns.
///
/// Warnings say what was decided or repaired on the way.
///
/// # Errors
/// Any [`TableError`] about the file; the message names the line and the next step.
pub fn read_frame<R: Read + Seek>(
    mut reader: R,
    options: &ReadOptions,
) -> Result<(Frame, Vec<ReadWarning>), TableError> {
    read_frame_watched(&mut reader, options, &mut |_| ControlFlow::Continue(()))
}

/// [`read_frame`] with progress and a way to stop.
///
/// # Errors
/// As [`read_frame`], and [`TableError::Stopped`] when `watch` asks for it.
pub fn read_frame_watched<R: Read + Seek>(
    reader: &mut R,
    options: &ReadOptions,
    watch: Watch<'_>,
) -> Result<(Frame, Vec<ReadWarning>), TableError> {
    let Scan { sniff, columns, rows, mut warnings, .. } = scan(reader, options, watch)?;
    let mut builders: Vec<_> = columns
        .into_iter()
        .map(|plan| ColumnBuilder::new(plan.spec, usize::try_from(rows).unwrap_or(0)))
        .collect();
    let mut source = Source::open(reader, &sniff, options)?.second_pass();
    let mut record = Record::default();
    while source.read(&mut record, watch)? {
        for (index, builder) in builders.iter_mut().enumerate() {
            builder.push(record.get(index), record.line(), &options.missing);
        }
    }
    let mut columns = Vec::with_capacity(builders.len());
    for builder in builders {
        let (column, warning) = builder.finish();
        columns.push(column);
        warnings.extend(warning);
    }
    Ok((Frame::new(columns)?, warnings))
}

/// Reads cells as `spec` says, one a row and `None` where a row has none: for callers who have
/// single rows and no file. Levels that `spec` does not list get their codes as they appear.
///
/// None where a cell is not of the column's kind in the column's own spelling, or longer than files
/// may have it: reading the rows as a file tells what is wrong, or finds another spelling.
#[must_use]
pub fn find_column<'a>(
    spec: &ColumnSpec,
    cells: impl ExactSizeIterator<Item = Option<&'a str>>,
    missing: &MissingMarkers,
) -> Option<Column> {
    let longest = ReadLimits::default().max_cell_bytes;
    let mut builder = ColumnBuilder::new(spec.clone(), cells.len());
    for (cell, line) in cells.zip(1..) {
        if cell.is_some_and(|cell| cell.len() > longest) {
            return None;
        }
        builder.push(cell, line, missing);
    }
    match builder.finish() {
        (_, Some(ReadWarning::UnreadableCells { .. })) => None,
        (column, _) => Some(column),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_cells_are_read_as_those_of_a_file() {
        let text = "n,when,who,ok\n1.5,2024-01-02,a,yes\n,2024-02-03,b,no\n7,2024-02-05,a,yes\n";
        let (frame, _) = read_frame(std::io::Cursor::new(text), &ReadOptions::default()).unwrap();
        let read = |name: &str, cells: &[Option<&str>]| {
            let spec = frame.get_column(name).unwrap().spec();
            find_column(&spec, cells.iter().copied(), &MissingMarkers::default())
        };
        for column in frame.columns() {
            let cells: Vec<_> = (0..column.len()).map(|row| column.find_cell(row)).collect();
            let cells: Vec<_> = cells.iter().map(|cell| cell.as_deref()).collect();
            let again = read(column.name(), &cells).unwrap();
            assert_eq!(again.data(), column.data(), "{}", column.name());
            assert_eq!(again.missing(), column.missing(), "{}", column.name());
        }
        assert!(read("n", &[Some(" NA "), None]).unwrap().is_missing(0));
        assert_eq!(read("who", &[Some("new")]).unwrap().find_cell(0).as_deref(), Some("new"));
        for (name, cell) in [("n", "1,5"), ("when", "02/01/2024"), ("ok", "perhaps")] {
            assert!(read(name, &[Some(cell)]).is_none(), "{name}");
        }
        assert!(read("who", &[Some(&"x".repeat(2 << 20))]).is_none());
    }
}
