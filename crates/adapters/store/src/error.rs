//! What opening can answer, and how the database's errors become the port's.

use std::path::PathBuf;

use gantry_ports::StoreError;
use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// A store could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another server has the SQLite file.
    #[error(
        "another gantry server uses {}; stop it, or give this one another data folder \
         (several servers on one database need PostgreSQL)", path.display()
    )]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The file or its folder cannot be used.
    #[error("{} cannot be used: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// The database holds a schema that a later version of gantry made.
    #[error(
        "the database has schema version {found} and this gantry knows {known}; \
         run the version that made it, or a later one"
    )]
    TooNew {
        /// The version in the database.
        found: u32,
        /// The newest version that this binary knows.
        known: u32,
    },
    /// The schema must change, and no copy of the database could be made before.
    #[error(
        "the database has schema version {found} and must be upgraded, and no backup of it could \
         be made first: {reason}"
    )]
    NoBackup {
        /// The version in the database.
        found: u32,
        /// What went wrong.
        reason: String,
    },
    /// The database does not answer, or refused a statement.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a failed statement means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// The same transaction may succeed when it is run again.
    Now,
    /// It may not.
    Useless,
}

/// The port's error for a database error; `what` names the row in the product's words.
pub(crate) fn derive_store_error(error: &DbErr, what: &'static str) -> StoreError {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => return StoreError::AlreadyExists { what },
        Some(SqlErr::ForeignKeyConstraintViolation(_)) => return StoreError::NotFound { what },
        Some(_) | None => {}
    }
    match error {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => {
            StoreError::Unavailable { reason: error.to_string() }
        }
        other if is_connection_loss(other) => StoreError::Unavailable { reason: other.to_string() },
        other => StoreError::Broken { reason: other.to_string() },
    }
}

/// Whether the transaction lost against another one and may simply be run again.
pub(crate) fn derive_retry(error: &DbErr) -> Retry {
    // serialization_failure and deadlock_detected of PostgreSQL.
    match find_driver_error(error).and_then(sea_orm::sqlx::Error::as_database_error) {
        Some(database) if matches!(database.code().as_deref(), Some("40001" | "40P01")) => {
            Retry::Now
        }
        Some(_) | None => Retry::Useless,
    }
}

fn is_connection_loss(error: &DbErr) -> bool {
    use sea_orm::sqlx::Error;
    find_driver_error(error).is_some_and(|error| {
        matches!(error, Error::Io(_) | Error::PoolClosed | Error::PoolTimedOut | Error::Tls(_))
    })
}

fn find_driver_error(error: &DbErr) -> Option<&sea_orm::sqlx::Error> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(inner))
        | DbErr::Query(RuntimeErr::SqlxError(inner))
        | DbErr::Conn(RuntimeErr::SqlxError(inner)) => Some(inner),
        _ => None,
    }
}

/// A column holds what this version cannot read.
pub(crate) fn broken(what: &str, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Broken { reason: format!("{what}: {reason}") }
}
