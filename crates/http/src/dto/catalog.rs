//! Datasets, uploads and artifacts.

use gantry_catalog::TablePreview;
use gantry_ports::store::{Artifact, Dataset, DatasetVersion, Upload, UploadPart};
use gantry_types::{ArtifactId, DatasetId, JobId, Timestamp, UploadId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// An upload to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUploadRequest {
    /// The dataset's name.
    pub name: String,
    /// The name of the file.
    pub file_name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal, if it is known.
    #[serde(default)]
    pub sha256: Option<String>,
    /// The dataset that gets a new version; a new dataset if not given.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub dataset_id: Option<DatasetId>,
}

/// An upload whose parts have all arrived.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmUploadRequest {
    /// The upload.
    #[schema(value_type = Uuid)]
    pub upload_id: UploadId,
}

/// A part that arrived.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadPartBody {
    /// From 1.
    pub number: u32,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl From<UploadPart> for UploadPartBody {
    fn from(part: UploadPart) -> Self {
        Self { number: part.number, bytes: part.bytes, sha256: part.sha256 }
    }
}

/// An upload under way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Upload)]
pub struct UploadBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: UploadId,
    /// The dataset's name.
    pub name: String,
    /// The name of the file.
    pub file_name: String,
    /// The size that was announced.
    pub bytes: u64,
    /// The size of every part but the last.
    pub part_bytes: u64,
    /// The parts that arrived.
    pub parts: Vec<UploadPartBody>,
    /// When it is given up.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl From<Upload> for UploadBody {
    fn from(upload: Upload) -> Self {
        Self {
            id: upload.id,
            name: upload.name,
            file_name: upload.file_name,
            bytes: upload.bytes,
            part_bytes: upload.part_bytes,
            parts: upload.parts.into_iter().map(Into::into).collect(),
            expires_at: upload.expires_at,
        }
    }
}

/// A version of a dataset.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DatasetVersion)]
pub struct DatasetVersionBody {
    /// From 1.
    pub version: u32,
    /// The name of the file as it was uploaded.
    pub file_name: String,
    /// What the bytes are.
    pub media_type: String,
    /// The size.
    pub bytes: u64,
    /// The SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// The job that profiles it.
    #[schema(value_type = Option<Uuid>)]
    pub profile_job_id: Option<JobId>,
    /// Whether the profile is there.
    pub profiled: bool,
    /// Rows of data, where it was profiled.
    pub rows: Option<u64>,
    /// The number of columns, where it was profiled.
    pub columns: Option<u64>,
    /// When it was uploaded.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<DatasetVersion> for DatasetVersionBody {
    fn from(version: DatasetVersion) -> Self {
        let profile = version.profile.as_ref();
        let rows = profile.and_then(|profile| profile.get("rows")).and_then(Value::as_u64);
        let columns = profile
            .and_then(|profile| profile.get("columns"))
            .and_then(Value::as_array)
            .map(|columns| columns.len() as u64);
        Self {
            version: version.version,
            file_name: version.file_name,
            media_type: version.media_type,
            bytes: version.bytes,
            sha256: version.sha256,
            profile_job_id: version.profile_job,
            profiled: version.profile.is_some(),
            rows,
            columns,
            created_at: version.created_at,
        }
    }
}

/// A dataset.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dataset)]
pub struct DatasetBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: DatasetId,
    /// The name for people.
    pub name: String,
    /// When the first version was uploaded.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// How many versions there are: the number of the newest.
    pub versions_count: u32,
    /// The newest version.
    pub latest: DatasetVersionBody,
}

impl From<Dataset> for DatasetBody {
    fn from(dataset: Dataset) -> Self {
        Self {
            id: dataset.id,
            name: dataset.name,
            created_at: dataset.created_at,
            versions_count: dataset.latest.version,
            latest: dataset.latest.into(),
        }
    }
}

/// A column of a preview.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewColumnBody {
    /// The name.
    pub name: String,
    /// What the column seems to be.
    pub kind: Value,
}

/// The first rows of a table.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewBody {
    /// The columns.
    pub columns: Vec<PreviewColumnBody>,
    /// The rows; a missing cell is `null`.
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether the file has more rows.
    pub more: bool,
}

impl From<TablePreview> for PreviewBody {
    fn from(preview: TablePreview) -> Self {
        let columns = preview.columns.into_iter().map(|column| PreviewColumnBody {
            kind: serde_json::to_value(column.kind).unwrap_or(Value::Null),
            name: column.name,
        });
        Self { columns: columns.collect(), rows: preview.rows, more: preview.more }
    }
}

/// A file that a job made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Artifact)]
pub struct ArtifactBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: ArtifactId,
    /// The job.
    #[schema(value_type = Uuid)]
    pub job_id: JobId,
    /// The name, unique in the job.
    pub name: String,
    /// The media type.
    pub media_type: String,
    /// `report`, `chart`, `model`, `table` or `file`.
    #[schema(value_type = ArtifactRoleWord)]
    pub role: String,
    /// The size.
    pub bytes: u64,
    /// The SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// When the job was settled.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What an artifact is for.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "snake_case")]
#[schema(as = ArtifactRole)]
#[expect(dead_code, reason = "the schema of the engine API's type, which knows of no schemas")]
pub enum ArtifactRoleWord {
    /// A self-contained HTML page for people.
    Report,
    /// A chart.
    Chart,
    /// A model.
    Model,
    /// A table.
    Table,
    /// Anything else.
    File,
}

impl From<Artifact> for ArtifactBody {
    fn from(artifact: Artifact) -> Self {
        Self {
            id: artifact.id,
            job_id: artifact.job_id,
            name: artifact.name,
            media_type: artifact.media_type,
            role: artifact.role,
            bytes: artifact.bytes,
            sha256: artifact.sha256,
            created_at: artifact.created_at,
        }
    }
}
