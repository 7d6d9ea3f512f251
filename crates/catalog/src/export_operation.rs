//! `account.export`: the operation that gathers what is kept about a person.
//!
//! Invariants: whose data it reads is told by the store from the job that it runs as, never by its
//! parameters; it is not metered; rows and files are streamed, each part from one snapshot.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use gantry_engine_api::{
    EngineError, Estimate, InputMeta, InputSlot, JobContext, Operation, ParamError, Step,
};
use gantry_ports::store::{ExportFile, ExportPart, ExportRange, ExportScope};
use gantry_ports::{BlobError, BlobKey, BlobStore, Store, StoreError};
use gantry_types::{JobId, OrganizationId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc::{Sender, channel};

use crate::export_pack::{Piece, WAITING, write_pack};
use crate::export_words::{LINES, OBJECTS, README, TABLE, plain_name, table_head, table_line};

/// Resident memory of an export, in bytes.
pub(crate) const MEMORY_BYTES: u64 = 128 << 20;
/// Rows that are read at once.
const PAGE: u32 = 500;
/// The most files of an export, and the most bytes that they have together.
const MOST_FILES: u32 = 20_000;
const MOST_BYTES: u64 = 16 << 30;
const FILE_NAME: &str = "account-export.zip";

/// Nothing to choose.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportParams {}

/// What the job says of its result.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ExportReport {
    /// Files in the archive, without its manifest.
    pub files: u64,
    /// Files that are not in it; the manifest says why.
    pub left_out: u64,
    /// The size of the archive.
    pub bytes: u64,
}

/// The operation of the platform that hands people what is kept about them.
pub struct ExportAccount {
    store: Arc<dyn Store>,
    blobs: Arc<dyn BlobStore>,
}

impl ExportAccount {
    /// Reads a store, and the blobs that its rows name.
    #[must_use]
    pub const fn new(store: Arc<dyn Store>, blobs: Arc<dyn BlobStore>) -> Self {
        Self { store, blobs }
    }
}

impl Operation for ExportAccount {
    const ID: &'static str = "account.export";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Export an account";
    const SUMMARY: &'static str = "Gathers everything that is kept about a person in one file.";
    type Params = ExportParams;
    type Report = ExportReport;

    fn inputs(&self) -> Vec<InputSlot> {
        Vec::new()
    }

    fn estimate(&self, _: &ExportParams, _: &[InputMeta]) -> Result<Estimate, ParamError> {
        Ok(Estimate { memory_bytes: MEMORY_BYTES, ..Estimate::free() })
    }

    async fn run(
        &self,
        _: ExportParams,
        context: JobContext,
    ) -> Result<Step<ExportReport>, EngineError> {
        let scope = self.get_scope(context.job_id()).await?;
        let path = context.scratch()?.join(FILE_NAME);
        let (sender, receiver) = channel(WAITING);
        let pack = context.compute(move |blocking| write_pack(path, receiver, blocking));
        let (packed, filled) = tokio::join!(pack, self.fill(&scope, sender, &context));
        // Why nobody takes the pieces any more is what the pack says.
        let packed = packed?;
        filled?;
        let bytes = packed.draft.bytes;
        context.publish(packed.draft).await?;
        Ok(Step::Done(ExportReport { files: packed.entries, left_out: packed.left_out, bytes }))
    }
}

impl ExportAccount {
    /// Whose export a job is.
    async fn get_scope(&self, job_id: JobId) -> Result<ExportScope, EngineError> {
        let look = async {
            let snapshot = self.store.read().await?;
            let missing = StoreError::NotFound { what: "person who asked for this export" };
            let owner = snapshot.flows().find_owner(job_id).await?;
            let owner: OrganizationId = owner.ok_or_else(|| missing.clone())?;
            let job = snapshot.jobs().find_job(owner, job_id).await?;
            let user_id: Option<UserId> = job.and_then(|job| job.submitted_by);
            let user_id = user_id.ok_or_else(|| missing.clone())?;
            let user = snapshot.access().find_user(user_id).await?.ok_or(missing)?;
            let mut own = Vec::new();
            for place in snapshot.access().list_memberships(user_id).await? {
                let members = snapshot.identity().list_members(place.organization_id).await?;
                if members.iter().all(|member| member.user_id == user_id) {
                    own.push(place.organization_id);
                }
            }
            Ok::<_, StoreError>(ExportScope { user_id, email: user.email, own })
        };
        look.await.map_err(derive_store_error)
    }

    async fn fill(
        &self,
        scope: &ExportScope,
        pieces: Sender<Piece>,
        context: &JobContext,
    ) -> Result<(), EngineError> {
        let filler = Filler { store: self.store.as_ref(), scope, pieces: &pieces };
        context.stage("Rows", 1, 2);
        filler.begin("README.txt").await?;
        filler.write(README).await?;
        for (name, parts) in OBJECTS {
            filler.write_object(name, parts).await?;
        }
        for (name, part) in LINES {
            filler.begin(name).await?;
            filler.write_rows(*part, |_, row| format!("{row}\n")).await?;
        }
        let (name, part) = TABLE;
        filler.begin(name).await?;
        filler.write(table_head()).await?;
        filler.write_rows(part, |_, row| table_line(row)).await?;
        context.stage("Files", 2, 2);
        self.copy_files(&filler, context).await
    }

    async fn copy_files(
        &self,
        filler: &Filler<'_>,
        context: &JobContext,
    ) -> Result<(), EngineError> {
        let look = async {
            let snapshot = self.store.read().await?;
            snapshot.exports().list_export_files(filler.scope, MOST_FILES).await
        };
        let files: Vec<ExportFile> = look.await.map_err(derive_store_error)?;
        let all: u64 = files.iter().map(|file| file.bytes).sum::<u64>().max(1);
        let mut copied: u64 = 0;
        for file in files {
            context.check_cancelled()?;
            let name = format!("{}/{}", file.folder, plain_name(&file.name));
            if copied.saturating_add(file.bytes) > MOST_BYTES {
                filler.send(Piece::LeftOut(name, "the export would be too large")).await?;
                continue;
            }
            self.copy_file(filler, &file, name).await?;
            copied += file.bytes;
            context.progress(copied as f64 / all as f64);
        }
        Ok(())
    }

    async fn copy_file(
        &self,
        filler: &Filler<'_>,
        file: &ExportFile,
        name: String,
    ) -> Result<(), EngineError> {
        let key = BlobKey::parse(&file.blob_key).map_err(|error| derive_blob_error(&error))?;
        let mut chunks = match self.blobs.read_range(&key, 0..file.bytes).await {
            Ok(chunks) => chunks,
            // Removed since the list was read.
            Err(BlobError::NotFound { .. }) => {
                return filler.send(Piece::LeftOut(name, "it was removed")).await;
            }
            Err(error) => return Err(derive_blob_error(&error)),
        };
        filler.begin(&name).await?;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| derive_blob_error(&error))?;
            filler.send(Piece::Bytes(chunk)).await?;
        }
        Ok(())
    }
}

/// Hands pieces to the pack.
struct Filler<'a> {
    store: &'a dyn Store,
    scope: &'a ExportScope,
    pieces: &'a Sender<Piece>,
}

impl Filler<'_> {
    async fn send(&self, piece: Piece) -> Result<(), EngineError> {
        let gone = |_| EngineError::transient("The archive is not written any more.");
        self.pieces.send(piece).await.map_err(gone)
    }

    async fn begin(&self, name: &str) -> Result<(), EngineError> {
        self.send(Piece::Begin(name.to_owned())).await
    }

    async fn write(&self, text: impl Into<String>) -> Result<(), EngineError> {
        self.send(Piece::Bytes(Bytes::from(text.into()))).await
    }

    /// One JSON object with a list for each part.
    async fn write_object(&self, name: &str, parts: &[ExportPart]) -> Result<(), EngineError> {
        self.begin(name).await?;
        for (place, part) in parts.iter().enumerate() {
            let before = if place == 0 { "{\n" } else { "\n],\n" };
            self.write(format!("{before}\"{}\": [", part.as_str())).await?;
            let line = |number: u64, row: &Value| {
                let comma = if number == 0 { "" } else { "," };
                format!("{comma}\n{row}")
            };
            self.write_rows(*part, line).await?;
        }
        self.write("\n]\n}\n").await
    }

    /// The rows of a part, each as `line` writes it with its number from 0.
    async fn write_rows(
        &self,
        part: ExportPart,
        line: impl Fn(u64, &Value) -> String + Send + Sync,
    ) -> Result<(), EngineError> {
        let snapshot = self.store.read().await.map_err(derive_store_error)?;
        let mut offset = 0;
        loop {
            let range = ExportRange { offset, limit: PAGE };
            let rows = snapshot.exports().list_export_rows(part, self.scope, range).await;
            let rows = rows.map_err(derive_store_error)?;
            let mut text = String::new();
            for row in &rows {
                text.push_str(&line(offset, row));
                offset += 1;
            }
            self.write(text).await?;
            if rows.len() < PAGE as usize {
                return Ok(());
            }
        }
    }
}

fn derive_store_error(error: StoreError) -> EngineError {
    EngineError::transient(format!("The store cannot be read: {error}."))
}

fn derive_blob_error(error: &BlobError) -> EngineError {
    EngineError::transient(format!("A file cannot be read: {error}."))
}
