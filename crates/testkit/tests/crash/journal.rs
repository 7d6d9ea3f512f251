//! What attempts say of themselves outside of the platform: one file per attempt that is under
//! way. So it is known, when a process is killed, which jobs it had and how far they were.
//!
//! Invariants: a file is there from the first to the last word of an engine's `run`, thus only
//! while the attempt's lease is held and before its settlement; files are replaced, never half
//! written.

use std::path::{Path, PathBuf};

use anyhow::Result;
use gantry_engine_api::{EngineError, JobContext};

/// How far an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It works.
    Working,
    /// It stored a file and has not ended.
    Published,
}

impl Phase {
    const fn word(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Published => "published",
        }
    }
}

/// One attempt that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The job.
    pub job: String,
    /// The attempt.
    pub attempt: u32,
    /// The process that holds the lease.
    pub holder: u32,
    /// How far it is.
    pub phase: Phase,
}

#[derive(Debug, Clone)]
pub struct Journal {
    pub folder: PathBuf,
    /// The process whose worker runs what is written.
    pub holder: u32,
}

/// An attempt's own line; it goes when this does.
pub struct Line {
    path: PathBuf,
    holder: u32,
}

impl Journal {
    pub fn begin(&self, context: &JobContext) -> Result<Line, EngineError> {
        let name = format!("{}_{}", context.job_id(), context.attempt());
        let line = Line { path: self.folder.join(name), holder: self.holder };
        line.write(Phase::Working)?;
        Ok(line)
    }
}

impl Line {
    pub fn write(&self, phase: Phase) -> Result<(), EngineError> {
        let draft = self.path.with_extension("draft");
        std::fs::write(&draft, format!("{} {}", self.holder, phase.word()))?;
        std::fs::rename(&draft, &self.path)?;
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.path);
    }
}

/// The attempts that are under way in `holder`.
pub fn read(folder: &Path, holder: u32) -> Vec<Entry> {
    read_all(folder).into_iter().filter(|entry| entry.holder == holder).collect()
}

/// All attempts that are under way, or were when their process was killed.
pub fn read_all(folder: &Path) -> Vec<Entry> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| read_entry(&file.path())).collect()
}

fn read_entry(path: &Path) -> Option<Entry> {
    let (job, attempt) = path.file_name()?.to_str()?.split_once('_')?;
    let attempt = attempt.parse().ok()?;
    let text = std::fs::read_to_string(path).ok()?;
    let (holder, word) = text.split_once(' ')?;
    let phase =
        [Phase::Working, Phase::Published].into_iter().find(|phase| phase.word() == word)?;
    Some(Entry { job: job.to_owned(), attempt, holder: holder.parse().ok()?, phase })
}
