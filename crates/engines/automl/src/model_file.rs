//! `model.gantry`: one file that holds everything that predictions need.
//!
//! Layout, all numbers little-endian: the eleven bytes `GANTRYMODEL`; the format's version (u32);
//! the length of the header (u64) and the header (JSON: columns, classes, preprocessing, members);
//! the length of the learners (u64) and the learners of each member (postcard); SHA-256 of
//! everything before it. In version 1 there was one preprocessing and one learner; version 3 added a
//! second layer, texts, and gaps filled from similar rows.
//!
//! Invariants: the same model gives the same bytes; a file that is cut off, changed or of another
//! version is refused before anything of it is used. Versions from `OLDEST_READ` on are read.

use std::io::{self, BufWriter, Read, Write};

use gantry_kit::{Column, ColumnSpec, Frame, Schema};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{AutomlError, derive_list};
use crate::explain::Baseline;
use crate::metric::Metric;
use crate::model::{
    Algorithm, Ensemble, Finish, FittedLearner, Member, MemberFit, Pipeline, Stack, StoredLearner,
};
use crate::preprocess::Preprocessor;
use crate::task::Task;

const MAGIC: &[u8; 11] = b"GANTRYMODEL";
/// The version that is written.
const VERSION: u32 = 3;
/// The oldest version that is read; version 1 is the first.
const OLDEST_READ: u32 = 1;
const HASH_BYTES: usize = 32;
/// Bytes that are written at once.
const PIECE: usize = 1 << 16;
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

/// What a model knows besides its members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ModelHeader {
    pub(crate) task: Task,
    pub(crate) target: ColumnSpec,
    /// Labels of the classes; empty for numbers.
    pub(crate) classes: Vec<String>,
    pub(crate) metric: Metric,
    /// Mean score over the folds of the training.
    pub(crate) score: f64,
    /// Rows of the training.
    pub(crate) rows: usize,
    /// The columns that the model reads, in its order.
    pub(crate) columns: Vec<ColumnSpec>,
    /// How the values of these columns were spread, to tell drift; older files have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) baseline: Vec<Baseline>,
}

/// A member of the ensemble as the header describes it.
#[derive(Debug, Serialize, Deserialize)]
struct MemberHeader {
    algorithm: Algorithm,
    weight: f64,
    /// The preprocessing of each of its fits.
    preprocessors: Vec<usize>,
}

#[derive(Debug, Serialize, Deserialize)]
struct FileHeader {
    #[serde(flatten)]
    model: ModelHeader,
    preprocessors: Vec<Preprocessor>,
    members: Vec<MemberHeader>,
    finish: Finish,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stack: Option<Stack>,
}

/// The header of version 1.
#[derive(Debug, Deserialize)]
struct FirstHeader {
    #[serde(flatten)]
    model: ModelHeader,
    algorithm: Algorithm,
    preprocessor: Preprocessor,
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
    pub(crate) ensemble: Ensemble,
}

impl TrainedModel {
    /// Writes the file, without ever holding it whole.
    pub(crate) fn write_to(&self, out: impl Write) -> Result<(), AutomlError> {
        let header = serde_json::to_vec(&self.derive_file_header()).map_err(unwritable)?;
        let mut out = Hashed::new(out);
        out.write_all(MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        self.write_learners(&mut out)?;
        let hash = out.hash.finalize();
        Ok(out.inner.write_all(&hash)?)
    }

    /// The list of each member's list of learners as postcard writes it, after its length. Learners
    /// pass through one by one.
    fn write_learners(&self, out: &mut impl Write) -> Result<(), AutomlError> {
        let members = &self.ensemble.members;
        let write = |length: usize| postcard::to_stdvec(&length).map_err(unwritable);
        let count = write(members.len())?;
        let lengths: Vec<Vec<u8>> =
            members.iter().map(|member| write(member.fits.len())).collect::<Result<_, _>>()?;
        let mut size = (count.len() + lengths.iter().map(Vec::len).sum::<usize>()) as u64;
        for fit in members.iter().flat_map(|member| &member.fits) {
            size += fit.learner.written_bytes()?;
        }
        out.write_all(&size.to_le_bytes())?;
        // Numbers come one by one.
        let mut out = BufWriter::with_capacity(PIECE, out);
        out.write_all(&count)?;
        for (member, length) in members.iter().zip(&lengths) {
            out.write_all(length)?;
            for fit in &member.fits {
                fit.learner.write_to(&mut out)?;
            }
        }
        Ok(out.flush()?)
    }

    fn derive_file_header(&self) -> FileHeader {
        let members = self.ensemble.members.iter().map(|member| MemberHeader {
            algorithm: member.algorithm,
            weight: member.weight,
            preprocessors: member.fits.iter().map(|fit| fit.preprocessor).collect(),
        });
        FileHeader {
            model: self.header.clone(),
            preprocessors: self.ensemble.preprocessors.clone(),
            members: members.collect(),
            finish: self.ensemble.finish.clone(),
            stack: self.ensemble.stack.clone(),
        }
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
        let model = match version {
            1 => Self::read_first(header, learner)?,
            _ => Self::read_current(header, learner)?,
        };
        model.require_fitting()?;
        Ok(model)
    }

    fn read_first(header: &[u8], learner: &[u8]) -> Result<Self, ModelFileError> {
        let header: FirstHeader = read_json(header)?;
        let learner = StoredLearner::new(read_postcard(learner)?);
        let pipeline = Pipeline { preprocessor: header.preprocessor, learner };
        let ensemble = Ensemble::of_one(header.algorithm, pipeline);
        Ok(Self { header: header.model, ensemble })
    }

    fn read_current(header: &[u8], learners: &[u8]) -> Result<Self, ModelFileError> {
        let header: FileHeader = read_json(header)?;
        let learners: Vec<Vec<FittedLearner>> = read_postcard(learners)?;
        if learners.len() != header.members.len() {
            return Err(broken("members and learners do not fit each other"));
        }
        let members = header.members.into_iter().zip(learners).map(|(member, learners)| {
            let fits = member.preprocessors.into_iter().zip(learners);
            let fits = fits.map(|(preprocessor, learner)| MemberFit {
                preprocessor,
                learner: StoredLearner::new(learner),
            });
            let fits = fits.collect();
            Member { algorithm: member.algorithm, weight: member.weight, fits }
        });
        let ensemble = Ensemble {
            preprocessors: header.preprocessors,
            members: members.collect(),
            stack: header.stack,
            finish: header.finish,
        };
        Ok(Self { header: header.model, ensemble })
    }

    fn require_fitting(&self) -> Result<(), ModelFileError> {
        let members = &self.ensemble.members;
        let fits = members.iter().flat_map(|member| &member.fits);
        let is_fitting = |fit: &MemberFit| {
            let preprocessor = self.ensemble.preprocessors.get(fit.preprocessor);
            let learner = fit.learner.load().ok();
            preprocessor.zip(learner).is_some_and(|(p, learner)| p.width() == learner.features())
        };
        if members.iter().any(|member| member.fits.is_empty()) || members.is_empty() {
            return Err(broken("it has no learner"));
        }
        if !fits.into_iter().all(is_fitting) {
            return Err(broken("preprocessing and learner do not fit each other"));
        }
        let each = self.header.classes.len().saturating_sub(1).max(1);
        let is_read = |stack: &Stack| stack.learner().features() == members.len() * each;
        if !self.ensemble.stack.as_ref().is_none_or(is_read) {
            return Err(broken("its second layer does not fit its members"));
        }
        Ok(())
    }

    /// How to read a table for this model.
    pub(crate) fn derive_schema(&self) -> Schema {
        let mut columns = self.header.columns.clone();
        columns.push(self.header.target.clone());
        Schema { columns }
    }
}

/// Hashes what goes through.
struct Hashed<W> {
    inner: W,
    hash: Sha256,
}

impl<W> Hashed<W> {
    fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new() }
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.hash.update(buffer.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn unwritable(error: impl std::fmt::Display) -> AutomlError {
    AutomlError::inconsistent(format!("The model cannot be written: {error}."))
}

fn broken(reason: impl Into<String>) -> ModelFileError {
    ModelFileError::Inconsistent { reason: reason.into() }
}

fn read_json<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, ModelFileError> {
    serde_json::from_slice(bytes).map_err(|error| broken(error.to_string()))
}

fn read_postcard<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, ModelFileError> {
    postcard::from_bytes(bytes).map_err(|error| broken(error.to_string()))
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
