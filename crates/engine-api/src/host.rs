//! What stands behind a context: a thread of the worker, a child process or a protocol.
//!
//! Invariant: engines never see this trait, only [`crate::JobContext`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gantry_types::{Attempt, Credits, Device, JobId};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::artifact::ArtifactDraft;
use crate::error::EngineError;
use crate::input::InputFile;
use crate::note::JobNote;
use crate::step::{Checkpoint, ChildOutcome};

/// The limits that hold for one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobLimits {
    /// Wall time of one attempt.
    pub time: Duration,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
    /// Bytes of all artifacts together.
    pub artifact_bytes: u64,
    /// The hold: the most that the job may cost.
    pub max_credits: Credits,
}

/// What a run knows from its start.
#[derive(Debug, Clone)]
pub struct JobFacts {
    /// The job.
    pub job_id: JobId,
    /// The claim's number.
    pub attempt: Attempt,
    /// The seed: the same seed gives the same result.
    pub seed: u64,
    /// The limits.
    pub limits: JobLimits,
    /// The processor that was leased.
    pub device: Device,
    /// The threads that were leased.
    pub threads: u16,
    /// A folder for temporary files and artifacts; made when first asked for, removed after
    /// the run.
    pub scratch: PathBuf,
    /// What an earlier run left.
    pub checkpoint: Option<Checkpoint>,
    /// The outcomes of the children that an earlier run forked, in their order.
    pub children: Vec<ChildOutcome>,
}

/// The doors of a context.
#[async_trait]
pub trait JobHost: Send + Sync {
    /// What the run knows from its start.
    fn facts(&self) -> &JobFacts;

    /// Set when the job is to stop: somebody cancelled it, the lease was lost, time is up.
    fn cancellation(&self) -> &CancellationToken;

    /// The threads that were leased.
    ///
    /// # Errors
    /// `Transient` when the system gives no threads.
    fn pool(&self) -> Result<Arc<rayon::ThreadPool>, EngineError>;

    /// Takes a note without waiting.
    fn note(&self, note: JobNote);

    /// Adds to what the job costs.
    ///
    /// # Errors
    /// `Resource` when the hold does not cover it; nothing is added then.
    fn charge(&self, credits: Credits) -> Result<(), EngineError>;

    /// Brings an input into reach.
    ///
    /// # Errors
    /// `Params` when the slot is empty, `Transient` when the bytes cannot be fetched.
    async fn input(&self, slot: &str) -> Result<InputFile, EngineError>;

    /// Whether a slot is filled.
    fn has_input(&self, slot: &str) -> bool;

    /// Stores a finished file; it becomes visible with the job's settlement.
    ///
    /// # Errors
    /// `Resource` over the limit of bytes, `Bug` for a name used twice, `Transient` otherwise.
    async fn publish(&self, draft: ArtifactDraft) -> Result<(), EngineError>;

    /// Keeps a checkpoint; the last one is given to the next attempt.
    ///
    /// # Errors
    /// `Cancelled` when the lease was lost, `Transient` when it cannot be stored.
    async fn save_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), EngineError>;

    /// Asks for a larger hold, before children whose cost was not known.
    ///
    /// # Errors
    /// `Resource` when the account cannot pay for it.
    async fn raise_hold(&self, to: Credits) -> Result<(), EngineError>;

    /// Asks a language model: a [`gantry_types::ModelRequest`], answered by a
    /// [`gantry_types::ModelAnswer`]. Every answer is metered, those of earlier attempts too.
    ///
    /// # Errors
    /// `Bug` for a request that cannot be sent, `Resource` when no model is configured or the plan
    /// allows no more, `Transient` when the model does not answer.
    async fn ask_model(&self, request: Value) -> Result<Value, EngineError>;
}
