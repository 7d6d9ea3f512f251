//! The typed, columnar table that every engine computes on.
//!
//! Invariants: all columns have the same number of rows, and no two columns have the same name.

mod column;
mod mask;
mod schema;
mod text;

use std::collections::HashSet;

pub use column::{Column, ColumnData, ColumnKind};
pub use mask::BitMask;
pub use schema::{ColumnSpec, Schema};
pub use text::TextValues;

use crate::error::TableError;

/// A table: named, typed columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    columns: Vec<Column>,
    rows: usize,
}

impl Frame {
    /// Puts columns together. No columns make a table of no rows.
    ///
    /// # Errors
    /// [`TableError::UnequalColumns`] or [`TableError::DuplicateColumn`].
    pub fn new(columns: Vec<Column>) -> Result<Self, TableError> {
        let rows = columns.first().map_or(0, Column::len);
        let mut names = HashSet::new();
        for column in &columns {
            if column.len() != rows {
                return Err(TableError::UnequalColumns {
                    column: column.name().to_owned(),
                    expected: rows,
                    found: column.len(),
                });
            }
            if !names.insert(column.name()) {
                return Err(TableError::DuplicateColumn { name: column.name().to_owned() });
            }
        }
        Ok(Self { columns, rows })
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns in order.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Gives the columns away.
    #[must_use]
    pub fn into_columns(self) -> Vec<Column> {
        self.columns
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(Column::name)
    }

    /// The column of this name.
    #[must_use]
    pub fn find_column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name() == name)
    }

    /// The column of this name.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`], which lists the names that exist.
    pub fn get_column(&self, name: &str) -> Result<&Column, TableError> {
        self.find_column(name).ok_or_else(|| TableError::UnknownColumn {
            name: name.to_owned(),
            available: derive_name_list(self.names()),
        })
    }

    /// Adds a column at the end.
    ///
    /// # Errors
    /// [`TableError::UnequalColumns`] or [`TableError::DuplicateColumn`].
    pub fn push(&mut self, column: Column) -> Result<(), TableError> {
        if !self.columns.is_empty() && column.len() != self.rows {
            return Err(TableError::UnequalColumns {
                column: column.name().to_owned(),
                expected: self.rows,
                found: column.len(),
            });
        }
        if self.find_column(column.name()).is_some() {
            return Err(TableError::DuplicateColumn { name: column.name().to_owned() });
        }
        self.rows = column.len();
        self.columns.push(column);
        Ok(())
    }

    /// The columns of these names, in this order.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`] or, for a name given twice, [`TableError::DuplicateColumn`].
    pub fn select(&self, names: &[&str]) -> Result<Self, TableError> {
        let columns = names.iter().map(|name| self.get_column(name).cloned());
        Self::new(columns.collect::<Result<_, _>>()?)
    }

    /// The rows at these positions, in this order; a position beyond the end is a row of missing
    /// cells.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        let columns: Vec<_> = self.columns.iter().map(|column| column.take(rows)).collect();
        let rows = if columns.is_empty() { 0 } else { rows.len() };
        Self { columns, rows }
    }

    /// The first `count` rows, or fewer.
    #[must_use]
    pub fn head(&self, count: usize) -> Self {
        self.take(&(0..count.min(self.rows)).collect::<Vec<_>>())
    }

    /// The cells of one row as text, `None` where missing.
    pub fn cells(&self, row: usize) -> impl Iterator<Item = Option<std::borrow::Cow<'_, str>>> {
        self.columns.iter().map(move |column| column.find_cell(row))
    }

    /// How to read a second file as this table was read.
    #[must_use]
    pub fn schema(&self) -> Schema {
        Schema { columns: self.columns.iter().map(Column::spec).collect() }
    }
}

/// A list of names short enough for a message.
pub(crate) fn derive_name_list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let names: Vec<_> = names.collect();
    let mut list = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        list.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Frame {
        Frame::new(vec![
            Column::number("x", vec![1.5, f64::NAN, f64::INFINITY, 4.0]),
            Column::labels("c", [Some("b"), Some("a"), None, Some("b")]),
            Column::text("t", [Some("one"), None, Some("three"), Some("")]),
        ])
        .unwrap()
    }

    #[test]
    fn columns_must_agree() {
        let unequal =
            Frame::new(vec![Column::number("x", vec![1.0]), Column::number("y", vec![1.0, 2.0])]);
        assert!(matches!(unequal, Err(TableError::UnequalColumns { .. })));
        let twice =
            Frame::new(vec![Column::number("x", vec![1.0]), Column::number("x", vec![1.0])]);
        assert!(matches!(twice, Err(TableError::DuplicateColumn { .. })));
    }

    #[test]
    fn take_repeats_reorders_and_pads() {
        let taken = sample().take(&[3, 0, 3, 99]);
        assert_eq!(taken.rows(), 4);
        let cells: Vec<Vec<Option<String>>> =
            (0..4).map(|row| taken.cells(row).map(|c| c.map(String::from)).collect()).collect();
        let row = |x: &str, c: &str, t: &str| -> Vec<Option<String>> {
            vec![Some(x.into()), Some(c.into()), Some(t.into())]
        };
        let expected: Vec<Vec<_>> =
            vec![row("4.0", "b", ""), row("1.5", "b", "one"), row("4.0", "b", ""), vec![None; 3]];
        assert_eq!(cells, expected);
    }

    #[test]
    fn values_that_are_not_finite_are_missing() {
        let frame = sample();
        let x = frame.get_column("x").unwrap();
        assert_eq!(x.missing().count(), 2);
        assert!(x.find_numbers().unwrap()[2].is_nan());
        assert_eq!(x.count_distinct(), 2);
    }

    #[test]
    fn unknown_columns_are_named_with_those_that_exist() {
        let error = sample().get_column("y").unwrap_err().to_string();
        assert!(error.contains("\"y\"") && error.contains("x, c, t"), "{error}");
    }

    #[test]
    fn codes_without_level_are_refused() {
        let column = Column::category("c", &[Some(0), None, Some(2)], vec!["a".into(), "b".into()]);
        assert!(matches!(column, Err(TableError::UnknownLevel { code: 2, levels: 2, .. })));
    }

    #[test]
    fn head_is_never_longer_than_the_table() {
        assert_eq!(sample().head(2).rows(), 2);
        assert_eq!(sample().head(20).rows(), 4);
    }
}
