//! Artifacts: listing and reading what jobs made.

use bytes::Bytes;
use futures::stream::BoxStream;
use gantry_access::{Actor, Permission, require};
use gantry_ports::store::Artifact;
use gantry_ports::{BlobError, BlobKey, BlobStore};
use gantry_types::{ArtifactId, JobId};

use crate::Catalog;
use crate::error::CatalogError;

/// A range of bytes that a client asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte; `None` asks for the last `length` bytes.
    pub first: Option<u64>,
    /// The last byte (inclusive) when `first` is given, else the number of bytes from the end;
    /// `None` reads to the end.
    pub last_or_length: Option<u64>,
}

/// Bytes on their way to a client.
pub struct ArtifactContent {
    /// Which bytes: from the first up to and without the end.
    pub range: std::ops::Range<u64>,
    /// The size of the whole file.
    pub total: u64,
    /// The bytes.
    pub chunks: BoxStream<'static, Result<Bytes, BlobError>>,
}

impl Catalog {
    /// The artifacts of a job, by name.
    ///
    /// # Errors
    /// [`CatalogError::Access`], [`CatalogError::Store`].
    pub async fn list_artifacts(
        &self,
        actor: &Actor,
        job_id: JobId,
    ) -> Result<Vec<Artifact>, CatalogError> {
        require(actor, Permission::ReadJobs)?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        let job = snapshot.jobs().find_job(actor.organization_id, job_id).await?;
        job.ok_or(CatalogError::NotFound { what: "job" })?;
        Ok(snapshot.catalog().list_artifacts(actor.organization_id, job_id).await?)
    }

    /// One artifact.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    pub async fn get_artifact(
        &self,
        actor: &Actor,
        id: ArtifactId,
    ) -> Result<Artifact, CatalogError> {
        require(actor, Permission::ReadJobs)?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        snapshot
            .catalog()
            .find_artifact(actor.organization_id, id)
            .await?
            .ok_or(CatalogError::NotFound { what: "artifact" })
    }

    /// The bytes of an artifact.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::RangeOutside`].
    #[tracing::instrument(level = "debug", name = "catalog::open_artifact", skip_all)]
    pub async fn open_artifact(
        &self,
        actor: &Actor,
        id: ArtifactId,
        range: Option<ByteRange>,
    ) -> Result<(Artifact, ArtifactContent), CatalogError> {
        let artifact = self.get_artifact(actor, id).await?;
        let content =
            open_blob(self.blobs.as_ref(), &artifact.blob_key, artifact.bytes, range).await?;
        Ok((artifact, content))
    }
}

pub(crate) async fn open_blob(
    blobs: &dyn BlobStore,
    key: &str,
    total: u64,
    range: Option<ByteRange>,
) -> Result<ArtifactContent, CatalogError> {
    let range = derive_range(range, total)?;
    let chunks = blobs.read_range(&BlobKey::parse(key)?, range.clone()).await?;
    Ok(ArtifactContent { range, total, chunks })
}

/// The bytes that a range of RFC 9110 (14.1.2) stands for in a file of `total` bytes.
fn derive_range(
    range: Option<ByteRange>,
    total: u64,
) -> Result<std::ops::Range<u64>, CatalogError> {
    let Some(range) = range else {
        return Ok(0..total);
    };
    let outside = CatalogError::RangeOutside { bytes: total };
    match (range.first, range.last_or_length) {
        (Some(first), _) if first >= total => Err(outside),
        (Some(first), None) => Ok(first..total),
        (Some(first), Some(last)) if last < first => Err(outside),
        (Some(first), Some(last)) => Ok(first..last.saturating_add(1).min(total)),
        (None, Some(0) | None) => Err(outside),
        (None, Some(_)) if total == 0 => Err(outside),
        (None, Some(length)) => Ok(total.saturating_sub(length)..total),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: Option<u64>, last_or_length: Option<u64>) -> Option<std::ops::Range<u64>> {
        derive_range(Some(ByteRange { first, last_or_length }), 100).ok()
    }

    #[test]
    fn ranges_follow_rfc_9110() {
        assert_eq!(derive_range(None, 100).unwrap(), 0..100);
        assert_eq!(range(Some(0), Some(9)), Some(0..10));
        assert_eq!(range(Some(90), None), Some(90..100));
        assert_eq!(range(Some(90), Some(1_000)), Some(90..100));
        assert_eq!(range(None, Some(5)), Some(95..100));
        assert_eq!(range(None, Some(500)), Some(0..100));
        for wrong in [range(Some(100), None), range(Some(9), Some(3)), range(None, Some(0))] {
            assert_eq!(wrong, None);
        }
    }
}
