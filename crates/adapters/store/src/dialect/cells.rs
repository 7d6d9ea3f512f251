//! Sets of rows to be written.
//!
//! Invariants: values stand row by row in the order of the statement's columns; text has no NUL
//! character, which PostgreSQL cannot keep, and is never the one character that stands for
//! nothing there: both become the replacement character on both databases, so that both keep the
//! same. No identifier is all ones, and no number is the smallest one: these stand for nothing in
//! arrays, which have no room for it.

use std::ops::Range;

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};
use sea_orm::Value;
use sea_orm::sea_query::ArrayType;
use uuid::Uuid;

use super::row_set::Kind;

/// Stands for no identifier in an array.
pub(super) const NO_ID: Uuid = Uuid::max();
/// Stands for no number in an array.
pub(super) const NO_NUMBER: i64 = i64::MIN;
/// Stands for no text in an array.
pub(super) const NO_TEXT: &str = "\u{1}";

/// The values that a statement takes.
pub(crate) type Cells<'a> = &'a [Cell];

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Id(Uuid),
    Int(i64),
    Real(f64),
    Bool(bool),
    Text(String),
}

/// Rows for one statement.
#[derive(Debug, Default)]
pub(crate) struct RowSet {
    cells: Vec<Cell>,
    rows: usize,
}

impl RowSet {
    /// No rows.
    pub(crate) const fn new() -> Self {
        Self { cells: Vec::new(), rows: 0 }
    }

    /// How many rows there are.
    pub(crate) const fn len(&self) -> usize {
        self.rows
    }

    /// Begins a row.
    pub(crate) const fn row(&mut self) -> &mut Self {
        self.rows += 1;
        self
    }

    /// Adds an identifier.
    pub(crate) fn id(&mut self, id: Uuid) -> &mut Self {
        self.add(Cell::Id(id))
    }

    /// Adds an identifier or nothing.
    pub(crate) fn opt_id(&mut self, id: Option<Uuid>) -> &mut Self {
        self.add(id.map_or(Cell::Null, Cell::Id))
    }

    /// Adds a whole number.
    pub(crate) fn int(&mut self, number: i64) -> &mut Self {
        self.add(Cell::Int(number))
    }

    /// Adds a whole number or nothing.
    pub(crate) fn opt_int(&mut self, number: Option<i64>) -> &mut Self {
        self.add(number.map_or(Cell::Null, Cell::Int))
    }

    /// Adds a number; one that is not finite becomes nothing.
    pub(crate) fn real(&mut self, number: f64) -> &mut Self {
        self.add(if number.is_finite() { Cell::Real(number) } else { Cell::Null })
    }

    /// Adds a truth value.
    pub(crate) fn bool(&mut self, truth: bool) -> &mut Self {
        self.add(Cell::Bool(truth))
    }

    /// Adds text.
    pub(crate) fn text(&mut self, words: &str) -> &mut Self {
        let kept = match words {
            NO_TEXT => String::from("\u{fffd}"),
            _ if words.contains('\0') => words.replace('\0', "\u{fffd}"),
            _ => words.to_owned(),
        };
        self.add(Cell::Text(kept))
    }

    /// Adds text or nothing.
    pub(crate) fn opt_text(&mut self, words: Option<&str>) -> &mut Self {
        match words {
            Some(words) => self.text(words),
            None => self.add(Cell::Null),
        }
    }

    fn add(&mut self, cell: Cell) -> &mut Self {
        self.cells.push(cell);
        self
    }

    /// Some of the cells, so many at a time.
    pub(super) fn pieces(
        &self,
        cells: Range<usize>,
        size: usize,
    ) -> impl Iterator<Item = Cells<'_>> {
        self.cells.get(cells).unwrap_or_default().chunks_exact(size.max(1))
    }

    /// All rows as one array per column; what stands for nothing is [`NO_ID`] and its like.
    pub(super) fn into_arrays(self, kinds: &[Kind]) -> Vec<Value> {
        let mut columns: Vec<Vec<Value>> =
            kinds.iter().map(|_| Vec::with_capacity(self.rows)).collect();
        for (place, cell) in self.cells.into_iter().enumerate() {
            let column = place % kinds.len().max(1);
            if let (Some(values), Some(kind)) = (columns.get_mut(column), kinds.get(column)) {
                values.push(cell.into_element(*kind));
            }
        }
        let array = |(kind, values): (&Kind, Vec<Value>)| {
            let of = match kind {
                Kind::Id => ArrayType::Uuid,
                Kind::Int => ArrayType::BigInt,
                Kind::Real => ArrayType::Double,
                Kind::Bool => ArrayType::Bool,
                Kind::Text => ArrayType::String,
            };
            Value::Array(of, Some(Box::new(values)))
        };
        kinds.iter().zip(columns).map(array).collect()
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Id(id) => ValueRef::Blob(id.as_bytes()),
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Bool(truth) => ValueRef::Integer(i64::from(*truth)),
            Self::Text(words) => ValueRef::Text(words.as_bytes()),
        }))
    }
}

impl Cell {
    fn into_element(self, kind: Kind) -> Value {
        match (self, kind) {
            (Self::Id(id), _) => id.into(),
            (Self::Int(number), _) => number.into(),
            (Self::Real(number), _) => number.into(),
            (Self::Bool(truth), _) => truth.into(),
            (Self::Text(words), _) => words.into(),
            (Self::Null, Kind::Id) => NO_ID.into(),
            (Self::Null, Kind::Int) => NO_NUMBER.into(),
            (Self::Null, Kind::Real) => f64::NAN.into(),
            (Self::Null, Kind::Bool) => false.into(),
            (Self::Null, Kind::Text) => NO_TEXT.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_what_stands_for_none() {
        let mut rows = RowSet::new();
        rows.row().text(NO_TEXT);
        assert_eq!(rows.pieces(0..1, 1).next(), Some(&[Cell::Text("\u{fffd}".into())][..]));
    }

    #[test]
    fn both_ways_tell_the_same() {
        let fill = || {
            let mut rows = RowSet::new();
            rows.row().id(Uuid::nil()).opt_int(None).text("a\0b");
            rows.row().opt_id(None).int(-3).opt_text(None);
            rows
        };
        assert_eq!(fill().len(), 2);
        let arrays = fill().into_arrays(&[Kind::Id, Kind::Int, Kind::Text]);
        let ids = vec![Value::from(Uuid::nil()), NO_ID.into()];
        assert_eq!(arrays[0], Value::Array(ArrayType::Uuid, Some(Box::new(ids))));
        let numbers = vec![Value::from(NO_NUMBER), Value::from(-3_i64)];
        assert_eq!(arrays[1], Value::Array(ArrayType::BigInt, Some(Box::new(numbers))));
        let texts = vec![Value::from("a\u{fffd}b"), Value::from(NO_TEXT)];
        assert_eq!(arrays[2], Value::Array(ArrayType::String, Some(Box::new(texts))));
        let set = fill();
        let rows: Vec<Cells<'_>> = set.pieces(0..6, 3).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0][2], Cell::Text("a\u{fffd}b".into()));
        assert_eq!(rows[1][1], Cell::Int(-3));
        assert_eq!(set.pieces(3..6, 3).count(), 1);
    }
}
