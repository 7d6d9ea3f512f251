//! How each column is to be read, so that a second file is read as the first one was.
//!
//! A schema is taken from a frame ([`super::Frame::schema`]), kept with a model, and handed back in
//! [`crate::read::ReadOptions::schema`]: columns are matched by name and read as the same kind,
//! category levels keep their codes, and levels that are new come after the known ones.

use serde::{Deserialize, Serialize};

use super::ColumnKind;
use crate::value::{DateFormat, NumberFormat};

/// The columns of a table and how their cells are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// One entry per column, in the order of the table.
    pub columns: Vec<ColumnSpec>,
}

impl Schema {
    /// The entry for the column of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&ColumnSpec> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// How the cells of one column are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSpec {
    /// Name of the column, unique in its table.
    pub name: String,
    /// What the column is read as.
    pub kind: ColumnKind,
    /// How numbers are spelled; matters for numbers and integers only.
    #[serde(default)]
    pub number_format: NumberFormat,
    /// How dates are spelled; matters for dates only.
    #[serde(default)]
    pub date_format: DateFormat,
    /// Levels in the order of their codes (a Boolean column: first false, then true).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
}

impl ColumnSpec {
    /// A column of this kind in plain spelling and with no level known beforehand.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: ColumnKind) -> Self {
        Self {
            name: name.into(),
            kind,
            number_format: NumberFormat::default(),
            date_format: DateFormat::default(),
            levels: Vec::new(),
        }
    }
}
