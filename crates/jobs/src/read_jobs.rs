//! Jobs as their owners see them.

use gantry_access::{Actor, Permission, Via, require};
use gantry_engine_api::InputRef;
use gantry_ports::store::{
    AccountEvent, JobEvent, JobFilter, JobRecord, Page, PageRequest, QueueDepth,
};
use gantry_rules::submission::Accounting;
use gantry_types::JobId;

use crate::Jobs;
use crate::error::JobsError;
use crate::inputs::inputs_from_json;

/// An input of a job: its slot, what it refers to, and the name of the file unless it is gone.
pub type DescribedInput = (String, InputRef, Option<String>);

impl Jobs {
    /// One job.
    ///
    /// # Errors
    /// [`JobsError::NotFound`].
    pub async fn get_job(&self, actor: &Actor, id: JobId) -> Result<JobRecord, JobsError> {
        require(actor, Permission::ReadJobs)?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        let job = snapshot.jobs().find_job(actor.organization_id, id).await?;
        job.filter(|job| is_for(actor, job)).ok_or(JobsError::NotFound)
    }

    /// The jobs of the actor's account.
    ///
    /// # Errors
    /// [`JobsError::Access`], [`JobsError::Store`].
    pub async fn list_jobs(
        &self,
        actor: &Actor,
        filter: &JobFilter,
        page: &PageRequest<JobId>,
    ) -> Result<Page<JobRecord, JobId>, JobsError> {
        require(actor, Permission::ReadJobs)?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        Ok(snapshot.jobs().list_jobs(actor.organization_id, filter, page).await?)
    }

    /// The events of a job after a cursor (0 for all), oldest first.
    ///
    /// # Errors
    /// [`JobsError::NotFound`].
    pub async fn list_job_events(
        &self,
        actor: &Actor,
        id: JobId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<JobEvent>, JobsError> {
        self.get_job(actor, id).await?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        Ok(snapshot.jobs().list_job_events(actor.organization_id, id, after, limit).await?)
    }

    /// The state changes of the actor's account after a cursor, oldest first.
    ///
    /// # Errors
    /// [`JobsError::Access`], [`JobsError::Store`].
    pub async fn list_account_events(
        &self,
        actor: &Actor,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AccountEvent>, JobsError> {
        require(actor, Permission::ReadJobs)?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        Ok(snapshot.jobs().list_account_events(actor.organization_id, after, limit).await?)
    }

    /// The cursor up to which the account's state changes were removed: who read up to an earlier
    /// one has missed some, and must read the jobs again.
    ///
    /// # Errors
    /// [`JobsError::Access`], [`JobsError::Store`].
    pub async fn get_swept_cursor(&self, actor: &Actor) -> Result<u64, JobsError> {
        require(actor, Permission::ReadJobs)?;
        let snapshot = self.store.read().await?;
        Ok(snapshot.chores().get_swept_cursor(actor.organization_id).await?)
    }

    /// The newest cursor of the actor's account.
    ///
    /// # Errors
    /// [`JobsError::Access`], [`JobsError::Store`].
    pub async fn get_account_cursor(&self, actor: &Actor) -> Result<u64, JobsError> {
        require(actor, Permission::ReadJobs)?;
        let snapshot = self.store.read().await?;
        Ok(snapshot.jobs().get_account_cursor(actor.organization_id).await?)
    }

    /// The inputs by slot of each of some jobs of the actor's account, with the names of their
    /// files; a name is `None` where the input is gone, or is not for the actor.
    ///
    /// # Errors
    /// [`JobsError::Store`].
    pub async fn describe_job_inputs(
        &self,
        actor: &Actor,
        jobs: &[JobRecord],
    ) -> Result<Vec<Vec<DescribedInput>>, JobsError> {
        let inputs: Vec<Vec<(String, InputRef)>> =
            jobs.iter().map(|job| inputs_from_json(&job.inputs)).collect::<Result<_, _>>()?;
        let wanted = inputs.iter().flatten().map(|(_, input)| *input);
        let names = self.catalog.find_input_names(actor.onlooker(), wanted).await?;
        let describe = |(slot, input): (String, InputRef)| {
            let name = names.get(&input).cloned();
            (slot, input, name)
        };
        Ok(inputs.into_iter().map(|of| of.into_iter().map(describe).collect()).collect())
    }

    /// The queues of the installation.
    ///
    /// # Errors
    /// [`JobsError::Access`] for anybody but administrators.
    pub async fn list_queue_depths(&self, actor: &Actor) -> Result<Vec<QueueDepth>, JobsError> {
        require(actor, Permission::Administer)?;
        self.measure_queues().await
    }

    /// The queues of the installation, for metrics.
    ///
    /// # Errors
    /// [`JobsError::Store`].
    pub async fn measure_queues(&self) -> Result<Vec<QueueDepth>, JobsError> {
        let snapshot = self.store.read().await?;
        Ok(snapshot.jobs().list_queue_depths().await?)
    }
}

/// What the platform does for one person is no matter of the others of their organization.
fn is_for(actor: &Actor, job: &JobRecord) -> bool {
    match (job.accounting, job.submitted_by) {
        (Accounting::Platform, Some(person)) => {
            actor.user_id == Some(person) || actor.via == Via::System
        }
        (Accounting::Platform, None) | (Accounting::Metered, _) => true,
    }
}
