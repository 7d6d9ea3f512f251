//! The words of administrators for what a server tells of itself: load, use, costs, referrals.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use gantry_types::{JobId, OrganizationId};

use super::{ServerArgs, SpanArgs};

/// What administrators read about a server, and the job that they stop.
#[derive(Debug, Subcommand)]
pub enum FiguresCommand {
    /// Show a server's version, how long it runs, its people and its queues
    #[command(after_help = "Example: gantry admin overview")]
    Overview(ServerArgs),
    /// Show what jobs of all organizations used
    #[command(after_help = "Example: gantry admin usage --by organization --from 2027-02-01")]
    Usage(AdminUsageArgs),
    /// Show what jobs and language models cost, by operation
    #[command(after_help = "Example: gantry admin costs --from 2027-02-01T00:00:00Z")]
    Costs {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The time [default: the last 30 days]
        #[command(flatten)]
        span: SpanArgs,
    },
    /// List who brought whom, newest first
    #[command(after_help = "Example: gantry admin referrals --limit 50")]
    Referrals {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// Stop a job of any organization
    #[command(
        after_help = "Example: gantry admin cancel-job 0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f \
                      --reason \"it blocks the queue\""
    )]
    CancelJob {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The job
        #[arg(value_name = "JOB")]
        id: JobId,
        /// Why, for other administrators
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
}

/// Arguments of `gantry admin usage`.
#[derive(Debug, Args)]
pub struct AdminUsageArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// The first day, such as 2027-02-01 [default: 30 days up to the last one]
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// The last day, which is included [default: today, in UTC]
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// By what it is summed
    #[arg(long, default_value = "organization",
        value_parser = ["day", "operation", "member", "organization"])]
    pub by: String,
    /// Only of this organization
    #[arg(long, value_name = "ORGANIZATION")]
    pub organization: Option<OrganizationId>,
    /// Write it as CSV into this file
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
}
