//! Moves bytes between local files and the object store.
//!
//! Invariant: an upload that fails is aborted, so that nothing of it becomes visible.

use std::path::Path;

use bytes::Bytes;
use futures::stream::StreamExt;
use gantry_ports::{BlobError, BlobKey};
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use tokio::io::AsyncReadExt;

use crate::{failure, place_of, unavailable};

/// Bytes that are read and written at a time.
const CHUNK: usize = 512 << 10;
/// Chunks under way at once, which bounds the memory of an upload.
const CHUNKS_UNDER_WAY: usize = 2;

/// Uploads a local file.
///
/// # Errors
/// [`BlobError::Unavailable`] when the file cannot be read or the store fails.
pub(crate) async fn upload_file(
    store: &dyn ObjectStore,
    key: &BlobKey,
    file: &Path,
) -> Result<(), BlobError> {
    let mut source = tokio::fs::File::open(file).await.map_err(unavailable)?;
    let mut upload = begin(store, key).await?;
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = (&mut source).take(CHUNK as u64).read_to_end(&mut chunk).await;
        let filled = match read {
            Ok(bytes) => bytes > 0,
            Err(error) => return Err(give_up(upload, unavailable(error)).await),
        };
        if !filled {
            return finish(upload, key).await;
        }
        upload = push(upload, key, chunk.into()).await?;
    }
}

/// Uploads the bytes of existing blobs, one after the other.
///
/// # Errors
/// [`BlobError::NotFound`] when one is missing, [`BlobError::Unavailable`].
pub(crate) async fn upload_parts(
    store: &dyn ObjectStore,
    key: &BlobKey,
    parts: &[BlobKey],
) -> Result<(), BlobError> {
    let mut upload = begin(store, key).await?;
    for part in parts {
        let mut chunks = match store.get(&place_of(part)).await {
            Ok(found) => found.into_stream(),
            Err(error) => return Err(give_up(upload, failure(part, error)).await),
        };
        while let Some(chunk) = chunks.next().await {
            match chunk {
                Ok(chunk) => upload = push(upload, key, chunk).await?,
                Err(error) => return Err(give_up(upload, failure(part, error)).await),
            }
        }
    }
    finish(upload, key).await
}

/// Copies a file to a place where none is yet.
///
/// # Errors
/// What the file system says.
pub(crate) async fn copy_to_new_file(source: &Path, target: &Path) -> std::io::Result<()> {
    let mut reader = tokio::fs::File::open(source).await?;
    let mut writer = tokio::fs::File::create_new(target).await?;
    tokio::io::copy(&mut reader, &mut writer).await?;
    writer.sync_all().await
}

async fn begin(store: &dyn ObjectStore, key: &BlobKey) -> Result<WriteMultipart, BlobError> {
    let upload = store.put_multipart(&place_of(key)).await;
    let upload = upload.map_err(|error| failure(key, error))?;
    Ok(WriteMultipart::new_with_chunk_size(upload, CHUNK))
}

async fn push(
    mut upload: WriteMultipart,
    key: &BlobKey,
    chunk: Bytes,
) -> Result<WriteMultipart, BlobError> {
    if let Err(error) = upload.wait_for_capacity(CHUNKS_UNDER_WAY).await {
        return Err(give_up(upload, failure(key, error)).await);
    }
    upload.put(chunk);
    Ok(upload)
}

async fn finish(upload: WriteMultipart, key: &BlobKey) -> Result<(), BlobError> {
    upload.finish().await.map(|_| ()).map_err(|error| failure(key, error))
}

/// Aborts the upload and answers the error that ended it: the abort's own error says nothing
/// that the caller could act on.
async fn give_up(upload: WriteMultipart, error: BlobError) -> BlobError {
    drop(upload.abort().await);
    error
}
