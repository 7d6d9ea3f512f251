//! What the reader decided or repaired, so that nobody has to guess it from the result.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Encoding;
use crate::frame::ColumnKind;
use crate::value::{DateLayout, NumberFormat};

/// Something about the file that its owner should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ReadWarning {
    /// A name occurred before, and the later column was renamed.
    DuplicateHeader {
        /// Name in the file.
        name: String,
        /// Name in the table.
        renamed: String,
    },
    /// A column had no name and was given one.
    EmptyHeader {
        /// Position of the column, counted from 1.
        position: usize,
        /// Name in the table.
        named: String,
    },
    /// Rows had too few cells and were padded with missing ones.
    ShortRows {
        /// Number of such rows.
        count: u64,
        /// Line of the first.
        first_line: u64,
    },
    /// Rows had empty cells beyond the last column, which were dropped.
    TrailingCells {
        /// Number of such rows.
        count: u64,
        /// Line of the first.
        first_line: u64,
    },
    /// The file is no UTF-8 and was read as this encoding.
    EncodingAssumed {
        /// The encoding.
        encoding: Encoding,
    },
    /// Day and month could be either way round; the table says which was taken.
    AmbiguousDates {
        /// Column.
        column: String,
        /// Layout taken.
        layout: DateLayout,
    },
    /// Commas could be decimal points or group marks; the table says which was taken.
    AmbiguousNumbers {
        /// Column.
        column: String,
        /// Format taken.
        format: NumberFormat,
    },
    /// Nearly all cells are numbers, but some are not, so that the column is none of numbers.
    MostlyNumbers {
        /// Column.
        column: String,
        /// Cells that are no number.
        count: u64,
        /// Line of the first.
        first_line: u64,
        /// The first such cell, shortened.
        example: String,
    },
    /// Cells do not fit the kind that the column was to be read as, and count as missing.
    UnreadableCells {
        /// Column.
        column: String,
        /// The kind.
        kind: ColumnKind,
        /// Number of such cells.
        count: u64,
        /// Line of the first.
        first_line: u64,
        /// The first such cell, shortened.
        example: String,
    },
    /// Labels that the schema does not know; they have codes after the known ones.
    NewLevels {
        /// Column.
        column: String,
        /// Number of new levels.
        count: u64,
        /// The first new level, shortened.
        example: String,
    },
    /// A column of the schema that the file does not have.
    ColumnNotFound {
        /// Column.
        column: String,
    },
}

impl fmt::Display for ReadWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateHeader { name, renamed } => {
                write!(f, "the name {name:?} occurs twice; the later column is now {renamed:?}")
            }
            Self::EmptyHeader { position, named } => {
                write!(f, "column {position} has no name; it is now {named:?}")
            }
            Self::ShortRows { count, first_line } => write!(
                f,
                "{count} rows have too few cells (first: line {first_line}); the rest is missing"
            ),
            Self::TrailingCells { count, first_line } => write!(
                f,
                "{count} rows have empty cells after the last column (first: line {first_line}); \
                 they were dropped"
            ),
            Self::EncodingAssumed { encoding } => {
                write!(f, "the file is not UTF-8; it was read as {encoding}")
            }
            Self::AmbiguousDates { column, layout } => write!(
                f,
                "dates of {column:?} fit day/month and month/day; they were read as {layout}"
            ),
            Self::AmbiguousNumbers { column, format } => {
                let comma = match format {
                    NumberFormat::DecimalComma => "decimal points",
                    NumberFormat::Plain | NumberFormat::GroupedComma => "marks between thousands",
                };
                write!(f, "commas in {column:?} can mean two things; they were read as {comma}")
            }
            Self::MostlyNumbers { column, count, first_line, example } => write!(
                f,
                "{column:?} holds numbers except in {count} cells (first: {example:?} in line \
                 {first_line}); it is not read as numbers"
            ),
            Self::UnreadableCells { column, kind, count, first_line, example } => write!(
                f,
                "{count} cells of {column:?} cannot be read as {kind:?} (first: {example:?} in \
                 line {first_line}); they count as missing"
            ),
            Self::NewLevels { column, count, example } => {
                write!(f, "{column:?} has {count} new labels (first: {example:?})")
            }
            Self::ColumnNotFound { column } => {
                write!(f, "the file has no column {column:?}")
            }
        }
    }
}
