//! One typed column.
//!
//! Invariants: the data and the missing mask have the same length; a missing cell holds NaN, code
//! 0, 0 microseconds or the empty string, and nothing reads it as a value; every code of a present
//! cell has a level; the storage follows from the kind as [`ColumnKind`] says.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{BitMask, ColumnSpec, TextValues};
use crate::error::TableError;
use crate::value::{DateFormat, NumberFormat, write_date, write_number};

/// What a column means, and with it how it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Real numbers; stored as [`ColumnData::Number`].
    Number,
    /// Whole numbers of at most 2^53; stored as [`ColumnData::Number`].
    Integer,
    /// A limited set of labels; stored as [`ColumnData::Category`].
    Category,
    /// Yes or no; stored as [`ColumnData::Category`] with level 0 false and level 1 true.
    Boolean,
    /// Points in time; stored as [`ColumnData::Date`].
    Date,
    /// Free text; stored as [`ColumnData::Text`].
    Text,
    /// A label that names the row and carries no other meaning; stored as [`ColumnData::Text`].
    Id,
}

impl ColumnKind {
    /// Whether the values are numbers.
    #[must_use]
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::Integer)
    }

    /// Whether the values are levels.
    #[must_use]
    pub fn is_categorical(self) -> bool {
        matches!(self, Self::Category | Self::Boolean)
    }
}

/// The cells of a column. Two are equal when their values are; NaN, which marks missing numbers,
/// equals NaN.
#[derive(Clone, Debug)]
pub enum ColumnData {
    /// Numbers; NaN where missing, and only there.
    Number(Vec<f64>),
    /// Codes into the levels; 0 where missing.
    Category {
        /// One code per row.
        codes: Vec<u32>,
        /// Labels in the order of their codes.
        levels: Vec<String>,
    },
    /// Microseconds since 1970-01-01T00:00:00 UTC; 0 where missing.
    Date {
        /// One instant per row.
        micros: Vec<i64>,
        /// How the file spelled them, for writing them back.
        format: DateFormat,
    },
    /// Strings; empty where missing.
    Text(TextValues),
}

impl PartialEq for ColumnData {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => {
                let same = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
                a.len() == b.len() && a.iter().zip(b).all(same)
            }
            (
                Self::Category { codes: a, levels: a_levels },
                Self::Category { codes: b, levels: b_levels },
            ) => a == b && a_levels == b_levels,
            (
                Self::Date { micros: a, format: a_format },
                Self::Date { micros: b, format: b_format },
            ) => a == b && a_format == b_format,
            (Self::Text(a), Self::Text(b)) => a == b,
            (
                Self::Number(_) | Self::Category { .. } | Self::Date { .. } | Self::Text(_),
                Self::Number(_) | Self::Category { .. } | Self::Date { .. } | Self::Text(_),
            ) => false,
        }
    }
}

/// A named, typed column with its missing cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    name: String,
    kind: ColumnKind,
    data: ColumnData,
    missing: BitMask,
}

impl Column {
    /// Real numbers. A value that is not finite becomes a missing cell.
    #[must_use]
    pub fn number(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self::numeric(name.into(), ColumnKind::Number, values)
    }

    /// Whole numbers, kept as `f64`. A value that is not finite becomes a missing cell.
    #[must_use]
    pub fn integer(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self::numeric(name.into(), ColumnKind::Integer, values)
    }

    fn numeric(name: String, kind: ColumnKind, mut values: Vec<f64>) -> Self {
        let missing = values.iter().map(|v| !v.is_finite()).collect();
        for value in &mut values {
            if !value.is_finite() {
                *value = f64::NAN;
            }
        }
        Self { name, kind, data: ColumnData::Number(values), missing }
    }

    /// Codes into `levels`, `None` where missing.
    ///
    /// # Errors
    /// [`TableError::UnknownLevel`] when a code has no level.
    pub fn category(
        name: impl Into<String>,
        codes: &[Option<u32>],
        levels: Vec<String>,
    ) -> Result<Self, TableError> {
        let name = name.into();
        if let Some(code) = codes.iter().flatten().find(|code| **code as usize >= levels.len()) {
            return Err(TableError::UnknownLevel {
                column: name,
                code: *code,
                levels: levels.len(),
            });
        }
        let missing = codes.iter().map(Option::is_none).collect();
        let codes = codes.iter().map(|code| code.unwrap_or(0)).collect();
        let data = ColumnData::Category { codes, levels };
        Ok(Self { name, kind: ColumnKind::Category, data, missing })
    }

    /// Labels, `None` where missing; levels get their codes in the order of first appearance.
    #[must_use]
    pub fn labels<'a>(
        name: impl Into<String>,
        labels: impl IntoIterator<Item = Option<&'a str>>,
    ) -> Self {
        let mut known: HashMap<&'a str, u32> = HashMap::new();
        let mut levels = Vec::new();
        let mut codes = Vec::new();
        let mut missing = BitMask::default();
        for label in labels {
            missing.push(label.is_none());
            codes.push(label.map_or(0, |label| {
                *known.entry(label).or_insert_with(|| {
                    levels.push(label.to_owned());
                    u32::try_from(levels.len() - 1).unwrap_or(u32::MAX)
                })
            }));
        }
        let data = ColumnData::Category { codes, levels };
        Self { name: name.into(), kind: ColumnKind::Category, data, missing }
    }

    /// Yes or no, `None` where missing. `words` are the labels of false and true.
    #[must_use]
    pub fn boolean(name: impl Into<String>, values: &[Option<bool>], words: [&str; 2]) -> Self {
        let missing = values.iter().map(Option::is_none).collect();
        let codes = values.iter().map(|value| u32::from(value.unwrap_or(false))).collect();
        let levels = words.iter().map(|word| (*word).to_owned()).collect();
        let data = ColumnData::Category { codes, levels };
        Self { name: name.into(), kind: ColumnKind::Boolean, data, missing }
    }

    /// Microseconds since 1970 (UTC), `None` where missing.
    #[must_use]
    pub fn date(name: impl Into<String>, values: &[Option<i64>], format: DateFormat) -> Self {
        let missing = values.iter().map(Option::is_none).collect();
        let micros = values.iter().map(|value| value.unwrap_or(0)).collect();
        let data = ColumnData::Date { micros, format };
        Self { name: name.into(), kind: ColumnKind::Date, data, missing }
    }

    /// Free text, `None` where missing.
    #[must_use]
    pub fn text<'a>(
        name: impl Into<String>,
        texts: impl IntoIterator<Item = Option<&'a str>>,
    ) -> Self {
        let mut values = TextValues::default();
        let mut missing = BitMask::default();
        for text in texts {
            values.push(text.unwrap_or(""));
            missing.push(text.is_none());
        }
        let data = ColumnData::Text(values);
        Self { name: name.into(), kind: ColumnKind::Text, data, missing }
    }

    /// Row labels, `None` where missing.
    #[must_use]
    pub fn id<'a>(
        name: impl Into<String>,
        labels: impl IntoIterator<Item = Option<&'a str>>,
    ) -> Self {
        Self { kind: ColumnKind::Id, ..Self::text(name, labels) }
    }

    /// Puts a column together from parts whose invariants the reader has kept.
    pub(crate) fn from_parts(spec: ColumnSpec, data: ColumnData, missing: BitMask) -> Self {
        Self { name: spec.name, kind: spec.kind, data, missing }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same column under another name.
    #[must_use]
    pub fn renamed(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// What the column means.
    #[must_use]
    pub fn kind(&self) -> ColumnKind {
        self.kind
    }

    /// The cells.
    #[must_use]
    pub fn data(&self) -> &ColumnData {
        &self.data
    }

    /// Which cells are missing.
    #[must_use]
    pub fn missing(&self) -> &BitMask {
        &self.missing
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.missing.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty()
    }

    /// Whether the cell of `row` is missing; rows beyond the end are.
    #[must_use]
    pub fn is_missing(&self, row: usize) -> bool {
        row >= self.len() || self.missing.get(row)
    }

    /// The numbers of a number or integer column (NaN where missing).
    #[must_use]
    pub fn find_numbers(&self) -> Option<&[f64]> {
        match &self.data {
            ColumnData::Number(values) => Some(values),
            ColumnData::Category { .. } | ColumnData::Date { .. } | ColumnData::Text(_) => None,
        }
    }

    /// Codes and levels of a category or Boolean column.
    #[must_use]
    pub fn find_levels(&self) -> Option<(&[u32], &[String])> {
        match &self.data {
            ColumnData::Category { codes, levels } => Some((codes, levels)),
            ColumnData::Number(_) | ColumnData::Date { .. } | ColumnData::Text(_) => None,
        }
    }

    /// The instants of a date column, in microseconds.
    #[must_use]
    pub fn find_dates(&self) -> Option<&[i64]> {
        match &self.data {
            ColumnData::Date { micros, .. } => Some(micros),
            ColumnData::Number(_) | ColumnData::Category { .. } | ColumnData::Text(_) => None,
        }
    }

    /// The strings of a text or id column.
    #[must_use]
    pub fn find_texts(&self) -> Option<&TextValues> {
        match &self.data {
            ColumnData::Text(texts) => Some(texts),
            ColumnData::Number(_) | ColumnData::Category { .. } | ColumnData::Date { .. } => None,
        }
    }

    /// The cell of `row` as the text that reads back as the same value; `None` where missing.
    #[must_use]
    pub fn find_cell(&self, row: usize) -> Option<Cow<'_, str>> {
        if self.is_missing(row) {
            return None;
        }
        match &self.data {
            ColumnData::Number(values) => {
                values.get(row).map(|v| Cow::Owned(write_number(*v, self.kind)))
            }
            ColumnData::Category { codes, levels } => codes
                .get(row)
                .and_then(|code| levels.get(*code as usize))
                .map(|level| Cow::Borrowed(level.as_str())),
            ColumnData::Date { micros, format } => {
                micros.get(row).map(|v| Cow::Owned(write_date(*v, *format)))
            }
            ColumnData::Text(texts) => Some(Cow::Borrowed(texts.get(row))),
        }
    }

    /// Number of different values among the present cells.
    #[must_use]
    pub fn count_distinct(&self) -> usize {
        let present = (0..self.len()).filter(|row| !self.missing.get(*row));
        match &self.data {
            // 0.0 + v folds minus zero into zero, which are one value.
            ColumnData::Number(values) => {
                count_unique(present.map(|r| (0.0 + values[r]).to_bits()))
            }
            ColumnData::Category { codes, .. } => count_unique(present.map(|r| codes[r])),
            ColumnData::Date { micros, .. } => count_unique(present.map(|r| micros[r])),
            ColumnData::Text(texts) => count_unique(present.map(|r| texts.get(r))),
        }
    }

    /// The rows at these positions, in this order; a position beyond the end is a missing cell.
    /// Levels stay as they are, also those that no row uses any more.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        let missing = rows.iter().map(|row| self.is_missing(*row)).collect();
        let data = match &self.data {
            ColumnData::Number(values) => ColumnData::Number(
                rows.iter().map(|row| values.get(*row).copied().unwrap_or(f64::NAN)).collect(),
            ),
            ColumnData::Category { codes, levels } => ColumnData::Category {
                codes: rows.iter().map(|row| codes.get(*row).copied().unwrap_or(0)).collect(),
                levels: levels.clone(),
            },
            ColumnData::Date { micros, format } => ColumnData::Date {
                micros: rows.iter().map(|row| micros.get(*row).copied().unwrap_or(0)).collect(),
                format: *format,
            },
            ColumnData::Text(texts) => {
                ColumnData::Text(rows.iter().map(|row| texts.get(*row)).collect())
            }
        };
        Self { name: self.name.clone(), kind: self.kind, data, missing }
    }

    /// How to read this column again from another file.
    #[must_use]
    pub fn spec(&self) -> ColumnSpec {
        let mut spec = ColumnSpec::new(self.name.clone(), self.kind);
        match &self.data {
            ColumnData::Number(_) => spec.number_format = NumberFormat::Plain,
            ColumnData::Category { levels, .. } => spec.levels.clone_from(levels),
            ColumnData::Date { format, .. } => spec.date_format = *format,
            ColumnData::Text(_) => {}
        }
        spec
    }
}

fn count_unique<T: std::hash::Hash + Eq>(values: impl Iterator<Item = T>) -> usize {
    values.collect::<std::collections::HashSet<T>>().len()
}
