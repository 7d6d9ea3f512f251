//! Runs of workflows: begun, listed, and looked at node by node.

use std::collections::BTreeMap;

use gantry_access::{Actor, Permission, require, require_feature};
use gantry_jobs::{NewJob, SubmittedJob};
use gantry_ports::store::{
    FlowNode as NodeRow, FlowRun, JobFilter, JobRecord, NodePhase, Order, Page, PageRequest,
    StoreExt,
};
use gantry_rules::plan::Feature;
use gantry_rules::submission::{IdempotencyKey, OnRefusal};
use gantry_types::{Credits, JobId, JobState, WorkflowId};
use serde_json::json;

use crate::Flows;
use crate::check::migrate;
use crate::error::FlowsError;
use crate::keep_workflow::read_definition;
use crate::run_flow::{FlowParams, RUN_OPERATION};

/// A run to be begun.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewRun {
    /// Nodes that are run anew, with all that read from them; `*` stands for all.
    pub rerun: Vec<String>,
    /// The seed; `None` derives one from the job's identifier.
    pub seed: Option<u64>,
    /// The key under which the request may be repeated.
    pub idempotency: Option<IdempotencyKey>,
}

/// A node of a run, with what its job says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeView {
    /// The node.
    pub node: String,
    /// `waiting`, `ready` (data), `reused`, `failed`, `skipped`, or the state of its job.
    pub state: String,
    /// Its job: of this run, or of the earlier one whose result is used.
    pub job_id: Option<JobId>,
    /// The most that it might have cost in this run.
    pub max_credits: Credits,
    /// What it cost in this run.
    pub cost: Credits,
    /// How much of it is done, from 0 to 1, in thousandths.
    pub progress_permille: u32,
    /// Why it failed or was skipped.
    pub message: Option<String>,
}

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    /// Its job.
    pub job: JobRecord,
    /// What was run; empty until the job has begun.
    pub run: Option<FlowRun>,
    /// The nodes in the order of the definition.
    pub nodes: Vec<NodeView>,
}

impl Flows {
    /// Begins a run of a workflow's newest revision.
    ///
    /// # Errors
    /// [`FlowsError::NotFound`], [`FlowsError::Unsound`] with all that is wrong,
    /// [`FlowsError::Jobs`] when the plan refuses, or an operation of it is paused.
    pub async fn run_workflow(
        &self,
        actor: &Actor,
        id: WorkflowId,
        new: NewRun,
    ) -> Result<SubmittedJob, FlowsError> {
        require(actor, Permission::RunJobs)?;
        require_feature(self.store.read().await?.as_ref(), actor, Feature::Workflows).await?;
        let workflow = self.get_workflow(actor, id).await?;
        let definition = read_definition(&workflow)?;
        let definition = migrate(definition, &self.known)
            .map_err(|problem| FlowsError::Unsound(vec![problem]))?;
        let problems = self.check(&definition);
        if !problems.is_empty() {
            return Err(FlowsError::Unsound(problems));
        }
        for operation in definition.nodes.iter().filter_map(|node| node.operation.as_deref()) {
            self.jobs.require_running(actor, operation, new.idempotency.as_ref()).await?;
        }
        if let Some(unknown) =
            new.rerun.iter().find(|node| *node != "*" && definition.find_node(node).is_none())
        {
            let unknown: String = unknown.chars().take(64).collect();
            let message = format!("there is no node `{unknown}` to run anew");
            return Err(FlowsError::Invalid { field: "rerun", message });
        }
        let params = FlowParams {
            workflow: Some(id.to_string()),
            revision: Some(workflow.revision),
            definition: None,
            rerun: new.rerun,
        };
        let job = NewJob {
            operation: RUN_OPERATION.to_owned(),
            params: json!(params),
            inputs: Vec::new(),
            label: Some(workflow.name.clone()),
            seed: new.seed,
            start_at: None,
            on_refusal: OnRefusal::Refuse,
            idempotency: new.idempotency,
        };
        let submitted = self.jobs.submit_job(actor, job).await?;
        let run = FlowRun {
            job_id: submitted.job.id,
            organization_id: actor.organization_id,
            workflow_id: Some(id),
            revision: Some(workflow.revision),
            definition: json!(definition),
            created_at: submitted.job.created_at,
        };
        self.store
            .write::<(), FlowsError, _>(move |tx| {
                let run = run.clone();
                Box::pin(async move { Ok(tx.flows().insert_flow_run(&run).await?) })
            })
            .await?;
        Ok(submitted)
    }

    /// The runs of a workflow, by hand and by schedules, with their jobs.
    ///
    /// # Errors
    /// [`FlowsError::NotFound`].
    pub async fn list_runs(
        &self,
        actor: &Actor,
        id: WorkflowId,
        page: &PageRequest<JobId>,
    ) -> Result<Page<(FlowRun, JobRecord), JobId>, FlowsError> {
        self.get_workflow(actor, id).await?;
        let owner = actor.organization_id;
        let snapshot = self.store.read_as(actor.sight()).await?;
        let found = snapshot.flows().list_flow_runs(owner, id, page).await?;
        let mut items = Vec::with_capacity(found.items.len());
        for run in found.items {
            if let Some(job) = snapshot.jobs().find_job(owner, run.job_id).await? {
                items.push((run, job));
            }
        }
        Ok(Page { items, next: found.next })
    }

    /// One run, with its nodes.
    ///
    /// # Errors
    /// [`FlowsError::RunNotFound`].
    pub async fn get_run(&self, actor: &Actor, job_id: JobId) -> Result<RunView, FlowsError> {
        require(actor, Permission::ReadJobs)?;
        let owner = actor.organization_id;
        let snapshot = self.store.read_as(actor.sight()).await?;
        let job = snapshot.jobs().find_job(owner, job_id).await?;
        let job = job.filter(|job| job.operation == RUN_OPERATION);
        let job = job.ok_or(FlowsError::RunNotFound)?;
        let run = snapshot.flows().find_flow_run(owner, job_id).await?;
        let rows = snapshot.flows().list_flow_nodes(owner, job_id).await?;
        let filter = JobFilter { parent_id: Some(job_id), ..JobFilter::default() };
        let page = PageRequest { after: None, limit: 200, order: Order::OldestFirst };
        let children = snapshot.jobs().list_jobs(owner, &filter, &page).await?.items;
        let children: BTreeMap<JobId, JobRecord> =
            children.into_iter().map(|child| (child.id, child)).collect();
        let view = |row: NodeRow| {
            let child = row.job_id.and_then(|id| children.get(&id));
            derive_view(row, child, &job)
        };
        let nodes = rows.into_iter().map(view).collect();
        Ok(RunView { nodes, run, job })
    }
}

fn derive_view(row: NodeRow, child: Option<&JobRecord>, run: &JobRecord) -> NodeView {
    let state = match (row.phase, child) {
        (NodePhase::Started, Some(child)) => child.state.as_str(),
        // What was never started in a run that has ended never will be.
        (NodePhase::Started | NodePhase::Waiting, None) if run.state.is_final() => "skipped",
        (NodePhase::Started, None) => JobState::Queued.as_str(),
        (NodePhase::Waiting, _) => "waiting",
        (NodePhase::Reused, _) => "reused",
        (NodePhase::Failed, _) => "failed",
        (NodePhase::Skipped, _) => "skipped",
        (NodePhase::Ready, _) => "ready",
    };
    let failure = child.and_then(|child| child.error.as_ref()).map(|error| error.message.clone());
    let progress = child.map_or(0.0, |child| child.progress.clamp(0.0, 1.0));
    NodeView {
        node: row.node,
        state: state.to_owned(),
        job_id: row.job_id,
        max_credits: child.map_or(Credits::ZERO, |child| child.max_credits),
        cost: child.map_or(Credits::ZERO, |child| child.cost),
        progress_permille: (progress * 1_000.0) as u32,
        message: row.message.or(failure),
    }
}
