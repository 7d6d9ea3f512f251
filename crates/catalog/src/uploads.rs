//! Chunked uploads that can be resumed.
//!
//! Invariants: a part is stored whole before its row; a part may be sent again; an upload
//! becomes a dataset version only when every part is there, the size fits, the checksum fits
//! and the bytes can be read as a table.

use std::time::Duration;

use bytes::Bytes;
use gantry_access::{Actor, Permission, require};
use gantry_ports::store::{Dataset, DatasetVersion, ObjectRef, StoreExt, Tx, Upload, UploadPart};
use gantry_ports::{BlobKey, StoreError};
use gantry_types::{DatasetId, JobId, Timestamp, UploadId};
use sha2::{Digest, Sha256};

use crate::Catalog;
use crate::content::{Content, derive_content};
use crate::datasets::{get_dataset_of, read_head, sha256_of_blob};
use crate::error::CatalogError;
use crate::names::{derive_file_name, derive_sha256, derive_title};
use crate::upload_lines::{tell_begun, tell_completed, tell_given_up};

/// The size of every part but the last, in bytes.
pub const PART_BYTES: u64 = 8 << 20;

const UPLOAD_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// An upload to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// The dataset's name.
    pub name: String,
    /// The name of the file.
    pub file_name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256, if the client knows it.
    pub sha256: Option<String>,
    /// The dataset that gets a new version; `None` makes a new dataset.
    pub dataset_id: Option<DatasetId>,
}

/// A part that arrived.
#[derive(Debug, Clone)]
pub struct PartDraft {
    /// From 1.
    pub number: u32,
    /// The bytes.
    pub content: Bytes,
    /// Their SHA-256, if the client sent it.
    pub sha256: Option<String>,
}

impl Catalog {
    /// Begins an upload.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`] for names and sizes, [`CatalogError::TooLarge`] over the plan's
    /// limit, [`CatalogError::NotFound`] for a dataset that is not the actor's.
    pub async fn begin_upload(
        &self,
        actor: &Actor,
        new: NewUpload,
    ) -> Result<Upload, CatalogError> {
        require(actor, Permission::WriteData)?;
        let now = self.clock.now();
        let upload = derive_upload(actor, &new, now)?;
        self.require_size(actor, new.bytes, now).await?;
        if let Some(dataset_id) = upload.dataset_id {
            self.require_change(actor, ObjectRef::Dataset(dataset_id)).await?;
        }
        let organization_id = actor.organization_id;
        let (kept, entry) = (upload.clone(), tell_begun(actor, &upload));
        self.store
            .write(move |tx| {
                let (upload, entry) = (upload.clone(), entry.clone());
                Box::pin(async move {
                    if let Some(dataset_id) = upload.dataset_id {
                        get_dataset_of(tx.catalog(), organization_id, dataset_id).await?;
                    }
                    tx.catalog().insert_upload(&upload).await?;
                    Ok::<(), CatalogError>(tx.audit().append(&entry).await?)
                })
            })
            .await?;
        Ok(kept)
    }

    async fn require_size(
        &self,
        actor: &Actor,
        bytes: u64,
        now: Timestamp,
    ) -> Result<(), CatalogError> {
        let snapshot = self.store.read().await?;
        let account = snapshot.accounts().get_account(actor.organization_id, now).await?;
        let limit = account.derive_terms(now).file_bytes;
        if bytes > limit { Err(CatalogError::TooLarge { bytes, limit }) } else { Ok(()) }
    }

    /// An upload with the parts that arrived.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    pub async fn get_upload(&self, actor: &Actor, id: UploadId) -> Result<Upload, CatalogError> {
        require(actor, Permission::WriteData)?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        snapshot
            .catalog()
            .find_upload(actor.organization_id, id)
            .await?
            .ok_or(CatalogError::NotFound { what: "upload" })
    }

    /// Stores a part; one that was sent before is replaced.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`] for a number or size that the upload does not have,
    /// [`CatalogError::ChecksumMismatch`].
    pub async fn put_part(
        &self,
        actor: &Actor,
        id: UploadId,
        draft: PartDraft,
    ) -> Result<UploadPart, CatalogError> {
        let upload = self.get_upload(actor, id).await?;
        let expected = derive_part_bytes(&upload, draft.number)?;
        let actual = draft.content.len() as u64;
        if actual != expected {
            return Err(CatalogError::Invalid {
                field: "body",
                message: format!(
                    "part {} must have {expected} bytes, and {actual} arrived",
                    draft.number
                ),
            });
        }
        let sha256 = hex::encode(Sha256::digest(&draft.content));
        if let Some(announced) = draft.sha256.as_deref() {
            require_checksum(&derive_sha256(announced)?, &sha256)?;
        }
        let file = format!("{}-{sha256}", draft.number);
        let key = BlobKey::from_words(&["uploads", &id.to_string(), &file])?;
        self.blobs.put_bytes(&key, draft.content).await?;
        let part = UploadPart {
            number: draft.number,
            bytes: actual,
            sha256,
            blob_key: key.as_str().to_owned(),
        };
        let row = part.clone();
        self.store
            .write(move |tx| {
                let row = row.clone();
                Box::pin(async move { tx.catalog().put_upload_part(id, &row).await })
            })
            .await
            .map_err(CatalogError::Store)?;
        Ok(part)
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    pub async fn cancel_upload(&self, actor: &Actor, id: UploadId) -> Result<(), CatalogError> {
        let upload = self.get_upload(actor, id).await?;
        let organization_id = actor.organization_id;
        let entry = tell_given_up(actor, &upload, self.clock.now());
        let keys = self
            .store
            .write::<_, StoreError, _>(move |tx| {
                let entry = entry.clone();
                Box::pin(async move {
                    let keys = tx.catalog().delete_upload(organization_id, id).await?;
                    tx.audit().append(&entry).await?;
                    Ok(keys)
                })
            })
            .await
            .map_err(CatalogError::Store)?;
        self.remove_blobs(&keys).await;
        Ok(())
    }

    /// Turns a complete upload into a dataset version and has it profiled if it is a table.
    ///
    /// # Errors
    /// [`CatalogError::Incomplete`], [`CatalogError::ChecksumMismatch`],
    /// [`CatalogError::Unreadable`] for bytes that are no table, workbook or model.
    pub async fn complete_upload(
        &self,
        actor: &Actor,
        id: UploadId,
    ) -> Result<Dataset, CatalogError> {
        let upload = self.get_upload(actor, id).await?;
        if let Some(dataset_id) = upload.dataset_id {
            self.require_change(actor, ObjectRef::Dataset(dataset_id)).await?;
        }
        let parts = require_all_parts(&upload)?;
        let dataset_id = upload.dataset_id.unwrap_or_else(DatasetId::generate);
        let key =
            BlobKey::from_words(&["datasets", &dataset_id.to_string(), &upload.id.to_string()])?;
        self.blobs.join(&key, &parts).await?;
        let described = self.describe_bytes(&upload, &key).await;
        let (sha256, content) = match described {
            Ok(described) => described,
            Err(error) => {
                self.remove_blobs(&[key.as_str().to_owned()]).await;
                return Err(error);
            }
        };
        let version = DatasetVersion {
            dataset_id,
            version: 1,
            file_name: upload.file_name.clone(),
            media_type: content.media_type().to_owned(),
            bytes: upload.bytes,
            sha256,
            blob_key: key.as_str().to_owned(),
            profile_job: match content {
                Content::Table { .. } => Some(JobId::generate()),
                Content::Model | Content::Workbook => None,
            },
            profile: None,
            created_at: self.clock.now(),
        };
        let (dataset, old_keys) = self.insert_version_of(actor, &upload, version).await?;
        self.remove_blobs(&old_keys).await;
        self.submit_profile(&dataset.latest, dataset.organization_id).await?;
        Ok(dataset)
    }

    async fn describe_bytes(
        &self,
        upload: &Upload,
        key: &BlobKey,
    ) -> Result<(String, Content), CatalogError> {
        let head = read_head(self.blobs.as_ref(), key, upload.bytes).await?;
        let content = derive_content(&head)?;
        let sha256 = sha256_of_blob(self.blobs.as_ref(), key, upload.bytes).await?;
        if let Some(announced) = &upload.sha256 {
            require_checksum(announced, &sha256)?;
        }
        Ok((sha256, content))
    }

    async fn insert_version_of(
        &self,
        actor: &Actor,
        upload: &Upload,
        version: DatasetVersion,
    ) -> Result<(Dataset, Vec<String>), CatalogError> {
        let (actor, upload) = (actor.clone(), upload.clone());
        self.store
            .write(move |tx| {
                let (actor, upload, version) = (actor.clone(), upload.clone(), version.clone());
                Box::pin(async move { insert_version(tx, &actor, &upload, version).await })
            })
            .await
    }

    /// Removes blobs that no row names any more. A failure leaves garbage and nothing worse.
    pub(crate) async fn remove_blobs(&self, keys: &[String]) {
        for key in keys {
            let removed = match BlobKey::parse(key) {
                Ok(key) => self.blobs.delete(&key).await,
                Err(error) => Err(error),
            };
            if let Err(error) = removed {
                tracing::warn!(%key, %error, "a blob without a row was not removed");
            }
        }
    }

    /// Ends uploads that nobody completed in time.
    ///
    /// # Errors
    /// [`CatalogError::Store`].
    pub async fn purge_uploads(&self) -> Result<(), CatalogError> {
        let now = self.clock.now();
        let keys = self
            .store
            .write(move |tx| Box::pin(async move { tx.catalog().purge_uploads(now).await }))
            .await
            .map_err(CatalogError::Store)?;
        self.remove_blobs(&keys).await;
        Ok(())
    }
}

async fn insert_version(
    tx: &dyn Tx,
    actor: &Actor,
    upload: &Upload,
    mut version: DatasetVersion,
) -> Result<(Dataset, Vec<String>), CatalogError> {
    let organization_id = upload.organization_id;
    tx.access().lock_organization(organization_id).await?;
    let catalog = tx.catalog();
    // Whoever deletes the upload's row completes it; a second caller finds nothing.
    let keys = match catalog.delete_upload(organization_id, upload.id).await {
        Ok(keys) => keys,
        Err(StoreError::NotFound { .. }) => return Err(CatalogError::NotFound { what: "upload" }),
        Err(error) => return Err(error.into()),
    };
    let (before, dataset) = match upload.dataset_id {
        Some(dataset_id) => {
            let before = get_dataset_of(catalog, organization_id, dataset_id).await?;
            version.version = before.latest.version + 1;
            catalog.insert_version(organization_id, &version).await?;
            let dataset = Dataset { latest: version, ..before.clone() };
            (Some(before), dataset)
        }
        None => {
            let dataset = Dataset {
                id: version.dataset_id,
                organization_id,
                name: upload.name.clone(),
                created_by: upload.created_by,
                created_at: version.created_at,
                latest: version,
            };
            catalog.insert_dataset(&dataset).await?;
            (None, dataset)
        }
    };
    let entry = tell_completed(actor, before.as_ref(), &dataset);
    tx.audit().append(&entry).await?;
    Ok((dataset, keys))
}

fn derive_upload(actor: &Actor, new: &NewUpload, now: Timestamp) -> Result<Upload, CatalogError> {
    if new.bytes == 0 {
        return Err(CatalogError::Invalid {
            field: "bytes",
            message: "the file is empty; upload one with at least a header and a row".to_owned(),
        });
    }
    Ok(Upload {
        id: UploadId::generate(),
        organization_id: actor.organization_id,
        created_by: actor.user_id,
        dataset_id: new.dataset_id,
        name: derive_title("name", &new.name)?,
        file_name: derive_file_name(&new.file_name)?,
        bytes: new.bytes,
        sha256: new.sha256.as_deref().map(derive_sha256).transpose()?,
        part_bytes: PART_BYTES,
        created_at: now,
        expires_at: now.plus(UPLOAD_LIFETIME),
        parts: Vec::new(),
    })
}

fn derive_part_bytes(upload: &Upload, number: u32) -> Result<u64, CatalogError> {
    let count = upload.bytes.div_ceil(upload.part_bytes);
    let number = u64::from(number);
    if number == 0 || number > count {
        return Err(CatalogError::Invalid {
            field: "number",
            message: format!(
                "this upload has the parts 1 to {count}, and {number} is none of them"
            ),
        });
    }
    let before = (number - 1) * upload.part_bytes;
    Ok(upload.part_bytes.min(upload.bytes - before))
}

fn require_all_parts(upload: &Upload) -> Result<Vec<BlobKey>, CatalogError> {
    let count = upload.bytes.div_ceil(upload.part_bytes);
    let mut keys = Vec::new();
    for number in 1..=count {
        let part = upload.parts.iter().find(|part| u64::from(part.number) == number);
        let Some(part) = part else {
            return Err(CatalogError::Incomplete {
                message: format!(
                    "part {number} of {count} is missing; send it, then complete again"
                ),
            });
        };
        keys.push(BlobKey::parse(&part.blob_key)?);
    }
    Ok(keys)
}

fn require_checksum(expected: &str, actual: &str) -> Result<(), CatalogError> {
    if expected == actual {
        return Ok(());
    }
    Err(CatalogError::ChecksumMismatch { expected: expected.to_owned(), actual: actual.to_owned() })
}
