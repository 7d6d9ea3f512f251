//! `model.gantry`: one file that holds everything that predictions need.
//!
//! Layout, all numbers little-endian: the eleven bytes `GANTRYMODEL`; the format's version (u32);
//! the length of the header (u64) and the header (JSON: columns, classes, preprocessing); the
//! length of the learner (u64) and the learner (postcard); SHA-256 of everything before it.
//!
//! Invariants: the same model gives the same bytes; a file that is cut off, changed or of another
//! version is refused before anything of it is used. Versions from `OLDEST_READ` on are read.

use std::io::Read;

use gantry_kit::{Column, ColumnSpec, Frame, Schema};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{AutomlError, derive_list};
use crate::metric::Metric;
use crate::model::{Algorithm, FittedLearner, Pipeline};
use crate::preprocess::Preprocessor;
use crate::task::Task;

const MAGIC: &[u8; 11] = b"GANTRYMODEL";
/// The version that is written.
const VERSION: u32 = 1;
/// The oldest version that is read; version 1 is the first.
const OLDEST_READ: u32 = 1;
const HASH_BYTES: usize = 32;
/// Larger files are no models.
const MAX_BYTES: u64 = 4 << 30;

/// Why bytes are not a usable model.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModelFileError {
    #[error("The file is not a Gantry model.")]
    NotAModel,
    #[error("The model file is cut off: it has {found} bytes.")]
    CutOff { found: usize },
    #[error(
        "The model file has version {found}, and this program reads {OLDEST_READ} to {VERSION}."
    )]
    Version { found: u32 },
    #[error("The model file was changed or damaged: its checksum does not match.")]
    Damaged,
    #[error("The model file is inconsistent: {reason}.")]
    Inconsistent { reason: String },
}

impl ModelFileError {
    pub(crate) fn derive_next_step(&self) -> &'static str {
        match self {
            Self::NotAModel => "Choose the file `model.gantry` of a training job.",
            Self::CutOff { .. } | Self::Damaged => "Download or copy the model again.",
            Self::Version { .. } => "Use the program that wrote it, or train the model again.",
            Self::Inconsistent { .. } => "Train the model again.",
        }
    }
}

/// What a model knows besides its learner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ModelHeader {
    pub(crate) task: Task,
    pub(crate) target: ColumnSpec,
    /// Labels of the classes; empty for numbers.
    pub(crate) classes: Vec<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) metric: Metric,
    /// Mean score over the folds of the training.
    pub(crate) score: f64,
    /// Rows of the training.
    pub(crate) rows: usize,
    /// The columns that the model reads, in its order.
    pub(crate) columns: Vec<ColumnSpec>,
    pub(crate) preprocessor: Preprocessor,
}

impl ModelHeader {
    /// The columns of `frame` that the model reads, in its order.
    pub(crate) fn select<'f>(&self, frame: &'f Frame) -> Result<Vec<&'f Column>, AutomlError> {
        let mut selected = Vec::with_capacity(self.columns.len());
        let mut missing: Vec<&str> = Vec::new();
        for spec in &self.columns {
            match frame.find_column(&spec.name) {
                Some(column) => selected.push(column),
                None => missing.push(&spec.name),
            }
        }
        if missing.is_empty() {
            return Ok(selected);
        }
        Err(AutomlError::ColumnsMissing { names: derive_list(&missing, 20) })
    }
}

/// A model as it lies in a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TrainedModel {
    pub(crate) header: ModelHeader,
    pub(crate) learner: FittedLearner,
}

impl TrainedModel {
    /// The bytes of the file.
    pub(crate) fn write(&self) -> Result<Vec<u8>, AutomlError> {
        let broken = |what: &str, error: String| {
            AutomlError::inconsistent(format!("The model's {what} cannot be written: {error}."))
        };
        let header = serde_json::to_vec(&self.header)
            .map_err(|error| broken("header", error.to_string()))?;
        let learner = postcard::to_stdvec(&self.learner)
            .map_err(|error| broken("learner", error.to_string()))?;
        let mut bytes = Vec::with_capacity(header.len() + learner.len() + 64);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        for part in [&header, &learner] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        Ok(bytes)
    }

    /// Reads a whole file.
    pub(crate) fn read_from(reader: impl Read) -> Result<Self, AutomlError> {
        let mut bytes = Vec::new();
        reader.take(MAX_BYTES).read_to_end(&mut bytes)?;
        Ok(Self::read(&bytes)?)
    }

    /// Reads the bytes of a file.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, ModelFileError> {
        let found = bytes.len();
        let cut_off = || ModelFileError::CutOff { found };
        let shared = found.min(MAGIC.len());
        if found == 0 || bytes.get(..shared) != MAGIC.get(..shared) {
            return Err(ModelFileError::NotAModel);
        }
        let mut rest = bytes.get(MAGIC.len()..).ok_or_else(cut_off)?;
        let version = u32::from_le_bytes(take_array(&mut rest).ok_or_else(cut_off)?);
        if !(OLDEST_READ..=VERSION).contains(&version) {
            return Err(ModelFileError::Version { found: version });
        }
        let header = take_part(&mut rest).ok_or_else(cut_off)?;
        let learner = take_part(&mut rest).ok_or_else(cut_off)?;
        if rest.len() < HASH_BYTES {
            return Err(cut_off());
        }
        let (hashed, _) = bytes.split_at(found - rest.len());
        if rest != Sha256::digest(hashed).as_slice() {
            return Err(ModelFileError::Damaged);
        }
        let broken = |reason: String| ModelFileError::Inconsistent { reason };
        let model = Self {
            header: serde_json::from_slice(header).map_err(|error| broken(error.to_string()))?,
            learner: postcard::from_bytes(learner).map_err(|error| broken(error.to_string()))?,
        };
        if model.header.preprocessor.width() != model.learner.features() {
            return Err(broken("preprocessing and learner do not fit each other".to_owned()));
        }
        Ok(model)
    }

    /// How to read a table for this model.
    pub(crate) fn derive_schema(&self) -> Schema {
        let mut columns = self.header.columns.clone();
        columns.push(self.header.target.clone());
        Schema { columns }
    }

    /// The fitted pipeline.
    pub(crate) fn into_pipeline(self) -> (ModelHeader, Pipeline) {
        let preprocessor = self.header.preprocessor.clone();
        (self.header, Pipeline { preprocessor, learner: self.learner })
    }
}

fn take_array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

fn take_part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(u64::from_le_bytes(take_array(rest)?)).ok()?;
    let (part, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(part)
}
