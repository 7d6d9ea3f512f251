//! A [`JobHost`] for tests of engines: inputs are local files, and everything that a job says or
//! leaves behind stays in memory, where a test can look at it.
//!
//! Invariant: a name is published once; a refused charge adds nothing; the scratch folder goes
//! with the host.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gantry_engine_api::{
    ArtifactDraft, Checkpoint, ChildOutcome, EngineError, InputFile, InputMeta, JobContext,
    JobFacts, JobHost, JobLimits, JobNote, media_type_of,
};
use gantry_types::{Attempt, Credits, Device, JobId};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

type NoteHook = Box<dyn Fn(&JobNote, &CancellationToken) + Send + Sync>;
type Answer = Box<dyn Fn(&Value) -> Result<Value, EngineError> + Send + Sync>;

/// What a run is given; everything has a default but the inputs.
pub struct MemoryHostBuilder {
    inputs: BTreeMap<String, PathBuf>,
    seed: u64,
    threads: NonZeroU16,
    attempt: Attempt,
    limits: JobLimits,
    checkpoint: Option<Checkpoint>,
    children: Vec<ChildOutcome>,
    on_note: Option<NoteHook>,
    answer: Option<Answer>,
}

impl Default for MemoryHostBuilder {
    fn default() -> Self {
        Self {
            inputs: BTreeMap::new(),
            seed: 42,
            threads: NonZeroU16::MIN,
            attempt: Attempt::new(1),
            limits: JobLimits {
                time: Duration::from_secs(3600),
                memory_bytes: 4 << 30,
                artifact_bytes: 4 << 30,
                max_credits: Credits::new(1_000_000),
            },
            checkpoint: None,
            children: Vec::new(),
            on_note: None,
            answer: None,
        }
    }
}

impl MemoryHostBuilder {
    /// Fills a slot with a local file.
    #[must_use]
    pub fn with_input(mut self, slot: &str, path: impl Into<PathBuf>) -> Self {
        self.inputs.insert(slot.to_owned(), path.into());
        self
    }

    /// Sets the seed (42 otherwise).
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the number of leased threads (1 otherwise; 0 counts as 1).
    #[must_use]
    pub fn with_threads(mut self, threads: u16) -> Self {
        self.threads = NonZeroU16::new(threads).unwrap_or(NonZeroU16::MIN);
        self
    }

    /// Sets the limits (an hour, 4 GiB and a million credits otherwise).
    #[must_use]
    pub fn with_limits(mut self, limits: JobLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Makes this a second attempt that finds what an earlier one left.
    #[must_use]
    pub fn with_checkpoint(mut self, checkpoint: Checkpoint) -> Self {
        self.checkpoint = Some(checkpoint);
        self.attempt = self.attempt.next();
        self
    }

    /// Makes this the run after all children have settled.
    #[must_use]
    pub fn with_children(mut self, children: Vec<ChildOutcome>) -> Self {
        self.children = children;
        self
    }

    /// Calls `hook` with every note, for instance to cancel at a certain one.
    #[must_use]
    pub fn with_note_hook(
        mut self,
        hook: impl Fn(&JobNote, &CancellationToken) + Send + Sync + 'static,
    ) -> Self {
        self.on_note = Some(Box::new(hook));
        self
    }

    /// Answers requests to the language model; without it there is none.
    #[must_use]
    pub fn with_model(
        mut self,
        answer: impl Fn(&Value) -> Result<Value, EngineError> + Send + Sync + 'static,
    ) -> Self {
        self.answer = Some(Box::new(answer));
        self
    }

    /// Creates the scratch folder and the threads.
    ///
    /// # Errors
    /// When the folder or the threads cannot be created.
    pub fn build(self) -> io::Result<Arc<MemoryHost>> {
        let scratch = tempfile::tempdir()?;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(self.threads.get()))
            .build()
            .map_err(io::Error::other)?;
        let facts = JobFacts {
            job_id: JobId::generate(),
            attempt: self.attempt,
            seed: self.seed,
            limits: self.limits,
            device: Device::Cpu,
            threads: self.threads.get(),
            scratch: scratch.path().to_owned(),
            checkpoint: self.checkpoint,
            children: self.children,
        };
        Ok(Arc::new(MemoryHost {
            facts,
            inputs: self.inputs,
            cancellation: CancellationToken::new(),
            pool: Arc::new(pool),
            left: Mutex::new(Left::default()),
            on_note: self.on_note,
            answer: self.answer,
            _scratch: scratch,
        }))
    }
}

/// What a run said and left behind.
#[derive(Default)]
struct Left {
    notes: Vec<JobNote>,
    artifacts: BTreeMap<String, ArtifactDraft>,
    checkpoints: Vec<Checkpoint>,
    charged: Credits,
    raised_to: Option<Credits>,
}

/// A job's host whose memory a test can read.
pub struct MemoryHost {
    facts: JobFacts,
    inputs: BTreeMap<String, PathBuf>,
    cancellation: CancellationToken,
    pool: Arc<rayon::ThreadPool>,
    left: Mutex<Left>,
    on_note: Option<NoteHook>,
    answer: Option<Answer>,
    _scratch: TempDir,
}

impl MemoryHost {
    /// Begins to describe a run.
    #[must_use]
    pub fn builder() -> MemoryHostBuilder {
        MemoryHostBuilder::default()
    }

    /// The context to hand to an operation.
    #[must_use]
    pub fn context(self: &Arc<Self>) -> JobContext {
        JobContext::new(Arc::<Self>::clone(self))
    }

    /// Asks the job to stop.
    pub fn cancel(&self) {
        self.cancellation.cancel();
    }

    /// All notes in order.
    #[must_use]
    pub fn notes(&self) -> Vec<JobNote> {
        self.left().notes.clone()
    }

    /// The lines of the log in order.
    #[must_use]
    pub fn log_lines(&self) -> Vec<String> {
        let find_line = |note: &JobNote| {
            if let JobNote::Log { message, .. } = note { Some(message.clone()) } else { None }
        };
        self.left().notes.iter().filter_map(find_line).collect()
    }

    /// The last value of a partial result.
    #[must_use]
    pub fn find_partial(&self, wanted: &str) -> Option<Value> {
        let find_value = |note: &JobNote| {
            if let JobNote::Partial { name, value } = note
                && name == wanted
            {
                return Some(value.clone());
            }
            None
        };
        self.left().notes.iter().rev().find_map(find_value)
    }

    /// Names of all published artifacts, sorted.
    #[must_use]
    pub fn artifact_names(&self) -> Vec<String> {
        self.left().artifacts.keys().cloned().collect()
    }

    /// What is known of a published artifact.
    #[must_use]
    pub fn find_artifact(&self, name: &str) -> Option<ArtifactDraft> {
        self.left().artifacts.get(name).cloned()
    }

    /// The bytes of a published artifact.
    ///
    /// # Errors
    /// `NotFound` when nothing of this name was published.
    pub fn read_artifact(&self, name: &str) -> io::Result<Vec<u8>> {
        let draft = self.find_artifact(name).ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, format!("no artifact `{name}` was published"))
        })?;
        std::fs::read(draft.path)
    }

    /// All checkpoints in order.
    #[must_use]
    pub fn checkpoints(&self) -> Vec<Checkpoint> {
        self.left().checkpoints.clone()
    }

    /// What the job has cost so far.
    #[must_use]
    pub fn charged(&self) -> Credits {
        self.left().charged
    }

    /// The hold after the last [`JobHost::raise_hold`], if there was one.
    #[must_use]
    pub fn raised_hold(&self) -> Option<Credits> {
        self.left().raised_to
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl JobHost for MemoryHost {
    fn facts(&self) -> &JobFacts {
        &self.facts
    }

    fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }

    fn pool(&self) -> Result<Arc<rayon::ThreadPool>, EngineError> {
        Ok(Arc::clone(&self.pool))
    }

    fn note(&self, note: JobNote) {
        if let Some(hook) = &self.on_note {
            hook(&note, &self.cancellation);
        }
        self.left().notes.push(note);
    }

    fn charge(&self, credits: Credits) -> Result<(), EngineError> {
        let mut left = self.left();
        let hold = left.raised_to.unwrap_or(self.facts.limits.max_credits);
        let total = left.charged.checked_add(credits).map_err(|_| over_hold(hold))?;
        if total > hold {
            return Err(over_hold(hold));
        }
        left.charged = total;
        Ok(())
    }

    async fn input(&self, slot: &str) -> Result<InputFile, EngineError> {
        let path = self
            .inputs
            .get(slot)
            .ok_or_else(|| EngineError::params(format!("The input `{slot}` is missing.")))?;
        let bytes = std::fs::read(path)?;
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let meta = InputMeta {
            slot: slot.to_owned(),
            media_type: media_type_of(&name).to_owned(),
            name,
            bytes: bytes.len() as u64,
            sha256: hex::encode(Sha256::digest(&bytes)),
            rows: None,
            columns: Vec::new(),
        };
        Ok(InputFile::new(meta, path.clone()))
    }

    fn has_input(&self, slot: &str) -> bool {
        self.inputs.contains_key(slot)
    }

    async fn publish(&self, draft: ArtifactDraft) -> Result<(), EngineError> {
        let mut left = self.left();
        let used: u64 = left.artifacts.values().map(|artifact| artifact.bytes).sum();
        if used + draft.bytes > self.facts.limits.artifact_bytes {
            return Err(EngineError::resource("The artifacts are larger than the limit."));
        }
        if left.artifacts.contains_key(&draft.name) {
            return Err(EngineError::bug(format!("`{}` was published twice.", draft.name)));
        }
        left.artifacts.insert(draft.name.clone(), draft);
        Ok(())
    }

    async fn save_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), EngineError> {
        self.left().checkpoints.push(checkpoint);
        Ok(())
    }

    async fn raise_hold(&self, to: Credits) -> Result<(), EngineError> {
        self.left().raised_to = Some(to);
        Ok(())
    }

    async fn ask_model(&self, request: Value) -> Result<Value, EngineError> {
        match &self.answer {
            Some(answer) => answer(&request),
            None => Err(EngineError::resource("No language model is configured.")),
        }
    }
}

fn over_hold(hold: Credits) -> EngineError {
    EngineError::resource(format!(
        "The job would cost more than its hold of {} credits.",
        hold.get()
    ))
}

#[cfg(test)]
mod tests;
