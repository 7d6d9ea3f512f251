//! The same doors for code that computes: synchronous, callable from any leased thread.

use std::ops::Deref;

use gantry_types::Credits;
use serde_json::Value;
use tokio::runtime::Handle;

use crate::artifact::{ArtifactDraft, ArtifactRole};
use crate::context::JobContext;
use crate::error::EngineError;
use crate::input::InputFile;
use crate::step::Checkpoint;

/// A context inside [`JobContext::compute`]. Doors that do not wait (stage, progress, log,
/// metric, partial, emit, charge, cancellation) are those of [`JobContext`], to which it
/// dereferences; those that wait block the calling thread.
#[derive(Clone)]
pub struct BlockingContext {
    context: JobContext,
    runtime: Handle,
}

impl BlockingContext {
    pub(crate) fn new(context: JobContext) -> Self {
        Self { context, runtime: Handle::current() }
    }

    /// As [`JobContext::input`].
    ///
    /// # Errors
    /// As [`JobContext::input`].
    pub fn input(&self, slot: &str) -> Result<InputFile, EngineError> {
        self.runtime.block_on(self.context.input(slot))
    }

    /// As [`JobContext::publish`].
    ///
    /// # Errors
    /// As [`JobContext::publish`].
    pub fn publish(&self, draft: ArtifactDraft) -> Result<(), EngineError> {
        self.runtime.block_on(self.context.publish(draft))
    }

    /// Writes and publishes a file in one go.
    ///
    /// # Errors
    /// As [`JobContext::create_artifact`] and [`JobContext::publish`].
    pub fn publish_bytes(
        &self,
        name: &str,
        role: ArtifactRole,
        bytes: &[u8],
    ) -> Result<(), EngineError> {
        let mut writer = self.context.create_artifact(name, role)?;
        std::io::Write::write_all(&mut writer, bytes)?;
        self.publish(writer.finish()?)
    }

    /// As [`JobContext::save_checkpoint`].
    ///
    /// # Errors
    /// As [`JobContext::save_checkpoint`].
    pub fn save_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), EngineError> {
        self.runtime.block_on(self.context.save_checkpoint(checkpoint))
    }

    /// As [`JobContext::raise_hold`].
    ///
    /// # Errors
    /// As [`JobContext::raise_hold`].
    pub fn raise_hold(&self, to: Credits) -> Result<(), EngineError> {
        self.runtime.block_on(self.context.raise_hold(to))
    }

    /// As [`JobContext::ask_model`].
    ///
    /// # Errors
    /// As [`JobContext::ask_model`].
    pub fn ask_model(&self, request: Value) -> Result<Value, EngineError> {
        self.runtime.block_on(self.context.ask_model(request))
    }
}

impl Deref for BlockingContext {
    type Target = JobContext;

    fn deref(&self) -> &JobContext {
        &self.context
    }
}
