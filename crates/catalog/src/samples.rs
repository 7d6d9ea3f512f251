//! Sample tables: something to try at once, for whoever has no table at hand.
//!
//! Invariants: which samples there are is the installation's choice; one becomes a dataset on the
//! way of every upload, with the same checks and limits; asking twice gives one dataset.

use bytes::Bytes;
use gantry_access::{Actor, Permission, require};
use gantry_ports::store::{Dataset, DatasetFilter, Order, PageRequest};
use gantry_types::DatasetId;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::CatalogError;
use crate::{Catalog, NewUpload, PART_BYTES, PartDraft};

/// How many datasets of a sample's name are looked through for one with its bytes.
const LOOKED_THROUGH: u32 = 50;

/// A table that comes with the installation.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its name in addresses: `a-z`, `0-9`, `-`.
    pub name: &'static str,
    /// The name for people, and of the dataset that it becomes.
    pub title: &'static str,
    /// What is in it, in one sentence.
    pub summary: &'static str,
    /// The name of the file.
    pub file_name: &'static str,
    /// The file.
    pub content: &'static [u8],
    /// Rows, without the header.
    pub rows: u64,
    /// Columns.
    pub columns: u64,
    /// Whose data it is, and under which licence it may be shared.
    pub source: &'static str,
    /// What to do with it first.
    pub suggestion: Option<Suggestion>,
}

/// A job to begin with.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The operation, if the installation has it.
    pub operation: &'static str,
    /// Its parameters.
    pub params: Value,
}

impl Catalog {
    /// Offers these tables.
    #[must_use]
    pub fn with_samples(mut self, samples: Vec<Sample>) -> Self {
        self.samples = samples.into();
        self
    }

    /// The tables that come with the installation.
    ///
    /// # Errors
    /// [`CatalogError::Access`].
    pub fn list_samples(&self, actor: &Actor) -> Result<&[Sample], CatalogError> {
        require(actor, Permission::ReadData)?;
        Ok(&self.samples)
    }

    /// Puts a sample among the actor's datasets, or finds it there.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`] for a name that no sample has, and those of an upload.
    pub async fn add_sample(&self, actor: &Actor, name: &str) -> Result<Dataset, CatalogError> {
        require(actor, Permission::WriteData)?;
        let sample = self.samples.iter().find(|sample| sample.name == name);
        let sample = sample.ok_or(CatalogError::NotFound { what: "sample table" })?;
        let sha256 = hex::encode(Sha256::digest(sample.content));
        if let Some(dataset) = self.find_same(actor, sample, &sha256).await? {
            return Ok(dataset);
        }
        let new = NewUpload {
            name: sample.title.to_owned(),
            file_name: sample.file_name.to_owned(),
            bytes: sample.content.len() as u64,
            sha256: Some(sha256),
            dataset_id: None,
        };
        let upload = self.begin_upload(actor, new).await?;
        let part_bytes = usize::try_from(PART_BYTES).unwrap_or(usize::MAX);
        for (number, part) in (1..).zip(sample.content.chunks(part_bytes)) {
            let draft = PartDraft { number, content: Bytes::from_static(part), sha256: None };
            self.put_part(actor, upload.id, draft).await?;
        }
        self.complete_upload(actor, upload.id).await
    }

    async fn find_same(
        &self,
        actor: &Actor,
        sample: &Sample,
        sha256: &str,
    ) -> Result<Option<Dataset>, CatalogError> {
        let snapshot = self.store.read_as(actor.sight()).await?;
        let filter = DatasetFilter { name_contains: Some(sample.title.to_owned()) };
        let request: PageRequest<DatasetId> =
            PageRequest { after: None, limit: LOOKED_THROUGH, order: Order::NewestFirst };
        let page =
            snapshot.catalog().list_datasets(actor.organization_id, &filter, &request).await?;
        let is_same =
            |dataset: &Dataset| dataset.name == sample.title && dataset.latest.sha256 == sha256;
        Ok(page.items.into_iter().find(is_same))
    }
}
