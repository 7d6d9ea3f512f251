//! Datasets, uploads and artifacts.
//!
//! Invariant: every look-up names the organization; a row of another tenant does not exist.

use async_trait::async_trait;
use gantry_types::{ArtifactId, DatasetId, JobId, OrganizationId, Timestamp, UploadId, UserId};
use serde_json::Value;

use super::error::StoreError;
use super::page::{Page, PageRequest};

/// An input that users come back to.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The identifier.
    pub id: DatasetId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The name for people.
    pub name: String,
    /// Who uploaded the first version.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// The newest version.
    pub latest: DatasetVersion,
}

/// One version of a dataset; never changed but for its profile.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetVersion {
    /// The dataset.
    pub dataset_id: DatasetId,
    /// From 1.
    pub version: u32,
    /// The name of the file as it was uploaded.
    pub file_name: String,
    /// The media type.
    pub media_type: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Where the blob store has the bytes.
    pub blob_key: String,
    /// The job that profiles it.
    pub profile_job: Option<JobId>,
    /// The profile, once it is there.
    pub profile: Option<Value>,
    /// When.
    pub created_at: Timestamp,
}

/// Which datasets are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatasetFilter {
    /// A part of the name, in any case.
    pub name_contains: Option<String>,
}

/// An upload under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The identifier.
    pub id: UploadId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// Who uploads.
    pub created_by: Option<UserId>,
    /// The dataset that gets a new version; `None` makes a new dataset.
    pub dataset_id: Option<DatasetId>,
    /// The dataset's name.
    pub name: String,
    /// The name of the file.
    pub file_name: String,
    /// The size that was announced, in bytes.
    pub bytes: u64,
    /// The checksum that was announced.
    pub sha256: Option<String>,
    /// The size of every part but the last, in bytes.
    pub part_bytes: u64,
    /// When it began.
    pub created_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// The parts that arrived, by number.
    pub parts: Vec<UploadPart>,
}

/// A part that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPart {
    /// From 1.
    pub number: u32,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Where the blob store has the bytes.
    pub blob_key: String,
}

/// A file that a job made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The identifier.
    pub id: ArtifactId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The job.
    pub job_id: JobId,
    /// The name, unique in the job.
    pub name: String,
    /// The media type.
    pub media_type: String,
    /// `report`, `chart`, `model`, `table` or `file`.
    pub role: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Where the blob store has the bytes.
    pub blob_key: String,
    /// When the job was settled.
    pub created_at: Timestamp,
}

/// Looks up data.
#[async_trait]
pub trait ReadCatalog: Send + Sync {
    /// A dataset that was not deleted.
    async fn find_dataset(
        &self,
        organization_id: OrganizationId,
        id: DatasetId,
    ) -> Result<Option<Dataset>, StoreError>;
    /// The datasets that were not deleted.
    async fn list_datasets(
        &self,
        organization_id: OrganizationId,
        filter: &DatasetFilter,
        page: &PageRequest<DatasetId>,
    ) -> Result<Page<Dataset, DatasetId>, StoreError>;
    /// A version, also of a deleted dataset: a job may still read it.
    async fn find_version(
        &self,
        organization_id: OrganizationId,
        id: DatasetId,
        version: u32,
    ) -> Result<Option<DatasetVersion>, StoreError>;
    /// All versions, newest first.
    async fn list_versions(
        &self,
        organization_id: OrganizationId,
        id: DatasetId,
    ) -> Result<Vec<DatasetVersion>, StoreError>;
    /// An upload with its parts.
    async fn find_upload(
        &self,
        organization_id: OrganizationId,
        id: UploadId,
    ) -> Result<Option<Upload>, StoreError>;
    /// An artifact.
    async fn find_artifact(
        &self,
        organization_id: OrganizationId,
        id: ArtifactId,
    ) -> Result<Option<Artifact>, StoreError>;
    /// The artifacts of a job, by name.
    async fn list_artifacts(
        &self,
        organization_id: OrganizationId,
        job_id: JobId,
    ) -> Result<Vec<Artifact>, StoreError>;
}

/// Changes data.
#[async_trait]
pub trait WriteCatalog: ReadCatalog {
    /// Adds a dataset with its first version (`dataset.latest`).
    async fn insert_dataset(&self, dataset: &Dataset) -> Result<(), StoreError>;
    /// Adds the next version; [`StoreError::AlreadyExists`] when its number is taken.
    async fn insert_version(
        &self,
        organization_id: OrganizationId,
        version: &DatasetVersion,
    ) -> Result<(), StoreError>;
    /// Keeps the profile of a version.
    async fn set_profile(
        &self,
        organization_id: OrganizationId,
        id: DatasetId,
        version: u32,
        profile: &Value,
    ) -> Result<(), StoreError>;
    /// Names the job that profiles a version.
    async fn set_profile_job(
        &self,
        organization_id: OrganizationId,
        id: DatasetId,
        version: u32,
        job_id: JobId,
    ) -> Result<(), StoreError>;
    /// Hides a dataset; its bytes go later. [`StoreError::NotFound`] when it is not there.
    async fn delete_dataset(
        &self,
        organization_id: OrganizationId,
        id: DatasetId,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Begins an upload.
    async fn insert_upload(&self, upload: &Upload) -> Result<(), StoreError>;
    /// Adds or replaces a part.
    async fn put_upload_part(&self, id: UploadId, part: &UploadPart) -> Result<(), StoreError>;
    /// Ends an upload; answers the parts' blob keys, to be removed.
    async fn delete_upload(
        &self,
        organization_id: OrganizationId,
        id: UploadId,
    ) -> Result<Vec<String>, StoreError>;
    /// Ends every upload that expired; answers their parts' blob keys.
    async fn purge_uploads(&self, now: Timestamp) -> Result<Vec<String>, StoreError>;
}
