//! Schedules, their runs, the organization's clocks, and redrives.

use std::collections::BTreeMap;

use gantry_jobs::{NewSchedule, RedriveReport, ScheduledInput};
use gantry_ports::store::{Overlap, RunOutcome, Schedule, ScheduleRun, ScheduleState};
use gantry_rules::cron::CronExpression;
use gantry_rules::submission::OnRefusal;
use gantry_rules::zone::Zone;
use gantry_types::{ArtifactId, DatasetId, JobId, ScheduleId, ScheduleRunId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What the runs of a schedule read.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = ScheduledInput)]
pub enum ScheduledInputBody {
    /// A dataset.
    Dataset {
        /// The dataset.
        #[schema(value_type = Uuid)]
        id: DatasetId,
        /// The version, from 1; the newest at each run if not given.
        #[serde(default)]
        version: Option<u32>,
    },
    /// A file that an earlier job made.
    Artifact {
        /// The artifact.
        #[schema(value_type = Uuid)]
        id: ArtifactId,
    },
}

impl From<ScheduledInputBody> for ScheduledInput {
    fn from(input: ScheduledInputBody) -> Self {
        match input {
            ScheduledInputBody::Dataset { id, version } => Self::Dataset { id, version },
            ScheduledInputBody::Artifact { id } => Self::Artifact { id },
        }
    }
}

/// A schedule to be kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleRequest {
    /// The name for people: 1 to 200 characters.
    pub name: String,
    /// The operation.
    pub operation: String,
    /// The parameters, by the operation's `params_schema`.
    #[serde(default)]
    pub params: Value,
    /// The inputs by slot.
    #[serde(default)]
    pub inputs: BTreeMap<String, ScheduledInputBody>,
    /// Minute, hour, day of the month, month, day of the week, such as `30 6 * * 1`; on the
    /// clocks of the organization's time zone.
    #[schema(value_type = String)]
    pub cron: CronExpression,
    /// What happens while the run before has not ended: `skip` (if not given) or `allow`.
    #[serde(default)]
    #[schema(value_type = String)]
    pub overlap: Overlap,
    /// Keep a run that the plan refuses as `blocked`, to go on once that changes.
    #[serde(default)]
    pub keep_if_refused: bool,
    /// Whether it is paused.
    #[serde(default)]
    pub paused: bool,
}

impl From<ScheduleRequest> for NewSchedule {
    fn from(request: ScheduleRequest) -> Self {
        let keep = request.keep_if_refused;
        Self {
            name: request.name,
            operation: request.operation,
            params: request.params,
            inputs: request.inputs.into_iter().map(|(slot, input)| (slot, input.into())).collect(),
            cron: request.cron,
            overlap: request.overlap,
            on_refusal: if keep { OnRefusal::KeepBlocked } else { OnRefusal::Refuse },
            state: if request.paused { ScheduleState::Paused } else { ScheduleState::Active },
        }
    }
}

/// A schedule.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: ScheduleId,
    /// The name for people.
    pub name: String,
    /// The operation.
    pub operation: String,
    /// The parameters.
    #[schema(value_type = Object)]
    pub params: Value,
    /// The inputs by slot.
    #[schema(value_type = BTreeMap<String, ScheduledInputBody>)]
    pub inputs: Value,
    /// When it is due, on the clocks of the organization's time zone.
    #[schema(value_type = String)]
    pub cron: CronExpression,
    /// `skip` or `allow`.
    #[schema(value_type = String)]
    pub overlap: Overlap,
    /// Whether refused runs are kept as `blocked`.
    pub keep_if_refused: bool,
    /// Whether it is paused.
    pub paused: bool,
    /// When it is due next; `null` while it is paused.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
    /// The job of its last run.
    #[schema(value_type = Option<Uuid>)]
    pub last_job: Option<JobId>,
    /// Who saved it last; its jobs are submitted in this name.
    #[schema(value_type = Option<Uuid>)]
    pub created_by: Option<UserId>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<Schedule> for ScheduleBody {
    fn from(schedule: Schedule) -> Self {
        Self {
            id: schedule.id,
            name: schedule.name,
            operation: schedule.operation,
            params: schedule.params,
            inputs: schedule.inputs,
            cron: schedule.cron,
            overlap: schedule.overlap,
            keep_if_refused: schedule.on_refusal == OnRefusal::KeepBlocked,
            paused: schedule.state == ScheduleState::Paused,
            next_at: schedule.next_at,
            last_job: schedule.last_job,
            created_by: schedule.created_by,
            created_at: schedule.created_at,
        }
    }
}

/// A run of a schedule.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleRunBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: ScheduleRunId,
    /// When it was due.
    #[schema(value_type = String, format = DateTime)]
    pub nominal_at: Timestamp,
    /// When it was looked at.
    #[schema(value_type = String, format = DateTime)]
    pub fired_at: Timestamp,
    /// `started`, `skipped` or `refused`.
    #[schema(value_type = String)]
    pub outcome: RunOutcome,
    /// Its job, if it was submitted.
    #[schema(value_type = Option<Uuid>)]
    pub job_id: Option<JobId>,
    /// Why it was skipped or refused.
    pub reason: Option<String>,
}

impl From<ScheduleRun> for ScheduleRunBody {
    fn from(run: ScheduleRun) -> Self {
        Self {
            id: run.id,
            nominal_at: run.nominal_at,
            fired_at: run.fired_at,
            outcome: run.outcome,
            job_id: run.job_id,
            reason: run.reason,
        }
    }
}

/// The clocks of an organization.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeZoneBody {
    /// An IANA name, such as `Europe/Oslo`; its schedules follow it.
    #[schema(value_type = String)]
    pub time_zone: Zone,
}

/// Which dead jobs to run anew.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedriveRequest {
    /// The operation.
    pub operation: String,
}

/// What redriving dead jobs did.
#[derive(Debug, Serialize, ToSchema)]
pub struct RedriveBody {
    /// The new jobs.
    #[schema(value_type = Vec<Uuid>)]
    pub redriven: Vec<JobId>,
    /// Jobs that plan, balance or parameters did not allow.
    pub refused: Vec<RedriveRefusalBody>,
}

/// A job that was not redriven.
#[derive(Debug, Serialize, ToSchema)]
pub struct RedriveRefusalBody {
    /// The job.
    #[schema(value_type = Uuid)]
    pub job_id: JobId,
    /// Why.
    pub reason: String,
}

impl From<RedriveReport> for RedriveBody {
    fn from(report: RedriveReport) -> Self {
        let refused = report.refused.into_iter();
        Self {
            redriven: report.redriven,
            refused: refused
                .map(|refusal| RedriveRefusalBody {
                    job_id: refusal.job_id,
                    reason: refusal.reason,
                })
                .collect(),
        }
    }
}
