//! Blobs in a local folder, through `object_store`.
//!
//! Invariants: a blob is written beside its place, synced, and renamed into it, so that a crash
//! leaves it whole or absent; blob files are read-only, because fetching hands out hard links.

mod transfer;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use gantry_ports::{BlobEntry, BlobError, BlobKey, BlobStore};
use gantry_types::Timestamp;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};

/// The folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the blob folder {} cannot be used: {reason}", folder.display())]
pub struct OpenBlobsError {
    /// The folder that was given.
    pub folder: PathBuf,
    /// What went wrong.
    pub reason: String,
}

/// Keeps blobs as files under one folder.
#[derive(Debug, Clone)]
pub struct LocalBlobs {
    store: Arc<LocalFileSystem>,
}

impl LocalBlobs {
    /// Opens a folder, making it where it is missing.
    ///
    /// # Errors
    /// [`OpenBlobsError`] when the folder can neither be made nor read.
    pub fn open(folder: &Path) -> Result<Self, OpenBlobsError> {
        let refuse = |reason: String| OpenBlobsError { folder: folder.to_owned(), reason };
        std::fs::create_dir_all(folder).map_err(|error| refuse(error.to_string()))?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| refuse(error.to_string()))?
            .with_fsync(true);
        Ok(Self { store: Arc::new(store) })
    }

    fn file_of(&self, key: &BlobKey) -> Result<PathBuf, BlobError> {
        self.store.path_to_filesystem(&place_of(key)).map_err(|error| failure(key, error))
    }

    async fn protect(&self, key: &BlobKey) -> Result<(), BlobError> {
        let file = self.file_of(key)?;
        let mut permissions = tokio::fs::metadata(&file).await.map_err(unavailable)?.permissions();
        permissions.set_readonly(true);
        tokio::fs::set_permissions(&file, permissions).await.map_err(unavailable)
    }
}

#[async_trait]
impl BlobStore for LocalBlobs {
    async fn put_file(&self, key: &BlobKey, file: &Path) -> Result<(), BlobError> {
        transfer::upload_file(&*self.store, key, file).await?;
        self.protect(key).await
    }

    async fn put_bytes(&self, key: &BlobKey, bytes: Bytes) -> Result<(), BlobError> {
        let put = self.store.put(&place_of(key), bytes.into()).await;
        put.map_err(|error| failure(key, error))?;
        self.protect(key).await
    }

    async fn join(&self, key: &BlobKey, parts: &[BlobKey]) -> Result<(), BlobError> {
        transfer::upload_parts(&*self.store, key, parts).await?;
        self.protect(key).await
    }

    async fn read_range(
        &self,
        key: &BlobKey,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, BlobError>>, BlobError> {
        let end = range.end.min(self.size(key).await?);
        if range.start >= end {
            return Ok(stream::empty().boxed());
        }
        let wanted = GetRange::Bounded(range.start..end);
        let options = GetOptions::new().with_range(Some(wanted));
        let found = self.store.get_opts(&place_of(key), options).await;
        let found = found.map_err(|error| failure(key, error))?;
        let key = key.clone();
        Ok(found.into_stream().map(move |part| part.map_err(|error| failure(&key, error))).boxed())
    }

    async fn fetch_to(&self, key: &BlobKey, file: &Path) -> Result<(), BlobError> {
        self.size(key).await?;
        let source = self.file_of(key)?;
        if tokio::fs::hard_link(&source, file).await.is_ok() {
            return Ok(());
        }
        // Another file system, or one without links: the bytes are copied.
        transfer::copy_to_new_file(&source, file).await.map_err(unavailable)
    }

    async fn size(&self, key: &BlobKey) -> Result<u64, BlobError> {
        let found = self.store.head(&place_of(key)).await;
        found.map(|meta| meta.size).map_err(|error| failure(key, error))
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        match self.store.delete(&place_of(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failure(key, error)),
        }
    }

    async fn list(&self) -> BoxStream<'static, Result<BlobEntry, BlobError>> {
        let entries = self.store.list(None).filter_map(|found| async move {
            match found {
                Ok(meta) => {
                    let key = BlobKey::parse(meta.location.as_ref()).ok()?;
                    let micros = meta.last_modified.timestamp_micros();
                    Some(Ok(BlobEntry { key, stored_at: Timestamp::from_micros(micros) }))
                }
                // Removed between being listed and being looked at.
                Err(object_store::Error::NotFound { .. }) => None,
                Err(error) => Some(Err(unavailable(error))),
            }
        });
        entries.boxed()
    }
}

fn place_of(key: &BlobKey) -> ObjectPath {
    ObjectPath::from(key.as_str())
}

fn failure(key: &BlobKey, error: object_store::Error) -> BlobError {
    match error {
        object_store::Error::NotFound { .. } => BlobError::NotFound { key: key.clone() },
        other => unavailable(other),
    }
}

fn unavailable(error: impl std::fmt::Display) -> BlobError {
    BlobError::Unavailable { reason: error.to_string() }
}
