//! Workflows as their owners keep them: made, changed by revisions, duplicated, deleted.
//!
//! Invariants: what is kept may still have problems, so that a draft is not lost; only what can
//! run is run. Nobody adds data to a workflow that they do not see: what runs it would be refused,
//! because a run reads nothing that the author of its revision does not see.

use gantry_access::{Actor, Permission, require, require_change, require_feature};
use gantry_catalog::CatalogError;
use gantry_jobs::JobsError;
use gantry_ports::StoreError;
use gantry_ports::store::{ObjectRef, Page, PageRequest, StoreExt, Workflow, WorkflowRevision};
use gantry_rules::plan::Feature;
use gantry_types::WorkflowId;
use serde_json::{Value, json};

use crate::Flows;
use crate::check::{FlowProblem, migrate, note_versions};
use crate::definition::FlowDefinition;
use crate::error::FlowsError;
use crate::named::list_new_data;

const LONGEST_NAME: usize = 200;
const MOST_BYTES: usize = 512 << 10;
/// The most revisions that one answer lists.
const MOST_REVISIONS: u32 = 200;

/// A state of a workflow to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRevision {
    /// The name for people: 1 to 200 characters.
    pub name: String,
    /// What it says.
    pub definition: FlowDefinition,
}

impl Flows {
    /// Keeps a new workflow.
    ///
    /// # Errors
    /// [`FlowsError::Access`], [`FlowsError::Invalid`], [`FlowsError::Unseen`].
    pub async fn create_workflow(
        &self,
        actor: &Actor,
        new: NewRevision,
    ) -> Result<Workflow, FlowsError> {
        require(actor, Permission::RunJobs)?;
        self.insert_workflow(actor, new, &FlowDefinition::default()).await
    }

    /// Keeps a new workflow, which may name what `before` names.
    async fn insert_workflow(
        &self,
        actor: &Actor,
        new: NewRevision,
        before: &FlowDefinition,
    ) -> Result<Workflow, FlowsError> {
        require_feature(self.store.read().await?.as_ref(), actor, Feature::Workflows).await?;
        let workflow = self.derive_workflow(actor, new)?;
        self.require_new_data(actor, &workflow, before).await?;
        let kept = workflow.clone();
        let (subject, details) = (subject_of(workflow.id), describe(&workflow));
        let entry = actor.audit_entry("workflow.create", &subject, details, workflow.created_at);
        self.store
            .write::<(), FlowsError, _>(move |tx| {
                let (workflow, entry) = (kept.clone(), entry.clone());
                Box::pin(async move {
                    tx.flows().insert_workflow(&workflow).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await?;
        Ok(workflow)
    }

    /// Keeps the next revision of a workflow. With `base`, only if that is the newest one; a
    /// revision that says what the newest one says is not made.
    ///
    /// # Errors
    /// [`FlowsError::NotFound`], [`FlowsError::Changed`], [`FlowsError::Invalid`], and
    /// [`FlowsError::Unseen`] for what the newest revision does not name yet.
    pub async fn change_workflow(
        &self,
        actor: &Actor,
        id: WorkflowId,
        (new, base): (NewRevision, Option<u32>),
    ) -> Result<Workflow, FlowsError> {
        require(actor, Permission::RunJobs)?;
        let before = self.get_workflow(actor, id).await?;
        self.require_change(actor, id).await?;
        if base.is_some_and(|base| base != before.revision) {
            return Err(FlowsError::Changed { newest: before.revision });
        }
        let mut next = self.derive_workflow(actor, new)?;
        if next.name == before.name && next.definition == before.definition {
            return Ok(before);
        }
        let named_before = read_definition(&before).unwrap_or_default();
        self.require_new_data(actor, &next, &named_before).await?;
        next.id = before.id;
        next.revision = before.revision + 1;
        next.created_by = before.created_by;
        next.created_at = before.created_at;
        let (kept, changed_by) = (next.clone(), actor.user_id);
        // What each revision says is kept with it, so that its number is enough here.
        let details = json!({ "before": describe(&before), "after": describe(&next) });
        let entry = actor.audit_entry("workflow.change", &subject_of(id), details, next.changed_at);
        let written = self.store.write::<(), StoreError, _>(move |tx| {
            let (workflow, entry) = (kept.clone(), entry.clone());
            Box::pin(async move {
                tx.flows().update_workflow(&workflow, changed_by).await?;
                tx.audit().append(&entry).await
            })
        });
        match written.await {
            Ok(()) => Ok(next),
            Err(StoreError::NotFound { .. }) => {
                let newest = self.get_workflow(actor, id).await?.revision;
                Err(FlowsError::Changed { newest })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps a copy of a workflow's newest revision under a name of its own.
    ///
    /// # Errors
    /// [`FlowsError::NotFound`].
    pub async fn duplicate_workflow(
        &self,
        actor: &Actor,
        id: WorkflowId,
    ) -> Result<Workflow, FlowsError> {
        require(actor, Permission::RunJobs)?;
        let before = self.get_workflow(actor, id).await?;
        let definition = read_definition(&before)?;
        let name: String = before.name.chars().take(LONGEST_NAME - 7).collect();
        let before = definition.clone();
        let copy = NewRevision { name: format!("{name} (copy)"), definition };
        self.insert_workflow(actor, copy, &before).await
    }

    /// Removes a workflow with its revisions; its runs stay as jobs, and schedules that name it
    /// are paused at their next run.
    ///
    /// # Errors
    /// [`FlowsError::NotFound`].
    pub async fn delete_workflow(&self, actor: &Actor, id: WorkflowId) -> Result<(), FlowsError> {
        require(actor, Permission::RunJobs)?;
        let before = self.get_workflow(actor, id).await?;
        self.require_change(actor, id).await?;
        let (owner, now) = (actor.organization_id, self.jobs.clock().now());
        let details = json!({ "before": describe(&before), "after": null });
        let entry = actor.audit_entry("workflow.delete", &subject_of(id), details, now);
        self.store
            .write::<(), FlowsError, _>(move |tx| {
                let entry = entry.clone();
                Box::pin(async move {
                    tx.flows().delete_workflow(owner, id).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await
    }

    /// One workflow.
    ///
    /// # Errors
    /// [`FlowsError::NotFound`].
    pub async fn get_workflow(
        &self,
        actor: &Actor,
        id: WorkflowId,
    ) -> Result<Workflow, FlowsError> {
        require(actor, Permission::ReadJobs)?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        let found = snapshot.flows().find_workflow(actor.organization_id, id).await?;
        found.ok_or(FlowsError::NotFound)
    }

    /// The workflows of the actor's organization.
    ///
    /// # Errors
    /// [`FlowsError::Access`], [`FlowsError::Store`].
    pub async fn list_workflows(
        &self,
        actor: &Actor,
        page: &PageRequest<WorkflowId>,
    ) -> Result<Page<Workflow, WorkflowId>, FlowsError> {
        require(actor, Permission::ReadJobs)?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        Ok(snapshot.flows().list_workflows(actor.organization_id, page).await?)
    }

    /// What keeps a kept workflow from running.
    ///
    /// # Errors
    /// [`FlowsError::Broken`].
    pub fn check_kept(&self, workflow: &Workflow) -> Result<Vec<FlowProblem>, FlowsError> {
        match migrate(read_definition(workflow)?, &self.known) {
            Ok(definition) => Ok(self.check(&definition)),
            Err(problem) => Ok(vec![problem]),
        }
    }

    /// The revisions of a workflow, newest first: the last 200.
    ///
    /// # Errors
    /// [`FlowsError::NotFound`].
    pub async fn list_revisions(
        &self,
        actor: &Actor,
        id: WorkflowId,
    ) -> Result<Vec<WorkflowRevision>, FlowsError> {
        self.get_workflow(actor, id).await?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        let flows = snapshot.flows();
        Ok(flows.list_revisions(actor.organization_id, id, MOST_REVISIONS).await?)
    }

    /// Stops somebody from naming data in a workflow that they do not see, beside what `before`
    /// names.
    async fn require_new_data(
        &self,
        actor: &Actor,
        workflow: &Workflow,
        before: &FlowDefinition,
    ) -> Result<(), FlowsError> {
        let definition = read_definition(workflow)?;
        for (node, input) in list_new_data(&definition, before) {
            match self.jobs.require_data(actor.onlooker(), &[input]).await {
                Ok(()) => {}
                Err(JobsError::Catalog(CatalogError::NotFound { what })) => {
                    return Err(FlowsError::Unseen { node: node.to_owned(), what });
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Stops somebody to whom a workflow is only shown.
    async fn require_change(&self, actor: &Actor, id: WorkflowId) -> Result<(), FlowsError> {
        let snapshot = self.store.read().await?;
        Ok(require_change(snapshot.as_ref(), actor, ObjectRef::Workflow(id)).await?)
    }

    fn derive_workflow(&self, actor: &Actor, new: NewRevision) -> Result<Workflow, FlowsError> {
        require_name(&new.name)?;
        let mut definition = new.definition;
        if definition.versions.is_empty() {
            definition.versions = note_versions(&definition, &self.known);
        }
        let definition = json!(definition);
        let bytes = definition.to_string().len();
        if bytes > MOST_BYTES {
            let message = format!("a workflow may have {MOST_BYTES} bytes, and this has {bytes}");
            return Err(FlowsError::Invalid { field: "definition", message });
        }
        let now = self.jobs.clock().now();
        Ok(Workflow {
            id: WorkflowId::generate(),
            organization_id: actor.organization_id,
            name: new.name.trim().to_owned(),
            revision: 1,
            definition,
            created_by: actor.user_id,
            created_at: now,
            changed_at: now,
        })
    }
}

fn subject_of(id: WorkflowId) -> String {
    format!("workflow {id}")
}

/// A workflow for the audit log.
fn describe(workflow: &Workflow) -> Value {
    json!({ "name": workflow.name, "revision": workflow.revision })
}

/// What a kept workflow says.
pub(crate) fn read_definition(workflow: &Workflow) -> Result<FlowDefinition, FlowsError> {
    serde_json::from_value(workflow.definition.clone()).map_err(|error| FlowsError::Broken {
        reason: format!("workflow {} cannot be read: {error}", workflow.id),
    })
}

fn require_name(name: &str) -> Result<(), FlowsError> {
    let length = name.trim().chars().count();
    if (1..=LONGEST_NAME).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(FlowsError::Invalid {
        field: "name",
        message: format!("`name` needs 1 to {LONGEST_NAME} characters and no control characters"),
    })
}
