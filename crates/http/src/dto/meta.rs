//! The installation, its operations and services, and problems.

use std::collections::BTreeMap;

use gantry_engine_api::{InputKind, InputSlot, OperationSpec, ServiceSpec};
use gantry_types::{ArtifactId, Device, PriorityClass, ProblemCode, RequestId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{DeviceWord, PriorityClassWord, ProblemCodeWord};

/// A refused value of a request.
#[derive(ToSchema, Serialize)]
pub struct FieldErrorBody {
    /// JSON pointer (RFC 6901) to it; into `params` where parameters are refused.
    pub pointer: String,
    /// The cause.
    pub message: String,
}

/// Why a request did not succeed (RFC 9457). Further members by code: `needed`, `available`,
/// `limit`, `used`, `meter`, `resets_at`, `retry_after_s`, `profile_job_id`.
#[derive(ToSchema, Serialize)]
pub struct ProblemBody {
    /// Where the code is explained.
    pub r#type: String,
    /// The code in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What programs decide by.
    #[schema(value_type = ProblemCodeWord)]
    pub code: ProblemCode,
    /// The cause, for people.
    pub detail: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// The id to tell the operator.
    #[schema(value_type = Uuid)]
    pub request_id: RequestId,
    /// What can be done.
    pub next_step: Option<String>,
    /// The refused values.
    pub errors: Option<Vec<FieldErrorBody>>,
}

/// An engine.
#[derive(Debug, Serialize, ToSchema)]
pub struct EngineBody {
    /// The name, such as `automl`.
    pub id: String,
    /// The name for people.
    pub title: String,
    /// What it is for.
    pub summary: String,
}

/// The installation.
#[derive(Debug, Serialize, ToSchema)]
pub struct MetaBody {
    /// The product's name for people.
    pub name: String,
    /// The version of the server.
    pub version: String,
    /// The edition that is running.
    pub edition: String,
    /// Whether the first administrator is still to be created.
    pub setup_required: bool,
    /// Whether strangers may register.
    pub registration_open: bool,
    /// What can be run.
    pub engines: Vec<EngineBody>,
}

/// An input of an operation.
#[derive(Debug, Serialize, ToSchema)]
pub struct InputSlotBody {
    /// The name.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// `table`, `model` or `file`.
    #[schema(value_type = InputKindWord)]
    pub kind: InputKind,
    /// Whether the operation refuses to run without it.
    pub required: bool,
}

/// What an input takes.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "snake_case")]
#[schema(as = InputKind)]
#[expect(dead_code, reason = "the schema of the engine API's type, which knows of no schemas")]
pub enum InputKindWord {
    /// A table.
    Table,
    /// A model.
    Model,
    /// Any file.
    File,
}

impl From<InputSlot> for InputSlotBody {
    fn from(slot: InputSlot) -> Self {
        Self { name: slot.name, title: slot.title, kind: slot.kind, required: slot.required }
    }
}

/// An operation.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationBody {
    /// `engine.verb`.
    pub id: String,
    /// The engine.
    pub engine: String,
    /// The version of the parameters.
    pub version: u32,
    /// The name for people.
    pub title: String,
    /// What it does, in one sentence.
    pub summary: String,
    /// The inputs that it takes.
    pub inputs: Vec<InputSlotBody>,
    /// JSON Schema (2020-12) of the parameters.
    pub params_schema: Value,
    /// JSON Schema (2020-12) of the report.
    pub report_schema: Value,
}

impl From<&OperationSpec> for OperationBody {
    fn from(spec: &OperationSpec) -> Self {
        Self {
            id: spec.id.clone(),
            engine: spec.engine().to_owned(),
            version: spec.version,
            title: spec.title.clone(),
            summary: spec.summary.clone(),
            inputs: spec.inputs.iter().cloned().map(Into::into).collect(),
            params_schema: spec.params_schema.clone(),
            report_schema: spec.report_schema.clone(),
        }
    }
}

/// A service.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceBody {
    /// `engine.noun`.
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

impl From<ServiceSpec> for ServiceBody {
    fn from(spec: ServiceSpec) -> Self {
        Self {
            id: spec.id,
            version: spec.version,
            title: spec.title,
            input_schema: spec.input_schema,
            output_schema: spec.output_schema,
        }
    }
}

/// A call of a service.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceCallRequest {
    /// The artifact that it answers from.
    #[schema(value_type = Uuid)]
    pub artifact_id: ArtifactId,
    /// The input.
    pub input: Value,
}

/// The answer of a service.
#[derive(Serialize, ToSchema)]
pub struct ServiceCallBody {
    /// The output.
    pub output: Value,
}

/// Whether the server is alive.
#[derive(Serialize, ToSchema)]
pub struct HealthBody {
    /// `ok`.
    pub status: &'static str,
}

/// Whether a part of the server works.
#[derive(Serialize, ToSchema)]
pub struct CheckBody {
    /// Whether it does.
    pub ok: bool,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Whether the server can do its work.
#[derive(Serialize, ToSchema)]
pub struct ReadinessBody {
    /// `ok` or `unavailable`.
    pub status: &'static str,
    /// Each part: `store`, `blobs`.
    pub checks: BTreeMap<&'static str, CheckBody>,
}

/// How many jobs of a queue wait and run.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueBody {
    /// The processor.
    #[schema(value_type = DeviceWord)]
    pub device: Device,
    /// The class.
    #[schema(value_type = PriorityClassWord)]
    pub class: PriorityClass,
    /// Jobs ready to be claimed.
    pub queued: u64,
    /// Jobs that run.
    pub running: u64,
}

/// The installation as its administrators see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminOverview {
    /// How many users there are.
    pub users: u64,
    /// The queues that have jobs.
    pub queues: Vec<QueueBody>,
    /// The version of the server.
    pub version: String,
    /// Seconds since the server started.
    pub uptime_s: u64,
}
