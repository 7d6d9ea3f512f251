//! Statements in a transaction, with the port's errors.
//!
//! Invariant: an error that means "run the whole transaction again" is remembered here, because
//! closures see the port's errors alone.

use std::sync::atomic::{AtomicBool, Ordering};

use gantry_ports::StoreError;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbErr, FromQueryResult, QueryResult, Statement, Value,
};

use crate::dialect::Dialect;
use crate::error::{Retry, derive_retry, derive_store_error};
use crate::row::{Columns, ReadRow};

/// One transaction.
#[derive(Debug)]
pub(crate) struct Sql {
    transaction: DatabaseTransaction,
    dialect: Dialect,
    lost: AtomicBool,
}

impl Sql {
    /// Wraps a transaction that has begun.
    pub(crate) fn new(transaction: DatabaseTransaction, dialect: Dialect) -> Self {
        Self { transaction, dialect, lost: AtomicBool::new(false) }
    }

    /// The database's way of saying things.
    pub(crate) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Gives the transaction back, to end it.
    pub(crate) fn into_transaction(self) -> DatabaseTransaction {
        self.transaction
    }

    /// Whether the transaction lost against another and may be run again.
    pub(crate) fn retry(&self) -> Retry {
        if self.lost.load(Ordering::Relaxed) { Retry::Now } else { Retry::Useless }
    }

    /// All rows; `what` names them in the product's words.
    pub(crate) async fn all<R: FromQueryResult>(
        &self,
        what: &'static str,
        sql: impl Into<String>,
        values: Vec<Value>,
    ) -> Result<Vec<R>, StoreError> {
        let found = self.transaction.query_all_raw(self.statement(sql, values)).await;
        let rows = found.map_err(|error| self.refuse(&error, what))?;
        rows.iter().map(|row| read_row(row, what)).collect()
    }

    /// All rows of a batch's statement, read in the order of its columns.
    pub(crate) async fn all_in_order<R: ReadRow>(
        &self,
        what: &'static str,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<R>, StoreError> {
        let found = self.transaction.query_all_raw(self.statement(sql, values)).await;
        let rows = found.map_err(|error| self.refuse(&error, what))?;
        rows.iter().map(|row| R::read(&mut Columns::of_pool(row))).collect()
    }

    /// All rows, each read by `read`.
    pub(crate) async fn all_by<T>(
        &self,
        what: &'static str,
        sql: impl Into<String>,
        values: Vec<Value>,
        read: impl Fn(&QueryResult) -> Result<T, StoreError> + Send,
    ) -> Result<Vec<T>, StoreError> {
        let found = self.transaction.query_all_raw(self.statement(sql, values)).await;
        let rows = found.map_err(|error| self.refuse(&error, what))?;
        rows.iter().map(read).collect()
    }

    /// The first row, if there is one.
    pub(crate) async fn first<R: FromQueryResult>(
        &self,
        what: &'static str,
        sql: impl Into<String>,
        values: Vec<Value>,
    ) -> Result<Option<R>, StoreError> {
        let found = self.transaction.query_one_raw(self.statement(sql, values)).await;
        let row = found.map_err(|error| self.refuse(&error, what))?;
        row.map(|row| read_row(&row, what)).transpose()
    }

    /// One whole number, such as a count; zero when there is no row.
    pub(crate) async fn number(
        &self,
        what: &'static str,
        sql: impl Into<String>,
        values: Vec<Value>,
    ) -> Result<i64, StoreError> {
        let found = self.transaction.query_one_raw(self.statement(sql, values)).await;
        let row = found.map_err(|error| self.refuse(&error, what))?;
        let number = row.map(|row| row.try_get_by_index::<i64>(0)).transpose();
        number.map(Option::unwrap_or_default).map_err(|error| derive_store_error(&error, what))
    }

    /// Runs a statement; answers how many rows it changed.
    pub(crate) async fn run(
        &self,
        what: &'static str,
        sql: impl Into<String>,
        values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        let done = self.transaction.execute_raw(self.statement(sql, values)).await;
        done.map(|done| done.rows_affected()).map_err(|error| self.refuse(&error, what))
    }

    /// Runs a statement that must change a row.
    pub(crate) async fn run_on_row(
        &self,
        what: &'static str,
        sql: impl Into<String>,
        values: Vec<Value>,
    ) -> Result<(), StoreError> {
        match self.run(what, sql, values).await? {
            0 => Err(StoreError::NotFound { what }),
            _ => Ok(()),
        }
    }

    fn statement(&self, sql: impl Into<String>, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.dialect.backend(), sql, values)
    }

    fn refuse(&self, error: &DbErr, what: &'static str) -> StoreError {
        if derive_retry(error) == Retry::Now {
            self.lost.store(true, Ordering::Relaxed);
        }
        derive_store_error(error, what)
    }
}

fn read_row<R: FromQueryResult>(row: &QueryResult, what: &'static str) -> Result<R, StoreError> {
    R::from_query_result(row, "").map_err(|error| derive_store_error(&error, what))
}
