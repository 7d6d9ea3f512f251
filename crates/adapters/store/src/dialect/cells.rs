//! Sets of rows to be written.
//!
//! Invariants: values stand row by row in the order of the statement's columns; text has no NUL
//! character, which PostgreSQL cannot keep, and is never the one character that stands for
//! nothing there: both become the replacement character on both databases, so that both keep the
//! same. No identifier is all ones, and no number is the smallest one: these stand for nothing in
//! arrays, which have no room for it.

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

/// One value.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
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

    /// All values one by one, as parameters.
    pub(super) fn into_values(self) -> impl Iterator<Item = Value> {
        self.cells.into_iter().map(|cell| match cell {
            Cell::Null => Value::BigInt(None),
            Cell::Id(id) => id.into(),
            Cell::Int(number) => number.into(),
            Cell::Real(number) => number.into(),
            Cell::Bool(truth) => truth.into(),
            Cell::Text(words) => words.into(),
        })
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
        assert_eq!(rows.into_values().next(), Some(Value::from("\u{fffd}")));
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
        let values: Vec<Value> = fill().into_values().collect();
        assert_eq!(values.len(), 6);
        assert_eq!(values[2], Value::from("a\u{fffd}b"));
        assert_eq!(values[4], Value::from(-3_i64));
    }
}
