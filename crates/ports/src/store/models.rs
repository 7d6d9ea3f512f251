//! The registry of models: artifacts of role `model`, and what people wrote on their cards.
//!
//! Invariants: a model is its artifact, and exists without a card; of one name every version
//! number is given once in an organization; every look-up names the organization.

use async_trait::async_trait;
use gantry_types::{ArtifactId, DatasetId, JobId, OrganizationId, Timestamp};
use serde_json::Value;

use super::catalog::Artifact;
use super::error::StoreError;
use super::page::{Page, PageRequest};

/// What people wrote about a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelCard {
    /// The name that its versions share.
    pub name: String,
    /// From 1, counted for each name.
    pub version: u32,
    /// Short words to find it by.
    pub tags: Vec<String>,
    /// Why it was chosen, or what it is good for.
    pub note: Option<String>,
    /// When the card was last written.
    pub changed_at: Timestamp,
}

/// A model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRecord {
    /// The file.
    pub artifact: Artifact,
    /// The operation that made it.
    pub operation: String,
    /// The label of the job that made it.
    pub label: Option<String>,
    /// The inputs of that job by slot.
    pub inputs: Value,
    /// Its card, if there is one.
    pub card: Option<ModelCard>,
}

/// Which models are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelFilter {
    /// With this tag.
    pub tag: Option<String>,
    /// Made by this operation.
    pub operation: Option<String>,
    /// Made from a version of this dataset.
    pub dataset: Option<DatasetId>,
    /// With a card of this name.
    pub name: Option<String>,
    /// Made by this job or a job below it.
    pub job: Option<JobId>,
}

/// Looks up models.
#[async_trait]
pub trait ReadModels: Send + Sync {
    /// A model of an organization.
    async fn find_model(
        &self,
        organization_id: OrganizationId,
        id: ArtifactId,
    ) -> Result<Option<ModelRecord>, StoreError>;
    /// The models of an organization.
    async fn list_models(
        &self,
        organization_id: OrganizationId,
        filter: &ModelFilter,
        page: &PageRequest<ArtifactId>,
    ) -> Result<Page<ModelRecord, ArtifactId>, StoreError>;
    /// The highest version of a name; 0 when nothing has it.
    async fn get_last_model_version(
        &self,
        organization_id: OrganizationId,
        name: &str,
    ) -> Result<u32, StoreError>;
    /// Whether a job that has not ended reads the file.
    async fn is_model_in_use(
        &self,
        organization_id: OrganizationId,
        id: ArtifactId,
    ) -> Result<bool, StoreError>;
}

/// Changes the registry.
#[async_trait]
pub trait WriteModels: ReadModels {
    /// Writes a model's card; [`StoreError::AlreadyExists`] for a version that another model has.
    async fn put_model_card(
        &self,
        organization_id: OrganizationId,
        id: ArtifactId,
        card: &ModelCard,
    ) -> Result<(), StoreError>;
    /// Removes a model with its card, and notes its bytes to be deleted after a time; runs of
    /// workflows do not use its job's results again. [`StoreError::NotFound`].
    async fn delete_model(
        &self,
        organization_id: OrganizationId,
        id: ArtifactId,
        delete_after: Timestamp,
    ) -> Result<(), StoreError>;
}
