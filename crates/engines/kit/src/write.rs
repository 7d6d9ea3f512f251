//! Frames out as delimited text, and as Parquet.
//!
//! What is written as text reads back as the same table, with these exceptions that the format forces:
//! a text that looks like a missing marker reads back as missing, and blanks around labels go.

mod parquet;

use std::io::Write;

pub use self::parquet::{ParquetWriter, write_parquet};
use serde::{Deserialize, Serialize};

use crate::error::TableError;
use crate::frame::{ColumnKind, Frame};
use crate::read::require_delimiter;

/// How a table is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WriteOptions {
    /// Character between cells.
    pub delimiter: char,
    /// What stands for a missing cell.
    pub missing: String,
    /// What to do with labels and texts that a spreadsheet would run as a formula.
    pub formulas: Formulas,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { delimiter: ',', missing: String::new(), formulas: Formulas::Keep }
    }
}

/// What happens to labels, texts and names that begin with `=`, `+`, `-`, `@`, tab or return.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Formulas {
    /// They are written as they are: for programs, and for reading back.
    #[default]
    Keep,
    /// An apostrophe goes before them: for files that people open in a spreadsheet program.
    Disarm,
}

/// Writes a header and all rows, with `\n` after each.
///
/// # Errors
/// [`TableError::UnsupportedDelimiter`], or [`TableError::Io`] from the writer.
pub fn write_csv<W: Write>(
    frame: &Frame,
    mut out: W,
    options: &WriteOptions,
) -> Result<(), TableError> {
    let delimiter = require_delimiter(options.delimiter)?;
    let single = frame.columns().len() == 1;
    let mut line = Vec::new();
    for (index, name) in frame.names().enumerate() {
        begin_cell(&mut line, index, delimiter);
        push_words(&mut line, name, options.formulas, delimiter);
    }
    end_line(&mut line, single);
    out.write_all(&line)?;
    for row in 0..frame.rows() {
        line.clear();
        for (index, column) in frame.columns().iter().enumerate() {
            begin_cell(&mut line, index, delimiter);
            match (column.find_cell(row), column.kind()) {
                (None, _) => push_quoted_if_needed(&mut line, &options.missing, delimiter),
                (Some(cell), ColumnKind::Number | ColumnKind::Integer | ColumnKind::Date) => {
                    push_quoted_if_needed(&mut line, &cell, delimiter);
                }
                (
                    Some(cell),
                    ColumnKind::Category | ColumnKind::Boolean | ColumnKind::Text | ColumnKind::Id,
                ) => push_words(&mut line, &cell, options.formulas, delimiter),
            }
        }
        end_line(&mut line, single);
        out.write_all(&line)?;
    }
    out.flush()?;
    Ok(())
}

fn begin_cell(line: &mut Vec<u8>, index: usize, delimiter: u8) {
    if index > 0 {
        line.push(delimiter);
    }
}

fn end_line(line: &mut Vec<u8>, single: bool) {
    if single && line.is_empty() {
        // A blank line would be skipped on reading; an empty quoted cell is a row.
        line.extend_from_slice(b"\"\"");
    }
    line.push(b'\n');
}

fn push_words(line: &mut Vec<u8>, text: &str, formulas: Formulas, delimiter: u8) {
    let active = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if active && formulas == Formulas::Disarm {
        push_quoted_if_needed(line, &format!("'{text}"), delimiter);
    } else {
        push_quoted_if_needed(line, text, delimiter);
    }
}

fn push_quoted_if_needed(line: &mut Vec<u8>, text: &str, delimiter: u8) {
    let special = |b: u8| b == delimiter || matches!(b, b'"' | b'\n' | b'\r');
    if !text.bytes().any(special) {
        line.extend_from_slice(text.as_bytes());
        return;
    }
    line.push(b'"');
    line.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    line.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Column;

    fn write(frame: &Frame, options: &WriteOptions) -> String {
        let mut out = Vec::new();
        write_csv(frame, &mut out, options).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let frame = Frame::new(vec![
            Column::number("x, y", vec![-1.5, f64::NAN, 1e300]),
            Column::text("t", [Some("say \"hi\""), Some("a\nb"), None]),
        ])
        .unwrap();
        let text = write(&frame, &WriteOptions::default());
        assert_eq!(text, "\"x, y\",t\n-1.5,\"say \"\"hi\"\"\"\n,\"a\nb\"\n1e300,\n");
    }

    #[test]
    fn formulas_are_disarmed_but_negative_numbers_are_not() {
        let frame = Frame::new(vec![
            Column::integer("n", vec![-1.0, 2.0]),
            Column::text("t", [Some("=HYPERLINK(\"x\")"), Some("@a")]),
            Column::labels("-c", [Some("+1"), Some("b")]),
        ])
        .unwrap();
        let options = WriteOptions { formulas: Formulas::Disarm, ..WriteOptions::default() };
        assert_eq!(
            write(&frame, &options),
            "n,t,'-c\n-1,\"'=HYPERLINK(\"\"x\"\")\",'+1\n2,'@a,b\n"
        );
    }

    #[test]
    fn a_missing_cell_of_a_single_column_is_still_a_row() {
        let frame = Frame::new(vec![Column::number("x", vec![1.0, f64::NAN, 3.0])]).unwrap();
        assert_eq!(write(&frame, &WriteOptions::default()), "x\n1.0\n\"\"\n3.0\n");
    }
}
