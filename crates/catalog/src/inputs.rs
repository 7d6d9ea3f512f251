//! From references to what a job can read.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use gantry_engine_api::{InputFile, InputMeta, InputRef};
use gantry_kit::Profile;
use gantry_ports::BlobKey;
use gantry_ports::store::{Artifact, DatasetVersion, Onlooker};

use crate::Catalog;
use crate::error::CatalogError;

/// An input whose reference was looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedInput {
    /// What is known of it.
    pub meta: InputMeta,
    /// Where the bytes are.
    pub blob_key: BlobKey,
}

impl Catalog {
    /// Looks up the inputs of a job, in the order given.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`] for a reference to nothing, to another tenant's data, or to what
    /// the onlooker does not see.
    #[tracing::instrument(level = "debug", name = "catalog::resolve_inputs", skip_all)]
    pub async fn resolve_inputs(
        &self,
        onlooker: Onlooker,
        inputs: &[(String, InputRef)],
    ) -> Result<Vec<ResolvedInput>, CatalogError> {
        if inputs.is_empty() {
            return Ok(Vec::new());
        }
        let organization_id = onlooker.organization_id;
        let snapshot = self.store.read_as(onlooker.sight).await?;
        let catalog = snapshot.catalog();
        let mut resolved = Vec::with_capacity(inputs.len());
        for (slot, input) in inputs {
            resolved.push(match input {
                InputRef::Dataset { id, version } => {
                    let version = catalog.find_version(organization_id, *id, *version).await?;
                    let version =
                        version.ok_or(CatalogError::NotFound { what: "dataset version" })?;
                    describe_version(slot, &version)?
                }
                InputRef::Artifact { id } => {
                    let artifact = catalog.find_artifact(organization_id, *id).await?;
                    let artifact = artifact.ok_or(CatalogError::NotFound { what: "artifact" })?;
                    describe_artifact(slot, &artifact)?
                }
            });
        }
        Ok(resolved)
    }

    /// The names of the files behind references of one tenant, in one look at the store; what
    /// is gone or not seen has none.
    ///
    /// # Errors
    /// [`CatalogError::Store`].
    pub async fn find_input_names(
        &self,
        onlooker: Onlooker,
        inputs: impl IntoIterator<Item = InputRef> + Send,
    ) -> Result<HashMap<InputRef, String>, CatalogError> {
        let wanted: HashSet<InputRef> = inputs.into_iter().collect();
        let mut names = HashMap::with_capacity(wanted.len());
        if wanted.is_empty() {
            return Ok(names);
        }
        let organization_id = onlooker.organization_id;
        let snapshot = self.store.read_as(onlooker.sight).await?;
        let catalog = snapshot.catalog();
        for input in wanted {
            let name = match input {
                InputRef::Dataset { id, version } => {
                    let found = catalog.find_version(organization_id, id, version).await?;
                    found.map(|version| version.file_name)
                }
                InputRef::Artifact { id } => {
                    let found = catalog.find_artifact(organization_id, id).await?;
                    found.map(|artifact| artifact.name)
                }
            };
            names.extend(name.map(|name| (input, name)));
        }
        Ok(names)
    }

    /// Brings an input into `folder`.
    ///
    /// # Errors
    /// [`CatalogError::Blob`].
    pub async fn fetch_input(
        &self,
        input: &ResolvedInput,
        folder: &Path,
    ) -> Result<InputFile, CatalogError> {
        let path = folder.join(format!("input-{}", input.meta.slot));
        self.blobs.fetch_to(&input.blob_key, &path).await?;
        Ok(InputFile::new(input.meta.clone(), path))
    }
}

fn describe_version(slot: &str, version: &DatasetVersion) -> Result<ResolvedInput, CatalogError> {
    let profile: Option<Profile> =
        version.profile.clone().map(serde_json::from_value).transpose().map_err(|error| {
            CatalogError::Broken { reason: format!("a profile cannot be read: {error}") }
        })?;
    Ok(ResolvedInput {
        meta: InputMeta {
            slot: slot.to_owned(),
            name: version.file_name.clone(),
            media_type: version.media_type.clone(),
            bytes: version.bytes,
            sha256: version.sha256.clone(),
            rows: profile.as_ref().map(|profile| profile.rows),
            columns: profile.map_or_else(Vec::new, |profile| {
                profile.columns.into_iter().map(|column| column.name).collect()
            }),
        },
        blob_key: BlobKey::parse(&version.blob_key)?,
    })
}

fn describe_artifact(slot: &str, artifact: &Artifact) -> Result<ResolvedInput, CatalogError> {
    Ok(ResolvedInput {
        meta: InputMeta {
            slot: slot.to_owned(),
            name: artifact.name.clone(),
            media_type: artifact.media_type.clone(),
            bytes: artifact.bytes,
            sha256: artifact.sha256.clone(),
            rows: None,
            columns: Vec::new(),
        },
        blob_key: BlobKey::parse(&artifact.blob_key)?,
    })
}
