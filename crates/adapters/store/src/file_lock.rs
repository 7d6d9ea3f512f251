//! One server per SQLite file.
//!
//! Invariant: the operating system holds the lock and frees it when the process ends, however
//! it ends, so that nothing is left to clean up after a crash.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::OpenError;

/// Holds the lock until it is dropped.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Locks `<database>.lock`.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when another process has it, [`OpenError::File`].
    pub(crate) fn acquire(database: &Path) -> Result<Self, OpenError> {
        let path = lock_path(database);
        let refuse = |error: &std::io::Error| OpenError::File {
            path: path.clone(),
            reason: error.to_string(),
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| refuse(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: database.to_owned() }),
            Err(TryLockError::Error(error)) => Err(refuse(&error)),
        }
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
