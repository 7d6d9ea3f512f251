//! `[store]`: the database.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::secret::Secret;

/// The database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSection {
    /// A PostgreSQL server as a URL; without one, SQLite keeps everything in `gantry.db` in the
    /// data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Secret>,
    /// Connections for reading.
    pub read_connections: u32,
    /// Connections for writing; SQLite has one whatever stands here.
    pub write_connections: u32,
    /// Writes that may wait before callers are told that the server is busy.
    pub queue_length: usize,
    /// Copy a database with data before its schema is upgraded: a SQLite file beside itself, a
    /// PostgreSQL database by `pg_dump` into the data folder.
    pub backup_before_upgrade: bool,
}

impl Default for StoreSection {
    fn default() -> Self {
        Self {
            url: None,
            read_connections: 4,
            write_connections: 4,
            queue_length: 4_096,
            backup_before_upgrade: true,
        }
    }
}
