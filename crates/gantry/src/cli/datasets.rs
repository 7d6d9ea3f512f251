//! The words for the datasets of a server.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use gantry_types::DatasetId;

use super::ServerArgs;

/// `gantry datasets …`.
#[derive(Debug, Subcommand)]
pub enum DatasetsCommand {
    /// List datasets, newest first
    List {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// Only names that contain this
        #[arg(long, value_name = "TEXT")]
        query: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// Upload a file as a new dataset or a new version
    Upload {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The file: CSV, TSV or JSON lines
        file: PathBuf,
        /// The dataset's name [default: the file's name without its ending]
        #[arg(long)]
        name: Option<String>,
        /// Make a new version of this dataset
        #[arg(long, value_name = "DATASET")]
        dataset: Option<DatasetId>,
    },
    /// Show a dataset and its columns
    Show(DatasetArgs),
    /// Delete a dataset
    Delete(DatasetArgs),
}

/// A dataset of a server.
#[derive(Debug, Args)]
pub struct DatasetArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// The dataset
    #[arg(value_name = "DATASET")]
    pub id: DatasetId,
}
