//! What an engine in another process says about itself in the handshake.

use std::collections::BTreeMap;

use gantry_types::{Credits, MeterId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::written_order::read_schema;
use crate::estimate::DeviceNeed;
use crate::input::InputSlot;

/// An engine and its operations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineManifest {
    /// The name: 1 to 32 of `a-z`, `0-9` and `_`, starting with a letter.
    pub id: String,
    /// The name for people.
    pub title: String,
    /// What it is for, in one sentence.
    #[serde(default)]
    pub summary: String,
    /// What it can do.
    #[serde(default)]
    pub operations: Vec<OperationManifest>,
    /// What it can answer interactively.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceManifest>,
}

/// One service: artifacts that are loaded once and then answer calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceManifest {
    /// `engine.noun`.
    pub id: String,
    /// The version of input and output; absent means 1.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The name for people.
    pub title: String,
    /// JSON Schema of a call's input; absent allows an empty object alone.
    #[serde(default = "empty_object_schema")]
    pub input_schema: Value,
    /// JSON Schema of a call's output; absent allows anything.
    #[serde(default)]
    pub output_schema: Value,
    /// Units per meter that a call uses; pointers lead into its input.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub meters: BTreeMap<MeterId, CallMeterRule>,
}

/// Where the units that a call uses come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallMeterRule {
    /// Always so many.
    Fixed(u64),
    /// The length of a list in the input, by JSON pointer; a missing one counts 0.
    ItemsOf(String),
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperationManifest {
    /// `engine.verb`.
    pub id: String,
    /// The version of the parameters; absent means 1.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The oldest version whose parameters fit as they stand; absent means `version`. Stored jobs
    /// and schedules of older versions are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads_from: Option<u32>,
    /// The name for people.
    pub title: String,
    /// What it does, in one sentence.
    #[serde(default)]
    pub summary: String,
    /// The inputs that it takes.
    #[serde(default)]
    pub inputs: Vec<InputSlot>,
    /// JSON Schema of the parameters; absent allows an empty object alone.
    #[serde(default = "empty_object_schema", deserialize_with = "read_schema")]
    pub params_schema: Value,
    /// JSON Schema of the report; absent allows anything.
    #[serde(default)]
    pub report_schema: Value,
    /// How the estimate is made; absent means a free job.
    #[serde(default)]
    pub estimate: EstimateRule,
}

/// How the host makes an estimate without asking the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EstimateRule {
    /// Whether the engine is asked instead (`estimate` message, answered within a second).
    pub dynamic: bool,
    /// The most that a job costs, whatever its parameters.
    pub credits: Credits,
    /// Credits for each unit of a meter, added to `credits`.
    pub credits_per: BTreeMap<MeterId, f64>,
    /// Units per meter.
    pub meters: BTreeMap<MeterId, MeterRule>,
    /// Resident memory in bytes; 0 means the limit of the plan.
    pub memory_bytes: u64,
    /// Threads that it can use well.
    pub threads: u16,
    /// The kind of processor.
    pub device: DeviceNeed,
}

/// Where the units of a meter come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeterRule {
    /// Always so many.
    Fixed(u64),
    /// The value of a parameter, by JSON pointer; a missing one counts its schema's default.
    Param(String),
    /// The rows of an input, by slot.
    RowsOf(String),
    /// The bytes of an input, by slot.
    BytesOf(String),
}

impl Default for EstimateRule {
    fn default() -> Self {
        Self {
            dynamic: false,
            credits: Credits::ZERO,
            credits_per: BTreeMap::new(),
            meters: BTreeMap::new(),
            memory_bytes: 0,
            threads: 1,
            device: DeviceNeed::Cpu,
        }
    }
}

const fn first_version() -> u32 {
    1
}

fn empty_object_schema() -> Value {
    serde_json::json!({ "type": "object", "properties": {}, "additionalProperties": false })
}
