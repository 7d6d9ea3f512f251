//! JSON Lines: one object per line, the union of keys in the order of first appearance.
//!
//! Strings become their text, numbers and Booleans the text they are written as, null an absent
//! cell, and nested values their JSON text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::Read;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::ReadLimits;
use super::delimited::read_some;
use super::record::Record;
use crate::error::TableError;

const CHUNK: usize = 64 * 1024;

/// A reader of rows over decoded text.
pub(crate) struct JsonLines<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    filled: usize,
    line: u64,
    limits: ReadLimits,
    names: Vec<String>,
    index: HashMap<String, usize>,
}

impl<R: Read> JsonLines<R> {
    pub(crate) fn new(input: R, limits: ReadLimits) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            start: 0,
            filled: 0,
            line: 0,
            limits,
            names: Vec::new(),
            index: HashMap::new(),
        }
    }

    pub(crate) fn input(&self) -> &R {
        &self.input
    }

    /// Keys seen so far, in the order of first appearance.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Reads the next object; false at the end of the file.
    pub(crate) fn read(&mut self, record: &mut Record) -> Result<bool, TableError> {
        while let Some(range) = self.find_line()? {
            self.line += 1;
            let bytes = self.buffer.get(range).unwrap_or_default();
            if bytes.contains(&0) {
                return Err(TableError::NulByte { line: self.line });
            }
            let text = std::str::from_utf8(bytes)
                .map_err(|_| TableError::InvalidUtf8 { line: self.line })?;
            if text.trim().is_empty() {
                continue;
            }
            let entries = parse_object(text, self.line)?;
            record.begin(self.line);
            fill(record, entries, &mut self.names, &mut self.index)
                .map_err(|error| invalid_json(self.line, &error))?;
            if self.names.len() > self.limits.max_columns {
                return Err(TableError::TooManyColumns {
                    line: self.line,
                    columns: self.names.len(),
                    limit: self.limits.max_columns,
                });
            }
            if (0..record.len())
                .any(|i| record.get(i).is_some_and(|c| c.len() > self.limits.max_cell_bytes))
            {
                let limit = self.limits.max_cell_bytes;
                return Err(TableError::CellTooLong { line: self.line, limit });
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// The range of the next line in the buffer, without its end.
    fn find_line(&mut self) -> Result<Option<std::ops::Range<usize>>, TableError> {
        let mut searched = self.start;
        loop {
            let fresh = self.buffer.get(searched..self.filled).unwrap_or_default();
            if let Some(length) = fresh.iter().position(|b| *b == b'\n') {
                let range = self.start..searched + length;
                self.start = range.end + 1;
                return Ok(Some(range));
            }
            if self.filled - self.start > self.limits.max_row_bytes {
                let limit = self.limits.max_row_bytes;
                return Err(TableError::RowTooLong { line: self.line + 1, limit });
            }
            self.buffer.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.start = 0;
            searched = self.filled;
            if self.buffer.len() < self.filled + CHUNK {
                self.buffer.resize(self.filled + CHUNK, 0);
            }
            let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
            let count = read_some(&mut self.input, room)?;
            if count == 0 {
                let range = 0..self.filled;
                self.start = self.filled;
                return Ok((!range.is_empty()).then_some(range));
            }
            self.filled += count;
        }
    }
}

struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        // Keys with escapes cannot be borrowed, so that every key is asked for as raw JSON.
        while let Some(key) = map.next_key::<Key<'de>>()? {
            entries.push((key.0, map.next_value()?));
        }
        Ok(Object(entries))
    }
}

struct Key<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

fn parse_object(text: &str, line: u64) -> Result<Vec<(Cow<'_, str>, &RawValue)>, TableError> {
    let text = text.trim();
    let found = match text.as_bytes().first() {
        Some(b'{') => None,
        Some(b'[') => Some("an array"),
        Some(b'"') => Some("a string"),
        Some(b'n' | b't' | b'f' | b'-' | b'0'..=b'9') => Some("a single value"),
        Some(_) | None => None,
    };
    if let Some(found) = found
        && let Ok(_) = serde_json::from_str::<&RawValue>(text)
    {
        return Err(TableError::JsonNotObject { line, found });
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let object =
        (&mut deserializer).deserialize_map(ObjectVisitor).map_err(|e| invalid_json(line, &e))?;
    deserializer.end().map_err(|e| invalid_json(line, &e))?;
    Ok(object.0)
}

/// The parser's words with its column, but without its line, which is always 1 here.
fn invalid_json(line: u64, error: &serde_json::Error) -> TableError {
    let text = error.to_string();
    let cause = text.split(" at line ").next().unwrap_or_default();
    TableError::InvalidJson { line, reason: format!("{cause} at character {}", error.column()) }
}

fn fill(
    record: &mut Record,
    entries: Vec<(Cow<'_, str>, &RawValue)>,
    names: &mut Vec<String>,
    index: &mut HashMap<String, usize>,
) -> Result<(), serde_json::Error> {
    let mut cells: Vec<Option<Cow<'_, str>>> = vec![None; names.len()];
    for (key, value) in entries {
        let position = match index.get(key.as_ref()) {
            Some(position) => *position,
            None => {
                names.push(key.clone().into_owned());
                index.insert(key.into_owned(), names.len() - 1);
                cells.push(None);
                names.len() - 1
            }
        };
        // Of a key given twice in one object the last value counts, as in most JSON readers.
        if let Some(cell) = cells.get_mut(position) {
            *cell = derive_cell(value.get())?;
        }
    }
    record.fill(cells.iter().map(Option::as_deref));
    Ok(())
}

fn derive_cell(json: &str) -> Result<Option<Cow<'_, str>>, serde_json::Error> {
    Ok(match json.as_bytes().first() {
        Some(b'n') => None,
        Some(b'"') => Some(serde_json::from_str::<Key<'_>>(json)?.0),
        Some(_) | None => Some(Cow::Borrowed(json)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rows = Vec<Vec<Option<String>>>;

    fn read(text: &str) -> Result<(Vec<String>, Rows), TableError> {
        let mut rows = Vec::new();
        let mut record = Record::default();
        let mut lines = JsonLines::new(text.as_bytes(), ReadLimits::default());
        while lines.read(&mut record)? {
            rows.push((0..record.len()).map(|i| record.get(i).map(String::from)).collect());
        }
        Ok((lines.names().to_vec(), rows))
    }

    #[test]
    fn keys_are_united_in_order() {
        let text = "{\"b\": 1, \"a\": \"x\\ny\"}\r\n\n{\"a\": null, \"c\\u0041\": {\"k\": [1, 2]}}";
        let (names, rows) = read(text).unwrap();
        assert_eq!(names, ["b", "a", "cA"]);
        let some = |s: &str| Some(s.to_owned());
        assert_eq!(
            rows,
            [vec![some("1"), some("x\ny")], vec![None, None, some("{\"k\": [1, 2]}")]]
        );
    }

    #[test]
    fn broken_lines_are_named() {
        let error = read("{\"a\": 1}\n{\"a\": }\n").unwrap_err();
        assert!(matches!(error, TableError::InvalidJson { line: 2, .. }), "{error}");
        let error = read("[1, 2]\n").unwrap_err();
        assert!(matches!(error, TableError::JsonNotObject { line: 1, found: "an array" }));
        let error = read("{\"a\": 1} x\n").unwrap_err();
        assert!(matches!(error, TableError::InvalidJson { line: 1, .. }), "{error}");
    }
}
