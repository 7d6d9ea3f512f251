//! The scratch folders of workers and of their jobs.
//!
//! Invariants: the context makes a job's folder when the engine first asks for it; it is gone when
//! the attempt ends, however it ends. What a worker left that was killed is removed by the next
//! one that starts; a folder whose worker lives is locked and stays.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use gantry_types::{Attempt, JobId, WorkerId};

const LOCK: &str = "lock";

/// One worker's part of the scratch folder, locked as long as this lives.
pub(crate) struct ScratchRoot {
    folder: PathBuf,
    lock: PathBuf,
    _held: Option<File>,
}

impl ScratchRoot {
    /// Removes what dead workers left, and locks the folder of this one. A scratch folder that
    /// cannot be locked is used all the same: it is only cleaned by nobody.
    pub(crate) async fn open(all: &Path, worker_id: WorkerId) -> Option<Self> {
        let all = all.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            remove_abandoned(&all);
            Self::lock(&all, worker_id)
        });
        opened.await.ok()
    }

    fn lock(all: &Path, worker_id: WorkerId) -> Self {
        let folder = all.join(worker_id.to_string());
        let lock = folder.with_extension(LOCK);
        let held = std::fs::create_dir_all(all).and_then(|()| {
            let file = File::create(&lock)?;
            file.try_lock()?;
            Ok(file)
        });
        if let Err(error) = &held {
            tracing::warn!(path = %lock.display(), %error, "a scratch folder was not locked");
        }
        Self { folder, lock, _held: held.ok() }
    }
}

impl Drop for ScratchRoot {
    fn drop(&mut self) {
        remove_folder(&self.folder);
        let _gone = std::fs::remove_file(&self.lock);
    }
}

/// Removes the folders whose locks nobody holds.
fn remove_abandoned(all: &Path) {
    for entry in std::fs::read_dir(all).into_iter().flatten().flatten() {
        let lock = entry.path();
        if lock.extension().is_none_or(|extension| extension != LOCK) {
            continue;
        }
        if File::open(&lock).is_ok_and(|file| file.try_lock().is_ok()) {
            remove_folder(&lock.with_extension(""));
            let _gone = std::fs::remove_file(&lock);
        }
    }
}

fn remove_folder(path: &Path) {
    match std::fs::remove_dir_all(path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => {
            let path = path.display();
            tracing::warn!(%path, %error, "a scratch folder was not removed");
        }
    }
}

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
        remove_folder(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_killed_worker_left_is_removed_and_what_a_living_one_has_stays() {
        let all = tempfile::tempdir().unwrap();
        let leave = |id: WorkerId| {
            let folder = all.path().join(id.to_string()).join("job-1");
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("input"), "1,2").unwrap();
            folder
        };
        let (living, killed) = (WorkerId::generate(), WorkerId::generate());
        let held = ScratchRoot::open(all.path(), living).await.unwrap();
        let of_living = leave(living);
        let of_killed = leave(killed);
        File::create(all.path().join(format!("{killed}.lock"))).unwrap();
        let next = ScratchRoot::open(all.path(), WorkerId::generate()).await.unwrap();
        assert!(of_living.exists() && !of_killed.exists());
        drop((held, next));
        assert_eq!(std::fs::read_dir(all.path()).unwrap().count(), 0);
    }
}
