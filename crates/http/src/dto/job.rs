//! Jobs, estimates and events.

use std::collections::BTreeMap;

use gantry_engine_api::{DeviceNeed, InputRef};
use gantry_jobs::{Admissibility, DescribedInput, JobEstimate};
use gantry_ports::store::{JobEvent, JobRecord};
use gantry_rules::submission::Origin;
use gantry_types::{
    ArtifactId, Attempt, Credits, DatasetId, Device, EngineErrorKind, JobId, JobState,
    PriorityClass, ScheduleId, Timestamp, UserId,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{AiCostBody, DeviceWord, EngineErrorKindWord, JobStateWord, PriorityClassWord};
use crate::feed::name_of;

/// What a job reads.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = InputRef)]
pub enum InputRefBody {
    /// One version of a dataset.
    Dataset {
        /// The dataset.
        #[schema(value_type = Uuid)]
        id: DatasetId,
        /// The version, from 1.
        version: u32,
    },
    /// A file that an earlier job made.
    Artifact {
        /// The artifact.
        #[schema(value_type = Uuid)]
        id: ArtifactId,
    },
}

impl From<InputRefBody> for InputRef {
    fn from(input: InputRefBody) -> Self {
        match input {
            InputRefBody::Dataset { id, version } => Self::Dataset { id, version },
            InputRefBody::Artifact { id } => Self::Artifact { id },
        }
    }
}

impl From<InputRef> for InputRefBody {
    fn from(input: InputRef) -> Self {
        match input {
            InputRef::Dataset { id, version } => Self::Dataset { id, version },
            InputRef::Artifact { id } => Self::Artifact { id },
        }
    }
}

/// A question for an estimate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EstimateRequest {
    /// The parameters, by the operation's `params_schema`.
    #[serde(default)]
    pub params: Value,
    /// The inputs by slot.
    #[serde(default)]
    pub inputs: BTreeMap<String, InputRefBody>,
}

/// What a job would need and cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct EstimateBody {
    /// Units per meter.
    pub meters: BTreeMap<String, u64>,
    /// The most that it may cost.
    #[schema(value_type = i64)]
    pub max_credits: Credits,
    /// Resident memory at its peak.
    pub memory_bytes: u64,
    /// Threads that it can use well.
    pub threads: u16,
    /// `cpu`, `prefers_gpu` or `needs_gpu`.
    #[schema(value_type = String)]
    pub device: DeviceNeed,
    /// The share, in percent, of the credits it held and did not use that would be kept if it were
    /// cancelled while it runs; as many cancellations as now.
    pub cancel_keeps_percent: u8,
    /// Whether it would be admitted now.
    pub admissible: bool,
    /// Why not: the problem that a submission would be answered.
    #[schema(value_type = Option<Object>)]
    pub refusal: Option<Value>,
}

impl EstimateBody {
    /// From an estimate; `refusal` writes a problem.
    pub fn new(
        estimate: JobEstimate,
        refusal: impl Fn(gantry_rules::refusal::Refusal) -> Value,
    ) -> Self {
        let (admissible, refusal) = match estimate.admissibility {
            Admissibility::Admissible => (true, None),
            Admissibility::Refused(reason) => (false, Some(refusal(reason))),
        };
        let cancel_keeps_percent = estimate.penalty_percent;
        let estimate = estimate.estimate;
        Self {
            meters: estimate.meters.into_iter().map(|(m, units)| (m.into(), units)).collect(),
            max_credits: estimate.max_credits,
            memory_bytes: estimate.memory_bytes,
            threads: estimate.threads,
            device: estimate.device,
            cancel_keeps_percent,
            admissible,
            refusal,
        }
    }
}

/// A job to be submitted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewJobRequest {
    /// The operation.
    pub operation: String,
    /// The parameters, by the operation's `params_schema`.
    #[serde(default)]
    pub params: Value,
    /// The inputs by slot.
    #[serde(default)]
    pub inputs: BTreeMap<String, InputRefBody>,
    /// A name for it.
    #[serde(default)]
    pub label: Option<String>,
    /// The seed, as a number or as decimal text; one is chosen if not given.
    #[serde(default, deserialize_with = "seed_from_json")]
    #[schema(value_type = Option<String>)]
    pub seed: Option<u64>,
    /// Not before this time.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub start_at: Option<Timestamp>,
    /// Keep it as `blocked` when the plan refuses it, to run once that changes.
    #[serde(default)]
    pub keep_if_refused: bool,
}

/// The largest seed: the largest integer that every JSON reader carries without loss.
const LARGEST_SEED: u64 = (1 << 53) - 1;

fn seed_from_json<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let seed = match Option::<Value>::deserialize(from)? {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => None,
    };
    seed.filter(|seed| *seed <= LARGEST_SEED).map(Some).ok_or_else(|| {
        serde::de::Error::custom(format!("`seed` must be an integer from 0 to {LARGEST_SEED}"))
    })
}

/// The stage of a job.
#[derive(Debug, Serialize, ToSchema)]
pub struct StageBody {
    /// Its name.
    pub name: String,
    /// Its number, from 1.
    pub current: u32,
    /// How many there are.
    pub total: u32,
}

/// The error of a job.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobErrorBody {
    /// Why it ended.
    #[schema(value_type = EngineErrorKindWord)]
    pub kind: EngineErrorKind,
    /// The cause, for people.
    pub message: String,
    /// What can be done.
    pub next_step: Option<String>,
}

/// A job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: JobId,
    /// The operation.
    pub operation: String,
    /// The operation's name for people.
    pub operation_title: String,
    /// The engine.
    pub engine: String,
    /// The user's name for it.
    pub label: Option<String>,
    /// Where it stands.
    #[schema(value_type = JobStateWord)]
    pub state: JobState,
    /// The queue.
    #[schema(value_type = DeviceWord)]
    pub device: Device,
    /// The class.
    #[schema(value_type = PriorityClassWord)]
    pub class: PriorityClass,
    /// What the edition calls the queue of this class.
    pub queue: String,
    /// The number of its last claim; 0 before the first.
    #[schema(value_type = u32)]
    pub attempt: Attempt,
    /// Whether somebody asked it to stop.
    pub cancel_requested: bool,
    /// The parameters.
    pub params: Value,
    /// The inputs by slot.
    pub inputs: BTreeMap<String, InputRefBody>,
    /// The names of the inputs' files by slot; an input that is gone has none.
    pub input_names: BTreeMap<String, String>,
    /// The seed, as decimal text.
    pub seed: String,
    /// The most that it may cost.
    #[schema(value_type = i64)]
    pub max_credits: Credits,
    /// What it cost; zero until it is settled.
    #[schema(value_type = i64)]
    pub cost: Credits,
    /// The part of the cost that was kept of what it held and did not use, because it was
    /// cancelled once too often.
    #[schema(value_type = i64)]
    pub penalty: Credits,
    /// What it asked of language models so far, in all its attempts, and its parts where it is not
    /// a part itself; `null` when it asked nothing.
    pub ai_cost: Option<AiCostBody>,
    /// The stage that it is in.
    pub stage: Option<StageBody>,
    /// How much is done, from 0 to 1.
    pub progress: f64,
    /// The report of a success.
    pub report: Option<Value>,
    /// The error of a failure, or why it is blocked.
    pub error: Option<JobErrorBody>,
    /// Its parent, for a child.
    #[schema(value_type = Option<Uuid>)]
    pub parent_id: Option<JobId>,
    /// Who asked for it.
    #[schema(value_type = Option<Uuid>)]
    pub submitted_by: Option<UserId>,
    /// When it was submitted.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Not before this time.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub start_at: Option<Timestamp>,
    /// When it was first claimed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it was settled.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// The number of its last event.
    pub cursor: u64,
    /// The schedule that made it.
    #[schema(value_type = Option<Uuid>)]
    pub schedule_id: Option<ScheduleId>,
    /// The failed or dead job that it runs anew.
    #[schema(value_type = Option<Uuid>)]
    pub redrive_of: Option<JobId>,
    /// When its results were removed because the plan keeps them no longer.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub results_removed_at: Option<Timestamp>,
}

impl JobBody {
    /// From the store's row, its operation's title and its inputs.
    pub fn new(job: JobRecord, title: Option<&str>, described: Vec<DescribedInput>) -> Self {
        let engine = job.operation.split('.').next().unwrap_or_default().to_owned();
        let mut inputs = BTreeMap::new();
        let mut input_names = BTreeMap::new();
        for (slot, input, name) in described {
            if let Some(name) = name {
                input_names.insert(slot.clone(), name);
            }
            inputs.insert(slot, input.into());
        }
        let (schedule_id, redrive_of) = match job.origin {
            Some(Origin::Schedule(id)) => (Some(id), None),
            Some(Origin::Redrive(id)) => (None, Some(id)),
            None => (None, None),
        };
        Self {
            id: job.id,
            operation_title: title.unwrap_or(&job.operation).to_owned(),
            operation: job.operation,
            engine,
            label: job.label,
            state: job.state,
            device: job.device,
            class: job.class,
            queue: job.class.as_str().to_owned(),
            attempt: job.attempt,
            cancel_requested: job.cancel_requested,
            params: job.params,
            inputs,
            input_names,
            seed: job.seed.to_string(),
            max_credits: job.max_credits,
            cost: job.cost,
            penalty: job.penalty,
            ai_cost: None,
            stage: job.stage.map(|(name, current, total)| StageBody { name, current, total }),
            progress: job.progress,
            report: job.report,
            error: job.error.map(|error| JobErrorBody {
                kind: error.kind,
                message: error.message,
                next_step: error.next_step,
            }),
            parent_id: job.parent_id,
            submitted_by: job.submitted_by,
            created_at: job.created_at,
            start_at: job.start_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            cursor: job.cursor,
            schedule_id,
            redrive_of,
            results_removed_at: job.swept_at,
        }
    }
}

/// An event of a job.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobEventBody {
    /// The place in the job's stream, from 1.
    pub cursor: u64,
    /// `state`, `stage`, `progress`, `log`, `metric`, `partial` or `emit`.
    pub kind: &'static str,
    /// The body by kind.
    pub body: Value,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl From<JobEvent> for JobEventBody {
    fn from(event: JobEvent) -> Self {
        Self { cursor: event.cursor, kind: name_of(event.kind), body: event.body, at: event.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(text: &str) -> Result<Option<u64>, String> {
        let text = format!("{{\"operation\": \"a.b\", \"seed\": {text}}}");
        serde_json::from_str::<NewJobRequest>(&text)
            .map(|request| request.seed)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn seeds_are_numbers_or_decimal_text() {
        assert_eq!(seed("7"), Ok(Some(7)));
        assert_eq!(seed("\"9007199254740991\""), Ok(Some(LARGEST_SEED)));
        assert_eq!(seed("null"), Ok(None));
        for wrong in ["-1", "1.5", "\"x\"", "true", "9007199254740992", "\"18446744073709551615\""]
        {
            assert!(seed(wrong).is_err(), "{wrong}");
        }
    }
}
