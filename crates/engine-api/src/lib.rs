//! What an engine implements and what it sees.
//!
//! Invariants: an engine's only door to the world is its context; one definition of an
//! operation yields form, command line, API, price and docs; the same engine code runs in a
//! thread, in a child process and behind the JSON-lines protocol.

mod artifact;
mod blocking;
mod context;
mod engine;
mod erased;
mod error;
mod estimate;
mod field_order;
mod host;
mod input;
mod language;
mod note;
mod operation;
pub mod protocol;
mod service;
mod step;
mod warm;

pub use artifact::{ArtifactDraft, ArtifactRole, ArtifactWriter, media_type_of};
pub use blocking::BlockingContext;
pub use context::JobContext;
pub use engine::Engine;
pub use erased::{AnyOperation, OperationSpec};
pub use error::{EngineError, ParamError};
pub use estimate::{DeviceNeed, Estimate, GpuAllowed, NO_GPU_LEASED};
pub use field_order::derive_field_order;
pub use host::{JobFacts, JobHost, JobLimits};
pub use input::{InputFile, InputKind, InputMeta, InputRef, InputSlot};
pub use language::read_model_request;
pub use note::{JobNote, LogLevel};
pub use operation::{Audience, Operation};
pub use service::{CallContext, Loaded, Service, ServiceSpec};
pub use step::{Checkpoint, ChildJob, ChildOutcome, Step};
pub use warm::{AnyService, InThread, WarmArtifact};

/// The cancellation signal of a job or a call: cheap to ask, and can be awaited.
pub use tokio_util::sync::CancellationToken;
