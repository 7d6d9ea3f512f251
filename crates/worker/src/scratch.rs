//! A job's scratch folder.
//!
//! Invariants: the context makes the folder when the engine first asks for it; it is gone when
//! the attempt ends, however it ends.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use gantry_types::{Attempt, JobId};

pub(crate) struct ScratchFolder {
    path: PathBuf,
}

impl ScratchFolder {
    pub(crate) fn reserve(root: &Path, job_id: JobId, attempt: Attempt) -> Self {
        Self { path: root.join(format!("{job_id}-{attempt}")) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        match std::fs::remove_dir_all(&self.path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                let path = self.path.display();
                tracing::warn!(%path, %error, "a scratch folder was not removed");
            }
        }
    }
}
