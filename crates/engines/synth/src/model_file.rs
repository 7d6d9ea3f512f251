//! `generator.gantry`: one file that holds everything that drawing rows needs.
//!
//! Layout, all numbers little-endian: the eleven bytes `GANTRYSYNTH`; the format's version (u32);
//! the length of the header (u64) and the header (JSON: columns, roles, constraints); the length of
//! the tier (u64) and the tier (postcard); SHA-256 of everything before it.
//!
//! Invariants: the same fit gives the same bytes; a file that is cut off, changed or of another
//! version is refused before anything of it is used.

use std::io::Read;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::constraint::Constraints;
use crate::encode::Encoding;
use crate::error::SynthError;
use crate::metadata::Metadata;
use crate::tier::{FittedTier, Tier};

const MAGIC: &[u8; 11] = b"GANTRYSYNTH";
const VERSION: u32 = 1;
const HASH_BYTES: usize = 32;
/// Larger files are no generators.
const MAX_BYTES: u64 = 4 << 30;

/// Why bytes are not a usable generator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModelFileError {
    #[error("The file is not a generator.")]
    NotAGenerator,
    #[error("The generator's file is cut off: it has {found} bytes.")]
    CutOff { found: usize },
    #[error("The generator's file has version {found}, and this program reads {VERSION}.")]
    Version { found: u32 },
    #[error("The generator's file was changed or damaged: its checksum does not match.")]
    Damaged,
    #[error("The generator's file is inconsistent: {reason}.")]
    Inconsistent { reason: String },
}

impl ModelFileError {
    pub(crate) const fn derive_next_step(&self) -> &'static str {
        match self {
            Self::NotAGenerator => "Choose the file `generator.gantry` of `synth.fit`.",
            Self::CutOff { .. } | Self::Damaged => "Download or copy the file again.",
            Self::Version { .. } => "Use the program that wrote it, or fit again.",
            Self::Inconsistent { .. } => "Fit again.",
        }
    }
}

/// What a generator knows besides its tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) tier: Tier,
    /// Rows that it learned from.
    pub(crate) rows: u64,
    pub(crate) encoding: Encoding,
    pub(crate) metadata: Metadata,
    pub(crate) constraints: Constraints,
}

/// A fitted generator.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SynthModel {
    pub(crate) header: Header,
    pub(crate) fitted: FittedTier,
}

impl SynthModel {
    /// The bytes of the file.
    pub(crate) fn write(&self) -> Result<Vec<u8>, SynthError> {
        let broken = |what: &str, error: String| {
            SynthError::inconsistent(format!("The generator's {what} cannot be written: {error}."))
        };
        let header = serde_json::to_vec(&self.header)
            .map_err(|error| broken("header", error.to_string()))?;
        let fitted =
            postcard::to_stdvec(&self.fitted).map_err(|error| broken("tier", error.to_string()))?;
        let mut bytes = Vec::with_capacity(header.len() + fitted.len() + 64);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        for part in [&header, &fitted] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        Ok(bytes)
    }

    /// Reads a whole file.
    pub(crate) fn read_from(reader: impl Read) -> Result<Self, SynthError> {
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
            return Err(ModelFileError::NotAGenerator);
        }
        let mut rest = bytes.get(MAGIC.len()..).ok_or_else(cut_off)?;
        let version = rest.split_first_chunk::<4>().ok_or_else(cut_off)?;
        rest = version.1;
        let version = u32::from_le_bytes(*version.0);
        if version != VERSION {
            return Err(ModelFileError::Version { found: version });
        }
        let header = take_part(&mut rest).ok_or_else(cut_off)?;
        let fitted = take_part(&mut rest).ok_or_else(cut_off)?;
        if rest.len() < HASH_BYTES {
            return Err(cut_off());
        }
        let (hashed, _) = bytes.split_at(found - rest.len());
        if rest != Sha256::digest(hashed).as_slice() {
            return Err(ModelFileError::Damaged);
        }
        let broken = |reason: String| ModelFileError::Inconsistent { reason };
        let header: Header =
            serde_json::from_slice(header).map_err(|error| broken(error.to_string()))?;
        let fitted: FittedTier =
            postcard::from_bytes(fitted).map_err(|error| broken(error.to_string()))?;
        if fitted.width() != header.encoding.modelled.len() {
            return Err(broken("its columns and its tier do not fit each other".into()));
        }
        Ok(Self { header, fitted })
    }
}

fn take_part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, left) = rest.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (part, left) = left.split_at_checked(length)?;
    *rest = left;
    Some(part)
}
