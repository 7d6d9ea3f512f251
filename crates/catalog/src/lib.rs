//! Datasets, uploads and artifacts: everything that a job reads or leaves behind.
//!
//! Invariants: bytes are in the blob store before a row names them; a dataset version never
//! changes; every look-up names the actor's organization, so that another tenant's row does
//! not exist.

mod artifacts;
mod content;
mod datasets;
mod error;
mod export_account;
mod export_operation;
mod export_pack;
mod export_words;
mod inputs;
mod models;
mod names;
mod preview;
mod profile_dataset;
mod retention;
mod samples;
mod upload_lines;
mod uploads;

pub use artifacts::{ArtifactContent, ByteRange};
pub use datasets::VersionRef;
pub use error::CatalogError;
pub use export_account::AccountExport;
pub use export_operation::{ExportAccount, ExportParams, ExportReport};
pub use inputs::ResolvedInput;
pub use models::{CardChange, ComparedModel, ModelMetrics};
pub use preview::TablePreview;
pub use profile_dataset::{ProfileDataset, ProfileParams, ProfileReport};
pub use retention::SweepReport;
pub use samples::{Sample, Suggestion};
pub use uploads::{NewUpload, PART_BYTES, PartDraft};

use std::sync::Arc;

use gantry_ports::{BlobStore, Bus, Clock, Store};

/// The use-cases of the catalog.
#[derive(Clone)]
pub struct Catalog {
    store: Arc<dyn Store>,
    blobs: Arc<dyn BlobStore>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    samples: Arc<[Sample]>,
}

impl Catalog {
    /// Works on a store and the blobs that its rows name.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        blobs: Arc<dyn BlobStore>,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, blobs, bus, clock, samples: Arc::default() }
    }

    /// Where the bytes are.
    #[must_use]
    pub fn blobs(&self) -> Arc<dyn BlobStore> {
        Arc::clone(&self.blobs)
    }
}
