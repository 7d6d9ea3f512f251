//! The first rows of a dataset version.

use std::io::Cursor;

use gantry_access::Actor;
use gantry_kit::{Format, ReadOptions, TableError, preview, sniff};
use gantry_ports::BlobKey;
use gantry_types::DatasetId;

use crate::Catalog;
use crate::datasets::{VersionRef, read_first, read_head};
use crate::error::CatalogError;

/// The first rows of a table, as the reader of every engine sees them.
pub type TablePreview = gantry_kit::Preview;

/// The largest Parquet file that is shown: what its columns are stands at its end.
const MOST_PARQUET_BYTES: u64 = 64 << 20;
/// The most rows of a preview.
const MOST_ROWS: usize = 200;

impl Catalog {
    /// The first rows of a version, at most 200, from the first mebibyte of the file. Of Parquet all
    /// is read, up to 64 MiB.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Unreadable`] for a file that is no table.
    pub async fn preview(
        &self,
        actor: &Actor,
        id: DatasetId,
        version: VersionRef,
        rows: usize,
    ) -> Result<TablePreview, CatalogError> {
        let version = self.get_version(actor, id, version).await?;
        let key = BlobKey::parse(&version.blob_key)?;
        let mut head = read_head(self.blobs.as_ref(), &key, version.bytes).await?;
        if sniff(&head)?.format == Format::Parquet {
            if version.bytes > MOST_PARQUET_BYTES {
                let reason = "it is too large for a preview; its profile shows the columns";
                return Err(TableError::Parquet { reason: reason.to_owned() }.into());
            }
            head = read_first(self.blobs.as_ref(), &key, version.bytes).await?;
        }
        let is_cut = (head.len() as u64) < version.bytes;
        let read = move || preview(Cursor::new(head), &ReadOptions::default(), rows.min(MOST_ROWS));
        let mut preview = tokio::task::spawn_blocking(read).await.map_err(|join| {
            CatalogError::Broken { reason: format!("the preview ended unexpectedly: {join}") }
        })??;
        preview.more |= is_cut;
        Ok(preview)
    }
}
