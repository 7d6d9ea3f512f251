//! Files that a job makes.
//!
//! Invariant: bytes are hashed while they are written; nothing is visible outside until the
//! job's settlement names it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::EngineError;

/// What an artifact is for; the web app decides by it how to show the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactRole {
    /// A self-contained HTML page for people.
    Report,
    /// A chart.
    Chart,
    /// A model that other operations can take as input.
    Model,
    /// A table.
    Table,
    /// Anything else.
    File,
}

/// A finished file in the scratch folder, ready to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactDraft {
    /// The file's name: no folders, unique in the job.
    pub name: String,
    /// The media type, such as `text/csv`.
    pub media_type: String,
    /// What it is for.
    pub role: ArtifactRole,
    /// Where the bytes lie.
    pub path: PathBuf,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes, in lower-case hexadecimal.
    pub sha256: String,
}

impl ArtifactDraft {
    /// Describes a file that lies finished in the scratch folder: its bytes are read and hashed.
    ///
    /// # Errors
    /// `Bug` for a name with folders in it, `Transient` when the file cannot be read.
    pub fn from_file(
        path: PathBuf,
        name: impl Into<String>,
        role: ArtifactRole,
    ) -> Result<Self, EngineError> {
        let name = name.into();
        require_plain_name(&name)?;
        let mut hashed = HashedBytes { hash: Sha256::new(), bytes: 0 };
        io::copy(&mut File::open(&path)?, &mut hashed)?;
        Ok(Self {
            media_type: media_type_of(&name).to_owned(),
            name,
            role,
            path,
            bytes: hashed.bytes,
            sha256: hex::encode(hashed.hash.finalize()),
        })
    }
}

struct HashedBytes {
    hash: Sha256,
    bytes: u64,
}

impl Write for HashedBytes {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.hash.update(buffer);
        self.bytes += buffer.len() as u64;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn require_plain_name(name: &str) -> Result<(), EngineError> {
    let is_plain = !name.is_empty()
        && name.len() <= 200
        && !name.starts_with('.')
        && !name.contains(|c: char| c == '/' || c == '\\' || c.is_control());
    if is_plain {
        return Ok(());
    }
    Err(EngineError::bug(format!("`{}` is not a plain file name.", name.escape_debug())))
}

/// A file being written.
#[derive(Debug)]
pub struct ArtifactWriter {
    name: String,
    role: ArtifactRole,
    path: PathBuf,
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl ArtifactWriter {
    /// Creates the file `name` in `folder`.
    ///
    /// # Errors
    /// `Bug` for a name with folders in it, `Transient` when the file cannot be created.
    pub fn create(
        folder: &std::path::Path,
        name: impl Into<String>,
        role: ArtifactRole,
    ) -> Result<Self, EngineError> {
        let name = name.into();
        require_plain_name(&name)?;
        let path = folder.join(&name);
        let file = BufWriter::new(File::create(&path)?);
        Ok(Self { name, role, path, file, hash: Sha256::new(), bytes: 0 })
    }

    /// Flushes and closes the file.
    ///
    /// # Errors
    /// `Transient` when the disk does not take the bytes.
    pub fn finish(mut self) -> Result<ArtifactDraft, EngineError> {
        self.file.flush()?;
        Ok(ArtifactDraft {
            media_type: media_type_of(&self.name).to_owned(),
            name: self.name,
            role: self.role,
            path: self.path,
            bytes: self.bytes,
            sha256: hex::encode(self.hash.finalize()),
        })
    }
}

impl Write for ArtifactWriter {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        if let Some(taken) = buffer.get(..written) {
            self.hash.update(taken);
        }
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The media type that a file name's ending stands for.
#[must_use]
pub fn media_type_of(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "csv" => "text/csv",
        "tsv" => "text/tab-separated-values",
        "jsonl" | "ndjson" => "application/x-ndjson",
        "json" => "application/json",
        "html" => "text/html",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "txt" | "md" | "log" => "text/plain",
        "pdf" => "application/pdf",
        "parquet" => "application/vnd.apache.parquet",
        "onnx" => "application/onnx",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_hashed_while_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer =
            ArtifactWriter::create(folder.path(), "a.csv", ArtifactRole::Table).unwrap();
        writer.write_all(b"abc").unwrap();
        let draft = writer.finish().unwrap();
        assert_eq!(draft.bytes, 3);
        assert_eq!(draft.media_type, "text/csv");
        assert_eq!(
            draft.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_finished_file_is_described_like_a_written_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer =
            ArtifactWriter::create(folder.path(), "a.csv", ArtifactRole::Table).unwrap();
        writer.write_all(b"abc").unwrap();
        let written = writer.finish().unwrap();
        let path = folder.path().join("a.csv");
        assert_eq!(ArtifactDraft::from_file(path, "a.csv", ArtifactRole::Table).unwrap(), written);
    }

    #[test]
    fn names_with_folders_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["../x", "a/b", "", ".hidden", "a\nb"] {
            assert!(ArtifactWriter::create(folder.path(), name, ArtifactRole::File).is_err());
        }
    }
}
