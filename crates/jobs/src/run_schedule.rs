//! The runs of schedules: each is an ordinary job.
//!
//! Invariants: the job of a nominal time has an identifier made from schedule and time, so that
//! two servers submit one job; of runs that were missed one is made up for; a run that cannot be
//! submitted is recorded with its reason, and the schedule goes on; but where the person in whose
//! name it runs lost access, it is paused.

use gantry_access::{
    AccessError, Actor, Permission, Standing, Via, find_standing, require, require_open,
};
use gantry_catalog::CatalogError;
use gantry_ports::store::{
    HotError, Overlap, RunOutcome, Schedule, ScheduleRun, ScheduleState, StoreExt, Submitted,
};
use gantry_rules::submission::Origin;
use gantry_types::{JobId, ScheduleId, ScheduleRunId, Scope, Timestamp};
use sha2::{Digest, Sha256};

use crate::Jobs;
use crate::error::JobsError;
use crate::schedules::{derive_next, read_scheduled_inputs};
use crate::submit_job::{Descent, NewJob, SubmittedJob};

/// The most schedules that one look runs.
const BATCH: u32 = 100;

impl Jobs {
    /// Runs what is due, and answers when the next run is.
    ///
    /// # Errors
    /// [`JobsError::Store`]; what was not run is still due then.
    #[tracing::instrument(level = "debug", name = "jobs::run_due_schedules", skip_all)]
    pub async fn run_due_schedules(&self) -> Result<Option<Timestamp>, JobsError> {
        loop {
            let now = self.clock.now();
            let snapshot = self.store.read().await?;
            let due = snapshot.schedules().list_due_schedules(now, BATCH).await?;
            if due.is_empty() {
                return Ok(snapshot.schedules().find_next_due().await?);
            }
            drop(snapshot);
            for schedule in due {
                self.run_due(&schedule, now).await?;
            }
        }
    }

    /// Waits until a schedule was made or changed on this server.
    pub async fn wait_for_schedules(&self) {
        self.schedules_changed.notified().await;
    }

    /// Runs a schedule now, whatever its clock says and whether or not an earlier run has ended.
    ///
    /// # Errors
    /// [`JobsError::ScheduleNotFound`], and as [`Jobs::submit_job`].
    pub async fn run_schedule_now(
        &self,
        actor: &Actor,
        id: ScheduleId,
    ) -> Result<SubmittedJob, JobsError> {
        require(actor, Permission::RunJobs)?;
        let schedule = self.get_schedule(actor, id).await?;
        let now = self.clock.now();
        let submitted = self.submit_run(actor, &schedule, now).await?;
        let run = derive_run(&schedule, now, now, Ending::Started(submitted.job_id));
        self.record(run, None).await?;
        self.describe_submitted(actor, submitted).await
    }

    async fn run_due(&self, schedule: &Schedule, now: Timestamp) -> Result<(), JobsError> {
        let Some(nominal_at) = schedule.next_at else { return Ok(()) };
        let ending = if self.is_still_running(schedule).await? {
            Ending::Skipped
        } else {
            match self.submit_due(schedule, nominal_at).await {
                Ok(submitted) => Ending::Started(submitted.job_id),
                Err(JobsError::Store(error) | JobsError::Hot(HotError::Store(error))) => {
                    return Err(error.into());
                }
                Err(error) if has_lost_access(&error) => {
                    let run = derive_run(schedule, nominal_at, now, Ending::Lost(error));
                    return self.pause(schedule, run).await;
                }
                Err(error) => Ending::Refused(error.to_string()),
            }
        };
        let snapshot = self.store.read().await?;
        let zone = snapshot.schedules().get_zone(schedule.organization_id).await?;
        drop(snapshot);
        let run = derive_run(schedule, nominal_at, now, ending);
        let next = derive_next(schedule, &zone, now);
        self.record(run, Some((nominal_at, next))).await
    }

    /// Keeps the run that was refused and pauses its schedule, which would be refused each time. A
    /// schedule that was changed meanwhile stays as it is, and is looked at again if it is due.
    async fn pause(&self, schedule: &Schedule, run: ScheduleRun) -> Result<(), JobsError> {
        let house = Actor::system(schedule.organization_id);
        let before = schedule.clone();
        let after = Schedule { state: ScheduleState::Paused, next_at: None, ..before.clone() };
        let entry = self.note_schedule(&house, "schedule.pause", (Some(&before), Some(&after)));
        self.store
            .write(move |tx| {
                let (run, entry) = (run.clone(), entry.clone());
                let (before, after) = (before.clone(), after.clone());
                Box::pin(async move {
                    tx.access().lock_organization(before.organization_id).await?;
                    let schedules = tx.schedules();
                    let found = schedules.find_schedule(before.organization_id, before.id).await?;
                    if found.is_none_or(|found| found != before) {
                        return Ok(());
                    }
                    schedules.record_run(&run).await?;
                    schedules.update_schedule(&after).await?;
                    Ok::<(), JobsError>(tx.audit().append(&entry).await?)
                })
            })
            .await
    }

    async fn is_still_running(&self, schedule: &Schedule) -> Result<bool, JobsError> {
        let (Overlap::Skip, Some(last)) = (schedule.overlap, schedule.last_job) else {
            return Ok(false);
        };
        let snapshot = self.store.read().await?;
        let job = snapshot.jobs().find_job(schedule.organization_id, last).await?;
        Ok(job.is_some_and(|job| !job.state.is_final()))
    }

    async fn submit_due(
        &self,
        schedule: &Schedule,
        nominal_at: Timestamp,
    ) -> Result<Submitted, JobsError> {
        let actor = self.find_owner(schedule).await?;
        self.submit_run(&actor, schedule, nominal_at).await
    }

    /// Who saved the schedule last, with the rights of today.
    async fn find_owner(&self, schedule: &Schedule) -> Result<Actor, JobsError> {
        let gone = || JobsError::Access(AccessError::Forbidden { permission: Permission::RunJobs });
        let user_id = schedule.created_by.ok_or_else(gone)?;
        let snapshot = self.store.read().await?;
        let access = snapshot.access();
        let user = access.find_user(user_id).await?.ok_or_else(gone)?;
        match find_standing(access, &user, self.clock.now()).await? {
            Standing::Good => {}
            Standing::Suspended => return Err(AccessError::Suspended.into()),
            Standing::Banned => return Err(AccessError::Banned.into()),
            Standing::Leaving | Standing::Erased => return Err(AccessError::Leaving.into()),
        }
        require_open(snapshot.closings(), schedule.organization_id).await?;
        let member = access.find_membership(user_id, schedule.organization_id).await?;
        Ok(Actor {
            user_id: Some(user_id),
            organization_id: schedule.organization_id,
            role: member.ok_or_else(gone)?.role,
            scopes: vec![Scope::Run, Scope::Read],
            administrator: false,
            via: Via::System,
            ip: String::new(),
        })
    }

    async fn submit_run(
        &self,
        actor: &Actor,
        schedule: &Schedule,
        nominal_at: Timestamp,
    ) -> Result<Submitted, JobsError> {
        let inputs = read_scheduled_inputs(schedule)?;
        let inputs = self.resolve_scheduled(actor.onlooker(), &inputs).await?;
        let (operation, version) = (&schedule.operation, schedule.operation_version);
        let params = self.migrate_params(operation, version, schedule.params.clone())?;
        self.require_named(actor.onlooker(), operation, &params).await?;
        let new = NewJob {
            operation: operation.clone(),
            params,
            inputs,
            label: Some(schedule.name.clone()),
            seed: None,
            start_at: None,
            on_refusal: schedule.on_refusal,
            idempotency: None,
        };
        let descent = Descent {
            job_id: derive_job_id(schedule.id, nominal_at),
            origin: Some(Origin::Schedule(schedule.id)),
        };
        self.submit_descended(actor, new, Some(descent)).await
    }

    async fn record(
        &self,
        run: ScheduleRun,
        moved: Option<(Timestamp, Option<Timestamp>)>,
    ) -> Result<(), JobsError> {
        self.store
            .write(move |tx| {
                let run = run.clone();
                Box::pin(async move {
                    tx.schedules().record_run(&run).await?;
                    if let Some((from, next)) = moved {
                        tx.schedules().advance_schedule(run.schedule_id, from, next).await?;
                    }
                    Ok::<(), JobsError>(())
                })
            })
            .await
    }
}

/// What became of a run.
enum Ending {
    Started(JobId),
    Skipped,
    Refused(String),
    /// Refused, because the person in whose name it runs has no access any more, or who wrote the
    /// workflow that it runs.
    Lost(JobsError),
}

/// Whether a run was refused because the person in whose name it was to run may not run jobs in the
/// organization any more, or does not see something that it names, or who wrote its workflow does not.
pub(crate) fn has_lost_access(error: &JobsError) -> bool {
    matches!(
        error,
        JobsError::Access(AccessError::NotFound { .. } | AccessError::Forbidden { .. })
            | JobsError::Catalog(CatalogError::NotFound { .. })
            | JobsError::UnseenByAuthor { .. }
    )
}

fn derive_run(
    schedule: &Schedule,
    nominal_at: Timestamp,
    fired_at: Timestamp,
    ending: Ending,
) -> ScheduleRun {
    let (outcome, job_id, reason) = match ending {
        Ending::Started(job_id) => (RunOutcome::Started, Some(job_id), None),
        Ending::Skipped => {
            let reason = "the run before it had not ended".to_owned();
            (RunOutcome::Skipped, None, Some(reason))
        }
        Ending::Refused(reason) => (RunOutcome::Refused, None, Some(reason)),
        Ending::Lost(error @ JobsError::UnseenByAuthor { .. }) => {
            let reason = format!(
                "{error}; it is paused: somebody who sees all of that saves the workflow first, and \
                 then the schedule is saved to go on"
            );
            (RunOutcome::Refused, None, Some(reason))
        }
        Ending::Lost(error) => {
            let reason = format!(
                "in the name of who saved the schedule last: {error}; it is paused until somebody \
                 who has access saves it, and then runs in their name. The data that a workflow \
                 names must also be seen by who saved the workflow last: have somebody who sees \
                 it save that first"
            );
            (RunOutcome::Refused, None, Some(reason))
        }
    };
    ScheduleRun {
        id: ScheduleRunId::generate(),
        organization_id: schedule.organization_id,
        schedule_id: schedule.id,
        nominal_at,
        fired_at,
        outcome,
        job_id,
        reason,
    }
}

/// A UUID of version 7 whose time is the nominal one and whose rest is a hash of schedule and
/// time: the same for every server.
fn derive_job_id(id: ScheduleId, nominal_at: Timestamp) -> JobId {
    let mut hash = Sha256::new();
    hash.update(id.as_uuid().as_bytes());
    hash.update(nominal_at.as_micros().to_be_bytes());
    let digest = hash.finalize();
    let millis = nominal_at.as_micros().max(0).cast_unsigned() / 1_000;
    let mut rest = [0_u8; 10];
    for (byte, hashed) in rest.iter_mut().zip(digest) {
        *byte = hashed;
    }
    JobId::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_by_itself_pauses_nothing() {
        assert!(has_lost_access(&CatalogError::NotFound { what: "dataset" }.into()));
        assert!(has_lost_access(&AccessError::NotFound { what: "workflow" }.into()));
        assert!(has_lost_access(&JobsError::UnseenByAuthor { what: "dataset" }));
        assert!(!has_lost_access(&AccessError::Suspended.into()));
        let paused = JobsError::OperationPaused { operation: "test.noop".to_owned() };
        assert!(!has_lost_access(&paused));
    }

    #[test]
    fn a_nominal_time_has_one_job_and_sorts_by_it() {
        let (one, other) = (ScheduleId::generate(), ScheduleId::generate());
        let at = |seconds: i64| Timestamp::from_micros(1_781_500_000_000_000 + seconds * 1_000_000);
        assert_eq!(derive_job_id(one, at(0)), derive_job_id(one, at(0)));
        assert_ne!(derive_job_id(one, at(0)), derive_job_id(other, at(0)));
        assert!(derive_job_id(one, at(0)) < derive_job_id(one, at(60)));
        assert_eq!(derive_job_id(one, at(0)).as_uuid().get_version_num(), 7);
    }
}
