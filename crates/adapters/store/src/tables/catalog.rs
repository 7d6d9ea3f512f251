//! Looks up datasets, uploads and artifacts.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    Artifact, Dataset, DatasetFilter, DatasetVersion, Page, PageRequest, ReadCatalog, Sight,
    Upload, UploadPart,
};
use gantry_types::{ArtifactId, DatasetId, JobId, OrganizationId, UploadId};
use sea_orm::Value;

use super::catalog_rows::{ArtifactRow, DatasetRow, PartRow, UploadRow, VersionRow};
use super::page::{PageSql, contains_pattern};
use super::sight::{Thing, and_of_seen_dataset, and_seen};
use crate::session::Session;

const SELECT_DATASET: &str = "SELECT d.organization_id, d.name, d.created_by, \
     d.created_at AS dataset_created_at, v.dataset_id, v.version, v.file_name, v.media_type, \
     v.bytes, v.sha256, v.blob_key, v.profile_job, v.profile, v.created_at \
     FROM datasets d JOIN dataset_versions v \
     ON v.dataset_id = d.id AND v.version = d.latest_version";
const SELECT_VERSION: &str = "SELECT dataset_id, version, file_name, media_type, bytes, sha256, \
     blob_key, profile_job, profile, created_at FROM dataset_versions";
pub(super) const SELECT_ARTIFACT: &str = "SELECT id, organization_id, job_id, name, media_type, \
     role, bytes, sha256, blob_key, created_at FROM artifacts";

#[async_trait]
impl ReadCatalog for Session {
    async fn find_dataset(
        &self,
        organization_id: OrganizationId,
        id: DatasetId,
    ) -> Result<Option<Dataset>, StoreError> {
        let mut values: Vec<Value> = vec![organization_id.as_uuid().into(), id.as_uuid().into()];
        let seen = and_seen(self.sight(), &[Thing::Dataset], &mut values);
        let sql = format!(
            "{SELECT_DATASET} WHERE d.organization_id = $1 AND d.id = $2 \
             AND d.deleted_at IS NULL{seen}"
        );
        let row = self.sql().first::<DatasetRow>("dataset", sql, values).await?;
        row.map(DatasetRow::decode).transpose()
    }

    async fn list_datasets(
        &self,
        organization_id: OrganizationId,
        filter: &DatasetFilter,
        page: &PageRequest<DatasetId>,
    ) -> Result<Page<Dataset, DatasetId>, StoreError> {
        let mut values: Vec<Value> = vec![organization_id.as_uuid().into()];
        let named = match &filter.name_contains {
            Some(text) => {
                values.push(contains_pattern(text).into());
                " AND LOWER(d.name) LIKE $2 ESCAPE '\\'"
            }
            None => "",
        };
        let seen = and_seen(self.sight(), &[Thing::Dataset], &mut values);
        let tail = PageSql::new(page, "d.id", values.len() + 1, DatasetId::as_uuid);
        let sql = format!(
            "{SELECT_DATASET} WHERE d.organization_id = $1 AND d.deleted_at IS NULL{named}{seen}{}",
            tail.tail
        );
        values.extend(tail.values.iter().cloned());
        let rows = self.sql().all::<DatasetRow>("dataset", sql, values).await?;
        let datasets = rows.into_iter().map(DatasetRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(datasets, |dataset: &Dataset| dataset.id))
    }

    async fn find_version(
        &self,
        organization_id: OrganizationId,
        id: DatasetId,
        version: u32,
    ) -> Result<Option<DatasetVersion>, StoreError> {
        let mut values: Vec<Value> =
            vec![organization_id.as_uuid().into(), id.as_uuid().into(), i64::from(version).into()];
        let seen = and_of_seen_dataset(self.sight(), "dataset_versions", &mut values);
        let sql = format!(
            "{SELECT_VERSION} WHERE organization_id = $1 AND dataset_id = $2 AND version = $3{seen}"
        );
        let row = self.sql().first::<VersionRow>("dataset version", sql, values).await?;
        row.map(VersionRow::decode).transpose()
    }

    async fn list_versions(
        &self,
        organization_id: OrganizationId,
        id: DatasetId,
    ) -> Result<Vec<DatasetVersion>, StoreError> {
        let mut values: Vec<Value> = vec![organization_id.as_uuid().into(), id.as_uuid().into()];
        let seen = and_of_seen_dataset(self.sight(), "dataset_versions", &mut values);
        let sql = format!(
            "{SELECT_VERSION} WHERE organization_id = $1 AND dataset_id = $2{seen} \
             ORDER BY version DESC"
        );
        let rows = self.sql().all::<VersionRow>("dataset version", sql, values).await?;
        rows.into_iter().map(VersionRow::decode).collect()
    }

    async fn find_upload(
        &self,
        organization_id: OrganizationId,
        id: UploadId,
    ) -> Result<Option<Upload>, StoreError> {
        let mut values: Vec<Value> = vec![organization_id.as_uuid().into(), id.as_uuid().into()];
        let seen = and_of_seen_dataset(self.sight(), "uploads", &mut values);
        let sql = format!(
            "SELECT id, organization_id, created_by, dataset_id, name, file_name, bytes, sha256, \
             part_bytes, created_at, expires_at FROM uploads \
             WHERE organization_id = $1 AND id = $2{seen}"
        );
        let Some(upload) = self.sql().first::<UploadRow>("upload", sql, values).await? else {
            return Ok(None);
        };
        upload.decode(list_parts(self, id).await?).map(Some)
    }

    async fn find_artifact(
        &self,
        organization_id: OrganizationId,
        id: ArtifactId,
    ) -> Result<Option<Artifact>, StoreError> {
        let mut values: Vec<Value> = vec![organization_id.as_uuid().into(), id.as_uuid().into()];
        let shared = derive_shared(self.sight(), &mut values);
        let sql = format!("{SELECT_ARTIFACT} WHERE organization_id = $1 AND id = $2 AND {shared}");
        let row = self.sql().first::<ArtifactRow>("artifact", sql, values).await?;
        row.map(ArtifactRow::decode).transpose()
    }

    async fn list_artifacts(
        &self,
        organization_id: OrganizationId,
        job_id: JobId,
    ) -> Result<Vec<Artifact>, StoreError> {
        let mut values: Vec<Value> =
            vec![organization_id.as_uuid().into(), job_id.as_uuid().into()];
        let shared = derive_shared(self.sight(), &mut values);
        let sql = format!(
            "{SELECT_ARTIFACT} WHERE organization_id = $1 AND job_id = $2 AND {shared} \
             ORDER BY name"
        );
        let rows = self.sql().all::<ArtifactRow>("artifact", sql, values).await?;
        rows.into_iter().map(ArtifactRow::decode).collect()
    }
}

/// What a job of the platform leaves is for the person who asked for it, not for the organization;
/// what another leaves is for those who see the job, and the model if it is one.
fn derive_shared(sight: Sight, values: &mut Vec<Value>) -> String {
    match sight {
        Sight::Everything => "EXISTS (SELECT 1 FROM jobs j WHERE j.id = artifacts.job_id \
             AND j.accounting = 'metered')"
            .to_owned(),
        Sight::Member(_) => {
            let seen = and_seen(sight, &[Thing::Job, Thing::Model], values);
            format!(
                "EXISTS (SELECT 1 FROM artifacts a JOIN jobs j ON j.id = a.job_id \
                 WHERE a.id = artifacts.id AND j.accounting = 'metered'{seen})"
            )
        }
    }
}

async fn list_parts(session: &Session, id: UploadId) -> Result<Vec<UploadPart>, StoreError> {
    let sql = "SELECT number, bytes, sha256, blob_key FROM upload_parts \
               WHERE upload_id = $1 ORDER BY number";
    let rows = session.sql().all::<PartRow>("upload part", sql, vec![id.as_uuid().into()]).await?;
    rows.into_iter().map(PartRow::decode).collect()
}
