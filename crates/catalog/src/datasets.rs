//! Datasets and their versions.

use futures::TryStreamExt;
use gantry_access::{Actor, Permission, require, require_change};
use gantry_ports::store::{
    Dataset, DatasetFilter, DatasetVersion, ObjectRef, Page, PageRequest, ReadCatalog, StoreExt,
};
use gantry_ports::{BlobKey, BlobStore};
use gantry_types::{DatasetId, OrganizationId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Catalog;
use crate::artifacts::{ArtifactContent, ByteRange, open_blob};
use crate::error::CatalogError;

/// How much of a file is read to tell what it is, in bytes.
const HEAD_BYTES: u64 = 1 << 20;

/// Which version of a dataset is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionRef {
    /// The newest.
    Latest,
    /// This one, from 1.
    Number(u32),
}

impl Catalog {
    /// The actor's datasets.
    ///
    /// # Errors
    /// [`CatalogError::Access`], [`CatalogError::Store`].
    pub async fn list_datasets(
        &self,
        actor: &Actor,
        filter: &DatasetFilter,
        page: &PageRequest<DatasetId>,
    ) -> Result<Page<Dataset, DatasetId>, CatalogError> {
        require(actor, Permission::ReadData)?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        Ok(snapshot.catalog().list_datasets(actor.organization_id, filter, page).await?)
    }

    /// One dataset.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    pub async fn get_dataset(&self, actor: &Actor, id: DatasetId) -> Result<Dataset, CatalogError> {
        require(actor, Permission::ReadData)?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        get_dataset_of(snapshot.catalog(), actor.organization_id, id).await
    }

    /// All versions of a dataset, newest first.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    pub async fn list_versions(
        &self,
        actor: &Actor,
        id: DatasetId,
    ) -> Result<Vec<DatasetVersion>, CatalogError> {
        self.get_dataset(actor, id).await?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        Ok(snapshot.catalog().list_versions(actor.organization_id, id).await?)
    }

    /// One version of a dataset.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    pub async fn get_version(
        &self,
        actor: &Actor,
        id: DatasetId,
        version: VersionRef,
    ) -> Result<DatasetVersion, CatalogError> {
        let dataset = self.get_dataset(actor, id).await?;
        let version = match version {
            VersionRef::Latest => return Ok(dataset.latest),
            VersionRef::Number(version) => version,
        };
        let snapshot = self.store.read_as(actor.sight()).await?;
        snapshot
            .catalog()
            .find_version(actor.organization_id, id, version)
            .await?
            .ok_or(CatalogError::NotFound { what: "dataset version" })
    }

    /// The profile of a version, as [`gantry_kit::Profile`] writes it.
    ///
    /// # Errors
    /// [`CatalogError::NotProfiled`] until its job has ended.
    pub async fn get_profile(
        &self,
        actor: &Actor,
        id: DatasetId,
        version: VersionRef,
    ) -> Result<Value, CatalogError> {
        let version = self.get_version(actor, id, version).await?;
        version.profile.ok_or(CatalogError::NotProfiled { job_id: version.profile_job })
    }

    /// The bytes of a version.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::RangeOutside`].
    pub async fn open_dataset(
        &self,
        actor: &Actor,
        id: DatasetId,
        version: VersionRef,
        range: Option<ByteRange>,
    ) -> Result<(DatasetVersion, ArtifactContent), CatalogError> {
        let version = self.get_version(actor, id, version).await?;
        let content =
            open_blob(self.blobs.as_ref(), &version.blob_key, version.bytes, range).await?;
        Ok((version, content))
    }

    /// Hides a dataset. Jobs that read it go on.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Access`] for one that was granted to be seen.
    pub async fn delete_dataset(&self, actor: &Actor, id: DatasetId) -> Result<(), CatalogError> {
        require(actor, Permission::WriteData)?;
        let before = self.get_dataset(actor, id).await?;
        self.require_change(actor, ObjectRef::Dataset(id)).await?;
        let (organization_id, now) = (actor.organization_id, self.clock.now());
        let subject = format!("dataset {id}");
        let details = json!({ "before": describe(&before), "after": null });
        let entry = actor.audit_entry("dataset.delete", &subject, details, now);
        self.store
            .write(move |tx| {
                let entry = entry.clone();
                Box::pin(async move {
                    tx.catalog().delete_dataset(organization_id, id, now).await?;
                    tx.audit().append(&entry).await
                })
            })
            .await
            .map_err(CatalogError::Store)
    }

    /// Stops somebody to whom a thing is only shown.
    pub(crate) async fn require_change(
        &self,
        actor: &Actor,
        object: ObjectRef,
    ) -> Result<(), CatalogError> {
        let snapshot = self.store.read().await?;
        Ok(require_change(snapshot.as_ref(), actor, object).await?)
    }
}

/// A dataset as it is with its newest version, for the audit log.
pub(crate) fn describe(dataset: &Dataset) -> Value {
    let latest = &dataset.latest;
    json!({
        "name": dataset.name,
        "version": latest.version,
        "bytes": latest.bytes,
        "sha256": latest.sha256,
    })
}

pub(crate) async fn get_dataset_of(
    catalog: &(impl ReadCatalog + ?Sized),
    organization_id: OrganizationId,
    id: DatasetId,
) -> Result<Dataset, CatalogError> {
    catalog
        .find_dataset(organization_id, id)
        .await?
        .ok_or(CatalogError::NotFound { what: "dataset" })
}

/// The beginning of a file, cut after a line where the file goes on.
pub(crate) async fn read_head(
    blobs: &dyn BlobStore,
    key: &BlobKey,
    bytes: u64,
) -> Result<Vec<u8>, CatalogError> {
    let mut head = read_first(blobs, key, bytes.min(HEAD_BYTES)).await?;
    if bytes > head.len() as u64 {
        cut_after_last_line(&mut head);
    }
    Ok(head)
}

/// The first bytes of a file.
pub(crate) async fn read_first(
    blobs: &dyn BlobStore,
    key: &BlobKey,
    bytes: u64,
) -> Result<Vec<u8>, CatalogError> {
    let mut read = Vec::new();
    let mut chunks = blobs.read_range(key, 0..bytes).await?;
    while let Some(chunk) = chunks.try_next().await? {
        read.extend_from_slice(&chunk);
    }
    Ok(read)
}

/// Cuts behind the last line feed. In UTF-16 a line feed is two bytes at an even place.
fn cut_after_last_line(head: &mut Vec<u8>) {
    let end = match head.as_slice() {
        [0xFF, 0xFE, ..] => {
            head.chunks_exact(2).rposition(|unit| unit == [b'\n', 0]).map(|at| 2 * at + 2)
        }
        [0xFE, 0xFF, ..] => {
            head.chunks_exact(2).rposition(|unit| unit == [0, b'\n']).map(|at| 2 * at + 2)
        }
        _ => head.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1),
    };
    if let Some(end) = end {
        head.truncate(end);
    }
}

pub(crate) async fn sha256_of_blob(
    blobs: &dyn BlobStore,
    key: &BlobKey,
    bytes: u64,
) -> Result<String, CatalogError> {
    let mut hash = Sha256::new();
    let mut chunks = blobs.read_range(key, 0..bytes).await?;
    while let Some(chunk) = chunks.try_next().await? {
        hash.update(&chunk);
    }
    Ok(hex::encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_end_with_a_line() {
        let mut plain = b"a,b\n1,2\n3,".to_vec();
        cut_after_last_line(&mut plain);
        assert_eq!(plain, b"a,b\n1,2\n");
        let mut wide = vec![0xFF, 0xFE, b'a', 0, b'\n', 0, b'1', 0];
        cut_after_last_line(&mut wide);
        assert_eq!(wide, vec![0xFF, 0xFE, b'a', 0, b'\n', 0]);
        let mut endless = b"abc".to_vec();
        cut_after_last_line(&mut endless);
        assert_eq!(endless, b"abc");
    }
}
