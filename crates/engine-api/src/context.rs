//! The context of a running job, for asynchronous code.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use gantry_types::{Attempt, Credits, Device, JobId};
use serde_json::Value;

use crate::artifact::{ArtifactDraft, ArtifactRole, ArtifactWriter};
use crate::blocking::BlockingContext;
use crate::error::EngineError;
use crate::host::{JobHost, JobLimits};
use crate::input::InputFile;
use crate::note::{JobNote, LogLevel};
use crate::step::{Checkpoint, ChildOutcome};

/// An engine's only door to the world.
#[derive(Clone)]
pub struct JobContext {
    host: Arc<dyn JobHost>,
}

impl JobContext {
    /// Wraps what stands behind the context; hosts make these.
    #[must_use]
    pub fn new(host: Arc<dyn JobHost>) -> Self {
        Self { host }
    }

    /// The job.
    #[must_use]
    pub fn job_id(&self) -> JobId {
        self.host.facts().job_id
    }

    /// The number of this attempt, from 1.
    #[must_use]
    pub fn attempt(&self) -> Attempt {
        self.host.facts().attempt
    }

    /// The seed: the same seed gives the same result.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.host.facts().seed
    }

    /// The limits of this run.
    #[must_use]
    pub fn limits(&self) -> JobLimits {
        self.host.facts().limits
    }

    /// The processor that was leased.
    #[must_use]
    pub fn device(&self) -> Device {
        self.host.facts().device
    }

    /// The threads that were leased.
    #[must_use]
    pub fn threads(&self) -> u16 {
        self.host.facts().threads
    }

    /// A folder for temporary files: made now if it is not there, removed after the run.
    ///
    /// # Errors
    /// `Transient` when it cannot be made.
    pub fn scratch(&self) -> Result<&Path, EngineError> {
        let scratch = &self.host.facts().scratch;
        std::fs::create_dir_all(scratch)?;
        Ok(scratch)
    }

    /// What an earlier run left.
    #[must_use]
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.host.facts().checkpoint.as_ref()
    }

    /// The outcomes of the children that an earlier run forked, in their order.
    #[must_use]
    pub fn children(&self) -> &[ChildOutcome] {
        &self.host.facts().children
    }

    /// Says which stage begins: `current` of `total`, from 1.
    pub fn stage(&self, name: impl Into<String>, current: u32, total: u32) {
        self.host.note(JobNote::Stage { name: name.into(), current, total });
    }

    /// Says how much of the whole job is done, from 0 to 1.
    pub fn progress(&self, fraction: f64) {
        self.host.note(JobNote::Progress { fraction: fraction.clamp(0.0, 1.0) });
    }

    /// Writes a line to the job's log.
    pub fn log(&self, level: LogLevel, message: impl Into<String>) {
        self.host.note(JobNote::Log { level, message: message.into() });
    }

    /// Records a measurement, such as a loss per epoch.
    pub fn metric(&self, name: impl Into<String>, step: u64, value: f64) {
        self.host.note(JobNote::Metric { name: name.into(), step, value });
    }

    /// Shows a result so far; the last one of a name wins.
    pub fn publish_partial(&self, name: impl Into<String>, value: Value) {
        self.host.note(JobNote::Partial { name: name.into(), value });
    }

    /// Appends a piece to a growing answer.
    pub fn emit(&self, chunk: Value) {
        self.host.note(JobNote::Emit { chunk });
    }

    /// Adds to what the job costs.
    ///
    /// # Errors
    /// `Resource` when the hold does not cover it.
    pub fn charge(&self, credits: Credits) -> Result<(), EngineError> {
        self.host.charge(credits)
    }

    /// Stops here when the job was asked to stop.
    ///
    /// # Errors
    /// `Cancelled` when it was.
    pub fn check_cancelled(&self) -> Result<(), EngineError> {
        if self.is_cancelled() { Err(EngineError::cancelled()) } else { Ok(()) }
    }

    /// Whether the job was asked to stop; cheap enough for inner loops.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.host.cancellation().is_cancelled()
    }

    /// Waits until the job is asked to stop.
    pub async fn cancelled(&self) {
        self.host.cancellation().cancelled().await;
    }

    /// Whether a slot is filled.
    #[must_use]
    pub fn has_input(&self, slot: &str) -> bool {
        self.host.has_input(slot)
    }

    /// Brings an input into reach.
    ///
    /// # Errors
    /// `Params` when the slot is empty, `Transient` when the bytes cannot be fetched.
    pub async fn input(&self, slot: &str) -> Result<InputFile, EngineError> {
        self.host.input(slot).await
    }

    /// Begins a file; write to it, then [`ArtifactWriter::finish`] and [`Self::publish`].
    ///
    /// # Errors
    /// As [`ArtifactWriter::create`].
    pub fn create_artifact(
        &self,
        name: impl Into<String>,
        role: ArtifactRole,
    ) -> Result<ArtifactWriter, EngineError> {
        ArtifactWriter::create(self.scratch()?, name, role)
    }

    /// Stores a finished file; it becomes visible with the job's settlement.
    ///
    /// # Errors
    /// `Resource` over the limit of bytes, `Bug` for a name used twice, `Transient` otherwise.
    pub async fn publish(&self, draft: ArtifactDraft) -> Result<(), EngineError> {
        self.host.publish(draft).await
    }

    /// Keeps a checkpoint; the last one is given to the next attempt.
    ///
    /// # Errors
    /// `Cancelled` when the lease was lost, `Transient` when it cannot be stored.
    pub async fn save_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), EngineError> {
        self.host.save_checkpoint(checkpoint).await
    }

    /// Asks for a larger hold.
    ///
    /// # Errors
    /// `Resource` when the account cannot pay for it.
    pub async fn raise_hold(&self, to: Credits) -> Result<(), EngineError> {
        self.host.raise_hold(to).await
    }

    /// Asks a language model: a [`gantry_types::ModelRequest`], answered by a
    /// [`gantry_types::ModelAnswer`]. Every answer is metered: what a job asks again after a crash
    /// costs again.
    ///
    /// # Errors
    /// `Bug` for a request that cannot be sent, `Resource` when no model is configured or the plan
    /// allows no more, `Transient` when the model does not answer.
    pub async fn ask_model(&self, request: Value) -> Result<Value, EngineError> {
        self.host.ask_model(request).await
    }

    /// Runs CPU work off the asynchronous threads, inside the leased pool of threads.
    ///
    /// # Errors
    /// What `work` answers; `Bug` when it panics.
    pub async fn compute<T, F>(&self, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&BlockingContext) -> Result<T, EngineError> + Send + 'static,
    {
        let blocking = BlockingContext::new(self.clone());
        let pool = self.host.pool()?;
        let run = move || pool.install(|| catch_unwind(AssertUnwindSafe(|| work(&blocking))));
        match tokio::task::spawn_blocking(run).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(panic_to_bug(panic.as_ref())),
            Err(join) => Err(EngineError::bug(format!("The computation was cut off: {join}."))),
        }
    }
}

fn panic_to_bug(panic: &(dyn std::any::Any + Send)) -> EngineError {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    EngineError::bug(format!("The engine panicked: {message}."))
}
