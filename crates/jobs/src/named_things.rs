//! What an operation names in its parameters beside its inputs: a workflow, and the data in it.
//!
//! Invariant: nothing is kept to be run later, and no such run begins, unless the person in whose
//! name it runs sees all that it names; and of the data in a workflow, whoever wrote it does too.

use std::collections::BTreeMap;

use gantry_access::{AccessError, Actor, find_sight};
use gantry_catalog::CatalogError;
use gantry_ports::store::{ObjectRef, Onlooker, Schedule, Sight, WorkflowRevision};
use gantry_types::WorkflowId;
use serde_json::Value;

use crate::Jobs;
use crate::error::JobsError;
use crate::run_schedule::has_lost_access;
use crate::schedules::{ScheduledInput, read_scheduled_inputs};

/// What parameters name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A workflow that is kept.
    Workflow {
        /// The workflow.
        id: WorkflowId,
        /// Its revision; `None` is the newest.
        revision: Option<u32>,
    },
    /// Data, each thing as often as it is named.
    Data(Vec<ScheduledInput>),
}

/// Reads what the parameters of one operation name. Pure: whether a thing is there, and for whom,
/// is looked up afterwards.
pub trait NamedThings: Send + Sync {
    /// What parameters name; no data for those that cannot be read.
    fn read_params(&self, params: &Value) -> Named;

    /// The data that the definition of a kept workflow names; none if it cannot be read.
    fn list_data(&self, definition: &Value) -> Vec<ScheduledInput>;
}

impl Jobs {
    /// Stops those who do not see all that parameters name.
    pub(crate) async fn require_named(
        &self,
        onlooker: Onlooker,
        operation: &str,
        params: &Value,
    ) -> Result<(), JobsError> {
        let Some(things) = self.registry.find_named_things(operation) else {
            return Ok(());
        };
        let (id, revision) = match things.read_params(params) {
            Named::Data(data) => return self.require_data(onlooker, &data).await,
            Named::Workflow { id, revision } => (id, revision),
        };
        let kept = self.find_revision(onlooker, id, revision).await?;
        let data = things.list_data(&kept.definition);
        self.require_data(onlooker, &data).await?;
        let owner = onlooker.organization_id;
        let snapshot = self.store.read().await?;
        let sight = find_sight(snapshot.as_ref(), owner, kept.created_by).await?;
        drop(snapshot);
        let author = Onlooker { organization_id: owner, sight };
        self.require_data(author, &data).await.map_err(blame_author)
    }

    /// Whether somebody may read why runs of a schedule were refused, which can tell what is in the
    /// data: whose the schedule is, and who sees all that it names.
    pub(crate) async fn reads_refusals(
        &self,
        actor: &Actor,
        schedule: &Schedule,
    ) -> Result<bool, JobsError> {
        let is_own = schedule.created_by.is_some() && schedule.created_by == actor.user_id;
        if is_own || actor.sight() == Sight::Everything {
            return Ok(true);
        }
        match self.require_scheduled(actor.onlooker(), schedule).await {
            // They see it all, also where the author of the workflow does not any more.
            Ok(()) | Err(JobsError::UnseenByAuthor { .. }) => Ok(true),
            Err(error) if has_lost_access(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn require_scheduled(
        &self,
        onlooker: Onlooker,
        schedule: &Schedule,
    ) -> Result<(), JobsError> {
        let inputs: Vec<ScheduledInput> = read_scheduled_inputs(schedule)?.into_values().collect();
        self.require_data(onlooker, &inputs).await?;
        self.require_named(onlooker, &schedule.operation, &schedule.params).await
    }

    /// The kept workflow that parameters name, if they name one.
    pub(crate) fn find_named_workflow(
        &self,
        operation: &str,
        params: &Value,
    ) -> Option<WorkflowId> {
        let things = self.registry.find_named_things(operation)?;
        match things.read_params(params) {
            Named::Workflow { id, .. } => Some(id),
            Named::Data(_) => None,
        }
    }

    async fn find_revision(
        &self,
        onlooker: Onlooker,
        id: WorkflowId,
        revision: Option<u32>,
    ) -> Result<WorkflowRevision, JobsError> {
        let gone = || AccessError::NotFound { what: ObjectRef::Workflow(id).kind() };
        let owner = onlooker.organization_id;
        let snapshot = self.store.read_as(onlooker.sight).await?;
        let number = match revision {
            Some(number) => number,
            None => {
                let found = snapshot.flows().find_workflow(owner, id).await?;
                found.ok_or_else(gone)?.revision
            }
        };
        let found = snapshot.flows().find_revision(owner, id, number).await?;
        Ok(found.ok_or_else(gone)?)
    }

    /// Stops those who do not see all of some data; what is not there looks the same to them.
    ///
    /// # Errors
    /// [`JobsError::Catalog`] for what is not there, or is kept from them.
    pub async fn require_data(
        &self,
        onlooker: Onlooker,
        data: &[ScheduledInput],
    ) -> Result<(), JobsError> {
        let by_place: BTreeMap<String, ScheduledInput> =
            data.iter().enumerate().map(|(place, input)| (place.to_string(), *input)).collect();
        let inputs = self.resolve_scheduled(onlooker, &by_place).await?;
        self.catalog.resolve_inputs(onlooker, &inputs).await?;
        Ok(())
    }
}

/// What somebody else named is not mended by who runs it.
fn blame_author(error: JobsError) -> JobsError {
    match error {
        JobsError::Catalog(CatalogError::NotFound { what }) => JobsError::UnseenByAuthor { what },
        other => other,
    }
}
