//! What somebody asks to have run.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use gantry_types::{
    Credits, Device, JobId, MeterId, OrganizationId, ScheduleId, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The resources of an estimate, as the store keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// Units per meter.
    pub meters: BTreeMap<MeterId, u64>,
    /// The most that the job may cost.
    pub max_credits: Credits,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
    /// Threads.
    pub threads: u16,
    /// The queue.
    pub device: Device,
}

/// Whether a job counts against the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accounting {
    /// An end user's job: counted, limited and paid for.
    Metered,
    /// A platform operation: no meters, no credits, no concurrency limit.
    Platform,
}

/// The key under which a client may repeat a request without doubling its effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyKey {
    /// The route, such as `POST /api/v1/jobs`.
    pub route: String,
    /// The client's key: 1 to 255 characters.
    pub key: String,
    /// SHA-256 of the request's body in lower-case hexadecimal.
    pub body_sha256: String,
}

/// What happens to a submission that the plan refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRefusal {
    /// It leaves no trace.
    Refuse,
    /// It is kept as `blocked` and runs once it is paid or the limit resets.
    KeepBlocked,
}

/// What made a job other than a request of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A schedule.
    Schedule(ScheduleId),
    /// An earlier job that failed or died.
    Redrive(JobId),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schedule(id) => write!(formatter, "schedule:{id}"),
            Self::Redrive(id) => write!(formatter, "redrive:{id}"),
        }
    }
}

/// The text is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the origin of a job")]
pub struct InvalidOrigin(String);

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let refuse = || InvalidOrigin(text.chars().take(64).collect());
        let (kind, id) = text.split_once(':').ok_or_else(refuse)?;
        match kind {
            "schedule" => id.parse().map(Self::Schedule).map_err(|_| refuse()),
            "redrive" => id.parse().map(Self::Redrive).map_err(|_| refuse()),
            _ => Err(refuse()),
        }
    }
}

/// A root job to be admitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// The identifier, chosen by the caller so that a lost answer can be looked up.
    pub job_id: JobId,
    /// Who owns it.
    pub organization_id: OrganizationId,
    /// Who asked for it.
    pub submitted_by: Option<UserId>,
    /// The operation.
    pub operation: String,
    /// The version of its parameters.
    pub operation_version: u32,
    /// The parameters.
    pub params: Value,
    /// The inputs by slot, as the engine API writes them.
    pub inputs: Value,
    /// The seed.
    pub seed: u64,
    /// A name that the user gave; at most 200 characters.
    pub label: Option<String>,
    /// What it needs at most.
    pub needs: Needs,
    /// Now.
    pub submitted_at: Timestamp,
    /// Whether it counts.
    pub accounting: Accounting,
    /// Not before this time.
    pub start_at: Option<Timestamp>,
    /// What a refusal does.
    pub on_refusal: OnRefusal,
    /// The key under which it may be repeated.
    pub idempotency: Option<IdempotencyKey>,
    /// What made it, if it was not a request of its own.
    pub origin: Option<Origin>,
}

/// A child to be admitted under its root's hold.
#[derive(Debug, Clone, PartialEq)]
pub struct ChildSubmission {
    /// The identifier, chosen by the caller.
    pub job_id: JobId,
    /// The operation.
    pub operation: String,
    /// The version of its parameters.
    pub operation_version: u32,
    /// The parameters.
    pub params: Value,
    /// The inputs by slot.
    pub inputs: Value,
    /// The seed, derived from the parent's by ordinal.
    pub seed: u64,
    /// What it needs at most.
    pub needs: Needs,
}
