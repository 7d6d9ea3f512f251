//! A job's scratch folder.
//!
//! Invariant: the folder is gone when the attempt ends, however it ends.

use std::path::{Path, PathBuf};

use gantry_engine_api::EngineError;
use gantry_types::{Attempt, JobId};

pub(crate) struct ScratchFolder {
    path: PathBuf,
}

impl ScratchFolder {
    pub(crate) fn create(
        root: &Path,
        job_id: JobId,
        attempt: Attempt,
    ) -> Result<Self, EngineError> {
        let path = root.join(format!("{job_id}-{attempt}"));
        std::fs::create_dir_all(&path)?;
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "a scratch folder was not removed");
        }
    }
}
