//! Finds format, encoding, delimiter and header from the first part of a file.
//!
//! Only the head is looked at, so that the answer costs the same for every size of file. What the
//! rest of the file contradicts (bytes that are no UTF-8) is noticed while reading.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::decode::Encoding;
use super::delimited::Delimited;
use super::magic::{find_foreign_kind, is_binary_text};
use super::record::Record;
use super::{Header, ReadLimits, ReadOptions};
use crate::error::{FileKind, TableError};
use crate::value::{DateLayout, MissingMarkers, NumberFormat, parse_date, parse_number};

/// Bytes of a file that are looked at.
pub(crate) const HEAD_BYTES: usize = 256 * 1024;
/// Rows of the head that are split by each delimiter on trial.
const TRIAL_ROWS: usize = 200;
/// Delimiters that are tried, the most usual first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Cells between delimiters: CSV, TSV and their relatives.
    #[default]
    Delimited,
    /// One JSON object per line.
    JsonLines,
    /// Apache Parquet, column by column.
    Parquet,
}

/// What a file looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sniff {
    /// How rows are written.
    pub format: Format,
    /// How characters are written.
    pub encoding: Encoding,
    /// Character between cells; of delimited files alone.
    pub delimiter: Option<char>,
    /// Whether the file holds names; always in JSON Lines and Parquet.
    pub has_header: bool,
    /// Lines before the header that only state the delimiter (`sep=;`).
    pub preamble_lines: u64,
}

/// Looks at the first bytes of a file (256 KiB are plenty, fewer will do).
///
/// # Errors
/// [`TableError::Empty`], [`TableError::NotText`] or [`TableError::NulByte`].
pub fn sniff(head: &[u8]) -> Result<Sniff, TableError> {
    sniff_with(head, &ReadOptions::default())
}

/// [`sniff`] with some of the answers given.
pub(crate) fn sniff_with(head: &[u8], options: &ReadOptions) -> Result<Sniff, TableError> {
    if head.is_empty() {
        return Err(TableError::Empty);
    }
    match find_foreign_kind(head) {
        Some(FileKind::Parquet) => {
            let format = Format::Parquet;
            return Ok(Sniff { format, has_header: true, ..Sniff::default() });
        }
        Some(kind) => return Err(TableError::NotText { kind }),
        None => {}
    }
    let encoding = options.encoding.unwrap_or_else(|| Encoding::detect(head));
    let mark = match Encoding::find_mark(head) {
        Some((found, length)) if found == encoding => length,
        _ => 0,
    };
    let text = encoding.decode_piece(head.get(mark..).unwrap_or_default());
    check_text(&text)?;
    let format = match options.format {
        Some(format) => format,
        None => detect_format(&text)?,
    };
    if format == Format::JsonLines {
        let has_header = true;
        return Ok(Sniff { format, encoding, delimiter: None, has_header, preamble_lines: 0 });
    }
    let stated = find_stated_delimiter(&text);
    let delimiter = match options.delimiter {
        Some(delimiter) => require_delimiter(delimiter)?,
        None => stated.unwrap_or_else(|| detect_delimiter(complete_lines(&text, head.len()))),
    };
    let preamble_lines = u64::from(stated.is_some());
    let mut rows = split_rows(complete_lines(&text, head.len()), delimiter);
    if stated.is_some() && !rows.is_empty() {
        rows.remove(0);
    }
    let has_header = match options.header {
        Header::Present => true,
        Header::Absent => false,
        Header::Detect => detect_header(&rows),
    };
    let delimiter = Some(char::from(delimiter));
    Ok(Sniff { format, encoding, delimiter, has_header, preamble_lines })
}

fn check_text(text: &str) -> Result<(), TableError> {
    if let Some(position) = text.find('\0') {
        let zeros = text.bytes().filter(|b| *b == 0).count();
        if (zeros > 1 && zeros * 50 > text.len()) || is_binary_text(text) {
            return Err(TableError::NotText { kind: FileKind::Binary });
        }
        let before = text.get(..position).unwrap_or_default();
        let line = before.bytes().filter(|b| *b == b'\n').count() as u64 + 1;
        return Err(TableError::NulByte { line });
    }
    if is_binary_text(text) {
        return Err(TableError::NotText { kind: FileKind::Binary });
    }
    if text.trim().is_empty() {
        return Err(TableError::Empty);
    }
    Ok(())
}

fn detect_format(text: &str) -> Result<Format, TableError> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (first, second) = (lines.next().unwrap_or("").trim(), lines.next().unwrap_or("").trim());
    let document = TableError::NotText { kind: FileKind::JsonDocument };
    let after_bracket = first.strip_prefix('[').map(str::trim_start);
    if after_bracket.is_some_and(|rest| rest.starts_with(['{', '[']))
        || (first == "[" && second.starts_with(['{', '[', '"']))
        || (first == "{" && second.starts_with('"'))
    {
        return Err(document);
    }
    let inside = first.strip_prefix('{').map(str::trim_start);
    let opens_object = inside.is_some_and(|rest| rest.starts_with('"') || rest == "}");
    Ok(if opens_object { Format::JsonLines } else { Format::Delimited })
}

/// The delimiter of a `sep=;` line, which spreadsheet programs write first.
fn find_stated_delimiter(text: &str) -> Option<u8> {
    let first = text.lines().next()?.trim_end_matches('\r');
    let stated = first.strip_prefix("sep=").or_else(|| first.strip_prefix("\"sep="))?;
    let mut characters = stated.trim_end_matches('"').chars();
    let delimiter = characters.next()?;
    if characters.next().is_some() {
        return None;
    }
    require_delimiter(delimiter).ok()
}

/// The byte of a character that may separate cells.
pub(crate) fn require_delimiter(delimiter: char) -> Result<u8, TableError> {
    let allowed = delimiter.is_ascii()
        && !delimiter.is_ascii_alphanumeric()
        && !matches!(delimiter, '"' | '\n' | '\r' | '\0');
    u8::try_from(delimiter)
        .ok()
        .filter(|_| allowed)
        .ok_or(TableError::UnsupportedDelimiter { delimiter })
}

/// Drops a last line that the end of the head may have cut.
fn complete_lines(text: &str, head_bytes: usize) -> &str {
    if head_bytes < HEAD_BYTES {
        return text;
    }
    text.rfind('\n').and_then(|end| text.get(..=end)).unwrap_or(text)
}

fn split_rows(text: &str, delimiter: u8) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut record = Record::default();
    let mut splitter = Delimited::new(text.as_bytes(), delimiter, ReadLimits::default());
    // An error here is met again, and reported, when the file is read.
    while rows.len() < TRIAL_ROWS && matches!(splitter.read(&mut record), Ok(true)) {
        rows.push(record.cells().map(str::to_owned).collect());
    }
    rows
}

fn detect_delimiter(text: &str) -> u8 {
    let trials = DELIMITERS.map(|delimiter| (delimiter, score_delimiter(text, delimiter)));
    let mut best: Option<(u8, f64)> = None;
    for (delimiter, score) in trials {
        if score > best.map_or(0.0, |(_, score)| score) {
            best = Some((delimiter, score));
        }
    }
    match best {
        Some((delimiter, _)) => delimiter,
        // One column: any delimiter will do that does not occur in its text.
        None => DELIMITERS.into_iter().find(|d| !text.as_bytes().contains(d)).unwrap_or(b','),
    }
}

/// How well a delimiter explains the text: do all rows have the width of the first, and are the
/// cells free of other delimiters?
fn score_delimiter(text: &str, delimiter: u8) -> f64 {
    let rows = split_rows(text, delimiter);
    let width_of = |row: usize| rows.get(row).map_or(0, Vec::len);
    let width = width_of(0).max(if rows.len() > 2 { width_of(1) } else { 0 });
    if width < 2 {
        return 0.0;
    }
    let agreeing = rows.iter().filter(|row| row.len() == width).count();
    let agreement = agreeing as f64 / rows.len().max(1) as f64;
    // A first row that the delimiter does not split is the name of one column of prose, unless
    // nearly all other rows agree that it should have been split.
    if width_of(0) < 2 && agreement < 0.8 {
        return 0.0;
    }
    let mut cells = 0_usize;
    let mut clean = 0_usize;
    for cell in rows.iter().flatten().filter(|cell| !cell.is_empty()) {
        cells += 1;
        let other = |b: u8| b != delimiter && DELIMITERS.contains(&b);
        clean += usize::from(!cell.bytes().any(other) || is_number(cell, delimiter));
    }
    let cleanness = clean as f64 / cells.max(1) as f64;
    // More columns decide between delimiters that explain the text equally well.
    agreement * agreement * (0.2 + 0.8 * cleanness * cleanness) * (1.0 + 1e-6 * width as f64)
}

fn is_number(cell: &str, delimiter: u8) -> bool {
    let cell = cell.trim();
    NumberFormat::ALL
        .into_iter()
        .filter(|format| delimiter != b',' || *format == NumberFormat::Plain)
        .any(|format| parse_number(cell, format).is_some())
}

/// What one cell counts as when the header is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Missing,
    Value,
    Words,
}

fn look(cell: &str) -> Look {
    let cell = cell.trim();
    if MissingMarkers::default().matches(cell) {
        return Look::Missing;
    }
    let number = is_number(cell, b';');
    let date = || DateLayout::ALL.iter().any(|layout| parse_date(cell, *layout).is_some());
    if number || date() { Look::Value } else { Look::Words }
}

/// Each column of values votes: a name above it speaks for a header, a value against one.
fn detect_header(rows: &[Vec<String>]) -> bool {
    let Some((first, rest)) = rows.split_first() else { return true };
    let looks: Vec<_> = first.iter().map(|cell| look(cell)).collect();
    if rest.is_empty() {
        return looks.iter().all(|look| *look == Look::Words);
    }
    let mut votes = 0_i64;
    for (index, head) in looks.iter().enumerate() {
        let below = rest.iter().filter_map(|row| row.get(index)).map(|cell| look(cell));
        let present: Vec<_> = below.filter(|look| *look != Look::Missing).collect();
        let values = present.iter().filter(|look| **look == Look::Value).count();
        let mostly_values = !present.is_empty() && values * 10 >= present.len() * 8;
        votes += match head {
            Look::Words if mostly_values => 1,
            Look::Value if mostly_values && !is_year_heading(first, rest, index) => -1,
            Look::Value | Look::Words | Look::Missing => 0,
        };
    }
    let unique: HashSet<_> = first.iter().map(|cell| cell.trim()).collect();
    match votes {
        0 => unique.len() * 2 > first.len() && looks.contains(&Look::Words),
        votes => votes > 0,
    }
}

/// Whether a number on top is a year that names its column: `country,2019,2020`.
fn is_year_heading(first: &[String], rest: &[Vec<String>], index: usize) -> bool {
    let is_year = |row: &[String]| {
        row.get(index)
            .and_then(|cell| cell.trim().parse::<u32>().ok())
            .is_some_and(|year| (1800..2200).contains(&year))
    };
    is_year(first) && !rest.iter().any(|row| is_year(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (char, bool) {
        let sniff = sniff(text.as_bytes()).unwrap();
        (sniff.delimiter.unwrap(), sniff.has_header)
    }

    #[test]
    fn delimiters() {
        assert_eq!(found("a,b\n1,2\n"), (',', true));
        assert_eq!(found("a;b\n1,5;2,5\n3,5;4,5\n"), (';', true));
        assert_eq!(found("a\tb\n1,5\tx, y\n2\tz\n"), ('\t', true));
        assert_eq!(found("a|b|c\n1|2|3\n"), ('|', true));
        assert_eq!(found("name,text\nx,\"a;b;c\"\ny,\"d;e;f\"\n"), (',', true));
        assert_eq!(found("sep=|\na,x|b\n1|2\n"), ('|', true));
    }

    #[test]
    fn one_column_of_prose_stays_one_column() {
        let (delimiter, header) = found("comment\nHello, world; well\nyes, no, and maybe\nx\n");
        assert_ne!(delimiter, ',');
        assert!(header);
    }

    #[test]
    fn headers() {
        assert!(!found("1,2\n3,4\n").1);
        assert!(!found("5.1,3.5,setosa\n4.9,3.0,setosa\n").1);
        assert!(found("x,y\na,b\nc,d\n").1, "all words: a header is more usual");
        assert!(found("country,2019,2020\nA,5.5,6.5\nB,7,8\n").1);
        assert!(!found("2024-01-01,3\n2024-01-02,4\n").1);
    }

    #[test]
    fn formats_and_encodings() {
        let json = sniff(b"{\"a\": 1}\n{\"a\": 2}\n").unwrap();
        assert_eq!(json.format, Format::JsonLines);
        assert_eq!(sniff(b"\xEF\xBB\xBFa,b\n1,2\n").unwrap().encoding, Encoding::Utf8);
        assert_eq!(sniff(b"caf\xE9,b\n1,2\n").unwrap().encoding, Encoding::Windows1252);
        let wide: Vec<u8> = "a,b\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(sniff(&wide).unwrap().encoding, Encoding::Utf16Le);
        let wide: Vec<u8> =
            "\u{feff}a;b\n1;2\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let wide = sniff(&wide).unwrap();
        assert_eq!((wide.encoding, wide.delimiter), (Encoding::Utf16Be, Some(';')));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(matches!(sniff(b""), Err(TableError::Empty)));
        assert!(matches!(sniff(b" \n\r\n "), Err(TableError::Empty)));
        let kind = |bytes: &[u8]| match sniff(bytes) {
            Err(TableError::NotText { kind }) => Some(kind),
            _ => None,
        };
        assert_eq!(kind(b"[\n  {\"a\": 1}\n]"), Some(FileKind::JsonDocument));
        assert_eq!(kind(b"{\n  \"a\": 1\n}"), Some(FileKind::JsonDocument));
        assert_eq!(kind(&[1, 2, 3, 0, 0, 0, 7, 8, 9]), Some(FileKind::Binary));
        assert!(matches!(
            sniff(b"a,b\nlong enough to be text, x\0\n"),
            Err(TableError::NulByte { line: 2 })
        ));
    }

    #[test]
    fn delimiters_that_cannot_be_are_refused() {
        for delimiter in ['a', '"', '\n', 'é', '0'] {
            let options = ReadOptions { delimiter: Some(delimiter), ..ReadOptions::default() };
            let refused = sniff_with(b"a,b\n1,2\n", &options);
            assert!(matches!(refused, Err(TableError::UnsupportedDelimiter { .. })));
        }
    }
}
