//! Workflows: graphs of operations whose outputs feed one another, run as one job whose nodes
//! are its children.
//!
//! Invariants: what a workflow says is checked by one pure function, wherever it comes from; a
//! node costs and counts what the same job would alone; a result is used again only for the same
//! operation, version, parameters and bytes.

mod advance;
mod begin;
mod check;
mod check_files;
mod definition;
mod engine;
mod error;
mod graph;
mod keep_workflow;
mod named;
mod node_units;
mod progress;
mod result_key;
mod run_flow;
mod run_workflow;
mod wave;

pub use check::{FlowProblem, KnownOperations, check};
pub use check_files::check_files;
pub use definition::{
    ArtifactSource, DatasetSource, FlowDefinition, FlowEdge, FlowNode, FlowSource, Port,
};
pub use engine::FlowEngine;
pub use error::FlowsError;
pub use keep_workflow::NewRevision;
pub use run_flow::{FlowParams, FlowReport, NodeReport, RUN_OPERATION};
pub use run_workflow::{NewRun, NodeView, RunView};

use std::sync::Arc;

use gantry_jobs::Jobs;
use gantry_ports::Store;

/// The use-cases of workflows.
#[derive(Clone)]
pub struct Flows {
    store: Arc<dyn Store>,
    jobs: Jobs,
    known: KnownOperations,
}

impl Flows {
    /// Works on a store and submits through `jobs`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, jobs: Jobs) -> Self {
        let known = KnownOperations::new(jobs.registry().visible_operations());
        Self { store, jobs, known }
    }

    /// What is wrong with a definition; empty for one that can run.
    #[must_use]
    pub fn check(&self, definition: &FlowDefinition) -> Vec<FlowProblem> {
        let mut problems = check(definition, &self.known);
        problems.extend(check_files(definition));
        problems
    }
}
