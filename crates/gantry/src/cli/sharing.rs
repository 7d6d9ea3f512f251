//! The words for who sees single things.

use std::str::FromStr;

use clap::{Args, Subcommand};
use gantry_types::{ArtifactId, UserId};

use super::ServerArgs;

/// `gantry access …`.
#[derive(Debug, Subcommand)]
pub enum AccessCommand {
    /// Show who sees a thing
    Show(ThingArgs),
    /// Keep a thing from the others of the organization, but for those whom you name
    Restrict {
        /// The thing
        #[command(flatten)]
        thing: ThingArgs,
        /// A member who may see and use it; may be given more than once
        #[arg(long, value_name = "MEMBER")]
        viewer: Vec<UserId>,
        /// A member who may change, cancel, delete and share it too; may be given more than once
        #[arg(long, value_name = "MEMBER")]
        editor: Vec<UserId>,
    },
    /// Show a thing to the whole organization again
    Open(ThingArgs),
}

/// A thing of a server.
#[derive(Debug, Clone, Args)]
pub struct ThingArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// What it is: job, dataset, workflow, model
    pub kind: ThingKind,
    /// Which one; a model is named by its file
    // All identifiers are written alike, and the server knows which are there.
    pub id: ArtifactId,
}

/// What may be kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThingKind {
    /// A job.
    Job,
    /// A dataset.
    Dataset,
    /// A workflow.
    Workflow,
    /// A model.
    Model,
}

impl ThingKind {
    /// Where the API has such things.
    pub const fn collection(self) -> &'static str {
        match self {
            Self::Job => "/api/v1/jobs",
            Self::Dataset => "/api/v1/datasets",
            Self::Workflow => "/api/v1/workflows",
            Self::Model => "/api/v1/models",
        }
    }
}

impl FromStr for ThingKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "job" => Ok(Self::Job),
            "dataset" => Ok(Self::Dataset),
            "workflow" => Ok(Self::Workflow),
            "model" => Ok(Self::Model),
            _ => Err("say `job`, `dataset`, `workflow` or `model`".to_owned()),
        }
    }
}
