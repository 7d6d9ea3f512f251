//! Rows of any format with the names of their columns.
//!
//! Invariants: names are unique and not empty; a row never has more cells than there are names.

use std::collections::{HashMap, HashSet};
use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use super::decode::Decoding;
use super::delimited::Delimited;
use super::json_lines::JsonLines;
use super::parquet::ParquetRows;
use super::record::Record;
use super::sniff::{Format, HEAD_BYTES, Sniff, require_delimiter, sniff_with};
use super::{Progress, ReadLimits, ReadOptions, ReadWarning, ShortRows, Watch};
use crate::error::TableError;

/// Rows between two calls of the watch.
const WATCH_EVERY: u64 = 2048;

enum Rows<R> {
    Delimited(Delimited<Decoding<R>>),
    JsonLines(JsonLines<Decoding<R>>),
    Parquet(Box<ParquetRows>),
}

/// Number and first line of rows that were repaired.
#[derive(Clone, Copy, Default)]
struct Tally {
    count: u64,
    first_line: u64,
}

impl Tally {
    fn add(&mut self, line: u64) {
        if self.count == 0 {
            self.first_line = line;
        }
        self.count += 1;
    }
}

/// A file being read row by row.
pub(crate) struct Source<R> {
    rows: Rows<R>,
    names: Vec<String>,
    unnamed_first: bool,
    pending: Option<Record>,
    header_line: Option<u64>,
    row_count: u64,
    short: Tally,
    trailing: Tally,
    header_warnings: Vec<ReadWarning>,
    short_rows: ShortRows,
    limits: ReadLimits,
    bytes_before: u64,
    bytes_total: u64,
}

/// Finds out what the file at the reader is.
pub(crate) fn sniff_reader<R: Read + Seek>(
    reader: &mut R,
    options: &ReadOptions,
) -> Result<Sniff, TableError> {
    reader.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    reader.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    sniff_with(&head, options)
}

impl<R: Read + Seek> Source<R> {
    /// Starts at the first row of data.
    pub(crate) fn open(
        mut reader: R,
        sniff: &Sniff,
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        let length = reader.seek(SeekFrom::End(0))?;
        let limits = options.limits;
        let rows = match sniff.format {
            Format::Delimited => {
                let input = Decoding::open(reader, sniff.encoding)?;
                let delimiter = require_delimiter(sniff.delimiter.unwrap_or(','))?;
                Rows::Delimited(Delimited::new(input, delimiter, limits))
            }
            Format::JsonLines => {
                let input = Decoding::open(reader, sniff.encoding)?;
                Rows::JsonLines(JsonLines::new(input, limits))
            }
            Format::Parquet => Rows::Parquet(Box::new(ParquetRows::open(reader, limits)?)),
        };
        let mut source = Self {
            rows,
            names: Vec::new(),
            unnamed_first: false,
            pending: None,
            header_line: None,
            row_count: 0,
            short: Tally::default(),
            trailing: Tally::default(),
            header_warnings: Vec::new(),
            short_rows: options.short_rows,
            limits,
            bytes_before: 0,
            bytes_total: 2 * length,
        };
        source.read_header(sniff)?;
        Ok(source)
    }

    /// The same source as the second of two passes, which matters for its progress only.
    pub(crate) fn second_pass(mut self) -> Self {
        self.bytes_before = self.bytes_total / 2;
        self
    }

    fn read_header(&mut self, sniff: &Sniff) -> Result<(), TableError> {
        if let Rows::Parquet(rows) = &self.rows {
            let (names, warnings) = derive_names(rows.names().iter().map(String::as_str));
            self.names = names;
            self.header_warnings = warnings;
        }
        let Rows::Delimited(rows) = &mut self.rows else { return Ok(()) };
        let mut first = Record::default();
        for _ in 0..=sniff.preamble_lines {
            if !rows.read(&mut first)? {
                return Err(TableError::Empty);
            }
        }
        if first.len() > self.limits.max_columns {
            return Err(TableError::TooManyColumns {
                line: first.line(),
                columns: first.len(),
                limit: self.limits.max_columns,
            });
        }
        if sniff.has_header {
            self.header_line = Some(first.line());
            self.unnamed_first = first.get(0).is_none_or(|name| name.trim().is_empty());
            let (names, warnings) = derive_names(first.cells());
            self.names = names;
            self.header_warnings = warnings;
        } else {
            self.names = (1..=first.len()).map(|i| format!("column_{i}")).collect();
            self.pending = Some(first);
        }
        Ok(())
    }

    /// Reads the next row; false at the end of the file.
    pub(crate) fn read(
        &mut self,
        record: &mut Record,
        watch: Watch<'_>,
    ) -> Result<bool, TableError> {
        if self.row_count.is_multiple_of(WATCH_EVERY)
            && let ControlFlow::Break(()) = watch(self.progress())
        {
            return Err(TableError::Stopped);
        }
        let more = match self.pending.take() {
            Some(first) => {
                *record = first;
                true
            }
            None => match &mut self.rows {
                Rows::Delimited(rows) => rows.read(record)?,
                Rows::JsonLines(rows) => rows.read(record)?,
                Rows::Parquet(rows) => rows.read(record)?,
            },
        };
        if !more {
            return Ok(false);
        }
        self.row_count += 1;
        if self.row_count > self.limits.max_rows {
            return Err(TableError::TooManyRows { limit: self.limits.max_rows });
        }
        if matches!(self.rows, Rows::Delimited(_)) {
            self.check_width(record)?;
        }
        Ok(true)
    }

    fn check_width(&mut self, record: &mut Record) -> Result<(), TableError> {
        let (line, expected, found) = (record.line(), self.names.len(), record.len());
        if found < expected {
            if self.short_rows == ShortRows::Refuse {
                return Err(TableError::ShortRow { line, expected, found });
            }
            self.short.add(line);
        } else if found > expected {
            let empty = |i| record.get(i).is_none_or(|cell| cell.trim().is_empty());
            if !(expected..found).all(empty) {
                return Err(TableError::LongRow { line, expected, found });
            }
            self.trailing.add(line);
            record.truncate(expected);
        }
        Ok(())
    }

    /// How far this pass has come.
    pub(crate) fn progress(&self) -> Progress {
        let read = match &self.rows {
            Rows::Delimited(rows) => rows.input().bytes_read(),
            Rows::JsonLines(rows) => rows.input().bytes_read(),
            Rows::Parquet(rows) => rows.bytes_read(),
        };
        Progress {
            bytes_read: self.bytes_before + read,
            bytes_total: self.bytes_total,
            rows: self.row_count,
        }
    }

    /// The names; in JSON Lines those seen so far.
    pub(crate) fn names(&self) -> &[String] {
        match &self.rows {
            Rows::Delimited(_) => &self.names,
            Rows::JsonLines(rows) => rows.names(),
            Rows::Parquet(_) => &self.names,
        }
    }

    /// Whether the first column has no name in the file, as row numbers often have none.
    pub(crate) fn unnamed_first(&self) -> bool {
        self.unnamed_first
    }

    /// Rows read so far.
    pub(crate) fn row_count(&self) -> u64 {
        self.row_count
    }

    /// Line of the header, where there is one.
    pub(crate) fn header_line(&self) -> Option<u64> {
        self.header_line
    }

    /// What was repaired in the header and in the rows read so far.
    pub(crate) fn warnings(&self) -> Vec<ReadWarning> {
        let mut warnings = self.header_warnings.clone();
        let (short, trailing) = (self.short, self.trailing);
        if short.count > 0 {
            let (count, first_line) = (short.count, short.first_line);
            warnings.push(ReadWarning::ShortRows { count, first_line });
        }
        if trailing.count > 0 {
            let (count, first_line) = (trailing.count, trailing.first_line);
            warnings.push(ReadWarning::TrailingCells { count, first_line });
        }
        warnings
    }
}

/// Makes the names of a header unique and not empty.
fn derive_names<'a>(cells: impl Iterator<Item = &'a str>) -> (Vec<String>, Vec<ReadWarning>) {
    let cells: Vec<_> = cells.map(str::trim).collect();
    let given: HashSet<&str> = cells.iter().copied().collect();
    let mut taken: HashSet<String> = HashSet::new();
    // Where each base goes on, so that thousands of equal names cost no more than others.
    let mut suffixes: HashMap<String, usize> = HashMap::new();
    let mut names = Vec::with_capacity(cells.len());
    let mut warnings = Vec::new();
    for (index, cell) in cells.iter().enumerate() {
        let position = index + 1;
        let base = if cell.is_empty() { format!("column_{position}") } else { (*cell).to_owned() };
        let mut name = base.clone();
        // A made-up name must clash neither with names before it nor with given ones after it.
        while taken.contains(&name) || (name != *cell && given.contains(name.as_str())) {
            let suffix = suffixes.entry(base.clone()).or_insert(2);
            name = format!("{base}_{suffix}");
            *suffix += 1;
        }
        if cell.is_empty() {
            warnings.push(ReadWarning::EmptyHeader { position, named: name.clone() });
        } else if name != *cell {
            let renamed = name.clone();
            warnings.push(ReadWarning::DuplicateHeader { name: base, renamed });
        }
        taken.insert(name.clone());
        names.push(name);
    }
    (names, warnings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_unique_without_taking_given_ones() {
        let (names, warnings) = derive_names(["x", "x", "", "x_2", " x ", "column_3"].into_iter());
        assert_eq!(names, ["x", "x_3", "column_3_2", "x_2", "x_4", "column_3"]);
        assert_eq!(warnings.len(), 3);
    }

    #[test]
    fn thousands_of_equal_names() {
        let (names, warnings) = derive_names(std::iter::repeat_n("x", 10_000));
        assert_eq!(names.last().map(String::as_str), Some("x_10000"));
        assert_eq!(warnings.len(), 9_999);
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 10_000);
    }
}
