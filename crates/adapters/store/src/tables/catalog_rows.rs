//! Rows of data.

use gantry_ports::StoreError;
use gantry_ports::store::{Artifact, Dataset, DatasetVersion, Upload, UploadPart};
use gantry_types::{ArtifactId, DatasetId, JobId, OrganizationId, UploadId, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::{decode_opt_json, decode_time, decode_u32, decode_u64};

/// A row of `dataset_versions`.
#[derive(Debug, FromQueryResult)]
pub(super) struct VersionRow {
    dataset_id: Uuid,
    version: i64,
    file_name: String,
    media_type: String,
    bytes: i64,
    sha256: String,
    blob_key: String,
    profile_job: Option<Uuid>,
    profile: Option<String>,
    created_at: i64,
}

impl VersionRow {
    pub(super) fn decode(self) -> Result<DatasetVersion, StoreError> {
        Ok(DatasetVersion {
            dataset_id: DatasetId::from_uuid(self.dataset_id),
            version: decode_u32("dataset version", self.version)?,
            file_name: self.file_name,
            media_type: self.media_type,
            bytes: decode_u64("size", self.bytes)?,
            sha256: self.sha256,
            blob_key: self.blob_key,
            profile_job: self.profile_job.map(JobId::from_uuid),
            profile: decode_opt_json("profile", self.profile.as_deref())?,
            created_at: decode_time(self.created_at),
        })
    }
}

/// A row of `datasets` with its newest version.
#[derive(Debug, FromQueryResult)]
pub(super) struct DatasetRow {
    organization_id: Uuid,
    name: String,
    created_by: Option<Uuid>,
    dataset_created_at: i64,
    #[sea_orm(nested)]
    latest: VersionRow,
}

impl DatasetRow {
    pub(super) fn decode(self) -> Result<Dataset, StoreError> {
        let latest = self.latest.decode()?;
        Ok(Dataset {
            id: latest.dataset_id,
            organization_id: OrganizationId::from_uuid(self.organization_id),
            name: self.name,
            created_by: self.created_by.map(UserId::from_uuid),
            created_at: decode_time(self.dataset_created_at),
            latest,
        })
    }
}

/// A row of `uploads`.
#[derive(Debug, FromQueryResult)]
pub(super) struct UploadRow {
    id: Uuid,
    organization_id: Uuid,
    created_by: Option<Uuid>,
    dataset_id: Option<Uuid>,
    name: String,
    file_name: String,
    bytes: i64,
    sha256: Option<String>,
    part_bytes: i64,
    created_at: i64,
    expires_at: i64,
}

impl UploadRow {
    pub(super) fn decode(self, parts: Vec<UploadPart>) -> Result<Upload, StoreError> {
        Ok(Upload {
            id: UploadId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            created_by: self.created_by.map(UserId::from_uuid),
            dataset_id: self.dataset_id.map(DatasetId::from_uuid),
            name: self.name,
            file_name: self.file_name,
            bytes: decode_u64("size", self.bytes)?,
            sha256: self.sha256,
            part_bytes: decode_u64("size", self.part_bytes)?,
            created_at: decode_time(self.created_at),
            expires_at: decode_time(self.expires_at),
            parts,
        })
    }
}

/// A row of `upload_parts`.
#[derive(Debug, FromQueryResult)]
pub(super) struct PartRow {
    number: i64,
    bytes: i64,
    sha256: String,
    blob_key: String,
}

impl PartRow {
    pub(super) fn decode(self) -> Result<UploadPart, StoreError> {
        Ok(UploadPart {
            number: decode_u32("part number", self.number)?,
            bytes: decode_u64("size", self.bytes)?,
            sha256: self.sha256,
            blob_key: self.blob_key,
        })
    }
}

/// A row of `artifacts`.
#[derive(Debug, FromQueryResult)]
pub(super) struct ArtifactRow {
    id: Uuid,
    organization_id: Uuid,
    job_id: Uuid,
    name: String,
    media_type: String,
    role: String,
    bytes: i64,
    sha256: String,
    blob_key: String,
    created_at: i64,
}

impl ArtifactRow {
    pub(super) fn decode(self) -> Result<Artifact, StoreError> {
        Ok(Artifact {
            id: ArtifactId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            job_id: JobId::from_uuid(self.job_id),
            name: self.name,
            media_type: self.media_type,
            role: self.role,
            bytes: decode_u64("size", self.bytes)?,
            sha256: self.sha256,
            blob_key: self.blob_key,
            created_at: decode_time(self.created_at),
        })
    }
}
