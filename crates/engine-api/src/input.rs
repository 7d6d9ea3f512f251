//! What a job reads: references, what is known of them before the run, and the files.

use std::fs::File;
use std::path::{Path, PathBuf};

use gantry_types::{ArtifactId, DatasetId};
use serde::{Deserialize, Serialize};

use crate::error::EngineError;

/// A reference to something that the catalog owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum InputRef {
    /// One version of a dataset.
    Dataset {
        /// The dataset.
        id: DatasetId,
        /// The version, from 1.
        version: u32,
    },
    /// A file that an earlier job made, for instance a model.
    Artifact {
        /// The artifact.
        id: ArtifactId,
    },
}

/// What a slot takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// A table: CSV, TSV or JSON lines.
    Table,
    /// A model that an operation of the same engine made.
    Model,
    /// Any file.
    File,
}

/// A named place for one input of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSlot {
    /// The name, also of the command line's flag: `data` gives `--data FILE`.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// What it takes.
    pub kind: InputKind,
    /// Whether the operation refuses to run without it.
    pub required: bool,
}

impl InputSlot {
    /// A slot that must be filled.
    pub fn required(name: impl Into<String>, title: impl Into<String>, kind: InputKind) -> Self {
        Self { name: name.into(), title: title.into(), kind, required: true }
    }

    /// A slot that may stay empty.
    pub fn optional(name: impl Into<String>, title: impl Into<String>, kind: InputKind) -> Self {
        Self { name: name.into(), title: title.into(), kind, required: false }
    }
}

/// What is known of an input before the run; the estimate works on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputMeta {
    /// The slot that it fills.
    pub slot: String,
    /// The file's name as people know it.
    pub name: String,
    /// The media type, such as `text/csv`.
    pub media_type: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// Rows of data, where the file was profiled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Names of the columns in order, where the file was profiled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

/// An input as a local, read-only file.
#[derive(Debug, Clone)]
pub struct InputFile {
    /// What is known of it.
    pub meta: InputMeta,
    path: PathBuf,
}

impl InputFile {
    /// Describes the local copy of an input; hosts make these.
    #[must_use]
    pub const fn new(meta: InputMeta, path: PathBuf) -> Self {
        Self { meta, path }
    }

    /// Where the bytes lie; only for reading.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the bytes (`Read + Seek`).
    ///
    /// # Errors
    /// `Transient` when the local copy cannot be opened.
    pub fn open(&self) -> Result<File, EngineError> {
        File::open(&self.path).map_err(|error| {
            EngineError::transient(format!(
                "The input `{}` cannot be opened: {error}.",
                self.meta.slot
            ))
        })
    }
}
