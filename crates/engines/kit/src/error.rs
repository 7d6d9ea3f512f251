//! What can go wrong with a table, said so that the person who owns the file can act on it.
//!
//! Every message names the cause and the next step, and the line where there is one. Lines count
//! from 1 and include the header, as a text editor shows them.

use std::fmt;

/// Why a table could not be read, written or put together.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file has no bytes, or only blank lines.
    #[error("the file is empty; choose a file with a header line and at least one row")]
    Empty,
    /// There are column names and nothing below them.
    #[error("the file has only a header (line {line}); add at least one row of data below it")]
    OnlyHeader {
        /// Line of the header.
        line: u64,
    },
    /// The bytes are those of a known file kind that is no text table.
    #[error("the file is {kind}, not a text table; {}", kind.derive_advice())]
    NotText {
        /// What the bytes look like.
        kind: FileKind,
    },
    /// A zero byte in a text file.
    #[error(
        "line {line} contains a NUL byte, so the file is damaged or binary; save it again as CSV \
         (UTF-8)"
    )]
    NulByte {
        /// Line of the byte.
        line: u64,
    },
    /// The text is not UTF-8 although UTF-8 was asked for.
    #[error(
        "line {line} is not valid UTF-8; leave the encoding on automatic, or save the file as UTF-8"
    )]
    InvalidUtf8 {
        /// First line that does not decode.
        line: u64,
    },
    /// More columns than the limit.
    #[error("line {line} has {columns} columns, and the limit is {limit}; remove columns")]
    TooManyColumns {
        /// Line where the limit was passed.
        line: u64,
        /// Columns counted so far.
        columns: usize,
        /// The limit.
        limit: usize,
    },
    /// More rows than the limit.
    #[error("the file has more than {limit} rows; split it or raise the limit of rows")]
    TooManyRows {
        /// The limit.
        limit: u64,
    },
    /// One cell is longer than the limit.
    #[error(
        "the cell that begins in line {line} is longer than {limit} bytes; often a quotation mark \
         is not closed there"
    )]
    CellTooLong {
        /// Line in which the cell begins.
        line: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// One row is longer than the limit.
    #[error("the row that begins in line {line} is longer than {limit} bytes; shorten its cells")]
    RowTooLong {
        /// Line in which the row begins.
        line: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// A row with more cells than the header has names.
    #[error(
        "line {line} has {found} cells, but the header has {expected}; quote cells that contain \
         the delimiter, or name the extra column"
    )]
    LongRow {
        /// Line in which the row begins.
        line: u64,
        /// Cells that the header promises.
        expected: usize,
        /// Cells found.
        found: usize,
    },
    /// A row with fewer cells than the header has names, where that is refused.
    #[error(
        "line {line} has {found} cells, but the header has {expected}; complete the row, or allow \
         short rows to be padded"
    )]
    ShortRow {
        /// Line in which the row begins.
        line: u64,
        /// Cells that the header promises.
        expected: usize,
        /// Cells found.
        found: usize,
    },
    /// A quotation mark that nothing closes.
    #[error("the quotation mark in line {line} is never closed; close it, or double it (\"\")")]
    UnterminatedQuote {
        /// Line of the opening mark.
        line: u64,
    },
    /// A line of a JSON Lines file that is no JSON.
    #[error("line {line} is not valid JSON ({reason}); write one object per line")]
    InvalidJson {
        /// The line.
        line: u64,
        /// What the parser found.
        reason: String,
    },
    /// A line of a JSON Lines file that is JSON, but no object.
    #[error(
        "line {line} is {found}, not an object; write one object such as {{\"x\": 1}} per line"
    )]
    JsonNotObject {
        /// The line.
        line: u64,
        /// What it is instead.
        found: &'static str,
    },
    /// A Parquet file that is damaged or holds what no table of ours does.
    #[error("the Parquet file cannot be used: {reason}")]
    Parquet {
        /// What is the matter, and what to do.
        reason: String,
    },
    /// A delimiter that cannot separate cells.
    #[error(
        "{delimiter:?} cannot be a delimiter; use a comma, semicolon, tab, pipe or another ASCII \
         character that is no letter, digit, quotation mark or line end"
    )]
    UnsupportedDelimiter {
        /// The character asked for.
        delimiter: char,
    },
    /// Columns of different lengths were put together.
    #[error("column {column:?} has {found} rows, but the table has {expected}")]
    UnequalColumns {
        /// Name of the column.
        column: String,
        /// Rows of the table.
        expected: usize,
        /// Rows of the column.
        found: usize,
    },
    /// Two columns of one name.
    #[error("two columns are named {name:?}; rename one of them")]
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// A column that was asked for by name is not there.
    #[error("there is no column {name:?}; the columns are {available}")]
    UnknownColumn {
        /// The name asked for.
        name: String,
        /// Names that exist, shortened.
        available: String,
    },
    /// A category code without a level.
    #[error("column {column:?} has code {code}, but only {levels} levels")]
    UnknownLevel {
        /// Name of the column.
        column: String,
        /// The code.
        code: u32,
        /// Number of levels.
        levels: usize,
    },
    /// The caller asked to stop (a cancelled job).
    #[error("reading was stopped on request")]
    Stopped,
    /// The file or stream itself failed.
    #[error("the file could not be read or written: {0}; check that it exists and is accessible")]
    Io(#[from] std::io::Error),
}

impl From<parquet::errors::ParquetError> for TableError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        match error {
            parquet::errors::ParquetError::External(inner) => {
                match inner.downcast::<std::io::Error>() {
                    Ok(io) => Self::Io(*io),
                    Err(other) => Self::Parquet { reason: other.to_string() },
                }
            }
            other => Self::Parquet { reason: format!("{other}; write it again") },
        }
    }
}

impl TableError {
    /// The line of the file that the error is about, where there is one.
    #[must_use]
    pub fn find_line(&self) -> Option<u64> {
        match self {
            Self::OnlyHeader { line }
            | Self::NulByte { line }
            | Self::InvalidUtf8 { line }
            | Self::TooManyColumns { line, .. }
            | Self::CellTooLong { line, .. }
            | Self::RowTooLong { line, .. }
            | Self::LongRow { line, .. }
            | Self::ShortRow { line, .. }
            | Self::UnterminatedQuote { line }
            | Self::InvalidJson { line, .. }
            | Self::JsonNotObject { line, .. } => Some(*line),
            Self::Empty
            | Self::NotText { .. }
            | Self::TooManyRows { .. }
            | Self::Parquet { .. }
            | Self::UnsupportedDelimiter { .. }
            | Self::UnequalColumns { .. }
            | Self::DuplicateColumn { .. }
            | Self::UnknownColumn { .. }
            | Self::UnknownLevel { .. }
            | Self::Stopped
            | Self::Io(_) => None,
        }
    }
}

/// Kinds of file that people upload in place of a text table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Office Open XML or OpenDocument spreadsheet.
    Spreadsheet,
    /// Excel 97 to 2003 workbook (compound file).
    OldSpreadsheet,
    /// Another ZIP archive.
    Zip,
    /// gzip, bzip2, xz, zstd, 7z or rar.
    Compressed,
    /// PDF document.
    Pdf,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow, Avro or ORC.
    ColumnFile,
    /// SQLite database.
    Sqlite,
    /// PNG, JPEG, GIF, WebP or TIFF.
    Image,
    /// HTML page.
    Html,
    /// XML document.
    Xml,
    /// One JSON document that is no sequence of lines.
    JsonDocument,
    /// Bytes of no known kind.
    Binary,
}

impl FileKind {
    /// The next step for a person who has such a file.
    #[must_use]
    pub fn derive_advice(self) -> &'static str {
        match self {
            Self::Spreadsheet | Self::OldSpreadsheet => {
                "open it in a spreadsheet program and save the sheet as CSV (UTF-8)"
            }
            Self::Zip | Self::Compressed => "unpack it and choose the table inside",
            Self::Pdf | Self::Image => "export the data behind it as CSV",
            Self::Parquet => "give the whole file as it was written",
            Self::ColumnFile => "export it as Parquet, CSV or JSON Lines",
            Self::Sqlite => "export one table or query as CSV",
            Self::Html => "this is often a login or error page; download the data file itself",
            Self::Xml => "export the data as CSV or JSON Lines",
            Self::JsonDocument => "write one JSON object per line (JSON Lines)",
            Self::Binary => "choose a CSV, TSV or JSON Lines file",
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Spreadsheet => "a spreadsheet (XLSX or ODS)",
            Self::OldSpreadsheet => "an old Excel workbook (XLS)",
            Self::Zip => "a ZIP archive",
            Self::Compressed => "a compressed file",
            Self::Pdf => "a PDF document",
            Self::Parquet => "a Parquet file",
            Self::ColumnFile => "an Arrow, Avro or ORC file",
            Self::Sqlite => "an SQLite database",
            Self::Image => "an image",
            Self::Html => "an HTML page",
            Self::Xml => "an XML document",
            Self::JsonDocument => "a JSON document",
            Self::Binary => "a binary file",
        })
    }
}
