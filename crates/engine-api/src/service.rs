//! The interactive path: a warm artifact that answers calls within seconds, outside the queue.

use std::collections::BTreeMap;
use std::time::Instant;

use gantry_types::MeterId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::error::EngineError;
use crate::input::InputFile;

/// What a service says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceSpec {
    /// `engine.noun`, such as `automl.model`.
    pub id: String,
    /// The version of input and output.
    pub version: u32,
    /// The name for people.
    pub title: String,
    /// JSON Schema of a call's input.
    pub input_schema: Value,
    /// JSON Schema of a call's output.
    pub output_schema: Value,
}

/// A kind of warm artifact.
pub trait Service: Send + Sync {
    /// What it says about itself.
    fn spec(&self) -> ServiceSpec;

    /// Units per meter that a call with this input uses.
    fn meters(&self, input: &Value) -> BTreeMap<MeterId, u64>;

    /// Reads an artifact into memory.
    ///
    /// # Errors
    /// `Input` when the artifact is not of this service's kind.
    fn load(&self, artifact: InputFile) -> Result<Box<dyn Loaded>, EngineError>;
}

/// An artifact in memory.
pub trait Loaded: Send + Sync {
    /// Answers one call.
    ///
    /// # Errors
    /// `Params` when the input does not fit, `Cancelled` when the caller went away.
    fn call(&self, input: Value, context: &CallContext) -> Result<Value, EngineError>;
}

/// What a call sees of the world.
pub struct CallContext {
    deadline: Instant,
    cancellation: CancellationToken,
    emit: Box<dyn Fn(Value) + Send + Sync>,
}

impl CallContext {
    /// A call that must end before `deadline` and hands pieces of its answer to `emit`.
    #[must_use]
    pub fn new(
        deadline: Instant,
        cancellation: CancellationToken,
        emit: Box<dyn Fn(Value) + Send + Sync>,
    ) -> Self {
        Self { deadline, cancellation, emit }
    }

    /// When the call must have ended.
    #[must_use]
    pub const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Told when the caller went away.
    #[must_use]
    pub const fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }

    /// Stops here when the caller went away or the time is up.
    ///
    /// # Errors
    /// `Cancelled` when the caller went away, `Resource` when the time is up.
    pub fn check(&self) -> Result<(), EngineError> {
        if self.cancellation.is_cancelled() {
            return Err(EngineError::cancelled());
        }
        if Instant::now() >= self.deadline {
            return Err(EngineError::resource("The call took longer than it may.")
                .with_next_step("Ask for less at once, or submit it as a job."));
        }
        Ok(())
    }

    /// Hands out a piece of the answer.
    pub fn emit(&self, chunk: Value) {
        (self.emit)(chunk);
    }
}
