//! What is in a file, in memory that does not grow with its rows.
//!
//! Two passes: the first decides the kinds and finds the range of numbers and dates, the second
//! counts. Counts, means and histograms are exact. Numbers of different values are exact up to
//! 10,000 and estimated beyond (about 2 % off); quantiles are exact up to 10,000 values and
//! estimated beyond; both say so (`approximate`). Tables of more than 200 columns switch earlier.
//!
//! A [`Profile`] is stored and shown as JSON:
//!
//! ```json
//! {"file": {"format": "delimited", "encoding": "utf8", "delimiter": ",", "has_header": true,
//!           "preamble_lines": 0},
//!  "bytes": 3870, "rows": 150,
//!  "columns": [
//!    {"name": "sepal_length_cm", "kind": "number", "missing": 0,
//!     "distinct": {"value": 35, "approximate": false},
//!     "summary": {"type": "numbers", "min": 4.3, "max": 7.9, "mean": 5.84, "std": 0.83,
//!                 "zeros": 0, "negatives": 0,
//!                 "quantiles": {"points": [[0.01, 4.4], [0.5, 5.8]], "approximate": false},
//!                 "histogram": {"edges": [4.3, 4.66], "counts": [16]}},
//!     "notes": []},
//!    {"name": "species", "kind": "category", "missing": 0,
//!     "distinct": {"value": 3, "approximate": false},
//!     "summary": {"type": "levels", "top": [{"label": "setosa", "count": 50}], "other": 0,
//!                 "approximate": false},
//!     "notes": []}],
//!  "sample": [["5.1", "setosa"]],
//!  "warnings": []}
//! ```
//!
//! Standard deviations divide by n − 1. Values that do not exist (the mean of nothing) are null.

mod accumulate;
mod digest;
mod distinct;
mod histogram;
mod preview;

use std::io::{Read, Seek};

use serde::{Deserialize, Serialize};

pub use histogram::Histogram;
pub use preview::{Preview, PreviewColumn, preview};

use crate::error::TableError;
use crate::frame::ColumnKind;
use crate::read::{ReadOptions, ReadWarning, Record, Scan, Sniff, Source, Watch, scan};
use accumulate::Accumulator;

/// Rows of the sample.
const SAMPLE_ROWS: usize = 20;
/// Characters of a cell in samples, previews and lists of labels.
pub(crate) const SHOWN_CHARS: usize = 200;

/// What is in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// What the file is.
    pub file: Sniff,
    /// Size of the file.
    pub bytes: u64,
    /// Rows without the header.
    pub rows: u64,
    /// One entry per column, in order.
    pub columns: Vec<ColumnProfile>,
    /// The first rows, one list of cells each, `null` where missing; long cells are cut.
    pub sample: Vec<Vec<Option<String>>>,
    /// What the reader decided or repaired.
    pub warnings: Vec<ReadWarning>,
}

/// What is in one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// Name, unique in the table.
    pub name: String,
    /// What the column is read as.
    pub kind: ColumnKind,
    /// Cells without a value.
    pub missing: u64,
    /// Different values.
    pub distinct: Count,
    /// The values, by kind.
    pub summary: Summary,
    /// What is remarkable about the column.
    pub notes: Vec<ColumnNote>,
}

/// A number that may be an estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The number.
    pub value: u64,
    /// Whether it is an estimate.
    pub approximate: bool,
}

/// The values of a column, by kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Summary {
    /// Of a number or integer column.
    Numbers(NumberSummary),
    /// Of a category or Boolean column.
    Levels(LevelSummary),
    /// Of a date column.
    Dates(DateSummary),
    /// Of a text or id column.
    Texts(TextSummary),
}

/// Numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumberSummary {
    /// Smallest value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Standard deviation of the sample (n − 1).
    pub std: Option<f64>,
    /// Values that are zero.
    pub zeros: u64,
    /// Values below zero.
    pub negatives: u64,
    /// Values below which a share of all values lies.
    pub quantiles: Quantiles,
    /// Counts by range.
    pub histogram: Histogram<f64>,
}

/// Values below which a share of all values lies, interpolated linearly between neighbours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Share and value, for 1, 5, 25, 50, 75, 95 and 99 %; empty without values.
    pub points: Vec<(f64, f64)>,
    /// Whether the values are estimates.
    pub approximate: bool,
}

/// Labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelSummary {
    /// The most frequent labels, at most 20, the most frequent first.
    pub top: Vec<LevelCount>,
    /// Cells with any other label.
    pub other: u64,
    /// Whether there were too many labels to count each of them.
    pub approximate: bool,
}

/// A label and how often it occurs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelCount {
    /// The label, cut when it is very long.
    pub label: String,
    /// Cells with it.
    pub count: u64,
}

/// Points in time, in ISO 8601, UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DateSummary {
    /// First instant.
    pub min: Option<String>,
    /// Last instant.
    pub max: Option<String>,
    /// Counts by period.
    pub histogram: Histogram<String>,
}

/// Texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TextSummary {
    /// Characters of the shortest.
    pub min_chars: Option<u64>,
    /// Characters on average.
    pub mean_chars: Option<f64>,
    /// Characters of the longest.
    pub max_chars: Option<u64>,
}

/// Something remarkable about a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnNote {
    /// No cell has a value.
    Empty,
    /// All cells that have a value have the same.
    Constant,
    /// More than half of the cells have no value.
    MostlyMissing,
    /// Every row has another value, so that the column names rows and explains nothing.
    IdLike,
}

/// Profiles a whole file. `watch` is told the progress and may stop it.
///
/// # Errors
/// Any [`TableError`] about the file, and [`TableError::Stopped`].
pub fn profile<R: Read + Seek>(
    mut reader: R,
    options: &ReadOptions,
    watch: Watch<'_>,
) -> Result<Profile, TableError> {
    let Scan { sniff, columns: plans, rows, warnings } = scan(&mut reader, options, &mut *watch)?;
    let exact = (2_000_000 / plans.len().max(1)).clamp(200, 10_000);
    let mut accumulators: Vec<_> =
        plans.iter().map(|plan| Accumulator::new(plan, rows, exact)).collect();
    let mut missing = vec![0_u64; plans.len()];
    let mut sample = Vec::new();
    let mut source = Source::open(&mut reader, &sniff, options)?.second_pass();
    let mut record = Record::default();
    while source.read(&mut record, &mut *watch)? {
        for ((index, accumulator), missing) in accumulators.iter_mut().enumerate().zip(&mut missing)
        {
            let present =
                find_present(&record, index, options).is_some_and(|cell| accumulator.push(cell));
            *missing += u64::from(!present);
        }
        if sample.len() < SAMPLE_ROWS {
            sample.push(derive_shown_row(&record, plans.len(), options));
        }
    }
    let finished = plans.into_iter().zip(accumulators).zip(missing);
    let columns = finished.map(|((plan, accumulator), missing)| {
        let (distinct, summary) = accumulator.finish();
        let notes = derive_notes(plan.spec.kind, (rows, missing), distinct);
        ColumnProfile {
            name: plan.spec.name,
            kind: plan.spec.kind,
            missing,
            distinct,
            summary,
            notes,
        }
    });
    let columns = columns.collect();
    let bytes = source.progress().bytes_total / 2;
    Ok(Profile { file: sniff, bytes, rows, columns, sample, warnings })
}

/// A cell without surrounding blanks, unless it is missing.
pub(crate) fn find_present<'r>(
    record: &'r Record,
    index: usize,
    options: &ReadOptions,
) -> Option<&'r str> {
    record.get(index).map(str::trim).filter(|cell| !options.missing.matches(cell))
}

/// The cells of a row as they are shown.
pub(crate) fn derive_shown_row(
    record: &Record,
    columns: usize,
    options: &ReadOptions,
) -> Vec<Option<String>> {
    (0..columns).map(|index| find_present(record, index, options).map(derive_shown)).collect()
}

/// A cell, cut when it is very long.
pub(crate) fn derive_shown(cell: &str) -> String {
    match cell.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", cell.get(..end).unwrap_or_default()),
        None => cell.to_owned(),
    }
}

fn derive_notes(kind: ColumnKind, (rows, missing): (u64, u64), distinct: Count) -> Vec<ColumnNote> {
    let present = rows - missing;
    if present == 0 {
        return vec![ColumnNote::Empty];
    }
    let mut notes = Vec::new();
    if distinct.value == 1 && present > 1 {
        notes.push(ColumnNote::Constant);
    }
    if missing * 2 > rows {
        notes.push(ColumnNote::MostlyMissing);
    }
    let all_different = !distinct.approximate && distinct.value == present && present >= 20;
    let could_name_rows = match kind {
        ColumnKind::Id => true,
        ColumnKind::Integer | ColumnKind::Category => all_different,
        ColumnKind::Number | ColumnKind::Boolean | ColumnKind::Date | ColumnKind::Text => false,
    };
    if could_name_rows {
        notes.push(ColumnNote::IdLike);
    }
    notes
}
