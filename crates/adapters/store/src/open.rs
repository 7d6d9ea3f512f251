//! Connections.
//!
//! Invariant: a write transaction takes its locks when it begins (`BEGIN IMMEDIATE`), so that
//! it can never fail half-way because another one was faster.

use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    AccessMode, ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use gantry_ports::StoreError;

use crate::config::{Location, StoreConfig};
use crate::dialect::Dialect;
use crate::error::{OpenError, derive_store_error};
use crate::file::{FileConnection, FileSettings};
use crate::file_lock::FileLock;
use crate::writer::OwnFile;

/// How long a statement waits for another process, such as a backup, to free the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a caller waits for a connection before it is told that the database is busy.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Statements that one connection keeps prepared; the store has fewer.
const PREPARED_STATEMENTS: usize = 256;
/// Pages of write-ahead log after which it is folded into the file: 32 MiB.
const CHECKPOINT_PAGES: &str = "8192";
/// Pages that a connection keeps in memory, as negative KiB: SQLite forgets them whenever another
/// connection wrote, so that more would be held and not used.
const CACHE: &str = "-512";
/// The connection of the batches, which write nearly everything: its pages stay right. 4 MiB of
/// them, because the system keeps the file in memory anyway; four times as much took no processor
/// time off a job, and made the process grow by that much in its first minutes.
const BATCHES: FileSettings = FileSettings {
    busy_timeout: BUSY_TIMEOUT,
    prepared: PREPARED_STATEMENTS,
    pragmas: "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; \
              PRAGMA wal_autocheckpoint = 8192; PRAGMA cache_size = -4096;",
};

/// PostgreSQL plans a statement by how large tables were when it was last analysed, and a queue
/// fills faster than that: a plan made on an empty table would read all of a full one. What the
/// writer runs looks rows up by key, so it is told to use indexes.
const POSTGRES_WRITER: &[(&str, &str)] = &[
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
    ("plan_cache_mode", "force_generic_plan"),
];
/// No statement of ours runs long enough to be worth compiling.
const POSTGRES_READER: &[(&str, &str)] = &[("jit", "off")];

/// One connection listens to hints, the other sends them.
const BUS_CONNECTIONS: u32 = 2;

const DATABASE: &str = "database";

/// What opening makes.
#[derive(Debug)]
pub(crate) struct Connections {
    /// For snapshots.
    pub(crate) read: DatabaseConnection,
    /// For transactions.
    pub(crate) write: DatabaseConnection,
    /// The database's way of saying things.
    pub(crate) dialect: Dialect,
    /// For batches, where they have a connection of their own.
    pub(crate) file: Option<OwnFile>,
}

/// Connects.
///
/// # Errors
/// [`OpenError`]: the file is in use or unusable, or the server does not answer.
pub(crate) async fn connect(config: &StoreConfig) -> Result<Connections, OpenError> {
    match &config.location {
        Location::Sqlite(path) => {
            make_folder_of(path)?;
            let lock = FileLock::acquire(path)?;
            let write = connect_sqlite(path, 1).await?;
            let read = connect_sqlite(path, config.read_connections).await?;
            let file = FileConnection::open(path, BATCHES)?;
            let file = Some(OwnFile { file, lock });
            Ok(Connections { read, write, dialect: Dialect::Sqlite, file })
        }
        Location::Postgres(url) => {
            let write = connect_postgres(url, config.write_connections, POSTGRES_WRITER).await?;
            let read = connect_postgres(url, config.read_connections, POSTGRES_READER).await?;
            Ok(Connections { read, write, dialect: Dialect::Postgres, file: None })
        }
    }
}

/// Connects for hints alone, so that they never wait for a connection of the store's.
///
/// # Errors
/// [`OpenError`]: the server does not answer.
pub(crate) async fn connect_bus(url: &str) -> Result<DatabaseConnection, OpenError> {
    connect_postgres(url, BUS_CONNECTIONS, POSTGRES_READER).await
}

/// Begins a transaction that writes.
///
/// # Errors
/// [`StoreError::Unavailable`] when there is no connection.
pub(crate) async fn begin_write(
    connection: &DatabaseConnection,
) -> Result<DatabaseTransaction, StoreError> {
    let options = TransactionOptions {
        isolation_level: None,
        access_mode: None,
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
    };
    let begun = connection.begin_with_options(options).await;
    begun.map_err(|error| StoreError::Unavailable { reason: error.to_string() })
}

/// Begins a snapshot.
///
/// # Errors
/// [`StoreError::Unavailable`] when there is no connection.
pub(crate) async fn begin_read(
    connection: &DatabaseConnection,
    dialect: Dialect,
) -> Result<DatabaseTransaction, StoreError> {
    let begun = match dialect {
        // A deferred transaction of SQLite is a snapshot from its first statement on.
        Dialect::Sqlite => connection.begin().await,
        Dialect::Postgres => {
            let isolation = Some(IsolationLevel::RepeatableRead);
            connection.begin_with_config(isolation, Some(AccessMode::ReadOnly)).await
        }
    };
    begun.map_err(|error| StoreError::Unavailable { reason: error.to_string() })
}

fn make_folder_of(path: &Path) -> Result<(), OpenError> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    std::fs::create_dir_all(folder)
        .map_err(|error| OpenError::File { path: folder.to_owned(), reason: error.to_string() })
}

async fn connect_sqlite(path: &Path, connections: u32) -> Result<DatabaseConnection, OpenError> {
    let file = path.to_owned();
    let mut options = pool_options("sqlite::memory:", connections);
    options.map_sqlx_sqlite_opts(move |options| {
        // The path is set here and not in the URL, where `?` and `%` would mean something.
        options
            .in_memory(false)
            .shared_cache(false)
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(PREPARED_STATEMENTS)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .pragma("cache_size", CACHE)
            .pragma("temp_store", "memory")
    });
    Database::connect(options)
        .await
        .map_err(|error| OpenError::File { path: path.to_owned(), reason: error.to_string() })
}

async fn connect_postgres(
    url: &str,
    connections: u32,
    settings: &'static [(&'static str, &'static str)],
) -> Result<DatabaseConnection, OpenError> {
    let mut options = pool_options(url, connections);
    options.map_sqlx_postgres_opts(move |options| {
        options
            .application_name("gantry")
            .statement_cache_capacity(PREPARED_STATEMENTS)
            .options(settings.iter().copied())
    });
    let connected = Database::connect(options).await;
    connected.map_err(|error| OpenError::Store(derive_store_error(&error, DATABASE)))
}

fn pool_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .min_connections(1)
        .max_connections(connections.max(1))
        .connect_timeout(ACQUIRE_TIMEOUT)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .record_stmt_in_spans(false)
        .sqlx_logging(false);
    options
}
