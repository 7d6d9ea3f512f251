//! Changes datasets and uploads.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{Dataset, DatasetVersion, Upload, UploadPart, WriteCatalog};
use gantry_types::{DatasetId, JobId, OrganizationId, Timestamp, UploadId, UserId};
use sea_orm::{FromQueryResult, Value};
use serde_json::Value as Json;

use super::convert::{encode_json, encode_u64};
use crate::session::Session;

/// A column of blob keys.
#[derive(Debug, FromQueryResult)]
struct BlobKeyRow {
    blob_key: String,
}

#[async_trait]
impl WriteCatalog for Session {
    async fn insert_dataset(&self, dataset: &Dataset) -> Result<(), StoreError> {
        let sql = "INSERT INTO datasets (id, organization_id, name, created_by, created_at, \
                   latest_version, deleted_at) VALUES ($1, $2, $3, $4, $5, $6, NULL)";
        let values = vec![
            dataset.id.as_uuid().into(),
            dataset.organization_id.as_uuid().into(),
            dataset.name.as_str().into(),
            dataset.created_by.map(UserId::as_uuid).into(),
            dataset.created_at.as_micros().into(),
            i64::from(dataset.latest.version).into(),
        ];
        self.sql().run("dataset", sql, values).await?;
        insert_version_row(self, dataset.organization_id, &dataset.latest).await
    }

    async fn insert_version(
        &self,
        organization_id: OrganizationId,
        version: &DatasetVersion,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE datasets SET latest_version = \
                   CASE WHEN latest_version < $3 THEN $3 ELSE latest_version END \
                   WHERE id = $1 AND organization_id = $2 AND deleted_at IS NULL";
        let values = vec![
            version.dataset_id.as_uuid().into(),
            organization_id.as_uuid().into(),
            i64::from(version.version).into(),
        ];
        self.sql().run_on_row("dataset", sql, values).await?;
        insert_version_row(self, organization_id, version).await
    }

    async fn set_profile(
        &self,
        organization_id: OrganizationId,
        id: DatasetId,
        version: u32,
        profile: &Json,
    ) -> Result<(), StoreError> {
        let profile = encode_json("profile", profile)?;
        set_version_column(self, "profile", (organization_id, id, version), profile.into()).await
    }

    async fn set_profile_job(
        &self,
        organization_id: OrganizationId,
        id: DatasetId,
        version: u32,
        job_id: JobId,
    ) -> Result<(), StoreError> {
        let job = job_id.as_uuid().into();
        set_version_column(self, "profile_job", (organization_id, id, version), job).await
    }

    async fn delete_dataset(
        &self,
        organization_id: OrganizationId,
        id: DatasetId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE datasets SET deleted_at = $3 \
                   WHERE id = $1 AND organization_id = $2 AND deleted_at IS NULL";
        let values =
            vec![id.as_uuid().into(), organization_id.as_uuid().into(), now.as_micros().into()];
        self.sql().run_on_row("dataset", sql, values).await
    }

    async fn insert_upload(&self, upload: &Upload) -> Result<(), StoreError> {
        let sql = "INSERT INTO uploads (id, organization_id, created_by, dataset_id, name, \
                   file_name, bytes, sha256, part_bytes, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let values = vec![
            upload.id.as_uuid().into(),
            upload.organization_id.as_uuid().into(),
            upload.created_by.map(UserId::as_uuid).into(),
            upload.dataset_id.map(DatasetId::as_uuid).into(),
            upload.name.as_str().into(),
            upload.file_name.as_str().into(),
            encode_u64("size", upload.bytes)?.into(),
            upload.sha256.clone().into(),
            encode_u64("size", upload.part_bytes)?.into(),
            upload.created_at.as_micros().into(),
            upload.expires_at.as_micros().into(),
        ];
        self.sql().run("upload", sql, values).await?;
        for part in &upload.parts {
            self.put_upload_part(upload.id, part).await?;
        }
        Ok(())
    }

    async fn put_upload_part(&self, id: UploadId, part: &UploadPart) -> Result<(), StoreError> {
        let sql = "INSERT INTO upload_parts (upload_id, number, organization_id, bytes, sha256, \
                   blob_key) SELECT id, $2, organization_id, $3, $4, $5 FROM uploads \
                   WHERE id = $1 ON CONFLICT (upload_id, number) DO UPDATE SET \
                   bytes = excluded.bytes, sha256 = excluded.sha256, blob_key = excluded.blob_key";
        let values = vec![
            id.as_uuid().into(),
            i64::from(part.number).into(),
            encode_u64("size", part.bytes)?.into(),
            part.sha256.as_str().into(),
            part.blob_key.as_str().into(),
        ];
        self.sql().run_on_row("upload", sql, values).await
    }

    async fn delete_upload(
        &self,
        organization_id: OrganizationId,
        id: UploadId,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT blob_key FROM upload_parts \
                   WHERE upload_id = $1 AND organization_id = $2 ORDER BY number";
        let values: Vec<Value> = vec![id.as_uuid().into(), organization_id.as_uuid().into()];
        let keys = self.sql().all::<BlobKeyRow>("upload part", sql, values.clone()).await?;
        let sql = "DELETE FROM uploads WHERE id = $1 AND organization_id = $2";
        self.sql().run_on_row("upload", sql, values).await?;
        Ok(keys.into_iter().map(|row| row.blob_key).collect())
    }

    async fn purge_uploads(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT blob_key FROM upload_parts WHERE upload_id IN \
                   (SELECT id FROM uploads WHERE expires_at <= $1)";
        let values: Vec<Value> = vec![now.as_micros().into()];
        let keys = self.sql().all::<BlobKeyRow>("upload part", sql, values.clone()).await?;
        let sql = "DELETE FROM uploads WHERE expires_at <= $1";
        self.sql().run("upload", sql, values).await?;
        Ok(keys.into_iter().map(|row| row.blob_key).collect())
    }
}

async fn insert_version_row(
    session: &Session,
    organization_id: OrganizationId,
    version: &DatasetVersion,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO dataset_versions (dataset_id, version, organization_id, file_name, \
               media_type, bytes, sha256, blob_key, profile_job, profile, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let profile = version.profile.as_ref().map(|profile| encode_json("profile", profile));
    let values = vec![
        version.dataset_id.as_uuid().into(),
        i64::from(version.version).into(),
        organization_id.as_uuid().into(),
        version.file_name.as_str().into(),
        version.media_type.as_str().into(),
        encode_u64("size", version.bytes)?.into(),
        version.sha256.as_str().into(),
        version.blob_key.as_str().into(),
        version.profile_job.map(JobId::as_uuid).into(),
        profile.transpose()?.into(),
        version.created_at.as_micros().into(),
    ];
    session.sql().run("dataset version", sql, values).await.map(drop)
}

async fn set_version_column(
    session: &Session,
    column: &'static str,
    (organization_id, id, version): (OrganizationId, DatasetId, u32),
    value: Value,
) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE dataset_versions SET {column} = $4 \
         WHERE dataset_id = $1 AND version = $2 AND organization_id = $3"
    );
    let values = vec![
        id.as_uuid().into(),
        i64::from(version).into(),
        organization_id.as_uuid().into(),
        value,
    ];
    session.sql().run_on_row("dataset version", sql, values).await
}
