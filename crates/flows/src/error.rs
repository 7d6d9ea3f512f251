//! What the use-cases of workflows refuse.

use gantry_access::AccessError;
use gantry_jobs::JobsError;
use gantry_ports::StoreError;

use crate::check::FlowProblem;

/// A use-case of workflows did not take place.
#[derive(Debug, thiserror::Error)]
pub enum FlowsError {
    /// The actor may not do it.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The workflow does not exist, or belongs to somebody else.
    #[error("there is no such workflow")]
    NotFound,
    /// The job is not a run of a workflow, or belongs to somebody else.
    #[error("there is no such run of a workflow")]
    RunNotFound,
    /// A node names something that is not there, or is kept from who saves the workflow: both look
    /// the same to them.
    #[error("the node `{node}` names something that is not there for you: there is no such {what}")]
    Unseen {
        /// The node.
        node: String,
        /// In the product's words.
        what: &'static str,
    },
    /// A field of the request is wrong.
    #[error("{message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// Cause and next step.
        message: String,
    },
    /// Somebody else changed the workflow meanwhile.
    #[error("the workflow was changed meanwhile: its newest revision is {newest}")]
    Changed {
        /// The newest revision.
        newest: u32,
    },
    /// The workflow cannot run.
    #[error("the workflow cannot run: {} to mend", count(.0))]
    Unsound(Vec<FlowProblem>),
    /// The job was refused.
    #[error(transparent)]
    Jobs(#[from] JobsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored value cannot be read: a defect of ours.
    #[error("{reason}")]
    Broken {
        /// What is wrong.
        reason: String,
    },
}

fn count(problems: &[FlowProblem]) -> String {
    match problems.len() {
        1 => "one thing is".to_owned(),
        more => format!("{more} things are"),
    }
}
