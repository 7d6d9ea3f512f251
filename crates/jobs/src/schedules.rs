//! Schedules as their owners see them, and the zone whose clocks they follow.
//!
//! Invariants: a schedule is whose who saved it last, and runs in that person's name; what it would
//! run is checked when it is saved, as if that person submitted it then, and again at each run.

use std::collections::BTreeMap;

use gantry_access::{AccessError, Actor, Permission, require, require_feature};
use gantry_engine_api::InputRef;
use gantry_ports::store::{
    AuditEntry, Onlooker, Order, Overlap, Page, PageRequest, Schedule, ScheduleRun, ScheduleState,
    StoreExt,
};
use gantry_rules::cron::CronExpression;
use gantry_rules::plan::Feature;
use gantry_rules::submission::OnRefusal;
use gantry_rules::zone::Zone;
use gantry_types::{ArtifactId, DatasetId, ScheduleId, ScheduleRunId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Jobs;
use crate::error::JobsError;

const LONGEST_NAME: usize = 200;
/// The most schedules of one organization.
const MOST_SCHEDULES: usize = 200;

/// An input of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ScheduledInput {
    /// A dataset: this version, or the newest at each run.
    Dataset {
        /// The dataset.
        id: DatasetId,
        /// The version; `None` is the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<u32>,
    },
    /// A file that an earlier job made.
    Artifact {
        /// The artifact.
        id: ArtifactId,
    },
}

/// A schedule to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSchedule {
    /// The name for people: 1 to 200 characters.
    pub name: String,
    /// The operation.
    pub operation: String,
    /// Its parameters.
    pub params: Value,
    /// Its inputs by slot.
    pub inputs: BTreeMap<String, ScheduledInput>,
    /// When it is due.
    pub cron: CronExpression,
    /// What an unfinished run does to the next.
    pub overlap: Overlap,
    /// What a refusal of the plan does to a run.
    pub on_refusal: OnRefusal,
    /// Whether it runs.
    pub state: ScheduleState,
}

impl Jobs {
    /// Keeps a new schedule.
    ///
    /// # Errors
    /// [`JobsError::Access`], also where no person asks, [`JobsError::Invalid`] for the name or too
    /// many of them, [`JobsError::UnseenByAuthor`], and what [`Jobs::submit_job`] would say to
    /// operation, parameters and inputs.
    pub async fn create_schedule(
        &self,
        actor: &Actor,
        new: NewSchedule,
    ) -> Result<Schedule, JobsError> {
        require(actor, Permission::RunJobs)?;
        require_feature(self.store.read().await?.as_ref(), actor, Feature::Schedules).await?;
        let schedule = self.derive_schedule(actor, ScheduleId::generate(), new).await?;
        let entry = self.note_schedule(actor, "schedule.create", (None, Some(&schedule)));
        let kept = schedule.clone();
        self.store
            .write(move |tx| {
                let (schedule, entry) = (kept.clone(), entry.clone());
                Box::pin(async move {
                    tx.access().lock_organization(schedule.organization_id).await?;
                    let page = PageRequest { after: None, limit: 200, order: Order::OldestFirst };
                    let held = tx.schedules().list_schedules(schedule.organization_id, &page);
                    if held.await?.items.len() >= MOST_SCHEDULES {
                        return Err(JobsError::Invalid {
                            field: "name",
                            message: format!(
                                "an organization may have {MOST_SCHEDULES} schedules; delete one \
                                 that is not needed any more"
                            ),
                        });
                    }
                    tx.schedules().insert_schedule(&schedule).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await?;
        self.schedules_changed.notify_one();
        Ok(schedule)
    }

    /// Replaces what a user may change of a schedule. It is the actor's from then on and runs in
    /// their name, so that nobody has something run with the rights of somebody else. Runs that
    /// were missed while it was paused are not made up for.
    ///
    /// # Errors
    /// [`JobsError::ScheduleNotFound`], and as [`Jobs::create_schedule`].
    pub async fn change_schedule(
        &self,
        actor: &Actor,
        id: ScheduleId,
        new: NewSchedule,
    ) -> Result<Schedule, JobsError> {
        require(actor, Permission::RunJobs)?;
        let before = self.get_schedule(actor, id).await?;
        let mut schedule = self.derive_schedule(actor, id, new).await?;
        schedule.created_at = before.created_at;
        schedule.last_job = before.last_job;
        let entry = self.note_schedule(actor, "schedule.change", (Some(&before), Some(&schedule)));
        let kept = schedule.clone();
        self.store
            .write(move |tx| {
                let (schedule, entry) = (kept.clone(), entry.clone());
                Box::pin(async move {
                    tx.access().lock_organization(schedule.organization_id).await?;
                    tx.schedules().update_schedule(&schedule).await?;
                    Ok::<(), JobsError>(tx.audit().append(&entry).await?)
                })
            })
            .await?;
        self.schedules_changed.notify_one();
        Ok(schedule)
    }

    /// Removes a schedule with the list of its runs; their jobs stay.
    ///
    /// # Errors
    /// [`JobsError::ScheduleNotFound`].
    pub async fn delete_schedule(&self, actor: &Actor, id: ScheduleId) -> Result<(), JobsError> {
        require(actor, Permission::RunJobs)?;
        let before = self.get_schedule(actor, id).await?;
        let organization_id = actor.organization_id;
        let entry = self.note_schedule(actor, "schedule.delete", (Some(&before), None));
        self.store
            .write(move |tx| {
                let entry = entry.clone();
                Box::pin(async move {
                    tx.schedules().delete_schedule(organization_id, id).await?;
                    Ok::<(), JobsError>(tx.audit().append(&entry).await?)
                })
            })
            .await
    }

    /// For the audit log: what a schedule was, and what it is.
    pub(crate) fn note_schedule(
        &self,
        actor: &Actor,
        action: &'static str,
        (before, after): (Option<&Schedule>, Option<&Schedule>),
    ) -> AuditEntry {
        let id = after.or(before).map(|schedule| schedule.id.to_string()).unwrap_or_default();
        let details = json!({ "before": before.map(describe), "after": after.map(describe) });
        actor.audit_entry(action, &format!("schedule {id}"), details, self.clock.now())
    }

    /// One schedule.
    ///
    /// # Errors
    /// [`JobsError::ScheduleNotFound`].
    pub async fn get_schedule(&self, actor: &Actor, id: ScheduleId) -> Result<Schedule, JobsError> {
        require(actor, Permission::ReadJobs)?;
        let snapshot = self.store.read().await?;
        let found = snapshot.schedules().find_schedule(actor.organization_id, id).await?;
        found.ok_or(JobsError::ScheduleNotFound)
    }

    /// The schedules of the actor's organization.
    ///
    /// # Errors
    /// [`JobsError::Access`], [`JobsError::Store`].
    pub async fn list_schedules(
        &self,
        actor: &Actor,
        page: &PageRequest<ScheduleId>,
    ) -> Result<Page<Schedule, ScheduleId>, JobsError> {
        require(actor, Permission::ReadJobs)?;
        let snapshot = self.store.read().await?;
        Ok(snapshot.schedules().list_schedules(actor.organization_id, page).await?)
    }

    /// The runs of a schedule; without reasons for those who do not see all that it names.
    ///
    /// # Errors
    /// [`JobsError::ScheduleNotFound`].
    pub async fn list_schedule_runs(
        &self,
        actor: &Actor,
        id: ScheduleId,
        page: &PageRequest<ScheduleRunId>,
    ) -> Result<Page<ScheduleRun, ScheduleRunId>, JobsError> {
        let schedule = self.get_schedule(actor, id).await?;
        let owner = actor.organization_id;
        let snapshot = self.store.read().await?;
        let mut runs = snapshot.schedules().list_schedule_runs(owner, id, page).await?;
        drop(snapshot);
        if !self.reads_refusals(actor, &schedule).await? {
            runs.items.iter_mut().for_each(|run| run.reason = None);
        }
        Ok(runs)
    }

    /// The zone whose clocks the organization's schedules follow.
    ///
    /// # Errors
    /// [`JobsError::Access`], [`JobsError::Store`].
    pub async fn get_zone(&self, actor: &Actor) -> Result<Zone, JobsError> {
        require(actor, Permission::ReadAccount)?;
        let snapshot = self.store.read().await?;
        Ok(snapshot.schedules().get_zone(actor.organization_id).await?)
    }

    /// Sets that zone, and when each schedule is due next.
    ///
    /// # Errors
    /// [`JobsError::Access`] but for owners and admins, [`JobsError::Store`].
    pub async fn set_zone(&self, actor: &Actor, zone: Zone) -> Result<(), JobsError> {
        require(actor, Permission::ManageMembers)?;
        let (organization_id, now) = (actor.organization_id, self.clock.now());
        let subject = format!("organization {organization_id}");
        let before = self.store.read().await?.schedules().get_zone(organization_id).await?;
        let details = json!({ "before": before.as_str(), "after": zone.as_str() });
        let entry = actor.audit_entry("organization.set_time_zone", &subject, details, now);
        self.store
            .write(move |tx| {
                let (zone, entry) = (zone.clone(), entry.clone());
                Box::pin(async move {
                    tx.access().lock_organization(organization_id).await?;
                    let schedules = tx.schedules();
                    schedules.set_zone(organization_id, &zone).await?;
                    let page = PageRequest { after: None, limit: 200, order: Order::OldestFirst };
                    let held = schedules.list_schedules(organization_id, &page).await?;
                    for mut schedule in held.items {
                        schedule.next_at = derive_next(&schedule, &zone, now);
                        schedules.update_schedule(&schedule).await?;
                    }
                    Ok::<(), JobsError>(tx.audit().append(&entry).await?)
                })
            })
            .await?;
        self.schedules_changed.notify_one();
        Ok(())
    }

    async fn derive_schedule(
        &self,
        actor: &Actor,
        id: ScheduleId,
        new: NewSchedule,
    ) -> Result<Schedule, JobsError> {
        let nobody = AccessError::NobodyBehind { what: "the runs of a schedule" };
        let saved_by = actor.user_id.ok_or(nobody)?;
        require_name(&new.name)?;
        let operation_version = self.require_visible(&new.operation)?;
        let inputs = self.resolve_scheduled(actor.onlooker(), &new.inputs).await?;
        let metas = self.describe_inputs(actor, &new.operation, &inputs).await?;
        self.estimate_operation(&new.operation, &new.params, &metas)?;
        self.require_named(actor.onlooker(), &new.operation, &new.params).await?;
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let zone = snapshot.schedules().get_zone(actor.organization_id).await?;
        let mut schedule = Schedule {
            id,
            organization_id: actor.organization_id,
            created_by: Some(saved_by),
            name: new.name.trim().to_owned(),
            operation: new.operation,
            operation_version,
            params: new.params,
            inputs: json!(new.inputs),
            cron: new.cron,
            overlap: new.overlap,
            on_refusal: new.on_refusal,
            state: new.state,
            next_at: None,
            last_job: None,
            created_at: now,
        };
        schedule.next_at = derive_next(&schedule, &zone, now);
        Ok(schedule)
    }

    /// What the inputs of a schedule are now, for those who may read them.
    pub(crate) async fn resolve_scheduled(
        &self,
        onlooker: Onlooker,
        inputs: &BTreeMap<String, ScheduledInput>,
    ) -> Result<Vec<(String, InputRef)>, JobsError> {
        let mut resolved = Vec::with_capacity(inputs.len());
        for (slot, input) in inputs {
            let input = match *input {
                ScheduledInput::Artifact { id } => InputRef::Artifact { id },
                ScheduledInput::Dataset { id, version: Some(version) } => {
                    InputRef::Dataset { id, version }
                }
                ScheduledInput::Dataset { id, version: None } => {
                    let snapshot = self.store.read_as(onlooker.sight).await?;
                    let owner = onlooker.organization_id;
                    let found = snapshot.catalog().find_dataset(owner, id).await?;
                    let missing = gantry_catalog::CatalogError::NotFound { what: "dataset" };
                    let version = found.ok_or(missing)?.latest.version;
                    InputRef::Dataset { id, version }
                }
            };
            resolved.push((slot.clone(), input));
        }
        Ok(resolved)
    }
}

/// What the audit log tells of a schedule.
fn describe(schedule: &Schedule) -> Value {
    json!({
        "name": schedule.name,
        "operation": schedule.operation,
        "cron": schedule.cron.to_string(),
        "overlap": schedule.overlap,
        "state": schedule.state,
        "runs_as": schedule.created_by,
    })
}

/// When a schedule is due after `now`: never while it is paused.
pub(crate) fn derive_next(schedule: &Schedule, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
    match schedule.state {
        ScheduleState::Active => schedule.cron.find_next(zone, now),
        ScheduleState::Paused => None,
    }
}

/// The inputs that a stored schedule names.
pub(crate) fn read_scheduled_inputs(
    schedule: &Schedule,
) -> Result<BTreeMap<String, ScheduledInput>, JobsError> {
    serde_json::from_value(schedule.inputs.clone()).map_err(|error| JobsError::Broken {
        reason: format!("the inputs of schedule {} cannot be read: {error}", schedule.id),
    })
}

fn require_name(name: &str) -> Result<(), JobsError> {
    let length = name.trim().chars().count();
    if (1..=LONGEST_NAME).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(JobsError::Invalid {
        field: "name",
        message: format!("`name` needs 1 to {LONGEST_NAME} characters and no control characters"),
    })
}
