//! The file that an export leaves: a ZIP archive, written while its content comes.
//!
//! Invariants: no more than a few pieces are in memory; every entry is hashed while it is written,
//! and the manifest at the end names them all.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use gantry_engine_api::{ArtifactDraft, ArtifactRole, BlockingContext, EngineError};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::Receiver;
use zip::ZipWriter;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;

/// Pieces that may wait to be written.
pub(crate) const WAITING: usize = 8;
const MANIFEST: &str = "manifest.json";

/// What comes next.
pub(crate) enum Piece {
    /// An entry begins; the one before ends.
    Begin(String),
    /// Bytes of the entry.
    Bytes(Bytes),
    /// A file that is not in the archive, and why.
    LeftOut(String, &'static str),
}

/// What was written.
pub(crate) struct Packed {
    /// The finished file.
    pub draft: ArtifactDraft,
    /// Entries without the manifest.
    pub entries: u64,
    /// Files that are not in it.
    pub left_out: u64,
}

/// Writes the pieces into `path` until there are no more.
///
/// # Errors
/// `Cancelled` when the job is to stop, `Transient` when the disk does not take the bytes.
pub(crate) fn write_pack(
    path: PathBuf,
    mut pieces: Receiver<Piece>,
    context: &BlockingContext,
) -> Result<Packed, EngineError> {
    let mut pack = Pack::create(&path)?;
    while let Some(piece) = pieces.blocking_recv() {
        context.check_cancelled()?;
        match piece {
            Piece::Begin(name) => pack.begin(name)?,
            Piece::Bytes(bytes) => pack.write(&bytes)?,
            Piece::LeftOut(name, why) => pack.left_out.push(json!({ "name": name, "why": why })),
        }
    }
    pack.finish(path)
}

struct Pack {
    archive: ZipWriter<BufWriter<File>>,
    /// The entry that is being written: name, size, hash.
    open: Option<(String, u64, Sha256)>,
    entries: Vec<Value>,
    left_out: Vec<Value>,
}

impl Pack {
    fn create(path: &Path) -> Result<Self, EngineError> {
        let archive = ZipWriter::new(BufWriter::new(File::create(path)?));
        Ok(Self { archive, open: None, entries: Vec::new(), left_out: Vec::new() })
    }

    fn begin(&mut self, name: String) -> Result<(), EngineError> {
        self.close();
        // An entry may pass four gibibytes, which is not known before.
        let options = SimpleFileOptions::default().large_file(true);
        self.archive.start_file(name.as_str(), options).map_err(refuse)?;
        self.open = Some((name, 0, Sha256::new()));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let Some((_, size, hash)) = &mut self.open else {
            return Err(EngineError::bug("Bytes of an export came before the name of their file."));
        };
        *size += bytes.len() as u64;
        hash.update(bytes);
        Ok(self.archive.write_all(bytes)?)
    }

    fn close(&mut self) {
        if let Some((name, bytes, hash)) = self.open.take() {
            let sha256 = hex::encode(hash.finalize());
            self.entries.push(json!({ "name": name, "bytes": bytes, "sha256": sha256 }));
        }
    }

    fn finish(mut self, path: PathBuf) -> Result<Packed, EngineError> {
        self.close();
        let (entries, left_out) = (self.entries.len() as u64, self.left_out.len() as u64);
        let manifest = json!({ "files": self.entries, "left_out": self.left_out });
        let text = serde_json::to_vec_pretty(&manifest)
            .map_err(|error| EngineError::bug(format!("The manifest is not JSON: {error}.")))?;
        self.archive.start_file(MANIFEST, SimpleFileOptions::default()).map_err(refuse)?;
        self.archive.write_all(&text)?;
        self.archive.finish().map_err(refuse)?.flush()?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_else(|| "export.zip".to_owned());
        let draft = ArtifactDraft::from_file(path, name, ArtifactRole::File)?;
        Ok(Packed { draft, entries, left_out })
    }
}

fn refuse(error: ZipError) -> EngineError {
    EngineError::transient(format!("The archive cannot be written: {error}."))
}
