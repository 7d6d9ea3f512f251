//! Sets of rows as one parameter.
//!
//! Invariant: a set is one JSON array of arrays, so that a statement's text does not depend on
//! the number of rows and stays prepared.

use std::fmt::Write;

use sea_orm::Value;
use uuid::Uuid;

/// How a value of a row set is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier.
    Id,
    /// A whole number.
    Int,
    /// A number.
    Real,
    /// A truth value.
    Bool,
    /// Text, also JSON kept as text.
    Text,
}

/// A column of a row set.
pub(crate) type Column = (&'static str, Kind);

/// Builds the parameter of a row set, value by value in the order of its columns.
#[derive(Debug)]
pub(crate) struct JsonRows {
    text: String,
    rows: usize,
    at_row_start: bool,
}

impl JsonRows {
    /// No rows.
    pub(crate) fn new() -> Self {
        Self { text: String::from("["), rows: 0, at_row_start: false }
    }

    /// How many rows there are.
    pub(crate) const fn len(&self) -> usize {
        self.rows
    }

    /// Begins a row.
    pub(crate) fn row(&mut self) -> &mut Self {
        self.text.push_str(if self.rows == 0 { "[" } else { "],[" });
        self.rows += 1;
        self.at_row_start = true;
        self
    }

    /// Adds an identifier.
    pub(crate) fn id(&mut self, id: Uuid) -> &mut Self {
        self.value(|text| write!(text, "\"{}\"", id.simple()))
    }

    /// Adds an identifier or nothing.
    pub(crate) fn opt_id(&mut self, id: Option<Uuid>) -> &mut Self {
        match id {
            Some(id) => self.id(id),
            None => self.null(),
        }
    }

    /// Adds a whole number.
    pub(crate) fn int(&mut self, number: i64) -> &mut Self {
        self.value(|text| write!(text, "{number}"))
    }

    /// Adds a whole number or nothing.
    pub(crate) fn opt_int(&mut self, number: Option<i64>) -> &mut Self {
        match number {
            Some(number) => self.int(number),
            None => self.null(),
        }
    }

    /// Adds text. PostgreSQL has no NUL character; it becomes the replacement character on both
    /// databases, so that both keep the same.
    pub(crate) fn text(&mut self, words: &str) -> &mut Self {
        self.value(|text| {
            text.push('"');
            for c in words.chars() {
                match c {
                    '"' => text.push_str("\\\""),
                    '\\' => text.push_str("\\\\"),
                    '\0' => text.push('\u{fffd}'),
                    c if c < ' ' => write!(text, "\\u{:04x}", u32::from(c))?,
                    c => text.push(c),
                }
            }
            text.push('"');
            Ok(())
        })
    }

    /// Adds text or nothing.
    pub(crate) fn opt_text(&mut self, words: Option<&str>) -> &mut Self {
        match words {
            Some(words) => self.text(words),
            None => self.null(),
        }
    }

    /// The parameter.
    pub(crate) fn finish(self) -> Value {
        Value::from(self.into_text())
    }

    /// The row set as text, to be kept in a column.
    pub(crate) fn into_text(mut self) -> String {
        self.text.push_str(if self.rows == 0 { "]" } else { "]]" });
        self.text
    }

    fn null(&mut self) -> &mut Self {
        self.value(|text| {
            text.push_str("null");
            Ok(())
        })
    }

    fn value(&mut self, add: impl FnOnce(&mut String) -> std::fmt::Result) -> &mut Self {
        if !self.at_row_start {
            self.text.push(',');
        }
        self.at_row_start = false;
        // Writing to a string cannot fail.
        let _infallible = add(&mut self.text);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_json() {
        let mut rows = JsonRows::new();
        rows.row().id(Uuid::nil()).int(-3).opt_text(None);
        rows.row().int(5).opt_int(Some(1)).text("a\"\\\n\0\u{1f}é");
        assert_eq!(rows.len(), 2);
        let Value::String(Some(text)) = rows.finish() else { panic!("a string") };
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!([
            ["00000000000000000000000000000000", -3, null],
            [5, 1, "a\"\\\n\u{fffd}\u{1f}é"],
        ]);
        assert_eq!(read, expected);
    }
}
