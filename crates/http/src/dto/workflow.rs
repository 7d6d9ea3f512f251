//! Workflows, their revisions and runs.

use gantry_flows::{
    FlowDefinition, FlowProblem, FlowsError, NewRevision, NewRun, NodeView, RunView,
};
use gantry_ports::store::{FlowRun, JobRecord, Workflow, WorkflowRevision};
use gantry_types::{Credits, JobId, JobState, Timestamp, UserId, WorkflowId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::JobStateWord;

/// A state of a workflow to be kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowRequest {
    /// The name for people: 1 to 200 characters.
    pub name: String,
    /// `{"nodes": [...], "edges": [...]}`: see the page on workflows. What cannot run yet is kept
    /// as well.
    #[schema(value_type = Object)]
    pub definition: FlowDefinition,
    /// The revision that was changed: if another one is newer, the answer is 409.
    #[serde(default)]
    pub base_revision: Option<u32>,
}

impl WorkflowRequest {
    /// What is to be kept.
    pub fn into_revision(self) -> NewRevision {
        NewRevision { name: self.name, definition: self.definition }
    }
}

/// A definition to be checked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowCheckRequest {
    /// The definition.
    #[schema(value_type = Object)]
    pub definition: FlowDefinition,
}

/// Something that keeps a workflow from running.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowProblem)]
pub struct WorkflowProblemBody {
    /// JSON pointer into the definition.
    pub pointer: String,
    /// The node, if it is about one.
    pub node: Option<String>,
    /// The edge's place in the list, from 0, if it is about one.
    pub edge: Option<usize>,
    /// Cause and next step.
    pub message: String,
}

impl From<FlowProblem> for WorkflowProblemBody {
    fn from(problem: FlowProblem) -> Self {
        let FlowProblem { pointer, node, edge, message } = problem;
        Self { pointer, node, edge, message }
    }
}

/// A workflow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Workflow)]
pub struct WorkflowBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: WorkflowId,
    /// The name for people.
    pub name: String,
    /// The number of its newest revision, from 1.
    pub revision: u32,
    /// What the newest revision says.
    #[schema(value_type = Object)]
    pub definition: Value,
    /// What keeps it from running; empty where it can.
    pub problems: Vec<WorkflowProblemBody>,
    /// Who made it.
    #[schema(value_type = Option<Uuid>)]
    pub created_by: Option<UserId>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its newest revision was made.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
}

impl WorkflowBody {
    /// A workflow with what `check` says of it.
    pub fn new(
        workflow: Workflow,
        check: impl Fn(&Workflow) -> Result<Vec<FlowProblem>, FlowsError>,
    ) -> Result<Self, FlowsError> {
        let problems = check(&workflow)?.into_iter().map(Into::into).collect();
        Ok(Self {
            id: workflow.id,
            name: workflow.name,
            revision: workflow.revision,
            definition: workflow.definition,
            problems,
            created_by: workflow.created_by,
            created_at: workflow.created_at,
            changed_at: workflow.changed_at,
        })
    }
}

/// One state of a workflow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowRevision)]
pub struct WorkflowRevisionBody {
    /// From 1.
    pub revision: u32,
    /// The name for people.
    pub name: String,
    /// What it says.
    #[schema(value_type = Object)]
    pub definition: Value,
    /// Who made it.
    #[schema(value_type = Option<Uuid>)]
    pub created_by: Option<UserId>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<WorkflowRevision> for WorkflowRevisionBody {
    fn from(revision: WorkflowRevision) -> Self {
        let WorkflowRevision { revision, name, definition, created_by, created_at } = revision;
        Self { revision, name, definition, created_by, created_at }
    }
}

/// A run to be begun.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowRunRequest {
    /// Nodes that are run anew, with all that read from them; `*` stands for all. The others use
    /// the result of an earlier run where nothing changed.
    #[serde(default)]
    pub rerun: Vec<String>,
}

impl From<WorkflowRunRequest> for NewRun {
    fn from(request: WorkflowRunRequest) -> Self {
        Self { rerun: request.rerun, ..Self::default() }
    }
}

/// A run of a workflow; its identifier is its job's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowRun)]
pub struct WorkflowRunBody {
    /// Its job.
    #[schema(value_type = Uuid)]
    pub job_id: JobId,
    /// The workflow, unless the definition came with the job.
    #[schema(value_type = Option<Uuid>)]
    pub workflow_id: Option<WorkflowId>,
    /// Which revision.
    pub revision: Option<u32>,
    /// Where its job stands.
    #[schema(value_type = JobStateWord)]
    pub state: JobState,
    /// How much is done, from 0 to 1.
    pub progress: f64,
    /// The most that it may cost.
    #[schema(value_type = i64)]
    pub max_credits: Credits,
    /// What it cost; zero until it is settled.
    #[schema(value_type = i64)]
    pub cost: Credits,
    /// Why it failed.
    pub message: Option<String>,
    /// When it was submitted.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

impl WorkflowRunBody {
    /// A run with its job.
    pub fn new(run: Option<&FlowRun>, job: &JobRecord) -> Self {
        Self {
            job_id: job.id,
            workflow_id: run.and_then(|run| run.workflow_id),
            revision: run.and_then(|run| run.revision),
            state: job.state,
            progress: job.progress,
            max_credits: job.max_credits,
            cost: job.cost,
            message: job.error.as_ref().map(|error| error.message.clone()),
            created_at: job.created_at,
            finished_at: job.finished_at,
        }
    }
}

/// A node of a run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowNode)]
pub struct WorkflowNodeBody {
    /// The node.
    pub node: String,
    /// `ready` (data), `waiting`, `reused`, `skipped`, `failed`, or the state of its job.
    pub state: String,
    /// Its job: of this run, or of the earlier one whose result is used.
    #[schema(value_type = Option<Uuid>)]
    pub job_id: Option<JobId>,
    /// The most that it might have cost in this run; zero until its job was made.
    #[schema(value_type = i64)]
    pub max_credits: Credits,
    /// What it cost in this run.
    #[schema(value_type = i64)]
    pub cost: Credits,
    /// How much of it is done, from 0 to 1.
    pub progress: f64,
    /// Why it failed or was skipped.
    pub message: Option<String>,
}

impl From<NodeView> for WorkflowNodeBody {
    fn from(node: NodeView) -> Self {
        Self {
            node: node.node,
            state: node.state,
            job_id: node.job_id,
            max_credits: node.max_credits,
            cost: node.cost,
            progress: f64::from(node.progress_permille) / 1_000.0,
            message: node.message,
        }
    }
}

/// A run with its nodes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowRunDetail)]
pub struct WorkflowRunDetailBody {
    /// The run.
    pub run: WorkflowRunBody,
    /// What was run; `null` until it has begun.
    #[schema(value_type = Option<Object>)]
    pub definition: Option<Value>,
    /// The nodes in the order of the definition.
    pub nodes: Vec<WorkflowNodeBody>,
}

impl From<RunView> for WorkflowRunDetailBody {
    fn from(view: RunView) -> Self {
        Self {
            run: WorkflowRunBody::new(view.run.as_ref(), &view.job),
            definition: view.run.map(|run| run.definition),
            nodes: view.nodes.into_iter().map(Into::into).collect(),
        }
    }
}

/// What is wrong with a definition.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowCheckBody {
    /// Whether it can run.
    pub sound: bool,
    /// What keeps it from running.
    pub problems: Vec<WorkflowProblemBody>,
}

impl From<Vec<FlowProblem>> for WorkflowCheckBody {
    fn from(problems: Vec<FlowProblem>) -> Self {
        let sound = problems.is_empty();
        Self { sound, problems: problems.into_iter().map(Into::into).collect() }
    }
}
