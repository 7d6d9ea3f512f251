//! The words for workflows of files.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `gantry workflow …`.
#[derive(Debug, Subcommand)]
pub enum WorkflowCommand {
    /// Say what keeps a workflow from running
    Check {
        /// The workflow as JSON
        file: PathBuf,
    },
    /// Run a workflow; `"file"` nodes are read from beside it
    Run(WorkflowRunArgs),
}

/// Arguments of `gantry workflow run`.
#[derive(Debug, Args)]
pub struct WorkflowRunArgs {
    /// The workflow as JSON
    pub file: PathBuf,
    /// The folder for what the nodes leave, one below it for each node
    #[arg(long, value_name = "FOLDER", default_value = "out")]
    pub out: PathBuf,
    /// The seed: the same one gives the same files [default: 0]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}
