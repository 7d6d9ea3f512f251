//! Splits delimited text into rows and cells.
//!
//! Own code instead of the `csv` crate, because a stray quotation mark must end in an error that
//! names its line before it swallows gigabytes, and limits must hold while a cell is being read.
//! Where both accept a file they agree; a property test compares them.
//!
//! Rules: a quotation mark opens a quoted cell only as the first character of a cell; inside, two
//! marks are one; what follows the closing mark belongs to the cell. `\n`, `\r\n` and a lone `\r`
//! end a row. Blank lines are skipped.

use std::io::Read;

use super::ReadLimits;
use super::record::Record;
use crate::error::TableError;

const CHUNK: usize = 64 * 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Bare,
    Quoted,
    /// Just after a quotation mark inside a quoted cell: the end of it, or half of a pair.
    Closing,
}

/// What the bytes of one chunk led to.
enum Step {
    NeedInput,
    RowEnded,
}

/// A splitter over decoded text.
pub(crate) struct Delimited<R> {
    input: R,
    buffer: Vec<u8>,
    position: usize,
    filled: usize,
    delimiter: u8,
    limits: ReadLimits,
    state: State,
    line: u64,
    quote_line: u64,
    /// The last byte was a `\r` that ended a row, so that a `\n` belongs to it.
    after_cr: bool,
}

impl<R: Read> Delimited<R> {
    pub(crate) fn new(input: R, delimiter: u8, limits: ReadLimits) -> Self {
        Self {
            input,
            buffer: vec![0; CHUNK],
            position: 0,
            filled: 0,
            delimiter,
            limits,
            state: State::CellStart,
            line: 1,
            quote_line: 1,
            after_cr: false,
        }
    }

    pub(crate) fn input(&self) -> &R {
        &self.input
    }

    /// Reads the next row that is not blank; false at the end of the file.
    pub(crate) fn read(&mut self, record: &mut Record) -> Result<bool, TableError> {
        loop {
            record.begin(self.line);
            self.state = State::CellStart;
            let more = self.read_row(record)?;
            if !record.is_blank() {
                record.seal()?;
                return Ok(true);
            }
            if !more {
                return Ok(false);
            }
        }
    }

    /// Reads one row; false when the file ended.
    fn read_row(&mut self, record: &mut Record) -> Result<bool, TableError> {
        loop {
            if self.position == self.filled {
                self.position = 0;
                self.filled = read_some(&mut self.input, &mut self.buffer)?;
                if self.filled == 0 {
                    if self.state == State::Quoted {
                        return Err(TableError::UnterminatedQuote { line: self.quote_line });
                    }
                    record.end_cell();
                    return Ok(false);
                }
            }
            match self.split_chunk(record)? {
                Step::NeedInput => {}
                Step::RowEnded => return Ok(true),
            }
        }
    }

    fn split_chunk(&mut self, record: &mut Record) -> Result<Step, TableError> {
        while let Some(&byte) =
            self.buffer.get(self.position).filter(|_| self.position < self.filled)
        {
            if std::mem::take(&mut self.after_cr) && byte == b'\n' {
                self.position += 1;
                continue;
            }
            match self.state {
                State::CellStart if byte == b'"' => {
                    self.position += 1;
                    self.state = State::Quoted;
                    self.quote_line = self.line;
                    record.note_quote();
                }
                State::CellStart => self.state = State::Bare,
                State::Bare => {
                    self.copy_until(record, |b, delimiter| {
                        b == delimiter || matches!(b, b'\n' | b'\r' | 0)
                    })?;
                    if self.end_bare(record)? {
                        return Ok(Step::RowEnded);
                    }
                }
                State::Quoted => self.copy_quoted(record)?,
                State::Closing if byte == b'"' => {
                    self.position += 1;
                    record.extend(b"\"");
                    self.state = State::Quoted;
                }
                State::Closing => self.state = State::Bare,
            }
        }
        Ok(Step::NeedInput)
    }

    /// Handles the byte that ended a bare cell, if the chunk has one; true when it ended the row.
    fn end_bare(&mut self, record: &mut Record) -> Result<bool, TableError> {
        if self.position == self.filled {
            return Ok(false);
        }
        let byte = self.buffer.get(self.position).copied().unwrap_or(b'\n');
        self.position += 1;
        if byte == 0 {
            return Err(TableError::NulByte { line: self.line });
        }
        record.end_cell();
        if record.len() > self.limits.max_columns {
            return Err(TableError::TooManyColumns {
                line: record.line(),
                columns: record.len(),
                limit: self.limits.max_columns,
            });
        }
        self.state = State::CellStart;
        if byte == self.delimiter {
            return Ok(false);
        }
        self.line += 1;
        self.after_cr = byte == b'\r';
        Ok(true)
    }

    /// Copies the inside of a quoted cell up to the next mark or line end.
    fn copy_quoted(&mut self, record: &mut Record) -> Result<(), TableError> {
        self.copy_until(record, |b, _| matches!(b, b'"' | b'\n' | b'\r' | 0))?;
        if self.position == self.filled {
            return Ok(());
        }
        let byte = self.buffer.get(self.position).copied().unwrap_or(b'"');
        self.position += 1;
        match byte {
            0 => return Err(TableError::NulByte { line: self.line }),
            b'"' => self.state = State::Closing,
            byte => {
                // A line end of two bytes counts once, at its first.
                let second = byte == b'\n' && record.open_cell().ends_with(b"\r");
                self.line += u64::from(!second);
                record.extend(&[byte]);
            }
        }
        Ok(())
    }

    fn copy_until(
        &mut self,
        record: &mut Record,
        stops: impl Fn(u8, u8) -> bool,
    ) -> Result<(), TableError> {
        let rest = self.buffer.get(self.position..self.filled).unwrap_or_default();
        let delimiter = self.delimiter;
        let length = rest.iter().position(|b| stops(*b, delimiter)).unwrap_or(rest.len());
        let (taken, _) = rest.split_at(length);
        record.extend(taken);
        self.position += length;
        if record.open_cell().len() > self.limits.max_cell_bytes {
            let line = if record.len() == 0 { record.line() } else { self.line };
            let line = if self.state == State::Quoted { self.quote_line } else { line };
            return Err(TableError::CellTooLong { line, limit: self.limits.max_cell_bytes });
        }
        if record.total_bytes() > self.limits.max_row_bytes {
            return Err(TableError::RowTooLong {
                line: record.line(),
                limit: self.limits.max_row_bytes,
            });
        }
        Ok(())
    }
}

/// Reads at least one byte unless the input has ended.
pub(crate) fn read_some(input: &mut impl Read, buffer: &mut [u8]) -> Result<usize, TableError> {
    loop {
        match input.read(buffer) {
            Ok(count) => return Ok(count),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Result<Vec<(u64, Vec<String>)>, TableError> {
        let mut rows = Vec::new();
        let mut record = Record::default();
        let mut splitter = Delimited::new(text.as_bytes(), b',', ReadLimits::default());
        while splitter.read(&mut record)? {
            rows.push((record.line(), record.cells().map(String::from).collect()));
        }
        Ok(rows)
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(|c| (*c).to_owned()).collect())
    }

    #[test]
    fn quotes_and_line_ends() {
        let text = "a,b\r\n\"x,\"\"y\"\"\",2\r\r\n\"two\nlines\",\n\"q\"tail,mid\"dle\n\"\"";
        let rows = split(text).unwrap();
        assert_eq!(
            rows,
            [
                row(1, &["a", "b"]),
                row(2, &["x,\"y\"", "2"]),
                row(4, &["two\nlines", ""]),
                row(6, &["qtail", "mid\"dle"]),
                row(7, &[""]),
            ]
        );
    }

    #[test]
    fn open_quotes_name_their_line() {
        let error = split("a,b\n1,\"2\n3,4\n").unwrap_err();
        assert!(matches!(error, TableError::UnterminatedQuote { line: 2 }), "{error}");
    }

    #[test]
    fn zero_bytes_are_refused() {
        assert!(matches!(split("a\n\n1\0"), Err(TableError::NulByte { line: 3 })));
        assert!(matches!(split("a\n\"1\0\""), Err(TableError::NulByte { line: 2 })));
    }

    #[test]
    fn limits_hold_while_reading() {
        let limits = ReadLimits { max_cell_bytes: 10, max_columns: 3, ..ReadLimits::default() };
        let mut record = Record::default();
        let mut fails = |text: &str| {
            let mut splitter = Delimited::new(text.as_bytes(), b',', limits);
            loop {
                match splitter.read(&mut record) {
                    Ok(true) => {}
                    Ok(false) => return None,
                    Err(error) => return Some(error),
                }
            }
        };
        assert!(matches!(
            fails("1\n\"0123456789ab"),
            Some(TableError::CellTooLong { line: 2, .. })
        ));
        assert!(matches!(fails("1,2,3,4\n"), Some(TableError::TooManyColumns { line: 1, .. })));
        assert!(fails("0123456789,2,3\n").is_none());
    }

    proptest::proptest! {
        #[test]
        fn accepted_files_split_as_the_csv_crate_splits_them(text in "[ab,\"\n\r é]{0,40}") {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            let theirs: Vec<Vec<String>> = reader
                .records()
                .map(|record| record.unwrap().iter().map(String::from).collect())
                .collect();
            match split(&text) {
                Ok(rows) => {
                    let ours: Vec<_> = rows.into_iter().map(|(_, cells)| cells).collect();
                    proptest::prop_assert_eq!(ours, theirs);
                }
                Err(error) => {
                    let open = matches!(error, TableError::UnterminatedQuote { .. });
                    proptest::prop_assert!(open, "{}", error);
                }
            }
        }

        #[test]
        fn chunks_do_not_matter(text in "[ab,\"\n\r é]{0,40}", size in 1..5_usize) {
            struct Slow<'a>(&'a [u8], usize);
            impl Read for Slow<'_> {
                fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
                    let room = out.len().min(self.1);
                    self.0.read(&mut out[..room])
                }
            }
            let mut rows = Vec::new();
            let mut record = Record::default();
            let slow = Slow(text.as_bytes(), size);
            let mut splitter = Delimited::new(slow, b',', ReadLimits::default());
            while let Ok(true) = splitter.read(&mut record) {
                let cells: Vec<String> = record.cells().map(String::from).collect();
                rows.push((record.line(), cells));
            }
            if let Ok(whole) = split(&text) {
                proptest::prop_assert_eq!(rows, whole);
            }
        }
    }
}
