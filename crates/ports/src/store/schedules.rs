//! Schedules: operations that run at set times, and the runs that they had.
//!
//! Invariants: every look-up but that of what is due names the organization; a schedule has one
//! run per nominal time; it runs in the name of who saved it last, and reads what they may read.

use async_trait::async_trait;
use gantry_rules::cron::CronExpression;
use gantry_rules::submission::OnRefusal;
use gantry_rules::zone::Zone;
use gantry_types::{JobId, OrganizationId, ScheduleId, ScheduleRunId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::StoreError;
use super::page::{Page, PageRequest};

/// What happens when a run is due while the one before has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It is left out.
    #[default]
    Skip,
    /// Both run.
    Allow,
}

/// Whether a schedule runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleState {
    /// It does.
    #[default]
    Active,
    /// Somebody paused it, or it paused itself because the person in whose name it runs lost
    /// access; nothing is made up for when it goes on.
    Paused,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The identifier.
    pub id: ScheduleId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// Whose it is: who made it or, once it was changed, who changed it last. Its jobs are
    /// submitted in this name, with the rights of each time.
    pub created_by: Option<UserId>,
    /// The name for people.
    pub name: String,
    /// The operation.
    pub operation: String,
    /// The version of its parameters.
    pub operation_version: u32,
    /// The parameters.
    pub params: Value,
    /// The inputs by slot, as `jobs` writes them.
    pub inputs: Value,
    /// When it is due, on the clocks of the organization's zone.
    pub cron: CronExpression,
    /// What an unfinished run does to the next.
    pub overlap: Overlap,
    /// What a refusal of the plan does to a run.
    pub on_refusal: OnRefusal,
    /// Whether it runs.
    pub state: ScheduleState,
    /// The next nominal time; `None` while it is paused.
    pub next_at: Option<Timestamp>,
    /// The job of its last run.
    pub last_job: Option<JobId>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Its job was submitted.
    Started,
    /// The one before had not ended.
    Skipped,
    /// Plan, permission, access, parameters or inputs did not allow it.
    Refused,
}

/// A run of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRun {
    /// The identifier.
    pub id: ScheduleRunId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The schedule.
    pub schedule_id: ScheduleId,
    /// When it was due.
    pub nominal_at: Timestamp,
    /// When it was looked at.
    pub fired_at: Timestamp,
    /// What became of it.
    pub outcome: RunOutcome,
    /// Its job, if it was submitted.
    pub job_id: Option<JobId>,
    /// Why it was skipped or refused.
    pub reason: Option<String>,
}

/// Looks up schedules.
#[async_trait]
pub trait ReadSchedules: Send + Sync {
    /// A schedule of an organization.
    async fn find_schedule(
        &self,
        organization_id: OrganizationId,
        id: ScheduleId,
    ) -> Result<Option<Schedule>, StoreError>;
    /// The schedules of an organization.
    async fn list_schedules(
        &self,
        organization_id: OrganizationId,
        page: &PageRequest<ScheduleId>,
    ) -> Result<Page<Schedule, ScheduleId>, StoreError>;
    /// The runs of a schedule.
    async fn list_schedule_runs(
        &self,
        organization_id: OrganizationId,
        id: ScheduleId,
        page: &PageRequest<ScheduleRunId>,
    ) -> Result<Page<ScheduleRun, ScheduleRunId>, StoreError>;
    /// Schedules of all organizations that are due, the longest due first.
    async fn list_due_schedules(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Schedule>, StoreError>;
    /// When the next schedule of all organizations is due.
    async fn find_next_due(&self) -> Result<Option<Timestamp>, StoreError>;
    /// The zone of an organization's clocks. [`StoreError::NotFound`] without the organization.
    async fn get_zone(&self, organization_id: OrganizationId) -> Result<Zone, StoreError>;
}

/// Changes schedules.
#[async_trait]
pub trait WriteSchedules: ReadSchedules {
    /// Adds a schedule.
    async fn insert_schedule(&self, schedule: &Schedule) -> Result<(), StoreError>;
    /// Replaces what a user may change, whose it is, and when it is due next.
    /// [`StoreError::NotFound`].
    async fn update_schedule(&self, schedule: &Schedule) -> Result<(), StoreError>;
    /// Removes a schedule with its runs; their jobs stay. [`StoreError::NotFound`].
    async fn delete_schedule(
        &self,
        organization_id: OrganizationId,
        id: ScheduleId,
    ) -> Result<(), StoreError>;
    /// Keeps a run, unless its nominal time has one already, and its job as the last one; one
    /// that was started replaces one that was not.
    async fn record_run(&self, run: &ScheduleRun) -> Result<(), StoreError>;
    /// Moves a schedule on from the nominal time `from` to `next`; one that was moved or changed
    /// meanwhile stays as it is.
    async fn advance_schedule(
        &self,
        id: ScheduleId,
        from: Timestamp,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError>;
    /// Sets the zone of an organization's clocks. [`StoreError::NotFound`].
    async fn set_zone(
        &self,
        organization_id: OrganizationId,
        zone: &Zone,
    ) -> Result<(), StoreError>;
}
