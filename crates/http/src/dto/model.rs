//! The registry of models.

use gantry_catalog::{CardChange, ComparedModel, ModelMetrics};
use gantry_ports::store::{JobRecord, ModelRecord};
use gantry_types::{ArtifactId, JobId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::InputRefBody;

/// A model: a file that a job left, with its card.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Model)]
pub struct ModelBody {
    /// The identifier: that of its file among the artifacts.
    #[schema(value_type = Uuid)]
    pub id: ArtifactId,
    /// The job that made it.
    #[schema(value_type = Uuid)]
    pub job_id: JobId,
    /// The operation that made it.
    pub operation: String,
    /// The label of that job.
    pub label: Option<String>,
    /// What that job read, by slot.
    #[schema(value_type = BTreeMap<String, InputRefBody>)]
    pub inputs: Value,
    /// The name of the file.
    pub file_name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The name that its versions share, once it has one.
    pub name: Option<String>,
    /// Its version of that name, from 1.
    pub version: Option<u32>,
    /// Short words to find it by.
    pub tags: Vec<String>,
    /// Why it was chosen, or what it is good for.
    pub note: Option<String>,
}

impl From<ModelRecord> for ModelBody {
    fn from(model: ModelRecord) -> Self {
        let (name, version, tags, note) = match model.card {
            Some(card) => (Some(card.name), Some(card.version), card.tags, card.note),
            None => (None, None, Vec::new(), None),
        };
        Self {
            id: model.artifact.id,
            job_id: model.artifact.job_id,
            operation: model.operation,
            label: model.label,
            inputs: model.inputs,
            file_name: model.artifact.name,
            bytes: model.artifact.bytes,
            sha256: model.artifact.sha256,
            created_at: model.artifact.created_at,
            name,
            version,
            tags,
            note,
        }
    }
}

/// What is written on a model's card; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelChangeRequest {
    /// The name that its versions share: a new name gives the next free version of it.
    #[serde(default)]
    pub name: Option<String>,
    /// Up to 20 words of letters, digits, `-`, `_` and `.`.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// Why it was chosen; an empty text removes it.
    #[serde(default)]
    pub note: Option<String>,
}

impl From<ModelChangeRequest> for CardChange {
    fn from(request: ModelChangeRequest) -> Self {
        Self { name: request.name, tags: request.tags, note: request.note }
    }
}

/// What the job that made a model said of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelMetrics)]
pub struct ModelMetricsBody {
    /// The job's report; `null` when it is kept no longer.
    pub report: Value,
    /// Measurements while it was made: `{"name", "step", "value"}`.
    #[schema(value_type = Vec<Object>)]
    pub measured: Vec<Value>,
}

impl From<ModelMetrics> for ModelMetricsBody {
    fn from(metrics: ModelMetrics) -> Self {
        Self { report: metrics.report, measured: metrics.measured }
    }
}

/// A model beside others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComparedModel)]
pub struct ComparedModelBody {
    /// The model.
    pub model: ModelBody,
    /// The report of the job that made it; an operation that tries several learners has them in
    /// its `leaderboard`.
    pub report: Value,
}

/// The models of a job and of the jobs below it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelComparison)]
pub struct ModelComparisonBody {
    /// The job.
    #[schema(value_type = Uuid)]
    pub job_id: JobId,
    /// The models, oldest first: the first 200.
    pub models: Vec<ComparedModelBody>,
}

impl From<(JobRecord, Vec<ComparedModel>)> for ModelComparisonBody {
    fn from((job, models): (JobRecord, Vec<ComparedModel>)) -> Self {
        let models = models.into_iter();
        Self {
            job_id: job.id,
            models: models
                .map(|one| ComparedModelBody { model: one.model.into(), report: one.report })
                .collect(),
        }
    }
}
