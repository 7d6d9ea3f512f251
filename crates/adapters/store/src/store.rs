//! The store that the port describes.

use std::any::Any;

use async_trait::async_trait;
use gantry_ports::store::{ReadTx, Sight, WriteAbort, WriteClosure};
use gantry_ports::{Store, StoreError};
use sea_orm::{ConnectionTrait, DatabaseConnection};

use crate::config::StoreConfig;
use crate::dialect::Dialect;
use crate::error::{OpenError, derive_store_error};
use crate::migrations;
use crate::open::{self, Connections, begin_read};
use crate::session::Session;
use crate::sql::Sql;
use crate::writer::Writer;

/// The store on SQLite or PostgreSQL. Clones of an `Arc` share it; dropping the last one lets
/// the writer finish what is queued.
#[derive(Debug)]
pub struct GantryStore {
    read: DatabaseConnection,
    dialect: Dialect,
    synchronous: Option<i64>,
    writer: Writer,
}

impl GantryStore {
    /// Opens a database and brings its schema up to date; one with data is copied first, as
    /// [`crate::UpgradeBackup`] says.
    ///
    /// # Errors
    /// [`OpenError`]: the file is in use by another server or unusable, the server does not
    /// answer, or the schema is of a later version.
    pub async fn open(config: StoreConfig) -> Result<Self, OpenError> {
        let Connections { read, write, dialect, file } = open::connect(&config).await?;
        migrations::migrate(&write, dialect, &config).await?;
        let synchronous = file.as_ref().map(|own| own.file.read_synchronous()).transpose()?;
        let writer = Writer::start(write, file, config.queue_length)?;
        Ok(Self { read, dialect, synchronous, writer })
    }

    /// What `PRAGMA synchronous` answers on the connection that writes: 2 (`FULL`) means that a
    /// commit is on disk before anybody is told of it. `None` on PostgreSQL, whose server decides.
    #[must_use]
    pub const fn synchronous(&self) -> Option<i64> {
        self.synchronous
    }

    /// Waits until everything queued is committed, then closes the database, so that it can be
    /// opened again.
    pub async fn close(self) {
        self.writer.stop().await;
        if let Err(error) = self.read.close().await {
            tracing::warn!(%error, "the database did not close cleanly");
        }
    }

    /// The writer, for hot commands.
    pub(crate) const fn writer(&self) -> &Writer {
        &self.writer
    }
}

#[async_trait]
impl Store for GantryStore {
    async fn read_as(&self, sight: Sight) -> Result<Box<dyn ReadTx>, StoreError> {
        let transaction = begin_read(&self.read, self.dialect).await?;
        Ok(Box::new(Session::seen_by(Sql::new(transaction, self.dialect), sight)))
    }

    async fn write_erased(&self, closure: WriteClosure) -> Result<Box<dyn Any + Send>, WriteAbort> {
        self.writer.write(closure).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let answer = self.read.execute_unprepared("SELECT 1").await;
        answer.map(drop).map_err(|error| match derive_store_error(&error, "database") {
            StoreError::Unavailable { reason } => StoreError::Unavailable { reason },
            other => StoreError::Unavailable { reason: other.to_string() },
        })
    }
}
