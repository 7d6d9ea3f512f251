//! Statements of a batch, on either database.
//!
//! Invariant: on a SQLite file nothing here waits: the thread that asks does the work.

use gantry_ports::StoreError;
use sea_orm::Value;

use crate::file::FileConnection;
use crate::row::ReadRow;
use crate::sql::Sql;

/// The transaction of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BatchSql<'a> {
    /// A transaction of PostgreSQL.
    Pool(&'a Sql),
    /// The one on the batches' own connection to a SQLite file.
    File(&'a FileConnection),
}

impl BatchSql<'_> {
    /// All rows; `what` names them in the product's words.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn all<R: ReadRow>(
        self,
        what: &'static str,
        text: &str,
        values: Vec<Value>,
    ) -> Result<Vec<R>, StoreError> {
        match self {
            Self::Pool(sql) => sql.all_in_order(what, text, values).await,
            Self::File(file) => file.all(what, text, &values),
        }
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn run(
        self,
        what: &'static str,
        text: &str,
        values: Vec<Value>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Pool(sql) => sql.run(what, text, values).await.map(drop),
            Self::File(file) => file.run(what, text, &values).map(drop),
        }
    }
}
