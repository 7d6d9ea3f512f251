//! The batches' own connection to a SQLite file.
//!
//! A batch is hundreds of short statements. Through the pool each of them crosses two threads,
//! and all rows of a table have to be one statement of thousands of parameters; here a small
//! prepared statement is run row by row on the thread that decides.
//!
//! Invariants: it is the only connection that is written through while a batch runs; a
//! transaction takes its locks when it begins; what was begun is committed or rolled back before
//! the next one begins.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gantry_ports::StoreError;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, ffi};
use sea_orm::Value;

use crate::dialect::Cells;
use crate::error::broken;
use crate::row::{Columns, ReadRow};

/// One connection. The lock is never waited for: a batch is alone with it.
#[derive(Debug)]
pub(crate) struct FileConnection {
    connection: Mutex<Connection>,
}

/// How a connection behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileSettings {
    /// How long it waits for another process to free the file.
    pub(crate) busy_timeout: Duration,
    /// Statements that it keeps prepared.
    pub(crate) prepared: usize,
    /// `PRAGMA` statements.
    pub(crate) pragmas: &'static str,
}

impl FileConnection {
    /// Opens a file that is there.
    ///
    /// # Errors
    /// [`StoreError`]: it cannot be opened or set up.
    pub(crate) fn open(path: &Path, settings: FileSettings) -> Result<Self, StoreError> {
        let open = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(settings.busy_timeout)?;
            connection.set_prepared_statement_cache_capacity(settings.prepared);
            connection.execute_batch(settings.pragmas)?;
            Ok(connection)
        };
        let connection = open().map_err(|error| derive_file_error(&error, "database"))?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// What `PRAGMA synchronous` answers.
    ///
    /// # Errors
    /// What SQLite says.
    pub(crate) fn read_synchronous(&self) -> Result<i64, StoreError> {
        let asked = self.lock().pragma_query_value(None, "synchronous", |row| row.get(0));
        asked.map_err(|error| derive_file_error(&error, "database"))
    }

    /// Begins a transaction that writes.
    ///
    /// # Errors
    /// What SQLite says.
    pub(crate) fn begin(&self) -> Result<(), StoreError> {
        self.run("transaction", "BEGIN IMMEDIATE", &[]).map(drop)
    }

    /// Commits; when it returns, everything is on disk.
    ///
    /// # Errors
    /// What SQLite says; the transaction is still there then.
    pub(crate) fn commit(&self) -> Result<(), StoreError> {
        self.run("commit", "COMMIT", &[]).map(drop)
    }

    /// Undoes a transaction, if there is one: SQLite ends some by itself when they fail.
    pub(crate) fn roll_back(&self) {
        if self.lock().is_autocommit() {
            return;
        }
        if let Err(error) = self.run("transaction", "ROLLBACK", &[]) {
            tracing::warn!(%error, "a batch could not be rolled back");
        }
    }

    /// All rows; `what` names them in the product's words.
    ///
    /// # Errors
    /// What SQLite says.
    pub(crate) fn all<R: ReadRow>(
        &self,
        what: &'static str,
        text: &str,
        values: &[Value],
    ) -> Result<Vec<R>, StoreError> {
        let refuse = |error: rusqlite::Error| derive_file_error(&error, what);
        let connection = self.lock();
        let mut statement = connection.prepare_cached(text).map_err(refuse)?;
        bind(&mut statement, values, what)?;
        let mut rows = statement.raw_query();
        let mut read = Vec::new();
        while let Some(row) = rows.next().map_err(refuse)? {
            read.push(R::read(&mut Columns::of_file(row))?);
        }
        Ok(read)
    }

    /// Runs a statement; answers how many rows it changed.
    ///
    /// # Errors
    /// What SQLite says.
    pub(crate) fn run(
        &self,
        what: &'static str,
        text: &str,
        values: &[Value],
    ) -> Result<usize, StoreError> {
        let refuse = |error: rusqlite::Error| derive_file_error(&error, what);
        let connection = self.lock();
        let mut statement = connection.prepare_cached(text).map_err(refuse)?;
        bind(&mut statement, values, what)?;
        statement.raw_execute().map_err(refuse)
    }

    /// Runs a statement once per piece of a row set: a row, or a group of them.
    ///
    /// # Errors
    /// What SQLite says.
    pub(crate) fn run_rows<'a>(
        &self,
        what: &'static str,
        text: &str,
        pieces: impl Iterator<Item = Cells<'a>>,
    ) -> Result<(), StoreError> {
        let refuse = |error: rusqlite::Error| derive_file_error(&error, what);
        let connection = self.lock();
        let mut statement = connection.prepare_cached(text).map_err(refuse)?;
        for cells in pieces {
            for (place, cell) in (1..).zip(cells) {
                statement.raw_bind_parameter(place, cell).map_err(refuse)?;
            }
            statement.raw_execute().map_err(refuse)?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Binds values to `$1`, `$2` and so on, which a statement may name in any order.
fn bind(
    statement: &mut CachedStatement<'_>,
    values: &[Value],
    what: &'static str,
) -> Result<(), StoreError> {
    let refuse = |error: rusqlite::Error| derive_file_error(&error, what);
    for place in 1..=statement.parameter_count() {
        let named = statement.parameter_name(place).and_then(|name| name.get(1..)?.parse().ok());
        let number: usize = named.unwrap_or(place);
        let value = number.checked_sub(1).and_then(|index| values.get(index));
        let value = value.ok_or_else(|| broken(what, format!("no value for ${number}")))?;
        statement.raw_bind_parameter(place, to_sqlite(value, what)?).map_err(refuse)?;
    }
    Ok(())
}

/// The kinds of values that the hot path's statements take.
fn to_sqlite<'a>(value: &'a Value, what: &'static str) -> Result<ToSqlOutput<'a>, StoreError> {
    Ok(ToSqlOutput::Borrowed(match value {
        Value::BigInt(Some(number)) => ValueRef::Integer(*number),
        Value::String(Some(words)) => ValueRef::Text(words.as_bytes()),
        Value::Uuid(Some(id)) => ValueRef::Blob(id.as_bytes()),
        Value::BigInt(None) | Value::String(None) | Value::Uuid(None) => ValueRef::Null,
        other => return Err(broken(what, format!("a statement was given {other:?}"))),
    }))
}

/// The port's error for one of SQLite's; `what` names the row in the product's words.
fn derive_file_error(error: &rusqlite::Error, what: &'static str) -> StoreError {
    let reason = error.to_string();
    let Some(said) = error.sqlite_error() else { return StoreError::Broken { reason } };
    match (said.code, said.extended_code) {
        (
            ErrorCode::ConstraintViolation,
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
        ) => StoreError::AlreadyExists { what },
        (ErrorCode::ConstraintViolation, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => {
            StoreError::NotFound { what }
        }
        (ErrorCode::DatabaseBusy | ErrorCode::CannotOpen | ErrorCode::SystemIoFailure, _) => {
            StoreError::Unavailable { reason }
        }
        (_, _) => StoreError::Broken { reason },
    }
}
