//! Rows as a batch reads them, from either driver.
//!
//! Invariant: a row is read from its first column to its last, in the order of the statement:
//! finding columns by name takes longer than reading them.

use gantry_ports::StoreError;
use rusqlite::types::FromSql;
use sea_orm::{QueryResult, TryGetable};

use crate::error::broken;

/// What one column can be read as.
pub(crate) trait Readable: TryGetable + FromSql {}

impl<T: TryGetable + FromSql> Readable for T {}

/// A row of which every column is read in order.
pub(crate) trait ReadRow: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// [`StoreError::Broken`]: a column is missing or of another kind.
    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreError>;
}

/// Implements [`ReadRow`] for a struct whose columns come in the order named.
macro_rules! read_in_order {
    ($row:ident: $($field:ident),+ $(,)?) => {
        impl $crate::row::ReadRow for $row {
            fn read(
                columns: &mut $crate::row::Columns<'_>,
            ) -> Result<Self, gantry_ports::StoreError> {
                Ok(Self { $($field: columns.next(stringify!($field))?,)+ })
            }
        }
    };
}
pub(crate) use read_in_order;

/// The columns of a row from the left to the right.
pub(crate) struct Columns<'a> {
    row: Row<'a>,
    place: usize,
}

enum Row<'a> {
    Pool(&'a QueryResult),
    File(&'a rusqlite::Row<'a>),
}

impl<'a> Columns<'a> {
    /// Of a row that came through a pool.
    pub(crate) const fn of_pool(row: &'a QueryResult) -> Self {
        Self { row: Row::Pool(row), place: 0 }
    }

    /// Of a row of the batch's own connection to a file.
    pub(crate) const fn of_file(row: &'a rusqlite::Row<'a>) -> Self {
        Self { row: Row::File(row), place: 0 }
    }

    /// The next column; `name` is for the error.
    pub(crate) fn next<T: Readable>(&mut self, name: &'static str) -> Result<T, StoreError> {
        let place = self.place;
        self.place += 1;
        match self.row {
            Row::Pool(row) => row.try_get_by_index(place).map_err(|error| broken(name, error)),
            Row::File(row) => row.get(place).map_err(|error| broken(name, error)),
        }
    }
}
