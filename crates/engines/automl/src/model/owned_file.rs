//! A file in the job's folder for what nobody asks for a while.
//!
//! Invariant: it is removed with its last owner.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The owner of a file.
#[derive(Debug, PartialEq)]
pub(crate) struct OwnedFile(PathBuf);

impl OwnedFile {
    /// A new file, open for writing.
    pub(crate) fn create(path: PathBuf) -> io::Result<(Self, File)> {
        let file = File::create(&path)?;
        Ok((Self(path), file))
    }

    /// Opens it for reading.
    pub(crate) fn open(&self) -> io::Result<File> {
        File::open(&self.0)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for OwnedFile {
    fn drop(&mut self) {
        // The folder goes with the job; a file that stays until then harms nobody.
        let _ = std::fs::remove_file(&self.0);
    }
}
