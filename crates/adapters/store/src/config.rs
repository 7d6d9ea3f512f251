//! Where the database is and how many connections it gets.

use std::path::{Path, PathBuf};

/// The database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of this server alone.
    Sqlite(PathBuf),
    /// A server, as a URL such as `postgres://user:password@host:5432/gantry`.
    Postgres(String),
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

    /// The file of a SQLite database.
    pub(crate) fn sqlite_file(&self) -> Option<&Path> {
        match &self.location {
            Location::Sqlite(path) => Some(path),
            Location::Postgres(_) => None,
        }
    }

    fn at(location: Location) -> Self {
        Self { location, read_connections: 8, write_connections: 4, queue_length: 4096 }
    }
}
