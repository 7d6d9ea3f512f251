//! Fits of candidates that may become members: the first ones in memory, the others in files, so
//! that a search takes little more memory than the model that it ends with.
//!
//! Invariant: what comes back from a file equals what was put there.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::AutomlError;
use crate::model::Pipeline;
use crate::preprocess::Preprocessor;
use crate::train::trial::Trial;

/// The fits of one candidate, wherever they are.
pub(super) struct Kept {
    /// Without pipelines where those are on the shelf.
    trial: Trial,
    bytes: usize,
    shelf: Option<Shelf>,
}

/// A file of learners, one after the other; removed with its owner.
struct Shelf {
    path: PathBuf,
    preprocessors: Vec<Preprocessor>,
}

impl Drop for Shelf {
    fn drop(&mut self) {
        // The folder goes with the job; a file that stays until then harms nobody.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Kept {
    /// Keeps fits of `bytes` bytes, about, in memory.
    pub(super) const fn in_memory(trial: Trial, bytes: usize) -> Self {
        Self { trial, bytes, shelf: None }
    }

    /// Writes fits of `bytes` bytes, about, to a new file.
    pub(super) fn on_shelf(
        mut trial: Trial,
        bytes: usize,
        path: PathBuf,
    ) -> Result<Self, AutomlError> {
        let mut file = BufWriter::new(File::create(&path)?);
        let mut shelf = Shelf { path, preprocessors: Vec::new() };
        for Pipeline { preprocessor, learner } in std::mem::take(&mut trial.pipelines) {
            postcard::to_io(learner.as_ref(), &mut file).map_err(broken)?;
            shelf.preprocessors.push(preprocessor);
        }
        file.flush()?;
        Ok(Self { trial, bytes, shelf: Some(shelf) })
    }

    /// Bytes of the fits, about, wherever they are.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes of the fits in memory, about.
    pub(super) const fn resident_bytes(&self) -> usize {
        if self.shelf.is_some() { 0 } else { self.bytes }
    }

    /// The fits, read back where they are in a file.
    pub(super) fn take(self) -> Result<Trial, AutomlError> {
        let Self { mut trial, shelf, .. } = self;
        let Some(mut shelf) = shelf else { return Ok(trial) };
        let mut file = BufReader::new(File::open(&shelf.path)?);
        for preprocessor in std::mem::take(&mut shelf.preprocessors) {
            // Numbers pass through here one by one: the bytes are never in memory besides.
            let mut number = [0; 16];
            let (learner, _) = postcard::from_io((&mut file, &mut number)).map_err(broken)?;
            trial.pipelines.push(Pipeline { preprocessor, learner: Arc::new(learner) });
        }
        Ok(trial)
    }
}

fn broken(error: postcard::Error) -> AutomlError {
    AutomlError::inconsistent(format!("Fits that were put aside are broken: {error}."))
}
