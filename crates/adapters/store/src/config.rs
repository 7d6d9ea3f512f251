//! Where the database is and how many connections it gets.

use std::path::PathBuf;

/// The database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of this server alone.
    Sqlite(PathBuf),
    /// A server, as a URL such as `postgres://user:password@host:5432/gantry`.
    Postgres(String),
}

/// What happens before the schema of a database with data is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpgradeBackup {
    /// It is copied first: a SQLite file beside itself, a PostgreSQL database by `pg_dump` into
    /// this folder.
    Into(PathBuf),
    /// Nothing: somebody has a backup already.
    None,
}

/// How a store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// The database.
    pub location: Location,
    /// Connections for snapshots.
    pub read_connections: u32,
    /// Connections for transactions; SQLite has one whatever stands here.
    pub write_connections: u32,
    /// Commands and closures that may wait for the writer before callers are told that the
    /// store is busy.
    pub queue_length: usize,
    /// What happens before its schema is changed.
    pub upgrade_backup: UpgradeBackup,
}

impl StoreConfig {
    /// The usual settings for a SQLite file, which is made where it is missing.
    #[must_use]
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self::at(Location::Sqlite(path.into()))
    }

    /// The usual settings for a PostgreSQL server.
    #[must_use]
    pub fn postgres(url: impl Into<String>) -> Self {
        Self::at(Location::Postgres(url.into()))
    }

    fn at(location: Location) -> Self {
        Self {
            location,
            read_connections: 4,
            write_connections: 4,
            queue_length: 4096,
            upgrade_backup: UpgradeBackup::Into(PathBuf::from(".")),
        }
    }
}
