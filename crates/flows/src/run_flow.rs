//! `flow.run`: the operation that runs a workflow, with a child job for each node.
//!
//! Invariants: the parent holds no slot while nodes run; it costs nothing itself; whose data it
//! may read is told by the store from the identifier of the job that it runs as, never by its
//! parameters; what succeeded stays, whatever becomes of the rest.

use std::sync::Arc;

use gantry_catalog::Catalog;
use gantry_engine_api::{
    EngineError, Estimate, InputMeta, InputSlot, JobContext, Operation, ParamError, Step,
};
use gantry_ports::store::NodePhase;
use gantry_ports::{Clock, Store};
use gantry_types::{Credits, JobId, OrganizationId, WorkflowId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{FlowProblem, KnownOperations, check};
use crate::check_files::check_files;
use crate::definition::FlowDefinition;
use crate::graph::Graph;
use crate::progress::{FlowState, NodeState};
use crate::wave::derive_store_error;

/// The operation's id.
pub const RUN_OPERATION: &str = "flow.run";
/// How many problems or failures one message tells.
pub(crate) const MOST_TOLD: usize = 5;

/// Which workflow is run: one that is kept, or a definition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FlowParams {
    /// The workflow's identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Its revision; the newest if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// A definition, in place of a workflow that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<FlowDefinition>,
    /// Nodes that are run anew, with all that read from them; `*` stands for all. The others use
    /// the result of an earlier run where operation, parameters and inputs are the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rerun: Vec<String>,
}

/// What became of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NodeReport {
    /// The node.
    pub node: String,
    /// `succeeded`, or `reused` where an earlier run's result was used.
    pub state: String,
    /// The job that has its results.
    pub job_id: String,
    /// The files that it left.
    pub files: Vec<String>,
}

/// What a run says of its nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowReport {
    /// The operations in the order of the definition.
    pub nodes: Vec<NodeReport>,
    /// Nodes that used an earlier result.
    pub reused: usize,
}

/// The operation.
pub(crate) struct RunFlow {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) catalog: Catalog,
    pub(crate) known: KnownOperations,
}

impl RunFlow {
    pub(crate) const fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        catalog: Catalog,
        known: KnownOperations,
    ) -> Self {
        Self { store, clock, catalog, known }
    }
}

impl Operation for RunFlow {
    const ID: &'static str = RUN_OPERATION;
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Run a workflow";
    const SUMMARY: &'static str = "Runs the nodes of a workflow as jobs, each with what the nodes \
                                   before it made.";
    type Params = FlowParams;
    type Report = FlowReport;

    fn inputs(&self) -> Vec<InputSlot> {
        Vec::new()
    }

    /// Free: what the nodes cost is only known when their inputs are, and is held then.
    fn estimate(&self, params: &FlowParams, _: &[InputMeta]) -> Result<Estimate, ParamError> {
        let definition = match (&params.workflow, &params.definition) {
            (Some(id), None) => {
                let wrong = |_| ParamError::new("/workflow", "is no identifier of a workflow");
                id.parse::<WorkflowId>().map_err(wrong)?;
                return Ok(Estimate::free());
            }
            (None, Some(definition)) => definition,
            (Some(_), Some(_)) | (None, None) => {
                return Err(ParamError::new("", "give either `workflow` or `definition`"));
            }
        };
        let problems = check(definition, &self.known);
        match problems.into_iter().chain(check_files(definition)).next() {
            Some(FlowProblem { pointer, message, .. }) => {
                Err(ParamError::new(format!("/definition{pointer}"), message))
            }
            None => Ok(Estimate::free()),
        }
    }

    async fn run(
        &self,
        params: FlowParams,
        context: JobContext,
    ) -> Result<Step<FlowReport>, EngineError> {
        let owner = self.get_owner(context.job_id()).await?;
        let mut state = match context.checkpoint() {
            Some(checkpoint) => FlowState::read(checkpoint)?,
            None => self.begin(owner, params, context.job_id()).await?,
        };
        let graph = Graph::of(&state.definition);
        self.take_in(owner, &mut state, context.children()).await?;
        let wave = self.derive_wave((owner, context.job_id()), &mut state, &graph).await?;
        let wave = self.hold(owner, &mut state, (wave, &context)).await?;
        state.skip(&graph);
        self.tell(owner, &state, (&wave, &context)).await?;
        if wave.is_empty() {
            context.charge(Credits::ZERO)?;
            return derive_end(&state).map(Step::Done);
        }
        let children = wave.into_iter().map(|candidate| candidate.child).collect();
        Ok(Step::Fork { children, checkpoint: state.write() })
    }
}

impl RunFlow {
    async fn get_owner(&self, job_id: JobId) -> Result<OrganizationId, EngineError> {
        let look = async { self.store.read().await?.flows().find_owner(job_id).await };
        let owner = look.await.map_err(derive_store_error)?;
        owner.ok_or_else(|| EngineError::bug("The store does not know the job that runs."))
    }
}

/// The report when all nodes have what they should, or why not.
fn derive_end(state: &FlowState) -> Result<FlowReport, EngineError> {
    let mut failed = Vec::new();
    let mut report = FlowReport { nodes: Vec::new(), reused: 0 };
    for row in state.rows() {
        match (row.phase, state.nodes.get(&row.node)) {
            (_, Some(NodeState::Done { ordinal, job_id, outputs, .. })) => {
                report.reused += usize::from(ordinal.is_none());
                let word = if ordinal.is_none() { "reused" } else { "succeeded" };
                report.nodes.push(NodeReport {
                    node: row.node,
                    state: word.to_owned(),
                    job_id: job_id.to_string(),
                    files: outputs.iter().map(|output| output.name.clone()).collect(),
                });
            }
            (NodePhase::Failed, _) => {
                let message = row.message.unwrap_or_default();
                failed.push(format!("`{}`: {message}", row.node));
            }
            (
                NodePhase::Waiting
                | NodePhase::Started
                | NodePhase::Reused
                | NodePhase::Skipped
                | NodePhase::Ready,
                _,
            ) => {}
        }
    }
    if failed.is_empty() {
        return Ok(report);
    }
    let told = failed.iter().take(MOST_TOLD).map(String::as_str).collect::<Vec<_>>().join(" ");
    let (done, all) = (report.nodes.len(), state.count().1);
    Err(EngineError::input(format!("{done} of {all} nodes succeeded. {told}")).with_next_step(
        "Mend what failed and run the workflow again: the results of the nodes that succeeded are \
         used again.",
    ))
}
